using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>Bodies of multipart messages in the words of ovs-ofctl(8).</summary>
internal static class MultipartText
{
    private const uint AllGroups = 0xffff_fffc;
    private const uint AllQueues = 0xffff_ffff;

    public static string Of(MultipartBody body) => body switch
    {
        AskAll { Of: MultipartType.PortDesc } => "port=ANY",
        AskAll { Of: MultipartType.GroupDesc } => "group_id=ALL",
        FlowStatsRequest f => Selector(f.Flows),
        AggregateRequest a => Selector(a.Flows),
        PortStatsRequest p => $"port_no={p.Port}",
        QueueStatsRequest q => $"port={q.Port} queue={(q.Queue == AllQueues ? "ALL" : $"{q.Queue}")}",
        GroupStatsRequest g => $"group_id={(g.Group == AllGroups ? "ALL" : $"{g.Group}")}",
        MeterConfigRequest m => $"meter={OfText.MeterNumber(m.Meter)}",
        MeterStatsRequest m => $"meter={OfText.MeterNumber(m.Meter)}",
        SwitchDesc d => $"Manufacturer: {d.Manufacturer} Hardware: {d.Hardware} Software: {d.Software} Serial Num: {d.SerialNumber} DP Description: {d.Datapath}",
        FlowStatsReply f => string.Join(' ', f.Flows.Select(Flow)),
        AggregateReply a => $"packet_count={a.Packets} byte_count={a.Bytes} flow_count={a.Flows}",
        PortDescReply p => string.Join(' ', p.Ports.OrderBy(d => d.Number).Select(OfText.Port)),
        PortStatsReply p => $"{p.Ports.Count} ports{string.Concat(p.Ports.Select(Port))}",
        QueueStatsReply q => $"{q.Queues.Count} queues{string.Concat(q.Queues.Select(Queue))}",
        TableStatsReply t => string.Join(' ', t.Tables.Select(c => $"table {c.Table}: active={c.Active}, lookup={c.Lookups}, matched={c.Matched}")),
        GroupDescReply g => string.Join(' ', g.Groups.Select(OfText.Group)),
        GroupStatsReply g => string.Join(' ', g.Groups.Select(Group)),
        MeterConfigReply m => string.Join(' ', m.Meters.Select(OfText.Meter)),
        MeterStatsReply m => string.Join(' ', m.Meters.Select(Meter)),
        MeterFeatures m => $"max_meter:{m.MaxMeters} max_bands:{m.MaxBands} max_color:{m.MaxColor} band_types: {Words(m.BandTypes, "", "drop", "dscp_remark")} capabilities: {Words(m.Capabilities, "kbps", "pktps", "burst", "stats")}",
        GroupFeatures g => $"Group table: Types: 0x{g.Types:x} Capabilities: 0x{g.Capabilities:x}{string.Concat(GroupKinds.Select((kind, i) => (g.Types >> i & 1) == 0 ? "" : $" {kind} group: max_groups={Hex(g.Maximum[i])} actions: {TableFeaturesText.Actions(g.Actions[i])}".TrimEnd()))}",
        TableFeatures t => TableFeaturesText.Of(t),
        FlowMonitorRequest m => string.Join(' ', m.Monitors.Select(Monitor)),
        FlowMonitorReply m => string.Join(' ', m.Updates.Select(Update)),
        OpaqueBody o => OfText.Octets(o.Bytes.AsSpan()),
        _ => "",
    };

    private static string Monitor(FlowMonitor m)
    {
        var match = MatchText.Of(m.Match);
        var flags = m.Flags == FlowMonitorFlags.None ? "0" : m.Flags.ToString().ToLowerInvariant().Replace(" ", "", StringComparison.Ordinal);
        return $"id={m.Id} flags={flags}{(m.OutPort == PortNumber.Any ? "" : $" out_port={m.OutPort}")}{(m.Table == FlowSelector.AllTables ? "" : $" table={m.Table}")}"
            + (match.Length == 0 ? "" : $" {match}");
    }

    private static string Update(FlowUpdate update)
    {
        switch (update)
        {
            case FlowChangedByUs u:
                return $"event=ABBREV xid=0x{u.Xid:x}";
            case FlowChanged { Rule: var rule } u:
                var reason = u.Reason < RemovedReasons.Length ? RemovedReasons[u.Reason] : $"{u.Reason}";
                var match = MatchText.Of(rule.Match);
                return $"event={u.Event.ToString().ToUpperInvariant()}{(u.Event == FlowUpdateEvent.Deleted ? $" reason={reason}" : "")} table={rule.Table}"
                    + (rule.IdleTimeout == 0 ? "" : $" idle_timeout={rule.IdleTimeout}")
                    + (rule.HardTimeout == 0 ? "" : $" hard_timeout={rule.HardTimeout}")
                    + (rule.Cookie == 0 ? " cookie=0" : $" cookie=0x{rule.Cookie:x}")
                    + (match.Length == 0 ? "" : $" {match}")
                    + (ActionText.Of(rule) is not "drop" and var actions ? $" actions={actions}" : "");
            default:
                return $"event={(ushort)update.Event}";
        }
    }

    private static readonly string[] RemovedReasons = ["idle", "hard", "delete", "group_delete", "meter_delete", "eviction"];

    private static string Selector(FlowSelector f)
    {
        var parts = new List<string>();
        if (f.Table != FlowSelector.AllTables)
        {
            parts.Add($"table={f.Table}");
        }

        if (f.OutPort != PortNumber.Any)
        {
            parts.Add($"out_port={f.OutPort}");
        }

        if (f.OutGroup != FlowMod.AnyGroup)
        {
            parts.Add($"out_group={f.OutGroup}");
        }

        // The cookie that is asked for stands in JSON only, as ovs-ofctl has no word for it.
        var match = MatchText.Of(f.Match);
        return string.Join(' ', match.Length == 0 ? parts : [.. parts, match]);
    }

    private static string Flow(FlowEntry f)
    {
        var match = MatchText.Of(f.Rule.Match, f.Rule.Priority);
        return $"cookie=0x{f.Rule.Cookie:x}, duration={OfText.Duration(f.Seconds, f.Nanoseconds)}, table={f.Rule.Table}, n_packets={f.Packets}, n_bytes={f.Bytes}, "
            + (f.Rule.IdleTimeout == 0 ? "" : $"idle_timeout={f.Rule.IdleTimeout}, ")
            + (f.Rule.HardTimeout == 0 ? "" : $"hard_timeout={f.Rule.HardTimeout}, ")
            + (f.Rule.Importance == 0 ? "" : $"importance={f.Rule.Importance}, ")
            + OfText.FlowFlagsText(f.Rule.Flags)
            + $"{match}{(match.Length > 0 ? " " : "")}actions={ActionText.Of(f.Rule)}";
    }

    private static string Port(PortCounters p) =>
        $" port {p.Port.ToString(),2}: rx pkts={Count(p.RxPackets)}, bytes={Count(p.RxBytes)}, drop={Count(p.RxDropped)}, errs={Count(p.RxErrors)}, frame={Count(p.RxFrameErrors)}, "
        + $"over={Count(p.RxOverErrors)}, crc={Count(p.RxCrcErrors)} tx pkts={Count(p.TxPackets)}, bytes={Count(p.TxBytes)}, drop={Count(p.TxDropped)}, errs={Count(p.TxErrors)}, "
        + $"coll={Count(p.Collisions)}{(p.Seconds == uint.MaxValue ? "" : $" duration={OfText.Duration(p.Seconds, p.Nanoseconds)}")}";

    private static string Queue(QueueCounters q) =>
        $" port {q.Port} queue {q.Queue}: bytes={Count(q.TxBytes)}, pkts={Count(q.TxPackets)}, errors={Count(q.TxErrors)}, duration={(q.Seconds == uint.MaxValue ? "?" : OfText.Duration(q.Seconds, q.Nanoseconds))}";

    private static string Group(GroupCounters g) =>
        $"group_id={g.Group},duration={OfText.Duration(g.Seconds, g.Nanoseconds)},ref_count={g.References},packet_count={g.Packets},byte_count={g.Bytes}"
        + string.Concat(g.Buckets.Select((b, i) => $",bucket{i}:packet_count={b.Packets},byte_count={b.Bytes}"));

    private static string Meter(MeterCounters m) =>
        $"meter:{OfText.MeterNumber(m.Meter)} flow_count:{m.Flows} packet_in_count:{m.PacketsIn} byte_in_count:{m.BytesIn} duration:{OfText.Duration(m.Seconds, m.Nanoseconds)} bands:"
        + string.Concat(m.Bands.Select((b, i) => $" {i}: packet_count:{b.Packets} byte_count:{b.Bytes}"));

    private static readonly string[] GroupKinds = ["all", "select", "indirect", "fast failover"];

    private static string Words(uint bits, params ReadOnlySpan<string> words)
    {
        var said = new List<string>();
        for (var bit = 0; bit < words.Length; bit++)
        {
            if ((bits >> bit & 1) != 0)
            {
                said.Add(words[bit]);
            }
        }

        return said.Count == 0 ? "0" : string.Join(' ', said);
    }

    private static string Hex(uint value) => value == 0 ? "0" : $"0x{value:x}";

    private static string Count(ulong count) => count == ulong.MaxValue ? "?" : $"{count}";
}
