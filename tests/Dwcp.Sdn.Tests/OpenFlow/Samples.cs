using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>Random messages of every kind, the same for the same seed.</summary>
internal sealed class Samples(int seed)
{
    private readonly Random random = new(seed);

    public OfMessage Message(bool nested = false) => random.Next(nested ? 12 : 37) switch
    {
        0 => new FlowMod((FlowModCommand)random.Next(5), Rule()) { CookieMask = U64(), Buffer = U32(), OutPort = new(U32()), OutGroup = U32() },
        1 => new GroupMod((GroupModCommand)random.Next(3), Group()),
        2 => new MeterMod((MeterModCommand)random.Next(3), Meter()),
        3 => new PacketOut(U32(), new(U32()), Actions(1), Bytes(64)),
        4 => new PacketIn(U32(), U16(), (PacketInReason)random.Next(3), U8(), U64(), Match(), Bytes(64)),
        5 => new FlowRemoved(new(U8(), U16(), Match()), U64(), (FlowRemovedReason)random.Next(6), U16(), U16(), U64(), U64(), U32(), U32()),
        6 => new PortStatus((PortReason)random.Next(3), Port()),
        7 => new PortMod(new(U32()), Mac(), (PortConfig)U32(), (PortConfig)U32(), U32()),
        8 => new OfError((ushort)random.Next(14), U16(), Bytes(64)),
        9 => new EchoRequest(Bytes(32)),
        10 => new RoleRequest((ControllerRole)random.Next(4), U64()),
        11 => new Experimenter(U32() | 1, U32(), Bytes(32)),
        12 => new BundleAdd(U32(), (BundleFlags)random.Next(4), U32(), Message(nested: true)),
        13 => new BundleControl(U32(), (BundleStep)random.Next(8), (BundleFlags)random.Next(4)),
        14 => Reply(new FlowStatsReply(Many(3, () => new FlowEntry(Rule(), U64(), U64(), U32(), U32())))),
        15 => Reply(new GroupDescReply(Many(3, Group))),
        16 => Reply(new MeterConfigReply(Many(3, Meter))),
        17 => Reply(new PortDescReply(Many(3, Port))),
        18 => new MultipartRequest(new FlowStatsRequest(new(Match()) { Table = U8(), OutPort = new(U32()), OutGroup = U32(), Cookie = U64(), CookieMask = U64() })),
        19 => Reply(new SwitchDesc("maker", "hardware", "software", "serial", "a datapath")),
        20 => Reply(new TableFeatures(Many(2, () => new TableFeature(U8(), "t", U64(), U64(), U32(), U32(), Many(8, TableProperty))))),
        21 => Reply(new GroupStatsReply(Many(2, () => new GroupCounters(U32(), U32(), U64(), U64(), U32(), U32(), Many(3, () => new BucketCounters(U64(), U64())))))),
        22 => Reply(new MeterStatsReply(Many(2, () => new MeterCounters(U32(), U32(), U64(), U64(), U32(), U32(), Many(2, () => new BandCounters(U64(), U64())))))),
        23 => new QueueGetConfigReply(new(U32()), Many(3, () => new QueueDesc(U32(), new(U32()), Many(2, () => new QueueProperty(U16(), Bytes(20)))))),
        24 => new QueueGetConfigRequest(new(U32())),
        25 => new CtFlushZone(U16()),
        26 => new TlvTableMod((TlvTableCommand)random.Next(3), Many(3, TlvMap)),
        27 => new TlvTableReply(U32(), U16(), Many(3, TlvMap)),
        28 => new PacketIn2(Many(4, PacketProperty), Maybe()),
        29 => new RoleStatus((ControllerRole)random.Next(4), (RoleReason)random.Next(3), U64()),
        30 => Maybe() ? new SetPacketInFormat(U32()) : new SetControllerId(U16()),
        32 => new MultipartRequest(new FlowMonitorRequest(Many(2, () => new FlowMonitor(U32(), (FlowMonitorFlags)random.Next(64), Match()) { OutPort = new(U32()), Table = U8() }))),
        33 => Reply(new FlowMonitorReply(Many(3, FlowUpdate))),
        34 => new FlowMonitorControl((FlowMonitorStep)random.Next(3)) is { Step: FlowMonitorStep.Cancel } cancel ? cancel with { Monitor = U32() } : new FlowMonitorControl(FlowMonitorStep.Paused),
        35 => CtFlush.Of(U8(), Maybe() ? U16() : null, Maybe() ? Tuple() : null, Maybe() ? Tuple() : null),
        36 => new NiciraRole((ControllerRole)random.Next(1, 4), Maybe()),
        _ => new SetAsync(new(U32(), U32(), U32(), U32(), U32(), U32())),
    };

    public FlowRule Rule() => new(new(U8(), U16(), Match()), U64())
    {
        Meter = Maybe() ? U32() : null,
        Apply = Actions(2),
        Clear = Maybe(),
        Write = Actions(1),
        Metadata = Maybe() ? new(U64(), U64()) : null,
        Goto = Maybe() ? U8() : null,
        IdleTimeout = U16(),
        HardTimeout = U16(),
        Flags = (FlowFlags)random.Next(32),
        OpaqueInstructions = random.Next(8) == 0 ? [0, 9, 0, 8, 1, 2, 3, 4] : [],
    };

    private static MultipartReply Reply(MultipartBody body) => new(body);

    private Match Match()
    {
        var fields = Fields.All.Where(_ => random.Next(12) == 0).Select(f =>
            new FieldMatch(f, Value(f), f.Mask == FieldMask.Any && Maybe() ? Value(f) | 1 : null));
        var match = Core.Flows.Match.Of([.. fields], random.Next(8) == 0 ? [0x12, 0x34, 0x02, 0x02, 9, 9] : []);
        return random.Next(8) == 0 ? TunMetadata.AddTo(match, Metadata()) : match;
    }

    private EquatableArray<FlowAction> Actions(int depth) => Many(4, () => Action(depth));

    private TunMetadata Metadata()
    {
        if (random.Next(8) == 0)
        {
            return new(random.Next(TunMetadata.Fields), [], EquatableArray<byte>.Empty);
        }

        EquatableArray<byte> octets = [U8(), .. Bytes(20)];
        return new(random.Next(TunMetadata.Fields), octets, Maybe() ? [.. octets.Select(_ => U8())] : (EquatableArray<byte>?)null);
    }

    private PacketProperty PacketProperty() => random.Next(9) switch
    {
        0 => new(0, Bytes(60)),
        1 => new((ushort)random.Next(1, 3), [.. Enumerable.Range(0, 4).Select(_ => U8())]),
        2 => new(3, [U8()]),
        3 => new(4, [0, 0, 0, 0, .. Enumerable.Range(0, 8).Select(_ => U8())]),
        4 => new(5, [U8()]),
        5 => new(6, [0x80, 0, 0, 4, .. Enumerable.Range(0, 4).Select(_ => U8())]),
        _ => new((ushort)random.Next(7, 99), Bytes(40)),
    };

    private TableProperty TableProperty() => random.Next(8) switch
    {
        0 => new TableInstructions(Maybe() ? TablePropertyType.Instructions : TablePropertyType.InstructionsMiss, Many(6, FeatureId)),
        1 => new NextTables(Maybe() ? TablePropertyType.NextTables : TablePropertyType.NextTablesMiss, Many(9, () => (byte)random.Next(255))),
        2 => new TableActions((TablePropertyType)random.Next(4, 8), Many(6, FeatureId)),
        3 => new TableFields(Maybe() ? TablePropertyType.Match : TablePropertyType.Wildcards, Many(9, OxmId)),
        4 or 5 => new TableFields((TablePropertyType)random.Next(12, 16), Many(9, OxmId)),
        6 => new TableExperimenter(Maybe() ? TablePropertyType.Experimenter : TablePropertyType.ExperimenterMiss, U32(), U32(), Bytes(20)),
        _ => new UnknownTableProperty((TablePropertyType)random.Next(16, 99), Bytes(20)),
    };

    private FeatureId FeatureId() => Maybe() ? new((ushort)random.Next(99)) : new(0xffff, U32(), Bytes(9));

    private OxmId OxmId() => random.Next(4) switch
    {
        0 => new(0xffff, (byte)random.Next(128), Maybe(), 8, U32() | 1),
        1 => new(0x1234, (byte)random.Next(128), Maybe(), U8()),
        _ => Southbound.OpenFlow.Wire.OxmId.Of(AnyField(), Maybe()),
    };

    private FlowUpdate FlowUpdate() => random.Next(5) switch
    {
        0 => new FlowChangedByUs(U32()),
        1 => new UnknownFlowUpdate((FlowUpdateEvent)random.Next(4, 99), [U8(), U8(), U8(), U8()]),
        _ => new FlowChanged((FlowUpdateEvent)random.Next(3), U16(), new(new(U8(), U16(), Match()), U64()) { IdleTimeout = U16(), HardTimeout = U16(), Apply = Actions(1) }),
    };

    private CtTuple Tuple()
    {
        var six = Maybe();
        IpAddress? Address() => Maybe() ? null : six ? IpAddress.V6(new UInt128(U64(), U64())) : IpAddress.V4(U32());
        return Maybe()
            ? new(Address(), Address(), Maybe() ? U16() : null, Maybe() ? U16() : null)
            : new(Address(), Address()) { IcmpId = Maybe() ? U16() : null, IcmpType = Maybe() ? U8() : null, IcmpCode = Maybe() ? U8() : null };
    }

    private SetTunMetadataAction SetMetadata()
    {
        TunMetadata field;
        do
        {
            field = Metadata();
        }
        while (field.Value.IsEmpty);

        return new(field.Index, field.Value, field.Mask) { IsLoad = field.Mask is null && Maybe() };
    }

    private FlowAction Action(int depth) => random.Next(47) switch
    {
        0 => new OutputAction(new(U32()), U16()),
        1 => new OutputFieldAction(Bits(64), U16()),
        2 or 3 => new SetFieldAction(AnyField() is var f ? f : f, Value(f)),
        4 => AnyField() is var f ? new SetFieldAction(f, Value(f), Value(f) | 1) : null!,
        5 => Loadable() is var b ? new LoadAction(b, U64()) : null!,
        6 => Bits(128) is var b ? new MoveAction(b, new FieldBits(Fields.XxReg[0], 128 - b.Bits, b.Bits)) : null!,
        7 => new ResubmitAction(Maybe() ? new PortNumber((uint)random.Next(0xff00)) : null, (byte)random.Next(255)),
        8 => new ResubmitAction(PortNumber.Local, null),
        9 => new GroupAction(U32()),
        10 => new PushVlanAction(U16()),
        11 => new PopVlanAction(),
        12 => new SetQueueAction(U32()),
        13 => new DecTtlAction(),
        14 => new ControllerAction(U16(), U16(), U8(), Bytes(20), Maybe(), Maybe() ? U32() : null),
        15 when depth > 0 => new CloneAction(Actions(depth - 1)),
        16 => new SetTtlAction(U8()),
        17 => new PushMplsAction(U16()),
        18 => new PopMplsAction(U16()),
        19 => new SetMplsTtlAction(U8()),
        20 => new CopyTtlOutAction(),
        21 when depth > 0 => new ConntrackAction(Zone(), Maybe() ? (byte)random.Next(255) : null, Actions(depth - 1)) { Commit = Maybe(), Force = Maybe(), Alg = U16() },
        22 => Nat(),
        23 => new CtClearAction(),
        24 => new ConjunctionAction(U32(), (byte)random.Next(1, 65), U8()),
        25 => new NoteAction([.. Enumerable.Range(0, 6 + (8 * random.Next(3))).Select(_ => U8())]),
        26 => new ExitAction(),
        27 => new DecTtlForAction(Many(5, U16)),
        28 => new FinTimeoutAction(U16(), U16()),
        29 => new MultipathAction(U16(), U16(), U16(), U16(), U32(), Loadable()),
        30 => new BundleAction(U16(), U16(), U16(), Many(5, Port16), Maybe() ? Loadable() : (FieldBits?)null),
        31 => new PushAction(Bits(128)),
        32 => new PopAction(Bits(128)),
        33 => new SampleAction(U16(), U32(), U32(), U32()),
        34 => new SampleAction(U16(), U32(), U32(), U32(), Port16(), (SampleDirection)random.Next(3)),
        35 => new OutputTruncatedAction(Port16(), U32()),
        36 => new CheckLargerAction(U16(), Bits(1)),
        37 => new DeleteFieldAction(AnyField()),
        38 => new PopQueueAction(),
        39 => new DecNshTtlAction(),
        40 => new ControllerIdAction(U16(), U16(), U8()),
        41 => Learn(),
        42 => new ResubmitAction(Port16(), Maybe() ? (byte)random.Next(255) : null, Swapped: true),
        43 => new EncapAction(U16(), U32(), [.. Enumerable.Range(0, 8 * random.Next(3)).Select(_ => U8())]),
        44 => new DecapAction(U32()),
        45 => SetMetadata(),
        _ => new OpaqueAction(0xffff, [0, 0, 0x23, 0x20, 0, 99, 1, 2, 3, 4, 5, 6]),
    };

    private CtZoneSource Zone() => Maybe() ? new(U16()) : new(0, new FieldBits(Fields.Reg[random.Next(16)], 16 * random.Next(2), 16));

    private NatAction Nat()
    {
        var six = Maybe();
        IpAddress? Address() => Maybe() ? null : six ? IpAddress.V6(new UInt128(U64(), U64())) : IpAddress.V4(U32());
        return new((NatFlags)random.Next(32), Address(), Address(), Maybe() ? U16() : null, Maybe() ? U16() : null);
    }

    private LearnAction Learn()
    {
        var result = Maybe() ? Bits(1) : (FieldBits?)null;
        return new(U8(), Many(4, LearnPart))
        {
            IdleTimeout = U16(),
            HardTimeout = U16(),
            Priority = U16(),
            Cookie = U64(),
            Flags = (LearnFlags)random.Next(4) | (result is null ? 0 : LearnFlags.WriteResult),
            FinIdleTimeout = U16(),
            FinHardTimeout = U16(),
            Limit = result is not null || Maybe() ? U32() : null,
            Result = result,
        };
    }

    private LearnPart LearnPart()
    {
        var from = Bits(64);
        var to = (LearnTo)random.Next(3);
        FieldBits? target = to == LearnTo.Output ? (FieldBits?)null : new FieldBits(Fields.XxReg[1], random.Next(64), from.Bits);
        return Maybe()
            ? new(to, from.Bits, from, [], target)
            : new(to, from.Bits, null, [.. Enumerable.Range(0, (from.Bits + 15) / 16 * 2).Select(_ => U8())], target);
    }

    private TlvMap TlvMap() => new(U16(), U8(), U8(), U16());

    private PortNumber Port16() => new((uint)random.Next(0xff00));

    private Group Group() => new(
        U32(), (GroupType)random.Next(4), Many(3, () => new Bucket(Actions(1)) { Weight = U16(), WatchPort = U32(), WatchGroup = U32() }));

    private Meter Meter() => new(
        U32(), (MeterFlags)random.Next(16), Many(2, () => random.Next(4) == 0
            ? new MeterBand(MeterBandType.Experimenter, U32(), U32(), 0, [1, 2, 3, 4, .. Bytes(12)])
            : new MeterBand(Maybe() ? MeterBandType.Drop : MeterBandType.DscpRemark, U32(), U32(), U8())));

    private PortDesc Port() => new(
        new(U32()), Mac(), "eth" + random.Next(100), (PortConfig)U32(), (PortState)U32(), U32(), U32(), U32(), U32(), U32(), U32());

    private Field AnyField() => Fields.All[random.Next(Fields.All.Length)];

    private FieldBits Bits(int most)
    {
        var field = random.Next(8) == 0 ? Core.Flows.Fields.TunMetadata(random.Next(TunMetadata.Fields), random.Next(1, TunMetadata.MostOctets + 1)) : AnyField();
        var bits = random.Next(Math.Min(most, field.Bits)) + 1;
        return new(field, random.Next(field.Bits - bits + 1), bits);
    }

    /// <summary>Some bits of a field that Open vSwitch names in four octets.</summary>
    private FieldBits Loadable()
    {
        var bits = Bits(64);
        return bits.Field == Fields.ActsetOutput || bits.Field.Name.StartsWith("nsh_", StringComparison.Ordinal) ? Fields.Reg[0] : bits;
    }

    private UInt128 Value(Field field) => new UInt128(U64(), U64()) & field.Ones;

    private MacAddress Mac() => new(U64() & 0xffff_ffff_ffff);

    private EquatableArray<T> Many<T>(int most, Func<T> one) => Enumerable.Range(0, random.Next(most + 1)).Select(_ => one()).ToEquatableArray();

    private EquatableArray<byte> Bytes(int most)
    {
        var bytes = new byte[random.Next(most)];
        random.NextBytes(bytes);
        return [.. bytes];
    }

    private bool Maybe() => random.Next(2) == 0;

    private byte U8() => (byte)random.Next(256);

    private ushort U16() => (ushort)random.Next(65536);

    private uint U32() => (uint)random.NextInt64(1L << 32);

    private ulong U64() => ((ulong)U32() << 32) | U32();
}
