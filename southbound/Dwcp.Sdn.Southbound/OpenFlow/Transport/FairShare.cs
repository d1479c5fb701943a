namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>
/// Keeps one connection from taking the time of the others. While more than one has something to say, none gets more than an
/// eighth of a thread's time, or its even share where that is more; whoever took more is not read from until it is made up for, and
/// TCP tells the peer.
/// </summary>
internal sealed class FairShare(TimeProvider time, int threads)
{
    /// <summary>Shares are counted over so long.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    private const int Part = 8;
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(200);

    private readonly long momentTicks = (long)(Moment.TotalSeconds * time.TimestampFrequency);
    private long moment;
    private long momentBefore;
    private int active;
    private int activeBefore;

    /// <summary>What one connection has had, and the last two moments in which it had something to say.</summary>
    public struct Account
    {
        internal long Moment;
        internal long MomentBefore;
        internal long Debt;
    }

    /// <summary>A connection was handled from one timestamp to another; so long it has to rest now.</summary>
    public TimeSpan Took(ref Account account, long from, long to)
    {
        var (last, now) = (account.Moment, to / momentTicks);
        var wanting = Appear(ref account, from / momentTicks, now);
        var share = Math.Min(momentTicks, Math.Max(momentTicks / Part, momentTicks * threads / wanting));
        account.Debt = Math.Max(0, account.Debt - ((now - last) * share)) + to - from;
        if (wanting < 2 || account.Debt <= share)
        {
            return TimeSpan.Zero;
        }

        var rest = time.GetElapsedTime(0, account.Debt * momentTicks / share) - Moment;
        return rest < LongestRest ? rest : LongestRest;
    }

    /// <summary>
    /// How many connections, with this one, had something to say in this moment or the one before. While this one was handled no other could: the
    /// moment before is the one before that began.
    /// </summary>
    private int Appear(ref Account account, long began, long now)
    {
        var current = Volatile.Read(ref moment);
        if (now > current && Interlocked.CompareExchange(ref moment, now, current) == current)
        {
            Volatile.Write(ref activeBefore, current >= began - 1 ? Volatile.Read(ref active) : 0);
            Volatile.Write(ref momentBefore, current);
            Volatile.Write(ref active, 0);
        }

        if (account.Moment != now)
        {
            (account.MomentBefore, account.Moment) = (account.Moment, now);
            Interlocked.Increment(ref active);
        }

        var others = Volatile.Read(ref activeBefore) - (account.MomentBefore == Volatile.Read(ref momentBefore) ? 1 : 0);
        return 1 + Math.Max(0, Math.Max(Volatile.Read(ref active) - 1, others));
    }
}
