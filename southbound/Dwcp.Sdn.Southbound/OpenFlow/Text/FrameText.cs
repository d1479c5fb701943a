using System.Buffers.Binary;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>
/// A frame in the words in which ovs-ofctl(8) shows that of a PACKET_IN or PACKET_OUT: fields as a flow would match them, then the
/// checksum. What is cut off reads as zero.
/// </summary>
internal static class FrameText
{
    private const byte Icmp = 1;
    private const byte Igmp = 2;
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const byte Icmp6 = 58;
    private const byte Sctp = 132;
    private const ushort NotAType = 0x05ff;

    public static string Of(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 14)
        {
            return "vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,dl_type=0x0000";
        }

        var tags = new List<ushort>();
        var at = 12;
        while (tags.Count < 2 && U16(frame, at) is EtherTypes.Vlan or EtherTypes.QinQ && frame.Length >= at + 6)
        {
            tags.Add((ushort)(U16(frame, at + 2) | 0x1000));
            at += 4;
        }

        var type = U16(frame, at);
        var payload = frame[Math.Min(at + 2, frame.Length)..];
        if (type < 0x600)
        {
            // IEEE 802.2 SNAP with no organisation holds an Ethernet type; another has none.
            var isSnap = payload is [0xaa, 0xaa, 3, 0, 0, 0, _, _, ..];
            type = isSnap ? U16(payload, 6) : NotAType;
            payload = isSnap ? payload[8..] : default;
        }

        var link = $"{Tags(tags)},dl_src={Mac(frame, 6)},dl_dst={Mac(frame, 0)}";
        return type switch
        {
            EtherTypes.Ipv4 => Ipv4(link, payload),
            EtherTypes.Ipv6 => Ipv6(link, payload),
            EtherTypes.Arp or EtherTypes.Rarp => Arp(type == EtherTypes.Arp ? "arp" : "rarp", link, payload),
            EtherTypes.Mpls or EtherTypes.MplsMulticast => Mpls(type == EtherTypes.Mpls ? "mpls" : "mplsm", link, payload),
            _ => $"{link},dl_type=0x{type:x4}",
        };
    }

    private static string Tags(List<ushort> tags)
    {
        if (tags.Count == 0)
        {
            return "vlan_tci=0x0000";
        }

        var inner = tags.Count == 1 ? "vlan_tci1=0x0000" : $"dl_vlan1={tags[1] & 0xfff},dl_vlan_pcp1={tags[1] >> 13}";
        return $"dl_vlan={tags[0] & 0xfff},dl_vlan_pcp={tags[0] >> 13},{inner}";
    }

    // RFC 791: 4 version | 4 words | 8 TOS | 16 length | 16 id | 3 flags | 13 offset | 8 TTL | 8 protocol | 16 sum | 32 source | 32 destination
    private static string Ipv4(string link, ReadOnlySpan<byte> p)
    {
        var header = p.Length > 0 ? (p[0] & 15) * 4 : 0;
        if (p.Length < 20 || header < 20 || header > p.Length || U16(p, 2) < header || U16(p, 2) > p.Length)
        {
            return $"ip,{link},nw_src=0.0.0.0,nw_dst=0.0.0.0,nw_proto=0,nw_tos=0,nw_ecn=0,nw_ttl=0,nw_frag=no";
        }

        var fragment = U16(p, 6) & 0x3fff;
        var addresses = $"nw_src={IpAddress.FromBytes(p.Slice(12, 4))},nw_dst={IpAddress.FromBytes(p.Slice(16, 4))}";
        var frag = fragment == 0 ? "no" : (fragment & 0x1fff) == 0 ? "first" : "later";
        return Transport(4, p[9], link, addresses, p[1], p[8], frag, p[header..U16(p, 2)]);
    }

    // RFC 8200: 4 version | 8 class | 20 label | 16 length | 8 next | 8 limit | 128 source | 128 destination
    private static string Ipv6(string link, ReadOnlySpan<byte> p)
    {
        if (p.Length < 40 || U16(p, 4) > p.Length - 40)
        {
            return $"ipv6,{link},ipv6_src=::,ipv6_dst=::,ipv6_label=0x00000,nw_proto=0,nw_tos=0,nw_ecn=0,nw_ttl=0,nw_frag=no";
        }

        var (next, frag) = (p[6], "no");
        var rest = p.Slice(40, U16(p, 4));
        while (frag != "later" && next is 0 or 43 or 44 or 51 or 60 or 135 && rest.Length >= 8)
        {
            var length = next switch { 44 => 8, 51 => (rest[1] + 2) * 4, _ => (rest[1] + 1) * 8 };
            if (next == 44)
            {
                frag = (U16(rest, 2) & 0xfff8) != 0 ? "later" : (U16(rest, 2) & 1) != 0 ? "first" : frag;
            }

            next = rest[0];
            rest = rest[Math.Min(length, rest.Length)..];
        }

        var traffic = (byte)(U16(p, 0) >> 4);
        var addresses = $"ipv6_src={IpAddress.FromBytes(p.Slice(8, 16))},ipv6_dst={IpAddress.FromBytes(p.Slice(24, 16))},ipv6_label=0x{BinaryPrimitives.ReadUInt32BigEndian(p) & 0xfffff:x5}";
        return Transport(6, next, link, addresses, traffic, p[7], frag, rest);
    }

    private static string Transport(int family, byte protocol, string link, string addresses, byte traffic, byte ttl, string frag, ReadOnlySpan<byte> p)
    {
        var six = family == 6 ? "6" : "";
        var word = (family, protocol) switch
        {
            (_, Tcp) => "tcp" + six,
            (_, Udp) => "udp" + six,
            (_, Sctp) => "sctp" + six,
            (4, Icmp) => "icmp",
            (6, Icmp6) => "icmp6",
            _ => null,
        };
        var head = $"{word ?? (family == 6 ? "ipv6" : "ip")},{link},{addresses}{(word is null ? $",nw_proto={protocol}" : "")},nw_tos={traffic & 0xfc},nw_ecn={traffic & 3},nw_ttl={ttl},nw_frag={frag}";
        return head + (frag == "later" ? "" : Ports(family, protocol, p)) + Checksum(family, protocol, p);
    }

    private static string Ports(int family, byte protocol, ReadOnlySpan<byte> p) => (family, protocol) switch
    {
        (_, Tcp) => p.Length >= 20
            ? $",tp_src={U16(p, 0)},tp_dst={U16(p, 2)},tcp_flags={MatchText.FlagWords(U16(p, 12) & 0xfffu, MatchText.TcpFlags)}"
            : ",tp_src=0,tp_dst=0,tcp_flags=0",
        (_, Udp) => Pair(p.Length >= 8, "tp_src", "tp_dst", U16(p, 0), U16(p, 2)),
        (_, Sctp) => Pair(p.Length >= 12, "tp_src", "tp_dst", U16(p, 0), U16(p, 2)),
        (4, Icmp) => Pair(p.Length >= 8, "icmp_type", "icmp_code", U16(p, 0) >> 8, U16(p, 0) & 255),
        (4, Igmp) when p.Length >= 8 => Pair(true, "tp_src", "tp_dst", p[0], p[1]),
        (6, Icmp6) => Pair(p.Length >= 4, "icmp_type", "icmp_code", U16(p, 0) >> 8, U16(p, 0) & 255) + Neighbor(p),
        _ => "",
    };

    // RFC 4861 §4.3, §4.4: 1 type | 1 code | 2 sum | 4 flags | 16 target | options of 1 type, 1 length in eights
    private static string Neighbor(ReadOnlySpan<byte> p)
    {
        if (p is not [135 or 136, 0, ..] || p.Length < 24)
        {
            return "";
        }

        var (source, target) = (new MacAddress(0), new MacAddress(0));
        for (var o = p[24..]; o.Length >= 8 && o[1] > 0 && o[1] * 8 <= o.Length; o = o[(o[1] * 8)..])
        {
            if (o is [1, 1, ..])
            {
                source = MacOf(o, 2);
            }
            else if (o is [2, 1, ..])
            {
                target = MacOf(o, 2);
            }
        }

        return $",nd_target={IpAddress.FromBytes(p.Slice(8, 16))},nd_sll={source},nd_tll={target}";
    }

    private static string Checksum(int family, byte protocol, ReadOnlySpan<byte> p) => (family, protocol) switch
    {
        (_, Tcp) when p.Length >= 20 => $" tcp_csum:{U16(p, 16):x}",
        (_, Udp) when p.Length >= 8 => $" udp_csum:{U16(p, 6):x}",
        (_, Sctp) when p.Length >= 12 => $" sctp_csum:{BinaryPrimitives.ReadUInt32BigEndian(p[8..]):x}",
        (4, Icmp) when p.Length >= 8 => $" icmp_csum:{U16(p, 2):x}",
        (6, Icmp6) when p.Length >= 4 => $" icmp6_csum:{U16(p, 2):x}",
        _ => "",
    };

    // RFC 826 over Ethernet and IPv4: 2 hardware | 2 protocol | 1, 1 lengths | 2 operation | 6, 4 sender | 6, 4 target
    private static string Arp(string word, string link, ReadOnlySpan<byte> p) => p is [0, 1, 8, 0, 6, 4, ..] && p.Length >= 28
        ? $"{word},{link},arp_spa={IpAddress.FromBytes(p.Slice(14, 4))},arp_tpa={IpAddress.FromBytes(p.Slice(24, 4))},arp_op={(p[6] == 0 ? p[7] : 0)},arp_sha={Mac(p, 8)},arp_tha={Mac(p, 18)}"
        : $"{word},{link},arp_spa=0.0.0.0,arp_tpa=0.0.0.0,arp_op=0,arp_sha=00:00:00:00:00:00,arp_tha=00:00:00:00:00:00";

    // RFC 3032, up to three entries: 20 label | 3 class | 1 bottom | 8 TTL
    private static string Mpls(string word, string link, ReadOnlySpan<byte> p)
    {
        var entries = new List<uint>();
        do
        {
            entries.Add(p.Length >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(p) : 0);
            p = p[Math.Min(4, p.Length)..];
        }
        while (entries.Count < 3 && (entries[^1] & 0x100) == 0);

        var top = entries[0];
        return $"{word},{link},mpls_label={top >> 12},mpls_tc={(top >> 9) & 7},mpls_ttl={top & 255},mpls_bos={(top >> 8) & 1}"
            + string.Concat(entries.Skip(1).Select((e, i) => $",mpls_lse{i + 1}={e}"));
    }

    private static string Pair(bool whole, string first, string second, int one, int two) => $",{first}={(whole ? one : 0)},{second}={(whole ? two : 0)}";

    private static ushort U16(ReadOnlySpan<byte> p, int at) => p.Length >= at + 2 ? BinaryPrimitives.ReadUInt16BigEndian(p[at..]) : (ushort)0;

    private static string Mac(ReadOnlySpan<byte> p, int at) => MacOf(p, at).ToString();

    private static MacAddress MacOf(ReadOnlySpan<byte> p, int at) => new(((ulong)U16(p, at) << 32) | BinaryPrimitives.ReadUInt32BigEndian(p[(at + 2)..]));
}
