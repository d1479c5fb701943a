using System.Collections.Immutable;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Session;

/// <summary>What happened to a peer. A link is one TCP connection, numbered by whoever owns it.</summary>
internal abstract record PeerEvent
{
    public sealed record Start : PeerEvent;

    public sealed record Stop(Notification Reason) : PeerEvent;

    public sealed record Tick : PeerEvent;

    public sealed record Dialed(int Link) : PeerEvent;

    public sealed record DialFailed : PeerEvent;

    public sealed record Accepted(int Link) : PeerEvent;

    public sealed record Closed(int Link) : PeerEvent;

    public sealed record Opened(int Link, OpenMessage Message) : PeerEvent;

    public sealed record Kept(int Link) : PeerEvent;

    public sealed record Notified(int Link, Notification Message) : PeerEvent;

    /// <summary>An UPDATE or a ROUTE-REFRESH.</summary>
    public sealed record Heard(int Link) : PeerEvent;

    /// <summary>The peer sent what no reader accepts.</summary>
    public sealed record Malformed(int Link, Notification Answer) : PeerEvent;
}

/// <summary>What to do about it.</summary>
internal abstract record PeerAction
{
    public sealed record Dial : PeerAction;

    public sealed record AbandonDial : PeerAction;

    public sealed record Send(int Link, EquatableArray<byte> Message) : PeerAction;

    /// <summary>Closes once everything sent has gone.</summary>
    public sealed record Close(int Link) : PeerAction;

    public sealed record Up(int Link, Agreement Agreement) : PeerAction;

    /// <param name="Keep">The routes stay while the peer restarts.</param>
    public sealed record Down(int Link, string Reason, bool Keep) : PeerAction
    {
        /// <summary>What we said at the end; none when the connection went without a word of ours.</summary>
        public Notification? Sent { get; init; }

        public Notification? Received { get; init; }
    }
}

/// <summary>How far a link has come, RFC 4271 §8.2.2.</summary>
internal enum LinkPhase
{
    /// <summary>Connected; our OPEN waits for the peer's (§8.1.1, DelayOpen).</summary>
    Waiting,
    OpenSent,
    OpenConfirm,
    Established,
}

/// <summary>One connection of a peer: there are two of them for as long as a collision lasts.</summary>
internal sealed record LinkState(int Id, bool Dialed, LinkPhase Phase)
{
    public TimeSpan? OpenAt { get; init; }

    public TimeSpan? HoldAt { get; init; }

    public TimeSpan? KeepaliveAt { get; init; }

    public Agreement? Agreement { get; init; }

    public TimeSpan Since { get; init; }
}

/// <summary>The state machine of a peer, RFC 4271 §8 and §6.8: an event and the time go in, the next state and what to do come out.</summary>
internal sealed record PeerMachine(SpeakerSettings Speaker, PeerSettings Settings)
{
    private static readonly TimeSpan OpenHold = TimeSpan.FromMinutes(4); // "a large value", RFC 4271 §8.2.2
    private static readonly TimeSpan DialPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(10);

    public bool Enabled { get; init; }

    public bool Dialing { get; init; }

    /// <summary>When to dial next, or to give up dialing.</summary>
    public TimeSpan? RetryAt { get; init; }

    public TimeSpan Pause { get; init; }

    public ImmutableArray<LinkState> Links { get; init; } = [];

    /// <summary>Said in OPEN while the speaker recovers from its own restart.</summary>
    public bool Restarting { get; init; }

    public BgpPhase Phase
    {
        get
        {
            var best = Links.IsEmpty ? (LinkPhase?)null : Links.Max(l => l.Phase);
            return best switch
            {
                LinkPhase.Established => BgpPhase.Established,
                LinkPhase.OpenConfirm => BgpPhase.OpenConfirm,
                LinkPhase.OpenSent => BgpPhase.OpenSent,
                LinkPhase.Waiting => BgpPhase.Connect,
                _ => Dialing ? BgpPhase.Connect : Enabled ? BgpPhase.Active : BgpPhase.Idle,
            };
        }
    }

    private Asn LocalAs => Settings.LocalAs ?? Speaker.LocalAs;

    /// <summary>When the next <see cref="PeerEvent.Tick"/> is due.</summary>
    public TimeSpan? Deadline
    {
        get
        {
            var earliest = RetryAt;
            foreach (var link in Links)
            {
                earliest = Earlier(earliest, Earlier(link.OpenAt, Earlier(link.HoldAt, link.KeepaliveAt)));
            }

            return earliest;
        }
    }

    public (PeerMachine Next, ImmutableArray<PeerAction> Do) On(PeerEvent e, TimeSpan now) => e switch
    {
        PeerEvent.Start when !Enabled => (this with { Enabled = true, Pause = default }).Dial(now),
        PeerEvent.Start => (this, []),
        PeerEvent.Stop stop => Stop(stop.Reason),
        PeerEvent.Tick => Tick(now),
        PeerEvent.Accepted { Link: var link } when !Enabled => (this, [Say(link, Notification.Refused), new PeerAction.Close(link)]),
        PeerEvent.Accepted { Link: var link } => Connected(new(link, Dialed: false, LinkPhase.Waiting), now),
        PeerEvent.Dialed { Link: var link } => (this with { Dialing = false, RetryAt = null }).Connected(new(link, Dialed: true, LinkPhase.Waiting), now),
        PeerEvent.DialFailed => (this with { Dialing = false }).Retry(now),
        PeerEvent.Closed { Link: var id } => Find(id) is { } link ? Lose(link, "the connection was closed", null, overGraceful: true, now) : (this, []),
        PeerEvent.Opened { Link: var id, Message: var open } => Find(id) is { } link ? Opened(link, open, now) : (this, []),
        PeerEvent.Kept { Link: var id } => Find(id) is { } link ? Kept(link, now) : (this, []),
        PeerEvent.Heard { Link: var id } => Find(id) is { } link ? Heard(link, now) : (this, []),
        PeerEvent.Notified { Link: var id, Message: var n } => Find(id) is { } link
            ? Lose(link, $"the peer said {n}", null, overGraceful: !n.IsHardReset && link.Agreement is { OverNotification: true }, now, received: n)
            : (this, []),
        PeerEvent.Malformed { Link: var id, Answer: var answer } => Find(id) is { } link ? Drop(link, answer, now) : (this, []),
        _ => throw new InvalidOperationException($"no phase has an answer to {e}"),
    };

    /// <summary>Takes settings that need no new session: a pause that is too long for them ends as they say.</summary>
    public PeerMachine With(PeerSettings settings, TimeSpan now)
    {
        var latest = now + settings.LongestRetry;
        return this with
        {
            Settings = settings,
            Pause = Pause > settings.LongestRetry ? settings.LongestRetry : Pause,
            RetryAt = RetryAt > latest && !Dialing ? latest : RetryAt,
        };
    }

    private (PeerMachine, ImmutableArray<PeerAction>) Dial(TimeSpan now) => Settings.Passive || Settings.Address is null
        ? (this with { RetryAt = null }, [])
        : (this with { Dialing = true, RetryAt = now + DialPatience }, [new PeerAction.Dial()]);

    private (PeerMachine, ImmutableArray<PeerAction>) Retry(TimeSpan now)
    {
        if (!Enabled || !Links.IsEmpty || Dialing)
        {
            return (this, []);
        }

        var next = Pause == default ? FirstPause : Pause * 2;
        return (this with { RetryAt = now + Pause, Pause = next > Settings.LongestRetry ? Settings.LongestRetry : next }, []);
    }

    private (PeerMachine, ImmutableArray<PeerAction>) Stop(Notification reason)
    {
        var actions = ImmutableArray.CreateBuilder<PeerAction>();
        if (Dialing)
        {
            actions.Add(new PeerAction.AbandonDial());
        }

        foreach (var link in Links)
        {
            actions.Add(Say(link.Id, link.Agreement is { OverNotification: true } ? reason.Hard() : reason));
            actions.Add(new PeerAction.Close(link.Id));
            if (link.Phase == LinkPhase.Established)
            {
                actions.Add(new PeerAction.Down(link.Id, $"we said {reason}", Keep: false) { Sent = reason });
            }
        }

        return (this with { Enabled = false, Dialing = false, RetryAt = null, Links = [] }, actions.ToImmutable());
    }

    private (PeerMachine, ImmutableArray<PeerAction>) Tick(TimeSpan now)
    {
        foreach (var link in Links)
        {
            if (link.HoldAt <= now)
            {
                return Drop(link, Notification.HoldExpired, now);
            }

            if (link.OpenAt <= now)
            {
                return Replace(link with { Phase = LinkPhase.OpenSent, OpenAt = null, HoldAt = now + OpenHold }, SendOpen(link.Id));
            }

            if (link.KeepaliveAt <= now)
            {
                return Replace(link with { KeepaliveAt = now + (link.Agreement!.Hold / 3) }, new PeerAction.Send(link.Id, [.. BgpMessage.Keepalive]));
            }
        }

        if (!(RetryAt <= now))
        {
            return (this, []);
        }

        if (Dialing)
        {
            var (next, actions) = (this with { Dialing = false, RetryAt = null }).Retry(now);
            return (next, [new PeerAction.AbandonDial(), .. actions]);
        }

        return Links.IsEmpty ? Dial(now) : (this with { RetryAt = null }, []);
    }

    private (PeerMachine, ImmutableArray<PeerAction>) Connected(LinkState link, TimeSpan now)
    {
        if (!link.Dialed && Links.FirstOrDefault(l => !l.Dialed && l.Phase < LinkPhase.OpenConfirm) is { } silent)
        {
            // Of those that a peer has made and says nothing on, the latest is enough.
            var (next, actions) = Without(silent).Connected(link, now);
            return (next, [Say(silent.Id, Notification.Collision), new PeerAction.Close(silent.Id), .. actions]);
        }

        if (!link.Dialed && Settings.DelayOpen > TimeSpan.Zero)
        {
            return Add(link with { OpenAt = now + Settings.DelayOpen, HoldAt = now + OpenHold });
        }

        return Add(link with { Phase = LinkPhase.OpenSent, HoldAt = now + OpenHold }, SendOpen(link.Id));
    }

    private (PeerMachine, ImmutableArray<PeerAction>) Opened(LinkState link, OpenMessage open, TimeSpan now)
    {
        if (link.Phase > LinkPhase.OpenSent)
        {
            return Drop(link, Unexpected(link.Phase), now);
        }

        var agreement = Agreement.Of(open, Ours(), LocalAs, Speaker.RouterId, Settings, out var fault);
        if (agreement is null)
        {
            return Drop(link, fault!, now);
        }

        var actions = ImmutableArray.CreateBuilder<PeerAction>();
        var next = this;
        foreach (var other in Links.Where(l => l.Id != link.Id && l.Phase >= LinkPhase.OpenConfirm))
        {
            if (other.Phase == LinkPhase.Established && other.Agreement!.RestartFamilies.IsEmpty)
            {
                return Drop(link, Notification.Collision, now);
            }

            if (other.Phase == LinkPhase.Established)
            {
                // The peer may have restarted before its old connection was seen to die (RFC 4724 §5), or this one was under way
                // while the other came up, and the peer is about to close it: what it says next shows which.
            }
            else if (Survives(link, open))
            {
                next = next.Without(other);
                actions.Add(Say(other.Id, Notification.Collision));
                actions.Add(new PeerAction.Close(other.Id));
            }
            else
            {
                return Drop(link, Notification.Collision, now);
            }
        }

        if (link.Phase == LinkPhase.Waiting)
        {
            actions.Add(SendOpen(link.Id));
        }

        actions.Add(new PeerAction.Send(link.Id, [.. BgpMessage.Keepalive]));
        var confirmed = Timed(link with { Phase = LinkPhase.OpenConfirm, OpenAt = null, Agreement = agreement }, now);
        var (result, _) = next.Replace(confirmed);
        return (result, actions.ToImmutable());
    }

    /// <summary>Of two connections the one lives that the speaker with the higher identifier made (RFC 4271 §6.8, RFC 6286 §2.3).</summary>
    private bool Survives(LinkState link, OpenMessage open)
    {
        var order = Speaker.RouterId.CompareTo(open.RouterId);
        var ours = order != 0 ? order > 0 : LocalAs.Value > Settings.RemoteAs.Value;
        return link.Dialed == ours;
    }

    private (PeerMachine, ImmutableArray<PeerAction>) Kept(LinkState link, TimeSpan now) => link.Phase switch
    {
        LinkPhase.Established => Replace(Refreshed(link, now)),
        LinkPhase.OpenConfirm => Established(link, now),
        _ => Drop(link, Unexpected(link.Phase), now),
    };

    private (PeerMachine, ImmutableArray<PeerAction>) Established(LinkState link, TimeSpan now)
    {
        var actions = ImmutableArray.CreateBuilder<PeerAction>();
        var next = this;
        foreach (var other in Links.Where(l => l.Id != link.Id))
        {
            next = next.Without(other);
            if (other.Phase < LinkPhase.Established)
            {
                actions.Add(Say(other.Id, Notification.Collision));
                actions.Add(new PeerAction.Close(other.Id));
            }
            else
            {
                actions.Add(new PeerAction.Close(other.Id));
                actions.Add(new PeerAction.Down(other.Id, "the peer restarted", Keep: true)); // RFC 4724 §5
            }
        }

        if (next.Dialing)
        {
            next = next with { Dialing = false, RetryAt = null };
            actions.Add(new PeerAction.AbandonDial());
        }

        actions.Add(new PeerAction.Up(link.Id, link.Agreement!));
        var (result, _) = next.Replace(Refreshed(link, now) with { Phase = LinkPhase.Established, Since = now });
        return (result, actions.ToImmutable());
    }

    private (PeerMachine, ImmutableArray<PeerAction>) Heard(LinkState link, TimeSpan now) => link.Phase == LinkPhase.Established
        ? Replace(Refreshed(link, now))
        : Drop(link, Unexpected(link.Phase), now);

    private (PeerMachine, ImmutableArray<PeerAction>) Drop(LinkState link, Notification answer, TimeSpan now) =>
        Lose(link, $"we said {answer}", answer.Within(link.Agreement?.LongestMessage ?? BgpMessage.Longest), overGraceful: !answer.IsHardReset && link.Agreement is { OverNotification: true }, now);

    private (PeerMachine, ImmutableArray<PeerAction>) Lose(
        LinkState link, string reason, Notification? answer, bool overGraceful, TimeSpan now, Notification? received = null)
    {
        var actions = ImmutableArray.CreateBuilder<PeerAction>();
        if (answer is not null)
        {
            actions.Add(Say(link.Id, answer));
        }

        actions.Add(new PeerAction.Close(link.Id));
        var next = Without(link);
        if (link.Phase == LinkPhase.Established)
        {
            // A session that held comes back at once; one that falls right after it stood waits longer each time.
            next = now - link.Since >= Steady ? next with { Pause = default } : next;
            actions.Add(new PeerAction.Down(link.Id, reason, overGraceful && !link.Agreement!.RestartFamilies.IsEmpty) { Sent = answer, Received = received });
        }

        var (result, more) = next.Retry(now);
        return (result, [.. actions, .. more]);
    }

    private LinkState? Find(int id) => Links.FirstOrDefault(l => l.Id == id);

    private PeerMachine Without(LinkState link) => this with { Links = Links.RemoveAll(l => l.Id == link.Id) };

    private (PeerMachine, ImmutableArray<PeerAction>) Add(LinkState link, params ReadOnlySpan<PeerAction> actions) =>
        (this with { Links = Links.Add(link) }, [.. actions]);

    private (PeerMachine, ImmutableArray<PeerAction>) Replace(LinkState link, params ReadOnlySpan<PeerAction> actions) =>
        (this with { Links = [.. Links.Select(l => l.Id == link.Id ? link : l)] }, [.. actions]);

    private static LinkState Timed(LinkState link, TimeSpan now) => link.Agreement!.Hold == TimeSpan.Zero
        ? link with { HoldAt = null, KeepaliveAt = null } // Zero means no timers, RFC 4271 §4.2.
        : link with { HoldAt = now + link.Agreement.Hold, KeepaliveAt = now + (link.Agreement.Hold / 3) };

    private static LinkState Refreshed(LinkState link, TimeSpan now) =>
        link.HoldAt is null ? link : link with { HoldAt = now + link.Agreement!.Hold };

    private static PeerAction.Send Say(int link, Notification n) => new(link, [.. n.ToMessage()]);

    private static Notification Unexpected(LinkPhase phase) => Notification.Unexpected((byte)(phase == LinkPhase.Waiting ? 0 : (int)phase));

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null ? b : b is null || a < b ? a : b;

    private PeerAction.Send SendOpen(int link)
    {
        var asn = LocalAs.Value > ushort.MaxValue ? OpenMessage.AsTrans : (ushort)LocalAs.Value;
        var open = new OpenMessage(asn, (ushort)Settings.HoldTime.TotalSeconds, Speaker.RouterId, Ours().ToList());
        return new(link, [.. open.ToMessage()]);
    }

    private Capabilities Ours()
    {
        var families = FamilySet.Of(Settings.Families);
        return new()
        {
            Families = families,
            As4 = LocalAs,
            Refresh = true,
            EnhancedRefresh = true,
            ExtendedMessages = true,
            Restart = Settings.GracefulRestart is { } restart
                ? new(Restarting, true, (ushort)Math.Min(4095, restart.RestartTime.TotalSeconds), [.. families.Items.Select(f => new RestartFamily(f, Restarting))])
                : null,
            LongLived = Settings.GracefulRestart is { LongLivedTime: var time } && time > TimeSpan.Zero
                ? [.. families.Items.Select(f => new LongLivedFamily(f, Restarting, (uint)time.TotalSeconds))]
                : [],
            AddPath = Settings.AddPath ? [.. families.Items.Where(f => f != BgpFamily.RtConstraint).Select(f => new AddPathFamily(f, 3))] : [],
        };
    }
}
