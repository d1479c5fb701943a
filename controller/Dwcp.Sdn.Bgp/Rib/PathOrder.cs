using Dwcp.Sdn.Bgp.Wire;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Which of two paths of one route is better: RFC 4271 §9.1.2.2, RFC 4456 §9, and for MAC addresses RFC 7432 §15 before them.</summary>
internal sealed class PathOrder(AttributeStore attributes, IReadOnlyList<RibPeer?> peers)
{
    /// <summary>Negative when <paramref name="x"/> is better.</summary>
    public int Compare(in RoutePath x, in RoutePath y, out SelectionStep step)
    {
        var a = attributes[x.Attributes];
        var b = attributes[y.Attributes];
        if (Differ(IsOld(x, a), IsOld(y, b), SelectionStep.LongLivedStale, out var order, out step))
        {
            return order;
        }

        // Only MAC routes carry mobility, so that the check costs other routes nothing but the comparison.
        if (a.Sequence != b.Sequence || a.Sticky != b.Sticky)
        {
            if (Differ(b.Sticky, a.Sticky, SelectionStep.StickyMac, out order, out step)
                || Differ(b.Sequence, a.Sequence, SelectionStep.MobilitySequence, out order, out step))
            {
                return order;
            }
        }

        if (Differ(b.LocalPreference, a.LocalPreference, SelectionStep.LocalPreference, out order, out step)
            || Differ(x.Peer != RouteTable.Local, y.Peer != RouteTable.Local, SelectionStep.Originated, out order, out step)
            || Differ(a.Hops, b.Hops, SelectionStep.AsPathLength, out order, out step)
            || Differ((byte)a.Origin, (byte)b.Origin, SelectionStep.Origin, out order, out step)
            || (a.NeighbourAs == b.NeighbourAs && Differ(a.Med, b.Med, SelectionStep.Med, out order, out step)))
        {
            return order;
        }

        var p = peers[x.Peer];
        var q = peers[y.Peer];
        if (p is null || q is null)
        {
            step = SelectionStep.PathId;
            return x.PathId.CompareTo(y.PathId);
        }

        if (Differ(q.External, p.External, SelectionStep.ExternalPeer, out order, out step)
            || (a.Sequence > 0 && Differ(a.NextHop, b.NextHop, SelectionStep.LowerVtep, out order, out step))
            || Differ(a.Originator != 0 ? a.Originator : p.RouterId, b.Originator != 0 ? b.Originator : q.RouterId, SelectionStep.RouterId, out order, out step)
            || Differ(a.Clusters, b.Clusters, SelectionStep.ClusterList, out order, out step)
            || Differ(p.Address, q.Address, SelectionStep.PeerAddress, out order, out step))
        {
            return order;
        }

        step = SelectionStep.PathId;
        return x.PathId.CompareTo(y.PathId);
    }

    private static bool IsOld(in RoutePath path, AttributeSet set) => (path.Flags & PathFlags.LongLived) != 0 || set.LongLivedStale;

    private static bool Differ<T>(T a, T b, SelectionStep which, out int order, out SelectionStep step)
        where T : IComparable<T>
    {
        order = a.CompareTo(b);
        step = which;
        return order != 0;
    }
}
