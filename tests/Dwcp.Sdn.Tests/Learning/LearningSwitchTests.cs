using System.Collections.Frozen;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Learning;

namespace Dwcp.Sdn.Tests.Learning;

public class LearningSwitchTests
{
    private static readonly PortNumber P1 = new(1);
    private static readonly PortNumber P2 = new(2);
    private static readonly PortNumber P3 = new(3);

    private readonly LearningSwitch machine = new(new LearningTimes());
    private TimeSpan now = TimeSpan.FromSeconds(10);

    [Fact]
    public void The_first_frame_is_flooded_and_its_answer_goes_to_one_port()
    {
        Assert.Equal(LearningVerdict.Flood, On(P1, from: 1, to: 2).Verdict);
        var answer = On(P2, from: 2, to: 1);
        Assert.Equal((LearningVerdict.Forward, P1), (answer.Verdict, answer.Out));
        Assert.Equal((LearningVerdict.Forward, P2), (On(P1, 1, 2).Verdict, On(P1, 1, 2).Out));
    }

    [Fact]
    public void A_station_that_moves_is_followed_and_its_flows_are_named_as_wrong()
    {
        On(P1, 1, 2);
        now += TimeSpan.FromSeconds(5);
        Assert.True(On(P3, 1, 2).HasMoved);
        Assert.Equal(P3, On(P2, 2, 1).Out);
    }

    [Fact]
    public void Frames_still_under_way_from_the_old_place_do_not_move_a_station_back()
    {
        On(P2, 2, 1);
        On(P1, 1, 2);
        now += TimeSpan.FromSeconds(5);
        On(P3, 1, 2);
        var late = On(P1, 1, 2);
        Assert.Equal((LearningVerdict.ForwardOnce, P2, false), (late.Verdict, late.Out, late.HasMoved));
        Assert.Equal(P3, On(P2, 2, 1).Out);
    }

    [Fact]
    public void A_station_that_is_silent_for_long_is_forgotten()
    {
        On(P1, 1, 2);
        now += TimeSpan.FromSeconds(301);
        Assert.Equal(LearningVerdict.Flood, On(P2, 2, 1).Verdict);
    }

    [Fact]
    public void Vlans_learn_for_themselves()
    {
        On(P1, 1, 2, vlan: 10);
        Assert.Equal(LearningVerdict.Flood, On(P2, 2, 1, vlan: 20).Verdict);
        Assert.Equal(LearningVerdict.Flood, On(P2, 2, 1).Verdict);
        Assert.Equal(LearningVerdict.Forward, On(P2, 2, 1, vlan: 10).Verdict);
    }

    [Fact]
    public void A_flooded_frame_that_comes_back_goes_no_further_and_teaches_nothing()
    {
        Assert.Equal(LearningVerdict.Flood, Broadcast(P1, 1).Verdict);
        Assert.Equal(LearningVerdict.Drop, Broadcast(P2, 1).Verdict);
        Assert.Equal(P1, On(P3, 3, 1).Out);
    }

    [Fact]
    public void The_same_request_again_from_the_same_port_is_flooded_again()
    {
        Broadcast(P1, 1);
        Assert.Equal(LearningVerdict.Flood, Broadcast(P1, 1).Verdict);
    }

    [Fact]
    public void Floods_are_limited_per_port_and_come_back_with_time()
    {
        var flooded = Enumerable.Range(0, 3000).Count(i => On(P1, 1, (ulong)(100_000 + i)).Verdict == LearningVerdict.Flood);
        Assert.Equal(1000, flooded);
        Assert.Equal(2000, machine.FloodsRefused);
        Assert.Equal(LearningVerdict.Flood, On(P2, 2, 99).Verdict);
        now += TimeSpan.FromSeconds(1);
        Assert.Equal(LearningVerdict.Flood, On(P1, 1, 77).Verdict);
    }

    [Fact]
    public void Nothing_comes_in_by_a_blocked_port_and_who_was_behind_it_is_forgotten_and_nobody_else()
    {
        On(P1, 1, 9);
        On(P2, 2, 9);
        machine.Block(new[] { P2 }.ToFrozenSet());
        Assert.Equal(LearningVerdict.Drop, On(P2, 2, 1).Verdict);
        Assert.Equal(P1, On(P3, 3, 1).Out);
        Assert.Equal(LearningVerdict.Flood, On(P1, 1, 2).Verdict);

        machine.Block([]);
        Assert.Equal(LearningVerdict.Forward, On(P2, 2, 1).Verdict);
    }

    [Fact]
    public void Who_is_behind_an_outdated_port_is_forgotten_and_nobody_else()
    {
        On(P1, 1, 9);
        On(P2, 2, 9);
        machine.Forget(new HashSet<PortNumber> { P2 });
        Assert.Equal(P1, On(P3, 3, 1).Out);
        Assert.Equal(LearningVerdict.Flood, On(P3, 3, 2).Verdict);
    }

    [Fact]
    public void A_port_that_came_up_a_moment_ago_forwards_and_floods_less()
    {
        machine.Begin(now);
        Assert.Equal(100, Floods(P1));
        On(P2, 2, 9);
        Assert.Equal(LearningVerdict.Forward, On(P3, 3, 2).Verdict);

        now += TimeSpan.FromSeconds(3);
        machine.CameUp(P1, now);
        Assert.Equal(100, Floods(P1));
        Assert.Equal(1000, Floods(P2));

        int Floods(PortNumber port) => Enumerable.Range(0, 1500).Count(i => On(port, 7, (ulong)(200_000 + i)).Verdict == LearningVerdict.Flood);
    }

    [Theory]
    [InlineData("0180c200000e 020000000001 88cc")] // LLDP
    [InlineData("ffffffffffff 030000000001 0800")] // from a group
    [InlineData("ffffffffffff 02000000")] // cut short
    [InlineData("ffffffffffff 020000000001 8100")] // within the tag
    public void What_no_bridge_forwards_is_dropped(string hex) =>
        Assert.Equal(LearningVerdict.Drop, machine.On(P1, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), now).Verdict);

    [Fact]
    public void A_flood_of_invented_stations_costs_a_bounded_amount_and_those_that_speak_are_not_lost()
    {
        var frame = Frame(2, 1, null);
        On(P1, 1, 2);
        for (var i = 0; i < 1_000_000; i++)
        {
            now += TimeSpan.FromMicroseconds(100);
            machine.On(P2, Frame(1, 0x10_0000ul + (ulong)i, null), now);
            if (i % 100 == 0)
            {
                machine.On(P1, frame, now);
            }
        }

        Assert.Equal(P1, On(P3, 3, 1).Out);
    }

    [Fact]
    public void No_frame_allocates()
    {
        var frames = Enumerable.Range(0, 64).Select(i => Frame((ulong)(i * 7 % 64) + 1, (ulong)i + 1, null)).ToArray();
        void Turn()
        {
            for (var i = 0; i < frames.Length; i++)
            {
                machine.On(new PortNumber((uint)i), frames[i], now);
            }
        }

        Turn();
        Turn();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Turn();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static byte[] Frame(ulong to, ulong from, ushort? vlan)
    {
        var w = new Core.Wire.WireWriter();
        w.U48(to == ulong.MaxValue ? MacAddress.Broadcast.Value : 0x0200_0000_0000 | to);
        w.U48(0x0200_0000_0000 | from);
        if (vlan is { } v)
        {
            w.U16(0x8100);
            w.U16(v);
        }

        w.U16(0x0800);
        w.Zeros(46);
        return w.ToArray();
    }

    private LearningAnswer On(PortNumber port, ulong from, ulong to, ushort? vlan = null) => machine.On(port, Frame(to, from, vlan), now);

    private LearningAnswer Broadcast(PortNumber port, ulong from) => On(port, from, ulong.MaxValue);
}
