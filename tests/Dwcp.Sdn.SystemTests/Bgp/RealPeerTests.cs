using System.Net;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Tests.Bgp;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>The speaker against FRR 8.4 and GoBGP 3.10.</summary>
public class RealPeerTests
{
    private static readonly RouteDistinguisher Rd = RouteDistinguisher.Parse("192.0.2.1:7");
    private static readonly IpAddress Vtep = IpAddress.Parse("192.0.2.1");

    [Fact]
    public async Task An_frr_leaf_and_gobgp_hear_each_other_and_us_through_this_reflector()
    {
        var sink = new Imported();
        await using var speaker = Speaker("10.0.9.1", sink);
        await using var go = GoBgp.Up("127.9.60.1", 20, "127.9.60.9");
        await using var leaf = await FrrLeaf.UpAsync(async ours => (await speaker.ListenAsync(new IPEndPoint(ours, 0))).Port);
        await speaker.ImportAsync([Target, RouteTarget.Parse("65000:4000")]);
        await speaker.PutPeerAsync(To(new IPEndPoint(go.Address, go.Port), "127.9.60.9") with { RouteReflectorClient = true });
        await speaker.PutPeerAsync(From(leaf.Address.ToString()));
        await speaker.OriginateAsync(Ours());
        await leaf.LearnAsync("02:77:00:00:00:05", "10.77.0.5");
        await go.RunAsync("global", "rib", "add", "-a", "evpn", "macadv", "02:66:00:00:00:01", "10.77.0.66", "etag", "0", "label", "100", "rd", "10.0.9.9:1", "rt", "65000:100", "encap", "vxlan", "nexthop", "192.0.2.66");
        await go.RunAsync("global", "rib", "add", "-a", "evpn", "multicast", "192.0.2.66", "etag", "0", "rd", "10.0.9.9:1", "rt", "65000:100", "encap", "vxlan", "pmsi", "ingress-repl", "100", "192.0.2.66", "nexthop", "192.0.2.66");
        await go.RunAsync("global", "rib", "add", "-a", "evpn", "prefix", "10.66.0.0/16", "etag", "0", "label", "4000", "rd", "10.0.9.9:2", "rt", "65000:4000", "encap", "vxlan", "nexthop", "192.0.2.66");
        await speaker.UntilUpAsync(2);

        // From the leaf: its host as MAC and as MAC with address, its VTEP, its prefix.
        var vtep = IpAddress.From(leaf.Address);
        await UntilAsync(() => sink.Routes.Any(r => r.Route is MacIpRoute { Key.Ip: { } ip } && ip == IpAddress.Parse("10.77.0.5")), "the leaf's host");
        var host = sink.Routes.First(r => r.Route is MacIpRoute { Key.Ip: { } ip } && ip == IpAddress.Parse("10.77.0.5"));
        Assert.Equal(new Vni(100), ((MacIpRoute)host.Route).L2);
        Assert.Equal(vtep, host.Attributes.NextHop);
        Assert.Contains(ExtendedCommunity.Of(TunnelEncapsulation.Vxlan), host.Attributes.ExtendedCommunities);
        await UntilAsync(() => sink.Routes.Any(r => r.Route is MulticastRoute m && m.Key.Originator == vtep && r.Attributes.Pmsi?.Label == new Vni(100)), "the leaf's VTEP");
        await UntilAsync(() => sink.Routes.Any(r => r.Route is IpPrefixRoute p && p.Key.Prefix == IpPrefix.Parse("10.88.0.0/24") && p.Label == new Vni(4000)), "the leaf's prefix");

        // From GoBGP.
        await UntilAsync(() => sink.Routes.Any(r => r.Route is MacIpRoute m && m.Key.Mac == MacAddress.Parse("02:66:00:00:00:01")), "GoBGP's host");
        await UntilAsync(() => sink.Routes.Any(r => r.Route is IpPrefixRoute p && p.Key.Prefix == IpPrefix.Parse("10.66.0.0/16")), "GoBGP's prefix");

        // At the leaf: ours and GoBGP's, in the kernel's bridge too.
        await UntilAsync(async () => (await leaf.InAsync("bridge", "fdb", "show", "dev", "vx100")).Contains("02:66:00:00:00:01 dst 192.0.2.66", StringComparison.Ordinal), "GoBGP's host in the leaf's bridge");
        await UntilAsync(async () => (await leaf.InAsync("bridge", "fdb", "show", "dev", "vx100")).Contains("02:11:00:00:00:01 dst 192.0.2.1", StringComparison.Ordinal), "our host in the leaf's bridge");
        await UntilAsync(async () => (await leaf.InAsync("bridge", "fdb", "show", "dev", "vx100")).Contains("00:00:00:00:00:00 dst 192.0.2.1", StringComparison.Ordinal), "our VTEP in the leaf's flood list");
        await UntilAsync(async () => (await leaf.VtyshAsync("show bgp l2vpn evpn route type prefix")).Contains("10.99.0.0", StringComparison.Ordinal), "our prefix at the leaf");

        // At GoBGP: ours and the leaf's.
        await UntilAsync(async () =>
        {
            var rib = await go.RunAsync("global", "rib", "-a", "evpn");
            return rib.Contains("02:11:00:00:00:01", StringComparison.Ordinal) && rib.Contains("02:77:00:00:00:05", StringComparison.Ordinal)
                && rib.Contains("10.99.0.0/16", StringComparison.Ordinal) && rib.Contains("10.88.0.0/24", StringComparison.Ordinal);
        }, "our routes and the leaf's at GoBGP");

        // FRR announces with two labels where it has an L3VNI and withdraws with one of zero.
        await leaf.ForgetAsync("02:77:00:00:00:05", "10.77.0.5");
        await UntilAsync(() => !sink.Routes.Any(r => r.Route is MacIpRoute { Key.Mac: var mac } && mac == MacAddress.Parse("02:77:00:00:00:05")), "the withdrawal");
        await speaker.WithdrawAsync([Ours()[0].Route]);
        await UntilAsync(async () => !(await leaf.InAsync("bridge", "fdb", "show", "dev", "vx100")).Contains("02:11:00:00:00:01 dst", StringComparison.Ordinal), "our withdrawal at the leaf");
        Assert.All(await speaker.PeersAsync(), p => Assert.Equal((BgpPhase.Established, 0L, 0L), (p.Phase, p.Malformed, p.TakenAsWithdrawn)));
    }

    [Fact]
    public async Task Routes_of_a_gobgp_that_is_killed_stay_until_it_is_back_and_says_otherwise()
    {
        var sink = new Imported();
        await using var speaker = Speaker("10.0.9.2", sink);
        await using var go = GoBgp.Up("127.9.61.1", 20, "127.9.61.9");
        await speaker.ImportAsync([Target]);
        await speaker.PutPeerAsync(To(new IPEndPoint(go.Address, go.Port), "127.9.61.9"));
        foreach (var host in (string[])["1", "2"])
        {
            await go.RunAsync("global", "rib", "add", "-a", "evpn", "macadv", $"02:66:00:00:00:0{host}", $"10.77.0.{host}", "etag", "0", "label", "100", "rd", "10.0.9.9:1", "rt", "65000:100", "encap", "vxlan");
        }

        await UntilAsync(() => sink.Routes.Count == 2, "two routes");
        await go.KillAsync();
        await UntilAsync(async () => (await speaker.PeersAsync())[0] is { Stale: true }, "the loss of the session");
        Assert.Equal(2, sink.Routes.Count);
        Assert.All((await speaker.RoutesAsync(new RouteQuery())).Items, r => Assert.True(r.Stale));

        // It comes back with one of the two; the other goes with its End-of-RIB.
        go.Start("-r");
        await go.RunAsync("global", "rib", "add", "-a", "evpn", "macadv", "02:66:00:00:00:01", "10.77.0.1", "etag", "0", "label", "100", "rd", "10.0.9.9:1", "rt", "65000:100", "encap", "vxlan");
        await UntilAsync(() => sink.Routes.Count == 1, "one route", 60);
        Assert.Equal(MacAddress.Parse("02:66:00:00:00:01"), ((MacIpRoute)sink.Routes[0].Route).Key.Mac);
        Assert.False((await speaker.RoutesAsync(new RouteQuery())).Items[0].Stale);
    }

    [Fact]
    public async Task Our_routes_stay_at_gobgp_while_the_speaker_restarts()
    {
        await using var go = GoBgp.Up("127.9.62.1", 60, "127.9.62.9");
        var settings = To(new IPEndPoint(go.Address, go.Port), "127.9.62.9");
        var first = Speaker("10.0.9.3");
        await first.OriginateAsync(Ours());
        await first.PutPeerAsync(settings);
        await UntilAsync(async () => (await go.RunAsync("global", "rib", "-a", "evpn")).Contains("02:11:00:00:00:01", StringComparison.Ordinal), "our host");
        await first.DisposeAsync();
        await Task.Delay(1000);
        Assert.Contains("02:11:00:00:00:01", await go.RunAsync("global", "rib", "-a", "evpn"), StringComparison.Ordinal);

        await using var second = new BgpSpeaker(
            new SpeakerSettings(As, IpAddress.Parse("10.0.9.3")) { Restarting = true, DeferralTime = TimeSpan.FromSeconds(3) }, new Imported(), _ => { }, TimeProvider.System);
        await second.OriginateAsync([Ours()[1]]);
        await second.PutPeerAsync(settings);
        await second.UntilUpAsync();
        await UntilAsync(async () => !(await go.RunAsync("global", "rib", "-a", "evpn")).Contains("02:11:00:00:00:01", StringComparison.Ordinal), "the host that is gone to go with our End-of-RIB");
        Assert.Contains("192.0.2.1", await go.RunAsync("global", "rib", "-a", "evpn"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_frr_leaf_takes_routes_of_an_Ethernet_segment_and_sticky_MACs_and_we_take_its_own()
    {
        var sink = new Imported();
        await using var speaker = Speaker("10.0.9.4", sink);
        await using var leaf = await FrrLeaf.UpAsync(async ours => (await speaker.ListenAsync(new IPEndPoint(ours, 0))).Port);
        await speaker.ImportAsync([Target]);
        await speaker.PutPeerAsync(From(leaf.Address.ToString()));
        Assert.True(EthernetSegment.TryParse("03:02:aa:00:00:00:01:00:00:05", out var segment));
        var es = RouteDistinguisher.Parse("192.0.2.1:2");
        ExtendedCommunity Sticky() => ExtendedCommunity.Mobility(new MacMobility(0, true));
        await speaker.OriginateAsync(
        [
            Ours()[1],
            new(new SegmentRoute(new(es, segment, Vtep)), new() { NextHop = Vtep, ExtendedCommunities = [ExtendedCommunity.Of(TunnelEncapsulation.Vxlan), ExtendedCommunity.EsImport(segment.ImportTarget)] }, "es"),
            new(new AutoDiscoveryRoute(new(es, segment, AutoDiscoveryKey.WholeSegment), new Vni(0)), With(Target, ExtendedCommunity.EsiLabel(false, new Vni(0))), "es"),
            new(new AutoDiscoveryRoute(new(Rd, segment, 0), new Vni(100)), With(Target), "es"),
            new(new MacIpRoute(new(Rd, 0, MacAddress.Parse("02:11:00:00:00:09"), null), EthernetSegment.None, new Vni(100), null), With(Target, Sticky()), "vm"),
        ]);
        await speaker.UntilUpAsync();
        await leaf.BgpdAsync();
        await UntilAsync(async () => (await leaf.InAsync("bridge", "fdb", "show", "dev", "vx100")).Split('\n').Any(l =>
            l.StartsWith("02:11:00:00:00:09", StringComparison.Ordinal) && l.Contains("dst 192.0.2.1", StringComparison.Ordinal) && l.Contains("sticky", StringComparison.Ordinal)), "our sticky MAC in the leaf's bridge");
        await UntilAsync(async () => (await leaf.VtyshAsync("show bgp l2vpn evpn route")).Contains("[4]:[03:02:aa:00:00:00:01:00:00:05]:[32]:[192.0.2.1]", StringComparison.Ordinal), "our type 4 at the leaf");
        var routes = await leaf.VtyshAsync("show bgp l2vpn evpn route");
        Assert.Contains("[1]:[4294967295]:[03:02:aa:00:00:00:01:00:00:05]", routes, StringComparison.Ordinal);
        Assert.Contains("[1]:[0]:[03:02:aa:00:00:00:01:00:00:05]", routes, StringComparison.Ordinal);

        // One that the leaf's kernel is told never moves.
        await leaf.InAsync("bridge", "fdb", "replace", "02:77:00:00:00:09", "dev", "h100", "master", "static", "sticky");
        await UntilAsync(() => sink.Routes.Any(r => r.Route is MacIpRoute { Key: { Ip: null } key } && key.Mac == MacAddress.Parse("02:77:00:00:00:09") && r.Attributes.Mobility is { Sticky: true }), "the leaf's sticky MAC");
        Assert.All(await speaker.PeersAsync(), p => Assert.Equal((BgpPhase.Established, 0L, 0L, ""), (p.Phase, p.Malformed, p.TakenAsWithdrawn, p.LastError ?? "")));
    }

    private static OriginatedRoute[] Ours() =>
    [
        new(new MacIpRoute(new(Rd, 0, MacAddress.Parse("02:11:00:00:00:01"), IpAddress.Parse("10.77.0.11")), EthernetSegment.None, new Vni(100), null), With(Target), "vm"),
        new(new MulticastRoute(new(Rd, 0, Vtep)), With(Target) with { Pmsi = PmsiTunnel.IngressReplication(new Vni(100), Vtep) }, "network"),
        new(
            new IpPrefixRoute(new(Rd, 0, IpPrefix.Parse("10.99.0.0/16")), EthernetSegment.None, null, new Vni(4000)),
            With(RouteTarget.Parse("65000:4000"), ExtendedCommunity.RouterMac(MacAddress.Parse("02:bb:00:00:00:01"))), "vrf"),
    ];

    private static PathAttributes With(RouteTarget target, params ExtendedCommunity[] more) => new()
    {
        NextHop = Vtep,
        ExtendedCommunities = [ExtendedCommunity.Of(target), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan), .. more],
    };
}
