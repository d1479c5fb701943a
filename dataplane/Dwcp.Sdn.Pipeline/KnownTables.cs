using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline;

/// <summary>What a switch is known to hold: read once, then kept true by the changes that it confirmed. It has one owner.</summary>
public sealed class KnownTables
{
    private readonly Dictionary<FlowKey, FlowRule> flows = [];
    private readonly Dictionary<uint, Group> groups = [];
    private readonly Dictionary<uint, Meter> meters = [];

    public KnownTables(SwitchTables read)
    {
        foreach (var flow in read.Flows)
        {
            var normal = FlowNormal.Of(flow);
            flows[normal.Key] = normal;
        }

        foreach (var group in read.Groups)
        {
            groups[group.Id] = FlowNormal.Of(group);
        }

        foreach (var meter in read.Meters)
        {
            meters[meter.Id] = FlowNormal.Of(meter);
        }
    }

    public IReadOnlyDictionary<FlowKey, FlowRule> Flows => flows;

    public IReadOnlyDictionary<uint, Group> Groups => groups;

    public IReadOnlyDictionary<uint, Meter> Meters => meters;

    /// <summary>The switch has confirmed a change.</summary>
    public void Apply(TablesChange change)
    {
        foreach (var meter in change.MetersToAdd)
        {
            meters[meter.Id] = meter;
        }

        foreach (var meter in change.MetersToModify)
        {
            meters[meter.Id] = meter;
        }

        foreach (var group in change.GroupsToAdd)
        {
            groups[group.Id] = group;
        }

        foreach (var group in change.GroupsToModify)
        {
            groups[group.Id] = group;
        }

        foreach (var flow in change.FlowsToAddOrModify)
        {
            flows[flow.Key] = flow;
        }

        foreach (var key in change.FlowsToDeleteStrict)
        {
            flows.Remove(key);
        }

        foreach (var id in change.GroupsToDelete)
        {
            groups.Remove(id);
        }

        foreach (var id in change.MetersToDelete)
        {
            meters.Remove(id);
        }
    }
}
