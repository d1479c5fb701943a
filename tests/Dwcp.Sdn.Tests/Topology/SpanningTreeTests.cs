using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;
using static Dwcp.Sdn.Tests.Topology.Cables;

namespace Dwcp.Sdn.Tests.Topology;

public class SpanningTreeTests
{
    [Fact]
    public void A_ring_of_three_is_cut_between_the_two_that_are_not_the_root()
    {
        var tree = Tree((1, 1, 2, 1), (2, 2, 3, 1), (3, 2, 1, 2));

        Assert.Equal([End(2, 2), End(3, 1)], tree.Blocked.Order());
        Assert.Equal(new TreeParent(End(3, 2), End(1, 2)), tree.Parents[new(3)]);
    }

    [Fact]
    public void Of_parallel_links_the_lowest_port_of_the_upper_switch_stays()
    {
        var tree = Tree((1, 5, 2, 1), (1, 4, 2, 9), (1, 6, 2, 2));

        Assert.Equal(new TreeParent(End(2, 9), End(1, 4)), tree.Parents[new(2)]);
        Assert.Equal([End(1, 5), End(1, 6), End(2, 1), End(2, 2)], tree.Blocked.Order());
    }

    [Fact]
    public void A_cable_between_two_ports_of_one_switch_is_blocked_at_both() => Assert.Equal([End(1, 7), End(1, 8)], Tree((1, 7, 1, 8), (1, 1, 2, 1)).Blocked.Order());

    [Fact]
    public void On_a_hub_every_switch_keeps_one_port()
    {
        // Ports 1 of three switches and port 2 of the last on one hub.
        var tree = Tree((1, 1, 2, 1), (1, 1, 3, 1), (2, 1, 3, 1), (1, 1, 3, 2), (2, 1, 3, 2), (3, 1, 3, 2));

        Assert.Equal([End(3, 2)], tree.Blocked.Order());
    }

    [Fact]
    public void A_one_way_link_is_in_no_tree_and_rests()
    {
        var tree = new SpanningTree([new(End(1, 1), End(2, 1), true), new(End(1, 2), End(2, 2), false)]);

        Assert.Equal([End(1, 2), End(2, 2)], tree.Blocked.Order());
    }

    [Fact]
    public void What_is_reached_no_more_is_outdated_and_nothing_else()
    {
        // A ring of four; the way to 3 is by 2.
        (ulong, uint, ulong, uint)[] ring = [(1, 1, 2, 1), (2, 2, 3, 1), (3, 2, 4, 1), (4, 2, 1, 2)];
        var before = Tree(ring);
        Assert.Equal([End(3, 2), End(4, 1)], before.Blocked.Order());
        var after = Tree(ring[0], ring[2], ring[3]);

        // 3 hangs at 4 now: 1, 2 and 4 reach it by another port, and 3 reaches all by another.
        Assert.Equal([End(1, 1), End(2, 2), End(3, 1), End(4, 2)], after.Outdated(before).Order());
        Assert.Empty(after.Outdated(after));
    }

    [Fact]
    public void A_new_link_outdates_its_own_ports()
    {
        var before = Tree((1, 1, 2, 1));
        Assert.Equal([End(2, 2), End(3, 1)], Tree((1, 1, 2, 1), (2, 2, 3, 1)).Outdated(before).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void On_random_graphs_the_tree_has_no_circle_reaches_all_and_does_not_depend_on_the_order(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 100; i++)
        {
            var links = RandomLinks(random);
            var tree = new SpanningTree(links);
            var open = Open(links, tree);

            Assert.True(IsForest(open));
            Assert.Equal(Islands(links), Islands(open, links));
            random.Shuffle(links);
            Assert.Equal(tree.Blocked.Order(), new SpanningTree(links).Blocked.Order());
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void A_change_moves_only_those_below_it(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 200; i++)
        {
            var links = RandomLinks(random);
            var before = new SpanningTree(links);
            var gone = links[random.Next(links.Length)];
            var after = new SpanningTree(links.Where(l => l != gone));
            var below = Below(before, gone);
            Assert.All(before.Parents.Where(p => !below.Contains(p.Key)), p => Assert.Equal(p.Value, after.Parents[p.Key]));
            if (below.Count == 0)
            {
                Assert.Empty(before.Blocked.Except([gone.A, gone.B]).Except(after.Blocked));
            }
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void What_is_not_outdated_still_leads_where_it_did(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 100; i++)
        {
            var links = RandomLinks(random);
            var before = new SpanningTree(links);
            var left = links.Where(_ => random.Next(8) != 0).ToArray();
            var after = new SpanningTree(left);
            var outdated = after.Outdated(before);
            foreach (var (end, reached) in Reached(Open(links, before)))
            {
                var now = Reached(Open(left, after)).GetValueOrDefault(end) ?? [];
                Assert.Equal(reached.IsSubsetOf(now), !outdated.Contains(end));
            }
        }
    }

    private static SpanningTree Tree(params (ulong A, uint Ap, ulong B, uint Bp)[] links) => new(links.Select(l => new TreeLink(End(l.A, l.Ap), End(l.B, l.Bp), true)));

    /// <summary>Cables between random switches, each with ports of its own: several islands, circles and parallel ones.</summary>
    internal static TreeLink[] RandomLinks(Random random)
    {
        var next = new Dictionary<ulong, uint>();
        var switches = random.Next(2, 30);
        return
        [
            .. Enumerable.Range(0, random.Next(1, 60)).Select(_ => (A: Free(), B: Free())).Select(l => l.A.CompareTo(l.B) < 0 ? new TreeLink(l.A, l.B, true) : new TreeLink(l.B, l.A, true)),
        ];

        LinkEnd Free()
        {
            var id = (ulong)random.Next(1, switches + 1);
            next[id] = next.GetValueOrDefault(id) + 1;
            return End(id, next[id]);
        }
    }

    private static List<TreeLink> Open(IEnumerable<TreeLink> links, SpanningTree tree) => [.. links.Where(l => !tree.Blocked.Contains(l.A) && !tree.Blocked.Contains(l.B))];

    internal static bool IsForest(List<TreeLink> open)
    {
        var roots = new Dictionary<DatapathId, DatapathId>();
        DatapathId Root(DatapathId id) => roots.TryGetValue(id, out var up) && up != id ? Root(up) : id;
        foreach (var link in open)
        {
            var (a, b) = (Root(link.A.Switch), Root(link.B.Switch));
            if (a == b)
            {
                return false;
            }

            roots[a] = b;
        }

        return true;
    }

    private static string Islands(IEnumerable<TreeLink> links, IEnumerable<TreeLink>? all = null)
    {
        var list = links.ToList();
        var left = (all ?? list).SelectMany(l => new[] { l.A.Switch.Value, l.B.Switch.Value }).ToHashSet();
        var islands = new List<string>();
        while (left.Count > 0)
        {
            HashSet<ulong> island = [left.Min()];
            while (list.Any(l => island.Contains(l.A.Switch.Value) != island.Contains(l.B.Switch.Value)))
            {
                var link = list.First(l => island.Contains(l.A.Switch.Value) != island.Contains(l.B.Switch.Value));
                island.UnionWith([link.A.Switch.Value, link.B.Switch.Value]);
            }

            left.ExceptWith(island);
            islands.Add(string.Join(',', island.Order()));
        }

        return string.Join(' ', islands);
    }

    private static HashSet<DatapathId> Below(SpanningTree tree, TreeLink gone)
    {
        var below = tree.Parents.Where(p => p.Value.Root == gone.A || p.Value.Root == gone.B).Select(p => p.Key).ToHashSet();
        while (tree.Parents.FirstOrDefault(p => !below.Contains(p.Key) && below.Contains(p.Value.Designated.Switch)) is { Value: var parent } found && parent != default)
        {
            below.Add(found.Key);
        }

        return below;
    }

    /// <summary>The switches behind each open port, counted by walking.</summary>
    private static Dictionary<LinkEnd, HashSet<ulong>> Reached(List<TreeLink> open)
    {
        var reached = new Dictionary<LinkEnd, HashSet<ulong>>();
        foreach (var (from, to) in open.SelectMany(l => new[] { (l.A, l.B), (l.B, l.A) }))
        {
            HashSet<ulong> seen = [to.Switch.Value];
            var size = 0;
            while (size != seen.Count)
            {
                size = seen.Count;
                foreach (var l in open.Where(l => l.A != from && l.B != from && (seen.Contains(l.A.Switch.Value) || seen.Contains(l.B.Switch.Value))).ToList())
                {
                    seen.UnionWith([l.A.Switch.Value, l.B.Switch.Value]);
                }
            }

            reached[from] = seen;
        }

        return reached;
    }
}
