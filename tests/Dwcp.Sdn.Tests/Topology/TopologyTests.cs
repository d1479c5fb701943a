using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;
using static Dwcp.Sdn.Tests.Topology.Cables;

namespace Dwcp.Sdn.Tests.Topology;

/// <summary>From links to what learning switches are told.</summary>
public class TopologyTests
{
    private readonly Cables net = new();

    [Fact]
    public void A_ring_is_opened_within_a_moment_and_only_those_that_block_are_told_first()
    {
        Ring();
        net.Run(TimeSpan.FromMilliseconds(100));

        Assert.Equal([new PortNumber(2)], net.Orders[new(2)].Blocked);
        Assert.Equal([new PortNumber(1)], net.Orders[new(3)].Blocked);
        Assert.Equal(["2:2<->3:1"], net.Machine.Links.Where(l => l.IsBlocked).Select(l => $"{l.Key.A.Switch.Value}:{l.Key.A.Port}<->{l.Key.B.Switch.Value}:{l.Key.B.Port}"));
    }

    [Fact]
    public void When_a_link_of_the_tree_goes_the_blocked_one_takes_over_and_what_it_outdates_is_named()
    {
        Ring();
        net.Run(TimeSpan.FromSeconds(1));
        net.PortDown(End(1, 1));

        Assert.All(net.LastOrders, o => Assert.Empty(o.Blocked));
        Assert.Equal([new PortNumber(1)], net.Orders[new(2)].Outdated);
        Assert.DoesNotContain(net.Machine.Links, l => l.IsBlocked);
    }

    [Fact]
    public void When_a_redundant_link_goes_nobody_has_to_forget_anything()
    {
        Ring();
        net.Run(TimeSpan.FromSeconds(1));
        net.LastOrders.Clear();
        net.PortDown(End(2, 2));

        Assert.Equal([new DatapathId(2), new DatapathId(3)], net.LastOrders.Select(o => o.Switch));
        Assert.All(net.LastOrders, o => Assert.Empty(o.Outdated));
    }

    [Fact]
    public void A_switch_that_only_carries_tunnels_is_linked_and_blocks_nothing()
    {
        net.Up(1, 1, 2);
        net.Up(2, learns: false, 1, 2);
        net.Plug(End(1, 1), End(2, 1));
        net.Plug(End(1, 2), End(2, 2));
        net.Run(TimeSpan.FromSeconds(10));

        Assert.Equal(["1:1<->2:1", "1:2<->2:2"], net.Links);
        Assert.Empty(net.Machine.Tree.Blocked);
        net.Up(2, learns: true, 1, 2);
        Assert.Equal([End(1, 2), End(2, 2)], net.Machine.Tree.Blocked.Order());
    }

    [Fact]
    public void A_switch_that_has_begun_anew_is_told_its_blocked_ports_again()
    {
        Ring();
        net.Run(TimeSpan.FromSeconds(1));
        net.Machine.Begun(new(3));
        var order = Assert.Single(net.Machine.Settle(net.Now).Orders);

        Assert.Equal(new DatapathId(3), order.Switch);
        Assert.Equal([new PortNumber(1)], order.Blocked);
    }

    [Fact]
    public void A_switch_that_both_blocks_and_opens_is_asked_to_open_only_when_all_have_blocked()
    {
        for (var id = 1ul; id <= 4; id++)
        {
            net.Up(id, 1, 2, 3);
        }

        net.Plug(End(1, 1), End(2, 1));
        net.Plug(End(1, 2), End(3, 1));
        net.Plug(End(2, 2), End(4, 1));
        net.Plug(End(3, 2), End(4, 2));
        net.Plug(End(2, 3), End(3, 3));
        net.Run(TimeSpan.FromSeconds(1));
        Assert.Equal([new PortNumber(2)], net.Orders[new(4)].Blocked);

        // Now 4 hangs at 3 and no longer at 2.
        net.LastOrders.Clear();
        net.PortDown(End(2, 1));
        net.Run(TimeSpan.FromSeconds(1));

        var orders = net.LastOrders.Where(o => o.Switch == new DatapathId(4)).Select(o => string.Join(' ', o.Blocked.Order()));
        Assert.Equal(["1 2", "1"], orders);
    }

    [Fact]
    public void News_tell_all_that_changed_and_nothing_else()
    {
        var random = new Random(3);
        var seen = new Dictionary<LinkKey, Link>();
        for (var id = 1ul; id <= 8; id++)
        {
            net.Up(id, 1, 2, 3, 4);
        }

        for (var step = 0; step < 300; step++)
        {
            var (a, b) = (End((ulong)random.Next(1, 9), (uint)random.Next(1, 5)), End((ulong)random.Next(1, 9), (uint)random.Next(1, 5)));
            switch (random.Next(4))
            {
                case 0: net.Cut(a, b); break;
                case 1: net.PortDown(a); break;
                case 2: net.Up(a.Switch.Value, 1, 2, 3, 4); break;
                default: net.Plug(a, b); break;
            }

            net.Run(TimeSpan.FromSeconds(random.Next(5)));
            foreach (var news in net.News)
            {
                Assert.NotEqual(seen.GetValueOrDefault(news.Key), news.Now);
                if (news.Now is { } now)
                {
                    seen[news.Key] = now;
                }
                else
                {
                    seen.Remove(news.Key);
                }
            }

            net.News.Clear();
            Assert.Equal(net.Machine.Links.OrderBy(l => l.Key.A).ThenBy(l => l.Key.B), seen.Values.OrderBy(l => l.Key.A).ThenBy(l => l.Key.B));
            foreach (var (id, order) in net.Orders)
            {
                Assert.Equal(net.Machine.Tree.Blocked.Where(e => e.Switch == id).Select(e => e.Port).Order(), order.Blocked.Order());
            }
        }
    }

    private void Ring()
    {
        net.Up(1, 1, 2);
        net.Up(2, 1, 2);
        net.Up(3, 1, 2);
        net.Plug(End(1, 1), End(2, 1));
        net.Plug(End(2, 2), End(3, 1));
        net.Plug(End(3, 2), End(1, 2));
    }
}
