using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>What every stored object has.</summary>
/// <param name="Version">The store's revision that last changed it; 0 while its commit is under way.</param>
public abstract record FabricObject(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation);

/// <summary>A network as it was judged, with the bridge domain that was allocated for it.</summary>
public sealed record Network(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation, NetworkSpec Spec, uint BridgeDomain)
    : FabricObject(Id, Labels, Version, Generation)
{
    /// <summary>
    /// What a VM may send, in octets of an IP packet: an underlay of 1500 less what VXLAN over IPv4 puts in front of it
    /// (Ethernet 14, VXLAN 8, UDP 8, IPv4 20).
    /// </summary>
    public const uint Mtu = 1450;

    public Vni Vni => new(Spec.Vni!.Value);

    public bool ArpSuppression => Spec.ArpSuppression ?? true;

    public bool FloodsUnknown => Spec.UnknownUnicast == "FLOOD";

    /// <summary>The targets of routes that it takes in; what is derived from the speaker's AS and the VNI where the caller named none.</summary>
    public EquatableArray<RouteTarget> ImportTargets(Asn local) => Targets(Spec.ImportTargets, local);

    /// <summary>The targets that its routes carry.</summary>
    public EquatableArray<RouteTarget> ExportTargets(Asn local) => Targets(Spec.ExportTargets, local);

    private EquatableArray<RouteTarget> Targets(EquatableArray<string> given, Asn local) =>
        given.IsEmpty ? [RouteTarget.Automatic(local, Vni)] : given.Items.Select(RouteTarget.Parse).Distinct().Order().ToEquatableArray();
}

/// <summary>A subnet as it was judged.</summary>
public sealed record Subnet(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation, SubnetSpec Spec)
    : FabricObject(Id, Labels, Version, Generation)
{
    /// <summary>The anycast gateway's MAC where the subnet names none.</summary>
    public static readonly MacAddress DefaultGatewayMac = new(0x0200_5e00_0101);

    public string NetworkId => Spec.Network!;

    public IpPrefix Cidr { get; } = IpPrefix.Parse(Spec.Cidr!);

    public IpAddress? Gateway { get; } = Spec.Gateway is { } gateway ? IpAddress.Parse(gateway) : null;

    public MacAddress GatewayMac { get; } = Spec.GatewayMac is { } mac ? MacAddress.Parse(mac) : DefaultGatewayMac;

    /// <summary>Whether a port may have the address: one of a host of the prefix, and not the gateway.</summary>
    public bool IsAssignable(IpAddress address) => address != Gateway && IsHost(Cidr, address);

    /// <summary>
    /// Whether a host may have the address: of the prefix, and not its first (the subnet itself; in IPv6 its routers, RFC 4291
    /// §2.6.1) nor, in IPv4, its last. A prefix of one or two addresses has hosts only (RFC 3021, RFC 6164).
    /// </summary>
    public static bool IsHost(IpPrefix prefix, IpAddress address) =>
        prefix.Contains(address)
        && (prefix.Address.Bits - prefix.Length < 2 || (address != prefix.Address && (prefix.IsV6 || address != prefix.Last)));
}

/// <summary>A port as it was judged, with what was allocated for it.</summary>
public sealed record Port(
    string Id,
    ImmutableSortedDictionary<string, string> Labels,
    long Version,
    long Generation,
    PortSpec Spec,
    uint LogicalPort,
    MacAddress Mac,
    EquatableArray<IpAddress> Addresses)
    : FabricObject(Id, Labels, Version, Generation)
{
    public string NetworkId => Spec.Network!;

    public bool PortSecurity => Spec.PortSecurity ?? true;
}

/// <summary>What the operator decided about a switch.</summary>
public sealed record SwitchIntent(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation, SwitchSpec Spec)
    : FabricObject(Id, Labels, Version, Generation);

/// <summary>A bridge of a host as it was judged.</summary>
public sealed record BridgeIntent(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation, BridgeSpec Spec)
    : FabricObject(Id, Labels, Version, Generation)
{
    public string Host => Spec.Switch!;

    public string Name => Spec.Name!;
}
