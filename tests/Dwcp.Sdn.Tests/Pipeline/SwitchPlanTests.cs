using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Tests.Pipeline;

public class SwitchPlanTests
{
    [Fact]
    public void The_order_in_which_needs_come_does_not_matter()
    {
        var needs = new GeneratedFabric(3).Fabric.NeedsOf(0).ToArray();
        var expected = PlanOf(needs);
        for (var seed = 0; seed < 5; seed++)
        {
            new Random(seed).Shuffle(needs);
            var plan = PlanOf(needs);

            Assert.True(FlowPlan.Between(Holding(expected), plan).IsEmpty);
            Assert.Equal(expected.Flows.Count, plan.Flows.Count);
        }
    }

    [Fact]
    public void A_need_that_goes_takes_all_of_its_own_and_nothing_else()
    {
        var needs = new GeneratedFabric(4).Fabric.NeedsOf(0).ToList();
        var plan = PlanOf(needs);
        var before = plan.Flows.ToDictionary();
        foreach (var need in needs)
        {
            Assert.True(plan.Remove(need.Key));
            Assert.DoesNotContain(plan.Flows.Values, f => f.Cookie == need.Cookie.Value);
            Assert.True(plan.Set(need));
        }

        Assert.Equal(before.Count, plan.Flows.Count);
        Assert.All(before, f => Assert.Equal(f.Value, plan.Flows[f.Key]));
        foreach (var need in needs)
        {
            plan.Remove(need.Key);
        }

        Assert.Empty(plan.Flows);
        Assert.Empty(plan.Groups);
        Assert.Empty(plan.Meters);
    }

    [Fact]
    public void An_equal_need_changes_nothing()
    {
        var plan = PlanOf(new GeneratedFabric(1).Fabric.NeedsOf(0));
        var generation = plan.Generation;

        Assert.All(new GeneratedFabric(1).Fabric.NeedsOf(0), need => Assert.False(plan.Set(need)));
        Assert.Equal(generation, plan.Generation);
    }

    [Fact]
    public void A_changed_need_touches_only_the_rules_that_differ()
    {
        var plan = PlanOf([new BaseNeed(), Port(1), Port(2)]);
        var generation = plan.Generation;

        plan.Set(Port(1) with { OfPort = new PortNumber(77) });

        var changed = plan.Since(generation)!;
        Assert.Equal(
            [(Table.Classify, 100), (Table.Classify, 100), (Table.EgressPort, 100)],
            changed.Flows.Select(k => (k.Table, (int)k.Priority)).Order());
        Assert.Empty(changed.Groups);
        Assert.Empty(changed.Meters);
    }

    [Fact]
    public void What_changed_leads_to_the_same_as_comparing_everything()
    {
        var fabric = new GeneratedFabric(5).Fabric;
        var random = new Random(5);
        var needs = fabric.NeedsOf(0).ToList();
        var plan = PlanOf(needs);
        var known = Holding(plan);
        var compared = plan.Generation;
        for (var i = 0; i < 200; i++)
        {
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var need = needs[random.Next(needs.Count)];
                if (!plan.Remove(need.Key))
                {
                    plan.Set(need);
                }
            }

            var changed = plan.Since(compared);
            var change = changed is null ? FlowPlan.Between(known, plan) : FlowPlan.Of(known, plan, changed);
            compared = plan.Generation;
            known.Apply(change);

            Assert.True(FlowPlan.Between(known, plan).IsEmpty);
        }
    }

    [Fact]
    public void Too_long_ago_is_not_remembered_and_memory_stays_bounded()
    {
        var plan = PlanOf([new BaseNeed()]);
        var generation = plan.Generation;
        for (var i = 0; i < 2000; i++)
        {
            plan.Set(Port(1) with { OfPort = new PortNumber((uint)i + 1) });
        }

        Assert.Null(plan.Since(generation));
        Assert.Empty(plan.Since(plan.Generation)!.Flows);
    }

    [Fact]
    public void Where_a_host_is_here_and_elsewhere_at_once_the_nearer_one_holds()
    {
        var local = Port(1);
        var remote = new RemoteHostNeed(1, local.Mac, local.Addresses, IpAddress.Parse("203.0.113.9"), new Vni(5), AnswerArp: true);
        var one = PlanOf([new BaseNeed(), local, remote]);
        var other = PlanOf([remote, new BaseNeed(), local]);

        Assert.True(FlowPlan.Between(Holding(one), other).IsEmpty);
        Assert.Equal(local.Cookie.Value, one.Flows.Values.Single(f => f.Table == Table.Services && f.Priority == 100).Cookie);

        one.Remove(local.Key);
        Assert.Equal(remote.Cookie.Value, one.Flows.Values.Single(f => f.Table == Table.Services && f.Priority == 100).Cookie);
    }

    [Fact]
    public void One_ports_change_costs_the_same_whatever_else_the_switch_holds()
    {
        // Rules compared, not time: they are the same on every machine.
        foreach (var others in (int[])[10, 1000])
        {
            var plan = PlanOf([new BaseNeed(), .. Enumerable.Range(2, others).Select(i => Port((uint)i))]);
            var generation = plan.Generation;
            plan.Set(Port(1));

            Assert.Equal(Compiled.From(Port(1)).Flows.Count, plan.Since(generation)!.Flows.Count);
        }
    }

    internal static SwitchPlan PlanOf(IEnumerable<Need> needs)
    {
        var plan = new SwitchPlan();
        foreach (var need in needs)
        {
            plan.Set(need);
        }

        return plan;
    }

    /// <summary>A switch that holds exactly what a plan wants.</summary>
    internal static KnownTables Holding(SwitchPlan plan) =>
        new(new SwitchTables([.. plan.Flows.Values], [.. plan.Groups.Values], [.. plan.Meters.Values]));

    internal static LocalPortNeed Port(uint n) => new(
        n, new PortNumber(n), 1, 0, new MacAddress(0x0200_0000_0000ul + n), [IpAddress.V4(0x0a00_0000 + n)], PortSecurity: true, AnswerArp: true);
}
