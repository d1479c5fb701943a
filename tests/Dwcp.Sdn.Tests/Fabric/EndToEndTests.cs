using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>From a command and an iface-id to a frame that comes out where it should.</summary>
public class EndToEndTests
{
    private readonly MemoryUnderlay net = new();

    public EndToEndTests()
    {
        net.Add("h1", "192.0.2.1");
        net.Add("h2", "192.0.2.2");
        net.Add("h3", "192.0.2.3");
        net.Bench.Do(Ask.Network("blue", 100));
        net.Bench.Do(Ask.Subnet("v4", "blue", "10.0.0.0/24", "10.0.0.1"));
        net.Bench.Do(Ask.Subnet("v6", "blue", "2001:db8::/64"));
        foreach (var (host, port) in new[] { ("h1", "a"), ("h1", "b"), ("h2", "c") })
        {
            net.Bench.Do(Ask.Port(port, "blue"));
            net.Plug(host, port);
        }

        net.Reconcile();
    }

    [Fact]
    public void Ports_of_a_network_reach_one_another_on_one_host_and_across()
    {
        Assert.Equal(("b", "a"), (net.Ping("a", "b"), net.Ping("b", "a")));
        Assert.Equal(("c", "b"), (net.Ping("a", "c"), net.Ping("c", "b")));
        Assert.Equal("b c", net.Broadcast("a"));
        Assert.Equal("a b", net.Broadcast("c"));
        Assert.All("abc", port => Assert.True(net.IsProgrammed($"{port}")));
    }

    [Fact]
    public void The_switch_answers_for_the_gateway_and_for_known_hosts()
    {
        Assert.Equal("a", net.Arp("a", "10.0.0.1"));
        Assert.Equal("a", net.Arp("a", net.Bench.Port("c").Addresses[0].ToString()));
        Assert.Equal("b c", net.Arp("a", "10.0.0.99"));
    }

    [Fact]
    public void Networks_do_not_hear_one_another()
    {
        net.Bench.Do(Ask.Network("red", 200));
        net.Bench.Do(Ask.Port("r", "red", "10.0.0.3"));
        net.Plug("h2", "r");
        net.Reconcile();

        Assert.Equal("", net.Broadcast("r"));
        Assert.Equal("", net.Ping("r", "a"));
        Assert.Equal("b c", net.Broadcast("a"));
    }

    [Fact]
    public void A_port_sends_only_as_itself()
    {
        var (a, c) = (net.Bench.Port("a"), net.Bench.Port("c"));

        Assert.Equal("", net.Send("a", Frames.Ping(c.Mac, net.Bench.Port("b").Mac, a.Addresses[0], c.Addresses[0])));
        Assert.Equal("", net.Send("a", Frames.Ping(c.Mac, a.Mac, net.Bench.Port("b").Addresses[0], c.Addresses[0])));
        net.Bench.Do(Ask.Port("a", "blue", s => s with { PortSecurity = false }));
        net.Reconcile();
        Assert.Equal("c", net.Send("a", Frames.Ping(c.Mac, a.Mac, net.Bench.Port("b").Addresses[0], c.Addresses[0])));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_vm_that_moves_is_reached_where_it_is(bool arrivesFirst)
    {
        if (!arrivesFirst)
        {
            net.Unplug("h2", "c");
            net.Reconcile();
            Assert.Equal("", net.Ping("a", "c"));
            net.Plug("h3", "c");
        }
        else
        {
            net.Plug("h3", "c");
            net.Reconcile();
            net.Unplug("h2", "c");
        }

        var changes = net.Reconcile();

        Assert.Equal(("c", "a"), (net.Ping("a", "c"), net.Ping("c", "a")));
        Assert.Equal("b c", net.Broadcast("a"));
        Assert.Equal("h3", net.Bench.PortStatus("c").Host);
        Assert.NotNull(changes["h3"]);
    }

    [Fact]
    public void A_port_that_is_plugged_again_under_another_number_works_on()
    {
        net.Host("h2").Renumber("tap-c");
        net.Show("h2");
        var changes = net.Reconcile();

        Assert.Equal("c", net.Ping("a", "c"));
        Assert.True(changes["h1"]!.IsEmpty);
    }

    [Fact]
    public void A_host_with_another_vtep_is_reached_there()
    {
        net.Host("h2").Vtep = "192.0.2.77";
        net.Show("h2");
        net.Reconcile();

        Assert.Equal(("c", "a"), (net.Ping("a", "c"), net.Ping("c", "a")));
        Assert.Equal("b c", net.Broadcast("a"));
    }

    [Fact]
    public void A_network_made_anew_with_other_numbers_works_as_before()
    {
        net.Bench.Batch(Ask.Delete(ResourceKind.Network, "blue"));
        net.Bench.Settle();
        net.Reconcile();
        Assert.Equal("", net.Ping("a", "b"));
        net.Bench.Batch(Ask.Network("red", 100), Ask.Network("blue", 101));
        net.Bench.Settle();
        net.Reconcile();

        Assert.Equal(("b", "c", "a"), (net.Ping("a", "b"), net.Ping("a", "c"), net.Ping("c", "a")));
        Assert.Equal("a", net.Arp("a", "10.0.0.1"));
    }

    [Fact]
    public void A_deleted_port_is_reached_no_more_and_leaves_no_flow()
    {
        var before = net["h1"].Tables.Flows.Keys.ToHashSet();
        net.Bench.Do(Ask.Port("d", "blue"));
        net.Plug("h1", "d");
        net.Reconcile();
        Assert.Equal("d", net.Ping("a", "d"));

        net.Bench.Do(Ask.Delete(ResourceKind.Port, "d"));
        net.Reconcile();

        Assert.Equal("b c", net.Broadcast("a"));
        Assert.True(before.SetEquals(net["h1"].Tables.Flows.Keys));
    }

    [Fact]
    public void A_restart_without_changes_changes_nothing_and_every_switch_confirms()
    {
        net.Restart();
        Assert.All(net.Reconcile(), c => Assert.True(c.Value!.IsEmpty, $"{c.Key}: {c.Value}"));
        foreach (var host in new[] { "h1", "h2", "h3" })
        {
            net.Show(host);
        }

        Assert.All(net.Reconcile(), c => Assert.True(c.Value!.IsEmpty, $"{c.Key}: {c.Value}"));
        Assert.Equal("c", net.Ping("a", "c"));
        Assert.All("abc", port => Assert.True(net.IsProgrammed($"{port}")));
    }

    [Fact]
    public void What_happened_while_the_controller_was_away_is_put_right_when_the_hosts_speak()
    {
        net.Host("h2").Unplug("tap-c");
        net.Host("h3").Plug("tap-c", "c");
        net.Restart();
        net.Reconcile();
        net.Show("h3");
        net.Show("h2");
        net.Reconcile();

        Assert.Equal(("c", "a"), (net.Ping("a", "c"), net.Ping("c", "a")));
    }

    [Fact]
    public void A_switch_that_lost_its_flows_gets_them_back()
    {
        var before = net["h1"].Tables.Flows.Keys.ToHashSet();
        net["h1"].Tables.Apply(new TablesChange { FlowsToDeleteStrict = [.. before.Where(k => k.Table == Table.Fdb)], GroupsToDelete = [.. net["h1"].Tables.Groups.Keys] });
        net["h1"].LoopEnds();
        Assert.Equal("", net.Ping("a", "c"));

        net.Reconcile();

        Assert.True(before.SetEquals(net["h1"].Tables.Flows.Keys));
        Assert.Equal(("c", "b c"), (net.Ping("a", "c"), net.Broadcast("a")));
    }

    [Fact]
    public void A_change_of_one_port_gives_no_message_to_a_switch_without_its_network()
    {
        net.Bench.Do(Ask.Port("a", "blue", s => s with { Mac = "02:00:00:00:00:11" }));
        var changes = net.Reconcile();

        Assert.False(changes["h1"]!.IsEmpty);
        Assert.False(changes["h2"]!.IsEmpty);
        Assert.True(changes["h3"]!.IsEmpty);
        Assert.Equal("a", net.Ping("c", "a"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void After_any_moves_and_restarts_every_port_reaches_every_other(int seed)
    {
        var random = new Random(seed);
        string[] hosts = ["h1", "h2", "h3"];
        foreach (var port in Enumerable.Range(0, 5).Select(n => $"p{n}"))
        {
            net.Bench.Do(Ask.Port(port, "blue"));
            net.Plug(hosts[random.Next(3)], port);
        }

        string[] ports = ["a", "b", "c", .. Enumerable.Range(0, 5).Select(n => $"p{n}")];
        for (var step = 0; step < 40; step++)
        {
            Disturb(random, hosts, ports);
            if (random.Next(3) > 0)
            {
                continue;
            }

            net.Reconcile();
            foreach (var from in ports)
            {
                Assert.Equal((step, string.Join(' ', ports.Where(p => p != from))), (step, net.Broadcast(from)));
                foreach (var to in ports.Where(p => p != from))
                {
                    Assert.Equal((step, from, to), (step, from, net.Ping(from, to)));
                }
            }

            net.Restart();
            Assert.All(net.Reconcile(), c => Assert.True(c.Value!.IsEmpty, $"seed {seed}, step {step}, {c.Key}: {c.Value}"));
            Array.ForEach(hosts, net.Show);
        }
    }

    private void Disturb(Random random, string[] hosts, string[] ports)
    {
        var port = ports[random.Next(ports.Length)];
        var at = hosts.Single(h => net.Host(h).Interfaces.ContainsKey($"tap-{port}"));
        switch (random.Next(6))
        {
            case < 3:
                net.Unplug(at, port);
                net.Plug(hosts[random.Next(3)], port);
                break;
            case 3:
                net.Host(at).Renumber($"tap-{port}");
                net.Show(at);
                break;
            case 4:
                net.Host(at).Vtep = $"192.0.2.{(Array.IndexOf(hosts, at) * 50) + random.Next(1, 50)}";
                net.Show(at);
                break;
            default:
                net.Bench.Do(Ask.Delete(ResourceKind.Port, port));
                net.Bench.Do(Ask.Port(port, "blue"));
                break;
        }
    }
}
