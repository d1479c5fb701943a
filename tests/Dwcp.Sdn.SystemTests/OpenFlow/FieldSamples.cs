using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>For every field a value that Open vSwitch takes, and what has to be matched before it.</summary>
internal static class FieldSamples
{
    /// <summary>A value that a switch accepts; with a mask for fields whose bits it knows one by one.</summary>
    public static (UInt128 Value, UInt128? Mask) Of(Field field) => field.Name switch
    {
        "ip_frag" => (1, 3),
        "ct_state" => (0x21, 0x21),
        "tun_flags" => (1, 1),
        "vlan_vid" => (0x1005, null),
        "vlan_tci" => (0x3005, null),
        "eth_type" => (0x800, null),
        "in_port" or "actset_output" => (2, null),
        "arp_op" => (2, null),
        _ => ((UInt128)0x5a5a & field.Ones, null),
    };

    /// <summary>What has to be matched before the field: its prerequisites and theirs.</summary>
    public static Match Before(Field field)
    {
        if (field.Name.StartsWith("ct_", StringComparison.Ordinal) && field.Index >= Fields.CtNwSrc.Index)
        {
            var match = Match.Of(new FieldMatch(Fields.CtState, 0x21, 0x21), new FieldMatch(Fields.EthType, field.Name.Contains("ipv6") ? EtherTypes.Ipv6 : EtherTypes.Ipv4));
            return field.Name.StartsWith("ct_tp", StringComparison.Ordinal) ? match.With(Fields.CtNwProto, 6) : match;
        }

        if (field == Fields.VlanPcp)
        {
            return Match.Of(new FieldMatch(Fields.VlanVid, 0x1000, 0x1000));
        }

        if (field.Requires.IsEmpty)
        {
            return Match.All;
        }

        var first = field.Requires[0];
        var before = first is { Field.Name: "ip_proto", Value: var proto } && proto == 58
            ? Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv6))
            : Before(first.Field);
        return before.With(first.Field, first.Value);
    }
}
