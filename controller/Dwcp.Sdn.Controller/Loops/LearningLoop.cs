using System.Collections.Frozen;
using System.Collections.Immutable;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Learning;
using Dwcp.Sdn.Fabric.Topology;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>
/// Makes a learning switch of any OpenFlow 1.3 switch: what matches no flow comes here, is learned from and answered on the
/// loop that reads from the switch.
/// </summary>
internal sealed class LearningLoop(SwitchConnection connection, TimeProvider time)
{
    // Apart from the fabric's own: object 0 of a kind that it does not have. What was learned and the other rules differ in two bits.
    private const ulong Cookie = 0xD3C9_00FF_0000_0000;
    private const ulong LearnedCookie = Cookie | 1;
    private const ulong BlockCookie = Cookie | 2;
    private const ulong AnyOfOurs = ~3ul;
    private const ushort LldpDrop = 310;
    private const ushort Lldp = 300;
    private const ushort Block = 250;
    private const ushort Learned = 100;
    private const ushort Offender = 60;
    private const ushort Copies = 50;
    private const int MaxPorts = 65_536;

    // Ways to the controller, and how many packets a second take them. Without meters the controller's own limits remain.
    private const uint LldpMeter = 1;
    private const uint CopiesMeter = 2;
    private const uint OffenderMeter = 3;
    private const uint LldpPerSecond = 1000;
    private const uint CopiesPerSecond = 10_000;

    private static readonly TimeSpan OffenderFor = TimeSpan.FromSeconds(30);
    private static readonly ImmutableArray<FlowAction> ToAll = [new OutputAction(PortNumber.All)];
    private static readonly FieldMatch IsLldp = new(Fields.EthType, EtherTypes.Lldp);
    private static readonly FieldMatch IsToMany = new(Fields.EthDst, 0x0100_0000_0000, 0x0100_0000_0000);

    // Of all switches together: hundreds of them keep in the processor's cache what each would push out of it.
    private static readonly FlowAction[][] ToLowPort = [.. Enumerable.Range(0, 256).Select(p => new FlowAction[] { new OutputAction(new((uint)p)) })];

    private readonly Lock gate = new();
    private readonly long startedAt = time.GetTimestamp();
    private readonly LearningSwitch machine = new(new LearningTimes());
    private readonly Dictionary<PortNumber, FlowAction[]> toPort = [];
    private readonly Dictionary<PortNumber, TimeSpan> offenders = [];
    private readonly HashSet<PortNumber> down = [];
    private ImmutableArray<FlowAction> flood = ToAll;
    private Task sent = Task.CompletedTask;
    private volatile bool active;
    private bool hasMeters;

    public static bool IsUp(PortDesc port) => (port.Config & PortConfig.Down) == 0 && (port.State & PortState.LinkDown) == 0;

    /// <summary>Whether probes leave by a port: it is up, and not one of the reserved.</summary>
    public static bool MayLeadToSwitches(PortDesc port) => IsPhysical(port.Number) && IsUp(port);

    /// <summary>Takes the switch over: what it held goes, and all without a flow comes here. Returns when a barrier confirms it.</summary>
    public async Task BeginAsync(CancellationToken stop)
    {
        lock (gate)
        {
            machine.Begin(connection.Ports.Values.Where(MayLeadToSwitches).Select(p => p.Number), Now);
            down.Clear();
            down.UnionWith(connection.Ports.Values.Where(p => !IsUp(p)).Select(p => p.Number));
            offenders.Clear();
        }

        active = true;
        await connection.SendAsync(Delete(Match.All, 0, 0), stop);
        await connection.SendAsync(new GroupMod(GroupModCommand.Delete, new(GroupStatsRequest.All, GroupType.All, [])), stop);
        hasMeters = await SetMetersAsync(stop);
        await connection.SendAsync(Punt(Lldp, Match.Of(IsLldp), LldpMeter), stop);
        await connection.SendAsync(Punt(Copies, Match.Of(IsToMany), CopiesMeter), stop);
        await connection.SendAsync(Punt(0, Match.All, meter: null), stop);
        foreach (var port in machine.Blocked)
        {
            await connection.SendAsync(BlockOf(port), stop);
        }

        await connection.BarrierAsync(stop);
    }

    /// <summary>Takes back what was set.</summary>
    public async Task EndAsync(CancellationToken stop)
    {
        active = false;
        await connection.SendAsync(Delete(Match.All, Cookie, AnyOfOurs), stop);
        if (hasMeters)
        {
            foreach (var meter in (uint[])[LldpMeter, CopiesMeter, OffenderMeter])
            {
                await connection.SendAsync(new MeterMod(MeterModCommand.Delete, new(meter, MeterFlags.None, [])), stop);
            }
        }

        lock (gate)
        {
            machine.Block([]);
            machine.Forget();
            flood = ToAll;
        }
    }

    /// <summary>Blocks ports as the spanning tree orders, and forgets who may be elsewhere now. Returns when a barrier confirms it.</summary>
    /// <exception cref="SwitchGoneException">The connection is over, such as because the switch did not answer in time.</exception>
    /// <exception cref="SwitchRefusedException">The switch answers with an error.</exception>
    public async Task FollowAsync(TreeOrder order, CancellationToken stop)
    {
        // Orders are sent one after the other, though the switch may not have confirmed the one before.
        await (sent = SendAsync(order, sent, stop));
        if (active)
        {
            await connection.BarrierAsync(stop);
        }
    }

    /// <summary>More LLDP comes by a port than a switch would send: for a while none comes from there.</summary>
    public void Mute(PortNumber port)
    {
        if (active)
        {
            var rule = new FlowRule(new(0, LldpDrop, Match.Of(new FieldMatch(Fields.InPort, port.Value), IsLldp)), Cookie) { HardTimeout = (ushort)OffenderFor.TotalSeconds };
            connection.TrySend(new FlowMod(FlowModCommand.Add, rule));
        }
    }

    /// <summary>A probe leaves by a port: who is behind it is found within a moment.</summary>
    public void Probed(PortNumber port)
    {
        lock (gate)
        {
            machine.Probed(port, Now);
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
            var answer = machine.On(port, packet.Data, Now);
            if (answer.HasMoved)
            {
                Moved(answer.Frame);
            }

            switch (answer.Verdict)
            {
                case LearningVerdict.TooMany:
                    Limit(port);
                    break;
                case LearningVerdict.Flood:
                    connection.TrySendPacket(port, flood.AsSpan(), Payload(packet), packet.Buffer);
                    break;
                case LearningVerdict.ForwardOnce:
                    connection.TrySendPacket(port, ActionsTo(answer.Out), Payload(packet), packet.Buffer);
                    break;
                case LearningVerdict.Forward:
                    connection.TrySendFlow(FlowOf(port, answer), ActionsTo(answer.Out), Payload(packet), packet.Buffer);
                    break;
            }

            if (answer.Verdict is LearningVerdict.Drop or LearningVerdict.TooMany && packet.Buffer != FlowMod.NoBuffer)
            {
                connection.TrySendPacket(port, [], [], packet.Buffer); // Frees the buffer.
            }
        }
    }

    public void PortStatus(PortStatus status)
    {
        if (!active)
        {
            return;
        }

        var port = status.Port.Number;
        lock (gate)
        {
            flood = flood == ToAll ? ToAll : FloodActions();
            if (status.Reason != PortReason.Delete && IsUp(status.Port))
            {
                if ((down.Remove(port) || status.Reason == PortReason.Add) && IsPhysical(port))
                {
                    machine.CameUp(port);
                }

                return;
            }

            // Whoever was behind it may be anywhere now.
            down.Add(port);
            machine.Forget(new HashSet<PortNumber> { port });
        }

        connection.TrySend(Delete(Match.All) with { OutPort = port });
    }

    private static bool IsPhysical(PortNumber port) => port.Value < PortNumber.InPort.Value;

    private TimeSpan Now => time.GetElapsedTime(startedAt);

    private async Task SendAsync(TreeOrder order, Task before, CancellationToken stop)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        HashSet<PortNumber> added, removed;
        lock (gate)
        {
            added = [.. order.Blocked.Except(machine.Blocked)];
            removed = [.. machine.Blocked.Except(order.Blocked)];
            machine.Block(order.Blocked);
            machine.Forget(order.Outdated);
            flood = order.Blocked.Count == 0 ? ToAll : FloodActions();
        }

        if (!active)
        {
            return;
        }

        foreach (var port in added)
        {
            await connection.SendAsync(BlockOf(port), stop);
            await connection.SendAsync(Delete(Match.Of(new FieldMatch(Fields.InPort, port.Value))), stop);
        }

        foreach (var port in removed)
        {
            await connection.SendAsync(new FlowMod(FlowModCommand.DeleteStrict, BlockOf(port).Rule), stop);
        }

        foreach (var port in added.Union(order.Outdated))
        {
            await connection.SendAsync(Delete(Match.All) with { OutPort = port }, stop);
        }
    }

    /// <summary>False when the switch has no meters.</summary>
    private async Task<bool> SetMetersAsync(CancellationToken stop)
    {
        await connection.SendAsync(new MeterMod(MeterModCommand.Delete, new(MeterStatsRequest.All, MeterFlags.None, [])), stop);
        try
        {
            await connection.ApplyAsync(
                new TablesChange { MetersToAdd = [Of(LldpMeter, LldpPerSecond), Of(CopiesMeter, CopiesPerSecond), Of(OffenderMeter, (uint)machine.Times.FloodsPerSecond)] }, stop);
            return true;
        }
        catch (SwitchRefusedException)
        {
            return false;
        }

        static Meter Of(uint id, uint rate) => new(id, MeterFlags.Pps | MeterFlags.Burst | MeterFlags.Stats, [new(MeterBandType.Drop, rate, rate)]);
    }

    private FlowMod Punt(ushort priority, Match match, uint? meter) => new(
        FlowModCommand.Add, new(new(0, priority, match), Cookie) { Meter = hasMeters ? meter : null, Apply = [new OutputAction(PortNumber.Controller)] });

    private static FlowMod BlockOf(PortNumber port) =>
        new(FlowModCommand.Add, new(new(0, Block, Match.Of(new FieldMatch(Fields.InPort, port.Value))), BlockCookie));

    /// <summary>What a port has the controller copy beyond what it may is dropped by the switch, for as long as it goes on.</summary>
    private void Limit(PortNumber port)
    {
        if (!hasMeters || (offenders.TryGetValue(port, out var since) && Now - since < OffenderFor) || offenders.Count >= MaxPorts)
        {
            return;
        }

        offenders[port] = Now;
        var punt = Punt(Offender, Match.Of(new FieldMatch(Fields.InPort, port.Value)), OffenderMeter);
        connection.TrySend(punt with { Rule = punt.Rule with { HardTimeout = (ushort)OffenderFor.TotalSeconds } });
    }

    private static ReadOnlySpan<byte> Payload(in PacketInView packet) => packet.Buffer == FlowMod.NoBuffer ? packet.Data : [];

    private static FlowMod Delete(Match match, ulong cookie = LearnedCookie, ulong mask = ulong.MaxValue) =>
        new(FlowModCommand.Delete, new(new(FlowSelector.AllTables, 0, match), cookie)) { CookieMask = mask };

    private FrameFlow FlowOf(PortNumber port, in LearningAnswer answer) => new(port, answer.Frame.Destination, answer.Frame.Source, answer.Frame.Vlan, answer.Out)
    {
        Priority = Learned,
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
        if (port.Value < ToLowPort.Length)
        {
            return ToLowPort[port.Value];
        }

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
        .. connection.Ports.Keys.Where(p => IsPhysical(p) && !machine.IsBlocked(p)).Order().Select(p => new OutputAction(p)),
    ];
}
