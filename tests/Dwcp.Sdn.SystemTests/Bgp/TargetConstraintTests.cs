using System.Net;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Tests.Bgp;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>RT constraint (RFC 4684) with GoBGP on the other side.</summary>
public class TargetConstraintTests
{
    [Fact]
    public async Task Gobgp_is_told_the_routes_that_it_wants_and_tells_those_that_we_want()
    {
        var sink = new Imported();
        await using var speaker = Speaker("10.9.83.1", sink);
        await using var go = GoBgp.Up("127.9.83.8", 20, ["l2vpn-evpn", "rtc"], addPath: false, "127.9.83.9");
        var other = RouteTarget.Parse("65000:999");
        await speaker.ImportAsync([Target]);
        await speaker.OriginateAsync([Host(1), Host(2) with { Attributes = new Core.Evpn.PathAttributes { NextHop = IpAddress.Parse("192.0.2.1"), ExtendedCommunities = [Core.Evpn.ExtendedCommunity.Of(other)] } }]);
        await go.RunAsync("vrf", "add", "blue", "rd", "10.0.9.9:1", "rt", "both", "65000:100");
        await speaker.PutPeerAsync(To(new IPEndPoint(go.Address, go.Port), "127.9.83.9") with { Families = [BgpFamily.L2VpnEvpn, BgpFamily.RtConstraint], RouteReflectorClient = true });
        await UntilAsync(async () => (await go.RunAsync("global", "rib", "-a", "rtc")).Contains("65000:100", StringComparison.Ordinal), "our wish at GoBGP");
        await UntilAsync(async () => (await go.RunAsync("global", "rib", "-a", "evpn")).Contains("02:00:00:00:00:01", StringComparison.Ordinal), "the route that it wants");
        Assert.DoesNotContain("02:00:00:00:00:02", await go.RunAsync("global", "rib", "-a", "evpn"), StringComparison.Ordinal);

        foreach (var (mac, target) in ((string, string)[])[("02:66:00:00:00:01", "65000:100"), ("02:66:00:00:00:02", "65000:999")])
        {
            await go.RunAsync("global", "rib", "add", "-a", "evpn", "macadv", mac, "10.77.0.66", "etag", "0", "label", "100", "rd", "10.0.9.9:1", "rt", target, "encap", "vxlan", "nexthop", "192.0.2.66");
        }

        await UntilAsync(() => sink.Routes.Count == 1, "the route that we want");
        await Task.Delay(500);
        Assert.Single((await speaker.RoutesAsync(new RouteQuery { Type = 2, Peer = $"{go.Address}" })).Items);

        // A tenant more: its routes come, both ways.
        await speaker.ImportAsync([Target, other]);
        await UntilAsync(() => sink.Routes.Count == 2, "the other route too");
        await go.RunAsync("vrf", "add", "red", "rd", "10.0.9.9:2", "rt", "both", "65000:999");
        await UntilAsync(async () => (await go.RunAsync("global", "rib", "-a", "evpn")).Contains("02:00:00:00:00:02", StringComparison.Ordinal), "the other route at GoBGP");
    }
}
