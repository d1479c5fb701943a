using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Shows routes of the table to operators: each path, whose it is, and the step that decided for or against it.</summary>
internal static class RouteListing
{
    public static RoutePage List(RouteBase routes, RouteQuery query, int from, int limit)
    {
        var items = new List<RouteView>();
        var count = 0;
        for (var index = from; index < routes.Table.Limit; index++)
        {
            if (!routes.Table.Exists(index) || !Matches(routes.Table[index].Key, query))
            {
                continue;
            }

            if (count == limit)
            {
                return new(items, index);
            }

            var before = items.Count;
            Add(routes, index, query, items);
            count += items.Count > before ? 1 : 0;
        }

        return new(items, null);
    }

    private static void Add(RouteBase routes, int index, RouteQuery query, List<RouteView> items)
    {
        ref var entry = ref routes.Table[index];
        for (var at = entry.FirstPath; at >= 0; at = routes.Table.Path(at).NextInEntry)
        {
            ref var path = ref routes.Table.Path(at);
            var set = routes.Attributes[path.Attributes];
            var peer = routes.PeerAt(path.Peer);
            if ((query.BestOnly && at != entry.Best)
                || (query.Peer is { } wanted && peer?.Settings.Id != wanted)
                || (query.Vni is { } vni && path.Body.Label != vni.Value && !(path.Body.HasLabel2 && path.Body.Label2 == vni.Value)))
            {
                continue;
            }

            items.Add(new(
                RouteMeaning.ToRoute(entry.Key, path.Body, routes.Table.Opaque(index)), set.ToMeaning(), peer?.Settings.Id,
                path.Peer == RouteTable.Local ? routes.ObjectOf(entry.Key) : null, at == entry.Best, Decided(routes, entry, at),
                (path.Flags & (PathFlags.Stale | PathFlags.LongLived)) != 0));
        }
    }

    /// <summary>Against the best path, or for the best one against the next.</summary>
    private static SelectionStep Decided(RouteBase routes, in Entry entry, int at)
    {
        var against = entry.Best;
        if (at == entry.Best)
        {
            against = -1;
            for (var other = entry.FirstPath; other >= 0; other = routes.Table.Path(other).NextInEntry)
            {
                if (other != at && (against < 0 || routes.Order.Compare(routes.Table.Path(other), routes.Table.Path(against), out _) < 0))
                {
                    against = other;
                }
            }
        }

        if (against < 0)
        {
            return SelectionStep.OnlyPath;
        }

        routes.Order.Compare(routes.Table.Path(at), routes.Table.Path(against), out var step);
        return step;
    }

    private static bool Matches(in RouteKey key, RouteQuery query)
    {
        if ((query.Family is { } family && key.Family != family)
            || (query.Type is { } type && (byte)key.Kind != type && !(key.Kind == RouteKind.Opaque && key.PrefixLength == type))
            || (query.Mac is { } mac && !(key.Kind == RouteKind.MacIp && key.Mac == mac.Value)))
        {
            return false;
        }

        if (query.Address is not { } address)
        {
            return true;
        }

        if (key.AddressLength * 8 != address.Bits)
        {
            return false;
        }

        var value = address.IsV6 ? IpAddress.V6(new(key.C, key.D)) : IpAddress.V4((uint)key.D);
        return key.Kind is RouteKind.IpPrefix or RouteKind.Ipv4 or RouteKind.Ipv6
            ? new IpPrefix(value, key.PrefixLength).Contains(address)
            : value == address;
    }
}
