using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;
using Dwcp.Sdn.Tests.Ovsdb;
using static Dwcp.Sdn.Tests.Topology.Cables;

namespace Dwcp.Sdn.Tests.Topology;

public class DiscoveryTests
{
    private static readonly LinkEnd A = End(1, 1);
    private static readonly LinkEnd B = End(2, 4);

    private readonly Cables net = new();

    [Fact]
    public void Two_ends_of_a_cable_find_each_other_at_once()
    {
        Pair();
        net.Run(TimeSpan.FromMilliseconds(100));

        Assert.Equal(["1:1<->2:4"], net.Links);
        var link = net.Machine.Links.Single();
        Assert.Equal((3, false), (link.Milliseconds, link.IsBlocked));
    }

    [Fact]
    public void A_cable_that_carries_one_way_is_a_one_way_link()
    {
        net.Up(1, 1);
        net.Up(2, 4);
        net.PlugOneWay(A, B);
        net.Run(TimeSpan.FromSeconds(60));

        Assert.Equal(["1:1->2:4"], net.Links);
        net.PlugOneWay(B, A);
        net.Run(TimeSpan.FromSeconds(6));
        Assert.Equal(["1:1<->2:4"], net.Links);
    }

    [Fact]
    public void A_cable_that_nobody_sees_cut_is_gone_when_the_time_to_live_is_over()
    {
        Pair();
        net.Run(TimeSpan.FromSeconds(60));
        net.Cut(A, B);
        net.Run(TimeSpan.FromSeconds(11));
        Assert.Single(net.Links);

        net.Run(TimeSpan.FromSeconds(7));
        Assert.Empty(net.Links);
        Assert.Equal("it was not heard in time", net.News[^1].Why);
    }

    [Fact]
    public void A_link_is_gone_with_its_port_and_with_its_switch_at_once()
    {
        Pair();
        net.Run(TimeSpan.FromSeconds(1));
        net.PortDown(A);
        Assert.Empty(net.Links);
        Assert.Equal("the port is down", net.News[^1].Why);

        net.Up(1, 1);
        net.Run(TimeSpan.FromSeconds(6));
        Assert.Single(net.Links);
        net.Down(2);
        Assert.Empty(net.Links);
        Assert.Equal("the switch is gone", net.News[^1].Why);
    }

    [Fact]
    public void A_recording_is_replayed_when_it_is_fresh_and_stale_when_it_is_not()
    {
        Pair();
        net.Run(TimeSpan.FromMilliseconds(10));
        var recorded = net.Sent.First(s => s.From == A).Frame;
        net.Up(3, 7);

        Assert.Equal(LldpRefusal.Replayed, net.Inject(B, recorded));
        net.Run(TimeSpan.FromMilliseconds(200));
        Assert.Equal(LldpRefusal.Replayed, net.Inject(End(3, 7), recorded));
        net.Run(TimeSpan.FromSeconds(3));
        Assert.Equal(LldpRefusal.Stale, net.Inject(End(3, 7), recorded));
        Assert.Equal(["1:1<->2:4"], net.Links);
    }

    [Fact]
    public void A_frame_that_comes_back_where_it_left_makes_no_link()
    {
        net.Up(1, 1);
        net.PlugOneWay(A, A);
        net.Run(TimeSpan.FromSeconds(10));

        Assert.Empty(net.Links);
        Assert.Equal(LldpRefusal.Looped, net.Refusals[0].Refusal);
    }

    [Fact]
    public void A_port_where_no_switch_is_expected_and_a_sender_that_is_none_make_no_link()
    {
        Pair();
        net.Run(TimeSpan.FromMilliseconds(1));
        var frame = net.Sent.First(s => s.From == A).Frame;
        Assert.Equal(LldpRefusal.WrongPort, net.Inject(End(2, 9), frame));
        Assert.Equal(LldpRefusal.WrongPort, net.Inject(End(9, 1), frame));

        var other = new Probe(End(1, 77), 16, net.Utc.ToUnixTimeMilliseconds(), 4711).ToFrame(default, Key.AsSpan());
        Assert.Equal(LldpRefusal.UnknownSender, net.Inject(B, other));
        Assert.Equal(["1:1<->2:4"], net.Links);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_a_stranger_makes_of_what_it_hears_makes_no_link(int seed)
    {
        var random = new Random(seed);
        net.Up(1, 1, 2, 3);
        net.Up(2, 1, 2, 3);
        net.Plug(End(1, 1), End(2, 1));
        net.Run(TimeSpan.FromSeconds(10));
        var told = net.News.Count;
        for (var i = 0; i < 2000; i++)
        {
            net.Run(TimeSpan.FromMilliseconds(random.Next(400)));
            byte[] frame = [.. net.Sent[random.Next(net.Sent.Count)].Frame];
            switch (random.Next(4))
            {
                case 0:
                    frame[random.Next(14, frame.Length)] ^= (byte)random.Next(1, 256);
                    break;
                case 1:
                    frame = new Probe(End((ulong)random.Next(1, 3), (uint)random.Next(1, 4)), 16, net.Utc.ToUnixTimeMilliseconds(), (ulong)random.NextInt64())
                        .ToFrame(default, new byte[Probe.KeySize]);
                    break;
                case 2:
                    frame = [.. frame, .. frame];
                    frame = frame[..random.Next(14, frame.Length)];
                    break;
                default:
                    frame = net.Sent.LastOrDefault(s => net.Now - s.At > TimeSpan.FromSeconds(2)).Frame;
                    break;
            }

            // A copy of what left this moment is a relay, which no key can tell from a cable: this stranger is not that quick.
            if (!net.Sent.TakeLast(60).Any(s => net.Now - s.At <= TimeSpan.FromSeconds(2) && frame.AsSpan().StartsWith(s.Frame)))
            {
                Assert.NotNull(net.Inject(End((ulong)random.Next(1, 3), (uint)random.Next(1, 4)), frame));
            }
        }

        Assert.Equal(["1:1<->2:1"], net.Links);
        Assert.Equal(told, net.News.Count);
    }

    [Fact]
    public void Refusals_are_told_once_a_minute_with_how_many_there_were()
    {
        Pair();
        net.Run(TimeSpan.FromSeconds(1));
        var forged = new Probe(A, 16, net.Utc.ToUnixTimeMilliseconds(), 1).ToFrame(default, new byte[Probe.KeySize]);
        for (var i = 0; i < 100; i++)
        {
            net.Run(TimeSpan.FromMilliseconds(100));
            Assert.Equal(LldpRefusal.Forged, net.Inject(B, forged));
        }

        Assert.Equal([new RefusalNews(B, LldpRefusal.Forged, 0)], net.Refusals);
        net.Run(TimeSpan.FromSeconds(60));
        net.Inject(B, forged);
        Assert.Equal(new RefusalNews(B, LldpRefusal.Forged, 99), net.Refusals[^1]);
    }

    [Fact]
    public void More_than_a_switch_sends_is_not_even_looked_at()
    {
        Pair();
        net.Run(TimeSpan.FromSeconds(1));
        var verdicts = Enumerable.Range(0, 200).Select(_ => net.Inject(B, new byte[60])).ToList();
        Assert.Equal(LldpRefusal.TooMany, verdicts[^1]);
        Assert.InRange(verdicts.Count(v => v == LldpRefusal.Malformed), 10, 20);
        net.Run(TimeSpan.FromSeconds(30));
        Assert.Single(net.Links);
    }

    [Fact]
    public void Another_speakers_LLDP_is_no_event()
    {
        net.Up(1, 1);
        var frame = new byte[] { 1, 0x80, 0xc2, 0, 0, 0xe, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 2, 2, 7, 1, 4, 2, 7, 1, 6, 2, 0, 9, 0, 0 };
        Assert.Equal(LldpRefusal.Foreign, net.Inject(A, frame));
        Assert.Empty(net.Refusals);
    }

    [Fact]
    public void Frames_are_spread_over_the_interval_and_ports_without_a_link_are_asked_less_often()
    {
        for (var id = 1ul; id <= 50; id++)
        {
            net.Up(id, [.. Enumerable.Range(1, 20).Select(i => (uint)i)]);
            net.Plug(End(id, 1), End((id % 50) + 1, 2));
        }

        net.Run(TimeSpan.FromSeconds(95));
        Assert.Equal(50, net.Links.Count());
        var regular = net.Sent.Where(s => s.At > TimeSpan.FromSeconds(135)).ToList();
        Assert.All(regular.GroupBy(s => s.From), g => Assert.InRange(g.Count(), g.Key.Port.Value < 3 ? 11 : 1, g.Key.Port.Value < 3 ? 13 : 3));
        Assert.Equal(1000, regular.Select(s => s.From).Distinct().Count());
        Assert.All(regular.GroupBy(s => (long)s.At.TotalMilliseconds / 500), g => Assert.InRange(g.Count(), 0, 150)); // 25 on average
    }

    [Fact]
    public void Who_appears_behind_a_port_that_is_asked_seldom_is_found_as_soon_as_it_speaks()
    {
        net.Up(1, 1);
        net.Run(TimeSpan.FromSeconds(61));
        net.Plug(A, B);
        net.Up(2, 4);
        net.Run(TimeSpan.FromMilliseconds(50));
        Assert.Equal(["1:1<->2:4"], net.Links);
    }

    [Fact]
    public void Thousands_of_ports_are_served_at_a_bounded_rate_and_their_links_live_longer()
    {
        for (var id = 1ul; id <= 200; id++)
        {
            net.Up(id, learns: false, [.. Enumerable.Range(1, 100).Select(i => (uint)i)]);
            for (var port = 1u; port <= 50; port++)
            {
                net.Plug(End(id, port), End((id % 200) + 1, port + 50));
            }
        }

        net.Run(TimeSpan.FromSeconds(100));
        Assert.All(net.Sent.GroupBy(s => (long)s.At.TotalSeconds), g => Assert.InRange(g.Count(), 0, 1100));
        Assert.Equal(10_000, net.Links.Count());
        Assert.Equal((ushort)61, Probe.Read(net.Sent[^1].Frame, Key.AsSpan()).Probe.TimeToLive);
        net.News.Clear();
        net.Run(TimeSpan.FromSeconds(120));
        Assert.Empty(net.News);
    }

    [Fact]
    public void Nothing_is_due_when_there_are_no_ports() => Assert.Null(new Cables().Machine.Deadline);

    private void Pair()
    {
        net.Up(1, 1);
        net.Up(2, 4);
        net.Plug(A, B);
    }
}

/// <summary>What discovery keeps, weighed while nothing else runs.</summary>
[Collection(nameof(Alone))]
public class DiscoveryMemoryTests
{
    private readonly Cables net = new();

    [Fact]
    public void What_is_remembered_of_frames_is_forgotten()
    {
        net.Up(1, 1);
        net.Up(2, 4);
        net.Plug(End(1, 1), End(2, 4));
        net.Run(TimeSpan.FromMinutes(1));
        var before = GC.GetTotalMemory(true);
        net.Sent.Clear();
        net.Run(TimeSpan.FromHours(20));
        Assert.True(net.Sent.Count > 28_000);
        net.Sent.Clear();
        net.Sent.TrimExcess();
        Assert.InRange(GC.GetTotalMemory(true) - before, long.MinValue, 1_000_000);
        Assert.Single(net.Links);
    }
}
