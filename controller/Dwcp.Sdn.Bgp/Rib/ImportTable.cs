using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Hands chosen routes of peers to whoever imports their targets. Whether a route is wanted is decided once for each set of attributes.</summary>
internal sealed class ImportTable(RouteTable table, AttributeStore attributes, IReadOnlyList<RibPeer?> peers)
{
    private readonly DirtyQueue dirty = new();
    private readonly HashSet<ulong> wanted = [];
    private readonly Slab<byte> delivered = new();
    private int version;
    private int held;

    /// <summary>Takes these targets in from now on, and no others; what is there already is looked at again.</summary>
    public void Set(IEnumerable<RouteTarget> targets)
    {
        var next = targets.Select(t => t.Value).ToHashSet();
        var changed = next.Except(wanted).Concat(wanted.Except(next)).ToHashSet();
        wanted.Clear();
        wanted.UnionWith(next);
        version++;

        // By the chain of paths of each set of attributes that has such a target, not by all routes.
        foreach (var set in changed.SelectMany(attributes.WithTarget))
        {
            for (var at = set.FirstPath; at >= 0; at = table.Path(at).NextInSet)
            {
                Push(table.Path(at).Entry);
            }
        }
    }

    public void Push(int entry)
    {
        if ((wanted.Count > 0 || held > 0) && dirty.Push(entry, first: false))
        {
            table[entry].Waiting++;
        }
    }

    /// <summary>What changed since it was last asked, each route once.</summary>
    public List<RouteChange> Drain()
    {
        var changes = new List<RouteChange>();
        delivered.Reach(table.Limit);
        while (dirty.TryPop(out var index))
        {
            ref var entry = ref table[index];
            entry.Waiting--;
            ref var known = ref delivered[index];
            if (entry.Best >= 0 && Source(table.Path(entry.Best)) is { } from)
            {
                ref var path = ref table.Path(entry.Best);
                var route = RouteMeaning.ToRoute(entry.Key, path.Body, table.Opaque(index));
                changes.Add(new(route, new(route, attributes[path.Attributes].ToMeaning(), from.Settings.Id)));
                held += 1 - known;
                known = 1;
            }
            else if (known != 0)
            {
                changes.Add(new(RouteMeaning.ToRoute(entry.Key, default, table.Opaque(index)), null));
                known = 0;
                held--;
            }

            table.Forget(index);
        }

        return changes;
    }

    private RibPeer? Source(in RoutePath path) =>
        path.Peer != RouteTable.Local && IsWanted(attributes[path.Attributes]) ? peers[path.Peer] : null;

    private bool IsWanted(AttributeSet set)
    {
        if (set.ImportVersion != version)
        {
            set.ImportVersion = version;
            set.Imported = Array.Exists(set.Targets, wanted.Contains);
        }

        return set.Imported;
    }
}
