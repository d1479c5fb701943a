using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using static Dwcp.Sdn.Tests.Topology.Cables;

namespace Dwcp.Sdn.Tests.Learning;

/// <summary>What a learning switch is told over its connection.</summary>
public sealed class LearningLoopTests : IAsyncLifetime
{
    private static readonly byte[] Broadcast1 = LearningSwitchTests.Frame(ulong.MaxValue, 1, null);
    private static readonly byte[] To1From2 = LearningSwitchTests.Frame(1, 2, null);

    private readonly PlainBench bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await bench.DisposeAsync();

    [Fact]
    public async Task A_packet_that_is_not_buffered_gets_its_flow_and_is_sent_itself()
    {
        var plain = await JoinAsync();
        await plain.PacketInAsync(1, Broadcast1);
        await plain.UntilAsync("the flood", got => got.Count > 0);
        Assert.Equal(new PacketOut(FlowMod.NoBuffer, new(1), [new OutputAction(PortNumber.All)], [.. Broadcast1]), Assert.Single(plain.Got));

        plain.Forget();
        await plain.PacketInAsync(2, To1From2);
        await plain.UntilAsync("flow and packet", got => got.Count > 1);
        var flow = Assert.IsType<FlowMod>(plain.Got[0]);
        Assert.Equal((FlowModCommand.Add, FlowMod.NoBuffer, (ushort)60, (ushort)240), (flow.Command, flow.Buffer, flow.Rule.IdleTimeout, flow.Rule.HardTimeout));
        Assert.Equal<FlowAction>([new OutputAction(new PortNumber(1))], flow.Rule.Apply.Items);
        Assert.Equal(
            [(Fields.VlanVid, 0), (Fields.InPort, 2), (Fields.EthDst, 0x0200_0000_0001), (Fields.EthSrc, 0x0200_0000_0002)],
            flow.Rule.Key.Match.Fields.OrderBy(f => f.Value).Select(f => (f.Field, (ulong)f.Value)));
        Assert.Equal(new PacketOut(FlowMod.NoBuffer, new(2), [new OutputAction(new PortNumber(1))], [.. To1From2]), plain.Got[1]);
        Assert.Equal(2, plain.Got.Count);
    }

    [Fact]
    public async Task A_packet_that_is_buffered_is_sent_by_its_number_and_freed_where_it_goes_nowhere()
    {
        var plain = await JoinAsync();
        await plain.PacketInAsync(1, Broadcast1, buffer: 7);
        await plain.PacketInAsync(2, To1From2, buffer: 8);
        await plain.PacketInAsync(3, Broadcast1, buffer: 9); // Its own, come back.
        await plain.UntilAsync("all three", got => got.Count > 2);
        Assert.Equal(new PacketOut(7, new(1), [new OutputAction(PortNumber.All)], []), plain.Got[0]);
        Assert.Equal(8u, Assert.IsType<FlowMod>(plain.Got[1]).Buffer);
        Assert.Equal(new PacketOut(9, new(3), [], []), plain.Got[2]);
        Assert.Equal(3, plain.Got.Count);
    }

    [Fact]
    public async Task What_a_switch_held_goes_first_and_what_is_for_many_passes_a_meter()
    {
        var plain = await bench.JoinAsync(1, 3);
        var rules = plain.Got.OfType<FlowMod>().ToList();
        Assert.Equal((FlowModCommand.Delete, 0ul, Match.All), (rules[0].Command, rules[0].CookieMask, rules[0].Rule.Key.Match));
        Assert.Equal([(300, 1u), (50, 2u), (0, (uint?)null)], rules[1..].Select(r => ((int)r.Rule.Key.Priority, r.Rule.Meter)));
        Assert.Equal([(GroupModCommand.Delete, 0xffff_fffcu)], plain.Got.OfType<GroupMod>().Select(m => (m.Command, m.Group.Id)));
        Assert.Equal(
            [(MeterModCommand.Delete, 0xffff_ffffu), (MeterModCommand.Add, 1u), (MeterModCommand.Add, 2u), (MeterModCommand.Add, 3u)],
            plain.Got.OfType<MeterMod>().Select(m => (m.Command, m.Meter.Id)));
    }

    [Fact]
    public async Task A_switch_that_refuses_to_be_taken_over_is_asked_again()
    {
        var plain = await RefuseAsync();
        await bench.PassUntilAsync("another try", () => plain.Got.Count(IsLastRule) == 2);
        plain.Refuses = null;
        await bench.PassUntilAsync("the first order", () => plain.Got.Count(IsLastRule) == 3 && plain.Got.AsEnumerable().Reverse().TakeWhile(m => !IsLastRule(m)).Count(m => m is BarrierRequest) == 2);
    }

    [Fact]
    public async Task A_switch_that_refused_to_be_taken_over_and_is_to_be_observed_keeps_nothing_of_it()
    {
        var plain = await RefuseAsync();
        plain.Forget();
        await bench.ModeAsync(plain, "OBSERVED");
        await plain.UntilAsync("all is taken back", got => got.OfType<FlowMod>().Any(f => f is { Command: FlowModCommand.Delete, CookieMask: ~3ul }));
    }

    [Fact]
    public async Task Rules_and_meters_are_taken_back_when_a_switch_is_to_be_observed()
    {
        var plain = await JoinAsync();
        await bench.ModeAsync(plain, "OBSERVED");
        await plain.UntilAsync("the last meter", got => got.OfType<MeterMod>().Any(m => m.Meter.Id == 3));
        var deleted = Assert.Single(plain.Got.OfType<FlowMod>());
        Assert.Equal((FlowModCommand.Delete, Match.All, ~3ul), (deleted.Command, deleted.Rule.Key.Match, deleted.CookieMask));
        Assert.Equal([1u, 2u, 3u], plain.Got.OfType<MeterMod>().Where(m => m.Command == MeterModCommand.Delete).Select(m => m.Meter.Id));
    }

    [Fact]
    public async Task With_a_port_go_the_stations_behind_it_and_the_flows_that_lead_there()
    {
        var plain = await JoinAsync();
        await plain.PacketInAsync(1, Broadcast1);
        await plain.PortAsync(1, isDown: true);
        await plain.PacketInAsync(2, To1From2);
        await plain.UntilAsync("both floods", got => got.OfType<PacketOut>().Count() > 1);
        var deleted = Assert.Single(plain.Got.OfType<FlowMod>());
        Assert.Equal((FlowModCommand.Delete, new PortNumber(1)), (deleted.Command, deleted.OutPort));
        Assert.Equal<FlowAction>([new OutputAction(PortNumber.All)], plain.Got.OfType<PacketOut>().Last().Actions.Items);
    }

    [Fact]
    public async Task A_port_that_brings_more_LLDP_than_a_switch_would_send_is_mute_for_a_while()
    {
        var plain = await JoinAsync();
        byte[] lldp = [1, 0x80, 0xc2, 0, 0, 0xe, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 0, 0];
        for (var i = 0; i < 60; i++)
        {
            await plain.PacketInAsync(2, lldp);
        }

        await plain.UntilAsync("a rule", got => got.OfType<FlowMod>().Any());
        var rule = plain.Got.OfType<FlowMod>().First().Rule;
        Assert.Equal((310, 30, 0), (rule.Key.Priority, rule.HardTimeout, rule.Apply.Count));
        Assert.Equal([(Fields.InPort, 2ul), (Fields.EthType, 0x88ccul)], rule.Key.Match.Fields.OrderBy(f => f.Value).Select(f => (f.Field, (ulong)f.Value)));
    }

    [Fact]
    public async Task A_port_that_the_tree_blocks_sends_nothing_and_who_was_behind_it_is_forgotten()
    {
        var (one, _) = (await JoinAsync(1), await JoinAsync(2));
        await one.PacketInAsync(1, Broadcast1);
        await one.PacketInAsync(3, To1From2);
        await one.UntilAsync("the flow", got => got.OfType<FlowMod>().Any());
        one.Forget();
        bench.Plug(End(1, 1), End(2, 1));
        bench.Plug(End(1, 2), End(2, 2));
        await bench.PassUntilAsync("one cable rests", () => one.Blocked.SequenceEqual([2u]) && one.Got[^1] is BarrierRequest);

        var deleted = one.Got.OfType<FlowMod>().Where(f => f.Command == FlowModCommand.Delete).ToList();
        Assert.Contains(deleted, d => d.Rule.Key.Match.ToString() == "in_port=2");
        Assert.Superset(new HashSet<PortNumber> { new(1), new(2) }, deleted.Select(d => d.OutPort).ToHashSet());
        one.Forget();
        await one.PacketInAsync(3, To1From2);
        await one.UntilAsync("the flood", got => got.OfType<PacketOut>().Any());
        Assert.Equal<FlowAction>([new OutputAction(new PortNumber(1)), new OutputAction(new PortNumber(3))], one.Got.OfType<PacketOut>().First().Actions.Items);
    }

    [Fact]
    public async Task Who_was_reached_over_a_link_elsewhere_that_is_gone_is_forgotten_with_the_flows_that_lead_there()
    {
        var (one, two, three) = (await JoinAsync(1), await JoinAsync(2), await JoinAsync(3));
        bench.Plug(End(1, 1), End(2, 1));
        bench.Plug(End(2, 2), End(3, 1));
        await bench.PassAsync(TimeSpan.FromSeconds(2));
        await one.PacketInAsync(1, Broadcast1);
        await one.PacketInAsync(3, To1From2);
        await one.UntilAsync("the flow", got => got.OfType<FlowMod>().Any(f => f is { Command: FlowModCommand.Add, Rule.Key.Priority: 100 }));
        one.Forget();
        await three.PortAsync(1, isDown: true);
        await bench.PassUntilAsync("the order", () => one.Got.OfType<BarrierRequest>().Any());
        Assert.Equal((FlowModCommand.Delete, new PortNumber(1)), Assert.Single(one.Got.OfType<FlowMod>()) is var deleted ? (deleted.Command, deleted.OutPort) : default);
        Assert.Empty(two.Blocked);
        await one.PacketInAsync(3, To1From2);
        await one.UntilAsync("the flood", got => got.OfType<PacketOut>().Any());
        Assert.Equal<FlowAction>([new OutputAction(PortNumber.All)], one.Got.OfType<PacketOut>().First().Actions.Items);
    }

    [Fact]
    public async Task A_station_that_moves_has_the_flows_that_name_it_deleted_first()
    {
        var plain = await JoinAsync();
        await plain.PacketInAsync(1, Broadcast1);
        await plain.PacketInAsync(2, To1From2);
        await plain.UntilAsync("the flow", got => got.Count > 2);
        plain.Forget();
        await plain.PacketInAsync(3, LearningSwitchTests.Frame(2, 1, null));
        await plain.UntilAsync("deletions, flow and packet", got => got.Count > 3);
        var deleted = plain.Got.Take(2).Cast<FlowMod>().ToList();
        Assert.All(deleted, d => Assert.Equal(FlowModCommand.Delete, d.Command));
        Assert.Equal([Fields.EthDst, Fields.EthSrc], deleted.Select(d => d.Rule.Key.Match.Fields.Single().Field));
        Assert.Equal(FlowModCommand.Add, Assert.IsType<FlowMod>(plain.Got[2]).Command);
    }

    [Fact]
    public async Task A_port_that_asks_for_more_floods_than_it_may_gets_a_meter_for_a_while()
    {
        var plain = await JoinAsync();
        for (var i = 0; i < 150; i++)
        {
            await plain.PacketInAsync(1, LearningSwitchTests.Frame((ulong)i + 100, 1, null));
        }

        await plain.UntilAsync("all that is flooded, and a meter", got => got.Count > 100);
        await plain.PacketInAsync(2, LearningSwitchTests.Frame(ulong.MaxValue, 2, null));
        await plain.UntilAsync("the flood of another port", got => got.OfType<PacketOut>().Any(p => p.InPort == new PortNumber(2)));
        Assert.Equal(100, plain.Got.OfType<PacketOut>().Count(p => p.InPort == new PortNumber(1)));
        var offender = Assert.Single(plain.Got.OfType<FlowMod>()).Rule;
        Assert.Equal((3u, (ushort)30), (offender.Meter!.Value, offender.HardTimeout));
        Assert.Equal((UInt128)1, offender.Key.Match.Fields.Single(f => f.Field == Fields.InPort).Value);
    }

    [Fact]
    public async Task A_port_that_was_down_and_comes_up_floods_less_until_who_is_behind_it_would_have_been_found()
    {
        var plain = await bench.JoinAsync(1, 3, down: 3);
        await bench.PassAsync(TimeSpan.FromSeconds(3.1)); // Both probes have left by the other ports, the second a second after the first.
        await plain.PortAsync(3, isDown: false);
        for (var i = 0; i < 150; i++)
        {
            await plain.PacketInAsync(3, LearningSwitchTests.Frame((ulong)i + 100, 1, null));
            await plain.PacketInAsync(2, LearningSwitchTests.Frame((ulong)i + 100, 2, null));
        }

        await plain.UntilAsync("the floods of the settled port", got => got.OfType<PacketOut>().Count(p => p.InPort == new PortNumber(2)) == 150);
        Assert.Equal(100, plain.Got.OfType<PacketOut>().Count(p => p.InPort == new PortNumber(3)));
    }

    [Fact]
    public async Task Who_does_not_confirm_holds_up_nobody_but_those_with_which_it_makes_a_circle()
    {
        var honest = new List<PlainSwitch>();
        foreach (var id in new ulong[] { 1, 2, 3 })
        {
            honest.Add(await JoinAsync(id));
            bench.Plug(End(id, 1), End((id % 3) + 1, 2));
        }

        var (other, hostile) = (await JoinAsync(10), await JoinAsync(11));
        bench.Plug(End(10, 1), End(11, 1));
        bench.Plug(End(10, 2), End(11, 2));
        await bench.PassUntilAsync("the trees stand", () => honest.Sum(s => s.Blocked.Count()) == 2 && other.Blocked.Concat(hostile.Blocked).SequenceEqual([2u, 2u]));

        // The first cable of the pair is cut, and the hostile one does not say that it has opened the second.
        hostile.HoldBack();
        await other.PortAsync(1, isDown: true);
        await bench.PassUntilAsync("the hostile one is asked", () => hostile.Unanswered > 0);
        var passed = TimeSpan.Zero;
        foreach (var isDown in new[] { true, false, true, false })
        {
            await honest[0].PortAsync(1, isDown);
            passed += await bench.PassUntilAsync("the tree of the others follows", () => honest.Sum(s => s.Blocked.Count()) == (isDown ? 0 : 2));
        }

        Assert.InRange(passed, TimeSpan.Zero, TimeSpan.FromMilliseconds(1900));
        Assert.Equal(1, hostile.Unanswered);
    }

    [Fact]
    public async Task A_port_that_went_down_for_a_moment_is_asked_anew_who_is_behind_it()
    {
        var plain = await JoinAsync();
        await bench.PassAsync(TimeSpan.FromSeconds(3));
        plain.Forget();
        await plain.PortAsync(2, isDown: true);
        await plain.PortAsync(2, isDown: false);
        Assert.InRange(await bench.PassUntilAsync("a probe", () => plain.Probed.Contains(2)), TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task Frames_that_were_refused_are_counted_for_as_long_as_their_switch_is_there()
    {
        var plain = await JoinAsync();
        await plain.PacketInAsync(2, [1, 0x80, 0xc2, 0, 0, 0xe, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 0, 0]);
        await bench.PassUntilAsync("a refusal", () => bench.Refusals() == 1);

        plain.Dispose();
        await bench.PassUntilAsync("none", () => bench.Refusals() == 0);
    }

    [Fact]
    public async Task A_switch_that_refuses_to_tell_its_flows_is_shown_without_them()
    {
        var plain = await JoinAsync();
        plain.Refuses = m => m is MultipartRequest;
        Assert.Null(await bench.FlowsAsync(plain).WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static bool IsLastRule(OfMessage message) => message is FlowMod { Command: FlowModCommand.Add, Rule.Key.Priority: 0 };

    /// <summary>A switch that refuses the barrier that would confirm that it has become a learning switch.</summary>
    private async Task<PlainSwitch> RefuseAsync()
    {
        var plain = await JoinAsync();
        await bench.ModeAsync(plain, "OBSERVED");
        await plain.UntilAsync("all is taken back", got => got.OfType<MeterMod>().Any(m => m.Meter.Id == 3));
        plain.Forget();
        plain.Refuses = m => m is BarrierRequest && plain.Got is [.., var before, _] && IsLastRule(before);
        await bench.ModeAsync(plain, "LEARNING");
        await plain.UntilAsync("a try", got => got.Exists(IsLastRule));
        return plain;
    }

    private Task<PlainSwitch> JoinAsync() => JoinAsync(1);

    private async Task<PlainSwitch> JoinAsync(ulong id)
    {
        var plain = await bench.JoinAsync(id, 3);
        plain.Forget();
        return plain;
    }
}
