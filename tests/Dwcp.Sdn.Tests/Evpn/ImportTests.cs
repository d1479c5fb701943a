using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Tests.Fabric;

namespace Dwcp.Sdn.Tests.Evpn;

/// <summary>What switches need of what peers announce.</summary>
public class ImportTests
{
    private const string Far = "02:00:00:00:01:65";

    private static EvpnBench Bench()
    {
        var bench = new EvpnBench(3);
        bench.Port("a", "02:00:00:00:00:11");
        bench.Port("b", "02:00:00:00:00:12");
        bench.Plug(1, "a");
        bench.Plug(2, "b");
        return bench;
    }

    [Fact]
    public void A_host_of_a_leaf_is_known_on_every_switch_of_its_network_and_on_no_other()
    {
        var bench = Bench();

        bench.Learn(EvpnBench.Host(Far), EvpnBench.Host(Far, "10.0.0.101"));

        Assert.All([1, 2], h =>
        {
            var need = bench.Needs<RemoteHostNeed>(h).Single(n => n.Mac == MacAddress.Parse(Far));
            Assert.Equal((EvpnBench.Leaf, "10.0.0.101", 100u, true), (need.Vtep.ToString(), Assert.Single(need.Addresses).ToString(), need.Vni.Value, need.AnswerArp));
            Assert.Contains(bench.Needs<VtepNeed>(h), v => v.Address.ToString() == EvpnBench.Leaf);
        });
        Assert.Empty(bench.Needs<RemoteHostNeed>(3));
        Assert.Empty(bench.Needs<VtepNeed>(3));

        bench.Withdraw(EvpnBench.Host(Far), EvpnBench.Host(Far, "10.0.0.101"));
        Assert.All([1, 2], h => Assert.Null(bench.RemoteVtepOf(h, Far)));
        Assert.All([1, 2], h => Assert.DoesNotContain(bench.Needs<VtepNeed>(h), v => v.Address.ToString() == EvpnBench.Leaf));
    }

    [Fact]
    public void A_leaf_that_wants_broadcast_gets_it_and_its_frames_are_taken()
    {
        var bench = Bench();

        bench.Learn(EvpnBench.Flood());
        Assert.Equal(["192.0.2.2", EvpnBench.Leaf], Assert.Single(bench.Needs<FloodNeed>(1)).RemoteVteps.Select(v => v.ToString()));
        Assert.Contains(bench.Needs<VtepNeed>(1), v => v.Address.ToString() == EvpnBench.Leaf);

        bench.Withdraw(EvpnBench.Flood());
        Assert.Equal(["192.0.2.2"], Assert.Single(bench.Needs<FloodNeed>(1)).RemoteVteps.Select(v => v.ToString()));
        Assert.DoesNotContain(bench.Needs<VtepNeed>(1), v => v.Address.ToString() == EvpnBench.Leaf);
    }

    [Fact]
    public void A_switch_that_carries_the_network_later_learns_all_of_it_and_one_that_leaves_it_forgets()
    {
        var bench = Bench();
        bench.Learn(EvpnBench.Host(Far), EvpnBench.Flood());
        bench.Port("c", "02:00:00:00:00:13");

        bench.Plug(3, "c");
        Assert.Equal(EvpnBench.Leaf, bench.RemoteVtepOf(3, Far));
        Assert.Contains(Assert.Single(bench.Needs<FloodNeed>(3)).RemoteVteps, v => v.ToString() == EvpnBench.Leaf);

        bench.Unplug(3, "c");
        Assert.Empty(bench.Needs<RemoteHostNeed>(3));
        Assert.Empty(bench.Needs<VtepNeed>(3));
    }

    [Fact]
    public void What_has_another_target_VNI_or_encapsulation_is_not_taken()
    {
        var bench = Bench();

        bench.Learn(EvpnBench.Host(Far, vni: 101));
        Assert.Null(bench.RemoteVtepOf(1, Far));

        var route = EvpnBench.Host(Far);
        var attributes = new PathAttributes { NextHop = IpAddress.Parse(EvpnBench.Leaf), ExtendedCommunities = [ExtendedCommunity.Of(RouteTarget.Parse("65000:7"))] };
        bench.Deliver([new RouteChange(route, new LearnedRoute(route, attributes, "leaf"))]);
        Assert.Null(bench.RemoteVtepOf(1, Far));

        attributes = attributes with { ExtendedCommunities = [ExtendedCommunity.Of(EvpnBench.Blue), ExtendedCommunity.Of(TunnelEncapsulation.Geneve)] };
        bench.Deliver([new RouteChange(route, new LearnedRoute(route, attributes, "leaf"))]);
        Assert.Null(bench.RemoteVtepOf(1, Far));

        attributes = attributes with { ExtendedCommunities = [ExtendedCommunity.Of(EvpnBench.Blue), ExtendedCommunity.Of(TunnelEncapsulation.Mpls), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan)] };
        bench.Deliver([new RouteChange(route, new LearnedRoute(route, attributes, "leaf"))]);
        Assert.Equal(EvpnBench.Leaf, bench.RemoteVtepOf(1, Far)); // One of several is enough, RFC 8365 §5.1.3.

        var flood = EvpnBench.Flood();
        var taken = PmsiTunnel.IngressReplication(new Vni(100), IpAddress.Parse(EvpnBench.Leaf));
        foreach (var (pmsi, isTaken) in (ReadOnlySpan<(PmsiTunnel?, bool)>)[(taken with { Label = new Vni(101) }, false), (taken with { Kind = 1 }, false), (null, false), (taken, true)])
        {
            attributes = attributes with { ExtendedCommunities = [ExtendedCommunity.Of(EvpnBench.Blue)], Pmsi = pmsi };
            bench.Deliver([new RouteChange(flood, new LearnedRoute(flood, attributes, "leaf"))]);
            Assert.Equal(isTaken, bench.Needs<FloodNeed>(1).Any(n => n.RemoteVteps.Items.Any(v => v.ToString() == EvpnBench.Leaf)));
        }
    }

    [Fact]
    public void Targets_that_a_network_imports_later_bring_what_is_there_already()
    {
        var bench = Bench();
        bench.Do(Ask.Network("blue", 100, s => s with { ImportTargets = ["65000:7"] }));
        Assert.Equal(["65000:7"], bench.Fabric.Machine.TakeBgp(false).Imports.Select(t => t.ToString()));
        bench.Learn(EvpnBench.Host(Far));
        Assert.Null(bench.RemoteVtepOf(1, Far));

        bench.Do(Ask.Network("blue", 100, s => s with { ImportTargets = ["65000:7", "65000:100"] }));

        Assert.Equal(EvpnBench.Leaf, bench.RemoteVtepOf(1, Far));
    }

    [Fact]
    public void Of_several_VTEPs_the_one_with_the_most_moves_is_believed_and_of_equals_the_lowest()
    {
        var bench = Bench();
        bench.Learn(0, "192.0.2.203", EvpnBench.Host(Far, vtep: "192.0.2.203"));
        bench.Learn(0, "192.0.2.202", EvpnBench.Host(Far, vtep: "192.0.2.202"));
        Assert.Equal("192.0.2.202", bench.RemoteVtepOf(1, Far));

        bench.Learn(3, "192.0.2.204", EvpnBench.Host(Far, vtep: "192.0.2.204"));
        Assert.Equal("192.0.2.204", bench.RemoteVtepOf(1, Far));

        bench.Withdraw(EvpnBench.Host(Far, vtep: "192.0.2.204"));
        Assert.Equal("192.0.2.202", bench.RemoteVtepOf(1, Far));
        Assert.Equal(["192.0.2.1", "192.0.2.202"], bench.Needs<VtepNeed>(2).Select(v => v.Address.ToString()));
    }

    [Fact]
    public void Nobody_speaks_for_the_gateway()
    {
        var bench = Bench();
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24", "10.0.0.1"));

        bench.Learn(EvpnBench.Host("02:00:5e:00:01:01"), EvpnBench.Host(Far), EvpnBench.Host(Far, "10.0.0.1"));

        Assert.Null(bench.RemoteVtepOf(1, "02:00:5e:00:01:01"));
        Assert.Empty(bench.Needs<RemoteHostNeed>(1).Single(n => n.Mac == MacAddress.Parse(Far)).Addresses);
    }

    [Fact]
    public void A_network_that_is_made_again_has_what_it_learned_under_its_new_number()
    {
        var bench = Bench();
        bench.Learn(EvpnBench.Host(Far));
        bench.Do(Ask.Delete(ResourceKind.Network, "blue"), Ask.Network("red", 7), Ask.Network("blue", 100));

        var need = bench.Needs<RemoteHostNeed>(1).Single(n => n.Mac == MacAddress.Parse(Far));
        Assert.Equal(((NetworkStatus)bench.Fabric.Get(ResourceKind.Network, "blue").Status).BridgeDomain, need.BridgeDomain);
        Assert.NotEqual(1u, need.BridgeDomain);
    }

    [Fact]
    public void After_a_restart_what_peers_have_yet_to_say_again_is_unknown_until_they_have()
    {
        var bench = Bench();
        bench.Do(EvpnBench.Peer("leaf", "192.0.2.201"), EvpnBench.Peer("other", "192.0.2.202"));
        Assert.Null(bench.Fabric.Machine.Take(bench.Datapath(1), null)!.IsUnknownYet);

        bench.Restart();
        var unknown = bench.Fabric.Machine.Take(bench.Datapath(1), null)!.IsUnknownYet!;
        Assert.True(unknown(new VtepNeed(IpAddress.Parse(EvpnBench.Leaf)).Cookie));
        Assert.True(unknown(new RemoteHostNeed(1, MacAddress.Parse(Far), [], IpAddress.Parse(EvpnBench.Leaf), new Vni(100), true).Cookie));
        Assert.False(unknown(new Cookie(NeedKind.Port, 1)));
        Assert.False(unknown(new Cookie(NeedKind.Network, 1)));

        // What was known and is gone is not unknown.
        bench.Unplug(2, "b");
        var gone = new RemoteHostNeed(1, MacAddress.Parse("02:00:00:00:00:12"), [], IpAddress.Parse("192.0.2.2"), new Vni(100), true).Cookie;
        Assert.True(unknown(gone));
        Assert.False(bench.Fabric.Machine.Take(bench.Datapath(1), null)!.IsUnknownYet!(gone));

        bench.Fabric.PassAll();
        bench.Fabric.Machine.PeerSynchronised("leaf");
        Assert.NotNull(bench.Fabric.Machine.Take(bench.Datapath(1), null)!.IsUnknownYet);
        bench.Fabric.Machine.RoutesLearned([EvpnBench.Change(EvpnBench.Host(Far))]);
        bench.Fabric.Machine.PeerSynchronised("other");

        // A switch's loop that asks now is not told of that route yet, and must not take away what it stands for.
        Assert.NotNull(bench.Fabric.Machine.Take(bench.Datapath(1), null)!.IsUnknownYet);
        bench.Fabric.Settle();
        Assert.Contains(bench.Datapath(1), bench.Fabric.Last.Wake);
        var work = bench.Fabric.Machine.Take(bench.Datapath(1), null)!;
        Assert.Null(work.IsUnknownYet);
        Assert.Contains(work.Changes, c => c.Need is RemoteHostNeed need && need.Mac == MacAddress.Parse(Far));
    }
}
