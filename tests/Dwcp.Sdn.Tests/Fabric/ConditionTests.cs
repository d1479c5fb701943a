using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Planning;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>What is said of an object is what is true of it now, with the time since when.</summary>
public class ConditionTests
{
    private readonly FabricBench bench = new();
    private readonly HostBuilder h1 = new("h1", "192.0.2.1");
    private readonly HostBuilder h2 = new("h2", "192.0.2.2");
    private readonly HostBuilder h3 = new("h3", "192.0.2.3");

    public ConditionTests()
    {
        foreach (var (session, host) in new[] { (1, h1), (2, h2), (3, h3) })
        {
            bench.HostSeen(session, host.Inventory);
            bench.SwitchUp(host.Datapath);
        }

        bench.PassAll();
    }

    private string Programmed(string port) => Text(ResourceKind.Port, port, ConditionType.Programmed);

    private string Text(ResourceKind kind, string id, ConditionType type)
    {
        var condition = bench.Condition(kind, id, type);
        return $"{condition.Status} {condition.Reason}";
    }

    [Fact]
    public void A_port_lives_from_its_request_to_its_end()
    {
        bench.Do(Ask.Port("vm", "blue"));
        Assert.Equal("False NetworkNotFound", Text(ResourceKind.Port, "vm", ConditionType.Accepted));
        Assert.Equal("False NoInterface", Text(ResourceKind.Port, "vm", ConditionType.Bound));
        Assert.Equal("False NotBound", Programmed("vm"));
        Assert.Equal("UNBOUND", bench.PortStatus("vm").State);

        bench.HostSeen(1, h1.Plug("tap0", "vm", up: false).Inventory);
        Assert.Equal("False NetworkNotFound", Text(ResourceKind.Port, "vm", ConditionType.Bound));

        bench.Do(Ask.Network("blue", 100));
        Assert.Equal("True Valid", Text(ResourceKind.Port, "vm", ConditionType.Accepted));
        Assert.Equal("True InterfaceFound", Text(ResourceKind.Port, "vm", ConditionType.Bound));
        Assert.Equal("False Pending", Programmed("vm"));
        Assert.Equal("DOWN", bench.PortStatus("vm").State);

        bench.Pass(h1.Datapath, confirm: false);
        Assert.Equal("False Pending", Programmed("vm"));
        bench.Pass(h1.Datapath);
        Assert.Equal("True Confirmed", Programmed("vm"));
        Assert.Equal("True Confirmed", Text(ResourceKind.Network, "blue", ConditionType.Programmed));

        bench.HostSeen(1, h1.Plug("tap0", "vm", up: true).Inventory);
        Assert.Equal("UP", bench.PortStatus("vm").State);

        bench.HostSeen(1, h1.Unplug("tap0").Inventory);
        Assert.Equal("False NoInterface", Text(ResourceKind.Port, "vm", ConditionType.Bound));
        Assert.Equal("False NotBound", Programmed("vm"));

        bench.Do(Ask.Delete(ResourceKind.Port, "vm"));
        Assert.Empty(bench.Machine.Snapshot.Ports);
        Assert.Equal(0, ((NetworkStatus)bench.Get(ResourceKind.Network, "blue").Status).Ports);
    }

    [Fact]
    public void A_port_is_programmed_when_every_switch_that_carries_its_network_has_confirmed_it()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.HostSeen(1, h1.Plug("tap0", "a").Inventory);
        bench.HostSeen(2, h2.Plug("tap0", "b").Inventory);
        bench.Do(Ask.Port("b", "blue"));
        bench.PassAll();
        bench.Do(Ask.Port("a", "blue"));

        bench.Pass(h1.Datapath);
        Assert.Equal("False Pending", Programmed("a"));
        Assert.Contains("h2", bench.Condition(ResourceKind.Port, "a", ConditionType.Programmed).Message, StringComparison.Ordinal);
        bench.Pass(h2.Datapath);

        Assert.Equal("True Confirmed", Programmed("a"));
        Assert.Equal("True Confirmed", Programmed("b"));
        Assert.Equal("h1 h2", string.Join(" ", ((NetworkStatus)bench.Get(ResourceKind.Network, "blue").Status).Hosts));
    }

    [Fact]
    public void A_switch_that_comes_to_carry_a_network_matters_to_the_ports_that_are_there()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        bench.HostSeen(1, h1.Plug("tap0", "a").Inventory);
        bench.PassAll();
        Assert.Equal("True Confirmed", Programmed("a"));

        bench.HostSeen(2, h2.Plug("tap0", "b").Inventory);
        Assert.Equal("False Pending", Programmed("a"));
        bench.PassAll();

        Assert.Equal("True Confirmed", Programmed("a"));
        Assert.Equal("True Confirmed", Programmed("b"));
    }

    [Fact]
    public void A_confirmation_of_what_was_before_does_not_confirm_what_came_after()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.HostSeen(1, h1.Plug("tap0", "a").Inventory);
        var work = bench.Machine.Take(h1.Datapath, null)!;
        bench.Do(Ask.Port("a", "blue", s => s with { PortSecurity = false }));

        bench.Machine.Confirmed(h1.Datapath, work.Needs, work.Generation, new SwitchHolding(1, 2, 3));
        bench.Settle();

        Assert.Equal("False Pending", Programmed("a"));
        Assert.Equal("False Pending", Text(ResourceKind.Switch, "h1", ConditionType.Programmed));
        Assert.Equal((1, 2, 3), (Switch("h1").Flows, Switch("h1").Groups, Switch("h1").Meters));
    }

    [Fact]
    public void A_switch_that_is_away_matters_only_to_what_it_has_not_confirmed()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24"));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        bench.HostSeen(1, h1.Plug("tap0", "a").Inventory);
        bench.HostSeen(2, h2.Plug("tap0", "b").Inventory);
        bench.PassAll();

        bench.SwitchDown(h2.Datapath);
        Assert.Equal("True Confirmed", Programmed("a"));
        Assert.Equal("True Confirmed", Programmed("b"));
        Assert.Equal("Unknown SwitchDisconnected", Text(ResourceKind.Switch, "h2", ConditionType.Programmed));

        bench.Do(Ask.Port("a", "blue", s => s with { Mac = "02:00:00:00:00:11" }));
        bench.PassAll();
        Assert.Equal("Unknown SwitchDisconnected", Programmed("a"));
        Assert.Equal("True Confirmed", Programmed("b"));
        Assert.Equal("True Confirmed", Text(ResourceKind.Subnet, "s", ConditionType.Programmed));

        bench.SwitchUp(h2.Datapath);
        Assert.Equal("False Pending", Programmed("a"));
        bench.PassAll();
        Assert.Equal("True Confirmed", Programmed("a"));
        Assert.Equal("True Confirmed", Text(ResourceKind.Switch, "h2", ConditionType.Programmed));
    }

    [Fact]
    public void Nothing_is_programmed_after_a_restart_before_a_barrier_says_so()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24"));
        bench.Do(Ask.Port("a", "blue"));
        bench.HostSeen(1, h1.Plug("tap0", "a").Inventory);
        bench.PassAll();
        bench.Restart();

        Assert.Equal("True InterfaceFound", Text(ResourceKind.Port, "a", ConditionType.Bound));
        Assert.Equal("Unknown SwitchDisconnected", Programmed("a"));
        bench.SwitchUp(h1.Datapath);
        Assert.Equal("False Pending", Programmed("a"));
        bench.Pass(h1.Datapath);
        Assert.Equal("True Confirmed", Programmed("a"));
        Assert.Equal("True Confirmed", Text(ResourceKind.Subnet, "s", ConditionType.Programmed));
    }

    [Fact]
    public void A_bridge_made_anew_has_confirmed_nothing()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("a", "blue"));
        bench.HostSeen(1, h1.Plug("tap0", "a").Inventory);
        bench.PassAll();
        var before = bench.Held(h1.Datapath);

        h1.Datapath = new Dwcp.Sdn.Core.Net.DatapathId(0xabc);
        bench.HostSeen(1, h1.Inventory);
        Assert.Equal("Unknown SwitchDisconnected", Programmed("a"));
        bench.SwitchUp(h1.Datapath);
        bench.PassAll();

        Assert.Equal("True Confirmed", Programmed("a"));
        Assert.Equal(before, bench.Held(h1.Datapath));
    }

    [Fact]
    public void A_network_that_nobody_carries_has_nothing_to_program()
    {
        bench.Do(Ask.Network("blue", 100));

        Assert.Equal("True NothingToProgram", Text(ResourceKind.Network, "blue", ConditionType.Programmed));
        Assert.Empty(((NetworkStatus)bench.Get(ResourceKind.Network, "blue").Status).Hosts);
    }

    [Fact]
    public void The_time_of_a_condition_moves_only_with_its_status()
    {
        var start = bench.Now;
        bench.Do(Ask.Port("a", "blue"));
        bench.Now += TimeSpan.FromMinutes(1);
        bench.Do(Ask.Port("a", "red"));
        Assert.Equal((start, 2), Accepted());

        bench.Now += TimeSpan.FromMinutes(1);
        bench.Do(Ask.Network("red", 7));
        Assert.Equal((bench.Now, 2), Accepted());

        bench.Now += TimeSpan.FromMinutes(1);
        bench.HostSeen(1, h1.Plug("tap0", "a").Inventory);
        bench.Do(Ask.Port("a", "red", s => s with { PortSecurity = false }));
        Assert.Equal((start + TimeSpan.FromMinutes(2), 3), Accepted());
        Assert.Equal(bench.Now, bench.Condition(ResourceKind.Port, "a", ConditionType.Bound).LastTransition);
        Assert.Equal(start, bench.Condition(ResourceKind.Port, "a", ConditionType.Programmed).LastTransition);

        (DateTimeOffset, long) Accepted()
        {
            var condition = bench.Condition(ResourceKind.Port, "a", ConditionType.Accepted);
            return (condition.LastTransition, condition.ObservedGeneration);
        }
    }

    [Fact]
    public void A_refused_bundle_is_told_until_a_barrier_confirms()
    {
        bench.Machine.SwitchTrouble(h1.Datapath, "OFPBAC_BAD_OUT_GROUP");
        bench.Settle();
        Assert.Equal("True ProgrammingFailed", Text(ResourceKind.Switch, "h1", ConditionType.Degraded));

        bench.Pass(h1.Datapath);
        Assert.Equal("False AsExpected", Text(ResourceKind.Switch, "h1", ConditionType.Degraded));
    }

    [Fact]
    public void A_refused_bundle_is_told_no_longer_once_the_switch_is_only_observed()
    {
        bench.Machine.SwitchTrouble(h1.Datapath, "OFPBAC_BAD_OUT_GROUP");
        bench.Do(Ask.Switch("h1", "OBSERVED"));
        bench.Settle();

        Assert.NotEqual("True ProgrammingFailed", Text(ResourceKind.Switch, "h1", ConditionType.Degraded));
    }

    [Fact]
    public void A_tunnel_port_that_the_host_cannot_make_is_told_until_it_is_there()
    {
        h1.TunnelPort = null;
        bench.HostSeen(1, h1.Inventory);
        Assert.Equal("False AsExpected", Text(ResourceKind.Switch, "h1", ConditionType.Degraded));

        h1.TunnelError = "could not add network device vxlan0 to ofproto (File exists)";
        bench.HostSeen(1, h1.Inventory);
        Assert.Equal("True TunnelPortFailed", Text(ResourceKind.Switch, "h1", ConditionType.Degraded));

        (h1.TunnelPort, h1.TunnelError) = (HostBuilder.Tunnel, null);
        bench.HostSeen(1, h1.Inventory);
        Assert.Equal("False AsExpected", Text(ResourceKind.Switch, "h1", ConditionType.Degraded));
    }

    [Fact]
    public void Events_say_what_happened_in_order()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Network("blue", 101));
        bench.Do(Ask.Delete(ResourceKind.Network, "blue"));
        bench.Machine.SwitchRepaired(h1.Datapath, "1 flows set");
        bench.SwitchDown(h1.Datapath);
        bench.HostGone(1);

        Assert.Equal(
            [
                "HostConnected switches/h1", "SwitchConnected switches/h1", "HostConnected switches/h2", "SwitchConnected switches/h2",
                "HostConnected switches/h3", "SwitchConnected switches/h3", "NetworkCreated networks/blue", "NetworkChanged networks/blue",
                "NetworkDeleted networks/blue", "SwitchRepaired switches/h1", "SwitchDisconnected switches/h1", "HostDisconnected switches/h1",
            ],
            bench.Machine.Snapshot.Events.Select(e => $"{e.Name} {e.Subject}"));
        Assert.Equal(Enumerable.Range(1, 12).Select(n => (long)n), bench.Machine.Snapshot.Events.Select(e => e.Sequence));
    }

    [Fact]
    public void Only_the_latest_events_are_kept()
    {
        foreach (var _ in Enumerable.Range(0, 10_500))
        {
            bench.Machine.SwitchRepaired(h1.Datapath, "again");
        }

        bench.Settle();
        bench.Machine.SwitchRepaired(h1.Datapath, "the last");
        bench.Settle();

        var events = bench.Machine.Snapshot.Events.ToList();
        Assert.Equal(10_000, events.Count);
        Assert.Equal("the last", events[^1].Message);
        Assert.Equal(events[^1].Sequence - 9_999, events[0].Sequence);
    }

    private SwitchStatus Switch(string id) => (SwitchStatus)bench.Get(ResourceKind.Switch, id).Status;
}
