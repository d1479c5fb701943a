using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>The catalogue of match fields. A new field is a new line; width, mask and prerequisites stand nowhere else.</summary>
public static class Fields
{
    private static readonly List<Field> Rows = [];

    // Pipeline metadata.
    public static readonly Field InPort = Exact("in_port", 32);

    /// <summary>The port in Open vSwitch's own numbering of 16 bits, for its actions; matches and answers have <see cref="InPort"/>.</summary>
    public static readonly Field InPort16 = Exact("in_port16", 16);
    public static readonly Field InPhyPort = ReadOnly("in_phy_port", 32);
    public static readonly Field Metadata = Masked("metadata", 64);
    public static readonly Field TunnelId = Masked("tun_id", 64);
    public static readonly Field TunSrc = Masked("tun_src", 32);
    public static readonly Field TunDst = Masked("tun_dst", 32);
    public static readonly Field TunIpv6Src = Masked("tun_ipv6_src", 128);
    public static readonly Field TunIpv6Dst = Masked("tun_ipv6_dst", 128);
    public static readonly Field TunGbpId = Masked("tun_gbp_id", 16);
    public static readonly Field TunGbpFlags = Masked("tun_gbp_flags", 8);
    public static readonly Field TunFlags = Masked("tun_flags", 16);
    public static readonly ImmutableArray<Field> Reg = [.. Enumerable.Range(0, 16).Select(i => Masked($"reg{i}", 32))];
    public static readonly ImmutableArray<Field> XReg = [.. Enumerable.Range(0, 8).Select(i => Masked($"xreg{i}", 64))];
    public static readonly ImmutableArray<Field> XxReg = [.. Enumerable.Range(0, 4).Select(i => Masked($"xxreg{i}", 128))];
    public static readonly Field PktMark = Masked("pkt_mark", 32);
    public static readonly Field ConjId = ReadOnly("conj_id", 32);
    public static readonly Field CtState = Masked("ct_state", 32, writable: false);
    public static readonly Field CtZone = ReadOnly("ct_zone", 16);
    public static readonly Field CtMark = Masked("ct_mark", 32);
    public static readonly Field CtLabel = Masked("ct_label", 128);
    public static readonly Field RecircId = ReadOnly("recirc_id", 32);
    public static readonly Field DpHash = Masked("dp_hash", 32, writable: false);
    public static readonly Field ActsetOutput = ReadOnly("actset_output", 32);
    public static readonly Field PacketType = ReadOnly("packet_type", 32);

    // Ethernet and VLAN. vlan_vid is 12 bits of VID and, above them, the bit "a tag is present".
    public static readonly Field EthDst = Masked("eth_dst", 48);
    public static readonly Field EthSrc = Masked("eth_src", 48);
    public static readonly Field EthType = ReadOnly("eth_type", 16);
    public static readonly Field VlanVid = Masked("vlan_vid", 13);
    public static readonly Field VlanTci = Masked("vlan_tci", 16);
    public static readonly Field VlanPcp = Needing(Vlan(), FieldMask.Exact, "vlan_pcp", 3, true);

    // MPLS and PBB.
    public static readonly Field MplsLabel = Exact("mpls_label", 20, Mpls());
    public static readonly Field MplsTc = Exact("mpls_tc", 3, Mpls());
    public static readonly Field MplsBos = ReadOnly("mpls_bos", 1, Mpls());
    public static readonly Field MplsTtl = Exact("mpls_ttl", 8, Mpls());
    public static readonly Field PbbIsid = Masked("pbb_isid", 24, true, new FieldRequirement(EthType, EtherTypes.Pbb));

    // IP.
    public static readonly Field IpDscp = Exact("ip_dscp", 6, Ip());
    public static readonly Field IpEcn = Exact("ip_ecn", 2, Ip());
    public static readonly Field IpProto = ReadOnly("ip_proto", 8, Ip());
    public static readonly Field IpTtl = Exact("nw_ttl", 8, Ip());
    public static readonly Field IpFrag = Masked("ip_frag", 2, false, Ip());
    public static readonly Field Ipv4Src = Masked("ipv4_src", 32, true, new FieldRequirement(EthType, EtherTypes.Ipv4));
    public static readonly Field Ipv4Dst = Masked("ipv4_dst", 32, true, new FieldRequirement(EthType, EtherTypes.Ipv4));
    public static readonly Field Ipv6Src = Masked("ipv6_src", 128, true, new FieldRequirement(EthType, EtherTypes.Ipv6));
    public static readonly Field Ipv6Dst = Masked("ipv6_dst", 128, true, new FieldRequirement(EthType, EtherTypes.Ipv6));
    public static readonly Field Ipv6Label = Masked("ipv6_label", 20, true, new FieldRequirement(EthType, EtherTypes.Ipv6));
    public static readonly Field Ipv6Exthdr = Masked("ipv6_exthdr", 9, false, new FieldRequirement(EthType, EtherTypes.Ipv6));

    // Transport.
    public static readonly Field TcpSrc = Masked("tcp_src", 16, true, new FieldRequirement(IpProto, 6));
    public static readonly Field TcpDst = Masked("tcp_dst", 16, true, new FieldRequirement(IpProto, 6));
    public static readonly Field TcpFlags = Masked("tcp_flags", 12, false, new FieldRequirement(IpProto, 6));
    public static readonly Field UdpSrc = Masked("udp_src", 16, true, new FieldRequirement(IpProto, 17));
    public static readonly Field UdpDst = Masked("udp_dst", 16, true, new FieldRequirement(IpProto, 17));
    public static readonly Field SctpSrc = Masked("sctp_src", 16, true, new FieldRequirement(IpProto, 132));
    public static readonly Field SctpDst = Masked("sctp_dst", 16, true, new FieldRequirement(IpProto, 132));
    public static readonly Field Icmpv4Type = Needing([new(EthType, EtherTypes.Ipv4)], FieldMask.Exact, "icmp_type", 8, true, new FieldRequirement(IpProto, 1));
    public static readonly Field Icmpv4Code = Needing([new(EthType, EtherTypes.Ipv4)], FieldMask.Exact, "icmp_code", 8, true, new FieldRequirement(IpProto, 1));
    public static readonly Field Icmpv6Type = Needing([new(EthType, EtherTypes.Ipv6)], FieldMask.Exact, "icmpv6_type", 8, true, new FieldRequirement(IpProto, 58));
    public static readonly Field Icmpv6Code = Needing([new(EthType, EtherTypes.Ipv6)], FieldMask.Exact, "icmpv6_code", 8, true, new FieldRequirement(IpProto, 58));
    public static readonly Field NdTarget = Masked("nd_target", 128, true, Nd());
    public static readonly Field NdSll = Masked("nd_sll", 48, true, new FieldRequirement(Icmpv6Type, 135));
    public static readonly Field NdTll = Masked("nd_tll", 48, true, new FieldRequirement(Icmpv6Type, 136));
    public static readonly Field NdReserved = Exact("nd_reserved", 32, Nd());
    public static readonly Field NdOptionsType = Exact("nd_options_type", 8, Nd());

    // Network service header, RFC 8300.
    public static readonly Field NshFlags = Masked("nsh_flags", 8, true, Nsh());
    public static readonly Field NshTtl = Exact("nsh_ttl", 6, Nsh());
    public static readonly Field NshMdType = ReadOnly("nsh_mdtype", 8, Nsh());
    public static readonly Field NshNp = ReadOnly("nsh_np", 8, Nsh());
    public static readonly Field NshSpi = Exact("nsh_spi", 24, Nsh());
    public static readonly Field NshSi = Exact("nsh_si", 8, Nsh());
    public static readonly ImmutableArray<Field> NshContext = [.. Enumerable.Range(1, 4).Select(i => Masked($"nsh_c{i}", 32, true, Nsh()))];

    // ARP and RARP.
    public static readonly Field ArpOp = Exact("arp_op", 16, Arp());
    public static readonly Field ArpSpa = Masked("arp_spa", 32, true, Arp());
    public static readonly Field ArpTpa = Masked("arp_tpa", 32, true, Arp());
    public static readonly Field ArpSha = Masked("arp_sha", 48, true, Arp());
    public static readonly Field ArpTha = Masked("arp_tha", 48, true, Arp());

    // The original direction of a tracked connection, ovs-fields(7).
    public static readonly Field CtNwSrc = Needing(Tracked(), FieldMask.Any, "ct_nw_src", 32, false, new FieldRequirement(EthType, EtherTypes.Ipv4));
    public static readonly Field CtNwDst = Needing(Tracked(), FieldMask.Any, "ct_nw_dst", 32, false, new FieldRequirement(EthType, EtherTypes.Ipv4));
    public static readonly Field CtIpv6Src = Needing(Tracked(), FieldMask.Any, "ct_ipv6_src", 128, false, new FieldRequirement(EthType, EtherTypes.Ipv6));
    public static readonly Field CtIpv6Dst = Needing(Tracked(), FieldMask.Any, "ct_ipv6_dst", 128, false, new FieldRequirement(EthType, EtherTypes.Ipv6));
    public static readonly Field CtNwProto = Needing(Tracked(), FieldMask.Exact, "ct_nw_proto", 8, false, Ip());
    public static readonly Field CtTpSrc = Needing(WithPorts(), FieldMask.Any, "ct_tp_src", 16, false, Ip());
    public static readonly Field CtTpDst = Needing(WithPorts(), FieldMask.Any, "ct_tp_dst", 16, false, Ip());

    /// <summary>Every field, by <see cref="Field.Index"/>.</summary>
    public static readonly ImmutableArray<Field> All = [.. Rows];

    private const int TunMetadataFields = 64;
    private const int TunMetadataOctets = 124;

    private static readonly Field?[] Metadatas = new Field?[TunMetadataFields * TunMetadataOctets];

    private static readonly FrozenDictionary<string, Field> ByName = All.ToFrozenDictionary(f => f.Name);

    /// <summary>The field of that name, or null.</summary>
    public static Field? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>
    /// tun_metadata<paramref name="index"/> (0 to 63) of so many octets (1 to 124) as the Geneve option has that it stands for,
    /// ovs-fields(7): for actions. It is wider than what a <see cref="FieldMatch"/> holds, so that a match carries it as an entry of its own.
    /// </summary>
    public static Field TunMetadata(int index, int octets)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, TunMetadataFields);
        ArgumentOutOfRangeException.ThrowIfLessThan(octets, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(octets, TunMetadataOctets);
        ref var place = ref Metadatas[(index * TunMetadataOctets) + octets - 1];
        return Volatile.Read(ref place) ?? Interlocked.CompareExchange(ref place, Metadata(index, octets), null) ?? place!;

        static Field Metadata(int index, int octets) =>
            Field.Make(All.Length + index, $"tun_metadata{index}", 8 * octets, FieldMask.Any, true, [], [], index);
    }

    private static Field Exact(string name, int bits, params FieldRequirement[] requires) =>
        Add(name, bits, FieldMask.Exact, true, requires);

    private static Field Masked(string name, int bits, bool writable = true, params FieldRequirement[] requires) =>
        Add(name, bits, FieldMask.Any, writable, requires);

    private static Field ReadOnly(string name, int bits, params FieldRequirement[] requires) =>
        Add(name, bits, FieldMask.Exact, false, requires);

    /// <summary>A field with two prerequisites.</summary>
    private static Field Needing(FieldRequirement[] also, FieldMask mask, string name, int bits, bool writable, params FieldRequirement[] requires) =>
        Add(name, bits, mask, writable, requires, also);

    private static Field Add(string name, int bits, FieldMask mask, bool writable, FieldRequirement[] requires, FieldRequirement[]? also = null)
    {
        var field = Field.Make(Rows.Count, name, bits, mask, writable, requires, also ?? []);
        Rows.Add(field);
        return field;
    }

    private static FieldRequirement[] Ip() => [new(EthType, EtherTypes.Ipv4), new(EthType, EtherTypes.Ipv6)];

    private static FieldRequirement[] Nsh() => [new(EthType, EtherTypes.Nsh)];

    private static FieldRequirement[] Arp() => [new(EthType, EtherTypes.Arp), new(EthType, EtherTypes.Rarp)];

    private static FieldRequirement[] Mpls() => [new(EthType, EtherTypes.Mpls), new(EthType, EtherTypes.MplsMulticast)];

    private static FieldRequirement[] Vlan() => [new(VlanVid, 0x1000, 0x1000), new(VlanTci, 0x1000, 0x1000)];

    private static FieldRequirement[] Tracked() => [new(CtState, 0x20, 0x20)];

    private static FieldRequirement[] WithPorts() => [new(CtNwProto, 1), new(CtNwProto, 6), new(CtNwProto, 17), new(CtNwProto, 58), new(CtNwProto, 132)];

    private static FieldRequirement[] Nd() => [new(Icmpv6Type, 135), new(Icmpv6Type, 136)];
}

/// <summary>Ethernet types that the pipeline and the codecs name (IANA IEEE 802 numbers).</summary>
public static class EtherTypes
{
    public const ushort Ipv4 = 0x0800;
    public const ushort Arp = 0x0806;
    public const ushort Rarp = 0x8035;
    public const ushort Vlan = 0x8100;
    public const ushort Ipv6 = 0x86dd;
    public const ushort Mpls = 0x8847;
    public const ushort MplsMulticast = 0x8848;
    public const ushort QinQ = 0x88a8;
    public const ushort Pbb = 0x88e7;
    public const ushort Lldp = 0x88cc;
    public const ushort Nsh = 0x894f;
}
