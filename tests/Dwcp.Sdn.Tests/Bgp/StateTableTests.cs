using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>RFC 4271 §8.2.2 and RFC 6608: what each phase of a connection makes of each event.</summary>
public class StateTableTests
{
    private const int Link = 1;
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(1);
    private static readonly OpenMessage Open = new(65000, 90, IpAddress.Parse("10.0.0.2"), new Capabilities { Families = new FamilySet(1), As4 = new Asn(65000) }.ToList());

    private static readonly string[] Events = ["keepalive", "open", "update", "notification", "malformed", "closed", "stop", "hold"];

    /// <summary>For each phase, in the order of the events: what is said (- nothing), and the phase after it.</summary>
    private static readonly Dictionary<string, string[]> Table = new()
    {
        ["Waiting"] = ["5/0 Active", "open OpenConfirm", "5/0 Active", "- Active", "1/1 Active", "- Active", "6/4 Idle", "4/0 Active"],
        ["OpenSent"] = ["5/1 Active", "keepalive OpenConfirm", "5/1 Active", "- Active", "1/1 Active", "- Active", "6/4 Idle", "4/0 Active"],
        ["OpenConfirm"] = ["- Established", "5/2 Active", "5/2 Active", "- Active", "1/1 Active", "- Active", "6/4 Idle", "4/0 Active"],
        ["Established"] = ["- Established", "5/3 Active", "- Established", "- Active", "1/1 Active", "- Active", "6/4 Idle", "4/0 Active"],
    };

    public static TheoryData<string, string, string> Cells()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (phase, row) in Table)
        {
            for (var i = 0; i < Events.Length; i++)
            {
                data.Add(phase, Events[i], row[i]);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_phase_makes_of_an_event_what_the_table_says(string phase, string what, string expected)
    {
        var machine = In(phase);
        var (next, actions) = what == "hold" ? Expire(machine) : machine.On(Event(what), Now);
        var said = actions.OfType<PeerAction.Send>().Select(s => s.Message[18] switch
        {
            (byte)MessageType.Notification => $"{s.Message[19]}/{s.Message[20]}",
            (byte)MessageType.Open => "open",
            _ => "keepalive",
        }).FirstOrDefault() ?? "-";
        Assert.Equal(expected, $"{said} {next.Phase}");
        var ended = next.Phase is BgpPhase.Active or BgpPhase.Idle;
        Assert.Equal(ended, actions.Any(a => a is PeerAction.Close { Link: Link }));
        Assert.Equal(ended, next.Links.IsEmpty);
        Assert.Equal(ended && phase == "Established", actions.Any(a => a is PeerAction.Down));
    }

    [Theory]
    [InlineData("another AS", "2/2")]
    [InlineData("AS zero", "2/2")]
    [InlineData("our own identifier", "2/3")]
    [InlineData("no common family", "2/7")]
    [InlineData("a capability that is cut short", "2/0")]
    public void An_open_that_cannot_be_agreed_on_is_answered_with_why(string what, string expected)
    {
        var open = what switch
        {
            "another AS" => Open with { List = new Capabilities { Families = new FamilySet(1), As4 = new Asn(65001) }.ToList() },
            "AS zero" => Open with { List = new Capabilities { Families = new FamilySet(1), As4 = new Asn(0) }.ToList() },
            "our own identifier" => Open with { RouterId = IpAddress.Parse("10.0.0.1") },
            "no common family" => Open with { List = new Capabilities { Families = new FamilySet(4), As4 = new Asn(65000) }.ToList() },
            _ => Open with { List = [new(65, [0, 0])] },
        };
        var (next, actions) = In("OpenSent").On(new PeerEvent.Opened(Link, open), Now);
        var said = actions.OfType<PeerAction.Send>().Single().Message;
        Assert.Equal((expected, BgpPhase.Active), ($"{said[19]}/{said[20]}", next.Phase));
        Assert.Equal(expected == "2/7" ? [1, 4, 0, 25, 0, 70] : [], said.AsSpan()[21..].ToArray()); // RFC 5492 §5: what is missed, as in an OPEN.
    }

    [Theory]
    [InlineData(false, BgpMessage.Longest)]
    [InlineData(true, BgpMessage.LongestExtended)]
    public void What_a_notification_quotes_ends_where_the_longest_message_does(bool extended, int longest)
    {
        var open = Open with { List = new Capabilities { Families = new FamilySet(1), As4 = new Asn(65000), ExtendedMessages = extended }.ToList() };
        var (_, actions) = In("Established", open).On(new PeerEvent.Malformed(Link, new Notification(3, 9, [.. new byte[65_530]])), Now);
        var said = actions.OfType<PeerAction.Send>().Single().Message;
        Assert.Equal(longest, said.Count);
        Assert.Equal(said, [.. actions.OfType<PeerAction.Down>().Single().Sent!.ToMessage()]);
    }

    [Theory]
    [InlineData(19, 3, "2/1")] // version
    [InlineData(23, 2, "2/6")] // hold time, its low octet; the high one is zero
    [InlineData(29, 1, "2/4")] // kind of the parameter
    [InlineData(30, 200, "2/0")] // its length
    public void An_open_that_no_reader_accepts_says_why(int at, byte value, string expected)
    {
        var message = Open.ToMessage();
        message[at] = value;
        Assert.Null(OpenMessage.Read(message.AsSpan()[19..], out var fault));
        Assert.Equal(expected, $"{fault!.Code}/{fault.Subcode}");
    }

    [Fact]
    public void Of_two_connections_the_one_lives_that_the_higher_identifier_dialed()
    {
        foreach (var (id, dialedLives) in (ReadOnlySpan<(string, bool)>)[("10.0.0.2", false), ("10.0.0.0", true)])
        {
            var open = Open with { RouterId = IpAddress.Parse(id) };
            var (machine, _) = Machine().On(new PeerEvent.Start(), Now);
            (machine, _) = machine.On(new PeerEvent.Dialed(1), Now);
            (machine, _) = machine.On(new PeerEvent.Accepted(2), Now);
            (machine, _) = machine.On(new PeerEvent.Opened(1, open), Now);
            (machine, var actions) = machine.On(new PeerEvent.Opened(2, open), Now);
            Assert.Equal(dialedLives ? 1 : 2, Assert.Single(machine.Links).Id);
            Assert.Contains(actions, a => a is PeerAction.Close { Link: var gone } && gone == (dialedLives ? 2 : 1));
        }
    }

    /// <summary>Both dial at once, and one of the two connections is taken from the system's queue only after the session stands on the other.</summary>
    [Fact]
    public void A_connection_that_was_under_way_while_the_session_came_up_ends_nothing()
    {
        var machine = In("Established", Restartable);
        (machine, _) = machine.On(new PeerEvent.Accepted(2), Now);
        (machine, var actions) = machine.On(new PeerEvent.Opened(2, Restartable), Now);
        Assert.DoesNotContain(actions, a => a is PeerAction.Down);
        (machine, actions) = machine.On(new PeerEvent.Notified(2, Notification.Collision), Now);
        Assert.DoesNotContain(actions, a => a is PeerAction.Down);
        Assert.Equal((BgpPhase.Established, Link), (machine.Phase, Assert.Single(machine.Links).Id));
    }

    [Theory]
    [InlineData("Waiting", 0)]
    [InlineData("OpenSent", 5)]
    [InlineData("OpenConfirm", 5)]
    [InlineData("Established", 0)]
    public void A_connection_that_has_said_nothing_makes_room_for_the_next_one(string phase, int delay)
    {
        var machine = In(phase);
        machine = machine with { Settings = machine.Settings with { DelayOpen = TimeSpan.FromSeconds(delay) } };
        IEnumerable<PeerAction> actions = [];
        foreach (var accepted in Enumerable.Range(2, 100))
        {
            (machine, var now) = machine.On(new PeerEvent.Accepted(accepted), Now);
            actions = [.. actions, .. now];
        }

        int[] left = phase == "Waiting" ? [101] : [Link, 101];
        Assert.Equal(left, machine.Links.Select(l => l.Id));
        Assert.Equal(Enumerable.Range(1, 100).Except(left), actions.OfType<PeerAction.Close>().Select(c => c.Link));
        Assert.All(
            actions.OfType<PeerAction.Send>().Where(s => s.Message[18] == (byte)MessageType.Notification),
            s => Assert.Equal((6, 7), (s.Message[19], s.Message[20])));
        Assert.DoesNotContain(actions, a => a is PeerAction.Down);
    }

    [Fact]
    public void A_peer_that_restarted_takes_its_old_connection_s_place_once_it_goes_on_with_the_new_one()
    {
        var machine = In("Established", Restartable);
        (machine, _) = machine.On(new PeerEvent.Accepted(2), Now);
        (machine, _) = machine.On(new PeerEvent.Opened(2, Restartable), Now);
        (machine, var actions) = machine.On(new PeerEvent.Kept(2), Now);
        Assert.Equal(
            [typeof(PeerAction.Close), typeof(PeerAction.Down), typeof(PeerAction.Up)],
            actions.Select(a => a.GetType()));
        Assert.True(actions.OfType<PeerAction.Down>().Single().Keep);
        Assert.Equal((BgpPhase.Established, 2), (machine.Phase, Assert.Single(machine.Links).Id));
    }

    [Fact]
    public void A_session_that_falls_right_after_it_stood_waits_longer_each_time_and_one_that_held_comes_back_at_once()
    {
        var (now, machine) = (Now, In("Established"));
        foreach (var (held, pause) in (ReadOnlySpan<(double, int)>)[(0, 0), (9.9, 250), (0, 500), (0, 1000), (10, 0), (0, 250)])
        {
            now += TimeSpan.FromSeconds(held);
            (machine, _) = machine.On(new PeerEvent.Closed(Link), now);
            Assert.Equal(TimeSpan.FromMilliseconds(pause), machine.Deadline - now);
            now = machine.Deadline!.Value;
            (machine, var actions) = machine.On(new PeerEvent.Tick(), now);
            Assert.IsType<PeerAction.Dial>(Assert.Single(actions));
            (machine, _) = machine.On(new PeerEvent.Dialed(Link), now);
            (machine, _) = machine.On(new PeerEvent.Opened(Link, Open), now);
            (machine, _) = machine.On(new PeerEvent.Kept(Link), now);
            Assert.Equal(BgpPhase.Established, machine.Phase);
        }
    }

    [Fact]
    public void A_session_that_hears_updates_alone_lives_on()
    {
        var machine = In("Established");
        for (var now = TimeSpan.Zero; now < TimeSpan.FromMinutes(30); now += TimeSpan.FromSeconds(60))
        {
            while (machine.Deadline <= now)
            {
                (machine, _) = machine.On(new PeerEvent.Tick(), now);
            }

            (machine, _) = machine.On(new PeerEvent.Heard(Link), now);
            Assert.Equal(BgpPhase.Established, machine.Phase);
        }
    }

    private static OpenMessage Restartable => Open with
    {
        List = new Capabilities { Families = new FamilySet(1), As4 = new Asn(65000), Restart = new(false, true, 120, [new(BgpFamily.L2VpnEvpn, false)]) }.ToList(),
    };

    private static PeerMachine Machine() => new(
        new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.0.0.1")),
        new PeerSettings { Id = "p", Address = IpAddress.Parse("10.0.0.2"), RemoteAs = new Asn(65000), DelayOpen = TimeSpan.FromSeconds(5) });

    private static PeerMachine In(string phase, OpenMessage? opened = null)
    {
        var (machine, _) = Machine().On(new PeerEvent.Start(), default);
        if (phase == "Waiting")
        {
            (machine, _) = machine.On(new PeerEvent.DialFailed(), default);
            return machine.On(new PeerEvent.Accepted(Link), default).Next;
        }

        (machine, _) = machine.On(new PeerEvent.Dialed(Link), default);
        machine = phase == "OpenSent" ? machine : machine.On(new PeerEvent.Opened(Link, opened ?? Open), default).Next;
        return phase == "Established" ? machine.On(new PeerEvent.Kept(Link), default).Next : machine;
    }

    private static PeerEvent Event(string what) => what switch
    {
        "keepalive" => new PeerEvent.Kept(Link),
        "open" => new PeerEvent.Opened(Link, Open),
        "update" => new PeerEvent.Heard(Link),
        "notification" => new PeerEvent.Notified(Link, Notification.AdministrativeReset),
        "malformed" => new PeerEvent.Malformed(Link, Notification.NotSynchronised),
        "closed" => new PeerEvent.Closed(Link),
        _ => new PeerEvent.Stop(Notification.AdministrativeReset),
    };

    /// <summary>Nothing is heard until the hold timer is over, however long that is in the phase.</summary>
    private static (PeerMachine, IEnumerable<PeerAction>) Expire(PeerMachine machine)
    {
        for (var ticks = 0; ticks < 1000; ticks++)
        {
            (machine, var actions) = machine.On(new PeerEvent.Tick(), machine.Deadline!.Value);
            if (actions.Any(a => a is PeerAction.Close { Link: Link }))
            {
                return (machine, actions);
            }
        }

        throw new InvalidOperationException("no timer ended it");
    }
}
