namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>Somebody was refused as a switch or a host.</summary>
/// <param name="Who">What he said he is.</param>
/// <param name="Cause">The same for refusals that an operator would take for one thing.</param>
/// <param name="By">Whose doing it is: the name in a certificate, or else an address.</param>
/// <param name="Message">For people.</param>
public readonly record struct Refusal<T>(T Who, string Cause, string By, string Message);

/// <summary>
/// Which refusals are told. Whoever is refused comes again, as often as he can: a cause is told at once, and then after pauses that
/// grow, with how many there were meanwhile. How many events one culprit can make, and all together, is bounded, and so is what is remembered.
/// </summary>
public sealed class Refusals<T>
    where T : IEquatable<T>
{
    /// <summary>The first pause between two events of one cause; each that follows is twice as long, up to a day.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(5);

    /// <summary>Events that one culprit can make within a <see cref="FirstPause"/>.</summary>
    public const int MostOfOne = 8;

    private const int MostCulprits = 64;
    private const int MostRemembered = 1024;
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly List<Refusal<T>> waiting = [];
    private readonly Dictionary<(T Who, string Cause), Told> remembered = [];
    private readonly Dictionary<string, int> culprits = [];
    private DateTimeOffset culpritsSince;
    private long untold;

    /// <summary>It is shown from now on, unless there is something to show already; whether it is told, the next <see cref="Tell"/> says. True when that shows.</summary>
    public bool Add(in Refusal<T> refusal)
    {
        waiting.Add(refusal);
        if (Of(refusal.Who) is not null)
        {
            return false;
        }

        Remember(refusal).Message = refusal.Message;
        return true;
    }

    /// <summary>Why somebody was refused as it, or null when there was nobody, or somebody else is believed since.</summary>
    public string? Of(T who) => remembered.Where(r => r.Key.Who.Equals(who) && r.Value.Message is not null).Select(r => r.Value.Message).FirstOrDefault();

    /// <summary>Somebody is believed to be it: there is nothing to show any more. What was told is not told again so soon.</summary>
    public void Forget(T who)
    {
        foreach (var (_, known) in remembered.Where(r => r.Key.Who.Equals(who)))
        {
            known.Message = null;
        }
    }

    /// <summary>What is to be told now, each with its message.</summary>
    public IReadOnlyList<(T Who, string Message)> Tell(DateTimeOffset now)
    {
        if (now - culpritsSince >= FirstPause)
        {
            culprits.Clear();
            culpritsSince = now;
        }

        var news = new List<(T, string)>();
        foreach (var refusal in waiting)
        {
            var known = Remember(refusal);
            if (now < known.NextAt)
            {
                known.More++;
                continue;
            }

            if (!MayTell(refusal.By))
            {
                untold++;
                continue;
            }

            var more = known.More > 0 ? $"; {known.More} more like it since the last time" : "";
            var others = untold > 0 ? $"; {untold} others without an event" : "";
            news.Add((refusal.Who, refusal.Message + more + others));
            if (Of(refusal.Who) is not null)
            {
                Forget(refusal.Who);
                known.Message = refusal.Message;
            }

            known.Pause = now - known.NextAt > known.Pause ? FirstPause : known.Pause * 2 < LongestPause ? known.Pause * 2 : LongestPause;
            known.NextAt = now + known.Pause;
            (known.More, untold) = (0, 0);
        }

        waiting.Clear();
        return news;
    }

    private bool MayTell(string by)
    {
        var had = culprits.GetValueOrDefault(by);
        if (had >= MostOfOne || (had == 0 && culprits.Count >= MostCulprits))
        {
            return false;
        }

        culprits[by] = had + 1;
        return true;
    }

    private Told Remember(in Refusal<T> refusal)
    {
        var key = (refusal.Who, refusal.Cause);
        if (!remembered.TryGetValue(key, out var known))
        {
            if (remembered.Count >= MostRemembered)
            {
                remembered.Remove(remembered.MinBy(r => r.Value.NextAt).Key);
            }

            remembered.Add(key, known = new());
        }

        return known;
    }

    private sealed class Told
    {
        public string? Message { get; set; }

        public DateTimeOffset NextAt { get; set; }

        public TimeSpan Pause { get; set; }

        public long More { get; set; }
    }
}
