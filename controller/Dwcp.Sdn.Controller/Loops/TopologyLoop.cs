using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Learning;
using Dwcp.Sdn.Fabric.Topology;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>Where links are looked for at a switch.</summary>
/// <param name="Learns">It is a learning switch: by all its ports.</param>
/// <param name="FabricPorts">Else by these, if any.</param>
internal sealed record DiscoveryRole(bool Learns, EquatableArray<PortNumber> FabricPorts);

/// <summary>
/// The owner of the topology's machine: switches and their ports, and the LLDP that they hear, come in; probes leave, learning
/// switches are told what to block, and the fabric is told of links.
/// </summary>
internal sealed class TopologyLoop(FabricLoop fabric, TopologyMachine machine, TopologyMetrics metrics, TimeProvider time, ILogger<TopologyLoop> log)
{
    private const int MostFrames = 4096;
    private const int FramesOfTurn = 512;

    /// <summary>How long a switch may take to block its ports before others open theirs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Channel<HeardFrame> frames = Channel.CreateBounded<HeardFrame>(
        new BoundedChannelOptions(MostFrames) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }); // Full: TryWrite fails and the frame is counted as lost; the next probe comes.

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }); // Full: a wake-up waits already.

    private readonly ConcurrentDictionary<SwitchConnection, Served> served = new();
    private readonly ConcurrentDictionary<SwitchConnection, bool> touched = new();
    private readonly Dictionary<DatapathId, SwitchConnection> current = [];

    // Who has not confirmed its last order in time is not waited for again before it does.
    private readonly Dictionary<SwitchConnection, Task> ordered = [];
    private readonly long startedAt = time.GetTimestamp();

    /// <summary>What is done at a switch from now on.</summary>
    /// <param name="began">A learning switch has just been taken over.</param>
    public void Serve(SwitchConnection connection, LearningLoop learning, DiscoveryRole role, bool began)
    {
        served[connection] = new(role, learning);
        touched.AddOrUpdate(connection, began, (_, before) => before || began);
        Wake();
    }

    /// <summary>Ports of a switch changed.</summary>
    public void PortsChanged(SwitchConnection connection)
    {
        if (served.ContainsKey(connection))
        {
            touched.TryAdd(connection, false);
            Wake();
        }
    }

    /// <summary>A switch is gone.</summary>
    public void Gone(SwitchConnection connection)
    {
        served.TryRemove(connection, out _);
        touched.TryAdd(connection, false);
        Wake();
    }

    /// <summary>A switch heard LLDP. It is called on the loop that reads from the switch.</summary>
    public void Heard(SwitchConnection connection, in PacketInView packet)
    {
        if (!served.TryGetValue(connection, out var at))
        {
            return;
        }

        var port = packet.InPort;
        if (!at.MayHear(port, Now))
        {
            metrics.Refused(connection.Id, LldpRefusal.TooMany);
            at.Learning.Mute(port);
            return;
        }

        if (frames.Writer.TryWrite(new(new(connection.Id, port), packet.Data.ToArray(), Now, time.GetUtcNow())))
        {
            Wake();
        }
        else
        {
            metrics.Refused(connection.Id, LldpRefusal.TooMany);
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            await WaitAsync(stop);
            TakeSwitches();
            Hear();
            Probe();
            var news = machine.Settle(Now);
            if (!news.Orders.IsEmpty)
            {
                await FollowAsync(news.Orders, stop);
            }

            if (!news.Links.IsEmpty)
            {
                metrics.Show(machine.Links);
            }

            if (!news.Links.IsEmpty || !news.Refusals.IsEmpty)
            {
                await fabric.PostAsync(m => m.TopologyChanged(news), stop);
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(startedAt);

    private void Wake() => wake.Writer.TryWrite(true);

    private void TakeSwitches()
    {
        foreach (var connection in touched.Keys)
        {
            if (!touched.TryRemove(connection, out var began))
            {
                continue;
            }

            if (served.TryGetValue(connection, out var at))
            {
                current[connection.Id] = connection;
                machine.Serve(connection.Id, PortsOf(connection, at.Role), at.Role.Learns, Now);
                if (began)
                {
                    machine.Begun(connection.Id);
                }
            }
            else if (current.GetValueOrDefault(connection.Id) == connection)
            {
                ordered.Remove(connection);
                current.Remove(connection.Id);
                machine.Remove(connection.Id);
            }
        }
    }

    private static List<DiscoveryPort> PortsOf(SwitchConnection connection, DiscoveryRole role) =>
    [
        .. connection.Ports.Values
            .Where(p => p.Number.Value < PortNumber.InPort.Value && (p.Config & PortConfig.Down) == 0 && (p.State & PortState.LinkDown) == 0)
            .Where(p => role.Learns || role.FabricPorts.Items.Contains(p.Number))
            .Select(p => new DiscoveryPort(p.Number, p.Mac)),
    ];

    private void Hear()
    {
        for (var taken = 0; taken < FramesOfTurn && frames.Reader.TryRead(out var frame); taken++)
        {
            if (machine.Received(frame.At, frame.Frame, frame.Now, frame.Utc) is { } refusal)
            {
                metrics.Refused(frame.At.Switch, refusal);
            }
            else
            {
                metrics.Taken();
            }
        }

        if (frames.Reader.TryPeek(out _))
        {
            Wake();
        }
    }

    private void Probe()
    {
        foreach (var (from, frame) in machine.Due(Now, time.GetUtcNow()))
        {
            if (current.TryGetValue(from.Switch, out var connection) && connection.TrySendPacket(PortNumber.Controller, [new OutputAction(from.Port)], frame))
            {
                metrics.Sent();
            }
        }
    }

    /// <summary>First what is to be blocked, by all; only then is anything opened, so that there is no way in a circle in between.</summary>
    private async Task FollowAsync(ImmutableArray<TreeOrder> orders, CancellationToken stop)
    {
        var started = time.GetTimestamp();
        await Task.WhenAll(orders.Where(o => o.BlocksMore).Select(o => FollowAsync(o, opens: false, stop)));
        await Task.WhenAll(orders.Where(o => o.OpensMore || !o.BlocksMore).Select(o => FollowAsync(o, opens: true, stop)));
        metrics.Converged(time.GetElapsedTime(started));
        log.TreeChanged(orders.Length, machine.Tree.Blocked.Count);
    }

    private async Task FollowAsync(TreeOrder order, bool opens, CancellationToken stop)
    {
        if (!current.TryGetValue(order.Switch, out var connection) || !served.TryGetValue(connection, out var at))
        {
            return;
        }

        var waits = !(ordered.TryGetValue(connection, out var former) && !former.IsCompleted);
        var following = ordered[connection] = at.Learning.FollowAsync(order, opens, stop);
        if (!waits)
        {
            return;
        }

        try
        {
            await following.WaitAsync(Patience, time, stop);
        }
        catch (Exception e) when (e is SwitchGoneException or SwitchRefusedException or TimeoutException)
        {
            // Gone, it comes back anew; slow or unwilling, it has been told.
        }
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        if (machine.Deadline is { } deadline)
        {
            var left = deadline - Now;
            if (left > TimeSpan.Zero)
            {
                using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
                using var timer = time.CreateTimer(_ => end.Cancel(), null, left, Timeout.InfiniteTimeSpan);
                try
                {
                    await wake.Reader.ReadAsync(end.Token);
                }
                catch (OperationCanceledException) when (!stop.IsCancellationRequested)
                {
                    // Something is due.
                }
            }
        }
        else
        {
            await wake.Reader.ReadAsync(stop);
        }
    }

    private readonly record struct HeardFrame(LinkEnd At, byte[] Frame, TimeSpan Now, DateTimeOffset Utc);

    /// <summary>A switch that is served, and how much LLDP each of its ports may still bring: a port that floods fills no channel.</summary>
    private sealed class Served(DiscoveryRole role, LearningLoop learning)
    {
        private const int PerSecond = 40; // Twice what the machine looks at, which tells the operator.

        private readonly PortAllowances heard = new();

        public DiscoveryRole Role => role;

        public LearningLoop Learning => learning;

        public bool MayHear(PortNumber port, TimeSpan now) => heard.Take(port, PerSecond, now);
    }
}
