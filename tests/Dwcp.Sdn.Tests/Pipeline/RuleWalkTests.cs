using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Tests.Pipeline;

/// <summary>Walks over everything that generated fabrics compile to, and holds it to the rules of the pipeline.</summary>
public class RuleWalkTests
{
    public static readonly List<SwitchPlan> Plans = [.. Enumerable.Range(1, 8).SelectMany(seed => new GeneratedFabric(seed).Fabric.Switches).Select(s => s.Plan)];

    public static IEnumerable<FlowRule> Rules => Plans.SelectMany(p => p.Flows.Values);

    [Fact]
    public void Every_rule_stands_in_a_table_and_matches_only_what_the_table_says() => Assert.All(Rules, rule =>
    {
        var table = Tables.Find(rule.Table);
        Assert.NotNull(table);
        Assert.All(rule.Match.Fields, f => Assert.Contains(f.Field, table.Fields));
    });

    [Fact]
    public void Every_prerequisite_is_matched() => Assert.All(Rules, rule => Assert.Null(rule.Match.MissingPrerequisite()));

    [Fact]
    public void Every_rule_is_ours_and_in_its_normal_form() => Assert.All(Rules, rule =>
    {
        Assert.True(Cookie.TryRead(rule.Cookie, out var cookie));
        Assert.True(Enum.IsDefined(cookie.Kind));
        Assert.Equal(FlowNormal.Of(rule), rule);
    });

    [Fact]
    public void Every_goto_leads_forward_and_everything_leads_where_the_table_says()
    {
        Assert.All(Rules, rule => Assert.True(rule.Goto is null || rule.Goto > rule.Table, rule.ToString()));
        foreach (var plan in Plans)
        {
            foreach (var rule in plan.Flows.Values)
            {
                var row = Tables.Find(rule.Table)!;
                Assert.All(NextOf(rule, plan), next => Assert.True(next == Table.Drop || row.Next.Contains(next), rule.ToString()));
            }
        }
    }

    [Fact]
    public void What_a_table_says_of_its_next_tables_is_used()
    {
        var used = Plans.SelectMany(p => p.Flows.Values.SelectMany(r => NextOf(r, p).Select(next => (r.Table, next)))).ToHashSet();

        Assert.All(Tables.All, t => Assert.All(t.Next, next => Assert.Contains((t.Number, next), used)));
    }

    [Fact]
    public void Nothing_is_dropped_without_a_reason_but_a_floods_copy_for_its_sender()
    {
        var silent = Rules.Where(r => r.Goto is null && r.Apply.IsEmpty && r.Table != Table.Drop).Select(r => r.Key).Distinct();
        Assert.Equal([new FlowKey(Table.LocalOut, 300, Match.Of(Registers.SamePort.And(Registers.Flood)))], silent);

        Assert.All(Rules.Where(r => r.Goto == Table.Drop), r =>
            Assert.Contains(r.Apply, a => a is SetFieldAction set && set.Field == Registers.DropReason && DropReasons.All.Any(row => (uint)row.Reason == set.Value)));
        Assert.All(Rules.Where(r => r.Goto is null && !r.Apply.IsEmpty), r =>
            Assert.Contains(r.Apply, a => a is OutputAction or OutputFieldAction or GroupAction or ResubmitAction));
    }

    [Fact]
    public void Every_table_has_a_miss() => Assert.All(Plans, plan =>
        Assert.All(Tables.All, t => Assert.True(plan.Flows.ContainsKey(new FlowKey(t.Number, 0, Match.All)), t.Name)));

    [Fact]
    public void Every_reason_is_counted_by_a_flow_of_its_own() => Assert.All(Plans, plan =>
        Assert.All(DropReasons.All, row => Assert.Contains(plan.Flows.Keys, k =>
            k.Table == Table.Drop && k.Match.Find(Registers.DropReason)?.Value == (uint)row.Reason)));

    [Fact]
    public void Reasons_are_numbered_from_one_and_have_words_of_their_own()
    {
        Assert.Equal(Enumerable.Range(1, 22), DropReasons.All.Select(r => (int)r.Reason));
        Assert.Equal(22, DropReasons.All.Select(r => r.Word).Distinct().Count());
        Assert.All(DropReasons.All, r => Assert.Matches("^[a-z]+(-[a-z]+)*$", r.Word));
        Assert.All(Enum.GetValues<DropReason>(), r => Assert.Equal(r, r.Row().Reason));
    }

    [Fact]
    public void No_punt_is_without_a_meter()
    {
        Assert.Empty(Plans.SelectMany(UnmeteredPunts));
        Assert.All(Plans, plan => Assert.Contains(plan.Flows.Values, r => r.Meter == Numbering.LldpMeter && r.Apply.Any(Punts)));

        // The walk finds one when there is one: in a rule, behind a resubmit of a group, and in a clone.
        FlowAction punt = new ControllerAction();
        foreach (var hidden in (FlowAction[])[punt, new OutputAction(PortNumber.Controller), new CloneAction([punt])])
        {
            var rule = new FlowRule(new FlowKey(Table.Services, 9, Match.All), 0) { Apply = [hidden] };
            Assert.True(IsUnmeteredPunt(rule));
            Assert.False(IsUnmeteredPunt(rule with { Meter = 1 }));
        }

        Assert.False(IsUnmeteredPunt(new FlowRule(new FlowKey(0, 0, Match.All), 0) { Apply = [new ControllerAction(Meter: 4)] }));
    }

    [Fact]
    public void Meters_and_groups_that_rules_use_exist()
    {
        foreach (var plan in Plans)
        {
            Assert.All(plan.Flows.Values.Where(r => r.Meter is not null), r => Assert.Contains(r.Meter!.Value, plan.Meters.Keys));
            Assert.All(plan.Flows.Values.SelectMany(r => r.Apply.OfType<GroupAction>()), g => Assert.Contains(g.Group, plan.Groups.Keys));
        }
    }

    [Fact]
    public void The_number_of_flows_is_linear_in_ports_and_hosts()
    {
        foreach (var plan in Plans)
        {
            var ports = plan.Needs.OfType<LocalPortNeed>().ToList();
            var hosts = plan.Needs.OfType<RemoteHostNeed>().ToList();
            var networks = plan.Needs.OfType<NetworkNeed>().Count();
            var addresses = ports.Sum(p => p.Addresses.Count + 1);
            var limit = 70 + (10 * networks) + (8 * ports.Count) + (5 * addresses) + hosts.Sum(h => 1 + (2 * h.Addresses.Count)) + plan.Needs.OfType<VtepNeed>().Count();
            Assert.InRange(plan.Flows.Count, 1, limit);
        }
    }

    private static IEnumerable<FlowRule> UnmeteredPunts(SwitchPlan plan) => plan.Flows.Values.Where(IsUnmeteredPunt)
        .Concat(plan.Groups.Values.SelectMany(g => g.Buckets).Select(b => new FlowRule(new FlowKey(0, 0, Match.All), 0) { Apply = b.Actions }).Where(IsUnmeteredPunt));

    /// <summary>dec_ttl punts too, when the TTL is used up.</summary>
    private static bool IsUnmeteredPunt(FlowRule rule) => rule.Meter is null && rule.Apply.Concat(rule.Write).Any(Punts);

    private static bool Punts(FlowAction action) => action switch
    {
        ControllerAction c => c.Meter is null,
        OutputAction o => o.Port == PortNumber.Controller,
        DecTtlAction => true,
        CloneAction c => c.Actions.Any(Punts),
        _ => false,
    };

    private static IEnumerable<byte> NextOf(FlowRule rule, SwitchPlan plan)
    {
        foreach (var action in rule.Apply)
        {
            if (action is ResubmitAction { Table: { } table })
            {
                yield return table;
            }
            else if (action is GroupAction { Group: var id })
            {
                foreach (var resubmit in plan.Groups[id].Buckets.SelectMany(b => b.Actions).OfType<ResubmitAction>())
                {
                    yield return resubmit.Table!.Value;
                }
            }
        }

        if (rule.Goto is { } next)
        {
            yield return next;
        }
    }
}
