using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Bfd;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>BFD, RFC 5880 and RFC 5881: two machines under a clock that jumps.</summary>
public class BfdTests
{
    private static readonly BfdSettings Quick = new(TimeSpan.FromMilliseconds(300));

    /// <summary>Two machines and the packets between them, each 2 ms under way.</summary>
    private sealed class Link(BfdSettings left, BfdSettings right)
    {
        private readonly PriorityQueue<(int To, BfdPacket Packet), TimeSpan> packets = new();

        public BfdMachine[] Ends { get; } = [new(left, 11), new(right, 22)];

        public TimeSpan Now { get; private set; }

        public bool Cut { get; set; }

        public List<(TimeSpan At, int From, BfdPacket Packet)> Sent { get; } = [];

        public void Run(TimeSpan until)
        {
            while (true)
            {
                var end = (Ends[0].Deadline ?? default) <= (Ends[1].Deadline ?? default) ? 0 : 1;
                var due = Ends[end].Deadline ?? default;
                if (packets.TryPeek(out var packet, out var at) && at <= due)
                {
                    if (at > until)
                    {
                        break;
                    }

                    packets.Dequeue();
                    Now = at;
                    Apply(packet.To, Ends[packet.To].Heard(packet.Packet, Now));
                    continue;
                }

                if (due > until)
                {
                    break;
                }

                Now = due > Now ? due : Now;
                Apply(end, Ends[end].Tick(Now));
            }

            Now = until;
        }

        private void Apply(int end, (BfdMachine Next, BfdPacket? Send) step)
        {
            Ends[end] = step.Next;
            if (step.Send is { } packet)
            {
                Sent.Add((Now, end, packet));
                if (!Cut)
                {
                    packets.Enqueue((1 - end, BfdPacket.Read(packet.ToBytes())!.Value), Now + TimeSpan.FromMilliseconds(2));
                }
            }
        }
    }

    [Fact]
    public void Silence_of_three_intervals_is_noticed_and_not_before()
    {
        var link = new Link(Quick, Quick);
        link.Run(TimeSpan.FromSeconds(5));
        Assert.All(link.Ends, e => Assert.Equal(BfdState.Up, e.State));
        Assert.All(link.Ends, e => Assert.False(e.Polling));
        var last = link.Sent.FindLast(s => s.From == 1).At + TimeSpan.FromMilliseconds(2);
        link.Cut = true;
        link.Run(last + TimeSpan.FromMilliseconds(895));
        Assert.Equal(BfdState.Up, link.Ends[0].State);
        link.Run(last + TimeSpan.FromMilliseconds(905));
        Assert.Equal((BfdState.Down, 1), (link.Ends[0].State, link.Ends[0].Diagnostic));
        link.Cut = false;
        link.Run(last + TimeSpan.FromSeconds(5));
        Assert.All(link.Ends, e => Assert.Equal(BfdState.Up, e.State));
    }

    [Fact]
    public void Silence_is_counted_in_the_intervals_of_who_sends_where_those_are_longer()
    {
        var link = new Link(Quick, new(TimeSpan.FromMilliseconds(500)));
        link.Run(TimeSpan.FromSeconds(5));
        Assert.All(link.Ends, e => Assert.Equal((BfdState.Up, TimeSpan.FromMilliseconds(1500)), (e.State, e.Detection)));
        var last = link.Sent.FindLast(s => s.From == 1).At + TimeSpan.FromMilliseconds(2);
        link.Cut = true;
        link.Run(last + TimeSpan.FromMilliseconds(1495));
        Assert.Equal(BfdState.Up, link.Ends[0].State);
        link.Run(last + TimeSpan.FromMilliseconds(1505));
        Assert.Equal(BfdState.Down, link.Ends[0].State);
    }

    [Fact]
    public void Packets_are_slow_until_it_is_up_and_then_as_rare_as_the_slower_side_wants()
    {
        var link = new Link(Quick, new(TimeSpan.FromMilliseconds(500)));
        link.Cut = true;
        link.Run(TimeSpan.FromSeconds(10));
        Assert.InRange(link.Sent.Count(s => s.From == 0), 10, 14);
        link.Cut = false;
        link.Run(TimeSpan.FromSeconds(15));
        link.Sent.Clear();
        link.Run(TimeSpan.FromSeconds(65));
        Assert.InRange(link.Sent.Count(s => s.From == 0), 100, 134); // 500 ms less up to a quarter.
        Assert.InRange(link.Sent.Count(s => s.From == 1), 100, 134);
        var pauses = link.Sent.Where(s => s.From == 0).Select(s => s.At).ToList() is var at ? at.Zip(at.Skip(1), (a, b) => b - a).ToList() : [];
        Assert.All(pauses, p => Assert.InRange(p.TotalMilliseconds, 374, 501));
        Assert.True(pauses.Distinct().Count() > 10);
    }

    /// <summary>As bfdd of FRR does: slow in both directions until it is up, quick from the poll on.</summary>
    [Fact]
    public void A_peer_that_takes_packets_more_often_gets_the_next_one_as_soon_as_that()
    {
        for (var mine = 1u; mine <= 200; mine++)
        {
            var (end, _) = new BfdMachine(Quick, mine).Tick(default);
            (end, _) = end.Heard(new(BfdState.Init, 0, false, false, 3, 22, mine, 1_000_000, 1_000_000), default);
            Assert.Equal(BfdState.Up, end.State);
            var polled = TimeSpan.FromMilliseconds(1);
            (end, _) = end.Heard(new(BfdState.Up, 0, true, false, 3, 22, mine, 300_000, 300_000), polled);
            Assert.InRange(end.SendAt!.Value, polled, polled + Quick.Interval);
            (end, _) = end.Heard(new(BfdState.Up, 0, false, false, 3, 22, mine, 300_000, 300_000), TimeSpan.FromMilliseconds(200));
            Assert.InRange(end.SendAt!.Value, polled, polled + Quick.Interval);
        }
    }

    [Fact]
    public void A_peer_that_says_it_is_down_is_believed()
    {
        var link = new Link(Quick, Quick);
        link.Run(TimeSpan.FromSeconds(5));
        var (next, send) = link.Ends[0].Heard(new(BfdState.AdminDown, 7, false, false, 3, 22, 11, 1_000_000, 300_000), link.Now);
        Assert.Equal((BfdState.Down, BfdState.AdminDown, 3), (next.Status.State, next.Status.Peer, next.Status.Diagnostic));
        Assert.Equal(BfdState.Down, send?.State);
    }

    [Fact]
    public void Who_looks_late_looks_again_before_it_judges()
    {
        var link = new Link(Quick, Quick);
        link.Run(TimeSpan.FromSeconds(5));
        var late = link.Now + TimeSpan.FromSeconds(3);
        var (next, _) = link.Ends[0].Tick(late);
        Assert.Equal(BfdState.Up, next.State);
        (next, _) = next.Tick(late + TimeSpan.FromMilliseconds(300));
        Assert.Equal(BfdState.Down, next.State);
    }

    [Fact]
    public void It_is_excused_for_looking_late_once_and_again_when_it_has_heard_a_packet()
    {
        var link = new Link(Quick, Quick);
        link.Run(TimeSpan.FromSeconds(5));
        var late = link.Now + TimeSpan.FromSeconds(3);
        var (next, _) = link.Ends[0].Tick(late);
        Assert.Equal(BfdState.Up, next.State);
        Assert.Equal(BfdState.Down, next.Tick(late + TimeSpan.FromSeconds(3)).Next.State);

        (next, _) = next.Heard(new(BfdState.Up, 0, false, false, 3, 22, 11, 300_000, 300_000), late);
        (next, _) = next.Tick(late + TimeSpan.FromSeconds(3));
        Assert.Equal(BfdState.Up, next.State);
        Assert.Equal(BfdState.Down, next.Tick(late + TimeSpan.FromSeconds(3.3)).Next.State);
    }

    /// <summary>RFC 5882 §4.3: ours runs in the process of the speaker and never says otherwise; a peer's may run beside it.</summary>
    [Fact]
    public void That_a_peers_BFD_outlives_its_control_plane_changes_nothing()
    {
        var packet = new BfdPacket(BfdState.Up, 0, false, false, 3, 22, 11, 300_000, 300_000);
        var bytes = packet.ToBytes();
        Assert.Equal(0, bytes[1] & 0x08);
        bytes[1] |= 0x08;
        Assert.Equal(packet, BfdPacket.Read(bytes));
    }

    [Fact]
    public void A_poll_is_answered_at_once()
    {
        var (_, send) = new BfdMachine(Quick, 11).Heard(new(BfdState.Down, 0, true, false, 3, 22, 0, 1_000_000, 300_000), default);
        Assert.True(send is { Final: true, Poll: false, Yours: 22 });
    }

    [Theory]
    [InlineData("00c0031800000016000000000000000000000000000000000", "another version")]
    [InlineData("20c003180000001600000000000f4240000493e000000000", "up, and does not know us")]
    [InlineData("2040031800000000000000000 00f4240000493e000000000", "no discriminator")]
    [InlineData("204000180000001600000000000f4240000493e000000000", "multiplier zero")]
    [InlineData("2044031800000016000000000 00f4240000493e000000000", "authenticated")]
    [InlineData("204003190000001600000000000f4240000493e000000000", "longer than it is")]
    [InlineData("204003180000001600000000000f4240000493e0", "cut short")]
    public void What_no_session_can_have_sent_is_discarded(string hex, string why)
    {
        var text = hex.Replace(" ", "", StringComparison.Ordinal);
        Assert.True(BfdPacket.Read(Convert.FromHexString(text[..(text.Length / 2 * 2)])) is null, why);
    }

    [Fact]
    public void A_peer_that_asks_for_no_packets_gets_none_until_it_is_silent()
    {
        var link = new Link(Quick, Quick);
        link.Run(TimeSpan.FromSeconds(5));
        Assert.Equal(BfdState.Up, link.Ends[0].State);
        var none = new BfdPacket(BfdState.Up, 0, false, false, 3, 22, 11, 300_000, 0);
        var end = link.Ends[0];
        var sent = 0;
        for (var now = TimeSpan.FromSeconds(5); now < TimeSpan.FromSeconds(15); now += TimeSpan.FromMilliseconds(300))
        {
            end = end.Heard(none, now).Next;
            (end, var packet) = end.Tick(now);
            sent += packet is null ? 0 : 1;
        }

        Assert.Equal((BfdState.Up, 0), (end.State, sent));
        Assert.Equal(BfdState.Down, (end.Heard(none with { State = BfdState.Down }, TimeSpan.FromSeconds(15)).Send ?? default).State);
    }
}
