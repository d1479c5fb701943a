using Dwcp.Sdn.Core.Flows;

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
}
