using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>What the reconcile loops measure, by switch.</summary>
internal sealed class SwitchMetrics
{
    private readonly Histogram<double> duration;
    private readonly Counter<long> flowMods;
    private readonly ConcurrentDictionary<(DatapathId Switch, DropReason Reason), long> drops = new();
    private readonly Func<DatapathId, string> nameOf;

    /// <param name="meters">Makes the meter.</param>
    /// <param name="nameOf">The name of a switch in labels.</param>
    public SwitchMetrics(IMeterFactory meters, Func<DatapathId, string> nameOf)
    {
        this.nameOf = nameOf;
        var meter = meters.Create("Dwcp.Sdn.Controller");
        duration = meter.CreateHistogram<double>("dwcp.reconcile.duration", "s", "From the comparison of a switch to the barrier that confirms the change");
        flowMods = meter.CreateCounter<long>("dwcp.flow.mods", "{message}", "Flows, groups and meters set or removed on a switch");
        meter.CreateObservableCounter("dwcp.drops", Drops, "{packet}", "Packets that a switch dropped, by the reason");
    }

    public void Reconciled(DatapathId datapath, TablesChange change, TimeSpan took)
    {
        var label = new KeyValuePair<string, object?>("switch", nameOf(datapath));
        duration.Record(took.TotalSeconds, label);
        flowMods.Add(
            change.FlowsToAddOrModify.Count + change.FlowsToDeleteStrict.Count
            + change.GroupsToAdd.Count + change.GroupsToModify.Count + change.GroupsToDelete.Count
            + change.MetersToAdd.Count + change.MetersToModify.Count + change.MetersToDelete.Count,
            label);
    }

    /// <summary>The counters of the drop table's flows, one for each reason.</summary>
    public void Dropped(DatapathId datapath, IEnumerable<FlowStats> flows)
    {
        foreach (var flow in flows)
        {
            // Until the next comparison a switch may hold flows of others there.
            if (flow.Key.Match.Find(Registers.DropReason) is { IsExact: true, Value: var number }
                && DropReasons.All.FirstOrDefault(row => (uint)row.Reason == number) is { } row)
            {
                drops[(datapath, row.Reason)] = (long)flow.Packets;
            }
        }
    }

    /// <summary>A switch that is gone has no current counters.</summary>
    public void Forget(DatapathId datapath)
    {
        foreach (var row in DropReasons.All)
        {
            drops.TryRemove((datapath, row.Reason), out _);
        }
    }

    private IEnumerable<Measurement<long>> Drops()
    {
        foreach (var counted in drops.GroupBy(d => d.Key.Switch))
        {
            var name = nameOf(counted.Key);
            foreach (var ((_, reason), packets) in counted)
            {
                var row = reason.Row();
                yield return new Measurement<long>(packets, new("switch", name), new("table", (int)row.Table), new("reason", row.Word));
            }
        }
    }
}
