using System.Text;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>Which host is which: of two that say the same, the first stays and the second waits, with a condition that says why.</summary>
public class HostRegistryTests
{
    private readonly FabricBench bench = new();
    private readonly HostBuilder h1 = new("h1", "192.0.2.1");
    private readonly HostBuilder h2 = new("h2", "192.0.2.2");

    public HostRegistryTests()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Port("vm", "blue"));
    }

    private (ConditionStatus Status, string Reason) Said(string host, ConditionType type) =>
        (bench.Condition(ResourceKind.Switch, host, type).Status, bench.Condition(ResourceKind.Switch, host, type).Reason);

    private (ConditionStatus, string) Accepted(string host) => Said(host, ConditionType.Accepted);

    private (ConditionStatus, string) Degraded(string host) => Said(host, ConditionType.Degraded);

    private bool IsMember(string host, HostBuilder builder) =>
        bench.Machine.Take(builder.Datapath, null) is not null && Accepted(host).Item1 == ConditionStatus.True;

    [Fact]
    public void A_host_that_announces_itself_is_part_of_the_fabric_and_asked_to_join()
    {
        bench.HostSeen(1, h1.Inventory);

        Assert.Equal((ConditionStatus.True, "Announced"), Accepted("h1"));
        Assert.Equal((ConditionStatus.Unknown, "SwitchDisconnected"), Said("h1", ConditionType.Programmed));
        Assert.Contains(1, bench.Last.Join);
        Assert.NotEmpty(bench.Join(1, address => $"tcp:{address}:6653"));
        Assert.Contains("/hosts/h1", bench.Store.Keys);
    }

    [Fact]
    public void The_controller_of_a_host_is_where_its_session_ends()
    {
        bench.HostSeen(1, h1.Inventory);

        var target = bench.Join(1, address => $"tcp:{address}:6653").OfType<SetControllers>().Single();
        Assert.Equal(["tcp:192.0.2.254:6653"], target.Controllers.Select(c => c.Target));
    }

    [Fact]
    public void A_host_that_announces_nothing_is_shown_and_not_touched()
    {
        h1.Vtep = null;
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);

        Assert.Equal((ConditionStatus.False, "NotAnnounced"), Accepted("h1"));
        Assert.Equal("HostNotInFabric", bench.Condition(ResourceKind.Port, "vm", ConditionType.Bound).Reason);
        Assert.Empty(bench.Join(1, _ => "tcp:192.0.2.254:6653"));
        Assert.Null(bench.Machine.Take(h1.Datapath, null));
        Assert.DoesNotContain(bench.Store.Keys, k => k.StartsWith("/hosts/", StringComparison.Ordinal));

        bench.HostGone(1);
        Assert.Empty(bench.Machine.Snapshot.Switches);
        Assert.Equal("NoInterface", bench.Condition(ResourceKind.Port, "vm", ConditionType.Bound).Reason);
    }

    [Theory]
    [InlineData(null, "it has no external_ids:system-id")]
    [InlineData("H1", "is no id")]
    [InlineData("", "is no id")]
    [InlineData("a b", "is no id")]
    public void A_host_without_a_usable_name_is_refused_with_an_event(string? name, string why)
    {
        h1.SystemId = name;
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        bench.HostSeen(1, h1.Plug("tap1", "vm").Inventory);

        Assert.Empty(bench.Machine.Snapshot.Switches);
        var refused = Assert.Single(bench.Machine.Snapshot.Events, e => e.Name == "HostRefused");
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Equal("UNBOUND", bench.PortStatus("vm").State);
    }

    [Fact]
    public void Of_two_hosts_with_one_name_the_first_stays_and_the_second_takes_over_when_it_goes()
    {
        var twin = new HostBuilder("h1", "192.0.2.9").Plug("tap0", "vm");
        bench.HostSeen(1, h1.Inventory);
        bench.HostSeen(2, twin.Inventory);

        Assert.Equal((ConditionStatus.True, "DuplicateSystemId"), Degraded("h1"));
        Assert.Equal("192.0.2.1", ((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).VtepIp);
        Assert.Equal("UNBOUND", bench.PortStatus("vm").State);
        Assert.Empty(bench.Join(2, _ => "tcp:192.0.2.254:6653"));
        Assert.Single(bench.Machine.Snapshot.Events, e => e.Name == "HostRefused" && e.Subject == "switches/h1");

        bench.HostGone(1);

        Assert.Equal((ConditionStatus.False, "AsExpected"), Degraded("h1"));
        Assert.Equal("192.0.2.9", ((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).VtepIp);
        Assert.Equal(("h1", "UP"), (bench.PortStatus("vm").Host, bench.PortStatus("vm").State));
        Assert.Contains(2, bench.Last.Join);
    }

    [Fact]
    public void A_second_host_of_a_name_that_goes_or_takes_another_name_is_forgotten()
    {
        var twin = new HostBuilder("h1", "192.0.2.9");
        bench.HostSeen(1, h1.Inventory);
        bench.HostSeen(2, twin.Inventory);
        bench.HostGone(2);
        Assert.Equal((ConditionStatus.False, "AsExpected"), Degraded("h1"));

        bench.HostSeen(3, twin.Inventory);
        twin.SystemId = "h9";
        bench.HostSeen(3, twin.Inventory);

        Assert.Equal((ConditionStatus.False, "AsExpected"), Degraded("h1"));
        Assert.Equal((ConditionStatus.True, "Announced"), Accepted("h9"));
    }

    [Fact]
    public void Those_that_wait_for_a_name_have_their_turn_in_the_order_in_which_they_came()
    {
        bench.HostSeen(1, h1.Inventory);
        bench.HostSeen(5, new HostBuilder("x", "192.0.2.50").Inventory);
        bench.HostSeen(2, new HostBuilder("h1", "192.0.2.8").Inventory);
        bench.HostGone(5);
        bench.HostSeen(3, new HostBuilder("h1", "192.0.2.9").Inventory);

        bench.HostGone(1);

        Assert.Equal("192.0.2.8", ((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).VtepIp);
    }

    [Fact]
    public void The_same_machine_that_comes_back_before_its_old_session_is_noticed_dead_takes_its_place()
    {
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        bench.HostSeen(2, h1.Plug("tap1", "other").Inventory);

        Assert.Equal((ConditionStatus.False, "AsExpected"), Degraded("h1"));
        bench.HostGone(1);
        Assert.Equal("h1", bench.PortStatus("vm").Host);
        Assert.NotEmpty(bench.Join(2, _ => "tcp:192.0.2.254:6653"));
    }

    [Fact]
    public void An_older_session_never_takes_a_name_back_from_a_newer_one()
    {
        bench.HostSeen(1, h1.Inventory);
        bench.HostSeen(2, h1.Inventory);
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);

        Assert.Equal((ConditionStatus.True, "DuplicateSystemId"), Degraded("h1"));
        Assert.Equal("UNBOUND", bench.PortStatus("vm").State);
    }

    [Fact]
    public void Of_two_hosts_with_one_vtep_address_the_first_stays()
    {
        h2.Vtep = h1.Vtep;
        bench.HostSeen(1, h1.Inventory);
        bench.HostSeen(2, h2.Plug("tap0", "vm").Inventory);

        Assert.True(IsMember("h1", h1));
        Assert.Equal((ConditionStatus.False, "DuplicateVtepAddress"), Accepted("h2"));
        Assert.Null(bench.Machine.Take(h2.Datapath, null));
        Assert.Equal("HostNotInFabric", bench.Condition(ResourceKind.Port, "vm", ConditionType.Bound).Reason);

        bench.Restart();
        bench.HostSeen(3, h2.Inventory);
        bench.HostSeen(4, h1.Inventory);
        Assert.True(IsMember("h1", h1));

        h1.Vtep = "192.0.2.7";
        bench.HostSeen(4, h1.Inventory);

        Assert.True(IsMember("h1", h1));
        Assert.True(IsMember("h2", h2));
        Assert.Equal("h2", bench.PortStatus("vm").Host);
        Assert.Contains(3, bench.Last.Join);
    }

    [Fact]
    public void A_host_that_is_away_keeps_its_vtep_until_it_is_deleted()
    {
        h2.Vtep = h1.Vtep;
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        bench.HostGone(1);
        bench.HostSeen(2, h2.Inventory);
        Assert.Equal((ConditionStatus.False, "DuplicateVtepAddress"), Accepted("h2"));
        Assert.Equal("h1", bench.PortStatus("vm").Host);

        bench.Do(Ask.Delete(ResourceKind.Switch, "h1"));

        Assert.True(IsMember("h2", h2));
        Assert.Equal("UNBOUND", bench.PortStatus("vm").State);
        Assert.DoesNotContain("/hosts/h1", bench.Store.Keys);
        Assert.DoesNotContain("h1", bench.Machine.Snapshot.Switches.Keys);
    }

    [Fact]
    public void A_host_with_a_session_is_not_forgotten_when_it_is_deleted()
    {
        bench.HostSeen(1, h1.Inventory);
        bench.Do(Ask.Switch("h1", "OBSERVED"));
        bench.Do(Ask.Delete(ResourceKind.Switch, "h1"));

        Assert.True(IsMember("h1", h1));
    }

    [Fact]
    public void Of_two_interfaces_with_one_iface_id_the_first_stays_and_the_second_is_told()
    {
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        bench.HostSeen(2, h2.Plug("tap5", "vm").Inventory);

        Assert.Equal("h1", bench.PortStatus("vm").Host);
        var degraded = bench.Condition(ResourceKind.Port, "vm", ConditionType.Degraded);
        Assert.Equal((ConditionStatus.True, "DuplicateInterface"), (degraded.Status, degraded.Reason));
        Assert.Contains("tap5 of h2", degraded.Message, StringComparison.Ordinal);

        bench.Restart();
        Assert.Equal("h1", bench.PortStatus("vm").Host);
        bench.HostSeen(3, h2.Inventory);
        bench.HostSeen(4, h1.Unplug("tap0").Inventory);

        Assert.Equal(("h2", "tap5"), (bench.PortStatus("vm").Host, bench.PortStatus("vm").Interface));
        Assert.Equal(ConditionStatus.False, bench.Condition(ResourceKind.Port, "vm", ConditionType.Degraded).Status);
    }

    [Fact]
    public void An_iface_id_that_no_port_can_have_claims_nothing()
    {
        bench.HostSeen(1, h1.Plug("tap0", new string('v', 64)).Plug("tap1", "VM").Plug("tap2", "vm").Inventory);

        Assert.Equal(["tap2"], bench.Machine.Snapshot.Of(ResourceKind.Port).Values.Select(p => ((PortStatus)p.Status).Interface));
        Assert.DoesNotContain("VM", Encoding.UTF8.GetString(bench.Store["/hosts/h1"].Value.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_that_a_host_shows_twice_is_one()
    {
        var twice = h1.Plug("tap0", "vm").Inventory;
        twice = twice with { Bridges = [twice.Bridges[0] with { Ports = [.. twice.Bridges[0].Ports, .. twice.Bridges[0].Ports] }] };
        for (var i = 0; i < 2; i++)
        {
            bench.HostSeen(1, twice);
            Assert.Equal("tap0", bench.PortStatus("vm").Interface);
            bench.HostSeen(1, h1.Unplug("tap0").Inventory);
            Assert.Null(bench.PortStatus("vm").Interface);
        }
    }

    [Fact]
    public void A_host_that_shows_more_than_its_record_can_hold_keeps_what_fits()
    {
        var host = new HostBuilder("h9", "192.0.2.9");
        for (var i = 0; i < 30_000; i++)
        {
            host.Plug($"tap{i}", $"p{i}");
        }

        bench.HostSeen(9, host.Inventory);

        Assert.InRange(bench.Store["/hosts/h9"].Value.Length, 100_000, StoreLimits.ValueLength);
    }

    [Fact]
    public void An_interface_that_gets_another_number_keeps_its_place()
    {
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        bench.HostSeen(2, h2.Plug("tap5", "vm").Inventory);
        bench.HostSeen(1, h1.Renumber("tap0").Inventory);

        Assert.Equal(("h1", h1.Interfaces["tap0"].OfPort!.Value.Value), (bench.PortStatus("vm").Host, bench.PortStatus("vm").OfPort!.Value));
    }

    [Fact]
    public void A_host_with_another_name_is_another_host_and_takes_its_ports_along()
    {
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        h1.SystemId = "h9";
        bench.HostSeen(1, h1.Inventory);

        Assert.Equal("h9", bench.PortStatus("vm").Host);
        Assert.Equal(["h9"], bench.Machine.Snapshot.Switches.Keys);
        Assert.Contains("/hosts/h9", bench.Store.Keys);
        Assert.DoesNotContain("/hosts/h1", bench.Store.Keys);
        Assert.True(IsMember("h9", h1));
    }

    [Fact]
    public void A_host_that_withdraws_its_announcement_leaves_and_may_come_back()
    {
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        h1.Vtep = null;
        bench.HostSeen(1, h1.Plug("tap1", "late").Inventory);

        Assert.Equal((ConditionStatus.False, "NotAnnounced"), Accepted("h1"));
        Assert.Null(bench.Machine.Take(h1.Datapath, null));
        Assert.DoesNotContain("/hosts/h1", bench.Store.Keys);
        Assert.Equal("UNBOUND", bench.PortStatus("vm").State);

        h1.Vtep = "192.0.2.1";
        bench.HostSeen(1, h1.Inventory);
        Assert.True(IsMember("h1", h1));
        Assert.Equal("h1", bench.PortStatus("vm").Host);
    }

    [Fact]
    public void An_operator_can_take_a_host_out_of_the_fabric_and_back()
    {
        bench.HostSeen(1, h1.Plug("tap0", "vm").Inventory);
        bench.SwitchUp(h1.Datapath);

        bench.Do(Ask.Switch("h1", "OBSERVED"));
        Assert.Equal((ConditionStatus.False, "Observed"), Accepted("h1"));
        Assert.Contains(h1.Datapath, bench.Last.Wake);
        Assert.Null(bench.Machine.Take(h1.Datapath, null));
        Assert.Empty(bench.Join(1, _ => "tcp:192.0.2.254:6653"));
        Assert.Equal("HostNotInFabric", bench.Condition(ResourceKind.Port, "vm", ConditionType.Bound).Reason);

        bench.Do(Ask.Switch("h1", "FABRIC"));
        Assert.True(IsMember("h1", h1));
        Assert.Contains(1, bench.Last.Join);
        Assert.Equal("h1", bench.PortStatus("vm").Host);
    }

    [Fact]
    public void An_operator_may_decide_about_a_switch_before_it_is_there()
    {
        bench.Do(Ask.Switch("h1", "OBSERVED"));
        Assert.Equal((ConditionStatus.False, "NoHost"), Accepted("h1"));
        bench.HostSeen(1, h1.Inventory);

        Assert.Equal((ConditionStatus.False, "Observed"), Accepted("h1"));
    }

    [Fact]
    public void What_an_operator_would_decide_is_shown_without_being_done()
    {
        bench.HostSeen(1, h1.Inventory);

        var known = bench.Machine.Preview(Judge.Of(bench.Machine.Intent, Ask.Switch("h1", "OBSERVED")), default);
        var unknown = bench.Machine.Preview(Judge.Of(bench.Machine.Intent, Ask.Switch("h7", null)), default);

        Assert.Equal("OBSERVED", ((SwitchSpec)known!.Spec).Mode);
        Assert.Equal("h7", unknown!.Id);
        Assert.Equal((ConditionStatus.True, "Announced"), Accepted("h1"));
    }

    [Fact]
    public void A_decision_under_the_datapath_of_a_host_is_told_that_the_host_has_another_id()
    {
        bench.HostSeen(1, h1.Inventory);
        bench.SwitchUp(h1.Datapath);
        bench.Do(Ask.Switch(h1.Datapath.ToString(), "OBSERVED"));

        Assert.Equal((ConditionStatus.False, "HasOtherId"), Accepted(h1.Datapath.ToString()));
        Assert.True(IsMember("h1", h1));
    }

    [Fact]
    public void A_switch_is_shown_under_its_datapath_until_a_host_announces_that_it_is_its()
    {
        bench.SwitchUp(h1.Datapath);
        Assert.Equal([h1.Datapath.ToString()], bench.Machine.Snapshot.Switches.Keys);
        Assert.Equal((ConditionStatus.False, "NoHost"), Accepted(h1.Datapath.ToString()));

        bench.HostSeen(1, h1.Inventory);
        Assert.Equal(["h1"], bench.Machine.Snapshot.Switches.Keys);
        Assert.True(((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).Connected);
        Assert.Contains(h1.Datapath, bench.Last.Wake);

        bench.SwitchDown(h1.Datapath);
        Assert.False(((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).Connected);
    }

    [Fact]
    public void A_machine_that_was_renamed_while_it_was_away_owns_its_switch()
    {
        bench.HostSeen(1, h1.Inventory);
        bench.HostGone(1);
        h1.SystemId = "h9";
        h1.Vtep = "192.0.2.9";
        bench.HostSeen(2, h1.Plug("tap0", "vm").Inventory);
        bench.SwitchUp(h1.Datapath);
        bench.PassAll();

        Assert.Equal((ConditionStatus.True, "Confirmed"), Said("h9", ConditionType.Programmed));
        Assert.False(((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).Connected);
        Assert.Equal(ConditionStatus.True, bench.Condition(ResourceKind.Port, "vm", ConditionType.Programmed).Status);

        // Until one of the two speaks again nobody knows whose the switch is, and it is left alone.
        bench.Restart();
        bench.SwitchUp(h1.Datapath);
        Assert.Null(bench.Machine.Take(h1.Datapath, null));
        bench.HostSeen(1, h1.Inventory);
        Assert.Contains(h1.Datapath, bench.Last.Wake);
        Assert.NotNull(bench.Machine.Take(h1.Datapath, null));
    }

    [Fact]
    public void What_a_host_did_not_take_is_told_until_it_takes_it()
    {
        bench.HostSeen(1, h1.Inventory);
        bench.Machine.HostTrouble(1, bench.Machine.HostPlans(1, _ => "")[0], "no such column");
        bench.Machine.HostTrouble(1, bench.Machine.HostPlans(1, _ => "")[0], "no such column");
        bench.Settle();

        Assert.Equal((ConditionStatus.True, "HostChangeFailed"), Degraded("h1"));
        Assert.Single(bench.Machine.Snapshot.Events, e => e.Name == "HostChangeFailed");

        bench.Machine.HostTrouble(1, bench.Machine.HostPlans(1, _ => "")[0], null);
        bench.Settle();
        Assert.Equal((ConditionStatus.False, "AsExpected"), Degraded("h1"));
    }

    [Fact]
    public void A_faulty_setting_of_a_host_is_told()
    {
        bench.HostSeen(1, h1.Inventory with { VtepIp = null, Faults = [new HostFault("external_ids:dwcp-vtep-ip", "192.0.2", "no IP address")] });

        Assert.Equal((ConditionStatus.True, "HostSettingFaulty"), Degraded("h1"));
        Assert.Equal((ConditionStatus.False, "NotAnnounced"), Accepted("h1"));
    }

    [Fact]
    public void A_thousand_hosts_are_known_in_reasonable_time()
    {
        foreach (var n in Enumerable.Range(0, 1000))
        {
            bench.HostSeen(n + 1, new HostBuilder($"host{n}", $"10.0.{n / 250}.{(n % 250) + 1}").Plug("tap0", $"p{n}").Inventory);
        }

        Assert.Equal(1000, bench.Machine.Snapshot.Switches.Keys.Count(id => Accepted(id) == (ConditionStatus.True, "Announced")));
    }
}
