using System.Collections.Immutable;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Planning;
using Dwcp.Sdn.Pipeline;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>
/// Keeps one connected switch as the fabric wants it: wanted minus actual, in one bundle, until a barrier confirms it. The
/// same pass serves the first connect, a change, a reconnect and a restart; now and then all is read and compared again.
/// </summary>
internal sealed class SwitchLoop(
    DatapathId datapath,
    ISwitchTables tables,
    LearningLoop learning,
    Action<DiscoveryRole, bool> discover,
    FabricLoop fabric,
    SwitchMetrics metrics,
    TimeSpan audit,
    TimeProvider time,
    ILogger<SwitchLoop> log)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DropsEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }); // Full: a wake-up waits already.

    private SwitchPlan plan = new();
    private SwitchNeeds? needs;
    private KnownTables? known;
    private long compared;
    private bool confirmed;
    private bool held;
    private bool? learns = false; // Null: it was to begin or to end, and it is not known how far that came.

    /// <summary>Answers the switch's packets while its mode is LEARNING.</summary>
    public LearningLoop Learning => learning;

    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>Runs until the switch is gone.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var retry = FirstRetry;
        while (true)
        {
            try
            {
                var managed = await PassAsync(stop);
                retry = FirstRetry;
                if (!await WokenWithinAsync(managed ? audit : Timeout.InfiniteTimeSpan, stop))
                {
                    known = null;
                }
            }
            catch (SwitchRefusedException e)
            {
                known = null;
                confirmed = false; // What the next pass finds is what this one did not bring about: no repair.
                log.SwitchRefused(datapath, e.Message);
                await fabric.PostAsync(m => m.SwitchTrouble(datapath, e.Message), stop);
                await WokenWithinAsync(retry, stop); // A change may be the cure.
                retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
            }
        }
    }

    /// <summary>Counts what the switch drops and why, until it is gone.</summary>
    public async Task CountDropsAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(DropsEvery, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            if (needs is null)
            {
                continue;
            }

            try
            {
                metrics.Dropped(datapath, await tables.ReadFlowStatsAsync(new FlowFilter(Table.Drop), stop));
                metrics.Limited(datapath, await tables.ReadMeterDropsAsync(stop));
            }
            catch (SwitchRefusedException e)
            {
                // Counters that cannot be had now are no reason to lose the switch.
                log.SwitchRefused(datapath, e.Message);
            }
        }
    }

    /// <summary>What the switch holds now, with its counters.</summary>
    public async Task<ImmutableArray<FlowEntry>> ReadFlowsAsync(CancellationToken stop)
    {
        var names = await fabric.AskAsync(m => m.NamesOfCookies(datapath), stop);
        var held = await tables.ReadAsync(stop);
        var counted = (await tables.ReadFlowStatsAsync(new FlowFilter(), stop)).DistinctBy(s => s.Key).ToDictionary(s => s.Key); // A switch may name a flow twice.
        return
        [
            .. held.Flows.OrderBy(f => f.Table).ThenByDescending(f => f.Priority).ThenBy(f => f.Match.ToString(), StringComparer.Ordinal).Select(f =>
            {
                var stats = counted.GetValueOrDefault(f.Key);
                return new FlowEntry(
                    f.Table, f.Priority, f.Match.ToString(), f.ActionText, f.Cookie, names.GetValueOrDefault(f.Cookie, ""), stats.Packets, stats.Bytes);
            }),
        ];
    }

    /// <summary>Begins or ends being a learning switch; true when it has just begun.</summary>
    private async Task<bool> LearnAsync(bool wanted, CancellationToken stop)
    {
        if (learns == wanted)
        {
            return false;
        }

        learns = null;
        if (wanted)
        {
            await learning.BeginAsync(stop);
            await fabric.PostAsync(m => m.Learns(datapath), stop);
        }
        else
        {
            await learning.EndAsync(stop);
        }

        learns = wanted;
        return wanted;
    }

    /// <summary>One pass; false when the switch is not ours to program.</summary>
    private async Task<bool> PassAsync(CancellationToken stop)
    {
        var (work, learn, ports) = await fabric.AskAsync(m => (m.Take(datapath, needs), m.ModeOf(datapath) == "LEARNING", m.FabricPortsOf(datapath)), stop);
        var began = await LearnAsync(learn, stop);
        if (work is null)
        {
            discover(new DiscoveryRole(learn, []), began);
            needs = null;
            known = null;
            return false;
        }

        if (work.Needs != needs)
        {
            needs = work.Needs;
            plan = new SwitchPlan();
            known = null;
            confirmed = false;
        }

        foreach (var (key, need) in work.Changes)
        {
            if (need is null)
            {
                plan.Remove(key);
            }
            else
            {
                plan.Set(need);
            }
        }

        var started = time.GetTimestamp();
        var unasked = known is null && work.Changes.IsEmpty && confirmed;
        var change = await CompareAsync(work.IsUnknownYet, stop);
        compared = plan.Generation;
        if (!change.IsEmpty)
        {
            await ApplyAsync(change, stop);
            metrics.Reconciled(datapath, change, time.GetElapsedTime(started));
            if (unasked)
            {
                await fabric.PostAsync(m => m.SwitchRepaired(datapath, $"it did not hold what it should: {Count(change)}"), stop);
            }
        }

        confirmed = true;
        discover(new DiscoveryRole(learn, ports), began);
        var holding = new SwitchHolding(known!.Flows.Count, known.Groups.Count, known.Meters.Count);
        await fabric.PostAsync(m => m.Confirmed(datapath, work.Needs, work.Generation, holding), stop);
        return true;
    }

    private async Task<TablesChange> CompareAsync(Predicate<Cookie>? isUnknownYet, CancellationToken stop)
    {
        // What was held back is found by comparing everything, once everything is known.
        var since = known is null || (held && isUnknownYet is null) ? null : plan.Since(compared);
        held = isUnknownYet is not null;
        known ??= new KnownTables(await tables.ReadAsync(stop));
        return since is null ? FlowPlan.Between(known, plan, isUnknownYet) : FlowPlan.Of(known, plan, since, isUnknownYet);
    }

    private async Task ApplyAsync(TablesChange change, CancellationToken stop)
    {
        try
        {
            await tables.ApplyAsync(change, stop);
        }
        catch
        {
            known = null;
            throw;
        }

        known!.Apply(change);
        log.SwitchChanged(datapath, Count(change));
    }

    private static string Count(TablesChange change) =>
        $"{change.FlowsToAddOrModify.Count} flows set, {change.FlowsToDeleteStrict.Count} removed; "
        + $"{change.GroupsToAdd.Count + change.GroupsToModify.Count} groups set, {change.GroupsToDelete.Count} removed; "
        + $"{change.MetersToAdd.Count + change.MetersToModify.Count} meters set, {change.MetersToDelete.Count} removed";

    private async Task<bool> WokenWithinAsync(TimeSpan limit, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            await wake.Reader.ReadAsync(end.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }
}
