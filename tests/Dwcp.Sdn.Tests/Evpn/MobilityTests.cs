using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Evpn;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Tests.Evpn;

/// <summary>MAC addresses that move, RFC 7432 §15: one step of the sequence per move, whoever makes it.</summary>
public class MobilityTests
{
    private const string Mac = "02:00:00:00:00:11";

    private static EvpnBench Bench()
    {
        var bench = new EvpnBench(3);
        bench.Port("a", Mac, "10.0.0.5");
        bench.Port("c", "02:00:00:00:00:13");
        bench.Plug(3, "c");
        bench.Plug(1, "a");
        return bench;
    }

    [Fact]
    public void A_hundred_moves_between_our_hosts_are_a_hundred_steps_and_end_right()
    {
        var bench = Bench();
        Assert.Equal(0u, bench.SequenceOf(Mac));
        for (var move = 1u; move <= 100; move++)
        {
            var (from, to) = move % 2 == 1 ? (1, 2) : (2, 1);
            bench.Plug(to, "a");
            bench.Unplug(from, "a");

            Assert.Equal(move, bench.SequenceOf(Mac));
            Assert.Equal($"192.0.2.{to}", bench.VtepOf(Mac));
            Assert.Equal($"192.0.2.{to}", bench.RemoteVtepOf(3, Mac));
        }

        Assert.Equal(4, bench.Of<MacIpRoute>().Count(r => r.Object == "ports/a"));
        bench.SettleMoves();
        Assert.Equal(100u, bench.SequenceOf(Mac));
        Assert.Equal(2, bench.Of<MacIpRoute>().Count(r => r.Object == "ports/a"));
        Assert.DoesNotContain("DuplicateMac", bench.Events(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_moves_outlives_a_restart_and_the_port_but_not_its_end()
    {
        var bench = Bench();
        bench.Plug(2, "a");
        bench.Unplug(1, "a");
        bench.Restart();
        Assert.Equal(1u, bench.SequenceOf(Mac));
        bench.Plug(1, "a");
        bench.Unplug(2, "a");
        Assert.Equal(2u, bench.SequenceOf(Mac));

        bench.Do(new DeleteCommand(ResourceKind.Port, "a"));
        Assert.DoesNotContain(bench.Fabric.Store.Keys, k => k.StartsWith("/moves/", StringComparison.Ordinal));
        Assert.Null(bench.SequenceOf(Mac));
    }

    [Fact]
    public void A_port_that_is_plugged_again_on_its_host_has_not_moved()
    {
        var bench = Bench();

        bench.Unplug(1, "a");
        bench.Plug(1, "a");

        Assert.Equal(0u, bench.SequenceOf(Mac));
    }

    [Fact]
    public void A_VM_that_goes_to_a_leaf_and_back_a_hundred_times_takes_a_step_each_time_and_ends_right()
    {
        var bench = Bench();
        for (var round = 0u; round < 50; round++)
        {
            // Away: the leaf has it before its interface here is gone.
            bench.Learn((2 * round) + 1, EvpnBench.Leaf, EvpnBench.Host(Mac), EvpnBench.Host(Mac, "10.0.0.5"));
            Assert.Null(bench.SequenceOf(Mac));
            Assert.Equal(EvpnBench.Leaf, bench.RemoteVtepOf(3, Mac));
            Assert.DoesNotContain(bench.Needs<LocalPortNeed>(1), n => n.Mac == MacAddress.Parse(Mac));
            Assert.StartsWith("MovedAway", bench.Fabric.Condition(ResourceKind.Port, "a", ConditionType.Bound).Reason, StringComparison.Ordinal);
            bench.Unplug(1, "a");

            // Back: it is announced with one more before the leaf has withdrawn.
            bench.Plug(1, "a");
            Assert.Equal((2 * round) + 2, bench.SequenceOf(Mac));
            Assert.Equal("192.0.2.1", bench.RemoteVtepOf(3, Mac));
            bench.Withdraw(EvpnBench.Host(Mac), EvpnBench.Host(Mac, "10.0.0.5"));
            Assert.Equal("192.0.2.1", bench.RemoteVtepOf(3, Mac));
        }

        Assert.Single(bench.Needs<LocalPortNeed>(1));
        Assert.DoesNotContain("DuplicateMac", bench.Events(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_VM_that_comes_from_a_leaf_is_announced_above_what_the_leaf_says()
    {
        var bench = new EvpnBench(1);
        bench.Port("a", Mac);
        bench.Learn(7, EvpnBench.Leaf, EvpnBench.Host(Mac));

        bench.Plug(1, "a");

        Assert.Equal(8u, bench.SequenceOf(Mac));
        Assert.Null(bench.RemoteVtepOf(1, Mac));
    }

    [Fact]
    public void There_is_no_step_after_the_last_sequence_number()
    {
        var bench = Bench();
        bench.Learn(uint.MaxValue, EvpnBench.Leaf, EvpnBench.Host(Mac));
        bench.Unplug(1, "a");

        bench.Plug(1, "a");

        Assert.Equal(uint.MaxValue, bench.SequenceOf(Mac));
    }

    [Fact]
    public void A_VM_that_a_leaf_had_and_gave_up_comes_back_with_one_step()
    {
        var bench = Bench();
        bench.Unplug(1, "a");
        bench.Learn(EvpnBench.Host(Mac));
        bench.Withdraw(EvpnBench.Host(Mac));

        bench.Plug(1, "a");

        Assert.Equal(1u, bench.SequenceOf(Mac));
    }

    [Fact]
    public void A_peer_that_says_no_more_than_we_do_is_not_believed()
    {
        var bench = Bench();

        bench.Learn(EvpnBench.Host(Mac));

        Assert.Equal(0u, bench.SequenceOf(Mac));
        Assert.Equal("192.0.2.1", bench.RemoteVtepOf(3, Mac));
    }

    [Fact]
    public void A_port_whose_MAC_a_peer_gives_up_is_here_again_with_one_step()
    {
        var bench = Bench();
        bench.Learn(1, EvpnBench.Leaf, EvpnBench.Host(Mac));

        bench.Withdraw(EvpnBench.Host(Mac));

        Assert.Equal(2u, bench.SequenceOf(Mac));
        Assert.Equal("192.0.2.1", bench.RemoteVtepOf(3, Mac));
    }

    [Fact]
    public void Five_moves_that_no_binding_made_freeze_a_MAC_where_it_is_bound_until_the_other_is_gone()
    {
        var bench = Bench();
        for (var n = 0u; n < 4; n++)
        {
            bench.Learn((2 * n) + 1, EvpnBench.Leaf, EvpnBench.Host(Mac));
            Assert.Null(bench.SequenceOf(Mac));
            bench.Withdraw(EvpnBench.Host(Mac));
        }

        bench.Learn(9, EvpnBench.Leaf, EvpnBench.Host(Mac));
        Assert.Equal(8u, bench.SequenceOf(Mac));
        Assert.Contains("DuplicateMac:ports/a", bench.Events(), StringComparison.Ordinal);
        Assert.Equal("DuplicateMac", bench.Fabric.Condition(ResourceKind.Port, "a", ConditionType.Degraded).Reason);
        bench.Learn(50, EvpnBench.Leaf, EvpnBench.Host(Mac));
        Assert.Equal("192.0.2.1", bench.RemoteVtepOf(3, Mac));

        bench.Withdraw(EvpnBench.Host(Mac));
        Assert.Equal("AsExpected", bench.Fabric.Condition(ResourceKind.Port, "a", ConditionType.Degraded).Reason);
    }

    [Fact]
    public void A_port_that_is_made_anew_with_a_frozen_MAC_begins_anew()
    {
        var bench = Bench();
        for (var n = 0u; n < 5; n++)
        {
            bench.Withdraw(EvpnBench.Host(Mac));
            bench.Learn((2 * n) + 1, EvpnBench.Leaf, EvpnBench.Host(Mac));
        }

        Assert.Equal("DuplicateMac", bench.Fabric.Condition(ResourceKind.Port, "a", ConditionType.Degraded).Reason);
        bench.Unplug(1, "a");
        bench.Do(new DeleteCommand(ResourceKind.Port, "a"));
        bench.Port("b", Mac);
        bench.Plug(2, "b");

        Assert.Equal("AsExpected", bench.Fabric.Condition(ResourceKind.Port, "b", ConditionType.Degraded).Reason);
        bench.Learn(50, EvpnBench.Leaf, EvpnBench.Host(Mac));
        Assert.Equal(EvpnBench.Leaf, bench.RemoteVtepOf(3, Mac));
    }

    [Fact]
    public void Moves_of_long_ago_take_no_room()
    {
        var duplicates = new DuplicateMacs();
        var now = DateTimeOffset.UnixEpoch;
        for (var n = 0ul; n < 1000; n++)
        {
            Assert.False(duplicates.Moved("blue", new MacAddress(n), now += TimeSpan.FromSeconds(1)));
        }

        Assert.Equal(180, duplicates.Watched);
    }

    [Fact]
    public void Moves_that_are_three_minutes_apart_are_no_duplicate()
    {
        var bench = Bench();
        for (var n = 0u; n < 20; n++)
        {
            bench.Learn((2 * n) + 1, EvpnBench.Leaf, EvpnBench.Host(Mac));
            bench.Withdraw(EvpnBench.Host(Mac));
            bench.Fabric.Now += TimeSpan.FromSeconds(60);
        }

        Assert.DoesNotContain("DuplicateMac", bench.Events(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sticky_MAC_of_a_peer_is_believed_whatever_the_numbers()
    {
        var bench = Bench();
        bench.Plug(2, "a");
        bench.Unplug(1, "a");
        var route = EvpnBench.Host(Mac);

        bench.Deliver([new RouteChange(route, new LearnedRoute(
            route,
            new PathAttributes
            {
                NextHop = IpAddress.Parse(EvpnBench.Leaf),
                ExtendedCommunities = [ExtendedCommunity.Of(EvpnBench.Blue), ExtendedCommunity.Mobility(new MacMobility(0, true))],
            },
            "leaf"))]);

        Assert.Equal(EvpnBench.Leaf, bench.RemoteVtepOf(3, Mac));
        Assert.Null(bench.SequenceOf(Mac));
    }

    [Fact]
    public void A_MAC_between_two_leafs_that_moves_too_often_stays_where_it_was()
    {
        var bench = Bench();
        const string far = "02:00:00:00:01:65";
        for (var n = 0u; n < 20; n++)
        {
            var leaf = n % 2 == 0 ? "192.0.2.202" : "192.0.2.203";
            bench.Learn(n, leaf, EvpnBench.Host(far, vtep: leaf));
        }

        Assert.Contains("DuplicateMac:networks/blue", bench.Events(), StringComparison.Ordinal);
        Assert.Equal("192.0.2.202", bench.RemoteVtepOf(3, far));

        bench.Withdraw(EvpnBench.Host(far, vtep: "192.0.2.202"));
        Assert.Equal("192.0.2.203", bench.RemoteVtepOf(3, far));
    }
}
