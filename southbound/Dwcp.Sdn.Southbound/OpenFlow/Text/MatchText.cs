using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>A match in the words and the order of ovs-ofctl(8): <c>tcp,in_port=1,nw_dst=10.0.0.0/8,tp_dst=80</c>.</summary>
internal static class MatchText
{
    private const ushort DefaultPriority = 32768;
    private static readonly string[] CtFlags = ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"];
    internal static readonly string[] TcpFlags = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"];
    internal static readonly string[] TunFlags = ["oam", "df", "csum", "key"];

    // (Ethernet type, protocol or 0) and the word for both.
    private static readonly Dictionary<(ulong Type, ulong Protocol), string> Words = new()
    {
        [(EtherTypes.Ipv4, 0)] = "ip",
        [(EtherTypes.Ipv4, 1)] = "icmp",
        [(EtherTypes.Ipv4, 2)] = "igmp",
        [(EtherTypes.Ipv4, 6)] = "tcp",
        [(EtherTypes.Ipv4, 17)] = "udp",
        [(EtherTypes.Ipv4, 132)] = "sctp",
        [(EtherTypes.Ipv6, 0)] = "ipv6",
        [(EtherTypes.Ipv6, 58)] = "icmp6",
        [(EtherTypes.Ipv6, 6)] = "tcp6",
        [(EtherTypes.Ipv6, 17)] = "udp6",
        [(EtherTypes.Ipv6, 132)] = "sctp6",
        [(EtherTypes.Arp, 0)] = "arp",
        [(EtherTypes.Rarp, 0)] = "rarp",
        [(EtherTypes.Mpls, 0)] = "mpls",
        [(EtherTypes.MplsMulticast, 0)] = "mplsm",
    };

    private delegate string Form(FieldMatch match);

    // The order in which Open vSwitch prints.
    private static readonly (Field Field, string Name, Form Form)[] BeforeType =
    [
        (Fields.PktMark, "pkt_mark", Hex), (Fields.RecircId, "recirc_id", Hex), (Fields.DpHash, "dp_hash", Hex), (Fields.ConjId, "conj_id", Number),
        (Fields.ActsetOutput, "actset_output", PortForm), (Fields.CtState, "ct_state", m => Flags(m, CtFlags)), (Fields.CtZone, "ct_zone", Number),
        (Fields.CtMark, "ct_mark", Hex), (Fields.CtLabel, "ct_label", Hex), (Fields.CtNwSrc, "ct_nw_src", Own), (Fields.CtNwDst, "ct_nw_dst", Own),
        (Fields.CtIpv6Src, "ct_ipv6_src", Own), (Fields.CtIpv6Dst, "ct_ipv6_dst", Own), (Fields.CtNwProto, "ct_nw_proto", Number),
        (Fields.CtTpSrc, "ct_tp_src", Number), (Fields.CtTpDst, "ct_tp_dst", Number), (Fields.PacketType, "packet_type", PacketTypeForm),
    ];

    private static readonly (Field Field, string Name, Form Form)[] Registers = [.. Fields.Reg.Select(f => (f, f.Name, (Form)Hex))];

    private static readonly (Field Field, string Name, Form Form)[] AfterType =
    [
        (Fields.TunnelId, "tun_id", Hex), (Fields.TunSrc, "tun_src", Own), (Fields.TunDst, "tun_dst", Own),
        (Fields.TunIpv6Src, "tun_ipv6_src", Own), (Fields.TunIpv6Dst, "tun_ipv6_dst", Own), (Fields.TunGbpId, "tun_gbp_id", Number),
        (Fields.TunGbpFlags, "tun_gbp_flags", Hex), (Fields.TunFlags, "tun_flags", m => Flags(m, TunFlags)),
    ];

    private static readonly (Field Field, string Name, Form Form)[] AfterTunnel =
    [
        (Fields.Metadata, "metadata", Hex), (Fields.InPort, "in_port", PortForm), (Fields.InPort16, "in_port", Port16Form), (Fields.InPhyPort, "in_phy_port", PortForm),
    ];

    private static readonly (Field Field, string Name, Form Form)[] AfterVlan =
    [
        (Fields.EthSrc, "dl_src", Own), (Fields.EthDst, "dl_dst", Own), (Fields.Ipv6Src, "ipv6_src", Own), (Fields.Ipv6Dst, "ipv6_dst", Own),
        (Fields.Ipv6Label, "ipv6_label", m => m.IsExact ? $"0x{(ulong)m.Value:x5}" : $"0x{(ulong)m.Value:x5}/0x{(ulong)m.Mask:x5}"),
        (Fields.ArpSpa, "arp_spa", Own), (Fields.ArpTpa, "arp_tpa", Own), (Fields.Ipv4Src, "nw_src", Own), (Fields.Ipv4Dst, "nw_dst", Own),
    ];

    private static readonly (Field Field, string Name, Form Form)[] AfterProtocol =
    [
        (Fields.ArpOp, "arp_op", Number), (Fields.ArpSha, "arp_sha", Own), (Fields.ArpTha, "arp_tha", Own),
        (Fields.NshFlags, "nsh_flags", m => m.IsExact ? $"{m.Value}" : $"0x{(byte)m.Value:x2}/0x{(byte)m.Mask:x2}"), (Fields.NshTtl, "nsh_ttl", Number), (Fields.NshMdType, "nsh_mdtype", Number), (Fields.NshNp, "nsh_np", Number),
        (Fields.NshSpi, "nsh_spi", Hex), (Fields.NshSi, "nsh_si", Number), .. Fields.NshContext.Select(f => (f, f.Name, (Form)Hex)),
        (Fields.IpDscp, "nw_tos", m => $"{(ulong)m.Value << 2}"), (Fields.IpEcn, "nw_ecn", Number), (Fields.IpTtl, "nw_ttl", Number),
        (Fields.MplsLabel, "mpls_label", Number), (Fields.MplsTc, "mpls_tc", Number), (Fields.MplsTtl, "mpls_ttl", Number), (Fields.MplsBos, "mpls_bos", Number),
        (Fields.IpFrag, "nw_frag", Fragment), (Fields.Icmpv4Type, "icmp_type", Number), (Fields.Icmpv4Code, "icmp_code", Number),
        (Fields.Icmpv6Type, "icmp_type", Number), (Fields.Icmpv6Code, "icmp_code", Number),
        (Fields.NdTarget, "nd_target", Own), (Fields.NdSll, "nd_sll", Own), (Fields.NdTll, "nd_tll", Own), (Fields.NdReserved, "nd_reserved", Number),
        (Fields.NdOptionsType, "nd_options_type", Number), (Fields.TcpSrc, "tp_src", Number), (Fields.UdpSrc, "tp_src", Number), (Fields.SctpSrc, "tp_src", Number),
        (Fields.TcpDst, "tp_dst", Number), (Fields.UdpDst, "tp_dst", Number), (Fields.SctpDst, "tp_dst", Number), (Fields.TcpFlags, "tcp_flags", m => m.IsExact ? FlagWords((uint)m.Value, TcpFlags) : Flags(m, TcpFlags)),
        (Fields.PbbIsid, "pbb_isid", Hex), (Fields.Ipv6Exthdr, "ipv6_exthdr", Hex),
    ];

    public static string Of(Match match, ushort? priority = null)
    {
        var parts = new List<string>();
        if (priority is { } p and not DefaultPriority)
        {
            parts.Add($"priority={p}");
        }

        Add(parts, match, BeforeType);
        var (word, saysProtocol) = WordOf(match);
        if (word is not null)
        {
            parts.Add(word);
        }

        Add(parts, FlowNormal.Of(match), Registers);
        Add(parts, match, AfterType);
        var (metadata, others) = TunMetadata.Split(match.Opaque);
        parts.AddRange(metadata.Select(m => m.Value.IsEmpty ? $"tun_metadata{m.Index}" : $"tun_metadata{m.Index}={Octets(m.Value)}{(m.Mask is { } mask ? "/" + Octets(mask) : "")}"));
        Add(parts, match, AfterTunnel);
        AddVlan(parts, match);
        Add(parts, match, AfterVlan.AsSpan(0, 2));
        if (word is null && match.Find(Fields.EthType) is { } type)
        {
            parts.Add($"dl_type=0x{(ulong)type.Value:x4}");
        }

        Add(parts, match, AfterVlan.AsSpan(2));
        if (!saysProtocol && match.Find(Fields.IpProto) is { } protocol)
        {
            parts.Add($"nw_proto={protocol.Value}");
        }

        Add(parts, match, AfterProtocol);
        if (!others.IsEmpty)
        {
            parts.Add($"oxm=0x{Convert.ToHexStringLower(others.AsSpan())}");
        }

        return string.Join(',', parts);
    }

    private static void Add(List<string> parts, Match match, ReadOnlySpan<(Field Field, string Name, Form Form)> fields)
    {
        foreach (var (field, name, form) in fields)
        {
            if (match.Find(field) is { } found)
            {
                parts.Add($"{name}={form(found)}");
            }
        }
    }

    private static (string? Word, bool SaysProtocol) WordOf(Match match)
    {
        if (match.Find(Fields.EthType) is not { } type)
        {
            return (null, false);
        }

        var protocol = match.Find(Fields.IpProto) is { } p ? (ulong)p.Value : 0;
        return protocol != 0 && Words.TryGetValue(((ulong)type.Value, protocol), out var both)
            ? (both, true)
            : (Words.GetValueOrDefault(((ulong)type.Value, 0ul)), false);
    }

    private static void AddVlan(List<string> parts, Match match)
    {
        var (value, mask) = (0ul, 0ul);
        foreach (var (field, shift) in ((Field, int)[])[(Fields.VlanTci, 0), (Fields.VlanVid, 0), (Fields.VlanPcp, 13)])
        {
            if (match.Find(field) is { } found)
            {
                value |= (ulong)found.Value << shift;
                mask |= (ulong)found.Mask << shift;
            }
        }

        const ulong Present = 0x1000;
        const ulong Vid = 0xfff;
        const ulong Pcp = 0xe000;
        var hasVid = (mask & (Vid | Present)) == (Vid | Present);
        var hasPcp = (mask & (Pcp | Present)) == (Pcp | Present);
        if (mask == 0)
        {
            return;
        }

        if ((value & Present) != 0 && (hasVid || hasPcp) && (mask & Vid) is 0 or Vid && (mask & Pcp) is 0 or Pcp)
        {
            if (hasVid)
            {
                parts.Add($"dl_vlan={value & Vid}");
            }

            if (hasPcp)
            {
                parts.Add($"dl_vlan_pcp={value >> 13}");
            }
        }
        else
        {
            parts.Add(mask == 0xffff ? $"vlan_tci=0x{value:x4}" : $"vlan_tci=0x{value:x4}/0x{mask:x4}");
        }
    }

    private static string Own(FieldMatch m) => m.IsExact ? FlowText.Value(m.Field, m.Value) : $"{FlowText.Value(m.Field, m.Value)}/{FlowText.Mask(m.Field, m.Mask)}";

    private static string Number(FieldMatch m) => m.IsExact ? $"{m.Value}" : $"{Hex(m.Value)}/{Hex(m.Mask)}";

    private static string Hex(FieldMatch m) => m.IsExact ? Hex(m.Value) : $"{Hex(m.Value)}/{Hex(m.Mask)}";

    private static string Hex(UInt128 value) => value == UInt128.Zero ? "0" : $"0x{value:x}";

    internal static string Octets(EquatableArray<byte> octets) =>
        Convert.ToHexStringLower(octets.AsSpan()).TrimStart('0') is { Length: > 0 } text ? $"0x{text}" : "0";

    private static string Port16Form(FieldMatch m) => FieldNames.Port(new PortNumber((uint)m.Value >= 0xff00 ? (uint)m.Value | 0xffff_0000 : (uint)m.Value));

    private static string PortForm(FieldMatch m) => FieldNames.Port(new PortNumber((uint)m.Value));

    private static string PacketTypeForm(FieldMatch m) => $"({(ulong)m.Value >> 16},0x{(ulong)m.Value & 0xffff:x})";

    private static string Fragment(FieldMatch m) => ((ulong)m.Value, (ulong)m.Mask) switch
    {
        (0, 3) => "no",
        (1, 3) => "first",
        (3, 3) => "later",
        (1, 1) => "yes",
        (0, 2) => "not_later",
        _ => Hex(m),
    };

    /// <summary>Names of the bits that are set; of those without one the number.</summary>
    internal static string FlagWords(uint flags, string[] names) =>
        flags == 0 ? "0" : string.Join('|', Enumerable.Range(0, 32).Where(b => (flags >> b & 1) != 0).Select(b => b < names.Length ? names[b] : $"[{1 << b:x}]"));

    private static string Flags(FieldMatch m, string[] names)
    {
        var text = "";
        for (var bit = 0; bit < m.Field.Bits; bit++)
        {
            if ((m.Mask >> bit & 1) != 0)
            {
                if (bit >= names.Length)
                {
                    if (!m.IsExact)
                    {
                        return Hex(m);
                    }

                    continue;
                }

                text += ((m.Value >> bit & 1) != 0 ? "+" : "-") + names[bit];
            }
        }

        return text;
    }
}
