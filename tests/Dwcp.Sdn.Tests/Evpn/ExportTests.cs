using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Tests.Fabric;

namespace Dwcp.Sdn.Tests.Evpn;

/// <summary>What the fabric announces, with which identifiers.</summary>
public class ExportTests
{
    private const string Mac = "02:00:00:00:00:11";

    [Fact]
    public void A_placed_port_is_its_MAC_alone_and_with_each_address_and_its_host_wants_the_broadcast()
    {
        var bench = new EvpnBench(1);
        bench.Port("a", Mac, "10.0.0.5", "fd00::5");
        Assert.Empty(bench.Announced);

        bench.Plug(1, "a");

        Assert.Equal(
            [
                $"macip rd=192.0.2.1:1 tag=0 mac={Mac} ip=10.0.0.5 l2=100",
                $"macip rd=192.0.2.1:1 tag=0 mac={Mac} ip=fd00::5 l2=100",
                $"macip rd=192.0.2.1:1 tag=0 mac={Mac} l2=100",
            ],
            bench.Of<MacIpRoute>().Select(r => r.Route.ToString()));
        Assert.All(bench.Announced.Values, r => Assert.Equal("192.0.2.1", r.Attributes.NextHop.ToString()));
        Assert.All(bench.Announced.Values, r => Assert.Equal(["rt:65000:100", "encapsulation:Vxlan"], r.Attributes.ExtendedCommunities.Select(c => c.ToString())));
        Assert.All(bench.Of<MacIpRoute>(), r => Assert.Equal("ports/a", r.Object));
        var flood = Assert.Single(bench.Of<MulticastRoute>());
        Assert.Equal("multicast rd=192.0.2.1:1 tag=0 originator=192.0.2.1", flood.Route.ToString());
        Assert.Equal(PmsiTunnel.IngressReplication(new Vni(100), IpAddress.Parse("192.0.2.1")), flood.Attributes.Pmsi);

        bench.Unplug(1, "a");
        Assert.Empty(bench.Announced);
    }

    [Fact]
    public void Targets_that_a_network_names_replace_those_that_are_derived()
    {
        var bench = new EvpnBench(1);
        bench.Port("a", Mac);
        bench.Plug(1, "a");

        bench.Do(Ask.Network("blue", 100, s => s with { ExportTargets = ["65000:9", "10.0.0.1:7"] }));

        Assert.All(bench.Announced.Values, r => Assert.Equal(["65000:9", "10.0.0.1:7"], r.Attributes.RouteTargets.Select(t => t.ToString())));
    }

    [Fact]
    public void A_large_AS_gives_its_low_sixteen_bits_to_the_derived_target()
    {
        var bench = new EvpnBench(1);
        bench.Port("a", Mac);
        bench.Plug(1, "a");

        bench.Do(EvpnBench.Speaker(asn: 4_200_000_123));

        Assert.All(bench.Announced.Values, r => Assert.Equal($"{4_200_000_123 & 0xffff}:100", Assert.Single(r.Attributes.RouteTargets).ToString()));
    }

    [Fact]
    public void The_same_is_announced_after_a_restart_and_an_order_that_changes_nothing_announces_nothing()
    {
        var bench = new EvpnBench(2);
        bench.Port("a", Mac, "10.0.0.5");
        bench.Port("b", "02:00:00:00:00:12", "10.0.0.6");
        bench.Plug(1, "a");
        bench.Plug(2, "b");
        var before = bench.Announced.Values.Select(r => r.ToString()).Order(StringComparer.Ordinal).ToList();

        bench.Restart();
        Assert.Equal(before, bench.Announced.Values.Select(r => r.ToString()).Order(StringComparer.Ordinal));

        var told = bench.Told;
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24", "10.0.0.1"));
        Assert.Equal(told, bench.Told);
        Assert.Equal(before, bench.Announced.Values.Select(r => r.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_gateway_is_nobody_and_is_never_announced()
    {
        var bench = new EvpnBench(1);
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24", "10.0.0.1"));
        bench.Port("a", Mac, "10.0.0.5");
        bench.Plug(1, "a");

        Assert.DoesNotContain(bench.Of<MacIpRoute>(), r => ((MacIpRoute)r.Route).Key is var key && (key.Mac.ToString() == "02:00:5e:00:01:01" || key.Ip?.ToString() == "10.0.0.1"));
    }

    [Fact]
    public void A_MAC_that_goes_from_one_port_to_another_in_one_step_stays_announced()
    {
        var bench = new EvpnBench(1);
        bench.Port("a", Mac);
        bench.Plug(1, "a");
        bench.Plug(1, "b");

        bench.Do(Ask.Delete(ResourceKind.Port, "a"), Ask.Port("b", "blue", s => s with { Mac = Mac }));

        Assert.Equal("ports/b", Assert.Single(bench.Of<MacIpRoute>()).Object);
    }

    [Fact]
    public void Without_a_speaker_there_is_nothing_to_announce_and_with_it_everything()
    {
        var bench = new EvpnBench(1);
        bench.Port("a", Mac);
        bench.Plug(1, "a");

        bench.Do(Ask.Delete(ResourceKind.BgpSpeaker, "speaker"));
        Assert.Empty(bench.Fabric.Machine.TakeBgp(anew: true).Orders.Announce);

        bench.Do(EvpnBench.Speaker());
        Assert.Equal(2, bench.Fabric.Machine.TakeBgp(anew: true).Orders.Announce.Length);
    }

    [Fact]
    public void An_injected_route_is_announced_as_it_was_given()
    {
        var bench = new EvpnBench(0);
        var spec = new EvpnRouteSpec
        {
            Type = 2,
            Rd = "192.0.2.7:1",
            Mac = Mac,
            Ip = "10.0.0.9",
            Vni = 100,
            NextHop = "192.0.2.7",
            Sequence = 4,
            Sticky = true,
            RouterMac = "02:00:00:00:00:77",
        };

        bench.Do(new PutCommand(ResourceKind.EvpnRoute, "x", spec, Ask.NoLabels));

        var route = Assert.Single(bench.Announced.Values);
        Assert.Equal($"macip rd=192.0.2.7:1 tag=0 mac={Mac} ip=10.0.0.9 l2=100", route.Route.ToString());
        Assert.Equal(
            ["rt:65000:100", "encapsulation:Vxlan", "mobility:4:sticky", "router-mac:02:00:00:00:00:77"],
            route.Attributes.ExtendedCommunities.Select(c => c.ToString()));
        Assert.Equal("evpn-routes/x", route.Object);

        bench.Do(Ask.Delete(ResourceKind.EvpnRoute, "x"));
        Assert.Empty(bench.Announced);
    }

    [Fact]
    public void Injected_routes_of_an_Ethernet_segment_have_their_communities()
    {
        var bench = new EvpnBench(0);
        var segment = new EvpnRouteSpec { Type = 4, Rd = "192.0.2.7:0", Esi = "03:02:00:00:00:00:77:00:00:01", NextHop = "192.0.2.7" };
        bench.Do(new PutCommand(ResourceKind.EvpnRoute, "attached", segment, Ask.NoLabels));
        bench.Do(new PutCommand(
            ResourceKind.EvpnRoute,
            "whole",
            segment with { Type = 1, EthernetTag = uint.MaxValue, ExportTargets = ["65000:2", "65000:1"], SingleActive = true, EsiLabel = 9 },
            Ask.NoLabels));
        bench.Do(new PutCommand(ResourceKind.EvpnRoute, "network", segment with { Type = 1, Vni = 100 }, Ask.NoLabels));
        bench.Do(new PutCommand(ResourceKind.EvpnRoute, "other", segment with { Rd = "192.0.2.7:9", EsImport = "02:aa:00:00:00:01" }, Ask.NoLabels));

        Assert.Equal(
            [
                "ad rd=192.0.2.7:0 esi=03:02:00:00:00:00:77:00:00:01 tag=0 label=100 | rt:65000:100 encapsulation:Vxlan",
                "ad rd=192.0.2.7:0 esi=03:02:00:00:00:00:77:00:00:01 tag=4294967295 label=0 | rt:65000:1 rt:65000:2 encapsulation:Vxlan esi-label:9:single-active",
                "segment rd=192.0.2.7:0 esi=03:02:00:00:00:00:77:00:00:01 originator=192.0.2.7 | encapsulation:Vxlan es-import:02:00:00:00:00:77",
                "segment rd=192.0.2.7:9 esi=03:02:00:00:00:00:77:00:00:01 originator=192.0.2.7 | encapsulation:Vxlan es-import:02:aa:00:00:00:01",
            ],
            bench.Announced.Values.Select(r => $"{r.Route} | {string.Join(' ', r.Attributes.ExtendedCommunities)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_network_that_floods_to_more_than_a_switch_can_copy_says_so_until_it_does_not()
    {
        var bench = new EvpnBench(1);
        bench.Port("a", Mac);
        bench.Plug(1, "a");
        var vteps = Enumerable.Range(0, FloodNeed.Most + 1).Select(i => IpAddress.V4(0x0a40_0000 + (uint)i)).ToList();
        var communities = new PathAttributes
        {
            NextHop = vteps[0],
            ExtendedCommunities = [ExtendedCommunity.Of(EvpnBench.Blue), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan)],
        };
        MulticastRoute Of(IpAddress vtep) => new(new MulticastKey(RouteDistinguisher.Of(vtep, 2), 0, vtep));
        bench.Deliver(vteps.Skip(1).Select(v => new RouteChange(
            Of(v), new LearnedRoute(Of(v), communities with { NextHop = v, Pmsi = PmsiTunnel.IngressReplication(new Vni(100), v) }, "leaf"))));
        Assert.Equal("AsExpected", bench.Fabric.Condition(ResourceKind.Network, "blue", ConditionType.Degraded).Reason);

        bench.Learn(0, vteps[0].ToString(), Of(vteps[0]));
        var condition = bench.Fabric.Condition(ResourceKind.Network, "blue", ConditionType.Degraded);
        Assert.Equal((ConditionStatus.True, "FloodLimitExceeded"), (condition.Status, condition.Reason));
        Assert.Contains("h1", condition.Message, StringComparison.Ordinal);

        bench.Withdraw(Of(vteps[7]));
        Assert.Equal("AsExpected", bench.Fabric.Condition(ResourceKind.Network, "blue", ConditionType.Degraded).Reason);
    }
}
