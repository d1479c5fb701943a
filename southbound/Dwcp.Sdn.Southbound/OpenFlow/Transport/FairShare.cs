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
    private int active;
    private int activeBefore;

    /// <summary>What one connection has had.</summary>
    public struct Account
    {
        internal long Moment;
        internal long Debt;
    }

    /// <summary>A connection was handled from one timestamp to another; so long it has to rest now.</summary>
    public TimeSpan Took(ref Account account, long from, long to)
    {
        var now = to / momentTicks;
        var others = Appear(now, first: account.Moment != now);
        var share = Math.Min(momentTicks, Math.Max(momentTicks / Part, momentTicks * threads / Math.Max(1, others)));
        account.Debt = Math.Max(0, account.Debt - ((now - account.Moment) * share)) + to - from;
        account.Moment = now;
        if (others < 2 || account.Debt <= share)
        {
            return TimeSpan.Zero;
        }

        var rest = time.GetElapsedTime(0, account.Debt * momentTicks / share) - Moment;
        return rest < LongestRest ? rest : LongestRest;
    }

    /// <summary>How many connections had something to say in this moment or the one before.</summary>
    private int Appear(long now, bool first)
    {
        var current = Volatile.Read(ref moment);
        if (now > current && Interlocked.CompareExchange(ref moment, now, current) == current)
        {
            Volatile.Write(ref activeBefore, now == current + 1 ? Volatile.Read(ref active) : 0);
            Volatile.Write(ref active, 0);
        }

        var here = first ? Interlocked.Increment(ref active) : Volatile.Read(ref active);
        return Math.Max(here, Volatile.Read(ref activeBefore));
    }
}
