using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>What ovs-ofctl(8) calls the fields of a table, in its order, and how it says many of them in short.</summary>
internal static class OxmNames
{
    // Three and more in a row are said in short.
    private const int Row = 3;

    /// <summary>Fields that the catalogue has under another code or not at all.</summary>
    private static readonly Dictionary<OxmId, string> Others = new()
    {
        [new(0, 5, false, 0)] = "nw_tos",
        [new(0x8000, 42, false, 0)] = "tcp_flags",
        [new(0x8000, 43, false, 0)] = "actset_output",
        [new(0xffff, 11, false, 0, Experimenter.Nicira)] = "tun_erspan_idx",
        [new(0xffff, 12, false, 0, Experimenter.Nicira)] = "tun_erspan_ver",
        [new(0xffff, 13, false, 0, Experimenter.Nicira)] = "tun_erspan_dir",
        [new(0xffff, 14, false, 0, Experimenter.Nicira)] = "tun_erspan_hwid",
        [new(0xffff, 15, false, 0, Experimenter.Nicira)] = "tun_gtpu_flags",
        [new(0xffff, 16, false, 0, Experimenter.Nicira)] = "tun_gtpu_msgtype",
    };

    private static readonly Dictionary<string, int> Places = ((string[])
    [
        "dp_hash", "recirc_id", "packet_type", "conj_id", "tun_id", "tun_src", "tun_dst", "tun_ipv6_src", "tun_ipv6_dst", "tun_flags", "tun_gbp_id", "tun_gbp_flags",
        "tun_erspan_idx", "tun_erspan_ver", "tun_erspan_dir", "tun_erspan_hwid", "tun_gtpu_flags", "tun_gtpu_msgtype",
        .. Enumerable.Range(0, TunMetadata.Fields).Select(i => $"tun_metadata{i}"),
        "metadata", "in_port", "in_port_oxm", "actset_output", "pkt_mark", "ct_state", "ct_zone", "ct_mark", "ct_label", "ct_nw_proto", "ct_nw_src", "ct_nw_dst", "ct_ipv6_src", "ct_ipv6_dst", "ct_tp_src", "ct_tp_dst",
        .. Fields.Reg.Select(f => f.Name), .. Fields.XReg.Select(f => f.Name), .. Fields.XxReg.Select(f => f.Name),
        "eth_src", "eth_dst", "eth_type", "vlan_tci", "vlan_vid", "vlan_pcp", "mpls_label", "mpls_tc", "mpls_bos", "mpls_ttl", "ip_src", "ip_dst", "ipv6_src", "ipv6_dst", "ipv6_label",
        "nw_proto", "nw_tos", "ip_dscp", "nw_ecn", "nw_ttl", "ip_frag", "arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha", "tcp_src", "tcp_dst", "tcp_flags", "udp_src", "udp_dst", "sctp_src", "sctp_dst",
        "icmp_type", "icmp_code", "icmpv6_type", "icmpv6_code", "nd_target", "nd_sll", "nd_tll", "nd_reserved", "nd_options_type",
        "nsh_flags", "nsh_mdtype", "nsh_np", "nsh_spi", "nsh_si", "nsh_c1", "nsh_c2", "nsh_c3", "nsh_c4", "nsh_ttl",
    ]).Select((name, place) => (name, place)).ToDictionary(n => n.name, n => n.place);

    /// <summary>The names of fields, each once, in the order of Open vSwitch; what that one does not know comes last.</summary>
    public static EquatableArray<string> Of(IEnumerable<OxmId> ids) =>
        ids.Select(Name).Distinct().OrderBy(n => Places.GetValueOrDefault(n, int.MaxValue)).ToEquatableArray();

    /// <summary>Names as <c>in_port ct_{state,nw_{src,dst}} reg0...reg15</c>.</summary>
    public static string Folded(EquatableArray<string> names) => string.Join(' ', Folded(names.AsSpan()));

    private static List<string> Folded(ReadOnlySpan<string> names)
    {
        var folded = new List<string>();
        while (!names.IsEmpty)
        {
            var ((alike, prefix), row) = (Alike(names), Numbered(names));
            if (alike > 1 && (row < Row || row < alike))
            {
                var rest = new string[alike];
                for (var i = 0; i < alike; i++)
                {
                    rest[i] = names[i][prefix.Length..];
                }

                folded.Add($"{prefix}{{{string.Join(',', Folded(rest))}}}");
                names = names[alike..];
            }
            else if (row >= Row)
            {
                folded.Add($"{names[0]}...{names[row - 1]}");
                names = names[row..];
            }
            else
            {
                folded.Add(names[0]);
                names = names[1..];
            }
        }

        return folded;
    }

    /// <summary>How many share what stands before the first underscore, and up to which one all of these are the same.</summary>
    private static (int Count, string Prefix) Alike(ReadOnlySpan<string> names)
    {
        var (count, prefix) = (0, "");
        for (var at = names[0].IndexOf('_'); at >= 0; at = names[0].IndexOf('_', at + 1))
        {
            var longer = names[0][..(at + 1)];
            var alike = 1;
            while (alike < names.Length && names[alike].StartsWith(longer, StringComparison.Ordinal))
            {
                alike++;
            }

            if (count > 0 && alike < count)
            {
                break;
            }

            (count, prefix) = (alike, longer);
        }

        return (count, prefix);
    }

    /// <summary>How many follow one another by number: reg0, reg1, reg2.</summary>
    private static int Numbered(ReadOnlySpan<string> names)
    {
        var stem = names[0].TrimEnd("0123456789");
        if (!int.TryParse(names[0].AsSpan(stem.Length), out var first))
        {
            return 0;
        }

        var count = 1;
        while (count < names.Length && names[count] == $"{stem}{first + count}")
        {
            count++;
        }

        return count;
    }

    private static string Name(OxmId id) =>
        id.Field is { } field ? FieldNames.Plain(field)
        : TunMetadata.IndexOf(id) is { } index ? $"tun_metadata{index}"
        : Others.GetValueOrDefault(id with { HasMask = false, Length = 0 }) ?? (id.Experimenter is { } x ? $"oxm(0x{id.Class:x},{id.Code},0x{x:x})" : $"oxm(0x{id.Class:x},{id.Code})");
}
