using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pipeline;

/// <summary>The identity of a need on one switch: setting another need of the same key replaces it.</summary>
public readonly record struct NeedKey(NeedKind Kind, uint Scope, UInt128 Id);

/// <summary>
/// Something that a switch needs, as values: what Fabric says of one object. Each compiles to its own rules, groups and
/// meters; equal needs compile to equal ones, whatever else the switch needs.
/// </summary>
public abstract record Need
{
    public abstract NeedKey Key { get; }

    /// <summary>The cookie of every rule of this need.</summary>
    public abstract Cookie Cookie { get; }
}

/// <summary>What every switch needs: the misses of all tables, the guards, the way out and the drop table.</summary>
public sealed record BaseNeed : Need
{
    public override NeedKey Key => new(NeedKind.Base, 0, 0);

    public override Cookie Cookie => new(NeedKind.Base, 0);
}

/// <summary>The tunnel port of the switch (<c>vxlan0</c>): frames in by it carry a VTEP and a VNI, frames out by it get them.</summary>
public sealed record TunnelPortNeed(PortNumber OfPort) : Need
{
    public override NeedKey Key => new(NeedKind.TunnelPort, 0, 0);

    public override Cookie Cookie => new(NeedKind.TunnelPort, OfPort.Value);
}

/// <summary>A port of the switch that leads to another switch, such as a patch port or an uplink: LLDP that comes in by it goes to the controller.</summary>
public sealed record FabricPortNeed(PortNumber OfPort) : Need
{
    public override NeedKey Key => new(NeedKind.FabricPort, 0, OfPort.Value);

    public override Cookie Cookie => new(NeedKind.FabricPort, OfPort.Value);
}

/// <summary>A remote VTEP from which frames are taken.</summary>
public sealed record VtepNeed(IpAddress Address) : Need
{
    public override NeedKey Key => new(NeedKind.Vtep, Address.IsV6 ? 1u : 0u, Address.Value);

    public override Cookie Cookie => new(NeedKind.Vtep, Address.IsV6 ? Cookie.Derive(1, Address.Value) : (uint)Address.Value);
}

/// <summary>An anycast gateway of a subnet: the address that is answered for, and the MAC that is the same everywhere.</summary>
public readonly record struct Gateway(IpAddress Address, MacAddress Mac);

/// <summary>A network that is present on the switch. <paramref name="FloodUnknown"/>: unicast to an unknown MAC is flooded, metered, instead of dropped.</summary>
/// <param name="BridgeDomain">From 1.</param>
/// <param name="Vni">What it has in tunnels.</param>
/// <param name="Vrf">0: none.</param>
public sealed record NetworkNeed(uint BridgeDomain, Vni Vni, uint Vrf, bool FloodUnknown, EquatableArray<Gateway> Gateways) : Need
{
    public override NeedKey Key => new(NeedKind.Network, 0, BridgeDomain);

    public override Cookie Cookie => new(NeedKind.Network, BridgeDomain);
}

/// <summary>Where broadcast, multicast and flooded frames of a network go. Without it nothing of the network is flooded here. Lists are compiled in their own order: sort them.</summary>
/// <param name="LocalPorts">Logical ports on this switch, the sender's own too.</param>
/// <param name="RemoteVteps">VTEPs that carry the network, never the switch's own.</param>
public sealed record FloodNeed(uint BridgeDomain, Vni Vni, EquatableArray<uint> LocalPorts, EquatableArray<IpAddress> RemoteVteps) : Need
{
    /// <summary>So many ports, and as many VTEPs, get what a network floods on one switch; what is beyond gets unicast alone.</summary>
    public const int Most = Rules.NetworkRules.BucketsOfGroup * Numbering.Parts;

    public override NeedKey Key => new(NeedKind.LocalFlood, 0, BridgeDomain);

    public override Cookie Cookie => new(NeedKind.LocalFlood, BridgeDomain);
}

/// <summary>Where in the underlay a frame goes, and under which number.</summary>
public readonly record struct TunnelEnd(IpAddress Vtep, Vni Vni);

/// <summary>A logical port that is bound to an interface of this switch.</summary>
/// <param name="LogicalPort">From 1, unique in the fabric.</param>
/// <param name="OfPort">The interface's number on <c>br-int</c>.</param>
/// <param name="BridgeDomain">Its network.</param>
/// <param name="Vrf">0: none.</param>
/// <param name="Mac">Its MAC.</param>
/// <param name="Addresses">Its IPv4 and IPv6 addresses; a port without any is held to its MAC alone.</param>
/// <param name="PortSecurity">False lets it send as anybody.</param>
/// <param name="AnswerArp">The network suppresses ARP: requests for its addresses are answered by the switch.</param>
public sealed record LocalPortNeed(
    uint LogicalPort,
    PortNumber OfPort,
    uint BridgeDomain,
    uint Vrf,
    MacAddress Mac,
    EquatableArray<IpAddress> Addresses,
    bool PortSecurity,
    bool AnswerArp) : Need
{
    /// <summary>The VM is on its way here: it may send, and gets what comes out of a tunnel for it; what this switch's own ports send to it goes to where it comes from.</summary>
    public bool IsIncoming { get; init; }

    /// <summary>The VM is on its way to another switch, which gets a copy of all that is for it; null when it stays.</summary>
    public TunnelEnd? CopyTo { get; init; }

    public override NeedKey Key => new(NeedKind.Port, 0, LogicalPort);

    public override Cookie Cookie => new(NeedKind.Port, LogicalPort);
}

/// <summary>A host of a network that is behind another VTEP.</summary>
/// <param name="AnswerArp">The network suppresses ARP: requests for its addresses are answered by the switch.</param>
public sealed record RemoteHostNeed(
    uint BridgeDomain,
    MacAddress Mac,
    EquatableArray<IpAddress> Addresses,
    IpAddress Vtep,
    Vni Vni,
    bool AnswerArp) : Need
{
    /// <summary>It was here until now: frames that still come for it out of a tunnel are passed on, until all have heard where it is.</summary>
    public bool PassesOn { get; init; }

    public override NeedKey Key => new(NeedKind.RemoteHost, BridgeDomain, Mac.Value);

    public override Cookie Cookie => new(NeedKind.RemoteHost, Cookie.Derive(BridgeDomain, Mac.Value));
}
