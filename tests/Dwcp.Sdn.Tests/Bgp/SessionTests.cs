using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

public class SessionTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Two_speakers_that_dial_each_other_at_once_end_with_one_session()
    {
        var net = new Pair();
        net.Start();
        net.Run(until: Minute);
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
        Assert.Equal(BgpPhase.Established, net.Right.Phase);
        Assert.Equal(Assert.Single(net.Left.Machine.Links).Id, Assert.Single(net.Right.Machine.Links).Id);
        Assert.Contains(Notification.Collision, net.Left.Said.Concat(net.Right.Said));

        // The one that the higher identifier dialed, RFC 4271 §6.8.
        Assert.True(net.Right.Machine.Links[0].Dialed);
    }

    [Fact]
    public void A_session_lives_for_a_day_on_keepalives_alone()
    {
        var net = new Pair();
        net.Start();
        net.Run(until: TimeSpan.FromDays(1));
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
        Assert.Single(net.Left.Did.OfType<PeerAction.Up>());
    }

    [Fact]
    public void A_silent_peer_is_dropped_when_the_hold_time_is_over()
    {
        var net = new Pair();
        net.Start();
        net.Run(until: Minute);
        net.Cut();
        net.Run(until: Minute + TimeSpan.FromSeconds(59));
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
        net.Run(until: 3 * Minute);
        Assert.NotEqual(BgpPhase.Established, net.Left.Phase);
        Assert.Contains(Notification.HoldExpired, net.Left.Said);
        net.Reachable = true;
        net.Run(until: 4 * Minute);
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
    }

    [Fact]
    public void Hold_time_zero_means_no_timers()
    {
        var net = new Pair(left: s => s with { HoldTime = TimeSpan.Zero });
        net.Start();
        net.Run(until: Minute);
        net.Cut();
        net.Run(until: TimeSpan.FromDays(2));
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
        Assert.Equal(BgpPhase.Established, net.Right.Phase);
    }

    [Fact]
    public void Passive_waits_and_the_other_dials()
    {
        var net = new Pair(left: s => s with { Passive = true });
        net.Start();
        net.Run(until: Minute);
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
        Assert.Equal(0, net.Left.Dials);
    }

    [Fact]
    public void Delayed_open_waits_for_the_other_side_and_then_speaks()
    {
        var net = new Pair(left: s => s with { Passive = true, DelayOpen = Minute }, right: s => s with { Passive = false });
        net.Start();
        net.Run(until: TimeSpan.FromSeconds(1));
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
    }

    [Fact]
    public void An_unreachable_peer_is_dialed_with_pauses_that_grow_to_the_longest()
    {
        var net = new Pair(right: s => s with { Passive = true }) { Reachable = false };
        net.Start();
        net.Run(until: TimeSpan.FromSeconds(10));
        var early = net.Left.Dials;
        Assert.InRange(early, 5, 9);
        net.Run(until: TimeSpan.FromSeconds(110));
        Assert.InRange(net.Left.Dials - early, 19, 21);
    }

    [Fact]
    public void A_shorter_longest_pause_ends_the_one_that_is_under_way()
    {
        var machine = new PeerMachine(
            new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.0.0.1")),
            new PeerSettings { Id = "p", Address = IpAddress.Parse("10.0.0.2"), RemoteAs = new Asn(65000), LongestRetry = TimeSpan.FromHours(1) });
        var now = TimeSpan.Zero;
        (machine, _) = machine.On(new PeerEvent.Start(), now);
        for (var attempt = 0; attempt < 15; attempt++)
        {
            (machine, _) = machine.On(new PeerEvent.DialFailed(), now);
            now = machine.Deadline!.Value;
            (machine, var actions) = machine.On(new PeerEvent.Tick(), now);
            Assert.IsType<PeerAction.Dial>(Assert.Single(actions));
        }

        (machine, _) = machine.On(new PeerEvent.DialFailed(), now);
        Assert.InRange(machine.Deadline!.Value - now, TimeSpan.FromMinutes(30), TimeSpan.FromHours(1));
        machine = machine.With(machine.Settings with { LongestRetry = TimeSpan.FromSeconds(2) }, now);
        Assert.Equal(now + TimeSpan.FromSeconds(2), machine.Deadline);
        (machine, _) = machine.On(new PeerEvent.Tick(), now += TimeSpan.FromSeconds(2));
        (machine, _) = machine.On(new PeerEvent.DialFailed(), now);
        Assert.Equal(now + TimeSpan.FromSeconds(2), machine.Deadline);
    }

    [Fact]
    public void A_lost_session_comes_back_at_once()
    {
        var net = new Pair(right: s => s with { Passive = true });
        net.Start();
        net.Run(until: Minute);
        net.Right.Post(new PeerEvent.Malformed(net.Right.Machine.Links[0].Id, Notification.MalformedAttributes));
        net.Run(until: Minute + TimeSpan.FromMilliseconds(100));
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
        Assert.Equal(2, net.Left.Did.OfType<PeerAction.Up>().Count());
    }

    [Fact]
    public void The_wrong_as_is_told_so()
    {
        var net = new Pair(left: s => s with { RemoteAs = new Asn(65001) });
        net.Start();
        net.Run(until: TimeSpan.FromSeconds(1));
        Assert.NotEqual(BgpPhase.Established, net.Left.Phase);
        Assert.Contains(Notification.BadPeerAs, net.Left.Said);
    }

    [Fact]
    public void No_common_family_is_no_session()
    {
        var net = new Pair(left: s => s with { Families = [BgpFamily.Ipv4Unicast] });
        net.Start();
        net.Run(until: TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(net.Left.Did, a => a is PeerAction.Up);
        Assert.Contains(new Notification(2, 7, [1, 4, 0, 1, 0, 1]), net.Left.Said);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_shutdown_says_why_and_takes_the_routes_along(bool graceful)
    {
        var net = new Pair(left: s => s with { GracefulRestart = graceful ? RestartSettings.Default : null });
        net.Start();
        net.Run(until: Minute);
        net.Left.Post(new PeerEvent.Stop(Notification.Shutdown("moved")));
        net.Run(until: 2 * Minute);
        Assert.Equal(BgpPhase.Idle, net.Left.Phase);
        var down = Assert.Single(net.Right.Did.OfType<PeerAction.Down>());
        Assert.Contains("moved", down.Reason, StringComparison.Ordinal);
        Assert.False(down.Keep);
    }

    [Fact]
    public void A_broken_connection_keeps_the_routes_when_both_agreed_to()
    {
        var net = new Pair();
        net.Start();
        net.Run(until: Minute);
        net.Left.Apply(new PeerEvent.Closed(net.Left.Machine.Links[0].Id));
        Assert.True(net.Left.Did.OfType<PeerAction.Down>().Single().Keep);

        var plain = new Pair(left: s => s with { GracefulRestart = null });
        plain.Start();
        plain.Run(until: Minute);
        plain.Left.Apply(new PeerEvent.Closed(plain.Left.Machine.Links[0].Id));
        Assert.False(plain.Left.Did.OfType<PeerAction.Down>().Single().Keep);
    }

    [Fact]
    public void A_peer_that_restarts_takes_the_place_of_its_old_connection()
    {
        // The old connection is dead on the right only: the left hears of it through a new OPEN.
        var net = new Pair(left: s => s with { Passive = true });
        net.Start();
        net.Run(until: Minute);
        var old = net.Right.Machine.Links[0].Id;
        net.Cut();
        net.Right.Apply(new PeerEvent.Closed(old));
        net.Reachable = true;
        net.Run(until: Minute + TimeSpan.FromSeconds(1));
        Assert.Equal(BgpPhase.Established, net.Left.Phase);
        Assert.NotEqual(old, Assert.Single(net.Left.Machine.Links).Id);
        Assert.True(net.Left.Did.OfType<PeerAction.Down>().Single().Keep);
    }

    [Fact]
    public void An_update_before_its_time_is_answered_with_a_state_machine_error()
    {
        var net = new Pair(right: s => s with { Passive = true });
        net.Left.Post(new PeerEvent.Start());
        net.Right.Post(new PeerEvent.Start());
        net.Run(until: TimeSpan.FromMilliseconds(6));
        Assert.Equal(BgpPhase.OpenSent, net.Left.Phase);
        net.Left.Apply(new PeerEvent.Heard(net.Left.Machine.Links[0].Id));
        Assert.Contains(Notification.Unexpected(1), net.Left.Said);
    }
}
