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

    /// <summary>Within that time a switch of ours behind a port that came up is found.</summary>
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

    private readonly MacTable stations = new(MaxStations, times.StationAge);
    private readonly FloodMemory floods = new();
    private readonly PortAllowances allowances = new();
    private readonly Dictionary<PortNumber, TimeSpan> cameUp = [];
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
    public void Begin(TimeSpan now)
    {
        begun = now;
        cameUp.Clear();
        Forget();
    }

    /// <summary>A port came up.</summary>
    public void CameUp(PortNumber port, TimeSpan now)
    {
        if (cameUp.Count < MaxPorts)
        {
            cameUp[port] = now;
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
        if (target is null && floods.CameBack(port, frame, now))
        {
            return new(LearningVerdict.Drop, key);
        }

        var known = stations.Find(key.Source, key.Vlan, now);
        var hasMoved = known is { } k && k.Port != port;
        if (hasMoved && now - known!.Value.Moved < times.Settle)
        {
            return target is { } there && there.Port != port ? new(LearningVerdict.ForwardOnce, key, there.Port) : new(LearningVerdict.Drop, key);
        }

        stations.Set(key.Source, key.Vlan, new(port, now, hasMoved ? now : known?.Moved ?? TimeSpan.MinValue / 2));
        return target switch
        {
            null when !MayFlood(port, now) => new(LearningVerdict.TooMany, key, default, hasMoved),
            null => new(LearningVerdict.Flood, key, default, hasMoved),
            { } t when t.Port == port => new(LearningVerdict.Drop, key, default, hasMoved),
            { } t => new(LearningVerdict.Forward, key, t.Port, hasMoved),
        };
    }

    private bool MayFlood(PortNumber port, TimeSpan now)
    {
        if (allowances.Take(port, IsSettled(port, now) ? times.FloodsPerSecond : times.UnsettledFloodsPerSecond, now))
        {
            return true;
        }

        FloodsRefused++;
        return false;
    }

    /// <summary>Whether a port has been up for long enough that a switch behind it would have been found.</summary>
    private bool IsSettled(PortNumber port, TimeSpan now) => now - cameUp.GetValueOrDefault(port, begun) >= times.Discovery;
}
