using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;
using static Dwcp.Sdn.Tests.Topology.Cables;

namespace Dwcp.Sdn.Tests.Topology;

/// <summary>How switches get from one tree to the next: never in a circle, and without waiting for those that make none.</summary>
public class TreeRolloutTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly DatapathId Hostile = new(30);

    [Fact]
    public void A_switch_that_confirms_just_in_time_and_again_and_again_slows_nobody_beside_it()
    {
        var net = new Cables { ConfirmsIn = id => id == Hostile ? TimeSpan.FromMilliseconds(1990) : TimeSpan.FromMilliseconds(2) };
        Ring(net, 1, 2, 3);
        Ring(net, 10, 20, Hostile.Value);
        net.Run(TimeSpan.FromSeconds(30));
        Assert.Equal([End(3, 1), End(2, 2)], net.Machine.Tree.Blocked.Where(e => e.Switch.Value < 10).OrderByDescending(e => e.Switch.Value));

        for (var turn = 0; turn < 20; turn++)
        {
            // The hostile one's ring changes all the time; a cable of the honest one is cut and comes back.
            net.PortDown(End(10, 2));
            net.PortDown(End(1, 1));
            net.Run(TimeSpan.FromMilliseconds(4));
            Assert.Empty(net.Orders[new(2)].Blocked.Concat(net.Orders[new(3)].Blocked));

            net.Up(10, 1, 2);
            net.Up(1, 1, 2);
            net.Run(TimeSpan.FromMilliseconds(150));
            Assert.Equal([new PortNumber(2)], net.Orders[new(2)].Blocked);
            net.Run(TimeSpan.FromMilliseconds(1000));
        }
    }

    [Fact]
    public void Who_would_make_a_circle_waits_for_the_confirmation_and_no_longer()
    {
        var rollout = Square(out var first);
        var opening = first.Single(o => o.Switch == new DatapathId(4));
        Assert.Equal([new(1), new(2)], opening.Blocked.Order()); // It blocks one port, and does not open the other before that is confirmed.
        Assert.Empty(rollout.Step(TimeSpan.FromMilliseconds(1999)));
        Assert.Equal(Patience, rollout.Deadline);
        rollout.Answered(opening);
        Assert.Equal([new PortNumber(1)], Assert.Single(rollout.Step(TimeSpan.FromMilliseconds(1999))).Blocked);
    }

    [Fact]
    public void Who_never_confirms_is_waited_for_so_long_and_then_told_again()
    {
        var rollout = Square(out _);
        Assert.Empty(rollout.Step(TimeSpan.FromMilliseconds(1999)));
        Assert.Equal([new PortNumber(1)], rollout.Step(Patience).Single(o => o.Switch == new DatapathId(4)).Blocked);
        Assert.Empty(rollout.Step(Patience * 3));
        Assert.Null(rollout.Deadline);
        Assert.Equal(0, rollout.Unconfirmed);
    }

    [Fact]
    public void A_late_answer_to_an_order_that_was_followed_by_another_confirms_nothing()
    {
        var rollout = Square(out var first);
        var late = first.Single(o => o.Switch == new DatapathId(4));
        rollout.Step(Patience);
        rollout.Answered(late);
        Assert.Equal(1, rollout.Unconfirmed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void On_random_graphs_no_circle_is_open_at_any_time_and_all_ends_as_the_tree_says(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var links = SpanningTreeTests.RandomLinks(random);
            var rollout = new TreeRollout(Patience);
            foreach (var id in links.SelectMany(l => new[] { l.A.Switch, l.B.Switch }).Distinct())
            {
                rollout.Begin(id);
            }

            // What a switch does at least until it has confirmed: it blocks nothing that it was not told before, and opens at once.
            var blocks = new Dictionary<DatapathId, HashSet<PortNumber>>();
            var pending = new List<TreeOrder>();
            rollout.Want(new SpanningTree(links));
            Run(links, isWatched: false);
            for (var change = 0; change < 5; change++)
            {
                links = [.. links.Where(_ => random.Next(6) != 0)];
                rollout.Want(new SpanningTree(links));
                for (var some = random.Next(3); some > 0; some--)
                {
                    Turn(links, isWatched: true);
                }
            }

            Run(links, isWatched: true);
            var tree = new SpanningTree(links);
            Assert.All(blocks, b => Assert.Equal(tree.BlockedAt(b.Key).Order(), b.Value.Order()));

            void Run(TreeLink[] all, bool isWatched)
            {
                while (Turn(all, isWatched))
                {
                }
            }

            bool Turn(TreeLink[] all, bool isWatched)
            {
                foreach (var order in rollout.Step(TimeSpan.Zero))
                {
                    pending.Add(order);
                    blocks.TryAdd(order.Switch, []);
                    blocks[order.Switch].IntersectWith(order.Blocked);
                }

                Assert.True(!isWatched || SpanningTreeTests.IsForest([.. all.Where(l => !IsBlocked(l.A) && !IsBlocked(l.B))]));
                if (pending.Count == 0)
                {
                    return false;
                }

                var answered = pending[random.Next(pending.Count)];
                pending.Remove(answered);
                blocks[answered.Switch].UnionWith(answered.Blocked);
                rollout.Answered(answered);
                return true;
            }

            bool IsBlocked(LinkEnd end) => blocks.TryGetValue(end.Switch, out var ports) && ports.Contains(end.Port);
        }
    }

    /// <summary>Four switches of which the last hangs at 3 and no longer at 2; all but the last have done what they should.</summary>
    private static TreeRollout Square(out List<TreeOrder> orders)
    {
        TreeLink[] links = [Link(1, 1, 2, 1), Link(1, 2, 3, 1), Link(2, 2, 4, 1), Link(3, 2, 4, 2), Link(2, 3, 3, 3)];
        var rollout = new TreeRollout(Patience);
        foreach (var id in Enumerable.Range(1, 4))
        {
            rollout.Begin(new((ulong)id));
        }

        rollout.Want(new SpanningTree(links));
        foreach (var order in rollout.Step(TimeSpan.FromSeconds(-10)))
        {
            rollout.Answered(order);
        }

        Assert.Empty(rollout.Step(TimeSpan.FromSeconds(-10)));
        rollout.Want(new SpanningTree(links[1..]));
        orders = [];
        var next = rollout.Step(TimeSpan.Zero);
        while (!next.IsEmpty)
        {
            orders.AddRange(next);
            foreach (var order in next.Where(o => o.Switch != new DatapathId(4)))
            {
                rollout.Answered(order);
            }

            next = rollout.Step(TimeSpan.Zero);
        }

        return rollout;
    }

    private static TreeLink Link(ulong a, uint ap, ulong b, uint bp) => new(End(a, ap), End(b, bp), true);

    private static void Ring(Cables net, ulong a, ulong b, ulong c)
    {
        foreach (var id in new[] { a, b, c })
        {
            net.Up(id, 1, 2);
        }

        net.Plug(End(a, 1), End(b, 1));
        net.Plug(End(b, 2), End(c, 1));
        net.Plug(End(c, 2), End(a, 2));
    }
}
