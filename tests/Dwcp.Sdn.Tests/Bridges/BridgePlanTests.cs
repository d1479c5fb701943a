using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Tests.Fabric;
using Dwcp.Sdn.Tests.Ovsdb;

namespace Dwcp.Sdn.Tests.Bridges;

/// <summary>Wanted bridges reach the rows of a database and leave them again.</summary>
public sealed class BridgePlanTests
{
    private readonly FabricBench bench = new();
    private readonly FakeHost host = new("h1");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_wanted_after_whatever_was_is_what_the_host_has_and_nothing_stays_behind(int seed)
    {
        var generated = new GeneratedBridge(new Random(seed));
        for (var i = 0; i < 60; i++)
        {
            Put("a", generated.Next("h1", "br-a"));
            Put("b", generated.Next("h1", "br-b"));
            Reconcile();

            Assert.Equal(["br-a", "br-b"], host.Inventory.Bridges.Select(bridge => bridge.Name));
            Assert.All(["a", "b"], id => Assert.DoesNotContain("Pending", Condition(id, ConditionType.Programmed).Message, StringComparison.Ordinal));
            var before = host.Transactions;
            Reconcile();
            Assert.Equal(before, host.Transactions);
        }

        bench.Do(Ask.Delete(ResourceKind.Bridge, "a"));
        bench.Do(Ask.Delete(ResourceKind.Bridge, "b"));
        Reconcile();
        Assert.All(VswitchTables.Monitored.Select(table => table.Table).Where(table => table != "Open_vSwitch"), table => Assert.Equal(0, host.Count(table)));
    }

    [Fact]
    public void Somebody_elses_bridge_keeps_what_it_had()
    {
        var (bridge, port, mine) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        host.Database.Set("Interface", mine, ("name", OvsdbSet.Of("eth0")));
        host.Database.Set("Port", port, ("name", OvsdbSet.Of("eth0")), ("interfaces", Rows(mine)));
        host.Database.Set("Bridge", bridge, ("name", OvsdbSet.Of("br-old")), ("ports", Rows(port)));
        host.Database.Set("Open_vSwitch", FakeOvsdb.Root, ("bridges", Rows(bridge)));
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-old", FailMode = "SECURE", Ports = [new() { Name = "eth0", Vlan = 5 }, new() { Name = "in0", Type = "internal" }] });
        Reconcile();
        Assert.True(((BridgeStatus)bench.Machine.Snapshot.Bridges["a"].Status).Adopted);
        Assert.Equal(["eth0", "in0"], host.Inventory.Bridge("br-old")!.Ports.Select(p => p.Name));

        bench.Do(Ask.Delete(ResourceKind.Bridge, "a"));
        Reconcile();
        Assert.Equal(["eth0"], host.Inventory.Bridge("br-old")!.Ports.Select(p => p.Name));
    }

    [Fact]
    public void A_port_moves_from_one_bridge_to_another_in_one_pass()
    {
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-a", Ports = [new() { Name = "in0", Type = "internal" }] });
        Put("b", new BridgeSpec { Switch = "h1", Name = "br-b" });
        Reconcile();
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-a" });
        Put("b", new BridgeSpec { Switch = "h1", Name = "br-b", Ports = [new() { Name = "in0", Type = "internal" }] });
        Reconcile();

        Assert.Null(host.Fault);
        Assert.Equal(["br-a"], host.Inventory.Bridge("br-a")!.Ports.Select(p => p.Name));
        Assert.Equal(["br-b", "in0"], host.Inventory.Bridge("br-b")!.Ports.Select(p => p.Name));
    }

    [Fact]
    public void A_host_that_is_only_observed_is_not_touched()
    {
        bench.Do(Ask.Switch("h1", "OBSERVED"));
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-a" });
        Reconcile();

        Assert.Equal(0, host.Transactions);
        Assert.Equal("Observed", Condition("a", ConditionType.Accepted).Reason);
        bench.Do(Ask.Switch("h1", null));
        Reconcile();
        Assert.Equal(("Valid", "br-a"), (Condition("a", ConditionType.Accepted).Reason, Assert.Single(host.Inventory.Bridges).Name));
    }

    [Fact]
    public void The_trouble_of_one_bridge_is_not_anothers()
    {
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-a", Mirrors = [new() { Name = "m", SelectAll = true, OutputPort = "nobody" }] });
        Put("b", new BridgeSpec { Switch = "h1", Name = "br-b", Ports = [new() { Name = "in0", Type = "internal" }] });
        Reconcile();

        Assert.Equal(("HostChangeFailed", ConditionStatus.True), (Condition("a", ConditionType.Degraded).Reason, Condition("a", ConditionType.Degraded).Status));
        Assert.Contains("no port nobody", Condition("a", ConditionType.Degraded).Message, StringComparison.Ordinal);
        Assert.Equal(ConditionStatus.False, Condition("b", ConditionType.Degraded).Status);
        Assert.Equal(["br-b", "in0"], host.Inventory.Bridge("br-b")!.Ports.Select(p => p.Name));
    }

    [Fact]
    public void The_trouble_of_a_bridge_goes_with_it()
    {
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-a", Mirrors = [new() { Name = "m", SelectAll = true, OutputPort = "nobody" }] });
        Reconcile();
        Assert.Equal(ConditionStatus.True, Condition("a", ConditionType.Degraded).Status);

        bench.Do(Ask.Delete(ResourceKind.Bridge, "a"));
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-a" });

        Assert.NotEqual(ConditionStatus.True, Condition("a", ConditionType.Degraded).Status);
    }

    [Theory]
    [InlineData("p-a", "UP")]
    [InlineData("elsewhere", "FAILED")]
    public void A_patch_port_whose_peer_is_there_has_not_failed_whatever_error_was_left_behind(string back, string state)
    {
        Put("a", new BridgeSpec { Switch = "h1", Name = "br-a", Ports = [new() { Name = "p-a", Type = "patch", Options = StringMap.Of(("peer", "p-b")) }] });
        Put("b", new BridgeSpec { Switch = "h1", Name = "br-b", Ports = [new() { Name = "p-b", Type = "patch", Options = StringMap.Of(("peer", back)) }] });
        Reconcile();
        foreach (var row in host.Database.Rows("Interface").ToList())
        {
            host.Database.Set("Interface", row, ("ofport", new OvsdbSet([OvsdbAtom.Of(1)])), ("error", OvsdbSet.Of("No usable peer 'p-b' exists in 'netdev' datapath.")));
        }

        Reconcile();

        var port = Assert.Single(((BridgeStatus)bench.Machine.Snapshot.Bridges["a"].Status).Ports);
        Assert.Equal((state, state == "FAILED"), (port.State, port.Error is not null));
    }

    [Fact]
    public void What_is_stored_is_what_a_restarted_controller_wants()
    {
        var spec = new GeneratedBridge(new Random(7)).Next("h1", "br-a");
        Put("a", spec);

        bench.Restart();
        Assert.Equal(spec, bench.Machine.Intent.Bridges["a"].Spec);
        Assert.Equal("HostNotFound", Condition("a", ConditionType.Accepted).Reason);
        Reconcile();
        Assert.Equal(["br-a"], host.Inventory.Bridges.Select(bridge => bridge.Name));
    }

    private void Put(string id, BridgeSpec spec) => bench.Do(new PutCommand(ResourceKind.Bridge, id, spec, Ask.NoLabels));

    private Condition Condition(string id, ConditionType type) => bench.Machine.Snapshot.Bridges[id].Status.Conditions.Single(c => c.Type == type);

    /// <summary>What the loop of a host does: shows, asks for plans, carries them out one by one, and tells what came of each.</summary>
    private void Reconcile()
    {
        host.Listen();
        bench.Machine.HostSeen(1, "192.0.2.1:40000", host.Inventory);
        foreach (var plan in bench.Machine.HostPlans(1, _ => "tcp:192.0.2.9:6653"))
        {
            if (!plan.Changes.IsEmpty)
            {
                host.Apply(plan.Changes);
                bench.Machine.HostTrouble(1, plan, host.Fault?.Message);
            }
        }

        bench.Machine.HostSeen(1, "192.0.2.1:40000", host.Inventory);
        bench.Settle();
    }

    private static OvsdbSet Rows(params ImmutableArray<Guid> rows) => new([.. rows.Select(row => OvsdbAtom.Of(row))]);
}
