using System.Collections.Immutable;
using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>The headers in which fields stand. A packet knows where each begins, or that it has none.</summary>
internal enum Layer
{
    Ethernet,
    Vlan,
    Arp,
    Ipv4,
    Ipv6Addresses,
    Ipv6,
    Transport,
    Tcp,
    Udp,
    Sctp,
    Icmp4,
    Icmp6,
    NeighborDiscovery,
    SourceLinkAddress,
    TargetLinkAddress,
    Count,
}

/// <summary>Where a field stands: so many bits from the start of its header.</summary>
internal readonly record struct Place(Layer Layer, int Bit);

/// <summary>The layout of the frames that the interpreter reads and writes: for each field of the catalogue the header and the bit.</summary>
internal static class FrameLayout
{
    private static readonly (Field Field, Layer Layer, int Bit)[] Rows =
    [
        (Fields.EthDst, Layer.Ethernet, 0),
        (Fields.EthSrc, Layer.Ethernet, 48),

        // RFC 826: 16 hardware | 16 protocol | 8 8 lengths | 16 operation | 48 sha | 32 spa | 48 tha | 32 tpa
        (Fields.ArpOp, Layer.Arp, 48),
        (Fields.ArpSha, Layer.Arp, 64),
        (Fields.ArpSpa, Layer.Arp, 112),
        (Fields.ArpTha, Layer.Arp, 144),
        (Fields.ArpTpa, Layer.Arp, 192),

        // RFC 791: 4 version | 4 length | 6 DSCP | 2 ECN | 16 total | 16 id | 3 13 fragment | 8 TTL | 8 protocol | 16 sum | 32 src | 32 dst
        (Fields.IpDscp, Layer.Ipv4, 8),
        (Fields.IpEcn, Layer.Ipv4, 14),
        (Fields.IpTtl, Layer.Ipv4, 64),
        (Fields.Ipv4Src, Layer.Ipv4, 96),
        (Fields.Ipv4Dst, Layer.Ipv4, 128),

        // RFC 8200: 4 version | 6 DSCP | 2 ECN | 20 label | 16 length | 8 next | 8 hop limit | 128 src | 128 dst
        (Fields.IpDscp, Layer.Ipv6, 4),
        (Fields.IpEcn, Layer.Ipv6, 10),
        (Fields.Ipv6Label, Layer.Ipv6, 12),
        (Fields.IpTtl, Layer.Ipv6, 56),
        (Fields.Ipv6Src, Layer.Ipv6Addresses, 64),
        (Fields.Ipv6Dst, Layer.Ipv6Addresses, 192),

        (Fields.TcpSrc, Layer.Tcp, 0),
        (Fields.TcpDst, Layer.Tcp, 16),
        (Fields.TcpFlags, Layer.Tcp, 100),
        (Fields.UdpSrc, Layer.Udp, 0),
        (Fields.UdpDst, Layer.Udp, 16),
        (Fields.SctpSrc, Layer.Sctp, 0),
        (Fields.SctpDst, Layer.Sctp, 16),
        (Fields.Icmpv4Type, Layer.Icmp4, 0),
        (Fields.Icmpv4Code, Layer.Icmp4, 8),
        (Fields.Icmpv6Type, Layer.Icmp6, 0),
        (Fields.Icmpv6Code, Layer.Icmp6, 8),

        // RFC 4861 §4.3, §4.4: 8 type | 8 code | 16 sum | 32 flags and reserved | 128 target
        (Fields.NdReserved, Layer.NeighborDiscovery, 32),
        (Fields.NdTarget, Layer.NeighborDiscovery, 64),
        (Fields.NdSll, Layer.SourceLinkAddress, 16),
        (Fields.NdTll, Layer.TargetLinkAddress, 16),
    ];

    private static readonly ImmutableArray<Place>[] ByField =
        [.. Fields.All.Select(f => Rows.Where(r => r.Field == f).Select(r => new Place(r.Layer, r.Bit)).ToImmutableArray())];

    /// <summary>The places of a field, of which a packet has at most one; none for fields that stand in no frame.</summary>
    public static ImmutableArray<Place> Of(Field field) => ByField[field.Index];
}
