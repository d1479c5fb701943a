using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;
using static Dwcp.Sdn.Tests.Pipeline.SwitchPlanTests;

namespace Dwcp.Sdn.Tests.Pipeline;

public class FlowPlanTests
{
    private static readonly FloodNeed Flood = new(1, new Vni(10), [1, 2], [IpAddress.Parse("203.0.113.2"), IpAddress.Parse("203.0.113.3")]);

    private readonly SwitchPlan plan = PlanOf([new BaseNeed(), new TunnelPortNeed(new PortNumber(9)), new NetworkNeed(1, new Vni(10), 0, true, []), Flood, Port(1), Port(2)]);
    private readonly SoftwareTables tables = new();

    public FlowPlanTests()
    {
        Assert.Null(tables.Apply(FlowPlan.Between(new KnownTables(tables.Read()), plan)));
    }

    [Fact]
    public void A_switch_that_holds_what_is_wanted_gets_nothing() => Assert.True(Reconcile().IsEmpty);

    [Fact]
    public void Foreign_altered_and_missing_flows_are_put_right()
    {
        var missing = plan.Flows.Values.First(f => f.Table == Table.Fdb);
        var altered = plan.Flows.Values.Last(f => f.Table == Table.EgressPort && f.Priority == 100);
        var foreign = new FlowRule(new FlowKey(Table.Fdb, 7, Match.All), 0xbad) { Goto = Table.Bum };
        Apply(new FlowMod(FlowCommand.DeleteStrict, missing));
        Apply(new FlowMod(FlowCommand.Add, altered with { Apply = [] }));
        Apply(new FlowMod(FlowCommand.Add, foreign));

        var change = Reconcile();

        Assert.Equal([missing, altered], change.FlowsToAddOrModify);
        Assert.Equal([foreign.Key], change.FlowsToDeleteStrict);
        Assert.True(Reconcile().IsEmpty);
    }

    [Fact]
    public void A_flow_with_another_cookie_timeout_or_flag_is_another_flow()
    {
        var flow = plan.Flows.Values.First(f => f.Table == Table.Fdb);
        foreach (var other in (FlowRule[])[flow with { Cookie = flow.Cookie + 1 }, flow with { IdleTimeout = 5 }, flow with { Flags = FlowFlags.SendFlowRemoved }])
        {
            Apply(new FlowMod(FlowCommand.Add, other));

            Assert.Equal([flow], Reconcile().FlowsToAddOrModify);
        }
    }

    [Fact]
    public void Groups_and_meters_are_modified_and_not_made_anew()
    {
        var local = Numbering.LocalGroup(1);
        Apply(new GroupMod(TableCommand.Modify, new Group(local, GroupType.All, [])));
        Apply(new MeterMod(TableCommand.Modify, new Meter(Numbering.PortMeter(1), MeterFlags.Kbps, [new MeterBand(MeterBandType.Drop, 1, 0)])));
        Apply(new GroupMod(TableCommand.Add, new Group(4711, GroupType.Indirect, [new Bucket([])])));
        Apply(new MeterMod(TableCommand.Add, new Meter(4712, MeterFlags.Pps, [new MeterBand(MeterBandType.Drop, 1, 0)])));

        var change = Reconcile();

        Assert.Equal([plan.Groups[local]], change.GroupsToModify);
        Assert.Equal([plan.Meters[Numbering.PortMeter(1)]], change.MetersToModify);
        Assert.Equal([4711u], change.GroupsToDelete);
        Assert.Equal([4712u], change.MetersToDelete);
        Assert.Empty(change.GroupsToAdd);
        Assert.Empty(change.MetersToAdd);
        Assert.True(Reconcile().IsEmpty);
    }

    [Fact]
    public void Side_tables_are_left_alone_with_the_groups_and_meters_that_they_use()
    {
        Apply(new GroupMod(TableCommand.Add, new Group(4711, GroupType.Indirect, [new Bucket([new OutputAction(new PortNumber(1))])])));
        Apply(new MeterMod(TableCommand.Add, new Meter(4712, MeterFlags.Pps, [new MeterBand(MeterBandType.Drop, 1, 0)])));
        Apply(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(200, 1, Match.All), 0xbad) { Meter = 4712, Apply = [new GroupAction(4711)] }));
        Apply(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(220, 1, Match.All), 0xbad)));

        var change = Reconcile();

        Assert.Equal([new FlowKey(220, 1, Match.All)], change.FlowsToDeleteStrict);
        Assert.Empty(change.GroupsToDelete);
        Assert.Empty(change.MetersToDelete);
    }

    [Fact]
    public void What_is_not_known_yet_keeps_its_rules_groups_and_meters()
    {
        plan.Remove(Port(1).Key);
        plan.Remove(Flood.Key);

        var held = FlowPlan.Between(new KnownTables(tables.Read()), plan, c => c.Kind is NeedKind.LocalFlood || c == Port(1).Cookie);
        Assert.True(held.IsEmpty);

        var change = Reconcile();
        Assert.All(change.FlowsToDeleteStrict, k => Assert.Contains(k, Compiled.From(Port(1)).Flows.Concat(Compiled.From(Flood).Flows).Select(f => f.Key)));
        Assert.Equal([Numbering.LocalGroup(1), Numbering.RemoteGroup(1)], change.GroupsToDelete);
        Assert.Equal([Numbering.PortMeter(1)], change.MetersToDelete);
    }

    [Fact]
    public void A_flood_list_that_is_not_known_in_full_grows_and_does_not_shrink()
    {
        var known = Flood with { RemoteVteps = [IpAddress.Parse("203.0.113.3"), IpAddress.Parse("203.0.113.4")] };
        plan.Set(known);

        var held = FlowPlan.Between(new KnownTables(tables.Read()), plan, c => c.Kind == NeedKind.RemoteFlood);
        var all = Compiled.From(Flood with { RemoteVteps = [.. Flood.RemoteVteps, IpAddress.Parse("203.0.113.4")] });
        Assert.Equal([all.Groups.Single(g => g.Id == Numbering.RemoteGroup(1))], held.GroupsToModify);

        Assert.Equal([plan.Groups[Numbering.RemoteGroup(1)]], Reconcile().GroupsToModify);
    }

    [Fact]
    public void Of_flows_that_do_not_change_the_counters_go_on()
    {
        var flow = tables.Flows.Values.First(f => f.Rule.Table == Table.Fdb);
        plan.Set(Port(3));
        Reconcile();

        Assert.Same(flow, tables.Flows[flow.Rule.Key]);
    }

    private TablesChange Reconcile()
    {
        var change = FlowPlan.Between(new KnownTables(tables.Read()), plan);
        Assert.Null(tables.Apply(change));
        return change;
    }

    private void Apply(TableMod mod) => Assert.Null(tables.Apply(mod));
}
