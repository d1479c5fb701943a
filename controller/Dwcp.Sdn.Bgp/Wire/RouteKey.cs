using System.Numerics;
using System.Security.Cryptography;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>What a RIB key identifies; EVPN kinds have the number of their route type.</summary>
internal enum RouteKind : byte
{
    AutoDiscovery = 1,
    MacIp = 2,
    Multicast = 3,
    Segment = 4,
    IpPrefix = 5,
    Opaque = 32,
    Ipv4 = 64,
    Ipv6 = 65,
    Membership = 96,
}

/// <summary>The identity of any route in 40 octets, so that half a million of them need no object each.</summary>
/// <remarks>
/// A: route distinguisher, target, or part of a digest. B, from its low end: 8 kind, 8 address length in octets,
/// then 48 MAC, or 16 of the segment, or 8 prefix length. C and D: address, or in C the tag of a type 1 and the AS of a membership.
/// E: tag, or 64 of the segment.
/// </remarks>
internal readonly record struct RouteKey(ulong A, ulong B, ulong C, ulong D, ulong E)
{
    public RouteKind Kind => (RouteKind)(byte)B;

    public int AddressLength => (byte)(B >> 8);

    public int PrefixLength => (byte)(B >> 16);

    public ulong Mac => B >> 16;

    public ushort SegmentHigh => (ushort)(B >> 16);

    public BgpFamily Family => Kind switch
    {
        RouteKind.Ipv4 => BgpFamily.Ipv4Unicast,
        RouteKind.Ipv6 => BgpFamily.Ipv6Unicast,
        RouteKind.Membership => BgpFamily.RtConstraint,
        _ => BgpFamily.L2VpnEvpn,
    };

    public static RouteKey AutoDiscovery(ulong rd, EthernetSegment segment, uint tag) =>
        new(rd, (byte)RouteKind.AutoDiscovery | ((ulong)segment.High << 16), tag, 0, segment.Low);

    public static RouteKey MacIp(ulong rd, uint tag, ulong mac, int addressLength, UInt128 address) =>
        new(rd, (byte)RouteKind.MacIp | ((ulong)addressLength << 8) | (mac << 16), (ulong)(address >> 64), (ulong)address, tag);

    public static RouteKey Multicast(ulong rd, uint tag, int addressLength, UInt128 address) =>
        new(rd, (byte)RouteKind.Multicast | ((ulong)addressLength << 8), (ulong)(address >> 64), (ulong)address, tag);

    public static RouteKey Segment(ulong rd, EthernetSegment segment, int addressLength, UInt128 address) =>
        new(rd, (byte)RouteKind.Segment | ((ulong)addressLength << 8) | ((ulong)segment.High << 16), (ulong)(address >> 64), (ulong)address, segment.Low);

    public static RouteKey IpPrefix(ulong rd, uint tag, int addressLength, UInt128 address, int length) =>
        new(rd, (byte)RouteKind.IpPrefix | ((ulong)addressLength << 8) | ((ulong)length << 16), (ulong)(address >> 64), (ulong)address, tag);

    public static RouteKey Unicast(bool six, UInt128 address, int length) =>
        new(0, (ulong)(six ? RouteKind.Ipv6 : RouteKind.Ipv4) | ((six ? 16ul : 4) << 8) | ((ulong)length << 16), (ulong)(address >> 64), (ulong)address, 0);

    public static RouteKey Membership(uint asn, ulong target, int bits) =>
        new(target, (byte)RouteKind.Membership | ((ulong)bits << 16), asn, 0, 0);

    /// <summary>Routes of unknown types are known by a digest of all their octets, type included; the octets are kept beside the table.</summary>
    public static RouteKey Opaque(ReadOnlySpan<byte> nlri)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(nlri, digest);
        return new(
            BitConverter.ToUInt64(digest), (byte)RouteKind.Opaque | ((ulong)nlri[0] << 16), BitConverter.ToUInt64(digest[8..]),
            BitConverter.ToUInt64(digest[16..]), BitConverter.ToUInt64(digest[24..]));
    }

    /// <summary>A hash that peers cannot aim at: the seed is drawn at start.</summary>
    public uint Hash(ulong seed)
    {
        var h = (A ^ seed) * 0x9e37_79b9_7f4a_7c15;
        h = (BitOperations.RotateLeft(h, 29) ^ B) * 0xbf58_476d_1ce4_e5b9;
        h = (BitOperations.RotateLeft(h, 29) ^ C) * 0x94d0_49bb_1331_11eb;
        h = (BitOperations.RotateLeft(h, 29) ^ D) * 0x9e37_79b9_7f4a_7c15;
        h = (BitOperations.RotateLeft(h, 29) ^ E) * 0xbf58_476d_1ce4_e5b9;
        return (uint)(h ^ (h >> 32));
    }

    public bool Equals(RouteKey other) => A == other.A && B == other.B && C == other.C && D == other.D && E == other.E;

    public override int GetHashCode() => (int)Hash(0);
}

/// <summary>What a route carries in its NLRI beside its identity: one or two labels, and a segment or a gateway.</summary>
/// <remarks>Flags: 24 label, 24 second label, then 1 there is a second, 1 the index is a gateway. A type 5 has a segment or a gateway, not both (RFC 9136 §3.1).</remarks>
internal readonly record struct RouteBody(ulong Flags, ulong High, ulong Low)
{
    private const ulong Second = 1ul << 48;
    private const ulong Gateway = 1ul << 49;

    public uint Label => (uint)(Flags & 0xff_ffff);

    public uint Label2 => (uint)(Flags >> 24) & 0xff_ffff;

    public bool HasLabel2 => (Flags & Second) != 0;

    public bool HasGateway => (Flags & Gateway) != 0;

    public EthernetSegment EthernetSegment => HasGateway ? default : new((ushort)High, Low);

    public UInt128 GatewayAddress => HasGateway ? new(High, Low) : default;

    public static RouteBody Of(EthernetSegment segment, uint label, uint? label2 = null) =>
        new(label | (label2 is { } l ? ((ulong)l << 24) | Second : 0), segment.High, segment.Low);

    public static RouteBody OfGateway(UInt128 gateway, uint label) =>
        new(label | Gateway, (ulong)(gateway >> 64), (ulong)gateway);
}

/// <summary>Turns keys and bodies into routes with a meaning and back; what is handled one at a time goes through here.</summary>
internal static class RouteMeaning
{
    /// <param name="opaque">The octets of a route of an unknown type: type, length and body.</param>
    public static Route ToRoute(in RouteKey key, in RouteBody body, ReadOnlySpan<byte> opaque)
    {
        var rd = new RouteDistinguisher(key.A);
        switch (key.Kind)
        {
            case RouteKind.AutoDiscovery:
                return new AutoDiscoveryRoute(new(rd, new(key.SegmentHigh, key.E), (uint)key.C), new(body.Label));
            case RouteKind.MacIp:
                return new MacIpRoute(
                    new(rd, (uint)key.E, new(key.Mac), key.AddressLength == 0 ? null : Address(key)),
                    body.EthernetSegment, new(body.Label), body.HasLabel2 ? new Vni(body.Label2) : null);
            case RouteKind.Multicast:
                return new MulticastRoute(new(rd, (uint)key.E, Address(key)));
            case RouteKind.Segment:
                return new SegmentRoute(new(rd, new(key.SegmentHigh, key.E), Address(key)));
            case RouteKind.IpPrefix:
                return new IpPrefixRoute(
                    new(rd, (uint)key.E, new IpPrefix(Address(key), key.PrefixLength)), body.EthernetSegment,
                    body.HasGateway ? Address(key.AddressLength, body.GatewayAddress) : null, new(body.Label));
            case RouteKind.Opaque:
                return new OpaqueRoute(opaque[0], [.. opaque[2..]]);
            case RouteKind.Ipv4 or RouteKind.Ipv6:
                return new UnicastRoute(new IpPrefix(Address(key), key.PrefixLength));
            case RouteKind.Membership:
                return new TargetMembership(new((uint)key.C), new(key.A), key.PrefixLength);
            default:
                throw new InvalidOperationException($"no route has kind {key.Kind}");
        }
    }

    /// <param name="opaque">Set for a route of an unknown type: its octets on the wire.</param>
    public static (RouteKey Key, RouteBody Body) ToKey(Route route, out byte[]? opaque)
    {
        opaque = null;
        switch (route)
        {
            case AutoDiscoveryRoute { Key: var k } r:
                return (RouteKey.AutoDiscovery(k.Rd.Value, k.Segment, k.Tag), RouteBody.Of(default, r.Label.Value));
            case MacIpRoute { Key: var k } r:
                return (RouteKey.MacIp(k.Rd.Value, k.Tag, k.Mac.Value, Octets(k.Ip), k.Ip?.Value ?? 0), RouteBody.Of(r.Segment, r.L2.Value, r.L3?.Value));
            case MulticastRoute { Key: var k }:
                return (RouteKey.Multicast(k.Rd.Value, k.Tag, Octets(k.Originator), k.Originator.Value), default);
            case SegmentRoute { Key: var k }:
                return (RouteKey.Segment(k.Rd.Value, k.Segment, Octets(k.Originator), k.Originator.Value), default);
            case IpPrefixRoute { Key: var k } r:
                var body = r.Gateway is { } gateway ? RouteBody.OfGateway(gateway.Value, r.Label.Value) : RouteBody.Of(r.Segment, r.Label.Value);
                return (RouteKey.IpPrefix(k.Rd.Value, k.Tag, Octets(k.Prefix.Address), k.Prefix.Address.Value, k.Prefix.Length), body);
            case OpaqueRoute r:
                opaque = [r.RouteType, checked((byte)r.Body.Count), .. r.Body];
                return (RouteKey.Opaque(opaque), default);
            case UnicastRoute { Prefix: var p }:
                return (RouteKey.Unicast(p.IsV6, p.Address.Value, p.Length), default);
            case TargetMembership m:
                return (RouteKey.Membership(m.Origin.Value, m.Target.Value, m.Bits), default);
            default:
                throw new ArgumentException($"{route.GetType().Name} is not a route that BGP carries", nameof(route));
        }
    }

    private static int Octets(IpAddress? address) => (address?.Bits ?? 0) / 8;

    private static IpAddress Address(in RouteKey key) => Address(key.AddressLength, new(key.C, key.D));

    private static IpAddress Address(int octets, UInt128 value) => octets == 16 ? IpAddress.V6(value) : IpAddress.V4((uint)value);
}
