using System.Globalization;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Evpn;

/// <summary>What a BGP speaker can announce, apart from the attributes that go with it.</summary>
public abstract record Route;

/// <summary>An EVPN route, RFC 7432 §7; its type says what it is for.</summary>
public abstract record EvpnRoute : Route
{
    /// <summary>The number of the route type.</summary>
    public abstract byte Type { get; }
}

/// <summary>The identity of an Ethernet auto-discovery route, RFC 7432 §7.1.</summary>
public readonly record struct AutoDiscoveryKey(RouteDistinguisher Rd, EthernetSegment Segment, uint Tag)
{
    /// <summary>The tag of a route for the whole segment (RFC 7432 §8.2.1).</summary>
    public const uint WholeSegment = 0xffff_ffff;
}

/// <summary>Type 1: a switch reaches an Ethernet segment, as a whole or for one network (RFC 7432 §7.1).</summary>
public sealed record AutoDiscoveryRoute(AutoDiscoveryKey Key, Vni Label) : EvpnRoute
{
    public override byte Type => 1;

    public override string ToString() => $"ad rd={Key.Rd} esi={Key.Segment} tag={Key.Tag} label={Label}";
}

/// <summary>The identity of a MAC/IP route, RFC 7432 §7.2. A host that moves keeps its key; labels and segment are not part of it.</summary>
public readonly record struct MacIpKey(RouteDistinguisher Rd, uint Tag, MacAddress Mac, IpAddress? Ip);

/// <summary>Type 2: where a MAC address is, alone or with one of its IP addresses (RFC 7432 §7.2).</summary>
/// <param name="L3">The VNI of the tenant's VRF in symmetric IRB (RFC 9135 §4.1).</param>
public sealed record MacIpRoute(MacIpKey Key, EthernetSegment Segment, Vni L2, Vni? L3) : EvpnRoute
{
    public override byte Type => 2;

    public override string ToString() =>
        $"macip rd={Key.Rd} tag={Key.Tag} mac={Key.Mac}"
        + (Key.Ip is { } ip ? $" ip={ip}" : "")
        + (Segment.IsNone ? "" : $" esi={Segment}")
        + $" l2={L2}"
        + (L3 is { } l3 ? $" l3={l3}" : "");
}

/// <summary>The identity of an inclusive multicast route, RFC 7432 §7.3.</summary>
public readonly record struct MulticastKey(RouteDistinguisher Rd, uint Tag, IpAddress Originator);

/// <summary>Type 3: a VTEP that wants the broadcast of a network (RFC 7432 §7.3).</summary>
public sealed record MulticastRoute(MulticastKey Key) : EvpnRoute
{
    public override byte Type => 3;

    public override string ToString() => $"multicast rd={Key.Rd} tag={Key.Tag} originator={Key.Originator}";
}

/// <summary>The identity of an Ethernet segment route, RFC 7432 §7.4.</summary>
public readonly record struct SegmentKey(RouteDistinguisher Rd, EthernetSegment Segment, IpAddress Originator);

/// <summary>Type 4: who is attached to an Ethernet segment, for the election of its designated forwarder (RFC 7432 §7.4).</summary>
public sealed record SegmentRoute(SegmentKey Key) : EvpnRoute
{
    public override byte Type => 4;

    public override string ToString() => $"segment rd={Key.Rd} esi={Key.Segment} originator={Key.Originator}";
}

/// <summary>The identity of an IP prefix route, RFC 9136 §3.1.</summary>
public readonly record struct IpPrefixKey(RouteDistinguisher Rd, uint Tag, IpPrefix Prefix);

/// <summary>Type 5: a prefix of a tenant, reached at the next hop, through a gateway inside the tenant, or through a segment (RFC 9136).</summary>
public sealed record IpPrefixRoute(IpPrefixKey Key, EthernetSegment Segment, IpAddress? Gateway, Vni Label) : EvpnRoute
{
    public override byte Type => 5;

    public override string ToString() =>
        $"prefix rd={Key.Rd} tag={Key.Tag} prefix={Key.Prefix}"
        + (Segment.IsNone ? "" : $" esi={Segment}")
        + (Gateway is { } gateway ? $" gateway={gateway}" : "")
        + $" label={Label}";
}

/// <summary>A route of a type that is not understood here: kept as bytes, reflected, and identified by all of them.</summary>
public sealed record OpaqueRoute(byte RouteType, EquatableArray<byte> Body) : EvpnRoute
{
    public override byte Type => RouteType;

    public override string ToString() => $"opaque type={RouteType} body={Convert.ToHexStringLower(Body.AsSpan())}";
}

/// <summary>A prefix of the IPv4 or IPv6 unicast family, for gateways outside of the fabric.</summary>
public sealed record UnicastRoute(IpPrefix Prefix) : Route
{
    public override string ToString() => $"unicast {Prefix}";
}

/// <summary>A wish for the routes of a target, RFC 4684 §4.</summary>
/// <param name="Bits">How many of the 96 bits of AS and target count; zero asks for everything.</param>
public sealed record TargetMembership(Asn Origin, RouteTarget Target, int Bits) : Route
{
    public override string ToString() => Bits == 0
        ? "membership any"
        : string.Create(CultureInfo.InvariantCulture, $"membership as={Origin} target={Target}{(Bits == 96 ? "" : $"/{Bits}")}");
}
