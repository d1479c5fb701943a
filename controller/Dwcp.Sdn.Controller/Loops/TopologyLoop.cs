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

    private readonly Channel<HeardFrame> frames = Channel.CreateBounded<HeardFrame>(
        new BoundedChannelOptions(MostFrames) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }); // Full: TryWrite fails and the frame is counted as lost; the next probe comes.

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }); // Full: a wake-up waits already.

    private readonly ConcurrentDictionary<SwitchConnection, Served> served = new();
    private readonly ConcurrentDictionary<SwitchConnection, Touch> touched = new();
    private readonly ConcurrentQueue<(TreeOrder Order, Task Following)> answered = new();
    private readonly Dictionary<DatapathId, SwitchConnection> current = [];
    private readonly long startedAt = time.GetTimestamp();
    private long? changingSince;
    private int told;

    /// <summary>What is done at a switch from now on.</summary>
    /// <param name="began">A learning switch has just been taken over.</param>
    public void Serve(SwitchConnection connection, LearningLoop learning, DiscoveryRole role, bool began)
    {
        served[connection] = new(role, learning);
        Touched(connection, new(began, []));
    }

    /// <summary>A port of a switch changed.</summary>
    public void PortChanged(SwitchConnection connection, PortStatus status)
    {
        if (served.ContainsKey(connection))
        {
            var isUp = status.Reason != PortReason.Delete && LearningLoop.IsUp(status.Port);
            Touched(connection, new(false, isUp ? [] : [status.Port.Number]));
        }
    }

    /// <summary>A switch is gone.</summary>
    public void Gone(SwitchConnection connection)
    {
        served.TryRemove(connection, out _);
        Touched(connection, new(false, []));
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
            await TakeAnswersAsync();
            Probe();
            var news = machine.Settle(Now);
            Follow(news.Orders, stop);
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

    private void Touched(SwitchConnection connection, Touch touch)
    {
        touched.AddOrUpdate(connection, touch, (_, before) => new(before.Began || touch.Began, before.Fell.Union(touch.Fell)));
        Wake();
    }

    private void Wake() => wake.Writer.TryWrite(true);

    private void TakeSwitches()
    {
        foreach (var connection in touched.Keys)
        {
            if (!touched.TryRemove(connection, out var touch))
            {
                continue;
            }

            if (served.TryGetValue(connection, out var at))
            {
                current[connection.Id] = connection;
                var ports = PortsOf(connection, at.Role);
                if (ports.Exists(p => touch.Fell.Contains(p.Number)))
                {
                    // It is up again already, and its cable may lead elsewhere.
                    machine.Serve(connection.Id, ports.FindAll(p => !touch.Fell.Contains(p.Number)), at.Role.Learns, Now);
                }

                machine.Serve(connection.Id, ports, at.Role.Learns, Now);
                if (touch.Began)
                {
                    machine.Begun(connection.Id);
                }
            }
            else if (current.GetValueOrDefault(connection.Id) == connection)
            {
                current.Remove(connection.Id);
                machine.Remove(connection.Id);
                metrics.Forget(connection.Id);
            }
        }
    }

    private static List<DiscoveryPort> PortsOf(SwitchConnection connection, DiscoveryRole role) =>
    [
        .. connection.Ports.Values
            .Where(LearningLoop.MayLeadToSwitches)
            .Where(p => role.Learns || role.FabricPorts.Items.Contains(p.Number))
            .Select(p => new DiscoveryPort(p.Number, p.Mac)),
    ];

    private void Hear()
    {
        for (var taken = 0; taken < FramesOfTurn && frames.Reader.TryRead(out var frame); taken++)
        {
            if (!current.ContainsKey(frame.At.Switch))
            {
                continue; // It went while its frames waited here.
            }

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
                served.GetValueOrDefault(connection)?.Learning.Probed(from.Port);
            }
        }
    }

    /// <summary>Nobody is waited for here: answers come in as they come.</summary>
    private void Follow(ImmutableArray<TreeOrder> orders, CancellationToken stop)
    {
        foreach (var order in orders)
        {
            if (current.TryGetValue(order.Switch, out var connection) && served.TryGetValue(connection, out var at))
            {
                _ = at.Learning.FollowAsync(order, stop).ContinueWith(
                    following =>
                    {
                        answered.Enqueue((order, following));
                        Wake();
                    },
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }
        }

        metrics.Unconfirmed(machine.Unconfirmed);
        if (!orders.IsEmpty)
        {
            changingSince ??= time.GetTimestamp();
            told += orders.Length;
        }
        else if (changingSince is { } since && machine.Unconfirmed == 0)
        {
            metrics.Converged(time.GetElapsedTime(since));
            log.TreeChanged(told, machine.Tree.Blocked.Count);
            (changingSince, told) = (null, 0);
        }
    }

    private async Task TakeAnswersAsync()
    {
        while (answered.TryDequeue(out var answer))
        {
            try
            {
                await answer.Following;
            }
            catch (Exception e) when (e is SwitchGoneException or SwitchRefusedException)
            {
                // Gone, it comes back anew; unwilling, it has been told.
            }

            machine.Answered(answer.Order);
        }
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        if (machine.Deadline is { } deadline)
        {
            var left = deadline - Now;
            if (left > TimeSpan.Zero)
            {
                using var late = new CancellationTokenSource(left, time);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
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

    /// <summary>What happened at a switch: it began to learn; ports went down, if only for a moment.</summary>
    private sealed record Touch(bool Began, ImmutableHashSet<PortNumber> Fell);

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
