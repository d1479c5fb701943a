using System.Collections.Immutable;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Topology;

/// <summary>The two ends of a link, the lower first.</summary>
public readonly record struct LinkKey(LinkEnd A, LinkEnd B)
{
    public static LinkKey Of(LinkEnd one, LinkEnd other) => one.CompareTo(other) <= 0 ? new(one, other) : new(other, one);
}

/// <summary>A link between two switches as it is heard.</summary>
/// <param name="AToB">B hears A.</param>
/// <param name="BToA">A hears B.</param>
/// <param name="IsBlocked">The spanning tree lets nothing over it.</param>
/// <param name="Milliseconds">The fewest that a probe took, the channels of both switches included.</param>
public sealed record Link(LinkKey Key, bool AToB, bool BToA, bool IsBlocked, DateTimeOffset Since, long Milliseconds)
{
    public bool IsTwoWay => AToB && BToA;
}

/// <summary>What a link is now; null with the reason when it is gone.</summary>
public readonly record struct LinkNews(LinkKey Key, Link? Now, string Why);

/// <summary>What came of a burst of inputs.</summary>
public sealed record TopologyNews(ImmutableArray<LinkNews> Links, ImmutableArray<RefusalNews> Refusals, ImmutableArray<TreeOrder> Orders);

/// <summary>
/// From what ports hear of each other to links, and from the links between learning switches to the ports that they block. It
/// touches nothing and has one owner, which calls <see cref="Settle"/> after a burst of inputs.
/// </summary>
public sealed class TopologyMachine(DiscoveryTimes times, ImmutableArray<byte> key, Func<ulong> nonce)
{
    /// <summary>How long a switch may take to block its ports before others, with which it would make a circle, open theirs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Discovery discovery = new(times, key, nonce);
    private readonly HashSet<DatapathId> learning = [];
    private readonly TreeRollout rollout = new(Patience);
    private readonly Dictionary<LinkKey, Link> links = [];
    private SpanningTree tree = SpanningTree.Empty;
    private TimeSpan treeAt = TimeSpan.MinValue / 2;
    private bool isOutdated;

    public TimeSpan? Deadline => new[] { discovery.Deadline, rollout.Deadline, isOutdated ? treeAt : (TimeSpan?)null }.Min();

    /// <summary>Switches that have yet to confirm what they block.</summary>
    public int Unconfirmed => rollout.Unconfirmed;

    /// <summary>A tree over many links takes a while, and when they are found they come in crowds: 10 microseconds for each.</summary>
    private TimeSpan TreeGap => TimeSpan.FromMicroseconds(10 * links.Count);

    public IReadOnlyCollection<Link> Links => links.Values;

    public SpanningTree Tree => tree;

    /// <summary>The ports of a switch that are up and may lead to others, and whether it is a learning switch.</summary>
    public void Serve(DatapathId datapath, IReadOnlyCollection<DiscoveryPort> ports, bool learns, TimeSpan now)
    {
        discovery.Serve(datapath, ports, now);
        if (learns ? learning.Add(datapath) : learning.Remove(datapath))
        {
            isOutdated = true;
            if (learns)
            {
                rollout.Begin(datapath);
            }
            else
            {
                rollout.Remove(datapath);
            }
        }
    }

    /// <summary>A learning switch has begun anew and knows of no blocked port.</summary>
    public void Begun(DatapathId datapath) => rollout.Begin(datapath);

    /// <inheritdoc cref="TreeRollout.Answered"/>
    public void Answered(TreeOrder order) => rollout.Answered(order);

    /// <summary>A switch is gone.</summary>
    public void Remove(DatapathId datapath)
    {
        discovery.Remove(datapath);
        rollout.Remove(datapath);
        isOutdated |= learning.Remove(datapath);
    }

    /// <inheritdoc cref="Discovery.Received"/>
    public LldpRefusal? Received(LinkEnd at, ReadOnlySpan<byte> frame, TimeSpan now, DateTimeOffset utc) => discovery.Received(at, frame, now, utc);

    /// <inheritdoc cref="Discovery.Due"/>
    public List<ProbeFrame> Due(TimeSpan now, DateTimeOffset utc) => discovery.Due(now, utc);

    /// <summary>Finishes a burst of inputs.</summary>
    public TopologyNews Settle(TimeSpan now)
    {
        var why = new Dictionary<LinkKey, string>();
        foreach (var (from, to, lost) in discovery.TakeChanges())
        {
            why[LinkKey.Of(from, to)] = lost ?? why.GetValueOrDefault(LinkKey.Of(from, to), "");
        }

        var before = why.Keys.ToDictionary(k => k, k => links.GetValueOrDefault(k));
        foreach (var pair in why.Keys)
        {
            Update(pair);
        }

        isOutdated |= before.Any(b => b.Value is null != !links.ContainsKey(b.Key) || b.Value?.IsTwoWay != links.GetValueOrDefault(b.Key)?.IsTwoWay);
        var was = tree;
        Grow(now);
        foreach (var pair in was == tree ? before.Keys.ToList() : [.. links.Keys])
        {
            if (links.TryGetValue(pair, out var link) && link.IsBlocked != IsBlocked(pair))
            {
                before.TryAdd(pair, link);
                links[pair] = link with { IsBlocked = IsBlocked(pair) };
            }
        }

        var news = before.Where(b => b.Value != links.GetValueOrDefault(b.Key)).Select(b => new LinkNews(b.Key, links.GetValueOrDefault(b.Key), why.GetValueOrDefault(b.Key, "")));
        return new([.. news.OrderBy(n => n.Key.A).ThenBy(n => n.Key.B)], discovery.TakeRefusals(), rollout.Step(now));
    }

    private void Update(LinkKey pair)
    {
        var (forth, back) = (discovery.Hears(pair.A, pair.B), discovery.Hears(pair.B, pair.A));
        if (forth is null && back is null)
        {
            links.Remove(pair);
            return;
        }

        var since = new[] { forth?.Since, back?.Since, links.GetValueOrDefault(pair)?.Since }.Min()!.Value;
        var fewest = new[] { forth?.Milliseconds, back?.Milliseconds }.Min()!.Value;
        links[pair] = new(pair, forth is not null, back is not null, false, since, fewest);
    }

    private void Grow(TimeSpan at)
    {
        if (isOutdated && at >= treeAt)
        {
            tree = new SpanningTree(links.Values.Where(l => learning.Contains(l.Key.A.Switch) && learning.Contains(l.Key.B.Switch)).Select(l => new TreeLink(l.Key.A, l.Key.B, l.IsTwoWay)));
            rollout.Want(tree);
            (isOutdated, treeAt) = (false, at + TreeGap);
        }
    }

    private bool IsBlocked(LinkKey pair) => tree.Blocked.Contains(pair.A) || tree.Blocked.Contains(pair.B);
}
