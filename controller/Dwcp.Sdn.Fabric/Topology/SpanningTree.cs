using System.Collections.Frozen;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Topology;

/// <summary>Two ports that hear each other, or of which one hears the other.</summary>
public readonly record struct TreeLink(LinkEnd A, LinkEnd B, bool IsTwoWay);

/// <summary>How a switch hangs in the tree: by its own port, at the port of its parent.</summary>
public readonly record struct TreeParent(LinkEnd Root, LinkEnd Designated);

/// <summary>
/// A spanning tree over the links between learning switches: what is left when ports are blocked until nothing can go in
/// circles. It depends on the links alone, not on what was before: the root of an island is its lowest datapath id; a switch
/// hangs as near to it as it can, of several ways on the lowest (switch, port) above it and then its own lowest port.
/// </summary>
/// <remarks>
/// Ports that hear each other make a segment, two of them on a cable and more where a hub copies. The tree goes from switch to
/// segment to switch, so that two ports of one switch on one segment are found as well. A link that is heard one way carries no
/// answers; it is in no tree, and its ports are blocked for what might circle through it.
/// </remarks>
public sealed class SpanningTree
{
    public static readonly SpanningTree Empty = new([]);

    private readonly Dictionary<DatapathId, TreeParent> parents = [];
    private readonly List<DatapathId> order = [];
    private readonly Dictionary<DatapathId, DatapathId> islands = [];
    private readonly HashSet<LinkEnd> linked = [];
    private readonly Dictionary<DatapathId, FrozenSet<PortNumber>> blockedAt;

    public SpanningTree(IEnumerable<TreeLink> links)
    {
        var all = links.ToList();
        var segments = Segments.Of(all.Where(l => l.IsTwoWay));
        Grow(segments);
        var blocked = new HashSet<LinkEnd>();
        foreach (var segment in segments.All)
        {
            linked.UnionWith(segment);
            var used = segment.Where(IsUsed).ToList();

            // On a cable that the tree does not use both ends rest; on a hub its one port may have to serve hosts.
            blocked.UnionWith(used.Count == 1 && segment.Count == 2 ? segment : segment.Except(used));
        }

        foreach (var end in all.Where(l => !l.IsTwoWay).SelectMany(l => new[] { l.A, l.B }).Where(linked.Add))
        {
            blocked.Add(end);
        }

        Blocked = blocked.ToFrozenSet();
        blockedAt = blocked.GroupBy(e => e.Switch).ToDictionary(g => g.Key, g => g.Select(e => e.Port).ToFrozenSet());
        Cables = [.. segments.All];
    }

    /// <summary>The ports over which nothing goes.</summary>
    public FrozenSet<LinkEnd> Blocked { get; }

    /// <summary>Ports that hear each other: two on a cable, more where a hub copies.</summary>
    public IReadOnlyList<IReadOnlyList<LinkEnd>> Cables { get; }

    /// <summary>Every switch of the tree but the roots, with where it hangs.</summary>
    public IReadOnlyDictionary<DatapathId, TreeParent> Parents => parents;

    /// <summary>The ports of a switch over which nothing goes.</summary>
    public FrozenSet<PortNumber> BlockedAt(DatapathId id) => blockedAt.GetValueOrDefault(id, []);

    private HashSet<LinkEnd> Designated { get; } = [];

    /// <summary>
    /// The ports behind which a station need not be any more where it was under another tree: what can be reached by them has
    /// become less, or nobody knew yet what is behind them.
    /// </summary>
    public HashSet<LinkEnd> Outdated(SpanningTree before)
    {
        var outdated = linked.Where(end => !before.linked.Contains(end)).ToHashSet();
        var index = before.order.Concat(order).Distinct().Select((id, i) => (id, i)).ToDictionary(p => p.id, p => p.i);
        var now = Reach(index);
        foreach (var (end, reached) in before.Reach(index))
        {
            var left = now.GetValueOrDefault(end);
            if (reached.Where((word, i) => (word & ~(left?[i] ?? 0)) != 0).Any())
            {
                outdated.Add(end);
            }
        }

        return outdated;
    }

    private bool IsUsed(LinkEnd end) => Designated.Contains(end) || (parents.TryGetValue(end.Switch, out var parent) && parent.Root == end);

    /// <summary>Breadth first from each root, one level after the other, each level in the order of datapath ids.</summary>
    private void Grow(Segments segments)
    {
        var taken = new HashSet<List<LinkEnd>>();
        foreach (var root in segments.Switches)
        {
            if (islands.ContainsKey(root))
            {
                continue;
            }

            islands.Add(root, root);
            order.Add(root);
            List<DatapathId> level = [root];
            while (level.Count > 0)
            {
                var next = new List<DatapathId>();
                foreach (var at in level)
                {
                    foreach (var (port, segment) in segments.Of(at))
                    {
                        if (taken.Add(segment))
                        {
                            Designated.Add(port);
                            next.AddRange(Hang(segment, port, root));
                        }
                    }
                }

                next.Sort((a, b) => a.Value.CompareTo(b.Value));
                order.AddRange(next);
                level = next;
            }
        }
    }

    private IEnumerable<DatapathId> Hang(List<LinkEnd> segment, LinkEnd designated, DatapathId root)
    {
        foreach (var end in segment)
        {
            if (islands.TryAdd(end.Switch, root))
            {
                parents.Add(end.Switch, new(end, designated));
                yield return end.Switch;
            }
        }
    }

    /// <summary>The switches that are behind each port of the tree, as bits.</summary>
    private Dictionary<LinkEnd, ulong[]> Reach(Dictionary<DatapathId, int> index)
    {
        var words = (index.Count + 63) / 64;
        var below = order.ToDictionary(id => id, id => Bit(index[id], words));
        var whole = new Dictionary<DatapathId, ulong[]>();
        var reach = new Dictionary<LinkEnd, ulong[]>();
        foreach (var id in Enumerable.Reverse(order))
        {
            if (parents.TryGetValue(id, out var parent))
            {
                Add(below[parent.Designated.Switch], below[id]);
                reach.TryAdd(parent.Designated, new ulong[words]);
                Add(reach[parent.Designated], below[id]);
            }
            else
            {
                whole[id] = below[id];
            }
        }

        foreach (var (id, parent) in parents)
        {
            reach[parent.Root] = [.. whole[islands[id]].Zip(below[id], (all, mine) => all & ~mine)];
        }

        return reach;
    }

    private static ulong[] Bit(int place, int words)
    {
        var bits = new ulong[words];
        bits[place / 64] = 1ul << (place % 64);
        return bits;
    }

    private static void Add(ulong[] to, ulong[] from)
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] |= from[i];
        }
    }

    /// <summary>Ports that hear each other, gathered.</summary>
    private sealed class Segments
    {
        private readonly SortedDictionary<LinkEnd, List<LinkEnd>> byEnd = [];
        private readonly Dictionary<DatapathId, List<(LinkEnd Port, List<LinkEnd> Segment)>> bySwitch = [];

        public IEnumerable<List<LinkEnd>> All => byEnd.Values.Distinct();

        /// <summary>In ascending order.</summary>
        public IEnumerable<DatapathId> Switches => bySwitch.Keys.OrderBy(id => id.Value);

        /// <summary>The ports of a switch in ascending order, each with its segment.</summary>
        public IReadOnlyList<(LinkEnd Port, List<LinkEnd> Segment)> Of(DatapathId id) => bySwitch[id];

        public static Segments Of(IEnumerable<TreeLink> links)
        {
            var segments = new Segments();
            foreach (var link in links)
            {
                segments.Join(link.A, link.B);
            }

            foreach (var (end, segment) in segments.byEnd)
            {
                if (!segments.bySwitch.TryGetValue(end.Switch, out var ports))
                {
                    segments.bySwitch.Add(end.Switch, ports = []);
                }

                ports.Add((end, segment));
            }

            foreach (var segment in segments.All)
            {
                segment.Sort();
            }

            return segments;
        }

        private void Join(LinkEnd a, LinkEnd b)
        {
            var (one, other) = (SegmentOf(a), SegmentOf(b));
            if (one != other)
            {
                var (large, small) = one.Count >= other.Count ? (one, other) : (other, one);
                large.AddRange(small);
                foreach (var end in small)
                {
                    byEnd[end] = large;
                }
            }
        }

        private List<LinkEnd> SegmentOf(LinkEnd end)
        {
            if (!byEnd.TryGetValue(end, out var segment))
            {
                byEnd.Add(end, segment = [end]);
            }

            return segment;
        }
    }
}
