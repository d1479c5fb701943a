using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.Tests.OpenFlow;

public class PrerequisiteTests
{
    [Fact]
    public void Icmpv6_needs_ipv6_and_not_just_any_ip()
    {
        var match = Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4), new(Fields.IpProto, 58), new(Fields.Icmpv6Type, 135));
        Assert.Equal("icmpv6_type needs eth_type=0x86dd", match.MissingPrerequisite());
        Assert.Null(Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv6), new(Fields.IpProto, 58), new(Fields.Icmpv6Type, 135), new(Fields.NdTarget, 1)).MissingPrerequisite());
        Assert.Equal("icmp_type needs eth_type=0x800", Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv6), new(Fields.IpProto, 1), new(Fields.Icmpv4Type, 8)).MissingPrerequisite());
    }

    [Fact]
    public void A_priority_needs_a_tag()
    {
        Assert.Equal("vlan_pcp needs vlan_vid=0x1000/0x1000 or vlan_tci=0x1000/0x1000", Match.Of(new FieldMatch(Fields.VlanPcp, 3)).MissingPrerequisite());
        Assert.Equal("vlan_pcp needs vlan_vid=0x1000/0x1000 or vlan_tci=0x1000/0x1000", Match.Of(new FieldMatch(Fields.VlanVid, 0), new(Fields.VlanPcp, 3)).MissingPrerequisite());
        Assert.Null(Match.Of(new FieldMatch(Fields.VlanVid, 0x1000, 0x1000), new(Fields.VlanPcp, 3)).MissingPrerequisite());
        Assert.Null(Match.Of(new FieldMatch(Fields.VlanVid, 0x1005), new(Fields.VlanPcp, 3)).MissingPrerequisite());
    }

    [Fact]
    public void The_first_direction_of_a_connection_is_known_of_tracked_packets_alone()
    {
        var ip = Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4));
        Assert.Equal("ct_nw_src needs ct_state=0x20/0x20", ip.With(Fields.CtNwSrc, 1).MissingPrerequisite());
        var tracked = ip.With(Fields.CtState, 0x21, 0x21);
        Assert.Null(tracked.With(Fields.CtNwSrc, 1).MissingPrerequisite());
        Assert.StartsWith("ct_tp_dst needs ct_nw_proto=", tracked.With(Fields.CtTpDst, 80).MissingPrerequisite(), StringComparison.Ordinal);
        Assert.Null(tracked.With(Fields.CtNwProto, 6).With(Fields.CtTpDst, 80).MissingPrerequisite());
        Assert.Equal("ct_ipv6_src needs eth_type=0x86dd", tracked.With(Fields.CtIpv6Src, 1).MissingPrerequisite());
    }

    [Fact]
    public void What_a_strict_switch_refuses_is_found_before_it_is_sent()
    {
        var ip = Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4));
        Assert.Null(Wrong(ip, new SetFieldAction(Fields.Ipv4Dst, 1)));
        Assert.Equal("set_field:0.0.0.1->ipv4_dst: ipv4_dst needs eth_type=0x800", Wrong(Match.All, new SetFieldAction(Fields.Ipv4Dst, 1)));
        Assert.Contains("cannot be written", Wrong(ip, new SetFieldAction(Fields.IpProto, 6)), StringComparison.Ordinal);
        Assert.Contains("tcp_dst needs", Wrong(ip, new MoveAction(new(Fields.TcpDst, 0, 16), new(Fields.Reg[1], 0, 16))), StringComparison.Ordinal);
        Assert.Contains("can be set and not loaded", Wrong(Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Nsh)), new LoadAction(new(Fields.NshSpi, 0, 24), 1)), StringComparison.Ordinal);
        Assert.Contains("ipv4_src needs", Wrong(Match.All, new ConntrackAction(new(1), 2, [new SetFieldAction(Fields.Ipv4Src, 1)])), StringComparison.Ordinal);
        Assert.Equal("goto_table:3 from table 3", RuleCheck.Of(new FlowRule(new(3, 1, Match.All), 1) { Goto = 3 }));

        static string? Wrong(Match match, FlowAction action) => RuleCheck.Of(new FlowRule(new(0, 1, match), 1) { Apply = [action] });
    }

    [Fact]
    public void Flows_overlap_when_a_packet_can_match_both()
    {
        var to = Rule(Match.Of(new FieldMatch(Fields.EthDst, 1)));
        Assert.True(RuleCheck.Overlap(to, Rule(Match.Of(new FieldMatch(Fields.EthSrc, 2)))));
        Assert.False(RuleCheck.Overlap(to, Rule(Match.Of(new FieldMatch(Fields.EthDst, 2)))));
        Assert.True(RuleCheck.Overlap(to, Rule(Match.Of(new FieldMatch(Fields.EthDst, 0, 0x0100_0000_0000)))));
        Assert.False(RuleCheck.Overlap(to, to));
        Assert.False(RuleCheck.Overlap(to, to with { Key = to.Key with { Match = Match.All, Priority = 7 } }));

        static FlowRule Rule(Match match) => new(new(0, 1, match), 1);
    }

    [Fact]
    public void Compiled_tables_are_what_a_strict_switch_takes() => Assert.All(RuleWalkTests.Rules, rule => Assert.Null(RuleCheck.Of(rule)));

    /// <summary>OFPFF_CHECK_OVERLAP. Where two flows of a table both match, they must say the same, else chance decides.</summary>
    [Fact]
    public void Flows_of_a_compiled_table_that_overlap_say_the_same() => Assert.All(RuleWalkTests.Plans, plan =>
    {
        foreach (var alike in plan.Flows.Values.GroupBy(r => (r.Table, r.Priority)))
        {
            var rules = alike.ToList();
            for (var i = 0; i < rules.Count; i++)
            {
                for (var j = i + 1; j < rules.Count; j++)
                {
                    Assert.True(
                        !RuleCheck.Overlap(rules[i], rules[j]) || (rules[i].Apply == rules[j].Apply && rules[i].Goto == rules[j].Goto),
                        $"{rules[i]}\n{rules[j]}");
                }
            }
        }
    });
}
