using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Learning;

namespace Dwcp.Sdn.Fabric.Topology;

/// <summary>The numbers of the discovery of links.</summary>
public sealed record DiscoveryTimes
{
    /// <summary>How often a probe leaves by each port of a link, as long as <see cref="MostPerSecond"/> allows it; then as often as that does.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same of the other ports. Whoever appears behind one speaks first, or the port comes up.</summary>
    public TimeSpan QuietInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A link that is not heard for so many intervals and a second is gone (IEEE 802.1AB-2016 §9.2.5, txTTL).</summary>
    public int Hold { get; init; } = 3;

    /// <summary>Probes per second of the whole controller.</summary>
    public int MostPerSecond { get; init; } = 1000;

    /// <summary>Probes that leave together at most, and how long the next wait for company.</summary>
    public int Batch { get; init; } = 100;

    public TimeSpan BatchGap { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A probe on its way for longer is none that we sent just now.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Copies that a hub makes of one probe arrive within that time of each other.</summary>
    public TimeSpan SameMoment { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>LLDP frames per second that are looked at from one port.</summary>
    public int PortPerSecond { get; init; } = 20;

    /// <summary>A refusal of one kind at one switch is told of that often; all others are counted.</summary>
    public TimeSpan TellEvery { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>A port that leads, or may lead, to another switch.</summary>
public readonly record struct DiscoveryPort(PortNumber Number, MacAddress Mac);

/// <summary>A probe that is due.</summary>
public readonly record struct ProbeFrame(LinkEnd From, byte[] Frame);

/// <summary>An LLDP frame was refused, worth telling.</summary>
/// <param name="More">How many of the kind were refused at the switch since it was last told.</param>
public readonly record struct RefusalNews(LinkEnd At, LldpRefusal Refusal, long More);

/// <summary>
/// Finds who is behind which port, as a machine that touches nothing: ports and received frames in; probes, and what is heard
/// of whom, out. Of two ports each hears the other or not: what one end hears is kept apart. It has one owner.
/// </summary>
/// <param name="nonce">Gives numbers that nobody can guess.</param>
public sealed class Discovery(DiscoveryTimes times, ImmutableArray<byte> key, Func<ulong> nonce)
{
    private const uint Together = 32;

    private static readonly TimeSpan QuickRepeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    private readonly Dictionary<LinkEnd, PortState> ports = [];
    private readonly Dictionary<DatapathId, HashSet<PortNumber>> bySwitch = [];
    private readonly PriorityQueue<LinkEnd, TimeSpan> queue = new();
    private readonly Dictionary<(LinkEnd From, LinkEnd To), Heard> heard = [];
    private readonly Dictionary<ulong, Seen> nonces = [];
    private readonly Queue<(TimeSpan Until, ulong Nonce)> oldNonces = new();
    private readonly Dictionary<LinkEnd, int> linked = [];
    private readonly Dictionary<(DatapathId, LldpRefusal), (TimeSpan At, long More)> told = [];
    private readonly List<RefusalNews> refusals = [];
    private readonly List<(LinkEnd From, LinkEnd To, string? Lost)> changes = [];
    private Allowance sends = new() { Tokens = times.Batch };
    private TimeSpan lastBatch = TimeSpan.MinValue / 2;
    private TimeSpan nextSweep;

    /// <summary>When something is due next; null while there is nothing to do.</summary>
    public TimeSpan? Deadline
    {
        get
        {
            if (ports.Count == 0)
            {
                return null;
            }

            while (queue.TryPeek(out var end, out var due) && !(ports.TryGetValue(end, out var port) && port.Due == due))
            {
                queue.Dequeue();
            }

            var send = queue.TryPeek(out _, out var at) && at > lastBatch + times.BatchGap ? at : lastBatch + times.BatchGap;
            return heard.Count > 0 && nextSweep < send ? nextSweep : send;
        }
    }

    /// <summary>How much longer the intervals are than they should be, so that no more leaves in a second than may.</summary>
    private double Stretch =>
        Math.Max(1, ((linked.Count / times.Interval.TotalSeconds) + ((ports.Count - linked.Count) / times.QuietInterval.TotalSeconds)) / times.MostPerSecond);

    /// <summary>The ports of a switch that are up and may lead to others; what is heard by the others of it is over.</summary>
    public void Serve(DatapathId datapath, IReadOnlyCollection<DiscoveryPort> now, TimeSpan at)
    {
        var known = bySwitch.GetValueOrDefault(datapath) ?? [];
        var left = known.Except(now.Select(p => p.Number)).ToList();
        foreach (var number in left)
        {
            Drop(new(datapath, number), "the port is down");
        }

        foreach (var port in now)
        {
            var end = new LinkEnd(datapath, port.Number);
            if (ports.TryGetValue(end, out var old))
            {
                old.Mac = port.Mac;
                continue;
            }

            var added = new PortState { Mac = port.Mac, Received = new() { Tokens = times.PortPerSecond, At = at } };
            ports.Add(end, added);
            Plan(end, added, at);
        }

        bySwitch[datapath] = [.. now.Select(p => p.Number)];
    }

    /// <summary>A switch is gone, and with it all that was heard there and of it.</summary>
    public void Remove(DatapathId datapath)
    {
        if (bySwitch.Remove(datapath, out var known))
        {
            foreach (var number in known)
            {
                Drop(new(datapath, number), "the switch is gone");
            }
        }

        foreach (var refusal in Enum.GetValues<LldpRefusal>())
        {
            told.Remove((datapath, refusal));
        }
    }

    /// <summary>The probes that are due, so many as may leave together; and what has not been heard for too long is forgotten.</summary>
    public List<ProbeFrame> Due(TimeSpan now, DateTimeOffset utc)
    {
        Sweep(now);
        var due = new List<ProbeFrame>();
        if (now < lastBatch + times.BatchGap)
        {
            return due;
        }

        var stretch = Stretch;
        var ttl = (ushort)Math.Min(ushort.MaxValue, Math.Ceiling(times.Interval.TotalSeconds * stretch * times.Hold) + 1);
        while (due.Count < times.Batch && queue.TryPeek(out var end, out var at) && at <= now)
        {
            if (!ports.TryGetValue(end, out var port) || port.Due != at)
            {
                queue.Dequeue();
                continue;
            }

            lastBatch = now;
            if (!sends.Take(times.MostPerSecond, times.Batch, now))
            {
                break;
            }

            queue.Dequeue();
            due.Add(new(end, new Probe(end, ttl, utc.ToUnixTimeMilliseconds(), nonce()).ToFrame(port.Mac, key.AsSpan())));
            Plan(end, port, Next(port, end, now, stretch * (linked.ContainsKey(end) ? times.Interval : times.QuietInterval)));
        }

        return due;
    }

    /// <summary>A frame came to us by a port; null when it shows what is behind it, else why not.</summary>
    public LldpRefusal? Received(LinkEnd at, ReadOnlySpan<byte> frame, TimeSpan now, DateTimeOffset utc)
    {
        var refusal = Judge(at, frame, now, utc);
        if (refusal is { } why and not LldpRefusal.Foreign)
        {
            Tell(at, why, now);
        }

        return refusal;
    }

    /// <summary>What one end hears of the other; null when nothing. The milliseconds are the fewest from our sending to our receiving, both switches' channels included.</summary>
    public (DateTimeOffset Since, long Milliseconds)? Hears(LinkEnd from, LinkEnd to) =>
        heard.TryGetValue((from, to), out var found) ? (found.Since, found.Fewest) : null;

    /// <summary>Pairs of which something changed since the last call; with why, for what is lost.</summary>
    public ImmutableArray<(LinkEnd From, LinkEnd To, string? Lost)> TakeChanges()
    {
        var taken = changes.ToImmutableArray();
        changes.Clear();
        return taken;
    }

    /// <summary>Refusals to tell of since the last call.</summary>
    public ImmutableArray<RefusalNews> TakeRefusals()
    {
        var taken = refusals.ToImmutableArray();
        refusals.Clear();
        return taken;
    }

    private LldpRefusal? Judge(LinkEnd at, ReadOnlySpan<byte> frame, TimeSpan now, DateTimeOffset utc)
    {
        if (!ports.TryGetValue(at, out var port))
        {
            return LldpRefusal.WrongPort;
        }

        if (!port.Received.Take(times.PortPerSecond, times.PortPerSecond, now))
        {
            return LldpRefusal.TooMany;
        }

        var (probe, refusal) = Probe.Read(frame, key.AsSpan());
        if (refusal is not null)
        {
            return refusal;
        }

        var age = utc.ToUnixTimeMilliseconds() - probe.SentAt;
        if (Math.Abs((double)age) > times.FreshFor.TotalMilliseconds)
        {
            return LldpRefusal.Stale;
        }

        if (!IsFirst(probe, at, now))
        {
            return LldpRefusal.Replayed;
        }

        if (probe.From == at)
        {
            return LldpRefusal.Looped;
        }

        if (!ports.ContainsKey(probe.From))
        {
            return LldpRefusal.UnknownSender;
        }

        Hear(probe, at, Math.Max(0, age), now, utc);
        return null;
    }

    /// <summary>A probe comes once to a port. To another it comes too where a hub copies it, at the same moment.</summary>
    private bool IsFirst(Probe probe, LinkEnd at, TimeSpan now)
    {
        if (nonces.TryGetValue(probe.Nonce, out var seen))
        {
            return now - seen.First <= times.SameMoment && seen.Ports.Add(at);
        }

        nonces.Add(probe.Nonce, new(now, [at]));
        oldNonces.Enqueue((now + TimeSpan.FromSeconds(Math.Max(probe.TimeToLive, 2 * times.FreshFor.TotalSeconds)), probe.Nonce));
        return true;
    }

    private void Hear(Probe probe, LinkEnd at, long age, TimeSpan now, DateTimeOffset utc)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(heard, (probe.From, at), out var exists);
        var until = now + TimeSpan.FromSeconds(probe.TimeToLive);
        if (!exists)
        {
            entry = new(utc, until, age);
            nextSweep = heard.Count == 1 ? now + SweepEvery : nextSweep;
            changes.Add((probe.From, at, null));
            Link(probe.From, now);
            Link(at, now);
            return;
        }

        // Every frame that is a little quicker is no news.
        if (age < entry.Fewest - (entry.Fewest / 4))
        {
            changes.Add((probe.From, at, null));
            entry = entry with { Fewest = age };
        }

        entry = entry with { Until = until };
    }

    /// <summary>A port is an end of one pair more: the other end learns of it at once.</summary>
    private void Link(LinkEnd end, TimeSpan now)
    {
        ref var pairs = ref CollectionsMarshal.GetValueRefOrAddDefault(linked, end, out var wasLinked);
        pairs++;
        if (!wasLinked)
        {
            Plan(end, ports[end], now);
        }
    }

    private void Forget((LinkEnd From, LinkEnd To) pair, string why)
    {
        heard.Remove(pair);
        changes.Add((pair.From, pair.To, why));
        foreach (var end in (ReadOnlySpan<LinkEnd>)[pair.From, pair.To])
        {
            if (--CollectionsMarshal.GetValueRefOrNullRef(linked, end) == 0)
            {
                linked.Remove(end);
            }
        }
    }

    private void Plan(LinkEnd end, PortState port, TimeSpan due)
    {
        port.Due = due;
        queue.Enqueue(end, due);
    }

    private static TimeSpan Next(PortState port, LinkEnd end, TimeSpan now, TimeSpan interval)
    {
        if (port.Sent++ == 0)
        {
            return now + QuickRepeat; // The other end may not have been ready for the first.
        }

        // The next moment of the port's own phase that is no less than half an interval away.
        var phase = interval * Phase(end);
        var next = phase + (Math.Ceiling((now - phase) / interval) * interval);
        return next - now < interval / 2 ? next + interval : next;
    }

    /// <summary>From 0 to 1: spread over the interval, but some ports of one switch together, whose probes leave in one write.</summary>
    private static double Phase(LinkEnd end) =>
        (((end.Switch.Value * 0x9e37_79b9_7f4a_7c15) + (end.Port.Value / Together * 0xff51_afd7_ed55_8ccd)) >> 32) / (double)uint.MaxValue;

    private void Sweep(TimeSpan now)
    {
        while (oldNonces.TryPeek(out var old) && old.Until <= now)
        {
            nonces.Remove(oldNonces.Dequeue().Nonce);
        }

        if (now < nextSweep)
        {
            return;
        }

        nextSweep = now + SweepEvery;
        foreach (var (pair, entry) in heard.Where(h => h.Value.Until <= now).ToList())
        {
            Forget(pair, "it was not heard in time");
        }
    }

    private void Drop(LinkEnd end, string why)
    {
        ports.Remove(end);
        foreach (var pair in !linked.ContainsKey(end) ? [] : heard.Keys.Where(p => p.From == end || p.To == end).ToList())
        {
            Forget(pair, why);
        }
    }

    private void Tell(LinkEnd at, LldpRefusal why, TimeSpan now)
    {
        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(told, (at.Switch, why), out var exists);
        if (exists && now - last.At < times.TellEvery)
        {
            last.More++;
            return;
        }

        refusals.Add(new(at, why, last.More));
        last = (now, 0);
    }

    private sealed class PortState
    {
        public MacAddress Mac;
        public TimeSpan Due;
        public int Sent;
        public Allowance Received;
    }

    private readonly record struct Heard(DateTimeOffset Since, TimeSpan Until, long Fewest);

    private readonly record struct Seen(TimeSpan First, HashSet<LinkEnd> Ports);
}
