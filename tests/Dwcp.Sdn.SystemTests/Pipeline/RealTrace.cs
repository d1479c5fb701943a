using System.Globalization;
using System.Text.RegularExpressions;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline.Interpreting;

using Catalogue = Dwcp.Sdn.Core.Flows.Fields;

namespace Dwcp.Sdn.SystemTests.Pipeline;

/// <summary>What a real switch said of a packet, in the words in which the interpreter's trace can be put too.</summary>
/// <param name="Steps">Table, priority and cookie of every lookup, in order.</param>
/// <param name="Fields">The packet at the end, without fields that are zero.</param>
/// <param name="Outputs">Ports, of tunnels with VNI and destination, in order.</param>
internal sealed record RealTrace(string Steps, string Fields, string Outputs)
{
    // Open vSwitch's name of a field, and the catalogue's fields that it may stand for.
    private static readonly (string Name, Field[] Fields)[] Compared =
    [
        .. Catalogue.Reg.Select(r => (r.Name, (Field[])[r])),
        ("metadata", [Catalogue.Metadata]),
        ("in_port", [Catalogue.InPort]),
        ("tun_src", [Catalogue.TunSrc]),
        ("tun_dst", [Catalogue.TunDst]),
        ("tun_ipv6_src", [Catalogue.TunIpv6Src]),
        ("tun_ipv6_dst", [Catalogue.TunIpv6Dst]),
        ("dl_src", [Catalogue.EthSrc]),
        ("dl_dst", [Catalogue.EthDst]),
        ("dl_vlan", [Catalogue.VlanVid]),
        ("arp_op", [Catalogue.ArpOp]),
        ("arp_spa", [Catalogue.ArpSpa]),
        ("arp_tpa", [Catalogue.ArpTpa]),
        ("arp_sha", [Catalogue.ArpSha]),
        ("arp_tha", [Catalogue.ArpTha]),
        ("nw_src", [Catalogue.Ipv4Src]),
        ("nw_dst", [Catalogue.Ipv4Dst]),
        ("ipv6_src", [Catalogue.Ipv6Src]),
        ("ipv6_dst", [Catalogue.Ipv6Dst]),
        ("nw_ttl", [Catalogue.IpTtl]),
        ("tp_src", [Catalogue.TcpSrc, Catalogue.UdpSrc]),
        ("tp_dst", [Catalogue.TcpDst, Catalogue.UdpDst]),
        ("icmp_type", [Catalogue.Icmpv4Type, Catalogue.Icmpv6Type]),
        ("icmp_code", [Catalogue.Icmpv4Code, Catalogue.Icmpv6Code]),
        ("nd_target", [Catalogue.NdTarget]),
        ("nd_sll", [Catalogue.NdSll]),
        ("nd_tll", [Catalogue.NdTll]),
    ];

    /// <summary>Reads what ofproto/trace printed.</summary>
    public static RealTrace Parse(string text)
    {
        var steps = new List<string>();
        var underlay = false;
        foreach (var line in text.Split('\n'))
        {
            underlay |= line.Contains("bridge(\"br-u\")", StringComparison.Ordinal);
            var step = Regex.Match(line, @"^\s*(\d+)\. (?:(?<miss>No match\.)|(?:.*?,? ?)priority (?<priority>\d+)(?:, cookie 0x(?<cookie>[0-9a-f]+))?)$");
            if (step.Success && underlay)
            {
                underlay = false; // The underlay's bridge looks up once.
            }
            else if (step.Success)
            {
                steps.Add(step.Groups["miss"].Success ? $"{step.Groups[1]}:-" : $"{step.Groups[1]}:{step.Groups["priority"]}:{step.Groups["cookie"]}");
            }
        }

        var first = Line(text, "Flow: ");
        var last = Line(text, "Final flow: ");
        return new RealTrace(string.Join(' ', steps), FieldsOf(last == "unchanged" ? first : last), OutputsOf(Line(text, "Datapath actions: ")));
    }

    /// <summary>The interpreter's trace in the same words.</summary>
    public static RealTrace Of(Trace trace)
    {
        var packet = trace.Final!;
        var fields = Compared
            .Select(c => (c.Name, Value: c.Fields.Aggregate(UInt128.Zero, (value, f) => value | (packet.Has(f) ? packet.Get(f) : 0))))
            .Select(f => f.Name == "dl_vlan" ? f with { Value = f.Value & 0xfff } : f);
        return new RealTrace(
            string.Join(' ', trace.Steps.Select(s => s.Rule is { } r ? $"{s.Table}:{r.Priority}:{r.Cookie:x}" : $"{s.Table}:-")),
            Join(fields),
            string.Join(' ', trace.Outputs.Select(o => RealSwitch.PortName(o.Port) is "vxlan0"
                ? $"vxlan0({o.Tunnel.Id},{o.Tunnel.Destination})"
                : RealSwitch.PortName(o.Port)).Concat(trace.Punts.Select(p => $"controller({p.Cookie:x},{p.Meter is not null})"))));
    }

    private static string Line(string text, string start) =>
        text.Split('\n').LastOrDefault(l => l.StartsWith(start, StringComparison.Ordinal))?[start.Length..].TrimEnd() ?? "";

    private static string FieldsOf(string flow)
    {
        var values = flow.Split(',').Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1]);
        return Join(Compared.Select(c => (c.Name, values.TryGetValue(c.Name, out var value) ? Number(value) : UInt128.Zero)));
    }

    private static string Join(IEnumerable<(string Name, UInt128 Value)> fields) =>
        string.Join(' ', fields.Where(f => f.Value != UInt128.Zero).Select(f => $"{f.Name}=0x{f.Value:x}"));

    private static UInt128 Number(string value) =>
        value.StartsWith("0x", StringComparison.Ordinal) ? UInt128.Parse(value[2..], NumberStyles.HexNumber)
        : value == "vxlan0" ? 1000
        : value.StartsWith('p') ? UInt128.Parse(value[1..])
        : MacAddress.TryParse(value, null, out var mac) ? mac.Value
        : UInt128.TryParse(value, out var number) ? number
        : IpAddress.Parse(value).Value;

    private static string OutputsOf(string actions)
    {
        var outputs = new List<string>();
        foreach (var action in TopLevel(actions))
        {
            var tunnel = Regex.Match(action, @"tnl_push\(.*ipv[46]\([^)]*dst=(?<dst>[0-9a-f.:]+).*vni=(?<vni>0x[0-9a-f]+)");
            if (tunnel.Success)
            {
                outputs.Add($"vxlan0({Convert.ToUInt32(tunnel.Groups["vni"].Value, 16)},{IpAddress.Parse(tunnel.Groups["dst"].Value)})");
            }
            else if (Regex.Match(action, @"^userspace\(.*controller\(.*rule_cookie=0x(?<cookie>[0-9a-f]+),") is { Success: true } punt)
            {
                outputs.Add($"controller({punt.Groups["cookie"]},{actions.StartsWith("meter(", StringComparison.Ordinal)})");
            }
            else if (Regex.IsMatch(action, "^p[0-9]+$"))
            {
                outputs.Add(action);
            }
            else
            {
                // Rewriting is compared field by field, meters let pass, and u1 is where the underlay goes on.
                Assert.Matches(@"^(drop|u1|set\(.*\)|meter\(\d+\)|push_vlan\(.*\)|pop_vlan)$", action);
            }
        }

        return string.Join(' ', outputs);
    }

    private static IEnumerable<string> TopLevel(string actions)
    {
        var depth = 0;
        var start = 0;
        for (var i = 0; i <= actions.Length; i++)
        {
            if (i == actions.Length || (actions[i] == ',' && depth == 0))
            {
                yield return actions[start..i];
                start = i + 1;
            }
            else
            {
                depth += actions[i] == '(' ? 1 : actions[i] == ')' ? -1 : 0;
            }
        }
    }
}
