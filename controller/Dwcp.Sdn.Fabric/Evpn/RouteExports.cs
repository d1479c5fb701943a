using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Fabric.Planning;

namespace Dwcp.Sdn.Fabric.Evpn;

/// <summary>What the speaker has to announce and to withdraw.</summary>
public sealed record RouteOrders(ImmutableArray<OriginatedRoute> Announce, ImmutableArray<Route> Withdraw)
{
    public static readonly RouteOrders None = new([], []);

    public bool IsEmpty => Announce.IsEmpty && Withdraw.IsEmpty;
}

/// <summary>
/// What the fabric announces, by the object that asks for it, and the difference to what the speaker has been told. Identifiers
/// come from what is stored and from the VTEP, never from the speaker, so that they are the same after a restart.
/// </summary>
internal sealed class RouteExports
{
    private readonly Dictionary<string, ImmutableArray<OriginatedRoute>> byOwner = [];
    private readonly Dictionary<object, OriginatedRoute> wanted = [];
    private readonly Dictionary<object, Route> untold = [];

    public int Count => wanted.Count;

    public bool HasNews => untold.Count > 0;

    /// <summary>A port: its MAC, alone and with each of its addresses.</summary>
    public static ImmutableArray<OriginatedRoute> OfPort(Placement placement, Network network, Asn local, uint sequence)
    {
        if (RdOf(placement.Remote.Vtep, network) is not { } rd)
        {
            return [];
        }

        var communities = Communities(network, local);
        if (sequence > 0)
        {
            communities = [.. communities, ExtendedCommunity.Mobility(new MacMobility(sequence, false))];
        }

        var attributes = new PathAttributes { NextHop = placement.Remote.Vtep, ExtendedCommunities = communities };
        var owner = OwnerOf(placement.PortId);
        return
        [
            .. placement.Local.Addresses.Items.Order().Select(a => (IpAddress?)a).Prepend(null).Select(ip => new OriginatedRoute(
                new MacIpRoute(new MacIpKey(rd, 0, placement.Local.Mac, ip), EthernetSegment.None, network.Vni, null), attributes, owner)),
        ];
    }

    /// <summary>A host that carries a network: it wants the network's broadcast.</summary>
    public static ImmutableArray<OriginatedRoute> OfCarrier(IpAddress vtep, Network network, Asn local) => RdOf(vtep, network) is { } rd
        ?
        [
            new OriginatedRoute(
                new MulticastRoute(new MulticastKey(rd, 0, vtep)),
                new PathAttributes
                {
                    NextHop = vtep,
                    ExtendedCommunities = Communities(network, local),
                    Pmsi = PmsiTunnel.IngressReplication(network.Vni, vtep),
                },
                new ObjectRef(Core.Model.ResourceKind.Network, network.Id).ToString()),
        ]
        : [];

    public static string OwnerOf(string port) => new ObjectRef(Core.Model.ResourceKind.Port, port).ToString();

    public static string OwnerOf(string network, string host) => $"{new ObjectRef(Core.Model.ResourceKind.Network, network)}@{host}";

    public static string OwnerOfFormer(string port, string host) => $"{OwnerOf(port)}@{host}";

    /// <summary>Replaces all that an owner announces.</summary>
    public void Set(string owner, ImmutableArray<OriginatedRoute> routes)
    {
        var before = byOwner.GetValueOrDefault(owner, []);
        if (routes.IsEmpty)
        {
            byOwner.Remove(owner);
        }
        else
        {
            byOwner[owner] = routes;
        }

        foreach (var route in routes)
        {
            var key = RouteIdentity.Of(route.Route);
            if (wanted.GetValueOrDefault(key) != route)
            {
                untold[key] = route.Route;
            }

            wanted[key] = route;
        }

        foreach (var old in before)
        {
            // A route that another owner has taken over in the meantime is that one's.
            var key = RouteIdentity.Of(old.Route);
            if (ReferenceEquals(wanted.GetValueOrDefault(key), old))
            {
                wanted.Remove(key);
                untold[key] = old.Route;
            }
        }
    }

    /// <summary>Another owner announces what this one does, whatever becomes of it here.</summary>
    public void Share(string owner, string other) => Set(other, [.. byOwner.GetValueOrDefault(owner, []).Select(r => r with { })]);

    /// <summary>Everything goes, as without a speaker.</summary>
    public void Clear()
    {
        byOwner.Clear();
        wanted.Clear();
        untold.Clear();
    }

    /// <summary>What has changed since the last call.</summary>
    public RouteOrders Take()
    {
        var announce = ImmutableArray.CreateBuilder<OriginatedRoute>();
        var withdraw = ImmutableArray.CreateBuilder<Route>();
        foreach (var (key, route) in untold)
        {
            if (wanted.TryGetValue(key, out var now))
            {
                announce.Add(now);
            }
            else
            {
                withdraw.Add(route);
            }
        }

        untold.Clear();
        return new RouteOrders(announce.ToImmutable(), withdraw.ToImmutable());
    }

    /// <summary>Everything, for a speaker that knows nothing yet.</summary>
    public RouteOrders TakeAll()
    {
        untold.Clear();
        return new RouteOrders([.. wanted.Values], []);
    }

    /// <summary>Of type 1, which has room for an IPv4 address only: what is behind an IPv6 VTEP is not announced.</summary>
    private static RouteDistinguisher? RdOf(IpAddress vtep, Network network) =>
        vtep.IsV4 ? RouteDistinguisher.Of(vtep, (ushort)network.BridgeDomain) : null;

    private static EquatableArray<ExtendedCommunity> Communities(Network network, Asn local) =>
        [.. network.ExportTargets(local).Select(ExtendedCommunity.Of), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan)];
}
