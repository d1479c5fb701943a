using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Evpn;

/// <summary>Finds MAC addresses that two stations have, RFC 7432 §15.1: five moves within 180 s that no binding has authorised. Such a MAC moves no more.</summary>
internal sealed class DuplicateMacs
{
    public const int Moves = 5;
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(180);

    private readonly Dictionary<(string Network, MacAddress Mac), Queue<DateTimeOffset>> moves = [];
    private readonly Queue<(DateTimeOffset At, (string Network, MacAddress Mac) Key)> recent = [];
    private readonly HashSet<(string Network, MacAddress Mac)> frozen = [];

    /// <summary>How many addresses have moved within the window.</summary>
    public int Watched => moves.Count;

    public bool IsFrozen(string network, MacAddress mac) => frozen.Contains((network, mac));

    /// <summary>Counts a move by routes; true when it is one too many, and the MAC stays where it is from now on.</summary>
    public bool Moved(string network, MacAddress mac, DateTimeOffset now)
    {
        while (recent.TryPeek(out var oldest) && oldest.At <= now - Window)
        {
            recent.Dequeue();
            if (moves.TryGetValue(oldest.Key, out var old) && old.TryPeek(out var first) && first <= now - Window)
            {
                old.Dequeue();
                if (old.Count == 0)
                {
                    moves.Remove(oldest.Key);
                }
            }
        }

        if (!moves.TryGetValue((network, mac), out var times))
        {
            moves.Add((network, mac), times = []);
        }

        times.Enqueue(now);
        recent.Enqueue((now, (network, mac)));
        return times.Count >= Moves && frozen.Add((network, mac));
    }

    /// <summary>A binding, or the end of the contradiction, has decided: it is counted from the beginning. False when it was not frozen.</summary>
    public bool Thaw(string network, MacAddress mac)
    {
        moves.Remove((network, mac));
        return frozen.Remove((network, mac));
    }
}
