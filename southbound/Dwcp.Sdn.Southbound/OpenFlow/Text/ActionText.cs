using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>Actions and instructions in the words of ovs-ofctl(8).</summary>
internal static class ActionText
{
    private static readonly string[] PathAlgorithms = ["modulo_n", "hash_threshold", "hrw", "iter_hash"];
    private static readonly string[] Reasons = ["no_match", "action", "invalid_ttl", "action_set", "group", "packet_out"];

    /// <summary>All that a flow does, in the order in which Open vSwitch prints it.</summary>
    public static string Of(FlowRule rule)
    {
        var parts = new List<string>();
        if (rule.Meter is { } meter)
        {
            parts.Add($"meter:{meter}");
        }

        parts.AddRange(rule.Apply.Select(Of));
        if (rule.Clear)
        {
            parts.Add("clear_actions");
        }

        if (!rule.Write.IsEmpty)
        {
            parts.Add($"write_actions({Of(rule.Write)})");
        }

        if (rule.Metadata is { } m)
        {
            parts.Add(m.Mask == ulong.MaxValue ? $"write_metadata:0x{m.Value:x}" : $"write_metadata:0x{m.Value:x}/0x{m.Mask:x}");
        }

        if (rule.Goto is { } table)
        {
            parts.Add($"goto_table:{table}");
        }

        return parts.Count == 0 ? "drop" : string.Join(',', parts);
    }

    public static string Of(EquatableArray<FlowAction> actions) => actions.IsEmpty ? "drop" : string.Join(',', actions.Select(Of));

    public static string Of(FlowAction action) => action switch
    {
        OutputAction a => Output(a),
        OutputFieldAction a => $"output:{FieldNames.Of(a.Port)}",
        SetFieldAction a => $"set_field:{FieldNames.Value(a.Field, a.Value)}{(a.Mask is { } m ? "/" + FlowText.Mask(a.Field, m) : "")}->{FieldNames.Plain(a.Field)}",
        SetTunMetadataAction a => $"set_field:{MatchText.Octets(a.Value)}{(a.Mask is { } m ? "/" + MatchText.Octets(m) : "")}->{FieldNames.Plain(a.Field)}",
        LoadAction a => $"load:{Hex(a.Value)}->{FieldNames.Of(a.Target)}",
        MoveAction a => $"move:{FieldNames.Of(a.From)}->{FieldNames.Of(a.To)}",
        ResubmitAction { InPort: { } port, Table: null, Swapped: false } => $"resubmit:{FieldNames.Port(port)}",
        ControllerAction a => Controller(a),
        ControllerIdAction a => Controller(new ControllerAction(a.MaxLength, a.ControllerId, a.Reason)),
        CloneAction a => $"clone({Of(a.Actions)})",
        ConntrackAction a => Conntrack(a),
        MultipathAction a => $"multipath({HashText.Of(a.Hash)},{a.Basis},{PathAlgorithms.ElementAtOrDefault(a.Algorithm) ?? $"{a.Algorithm}"},{a.MaxLink + 1},{a.Argument},{FieldNames.Of(a.Target)})",
        BundleAction a => Bundle(a),
        PushAction a => $"push:{FieldNames.Of(a.From)}",
        PopAction a => $"pop:{FieldNames.Of(a.To)}",
        CheckLargerAction a => $"check_pkt_larger({a.Length})->{FieldNames.Of(a.Target)}",
        LearnAction a => Learn(a),
        EncapAction a => Encap(a),
        _ => action.ToString(),
    };

    // properties: 2 class (4: NSH) | 1 type (1: kind of metadata, 2: TLV) | 1 length | value | to 8
    private static string Encap(EncapAction a)
    {
        var header = a.PacketType switch { 0 => "ethernet", 0x1894f => "nsh", 0x18847 => "mpls", 0x18848 => "mpls_mc", _ => $"0x{a.PacketType:x}" };
        var parts = new List<string>();
        for (var p = a.Properties.AsSpan(); p.Length >= 8;)
        {
            var length = Math.Min(p.Length, (Math.Max((int)p[3], 4) + 7) & ~7);
            parts.Add(p is [0, 4, 1, _, var kind, ..] ? $"md_type={kind}"
                : p is [0, 4, 2, _, var high, var low, var type, var octets, ..] && octets <= p.Length - 8 ? $"tlv(0x{(high << 8) | low:x4},{type},0x{Convert.ToHexStringLower(p.Slice(8, octets))})"
                : $"property=0x{Convert.ToHexStringLower(p[..length])}");
            p = p[length..];
        }

        return parts.Count == 0 ? $"encap({header})" : $"encap({header}({string.Join(',', parts)}))";
    }

    private static string Output(OutputAction a) => a.Port == PortNumber.Controller ? $"CONTROLLER:{a.MaxLength}"
        : a.Port.Value >= PortNumber.InPort.Value ? a.Port.ToString()
        : $"output:{a.Port}";

    private static string Controller(ControllerAction a)
    {
        if (a is { ControllerId: 0, Reason: 1, UserData.IsEmpty: true, Pause: false, Meter: null })
        {
            return $"CONTROLLER:{a.MaxLength}";
        }

        var parts = new List<string>();
        if (a.Reason != 1)
        {
            parts.Add($"reason={Reasons.ElementAtOrDefault(a.Reason) ?? $"{a.Reason}"}");
        }

        if (a.MaxLength != ushort.MaxValue)
        {
            parts.Add($"max_len={a.MaxLength}");
        }

        if (a.ControllerId != 0)
        {
            parts.Add($"id={a.ControllerId}");
        }

        if (!a.UserData.IsEmpty)
        {
            parts.Add($"userdata={string.Join('.', a.UserData.Select(b => b.ToString("x2")))}");
        }

        if (a.Pause)
        {
            parts.Add("pause");
        }

        if (a.Meter is { } meter)
        {
            parts.Add($"meter_id={meter}");
        }

        return $"controller({string.Join(',', parts)})";
    }

    private static string Conntrack(ConntrackAction a)
    {
        var parts = new List<string>();
        if (a.Commit)
        {
            parts.Add("commit");
        }

        if (a.Force)
        {
            parts.Add("force");
        }

        if (a.Table is { } table)
        {
            parts.Add($"table={table}");
        }

        if (a.Zone.Bits is { } bits)
        {
            parts.Add($"zone={FieldNames.Of(bits)}");
        }
        else if (a.Zone.Number != 0)
        {
            parts.Add($"zone={a.Zone.Number}");
        }

        var rest = a.Actions.Items;
        if (rest is [NatAction nat, ..])
        {
            parts.Add(nat.ToString());
            rest = rest[1..];
        }

        if (rest.Length > 0)
        {
            parts.Add($"exec({Of(rest)})");
        }

        if (a.Alg != 0)
        {
            parts.Add($"alg={a.Alg switch { 21 => "ftp", 69 => "tftp", _ => $"{a.Alg}" }}");
        }

        return $"ct({string.Join(',', parts)})";
    }

    private static string Bundle(BundleAction a) =>
        $"bundle{(a.Target is null ? "" : "_load")}({HashText.Of(a.Hash)},{a.Basis},{(a.Algorithm == 0 ? "active_backup" : "hrw")},ofport,"
        + $"{(a.Target is { } t ? FieldNames.Of(t) + "," : "")}members:{string.Join(',', a.Members.Select(FieldNames.Port))})";

    private static string Learn(LearnAction a)
    {
        var inner = (a with { Parts = [], Result = null }).ToString();
        var parts = new List<string> { inner["learn(".Length..^1] };
        if (a.Result is { } result)
        {
            parts.Add($"result_dst={FieldNames.Of(result)}");
        }

        parts.AddRange(a.Parts.Select(Part));
        return $"learn({string.Join(',', parts)})";
    }

    private static string Part(LearnPart p) => p switch
    {
        { To: LearnTo.Output, From: { } from } => $"output:{FieldNames.Of(from)}",
        { To: LearnTo.Load, From: { } from, Target: { } target } => $"load:{FieldNames.Of(from)}->{FieldNames.Of(target)}",
        { To: LearnTo.Load, Target: { } target } => $"load:{Number(p)}->{FieldNames.Of(target)}",
        { From: { } from, Target: { } target } when from == target => FieldNames.Of(target),
        { From: { } from, Target: { } target } => $"{FieldNames.Of(target)}={FieldNames.Of(from)}",
        { Target: { } target } when FieldNames.IsWhole(target) => $"{FieldNames.Plain(target.Field)}={Number(p)}",
        { Target: { } target } => $"{FieldNames.Of(target)}={Number(p)}",
        _ => p.ToString(),
    };

    private static string Number(LearnPart p) => $"0x{Convert.ToHexStringLower(p.Number.AsSpan()).TrimStart('0').PadLeft(1, '0')}";

    private static string Hex(ulong value) => value == 0 ? "0" : $"0x{value:x}";
}
