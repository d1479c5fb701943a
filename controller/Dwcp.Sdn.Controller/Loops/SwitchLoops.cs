using System.Collections.Concurrent;
using System.Collections.Immutable;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Topology;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Microsoft.Extensions.Logging;
using FlowEntry = Dwcp.Sdn.Core.Model.FlowEntry;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>Runs a <see cref="SwitchLoop"/> for every connected switch. A switch that returns waits for the end of its former connection.</summary>
internal sealed class SwitchLoops(FabricLoop fabric, TopologyLoop topology, SwitchMetrics metrics, TimeSpan audit, TimeProvider time, ILoggerFactory logs) : ISwitchObserver
{
    private readonly ConcurrentDictionary<DatapathId, SwitchLoop> loops = new();
    private readonly ConcurrentDictionary<DatapathId, Task> running = new();
    private readonly ConcurrentDictionary<SwitchConnection, TaskCompletionSource<string>> ends = new();
    private readonly ILogger log = logs.CreateLogger<SwitchLoops>();

    public void Wake(DatapathId datapath)
    {
        if (loops.TryGetValue(datapath, out var loop))
        {
            loop.Wake();
        }
    }

    /// <summary>The flows of a switch, or null while it is away or does not tell them.</summary>
    public async Task<ImmutableArray<FlowEntry>?> ReadFlowsAsync(DatapathId datapath, CancellationToken stop)
    {
        try
        {
            return loops.TryGetValue(datapath, out var loop) ? await loop.ReadFlowsAsync(stop) : null;
        }
        catch (SwitchGoneException)
        {
            return null;
        }
        catch (SwitchRefusedException e)
        {
            log.FlowsRefused(datapath, e.Message);
            return null;
        }
    }

    /// <summary>Why a switch may not be who it says it is, or null.</summary>
    public Task<string?> DoubtAsync(SwitchConnection connection, CancellationToken stop) =>
        fabric.AskAsync(m => m.DoubtSwitch(connection.Id, connection.Identity, AddressOf(connection)), stop);

    public void Refused(SwitchConnection connection, string why) =>
        _ = fabric.PostAsync(m => m.SwitchRefused(connection.Id, connection.Identity?.Name ?? AddressOf(connection), AddressOf(connection), why), CancellationToken.None).AsTask();

    public void Connected(SwitchConnection connection)
    {
        var end = ends[connection] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = running.GetValueOrDefault(connection.Id, Task.CompletedTask);
        var task = running[connection.Id] = RunAsync(connection, before, end.Task);
        _ = task.ContinueWith(t => running.TryRemove(new(connection.Id, t)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public void Disconnected(SwitchConnection connection, string why)
    {
        // The connection's Lifetime has ended, and with it the switch's loop, which tells the fabric why.
        if (ends.TryRemove(connection, out var end))
        {
            end.SetResult(why);
        }
    }

    public void PacketIn(SwitchConnection connection, in PacketInView packet)
    {
        if (Probe.IsLldp(packet.Data))
        {
            topology.Heard(connection, packet);
        }
        else if (loops.TryGetValue(connection.Id, out var loop))
        {
            loop.Learning.PacketIn(packet);
        }
    }

    public void PortStatus(SwitchConnection connection, PortStatus status)
    {
        // The fabric knows ports by name, from OVSDB.
        if (loops.TryGetValue(connection.Id, out var loop))
        {
            loop.Learning.PortStatus(status);
            topology.PortChanged(connection, status);
        }
    }

    public void FlowRemoved(SwitchConnection connection, in FlowRemovedView flow)
    {
        // None of our flows asks to be told.
    }

    /// <summary>Without its port, which is another each time.</summary>
    private static string AddressOf(SwitchConnection connection) => connection.Remote.Address.ToString();

    private async Task RunAsync(SwitchConnection connection, Task before, Task<string> end)
    {
        await before;
        var datapath = connection.Id;
        var learning = new LearningLoop(connection, time);
        var loop = new SwitchLoop(
            datapath,
            connection,
            learning,
            (role, began) => topology.Serve(connection, learning, role, began),
            fabric,
            metrics,
            audit,
            time,
            logs.CreateLogger<SwitchLoop>());
        loops[datapath] = loop;
        Task[] both = [];
        try
        {
            var sighting = new SwitchSighting(datapath, connection.Remote.ToString(), connection.Description.Software, connection.Identity);
            await fabric.PostAsync(m => m.SwitchUp(sighting), connection.Lifetime);
            both = [loop.RunAsync(connection.Lifetime), loop.CountDropsAsync(connection.Lifetime)];
            await await Task.WhenAny(both);
        }
        catch (Exception e) when (e is OperationCanceledException or SwitchGoneException)
        {
            // The switch is gone.
        }
        catch (Exception e)
        {
            log.SwitchLoopFailed(e, datapath);
            connection.Close("its loop failed");
        }

        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Nothing of it is told after it has been forgotten.
        loops.TryRemove(datapath, out _);
        topology.Gone(connection);
        metrics.Forget(datapath);
        var why = await end;
        await fabric.PostAsync(m => m.SwitchDown(datapath, why), CancellationToken.None);
    }
}
