using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>Gathers the rules of one need, all under its cookie.</summary>
internal sealed class RuleSet(Cookie cookie)
{
    private readonly List<FlowRule> flows = [];
    private readonly List<Group> groups = [];
    private readonly List<Meter> meters = [];

    /// <summary>A flow that does something and hands on; a null <paramref name="next"/> ends the packet's way.</summary>
    public void Flow(byte table, ushort priority, Match match, byte? next, params EquatableArray<FlowAction> actions) =>
        Flow(new FlowRule(new FlowKey(table, priority, match), 0) { Apply = actions, Goto = next });

    public void Flow(FlowRule rule) => flows.Add(FlowNormal.Of(rule with { Cookie = cookie.Value }));

    /// <summary>A flow that drops, with its reason counted.</summary>
    public void Drop(byte table, ushort priority, Match match, DropReason reason) =>
        Flow(table, priority, match, Table.Drop, Set(Registers.DropReason, (uint)reason));

    public void Group(uint id, GroupType type, IEnumerable<Bucket> buckets) =>
        groups.Add(FlowNormal.Of(new Group(id, type, buckets.ToEquatableArray())));

    /// <summary>A meter of packets per second with a burst of one second.</summary>
    public void Meter(uint id, uint packetsPerSecond) =>
        meters.Add(new Meter(id, MeterFlags.Pps | MeterFlags.Burst | MeterFlags.Stats, [new MeterBand(MeterBandType.Drop, packetsPerSecond, packetsPerSecond)]));

    public Compiled ToCompiled() => new([.. flows], [.. groups], [.. meters]);

    public static FlowAction Set(FieldBits target, UInt128 value) => target.Bits == target.Field.Bits
        ? new SetFieldAction(target.Field, value)
        : new SetFieldAction(target.Field, value << target.Offset, ((UInt128.One << target.Bits) - 1) << target.Offset);

    public static FlowAction Move(FieldBits from, FieldBits to) => new MoveAction(from, to);

    public static FieldMatch On(Field field, UInt128 value, UInt128? mask = null) => new(field, value, mask);

    public static FieldMatch InNetwork(uint bridgeDomain) => new(Fields.Metadata, bridgeDomain, Registers.BridgeDomainMask);

    /// <summary>The network and VRF of a packet, as its metadata.</summary>
    public static MetadataWrite Domain(uint bridgeDomain, uint vrf) => new(((ulong)vrf << 32) | bridgeDomain, ulong.MaxValue);

    /// <summary>Loads a VTEP into the register of its family.</summary>
    public static FlowAction Vtep(IpAddress vtep) =>
        vtep.IsV6 ? Set(Registers.RemoteVtep6, vtep.Value) : Set(Registers.RemoteVtep, vtep.Value);
}
