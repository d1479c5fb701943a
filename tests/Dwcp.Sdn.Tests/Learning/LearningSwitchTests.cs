using System.Buffers.Binary;
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
    public void Of_broadcasts_whose_copies_come_now_by_one_port_first_and_now_by_another_each_goes_on_once()
    {
        foreach (var i in Enumerable.Range(0, 20))
        {
            var ports = i % 2 == 0 ? (P1, P2) : (P2, P1);
            Assert.Equal(LearningVerdict.Flood, Numbered(ports.Item1, i).Verdict);
            now += TimeSpan.FromMilliseconds(2);
            Assert.Equal(LearningVerdict.Drop, Numbered(ports.Item2, i).Verdict);
            now += TimeSpan.FromMilliseconds(48);
        }
    }

    [Fact]
    public void A_copy_is_known_however_many_frames_were_flooded_since()
    {
        foreach (var i in Enumerable.Range(0, 4000))
        {
            Assert.Equal(LearningVerdict.Flood, Numbered(new((uint)(i % 4) + 10), i).Verdict);
        }

        now += TimeSpan.FromMilliseconds(900);
        Assert.Equal(4000, Enumerable.Range(0, 4000).Count(i => Numbered(P1, i).Verdict == LearningVerdict.Drop));
    }

    [Fact]
    public void A_frame_that_one_port_was_not_allowed_to_flood_goes_on_when_it_comes_by_another()
    {
        foreach (var i in Enumerable.Range(0, 1000))
        {
            Numbered(P1, i);
        }

        Assert.Equal(LearningVerdict.TooMany, Numbered(P1, 4711).Verdict);
        Assert.Equal(LearningVerdict.Flood, Numbered(P2, 4711).Verdict);
        Assert.Equal(LearningVerdict.Drop, Numbered(P1, 4711).Verdict);
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
        machine.Begin([P1, P2], now);
        Assert.Equal(100, Floods(P1));
        On(P2, 2, 9);
        Assert.Equal(LearningVerdict.Forward, On(P3, 3, 2).Verdict);

        // Nobody knows what is behind a port before a probe has left by it.
        now += TimeSpan.FromSeconds(30);
        machine.Probed(P1, now);
        machine.Probed(P2, now);
        now += TimeSpan.FromSeconds(1);
        machine.Probed(P1, now);
        Assert.Equal(100, Floods(P1));
        now += TimeSpan.FromSeconds(1);
        Assert.Equal(1000, Floods(P1));

        machine.CameUp(P1);
        now += TimeSpan.FromSeconds(30);
        Assert.Equal(100, Floods(P1));
        Assert.Equal(1000, Floods(P2));

        int Floods(PortNumber port) => Enumerable.Range(0, 1500).Count(i => On(port, 7, (ulong)(200_000 + i)).Verdict == LearningVerdict.Flood);
    }

    [Fact]
    public void A_copy_may_be_a_second_late_and_then_a_station_may_have_moved()
    {
        Assert.Equal(LearningVerdict.Flood, Numbered(P1, 1).Verdict);
        Assert.Equal(LearningVerdict.Flood, Numbered(P1, 2).Verdict);
        now += TimeSpan.FromMilliseconds(999);
        Assert.Equal(LearningVerdict.Drop, Numbered(P2, 1).Verdict);

        now += TimeSpan.FromMilliseconds(1);
        var moved = Numbered(P2, 2);
        Assert.Equal((LearningVerdict.Flood, true), (moved.Verdict, moved.HasMoved));
    }

    [Fact]
    public void A_frame_to_one_station_that_was_flooded_elsewhere_goes_on_once_too_while_links_are_looked_for()
    {
        machine.Begin([P1, P2, P3], now);
        On(P3, 3, 9);
        Assert.Equal((LearningVerdict.Forward, P3), (On(P1, 1, 3).Verdict, On(P2, 4, 3).Out));
        Assert.Equal(LearningVerdict.Drop, On(P2, 1, 3).Verdict);
        Assert.Equal(P1, On(P3, 3, 1).Out);
    }

    [Fact]
    public void What_is_remembered_of_floods_is_bounded()
    {
        var memory = new FloodMemory();
        foreach (var i in Enumerable.Range(0, 100_000))
        {
            memory.Remember((ulong)i, P1, now, TimeSpan.FromSeconds(1));
        }

        Assert.Equal(FloodMemory.Most, memory.Count);
        Assert.True(memory.CameBack(99_999, P2, now));
        Assert.True(memory.CameBack(100_000 - FloodMemory.Most, P2, now));
        Assert.False(memory.CameBack(99_999 - FloodMemory.Most, P2, now));

        now += TimeSpan.FromSeconds(1);
        memory.Remember(1, P1, now, TimeSpan.FromSeconds(1));
        Assert.Equal(1, memory.Count);
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

    internal static byte[] Frame(ulong to, ulong from, ushort? vlan)
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

    /// <summary>One of many broadcasts of station 1.</summary>
    private LearningAnswer Numbered(PortNumber port, int number)
    {
        var frame = Frame(ulong.MaxValue, 1, null);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(14), number);
        return machine.On(port, frame, now);
    }

    private LearningAnswer Broadcast(PortNumber port, ulong from) => On(port, from, ulong.MaxValue);
}
