using System.Collections.Immutable;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>
/// All that callers asked for, at one revision: an immutable value with the indexes that make the judgement and the
/// planning of one change independent of the fabric's size.
/// </summary>
public sealed record FabricIntent
{
    public static readonly FabricIntent Empty = new();

    public ImmutableDictionary<string, Network> Networks { get; private init; } = ImmutableDictionary<string, Network>.Empty;

    public ImmutableDictionary<string, Subnet> Subnets { get; private init; } = ImmutableDictionary<string, Subnet>.Empty;

    public ImmutableDictionary<string, Port> Ports { get; private init; } = ImmutableDictionary<string, Port>.Empty;

    public ImmutableDictionary<string, SwitchIntent> Switches { get; private init; } = ImmutableDictionary<string, SwitchIntent>.Empty;

    public ImmutableDictionary<string, BridgeIntent> Bridges { get; private init; } = ImmutableDictionary<string, BridgeIntent>.Empty;

    /// <summary>The BGP speaker, under its one id.</summary>
    public BgpSpeakerIntent? BgpSpeaker { get; private init; }

    public ImmutableDictionary<string, BgpPeerIntent> BgpPeers { get; private init; } = ImmutableDictionary<string, BgpPeerIntent>.Empty;

    public ImmutableDictionary<string, EvpnRouteIntent> EvpnRoutes { get; private init; } = ImmutableDictionary<string, EvpnRouteIntent>.Empty;

    public IdPool BridgeDomains { get; private init; } = IdPool.Empty;

    public IdPool LogicalPorts { get; private init; } = IdPool.Empty;

    private ImmutableDictionary<Vni, string> NetworkByVni { get; init; } = ImmutableDictionary<Vni, string>.Empty;

    private ImmutableDictionary<string, ImmutableSortedSet<string>> SubnetsByNetwork { get; init; } = ImmutableDictionary<string, ImmutableSortedSet<string>>.Empty;

    private ImmutableDictionary<string, int> AddressesBySubnet { get; init; } = ImmutableDictionary<string, int>.Empty;

    private ImmutableDictionary<string, ImmutableSortedSet<string>> PortsByNetwork { get; init; } = ImmutableDictionary<string, ImmutableSortedSet<string>>.Empty;

    private ImmutableDictionary<string, ImmutableSortedSet<string>> BridgesByHost { get; init; } = ImmutableDictionary<string, ImmutableSortedSet<string>>.Empty;

    private ImmutableDictionary<(string Network, IpAddress Address), string> PortByAddress { get; init; } =
        ImmutableDictionary<(string, IpAddress), string>.Empty;

    private ImmutableDictionary<(string Network, MacAddress Mac), string> PortByMac { get; init; } =
        ImmutableDictionary<(string, MacAddress), string>.Empty;

    public FabricObject? Find(ResourceKind kind, string id) => kind switch
    {
        ResourceKind.Network => Networks.GetValueOrDefault(id),
        ResourceKind.Subnet => Subnets.GetValueOrDefault(id),
        ResourceKind.Port => Ports.GetValueOrDefault(id),
        ResourceKind.Bridge => Bridges.GetValueOrDefault(id),
        ResourceKind.BgpSpeaker => BgpSpeaker?.Id == id ? BgpSpeaker : null,
        ResourceKind.BgpPeer => BgpPeers.GetValueOrDefault(id),
        ResourceKind.EvpnRoute => EvpnRoutes.GetValueOrDefault(id),
        ResourceKind.Link => null,
        _ => Switches.GetValueOrDefault(id),
    };

    /// <summary>The id of the network that has the VNI, or null.</summary>
    public string? OwnerOf(Vni vni) => NetworkByVni.GetValueOrDefault(vni);

    /// <summary>The id of the port that has the address in the network, or null.</summary>
    public string? OwnerOf(string network, IpAddress address) => PortByAddress.GetValueOrDefault((network, address));

    /// <summary>The id of the port that has the MAC in the network, or null.</summary>
    public string? OwnerOf(string network, MacAddress mac) => PortByMac.GetValueOrDefault((network, mac));

    /// <summary>The ids of a network's subnets, sorted; the network itself need not exist.</summary>
    public ImmutableSortedSet<string> SubnetsOf(string network) => SubnetsByNetwork.GetValueOrDefault(network, []);

    /// <summary>The ids of a network's ports, sorted; the network itself need not exist.</summary>
    public ImmutableSortedSet<string> PortsOf(string network) => PortsByNetwork.GetValueOrDefault(network, []);

    /// <summary>How many addresses of a subnet ports have.</summary>
    public int AddressesIn(string subnet) => AddressesBySubnet.GetValueOrDefault(subnet);

    /// <summary>The ids of the bridges that are wanted on a host, sorted; the host itself need not be known.</summary>
    public ImmutableSortedSet<string> BridgesOf(string host) => BridgesByHost.GetValueOrDefault(host, []);

    /// <summary>The intent with the object in place of the one of its kind and id.</summary>
    public FabricIntent With(FabricObject value) => value switch
    {
        Network n => Without(ResourceKind.Network, n.Id).Add(n),
        Subnet s => Without(ResourceKind.Subnet, s.Id).Add(s),
        Port p => Without(ResourceKind.Port, p.Id).Add(p),
        SwitchIntent s => this with { Switches = Switches.SetItem(s.Id, s) },
        BridgeIntent b => Without(ResourceKind.Bridge, b.Id).Add(b),
        BgpSpeakerIntent s => this with { BgpSpeaker = s },
        BgpPeerIntent p => this with { BgpPeers = BgpPeers.SetItem(p.Id, p) },
        EvpnRouteIntent r => this with { EvpnRoutes = EvpnRoutes.SetItem(r.Id, r) },
        _ => throw new ArgumentException($"no such kind of object: {value.GetType().Name}", nameof(value)),
    };

    /// <summary>The intent without the object; unchanged when there is none.</summary>
    public FabricIntent Without(ResourceKind kind, string id) => Find(kind, id) switch
    {
        Network n => this with
        {
            Networks = Networks.Remove(id),
            NetworkByVni = NetworkByVni.Remove(n.Vni),
            BridgeDomains = BridgeDomains.With(n.BridgeDomain),
        },
        Subnet s => this with
        {
            Subnets = Subnets.Remove(id),
            SubnetsByNetwork = Drop(SubnetsByNetwork, s.NetworkId, id),
            AddressesBySubnet = AddressesBySubnet.Remove(id),
        },
        Port p => this with
        {
            Ports = Ports.Remove(id),
            PortsByNetwork = Drop(PortsByNetwork, p.NetworkId, id),
            PortByMac = PortByMac.Remove((p.NetworkId, p.Mac)),
            PortByAddress = PortByAddress.RemoveRange(p.Addresses.Select(a => (p.NetworkId, a))),
            AddressesBySubnet = Count(p, -1),
            LogicalPorts = LogicalPorts.With(p.LogicalPort),
        },
        SwitchIntent => this with { Switches = Switches.Remove(id) },
        BridgeIntent b => this with { Bridges = Bridges.Remove(id), BridgesByHost = Drop(BridgesByHost, b.Host, id) },
        BgpSpeakerIntent => this with { BgpSpeaker = null },
        BgpPeerIntent => this with { BgpPeers = BgpPeers.Remove(id) },
        EvpnRouteIntent => this with { EvpnRoutes = EvpnRoutes.Remove(id) },
        _ => this,
    };

    private static ImmutableDictionary<string, ImmutableSortedSet<string>> Drop(
        ImmutableDictionary<string, ImmutableSortedSet<string>> index, string key, string id)
    {
        var rest = index[key].Remove(id);
        return rest.IsEmpty ? index.Remove(key) : index.SetItem(key, rest);
    }

    private FabricIntent Add(Network n) => this with
    {
        Networks = Networks.Add(n.Id, n),
        NetworkByVni = NetworkByVni.Add(n.Vni, n.Id),
        BridgeDomains = BridgeDomains.Without(n.BridgeDomain),
    };

    private FabricIntent Add(Subnet s) => this with
    {
        Subnets = Subnets.Add(s.Id, s),
        SubnetsByNetwork = SubnetsByNetwork.SetItem(s.NetworkId, SubnetsOf(s.NetworkId).Add(s.Id)),
        AddressesBySubnet = AddressesBySubnet.Add(s.Id, PortsOf(s.NetworkId).Sum(p => InUse(s, Ports[p]))),
    };

    private FabricIntent Add(Port p) => this with
    {
        Ports = Ports.Add(p.Id, p),
        PortsByNetwork = PortsByNetwork.SetItem(p.NetworkId, PortsOf(p.NetworkId).Add(p.Id)),
        PortByMac = PortByMac.Add((p.NetworkId, p.Mac), p.Id),
        AddressesBySubnet = Count(p, 1),
        PortByAddress = PortByAddress.AddRange(p.Addresses.Select(a => KeyValuePair.Create((p.NetworkId, a), p.Id))),
        LogicalPorts = LogicalPorts.Without(p.LogicalPort),
    };

    private static int InUse(Subnet subnet, Port port) => port.Addresses.Count(a => subnet.Cidr.Contains(a));

    private ImmutableDictionary<string, int> Count(Port p, int sign)
    {
        var counts = AddressesBySubnet;
        foreach (var id in SubnetsOf(p.NetworkId))
        {
            counts = counts.SetItem(id, counts[id] + (sign * InUse(Subnets[id], p)));
        }

        return counts;
    }

    private FabricIntent Add(BridgeIntent b) => this with
    {
        Bridges = Bridges.Add(b.Id, b),
        BridgesByHost = BridgesByHost.SetItem(b.Host, BridgesOf(b.Host).Add(b.Id)),
    };
}
