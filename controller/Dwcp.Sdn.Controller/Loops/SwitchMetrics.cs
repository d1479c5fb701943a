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
    private readonly ConcurrentDictionary<(DatapathId Switch, byte Table, string Reason), long> drops = new();
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
                drops[(datapath, row.Table, row.Word)] = (long)flow.Packets;
            }
        }
    }

    /// <summary>What the meters of a switch have dropped, all of a table together.</summary>
    public void Limited(DatapathId datapath, IEnumerable<MeterDrops> meters)
    {
        foreach (var table in meters.Where(m => Numbering.IsOrdinaryMeter(m.Meter)).GroupBy(m => Numbering.TableOfMeter(m.Meter)))
        {
            drops[(datapath, table.Key, DropReasons.RateLimited)] = table.Sum(m => (long)m.Packets);
        }
    }

    /// <summary>A switch that is gone has no current counters.</summary>
    public void Forget(DatapathId datapath)
    {
        foreach (var counted in drops.Keys.Where(d => d.Switch == datapath))
        {
            drops.TryRemove(counted, out _);
        }
    }

    private IEnumerable<Measurement<long>> Drops()
    {
        foreach (var counted in drops.GroupBy(d => d.Key.Switch))
        {
            var name = nameOf(counted.Key);
            foreach (var ((_, table, reason), packets) in counted)
            {
                yield return new Measurement<long>(packets, new("switch", name), new("table", (int)table), new("reason", reason));
            }
        }
    }
}
