using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Topology;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Dwcp.Sdn.Tests.Fabric;
using Dwcp.Sdn.Tests.OpenFlow;
using Dwcp.Sdn.Tests.Store;
using Dwcp.Sdn.Tests.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using FlowEntry = Dwcp.Sdn.Core.Model.FlowEntry;
using Meter = System.Diagnostics.Metrics.Meter;

namespace Dwcp.Sdn.Tests.Learning;

/// <summary>The loops of learning switches in this process, under a clock that stands still, with switches made of sockets and cables between them.</summary>
internal sealed class PlainBench : IMeterFactory, IAsyncDisposable
{
    private readonly Meter meter = new("Dwcp.Sdn.Controller.PlainBench");
    private readonly CancellationTokenSource stop = new();
    private readonly Dictionary<LinkEnd, LinkEnd> cables = [];
    private readonly Dictionary<DatapathId, PlainSwitch> joined = [];
    private readonly FabricLoop fabric;
    private readonly OpenFlowListener listener;
    private readonly Task running;
    private ulong nonce;

    public PlainBench()
    {
        fabric = new FabricLoop(new FabricMachine(new StoreListing(0, []), "LEARNING"), new MemoryStateStore(), Time, NullLogger<FabricLoop>.Instance);
        var topology = new TopologyLoop(
            fabric, new TopologyMachine(new DiscoveryTimes(), Cables.Key, () => ++nonce), new TopologyMetrics(this, d => $"{d}"), Time, NullLogger<TopologyLoop>.Instance);
        var switches = new SwitchLoops(fabric, topology, new SwitchMetrics(this, d => $"{d}"), TimeSpan.FromHours(1), Time, NullLoggerFactory.Instance);
        fabric.SwitchWoken += switches.Wake;
        fabric.FlowReader = switches.ReadFlowsAsync;
        listener = new(new OpenFlowOptions { Endpoint = new(IPAddress.Loopback, 0) }, switches, NullLogger<OpenFlowListener>.Instance);
        listener.Start();
        running = Task.WhenAll(fabric.RunAsync(stop.Token), topology.RunAsync(stop.Token), listener.RunAsync(stop.Token));
    }

    public ManualTime Time { get; } = new();

    public Meter Create(MeterOptions options) => meter;

    /// <summary>A switch with ports 1 to so many, once it is a learning switch and in the tree.</summary>
    public async Task<PlainSwitch> JoinAsync(ulong id, int ports, params uint[] down)
    {
        var peer = await RawPeer.JoinAsync(
            listener.Endpoint, id, ports: [.. Enumerable.Range(1, ports).Select(p => PlainSwitch.Port((uint)p, down.Contains((uint)p)))]);
        var joining = new PlainSwitch(new(id), peer, Carry);
        lock (cables)
        {
            joined[new(id)] = joining;
        }

        // The barrier after the last rule, and that of its first order.
        await joining.UntilAsync(
            "the last rule and the first order",
            got => got.SkipWhile(m => m is not FlowMod { Command: FlowModCommand.Add, Rule.Key.Priority: 0 }).OfType<BarrierRequest>().Count() == 2);
        return joining;
    }

    /// <summary>What an operator asks for.</summary>
    public async Task ModeAsync(PlainSwitch of, string mode) =>
        Assert.Empty((await fabric.ApplyAsync(Ask.Switch($"{of.Id}", mode), stop.Token)).Problems);

    public Task<ImmutableArray<FlowEntry>?> FlowsAsync(PlainSwitch of) => fabric.ReadFlowsAsync($"{of.Id}", stop.Token);

    public void Plug(LinkEnd a, LinkEnd b)
    {
        lock (cables)
        {
            (cables[a], cables[b]) = (b, a);
        }
    }

    /// <summary>Lets time go on in small steps, at half its speed, until something is so, and returns how long that took by that clock.</summary>
    public async Task<TimeSpan> PassUntilAsync(string what, Func<bool> isSo)
    {
        var began = Time.GetUtcNow();
        for (var real = DateTime.UtcNow; !isSo(); Time.Advance(TimeSpan.FromMilliseconds(5)))
        {
            Assert.True(DateTime.UtcNow - real < TimeSpan.FromSeconds(20), $"{what}: not within 20 s");
            await Task.Delay(10);
        }

        return Time.GetUtcNow() - began;
    }

    /// <summary>Lets time go on, in quick steps.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var until = Time.GetUtcNow() + time; Time.GetUtcNow() < until; Time.Advance(TimeSpan.FromMilliseconds(50)))
        {
            await Task.Delay(5);
        }
    }

    /// <summary>In how many series LLDP that shows no link is counted.</summary>
    public int Refusals()
    {
        var seen = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter == meter && instrument.Name == "dwcp.lldp.refused")
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => seen++);
        listener.Start();
        listener.RecordObservableInstruments();
        return seen;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ContinueWith(_ => { }, TaskScheduler.Default);
        foreach (var one in joined.Values)
        {
            one.Dispose();
        }

        listener.Dispose();
        stop.Dispose();
        meter.Dispose();
    }

    void IDisposable.Dispose()
    {
    }

    /// <summary>What leaves by a port comes in where its cable leads.</summary>
    private async Task Carry(LinkEnd from, byte[] frame)
    {
        PlainSwitch? to;
        LinkEnd end;
        lock (cables)
        {
            to = cables.TryGetValue(from, out end) ? joined.GetValueOrDefault(end.Switch) : null;
        }

        if (to is not null)
        {
            await to.PacketInAsync(end.Port.Value, frame);
        }
    }
}

/// <summary>A switch that keeps what it is told, carries LLDP out of its ports and confirms when it is let.</summary>
internal sealed class PlainSwitch : IDisposable
{
    private readonly RawPeer peer;
    private readonly Func<LinkEnd, byte[], Task> carry;
    private readonly SemaphoreSlim writing = new(1);
    private readonly List<OfMessage> got = [];
    private readonly List<uint> probed = [];
    private readonly Queue<uint> unanswered = new();
    private bool confirms = true;

    public PlainSwitch(DatapathId id, RawPeer peer, Func<LinkEnd, byte[], Task> carry)
    {
        (Id, this.peer, this.carry) = (id, peer, carry);
        _ = Task.Run(ReadAsync);
    }

    public DatapathId Id { get; }

    /// <summary>The ports that it blocks by its rules.</summary>
    public IEnumerable<uint> Blocked
    {
        get
        {
            var blocked = new SortedSet<uint>();
            foreach (var rule in Got.OfType<FlowMod>().Where(f => f.Rule.Key.Priority == 250))
            {
                var port = (uint)rule.Rule.Key.Match.Fields.Single(f => f.Field == Fields.InPort).Value;
                _ = rule.Command == FlowModCommand.Add ? blocked.Add(port) : blocked.Remove(port);
            }

            return blocked;
        }
    }

    public List<OfMessage> Got
    {
        get
        {
            lock (got)
            {
                return [.. got];
            }
        }
    }

    public static PortDesc Port(uint number, bool isDown) => new(new(number), new(number), $"p{number}", PortConfig.None, isDown ? PortState.LinkDown : PortState.None);

    /// <summary>The ports by which probes left.</summary>
    public List<uint> Probed
    {
        get
        {
            lock (got)
            {
                return [.. probed];
            }
        }
    }

    /// <summary>From here on no barrier is answered.</summary>
    public void HoldBack()
    {
        lock (got)
        {
            confirms = false;
        }
    }

    /// <summary>What it answers with an error.</summary>
    public Func<OfMessage, bool>? Refuses { get; set; }

    /// <summary>How many barriers wait for an answer.</summary>
    public int Unanswered
    {
        get
        {
            lock (got)
            {
                return unanswered.Count;
            }
        }
    }

    public async Task ConfirmAsync()
    {
        uint xid;
        lock (got)
        {
            xid = unanswered.Dequeue();
        }

        await SendAsync(new BarrierReply(), xid);
    }

    public Task PacketInAsync(uint port, byte[] frame, uint buffer = FlowMod.NoBuffer) => SendAsync(
        new PacketIn(buffer, (ushort)frame.Length, PacketInReason.NoMatch, 0, 0, Match.Of(new FieldMatch(Fields.InPort, port)), [.. frame]));

    public Task PortAsync(uint port, bool isDown) => SendAsync(new PortStatus(PortReason.Modify, Port(port, isDown)));

    /// <summary>Forgets what it was told, so that the next is seen alone.</summary>
    public void Forget()
    {
        lock (got)
        {
            got.Clear();
            probed.Clear();
        }
    }

    public async Task UntilAsync(string what, Func<List<OfMessage>, bool> isSo)
    {
        for (var real = DateTime.UtcNow; !isSo(Got); await Task.Delay(2))
        {
            Assert.True(DateTime.UtcNow - real < TimeSpan.FromSeconds(20), $"{what}: not within 20 s of {string.Join('\n', Got)}");
        }
    }

    public void Dispose()
    {
        peer.Dispose();
        writing.Dispose();
    }

    private async Task SendAsync(OfMessage message, uint? xid = null)
    {
        await writing.WaitAsync();
        try
        {
            await peer.SendAsync(message, xid);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        while (await peer.ReceiveAsync() is { } received)
        {
            var isHeld = false;
            var isProbe = received.Message is PacketOut { Data: var data } && Probe.IsLldp(data.AsSpan());
            lock (got)
            {
                if (isProbe)
                {
                    probed.Add(((OutputAction)((PacketOut)received.Message).Actions[0]).Port.Value);
                }
                else
                {
                    got.Add(received.Message);
                }

                if (received.Message is BarrierRequest && !confirms)
                {
                    unanswered.Enqueue(received.Xid);
                    isHeld = true;
                }
            }

            switch (received.Message)
            {
                case var refused when Refuses?.Invoke(refused) == true:
                    await SendAsync(new OfError(1, 5), received.Xid); // OFPET_BAD_REQUEST, OFPBRC_EPERM
                    break;
                case BarrierRequest when !isHeld:
                    await SendAsync(new BarrierReply(), received.Xid);
                    break;
                case EchoRequest echo:
                    await SendAsync(new EchoReply(echo.Data), received.Xid);
                    break;
                case PacketOut probe when isProbe:
                    await carry(new(Id, ((OutputAction)probe.Actions[0]).Port), [.. probe.Data]);
                    break;
            }
        }
    }
}
