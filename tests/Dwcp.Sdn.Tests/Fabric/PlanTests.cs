using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>Who needs what, and how little a change touches.</summary>
public class PlanTests
{
    private readonly FabricBench bench = new();
    private readonly List<HostBuilder> hosts = [];

    private void Hosts(int count)
    {
        foreach (var n in Enumerable.Range(1, count))
        {
            var host = new HostBuilder($"h{n}", $"10.255.{n / 250}.{(n % 250) + 1}");
            hosts.Add(host);
            bench.HostSeen(n, host.Inventory);
            bench.SwitchUp(host.Datapath);
        }
    }

    private void Plug(int host, string port)
    {
        hosts[host].Plug($"tap-{port}", port);
        bench.HostSeen(host + 1, hosts[host].Inventory);
    }

    private void Unplug(int host, string port)
    {
        hosts[host].Unplug($"tap-{port}");
        bench.HostSeen(host + 1, hosts[host].Inventory);
    }

    private IEnumerable<NeedKind> Kinds(int host) => bench.Pass(hosts[host].Datapath)!.Value.Select(c => c.Key.Kind).Order();

    [Fact]
    public void A_switch_without_ports_needs_the_base_and_its_tunnel_alone()
    {
        Hosts(1);

        Assert.Equal([NeedKind.Base, NeedKind.TunnelPort], Kinds(0));
    }

    [Fact]
    public void A_port_needs_itself_its_network_and_a_flood_list_and_the_others_need_to_know_where_it_is()
    {
        Hosts(3);
        bench.PassAll();
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));

        Plug(0, "a");
        Assert.Equal([NeedKind.Network, NeedKind.LocalFlood, NeedKind.Port], Kinds(0));
        Plug(1, "b");

        Assert.Equal([NeedKind.Vtep, NeedKind.Network, NeedKind.LocalFlood, NeedKind.Port, NeedKind.RemoteHost], Kinds(1));
        Assert.Equal([NeedKind.Vtep, NeedKind.LocalFlood, NeedKind.RemoteHost], Kinds(0));
        Assert.Empty(Kinds(2));
    }

    [Fact]
    public void A_change_of_one_port_gives_nothing_to_a_switch_without_its_network()
    {
        Hosts(3);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Network("red", 101));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        bench.Do(Ask.Port("r", "red"));
        Plug(0, "a");
        Plug(1, "b");
        Plug(2, "r");
        bench.PassAll();

        bench.Do(Ask.Port("a", "blue", s => s with { Mac = "02:00:00:00:00:11" }));

        Assert.Equal([hosts[0].Datapath, hosts[1].Datapath], bench.Last.Wake.Order(Comparer<Core.Net.DatapathId>.Create((x, y) => Index(x) - Index(y))));
        Assert.Empty(bench.Pass(hosts[2].Datapath)!.Value);
        Assert.Equal([NeedKind.Port], Kinds(0));
        Assert.Equal([NeedKind.RemoteHost, NeedKind.RemoteHost], Kinds(1));

        int Index(Core.Net.DatapathId datapath) => hosts.FindIndex(h => h.Datapath == datapath);
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(40, 20)]
    public void A_change_of_one_port_costs_as_many_needs_as_switches_carry_its_network_whatever_the_size_of_the_fabric(int size, int others)
    {
        Hosts(size);
        foreach (var network in Enumerable.Range(0, others))
        {
            bench.Do(Ask.Network($"n{network}", (uint)(100 + network)));
            foreach (var at in Enumerable.Range(0, 3))
            {
                bench.Do(Ask.Port($"p{network}-{at}", $"n{network}"));
                Plug((network + at) % size, $"p{network}-{at}");
            }
        }

        bench.PassAll();
        bench.Do(Ask.Port("p0-0", "n0", s => s with { PortSecurity = false }));
        Assert.Equal(1, hosts.Sum(h => bench.Pass(h.Datapath)!.Value.Length));

        bench.Do(Ask.Port("p0-0", "n0", s => s with { Addresses = ["10.0.0.9"] }));
        Assert.Equal(3, hosts.Sum(h => bench.Pass(h.Datapath)!.Value.Length));
    }

    [Fact]
    public void A_port_that_gets_another_number_changes_its_own_switch_alone()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        Plug(0, "a");
        Plug(1, "b");
        bench.PassAll();

        hosts[0].Renumber("tap-a");
        bench.HostSeen(1, hosts[0].Inventory);

        Assert.Equal([NeedKind.Port], Kinds(0));
        Assert.Empty(Kinds(1));
    }

    [Fact]
    public void The_last_port_of_a_network_takes_all_of_it_along()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        Plug(0, "a");
        bench.PassAll();
        var alone = bench.Held(hosts[0].Datapath);
        Plug(1, "b");
        bench.PassAll();
        Unplug(1, "b");
        bench.PassAll();

        Assert.Equal(alone, bench.Held(hosts[0].Datapath));
        Assert.Equal(2, bench.Held(hosts[1].Datapath).Length);
    }

    [Fact]
    public void A_port_that_leaves_and_one_that_comes_in_the_same_burst_leave_the_network_where_it_is()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        bench.Do(Ask.Port("c", "blue"));
        Plug(0, "a");
        Plug(1, "c");
        bench.PassAll();

        hosts[0].Unplug("tap-a").Plug("tap-b", "b");
        bench.HostSeen(1, hosts[0].Inventory);
        bench.PassAll();

        Assert.Equal(1, bench.Held(hosts[0].Datapath).Count(n => n.StartsWith("FloodNeed", StringComparison.Ordinal)));
        Assert.Equal(1, bench.Held(hosts[0].Datapath).Count(n => n.StartsWith("RemoteHostNeed", StringComparison.Ordinal)));
        Assert.Equal(1, bench.Held(hosts[1].Datapath).Count(n => n.StartsWith("RemoteHostNeed", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_network_made_again_with_another_bridge_domain_leaves_nothing_of_the_old_one()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        Plug(0, "a");
        Plug(1, "b");
        bench.PassAll();

        bench.Batch(Ask.Delete(ResourceKind.Network, "blue"));
        bench.Batch(Ask.Network("red", 101), Ask.Network("blue", 100));
        bench.Settle();
        bench.PassAll();

        Assert.Equal(2u, bench.Machine.Intent.Networks["blue"].BridgeDomain);
        Assert.All(hosts, h => Assert.DoesNotContain(bench.Held(h.Datapath), n => n.Contains("BridgeDomain = 1,", StringComparison.Ordinal)));
        Assert.All(hosts, h => Assert.Equal(7, bench.Held(h.Datapath).Length));
    }

    [Fact]
    public void A_port_that_takes_over_the_address_of_one_that_is_deleted_in_the_same_commit_is_known_everywhere()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("old", "blue", s => s with { Mac = "02:00:00:00:00:11" }));
        bench.Do(Ask.Port("b", "blue"));
        Plug(0, "old");
        Plug(0, "new");
        Plug(1, "b");
        bench.PassAll();
        var before = bench.Held(hosts[1].Datapath);

        bench.Batch(
            Ask.Network("blue", 100, s => s with { ArpSuppression = true }),
            Ask.Delete(ResourceKind.Port, "old"),
            Ask.Port("new", "blue", s => s with { Mac = "02:00:00:00:00:11" }));
        bench.Settle();
        bench.PassAll();

        Assert.Equal(before, bench.Held(hosts[1].Datapath));
        Assert.Equal("True", bench.Condition(ResourceKind.Port, "new", ConditionType.Programmed).Status.ToString());
    }

    [Fact]
    public void A_host_whose_vtep_changes_is_reached_there_by_all_that_share_a_network_with_it()
    {
        Hosts(3);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        Plug(0, "a");
        Plug(1, "b");
        bench.PassAll();

        hosts[0].Vtep = "10.255.9.9";
        bench.HostSeen(1, hosts[0].Inventory);
        Assert.Empty(Kinds(0));
        Assert.Equal([NeedKind.Vtep, NeedKind.Vtep, NeedKind.LocalFlood, NeedKind.RemoteHost], Kinds(1));
        Assert.Empty(Kinds(2));
        Assert.All(bench.Held(hosts[1].Datapath), n => Assert.DoesNotContain("10.255.0.2", n, StringComparison.Ordinal));

        Unplug(0, "a");
        bench.PassAll();
        Assert.DoesNotContain(bench.Held(hosts[1].Datapath), n => n.StartsWith("VtepNeed", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_hosts_that_swap_their_vteps_find_each_other_again()
    {
        Hosts(3);
        bench.Do(Ask.Network("blue", 100));
        foreach (var n in Enumerable.Range(0, 3))
        {
            bench.Do(Ask.Port($"p{n}", "blue"));
            Plug(n, $"p{n}");
        }

        (hosts[0].Vtep, hosts[1].Vtep) = (hosts[1].Vtep, hosts[0].Vtep);
        bench.HostSeen(1, hosts[0].Inventory);
        bench.HostSeen(2, hosts[1].Inventory);
        bench.PassAll();

        Assert.Equal(2, bench.Held(hosts[2].Datapath).Count(n => n.StartsWith("VtepNeed", StringComparison.Ordinal)));
        Assert.Equal(1, bench.Held(hosts[0].Datapath).Count(n => n.StartsWith("VtepNeed", StringComparison.Ordinal) && n.Contains($"Address = {hosts[1].Vtep} ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_host_that_loses_its_vtep_and_gets_a_port_at_once_keeps_neither()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        Plug(1, "b");
        hosts[0].Vtep = null;
        Plug(0, "a");

        Assert.Equal("UNBOUND", bench.PortStatus("a").State);
        Plug(1, "a");
        bench.PassAll();
        Assert.Equal("h2", bench.PortStatus("a").Host);
    }

    [Fact]
    public void A_subnet_that_moves_takes_its_gateway_along_though_nothing_was_settled_between()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Network("red", 101));
        bench.Do(Ask.Port("a", "blue", "10.9.0.1"));
        bench.Do(Ask.Port("b", "red"));
        Plug(0, "a");
        Plug(1, "b");

        bench.Batch(Ask.Subnet("s", "blue", "10.0.0.0/24", "10.0.0.1"));
        bench.Batch(Ask.Subnet("s", "red", "10.0.0.0/24", "10.0.0.1"));
        bench.Settle();
        bench.PassAll();

        Assert.Contains(bench.Held(hosts[0].Datapath), n => n.StartsWith("NetworkNeed", StringComparison.Ordinal) && n.Contains("Gateways = []", StringComparison.Ordinal));
        Assert.Contains(bench.Held(hosts[1].Datapath), n => n.StartsWith("NetworkNeed", StringComparison.Ordinal) && n.Contains("10.0.0.1", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_rule_is_said_to_be_of_the_object_that_it_serves_and_those_that_every_switch_has_of_none()
    {
        Hosts(2);
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        Plug(0, "a");
        Plug(1, "b");

        var names = bench.Machine.NamesOfCookies(hosts[0].Datapath);

        Assert.Equal(
            ["networks/blue", "networks/blue", "ports/a", "ports/b", "switches/h1", "switches/h2"],
            names.Values.Order(StringComparer.Ordinal));
    }
}
