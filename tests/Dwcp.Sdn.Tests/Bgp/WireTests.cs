using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

public class WireTests
{
    [Fact]
    public void Labels_and_segment_of_a_mac_ip_route_are_not_part_of_its_identity()
    {
        var key = new MacIpKey(RouteDistinguisher.Parse("10.0.0.1:1"), 0, MacAddress.Parse("02:00:00:00:00:01"), IpAddress.Parse("10.0.0.5"));
        var one = RouteMeaning.ToKey(new MacIpRoute(key, default, new Vni(100), new Vni(50000)), out _).Key;
        var other = RouteMeaning.ToKey(new MacIpRoute(key, new EthernetSegment(0, 9), default, null), out _).Key;
        var alone = RouteMeaning.ToKey(new MacIpRoute(key with { Ip = null }, default, new Vni(100), null), out _).Key;
        Assert.Equal(one, other);
        Assert.NotEqual(one, alone);
    }

    [Fact]
    public void Capabilities_come_back_as_they_were()
    {
        var all = new Capabilities
        {
            Families = new FamilySet(15),
            As4 = new Asn(4_200_000_000),
            Refresh = true,
            EnhancedRefresh = true,
            ExtendedMessages = true,
            Restart = new(true, true, 120, [new(BgpFamily.L2VpnEvpn, true), new(BgpFamily.Ipv4Unicast, false)]),
            LongLived = [new(BgpFamily.L2VpnEvpn, true, 0x123456)],
            AddPath = [new(BgpFamily.L2VpnEvpn, 3)],
        };
        Assert.Equal(all, Capabilities.Of(all.ToList()));
    }

    [Fact]
    public void Long_optional_parameters_take_the_form_of_rfc_9072()
    {
        var many = new OpenMessage(65000, 90, IpAddress.Parse("10.0.0.1"), [.. Enumerable.Range(0, 4).Select(i => new Capability((byte)(200 + i), [.. new byte[200]]))]);
        var bytes = many.ToMessage();
        Assert.Equal(255, bytes[28]);
        Assert.Equal(255, bytes[29]);
        Assert.Equal(many, OpenMessage.Read(bytes.AsSpan(19), out _));
    }

    [Fact]
    public void An_old_peers_path_is_joined_with_the_one_of_four_octets()
    {
        List<AsSegment> old = [new(2, [new(1), new(23456), new(23456)])];
        List<AsSegment> wide = [new(2, [new(70000), new(80000)])];
        Assert.Equal([new(2, [new(1)]), new(2, [new(70000), new(80000)])], AsPathCodec.Merge(old, wide));
        Assert.Equal(old, AsPathCodec.Merge(old, [new(2, [new(1), new(2), new(3), new(4)])]));
    }

    [Fact]
    public void A_shutdown_text_is_cut_between_characters()
    {
        var text = Notification.Shutdown(new string('a', 254) + "é");
        Assert.Equal(new string('a', 254), text.Reason);
        Assert.Equal(text, Notification.Read(text.ToMessage().AsSpan(19)));
    }

    [Theory]
    [InlineData(BgpMessage.Longest)]
    [InlineData(BgpMessage.LongestExtended)]
    public void A_hard_reset_within_a_hard_reset_is_not_looked_into(int length)
    {
        byte[] body = [.. Enumerable.Range(0, length - BgpMessage.HeaderLength).Select(i => (byte)(i % 2 == 0 ? 6 : 9))];
        Assert.Equal("6/9 cease: hard reset: 6/9 cease: hard reset", Notification.Read(body).ToString());
        Assert.Equal("6/9 cease: hard reset: 6/2 cease: administrative shutdown \"moved\"", Notification.Shutdown("moved").Hard().ToString());
    }
}
