using System.Globalization;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>
/// Messages as ovs-ofctl's ofp-print shows them, each on one line: where that one breaks a line, here stands a space.
/// </summary>
public static class OfText
{
    /// <summary>Text of a message with the header that it came under.</summary>
    public static string Of(OfHeader header, OfMessage message) => Of(header, message, 0);

    internal static string Of(OfHeader header, OfMessage message, int depth)
    {
        var head = Head(Name(message), header);
        var body = Body(header, message, depth);
        return body.Length == 0 ? head : $"{head} {body}";
    }

    internal static string Head(string name, OfHeader header) => $"{name} ({VersionOf(header.Version)}) (xid=0x{header.Xid:x}):";

    private static string VersionOf(byte version) => version switch
    {
        1 => "OF1.0",
        >= 2 and <= 6 => $"OF1.{version - 1}",
        _ => $"OF 0x{version:x2}",
    };

    private static string Name(OfMessage message) => message switch
    {
        BundleControl => "ONFT_BUNDLE_CONTROL",
        BundleAdd => "ONFT_BUNDLE_ADD_MESSAGE",
        RoleStatus => "ONFT_ROLE_STATUS",
        CtFlush => "NXT_CT_FLUSH",
        CtFlushZone => "NXT_CT_FLUSH_ZONE",
        FlowMonitorControl m => $"ONFT_FLOW_MONITOR_{Capitals(m.Step)}",
        MultipartRequest { Body: FlowMonitorRequest } => "ONFST_FLOW_MONITOR request",
        MultipartReply { Body: FlowMonitorReply } => "ONFST_FLOW_MONITOR reply",
        TlvTableMod => "NXT_TLV_TABLE_MOD",
        TlvTableRequest => "NXT_TLV_TABLE_REQUEST",
        TlvTableReply => "NXT_TLV_TABLE_REPLY",
        SetPacketInFormat => "NXT_SET_PACKET_IN_FORMAT",
        SetControllerId => "NXT_SET_CONTROLLER_ID",
        NiciraRole r => r.IsReply ? "NXT_ROLE_REPLY" : "NXT_ROLE_REQUEST",
        PacketIn2 { IsResume: true } => "NXT_RESUME",
        PacketIn2 => "NXT_PACKET_IN2",
        MultipartRequest m => $"OFPST_{MultipartName(m.Body.Type)} request",
        MultipartReply m => $"OFPST_{MultipartName(m.Body.Type)} reply",
        _ => $"OFPT_{Capitals(message.Type)}",
    };

    internal static string MultipartName(MultipartType type) => type == MultipartType.PortStats ? "PORT" : Capitals(type);

    private static string Body(OfHeader header, OfMessage message, int depth) => message switch
    {
        Hello h => $"version bitmap: {string.Join(", ", Enumerable.Range(1, 31).Where(v => h.Versions is { } versions ? (versions >> v & 1) != 0 : v <= header.Version).Select(v => $"0x{v:x2}"))}",
        OfError e => ErrorText.Of(e, depth),
        EchoRequest e => $"{e.Data.Count} bytes of payload {Dump(e.Data.AsSpan())}".TrimEnd(),
        EchoReply e => $"{e.Data.Count} bytes of payload {Dump(e.Data.AsSpan())}".TrimEnd(),
        FeaturesReply f => $"dpid:{f.Datapath} n_tables:{f.Tables}, n_buffers:{f.Buffers}{(f.Auxiliary == 0 ? "" : $", auxiliary_id:{f.Auxiliary}")} capabilities: {Capabilities(f.Capabilities)}",
        GetConfigReply c => Config(c.Flags, c.MissSendLength),
        SetConfig c => Config(c.Flags, c.MissSendLength),
        PacketIn p => PacketIn(p),
        PacketOut p => $"in_port={p.InPort} actions={ActionText.Of(p.Actions)} {(p.Buffer == FlowMod.NoBuffer ? $"data_len={p.Data.Count} {(p.Data.IsEmpty ? "" : FrameText.Of(p.Data.AsSpan()))}" : $"buffer=0x{p.Buffer:x8}")}".TrimEnd(),
        FlowMod f => FlowModText(f),
        FlowRemoved f => FlowRemovedText(f),
        GroupMod g => $"{g.Command switch { GroupModCommand.Add => "ADD", GroupModCommand.Modify => "MOD", _ => "DEL" }} {Group(g.Group)}",
        MeterMod m => $"{m.Command switch { MeterModCommand.Add => "ADD", MeterModCommand.Modify => "MOD", _ => "DEL" }} {Meter(m.Meter)}",
        PortMod p => $"port: {p.Port}: addr:{p.Mac} config: {PortConfigs(p.Config & p.Mask)} mask: {PortConfigs(p.Mask)} advertise: {(p.Advertise == 0 ? "UNCHANGED" : PortFeatures(p.Advertise))}",
        PortStatus p => $"{p.Reason switch { PortReason.Add => "ADD", PortReason.Delete => "DEL", _ => "MOD" }}: {Port(p.Port)}",
        TableMod t => t.Table == byte.MaxValue ? "table_id: ALL_TABLES" : $"table_id={t.Table}",
        RoleRequest r => Role(r.Role, r.GenerationId),
        RoleReply r => Role(r.Role, r.GenerationId),
        NiciraRole r => Role(r.Role, ulong.MaxValue),
        RoleStatus r => $"{Role(r.Role, r.GenerationId)} reason={r.Reason switch { RoleReason.MasterRequest => "primary_request", RoleReason.Config => "configuration_changed", _ => "experimenter_data_changed" }}",
        GetAsyncReply a => Masks(a.Masks),
        SetAsync a => Masks(a.Masks),
        QueueGetConfigRequest q => $"port={q.Port}",
        BundleControl b => $"bundle_id=0x{b.Bundle:x} type={Capitals(b.Step)} flags={BundleFlagsText(b.Flags)}",
        BundleAdd b => $"bundle_id=0x{b.Bundle:x} flags={BundleFlagsText(b.Flags)} {Of(new OfHeader(OfHeader.Version13, b.Message.Type, OfHeader.Size, b.Xid), b.Message, depth + 1)}",
        CtFlushZone c => $"zone_id={c.Zone}",
        CtFlush c => $"zone={c.Zone ?? 0} '{Direction(c.Original, c, c.Protocol)}' '{Direction(c.Reply, c, null)}'",
        FlowMonitorControl { Step: FlowMonitorStep.Cancel } m => $"id={m.Monitor}",
        SetControllerId s => $"id={s.Id}",
        SetPacketInFormat f => "format=" + f.Format switch { 0 => "standard", 1 => "nxt_packet_in", 2 => "nxt_packet_in2", _ => $"{f.Format}" },
        TlvTableMod { Command: TlvTableCommand.Clear } => "CLEAR",
        TlvTableMod t => $"{(t.Command == TlvTableCommand.Add ? "ADD" : "DEL")} {Maps(t.Maps)}",
        TlvTableReply t => $"max option space={t.MaxOptionSpace} max fields={t.MaxFields} allocated option space={t.Maps.Sum(m => m.Length)} {Maps(t.Maps)}",
        PacketIn2 p => PacketIn2Text(p),
        Experimenter e => $"experimenter=0x{e.Id:x8} type={e.Kind} data={Octets(e.Data.AsSpan())}",
        OpaqueMessage o => Octets(o.Body.AsSpan()),
        MultipartRequest m => More(m.More) + MultipartText.Of(m.Body),
        MultipartReply m => More(m.More) + MultipartText.Of(m.Body),
        QueueGetConfigReply q => $"port={q.Port} {string.Join(' ', q.Queues.OrderBy(d => d.Queue).Select(d => $"queue {d.Queue}:{string.Concat(d.Properties.Select(QueueProperty))}"))}".TrimEnd(),
        _ => "",
    };

    internal static string Group(Group group) => $"group_id={group.Id},type={GroupTypes(group.Type)}{string.Concat(group.Buckets.Select(b => "," + Bucket(group.Type, b)))}";

    internal static string Meter(Meter meter)
    {
        var words = string.Join(' ', MeterWords.Where(f => (meter.Flags & f.Flag) != 0).Select(f => f.Word));
        var bands = meter.Bands.Select(b =>
            $" type={b.Type switch { MeterBandType.Drop => "drop", MeterBandType.DscpRemark => "dscp_remark", _ => $"{(ushort)b.Type}" }} rate={b.Rate}"
            + ((meter.Flags & MeterFlags.Burst) != 0 ? $" burst_size={b.Burst}" : "")
            + (b.Type == MeterBandType.DscpRemark ? $" prec_level={b.PrecedenceLevel}" : "")
            + (b.Data.IsEmpty ? "" : $" data=0x{Octets(b.Data.AsSpan())}"));
        return $"meter={MeterNumber(meter.Id)} {words}{(words.Length > 0 ? " " : "")}bands={string.Concat(bands)}";
    }

    internal static string MeterNumber(uint meter) => meter switch
    {
        Core.Flows.Meter.Slowpath => "slowpath",
        Core.Flows.Meter.Controller => "controller",
        MeterStatsRequest.All => "all",
        _ => $"{meter}",
    };

    internal static string Port(PortDesc port)
    {
        var features = string.Concat(
            Feature("current", port.Current), Feature("advertised", port.Advertised), Feature("supported", port.Supported), Feature("peer", port.Peer));
        return $"{port.Number}({port.Name}): addr:{port.Mac} config: {PortConfigs(port.Config)} state: {PortStates(port.State)}{features} "
            + $"speed: {port.CurrentRate / 1000} Mbps now, {port.MaximumRate / 1000} Mbps max";
    }

    private static string Feature(string name, uint features) => features == 0 ? "" : $" {name}: {PortFeatures(features)}";

    internal static string Duration(uint seconds, uint nanoseconds)
    {
        var fraction = nanoseconds == 0 ? ""
            : nanoseconds % 1_000_000 == 0 ? "." + (nanoseconds / 1_000_000).ToString("000", CultureInfo.InvariantCulture)
            : "." + nanoseconds.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0');
        return $"{seconds}{fraction}s";
    }

    internal static string FlowFlagsText(FlowFlags flags) => string.Concat(
        (((FlowFlags Flag, string Word)[])
        [
            (FlowFlags.SendFlowRemoved, "send_flow_rem "), (FlowFlags.CheckOverlap, "check_overlap "), (FlowFlags.ResetCounts, "reset_counts "),
            (FlowFlags.NoPacketCounts, "no_packet_counts "), (FlowFlags.NoByteCounts, "no_byte_counts "),
        ]).Where(f => (flags & f.Flag) != 0).Select(f => f.Word));

    internal static string Octets(ReadOnlySpan<byte> data) => Convert.ToHexStringLower(data);

    /// <summary>Rows of sixteen octets with their places before and their characters behind them.</summary>
    internal static string Dump(ReadOnlySpan<byte> data)
    {
        const int Row = 16;
        var rows = new List<string>();
        for (var at = 0; at < data.Length; at += Row)
        {
            var row = data.Slice(at, Math.Min(Row, data.Length - at)).ToArray();
            var octets = string.Concat(row.Select((b, i) => $"{b:x2}{(i == (Row / 2) - 1 ? '-' : ' ')}"));
            rows.Add($"{at:x8}  {octets.PadRight(3 * Row)}|{string.Concat(row.Select(b => b is >= 0x20 and < 0x7f ? (char)b : '.')).PadRight(Row)}|");
        }

        return string.Join(' ', rows);
    }

    private static string More(bool more) => more ? "flags=[more] " : "";

    private static string FlowModText(FlowMod f)
    {
        var command = f.Command switch
        {
            FlowModCommand.Add => "ADD",
            FlowModCommand.Modify => "MOD",
            FlowModCommand.ModifyStrict => "MOD_STRICT",
            FlowModCommand.Delete => "DEL",
            _ => "DEL_STRICT",
        };
        var match = MatchText.Of(f.Rule.Match, f.Rule.Priority);
        return $"{command}{(f.Rule.Table == 0 ? "" : $" table:{f.Rule.Table}")} {match}{(match.Length > 0 ? " " : "")}"
            + CookieOf(f)
            + (f.Rule.IdleTimeout == 0 ? "" : $"idle:{f.Rule.IdleTimeout} ")
            + (f.Rule.HardTimeout == 0 ? "" : $"hard:{f.Rule.HardTimeout} ")
            + (f.Rule.Importance == 0 ? "" : $"importance:{f.Rule.Importance} ")
            + (f.Buffer == FlowMod.NoBuffer ? "" : $"buf:0x{f.Buffer:x} ")
            + (f.OutPort == PortNumber.Any ? "" : $"out_port:{f.OutPort} ")
            + (f.OutGroup == FlowMod.AnyGroup ? "" : $"out_group:{f.OutGroup} ")
            + FlowFlagsText(f.Rule.Flags)
            + $"actions={ActionText.Of(f.Rule)}";
    }

    private static string FlowRemovedText(FlowRemoved f)
    {
        var reason = f.Reason switch
        {
            FlowRemovedReason.IdleTimeout => "idle",
            FlowRemovedReason.HardTimeout => "hard",
            FlowRemovedReason.Delete => "delete",
            FlowRemovedReason.GroupDelete => "group_delete",
            FlowRemovedReason.MeterDelete => "meter_delete",
            _ => "eviction",
        };
        return $"{MatchText.Of(f.Key.Match, f.Key.Priority)} reason={reason}{(f.Key.Table == byte.MaxValue ? "" : $" table_id={f.Key.Table}")}{(f.Cookie == 0 ? "" : $" cookie:0x{f.Cookie:x}")}"
            + $" duration{Duration(f.Seconds, f.Nanoseconds)} idle{f.IdleTimeout}{(f.HardTimeout == 0 ? "" : $" hard{f.HardTimeout}")} pkts{f.Packets} bytes{f.Bytes}";
    }

    /// <summary>To add, it is the flow's own; else what it is chosen by.</summary>
    private static string CookieOf(FlowMod f) =>
        f.Command == FlowModCommand.Add ? (f.Rule.Cookie is 0 or ulong.MaxValue ? "" : $"cookie:0x{f.Rule.Cookie:x} ")
        : f.CookieMask == 0 ? "" : $"cookie:0x{f.Rule.Cookie:x}/0x{f.CookieMask:x} ";

    private static string PacketIn(PacketIn p) =>
        (p.Table == 0 ? "" : $"table_id={p.Table} ") + (p.Cookie == ulong.MaxValue ? "" : $"cookie=0x{p.Cookie:x} ")
        + $"total_len={p.TotalLength} {MatchText.Of(p.Match)} (via {Reason((byte)p.Reason)}) data_len={p.Data.Count} "
        + $"{Kept(p.Buffer, p.TotalLength, p.Data.Count)} {FrameText.Of(p.Data.AsSpan())}";

    private static string Reason(byte reason) => PacketReasons.ElementAtOrDefault(reason) ?? $"{reason}";

    /// <summary>Whether the switch still has the packet, and whether its lengths make sense.</summary>
    private static string Kept(uint buffer, uint total, int here) => buffer == FlowMod.NoBuffer
        ? $"(unbuffered){(total == here ? "" : " (***total_len != data_len***)")}"
        : $"buffer=0x{buffer:x8}{(total >= here ? "" : " (***total_len < data_len***)")}";

    private static string PacketIn2Text(PacketIn2 p) =>
        (p.Table is null or 0 ? "" : $"table_id={p.Table} ") + (p.Cookie is null or ulong.MaxValue ? "" : $"cookie=0x{p.Cookie:x} ")
        + $"total_len={p.TotalLength ?? (uint)p.Data.Count} {MatchText.Of(p.Fields)} (via {Reason(p.Reason ?? 0)}) data_len={p.Data.Count} "
        + Kept(p.Buffer ?? FlowMod.NoBuffer, p.TotalLength ?? (uint)p.Data.Count, p.Data.Count)
        + $"{(p.User.IsEmpty ? "" : $" userdata={string.Join('.', p.User.Select(b => b.ToString("x2")))}")} {FrameText.Of(p.Data.AsSpan())}";

    private static string Bucket(GroupType type, Bucket b) =>
        "bucket="
        + (type == GroupType.Select && b.Weight != 1 ? $"weight:{b.Weight}," : "")
        + (b.WatchPort == PortNumber.Any.Value ? "" : $"watch_port:{new PortNumber(b.WatchPort)},")
        + (b.WatchGroup == FlowMod.AnyGroup ? "" : $"watch_group:{b.WatchGroup},")
        + $"actions={ActionText.Of(b.Actions)}";

    private static string GroupTypes(GroupType type) => type switch
    {
        GroupType.All => "all",
        GroupType.Select => "select",
        GroupType.Indirect => "indirect",
        _ => "ff",
    };

    private static string Config(ushort flags, ushort length) =>
        $"frags={(flags & 3) switch { 0 => "normal", 1 => "drop", 2 => "reassemble", _ => "nx-match" }} miss_send_len={length}";

    private static string Role(ControllerRole role, ulong generation) =>
        $"role={role switch { ControllerRole.NoChange => "nochange", ControllerRole.Equal => "equal", ControllerRole.Master => "primary", _ => "secondary" }}"
        + (generation == ulong.MaxValue || role == ControllerRole.NoChange ? "" : $" generation_id={generation}");

    private static string Masks(AsyncMasks m) =>
        $"primary: PACKET_IN: {Bits(m.PacketIn, PacketReasons)} PORT_STATUS: {Bits(m.PortStatus, PortReasons)} FLOW_REMOVED: {Bits(m.FlowRemoved, FlowReasons)} {LaterMasks} "
        + $"secondary: PACKET_IN: {Bits(m.PacketInSlave, PacketReasons)} PORT_STATUS: {Bits(m.PortStatusSlave, PortReasons)} FLOW_REMOVED: {Bits(m.FlowRemovedSlave, FlowReasons)} {LaterMasks}";

    /// <summary>What later versions can switch on.</summary>
    private const string LaterMasks = "ROLE_STATUS: (off) TABLE_STATUS: (off) REQUESTFORWARD: (off)";

    private static readonly (MeterFlags Flag, string Word)[] MeterWords =
        [(MeterFlags.Kbps, "kbps"), (MeterFlags.Pps, "pktps"), (MeterFlags.Burst, "burst"), (MeterFlags.Stats, "stats")];

    private static readonly string[] PacketReasons = ["no_match", "action", "invalid_ttl", "action_set", "group", "packet_out"];
    private static readonly string[] PortReasons = ["add", "delete", "modify"];
    private static readonly string[] FlowReasons = ["idle", "hard", "delete", "group_delete", "meter_delete", "eviction"];
    private static readonly string[] Speeds = ["10MB-HD", "10MB-FD", "100MB-HD", "100MB-FD", "1GB-HD", "1GB-FD", "10GB-FD", "40GB-FD", "100GB-FD", "1TB-FD", "OTHER", "COPPER", "FIBER", "AUTO_NEG", "AUTO_PAUSE", "AUTO_PAUSE_ASYM"];

    private static string Bits(uint mask, string[] names) =>
        mask == 0 ? "(off)" : string.Join(' ', Enumerable.Range(0, 32).Where(b => (mask >> b & 1) != 0).Select(b => b < names.Length ? names[b] : $"{b}"));

    private static string PortFeatures(uint features) => features == 0 ? "0" : Bits(features, Speeds);

    private static string PortConfigs(PortConfig config) => Named(
        (uint)config, (1, "PORT_DOWN"), (4, "NO_RECV"), (32, "NO_FWD"), (64, "NO_PACKET_IN"));

    private static string PortStates(PortState state) => Named((uint)state, (1, "LINK_DOWN"), (2, "BLOCKED"), (4, "LIVE"));

    private static string Capabilities(SwitchCapabilities c) => Named(
        (uint)c, (1, "FLOW_STATS"), (2, "TABLE_STATS"), (4, "PORT_STATS"), (8, "GROUP_STATS"), (32, "IP_REASM"), (64, "QUEUE_STATS"), (256, "PORT_BLOCKED"));

    private static string Named(uint bits, params ReadOnlySpan<(int Bit, string Name)> names)
    {
        var words = new List<string>();
        foreach (var (bit, name) in names)
        {
            if ((bits & (uint)bit) != 0)
            {
                words.Add(name);
                bits &= ~(uint)bit;
            }
        }

        if (bits != 0)
        {
            words.Add($"0x{bits:x}");
        }

        return words.Count == 0 ? "0" : string.Join(' ', words);
    }

    private static string BundleFlagsText(BundleFlags flags) => flags == BundleFlags.None ? "0" : flags.ToString().ToLowerInvariant().Replace(",", "", StringComparison.Ordinal);

    private static string QueueProperty(QueueProperty p) => p.Type switch
    {
        1 or 2 when p.Body.Count >= 2 => $" {(p.Type == 1 ? "min" : "max")}_rate:{((p.Body[0] << 8) | p.Body[1]) / 10.0:0.0}%",
        _ => $" property {p.Type}",
    };

    private static string Direction(CtTuple? tuple, CtFlush flush, byte? protocol)
    {
        var t = tuple ?? new CtTuple();
        var isIpv4 = (flush.Original?.Source ?? flush.Original?.Destination ?? flush.Reply?.Source ?? flush.Reply?.Destination) is { IsV4: true };
        var family = isIpv4 ? "nw" : "ipv6";
        var rest = flush.Protocol is 1 or 58
            ? $"icmp_id={t.IcmpId ?? 0},icmp_type={t.IcmpType ?? 0},icmp_code={t.IcmpCode ?? 0}"
            : $"ct_tp_src={t.SourcePort ?? 0},ct_tp_dst={t.DestinationPort ?? 0}";
        return $"ct_{family}_src={End(t.Source)},ct_{family}_dst={End(t.Destination)},{rest}{(protocol is { } p ? $",ct_nw_proto={p}" : "")}";

        static string End(Core.Net.IpAddress? address) => address is { } a ? a.ToString() : "::";
    }

    private static string Maps(Core.EquatableArray<TlvMap> maps) =>
        "mapping table: class type length match field ------ ---- ------ --------------"
        + string.Concat(maps.Select(m => $" {(m.Class == 0 ? "0" : $"0x{m.Class:x}")} {(m.Type == 0 ? "0" : $"0x{m.Type:x}")} {m.Length} tun_metadata{m.Index}"));

    /// <summary>FlowMod as FLOW_MOD.</summary>
    internal static string Capitals<T>(T name)
        where T : struct, Enum => string.Concat($"{name}".Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}
