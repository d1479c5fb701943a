using System.Collections.Frozen;
using System.Collections.Immutable;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Learning;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>
/// Makes a learning switch of any OpenFlow 1.3 switch: what matches no flow comes here, is learned from and answered on the
/// loop that reads from the switch.
/// </summary>
internal sealed class LearningLoop(SwitchConnection connection, TimeProvider time)
{
    // Apart from the fabric's own: object 0 of a kind that it does not have. What was learned and the rule for all else differ in a bit.
    private const ulong MissCookie = 0xD3C9_00FF_0000_0000;
    private const ulong LearnedCookie = MissCookie | 1;
    private const ushort Priority = 100;
    private const int MaxPorts = 65_536;

    private static readonly ImmutableArray<FlowAction> ToAll = [new OutputAction(PortNumber.All)];

    private readonly Lock gate = new();
    private readonly long startedAt = time.GetTimestamp();
    private readonly LearningSwitch machine = new(new LearningTimes());
    private readonly Dictionary<PortNumber, FlowAction[]> toPort = [];
    private ImmutableArray<FlowAction> flood = ToAll;
    private volatile bool active;

    /// <summary>Takes the switch over: what it held goes, and all without a flow comes here. Returns when a barrier confirms it.</summary>
    public async Task BeginAsync(CancellationToken stop)
    {
        active = true;
        await connection.SendAsync(Delete(Match.All, 0, 0), stop);
        var miss = new FlowRule(new(0, 0, Match.All), MissCookie) { Apply = [new OutputAction(PortNumber.Controller)] };
        await connection.SendAsync(new FlowMod(FlowModCommand.Add, miss), stop);
        await connection.BarrierAsync(stop);
    }

    /// <summary>Takes back what was set.</summary>
    public async Task EndAsync(CancellationToken stop)
    {
        active = false;
        await connection.SendAsync(Delete(Match.All, MissCookie, ~1ul), stop);
        lock (gate)
        {
            machine.Forget();
        }
    }

    /// <summary>Blocks ports, as the spanning tree asks.</summary>
    public void Block(FrozenSet<PortNumber> ports)
    {
        lock (gate)
        {
            if (!machine.Block(ports))
            {
                return;
            }

            flood = ports.Count == 0 ? ToAll : FloodActions();
        }

        if (active)
        {
            connection.TrySend(Delete(Match.All));
        }
    }

    public void PacketIn(in PacketInView packet)
    {
        if (!active)
        {
            return;
        }

        lock (gate)
        {
            var port = packet.InPort;
            var answer = machine.On(port, packet.Data, time.GetElapsedTime(startedAt));
            if (answer.HasMoved)
            {
                Moved(answer.Frame);
            }

            switch (answer.Verdict)
            {
                case LearningVerdict.Flood:
                    connection.TrySendPacket(port, flood.AsSpan(), Payload(packet), packet.Buffer);
                    break;
                case LearningVerdict.ForwardOnce:
                    connection.TrySendPacket(port, ActionsTo(answer.Out), Payload(packet), packet.Buffer);
                    break;
                case LearningVerdict.Forward:
                    connection.TrySendFlow(FlowOf(port, answer), ActionsTo(answer.Out), Payload(packet), packet.Buffer);
                    break;
                case LearningVerdict.Drop when packet.Buffer != FlowMod.NoBuffer:
                    connection.TrySendPacket(port, [], [], packet.Buffer); // Frees the buffer.
                    break;
            }
        }
    }

    public void PortStatus(PortStatus status)
    {
        if (!active)
        {
            return;
        }

        lock (gate)
        {
            flood = flood == ToAll ? ToAll : FloodActions();
            if (status.Reason != PortReason.Delete && (status.Port.State & PortState.LinkDown) == 0)
            {
                return;
            }

            // Whoever was behind it may be anywhere now.
            machine.Forget();
        }

        connection.TrySend(Delete(Match.All) with { OutPort = status.Port.Number });
    }

    private static ReadOnlySpan<byte> Payload(in PacketInView packet) => packet.Buffer == FlowMod.NoBuffer ? packet.Data : [];

    private static FlowMod Delete(Match match, ulong cookie = LearnedCookie, ulong mask = ulong.MaxValue) =>
        new(FlowModCommand.Delete, new(new(FlowSelector.AllTables, 0, match), cookie)) { CookieMask = mask };

    private FrameFlow FlowOf(PortNumber port, in LearningAnswer answer) => new(port, answer.Frame.Destination, answer.Frame.Source, answer.Frame.Vlan, answer.Out)
    {
        Priority = Priority,
        Cookie = LearnedCookie,
        IdleTimeout = machine.Times.FlowIdle,
        HardTimeout = machine.Times.FlowHard,
    };

    private void Moved(in FrameKey frame)
    {
        connection.TrySend(Delete(Match.Of(new FieldMatch(Fields.EthDst, frame.Source.Value))));
        connection.TrySend(Delete(Match.Of(new FieldMatch(Fields.EthSrc, frame.Source.Value))));
    }

    private ReadOnlySpan<FlowAction> ActionsTo(PortNumber port)
    {
        if (!toPort.TryGetValue(port, out var actions))
        {
            actions = [new OutputAction(port)];
            if (toPort.Count < MaxPorts)
            {
                toPort.Add(port, actions);
            }
        }

        return actions;
    }

    private ImmutableArray<FlowAction> FloodActions() =>
    [
        .. connection.Ports.Keys.Where(p => p.Value < PortNumber.InPort.Value && !machine.IsBlocked(p)).Order().Select(p => new OutputAction(p)),
    ];
}
