namespace Dwcp.Sdn.Bgp.Bfd;

/// <summary>One session of asynchronous BFD, RFC 5880 §6.8: packets and the time go in, the next state and what to send come out.</summary>
internal sealed record BfdMachine(BfdSettings Settings, uint Mine)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1); // §6.8.3: while it is not up

    public BfdState State { get; init; } = BfdState.Down;

    public byte Diagnostic { get; init; }

    public uint Yours { get; init; }

    /// <summary>What the peer said last of its own end.</summary>
    public BfdState Peer { get; init; } = BfdState.Down;

    /// <summary>How long silence may last, as of the last packet.</summary>
    public TimeSpan Detection { get; init; } = Settings.Interval * Settings.Multiplier;

    /// <summary>How often the peer takes a packet; zero asks for none.</summary>
    public TimeSpan PeerTakes { get; init; } = TimeSpan.FromMicroseconds(1);

    /// <summary>New times were announced and not yet confirmed, §6.5.</summary>
    public bool Polling { get; init; }

    public TimeSpan? SendAt { get; init; }

    public TimeSpan? DetectAt { get; init; }

    /// <summary>It was this side that was late to look: what has come in the meantime waits, and is heard before the peer is judged.</summary>
    public bool Excused { get; init; }

    /// <summary>Of the pauses between packets, which are never quite equal (§6.8.7).</summary>
    public uint Seed { get; init; } = Mine;

    public TimeSpan? Deadline => SendAt is null || DetectAt < SendAt ? DetectAt : SendAt;

    /// <summary>The last packet of a session that is watched no longer.</summary>
    public BfdPacket Goodbye => (this with { State = BfdState.AdminDown, Diagnostic = 7, Polling = false }).Packet(final: false);

    public BfdStatus Status => new(State, Peer, Agreed, Detection, Diagnostic);

    private TimeSpan Agreed => Interval > PeerTakes ? Interval : PeerTakes;

    private TimeSpan Interval => State == BfdState.Up || Settings.Interval > Slow ? Settings.Interval : Slow;

    public (BfdMachine Next, BfdPacket? Send) Tick(TimeSpan now)
    {
        var next = this;
        if (DetectAt < now - (Settings.Interval / 2) && !Excused)
        {
            next = this with { Excused = true, DetectAt = now + Settings.Interval };
        }
        else if (DetectAt <= now)
        {
            next = next with { DetectAt = null, Yours = 0, Peer = BfdState.Down, PeerTakes = TimeSpan.FromMicroseconds(1) };
            next = State > BfdState.Down ? next.Fall(1, now) : next;
        }

        return next.SendAt > now ? (next, null)
            : next.PeerTakes == TimeSpan.Zero ? (next.Paced(now), null) // §6.8.7: nothing that it does not ask for.
            : (next.Paced(now), next.Packet(final: false));
    }

    public (BfdMachine Next, BfdPacket? Send) Heard(in BfdPacket packet, TimeSpan now)
    {
        if (packet.Yours != 0 && packet.Yours != Mine)
        {
            return (this, null);
        }

        var peerSends = TimeSpan.FromMicroseconds(packet.DesiredTx);
        var detection = packet.Multiplier * (peerSends > Settings.Interval ? peerSends : Settings.Interval);
        var next = this with
        {
            Peer = packet.State,
            Detection = detection,
            Yours = packet.Mine,
            PeerTakes = TimeSpan.FromMicroseconds(packet.RequiredRx),
            Polling = Polling && !packet.Final,
            Excused = false,
            DetectAt = now + detection,
        };
        next = (State, packet.State) switch
        {
            (BfdState.Down, BfdState.Down) => next with { State = BfdState.Init },
            (BfdState.Down, BfdState.Init) or (BfdState.Init, BfdState.Init or BfdState.Up) => next.Rise(now),
            (BfdState.Init, BfdState.AdminDown) or (BfdState.Up, BfdState.AdminDown or BfdState.Down) => next.Fall(3, now),
            _ => next,
        };
        if (next.State == State && next.SendAt > now + next.Agreed)
        {
            next = next.Paced(now); // It takes packets more often than when the next one was planned, and soon expects them so (§6.8.7).
        }

        return packet.Poll ? (next, next.Packet(final: true))
            : next.State != State ? (next.Paced(now), next.Packet(final: false))
            : (next, null);
    }

    private BfdMachine Rise(TimeSpan now) => this with { State = BfdState.Up, Diagnostic = 0, Polling = true, SendAt = now };

    private BfdMachine Fall(byte why, TimeSpan now) => this with { State = BfdState.Down, Diagnostic = why, Polling = false, SendAt = now };

    /// <summary>The next packet goes after 75 to 100 percent of what both sides agreed on; 90 where one lost packet already counts.</summary>
    private BfdMachine Paced(TimeSpan now)
    {
        if (PeerTakes == TimeSpan.Zero)
        {
            return this with { SendAt = now + Slow }; // It asks for none: only to look again.
        }

        var seed = (Seed * 1_664_525) + 1_013_904_223;
        var part = 0.75 + ((Settings.Multiplier == 1 ? 0.15 : 0.25) * (seed >> 8) / (1 << 24));
        return this with { Seed = seed, SendAt = now + (Agreed * part) };
    }

    private BfdPacket Packet(bool final) => new(
        State, Diagnostic, Polling && !final, final, (byte)Settings.Multiplier, Mine, Yours,
        (uint)Interval.TotalMicroseconds, (uint)Settings.Interval.TotalMicroseconds);
}
