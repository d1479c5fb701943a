using System.Collections.Frozen;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Learning;

/// <summary>What becomes of a frame.</summary>
public enum LearningVerdict
{
    /// <summary>It goes nowhere.</summary>
    Drop,

    /// <summary>It goes nowhere, for its port has caused as many floods as it may.</summary>
    TooMany,

    /// <summary>To every port but its own that is not blocked.</summary>
    Flood,

    /// <summary>To one port, and so do those that follow, by a flow.</summary>
    Forward,

    /// <summary>To one port, this once.</summary>
    ForwardOnce,
}

/// <summary>The answer to one frame.</summary>
/// <param name="Verdict">What becomes of it.</param>
/// <param name="Frame">Its MACs and VLAN.</param>
/// <param name="Out">The port, when there is just one.</param>
/// <param name="HasMoved">The sender was behind another port until now: flows that name it are wrong.</param>
public readonly record struct LearningAnswer(LearningVerdict Verdict, FrameKey Frame = default, PortNumber Out = default, bool HasMoved = false);

/// <summary>The numbers of a learning switch.</summary>
public sealed record LearningTimes
{
    /// <summary>A flow goes after that many seconds without a packet.</summary>
    public ushort FlowIdle { get; init; } = 60;

    /// <summary>A flow goes after that many seconds, so that a busy station is seen again before it is forgotten.</summary>
    public ushort FlowHard { get; init; } = 240;

    public TimeSpan StationAge { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>A station that moved stays for that long, so that frames still under way from its old place do not move it back.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Floods per second that one port may cause.</summary>
    public int FloodsPerSecond { get; init; } = 1000;

    /// <summary>The same of a port that came up a moment ago: there may be a way in a circle that nobody has found yet.</summary>
    public int UnsettledFloodsPerSecond { get; init; } = 100;

    /// <summary>So long after a frame was flooded it is taken for a copy of itself by another port; a station that moves is not heard for as long, if it says the same again.</summary>
    public TimeSpan Echo { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Within that time from the first probe a switch of ours behind a port that came up is found.</summary>
    public TimeSpan Discovery { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>
/// A learning switch as a machine that touches nothing and allocates nothing per frame: where stations are, what is flooded,
/// and which ports the spanning tree has blocked. One owner at a time.
/// </summary>
public sealed class LearningSwitch(LearningTimes times)
{
    private const int MaxStations = 32_768;
    private const int MaxPorts = 4096;
    private static readonly TimeSpan NotYet = TimeSpan.MaxValue;

    private readonly MacTable stations = new(MaxStations, times.StationAge);
    private readonly FloodMemory floods = new();
    private readonly PortAllowances allowances = new();
    private readonly Dictionary<PortNumber, TimeSpan> probed = [];
    private FrozenSet<PortNumber> blocked = FrozenSet<PortNumber>.Empty;
    private TimeSpan begun = TimeSpan.MinValue / 2;

    public LearningTimes Times => times;

    /// <summary>Floods that a port was not allowed.</summary>
    public long FloodsRefused { get; private set; }

    /// <summary>The ports over which nothing goes, lest it go in circles.</summary>
    public FrozenSet<PortNumber> Blocked => blocked;

    /// <summary>Blocks these ports and no others; what was learned behind ports that are blocked now counts no more.</summary>
    public void Block(FrozenSet<PortNumber> ports)
    {
        Forget(ports.Except(blocked).ToHashSet());
        blocked = ports;
    }

    /// <summary>All ports have just come up, as far as anybody knows.</summary>
    /// <param name="ports">Those by which probes are going to leave.</param>
    public void Begin(IEnumerable<PortNumber> ports, TimeSpan now)
    {
        begun = now;
        probed.Clear();
        foreach (var port in ports)
        {
            CameUp(port);
        }

        Forget();
    }

    /// <summary>A port came up, by which a probe is going to leave.</summary>
    public void CameUp(PortNumber port)
    {
        if (probed.Count < MaxPorts)
        {
            probed[port] = NotYet;
        }
    }

    /// <summary>A probe leaves by a port.</summary>
    public void Probed(PortNumber port, TimeSpan now)
    {
        if (probed.GetValueOrDefault(port) == NotYet)
        {
            probed[port] = now;
        }
    }

    public bool IsBlocked(PortNumber port) => blocked.Count > 0 && blocked.Contains(port);

    /// <summary>Forgets who was behind some ports: they may be elsewhere now.</summary>
    public void Forget(IReadOnlySet<PortNumber> ports) => stations.Remove(ports);

    /// <summary>Begins anew.</summary>
    public void Forget()
    {
        stations.Clear();
        floods.Clear();
    }

    /// <summary>Where a frame goes that came in by a port.</summary>
    public LearningAnswer On(PortNumber port, ReadOnlySpan<byte> frame, TimeSpan now)
    {
        if (!FrameKey.TryRead(frame, out var key) || key.IsForTheBridge || IsBlocked(port))
        {
            return new(LearningVerdict.Drop);
        }

        var target = key.Destination.IsMulticast ? null : stations.Find(key.Destination, key.Vlan, now);
        var isSettled = IsSettled(port, now);

        // While there may be ways in a circle, a frame to one station comes by several of them too, if it was flooded elsewhere.
        var mayCircle = target is null || !isSettled;
        var name = mayCircle ? FloodMemory.NameOf(frame) : 0;
        if (mayCircle && floods.CameBack(name, port, now))
        {
            return new(LearningVerdict.Drop, key);
        }

        var known = stations.Find(key.Source, key.Vlan, now);
        var isElsewhere = known is { } k && k.Port != port;
        var isLate = isElsewhere && now - known!.Value.Moved < times.Settle;
        if (!isLate)
        {
            stations.Set(key.Source, key.Vlan, new(port, now, isElsewhere ? now : known?.Moved ?? TimeSpan.MinValue / 2));
        }

        var verdict = target switch
        {
            null => MayFlood(port, isSettled, now) ? LearningVerdict.Flood : LearningVerdict.TooMany,
            { } t when t.Port == port => LearningVerdict.Drop,
            _ => isLate ? LearningVerdict.ForwardOnce : LearningVerdict.Forward,
        };

        // What does not go on from here may do so when it comes by another port.
        if (mayCircle && verdict is not (LearningVerdict.TooMany or LearningVerdict.Drop))
        {
            floods.Remember(name, port, now, times.Echo);
        }

        return new(verdict, key, target?.Port ?? default, isElsewhere && !isLate);
    }

    private bool MayFlood(PortNumber port, bool isSettled, TimeSpan now)
    {
        if (allowances.Take(port, isSettled ? times.FloodsPerSecond : times.UnsettledFloodsPerSecond, now))
        {
            return true;
        }

        FloodsRefused++;
        return false;
    }

    /// <summary>Whether a switch behind a port would have been found.</summary>
    private bool IsSettled(PortNumber port, TimeSpan now) => now - probed.GetValueOrDefault(port, begun) >= times.Discovery;
}
