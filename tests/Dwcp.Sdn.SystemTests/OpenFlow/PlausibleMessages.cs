using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>Random messages of every kind that Open vSwitch reads to their end: matches have their prerequisites, and numbers a meaning.</summary>
internal sealed class PlausibleMessages(int seed)
{
    public const int Kinds = 67;

    private readonly Random random = new(seed);

    /// <summary>Counts on from one message of a kind to the next, so that each field and action has its turn.</summary>
    private readonly int turn = seed / Kinds;

    public OfMessage Message() => (seed % Kinds) switch
    {
        0 => new FlowMod((FlowModCommand)random.Next(5), Rule()) { CookieMask = Maybe() ? ulong.MaxValue : 0 },
        1 => new GroupMod((GroupModCommand)random.Next(2), Group()),
        2 => new MeterMod((MeterModCommand)random.Next(2), Meter()),
        3 => new PacketOut(FlowMod.NoBuffer, Port(), Actions(), [.. Frame()]),
        4 => new PacketOut(U32() >> 1, PortNumber.Controller, Actions(), []),
        5 => PacketIn(FlowMod.NoBuffer),
        6 => PacketIn(U32() >> 1),
        7 => new FlowRemoved(new(U8(), U16(), Match()), U64(), (FlowRemovedReason)random.Next(4), U16(), U16(), Count(), Count(), U32(), Nanoseconds()),
        8 => new PortStatus((PortReason)random.Next(3), Desc()),
        9 => new PortMod(Port(), Mac(), PortConfig.Down, Maybe() ? PortConfig.Down : 0, 0),
        10 => new RoleRequest((ControllerRole)random.Next(4), U64()),
        11 => new RoleReply((ControllerRole)random.Next(1, 4), U64()),
        12 => new BundleControl(U32(), (BundleStep)random.Next(8), (BundleFlags)random.Next(4)),
        13 => Reply(new FlowStatsReply(Many(3, () => new FlowEntry(Rule(), Count(), Count(), U32(), Nanoseconds())))),
        14 => Reply(new GroupDescReply(Many(3, Group))),
        15 => Reply(new MeterConfigReply(Many(3, Meter))),
        16 => Reply(new PortDescReply(Many(3, Desc))),
        17 => new MultipartRequest(new FlowStatsRequest(new(Match()) { Table = U8(), Cookie = U64(), CookieMask = ulong.MaxValue })),
        18 => Reply(new SwitchDesc("maker", "hardware", "software", "serial", "a datapath")),
        19 => Reply(new GroupStatsReply(Many(2, () => new GroupCounters(U16(), U32(), Count(), Count(), U32(), Nanoseconds(), Many(3, () => new BucketCounters(Count(), Count())))))),
        20 => Reply(new MeterStatsReply(Many(2, () => new MeterCounters(U16(), U32(), Count(), Count(), U32(), Nanoseconds(), Many(2, () => new BandCounters(Count(), Count())))))),
        21 => new CtFlushZone(U16()),
        22 => new RoleStatus((ControllerRole)random.Next(1, 4), (RoleReason)random.Next(3), U64()),
        23 => new SetControllerId(U16()),
        24 => new SetAsync(new((uint)random.Next(8), (uint)random.Next(8), (uint)random.Next(8), (uint)random.Next(8), (uint)random.Next(16), (uint)random.Next(16))),
        25 => new FeaturesReply(new(U64()), U32(), U8(), 0, (SwitchCapabilities)0x4f),
        26 => new SetConfig((ushort)random.Next(3), U16()),
        27 => new BarrierRequest(),
        28 => new MultipartRequest(new GroupStatsRequest(U16())),
        29 => new BundleAdd(U32(), (BundleFlags)random.Next(4), (uint)seed, new FlowMod(FlowModCommand.Add, Rule())),
        30 => new EchoRequest([.. Octets(40)]),
        31 => new EchoReply([.. Octets(40)]),
        32 => Reply(new GroupFeatures((uint)random.Next(16), (uint)random.Next(16), [U32(), U32(), U32(), U32()], [Offered(), Offered(), Offered(), Offered()])),
        33 or 34 => Reply(Tables()),
        35 => new MultipartRequest(Maybe() ? new TableFeatures([]) : Tables()),
        36 => PacketIn2(isResume: false),
        37 => PacketIn2(isResume: true),
        38 => new TlvTableMod((TlvTableCommand)random.Next(3), Many(4, Map)),
        39 => new TlvTableReply(U16(), (ushort)random.Next(64, 99), Many(4, Map)),
        40 => new TlvTableRequest(),
        41 => CtFlush.Of((byte)(Maybe() ? 6 : 17), U16(), Tuple(), Tuple()),
        42 => new MultipartRequest(new FlowMonitorRequest(Many(3, () => new FlowMonitor(U32(), (FlowMonitorFlags)random.Next(64) | FlowMonitorFlags.Add, Match()) { OutPort = Maybe() ? Port() : PortNumber.Any, Table = U8() }))),
        43 => Reply(new FlowMonitorReply(Many(3, Update))),
        44 => new FlowMonitorControl((FlowMonitorStep)random.Next(1, 3)),
        45 => new FlowMonitorControl(FlowMonitorStep.Cancel) { Monitor = U32() },
        46 => new SetPacketInFormat((uint)random.Next(3)),
        47 => new NiciraRole((ControllerRole)random.Next(1, 4), Maybe()),
        48 => SettingAField(),
        49 => OverTunnelMetadata(),
        50 => Matching(),
        51 => Reply(new PortStatsReply(Many(2, () => new PortCounters(Port(), Count(), Count(), Count(), Count(), Count(), Count(), Count(), Count(), Count(), Count(), Count(), Count(), U32(), Nanoseconds())))),
        52 => Reply(new TableStatsReply(Many(3, () => new TableCounters(U8(), U32(), Count(), Count())))),
        53 => Reply(new QueueStatsReply(Many(3, () => new QueueCounters(Port(), U16(), Count(), Count(), Count(), U32(), Nanoseconds())))),
        54 => new BundleAdd(U32(), (BundleFlags)random.Next(4), (uint)seed, Maybe() ? new GroupMod(GroupModCommand.Add, Group()) : new PortMod(Port(), Mac(), PortConfig.Down, 0, 0)),
        55 => Refusal(),
        56 => Adding(ReadBackTests.Prerequisites(AnyAction), AnyAction),
        57 => Reply(new MeterFeatures(U32(), (uint)random.Next(4) << 1, (uint)random.Next(16), U8(), U8())),
        58 => Reply(new AggregateReply(Count(), Count(), U16())),
        59 => new TableMod(Maybe() ? U8() : byte.MaxValue, 0),
        60 => new Hello(Maybe() ? null : (ulong)random.Next(1, 256) << 1),
        61 => new QueueGetConfigRequest(Port()),
        62 => new QueueGetConfigReply(Port(), Many(3, () => new QueueDesc(U16(), PortNumber.Any, [new(1, Rate()), new(2, Rate())]))),
        63 => new GetAsyncReply(new((uint)random.Next(8), (uint)random.Next(8), (uint)random.Next(8), (uint)random.Next(8), (uint)random.Next(16), (uint)random.Next(16))),
        64 => new GetConfigReply((ushort)random.Next(3), U16()),
        65 => new MultipartRequest(new AskAll((MultipartType[])[MultipartType.Desc, MultipartType.Table, MultipartType.GroupDesc, MultipartType.GroupFeatures, MultipartType.MeterFeatures, MultipartType.PortDesc] is var asked ? asked[random.Next(asked.Length)] : 0)),
        _ => new MultipartRequest(random.Next(4) switch { 0 => new PortStatsRequest(Port()), 1 => new QueueStatsRequest(Port(), U16()), 2 => new MeterStatsRequest(U16()), _ => (MultipartBody)new MeterConfigRequest(U16()) }),
    };

    private MultipartReply Reply(MultipartBody body) => new(body, More: random.Next(4) == 0);

    private PacketIn PacketIn(uint buffer)
    {
        var frame = Frame();
        return new(buffer, (ushort)(frame.Length + random.Next(2)), (PacketInReason)random.Next(6), U8(), Maybe() ? 0 : U64(), Core.Flows.Match.Of(new FieldMatch(Fields.InPort, Port().Value)), [.. frame]);
    }

    // ofp-print knows eight kinds of properties that a table must have; the miss flow's are as these when they are left out.
    private TableFeatures Tables()
    {
        var alike = Table(0);
        return new(Enumerable.Range(0, random.Next(1, 5)).Select(i => Maybe() ? alike with { Table = (byte)i } : Table((byte)i)).ToEquatableArray());
    }

    private TableFeature Table(byte number)
    {
        var (inMatch, inSets) = (Matchable(), Settable());
        List<TableProperty> properties =
        [
            new TableInstructions(TablePropertyType.Instructions, Instructions()),
            new NextTables(TablePropertyType.NextTables, Next(number)),
            new TableActions(TablePropertyType.WriteActions, ActionIds()),
            new TableActions(TablePropertyType.ApplyActions, ActionIds()),
            new TableFields(TablePropertyType.Match, inMatch),
            new TableFields(TablePropertyType.Wildcards, inMatch.Where(_ => Maybe()).Select(m => m.Field is { } f ? OxmId.Of(f) : m with { HasMask = false, Length = 124 }).ToEquatableArray()),
            new TableFields(TablePropertyType.WriteSetField, inSets),
            new TableFields(TablePropertyType.ApplySetField, Maybe() ? inSets : Settable()),
        ];
        if (Maybe())
        {
            properties.Add(new TableInstructions(TablePropertyType.InstructionsMiss, Instructions()));
            properties.Add(new NextTables(TablePropertyType.NextTablesMiss, Next(number)));
            properties.Add(new TableActions(Maybe() ? TablePropertyType.WriteActionsMiss : TablePropertyType.ApplyActionsMiss, ActionIds()));
            properties.Add(new TableFields(Maybe() ? TablePropertyType.WriteSetFieldMiss : TablePropertyType.ApplySetFieldMiss, Settable()));
        }

        return new(number, Maybe() ? "" : "classify", Maybe() ? 0 : U64(), Maybe() ? 0 : ulong.MaxValue, 0, Maybe() ? 0 : U32(), properties.ToEquatableArray());
    }

    private EquatableArray<FeatureId> Instructions() => Enumerable.Range(1, 6).Where(_ => Maybe()).Select(i => new FeatureId((ushort)i)).ToEquatableArray();

    private EquatableArray<FeatureId> ActionIds() => Enumerable.Range(0, 27).Where(a => (Known >> a & 1) != 0 && Maybe()).Select(a => new FeatureId((ushort)a)).ToEquatableArray();

    private EquatableArray<byte> Next(byte table) => Maybe() ? [.. Enumerable.Range(table + 1, 9).Select(t => (byte)t)] : Enumerable.Range(table + 1, 9).Where(_ => Maybe()).Select(t => (byte)t).ToEquatableArray();

    // Where the first two fields of many share more of their names than the others, ofp-print cuts the names of the others: tun_ipv6_{src,dst,lags}.
    private EquatableArray<OxmId> Settable() =>
        [OxmId.Of(Fields.TunnelId), OxmId.Of(Fields.CtState), .. Offered(Fields.All.Where(f => f != Fields.TunnelId && f != Fields.CtState)).Select(f => OxmId.Of(f)), .. Metadata(hasMask: false)];

    private EquatableArray<OxmId> Matchable() =>
    [
        OxmId.Of(Fields.TunnelId, hasMask: true), OxmId.Of(Fields.CtState, hasMask: true), .. Metadata(hasMask: true),
        .. Offered(Fields.All.Where(f => f != Fields.TunnelId && f != Fields.CtState && f.Mask == FieldMask.Any)).Select(f => OxmId.Of(f, hasMask: true)),
        .. Offered(Fields.All.Where(f => f.Mask == FieldMask.Exact && !f.Name.StartsWith("ct_", StringComparison.Ordinal))).Select(f => OxmId.Of(f)),
    ];

    private static readonly Field[] Unknown = [Fields.InPhyPort, Fields.PbbIsid, Fields.Ipv6Exthdr];

    private IEnumerable<Field> Offered(IEnumerable<Field> fields) => random.Next(3) switch
    {
        0 => fields.Except(Unknown).ToArray(),
        1 => fields.Except(Unknown).Where(_ => Maybe()).ToArray(),
        _ => fields.Except(Unknown).Where(_ => random.Next(8) == 0).ToArray(),
    };

    private IEnumerable<OxmId> Metadata(bool hasMask) =>
        Enumerable.Range(0, TunMetadata.Fields).Where(_ => Maybe()).Select(i => new OxmId(1, (byte)(40 + i), hasMask, (byte)(hasMask ? 248 : 124))).ToArray();

    /// <summary>Bits of the actions that Open vSwitch has.</summary>
    private const uint Known = 0x03ff_8001;

    private uint Offered() => U32() & Known;

    private PacketIn2 PacketIn2(bool isResume)
    {
        var frame = Frame();
        List<PacketProperty> properties = [new(0, [.. frame])];
        Maybe(1, 0, 0, 0xff, 0xff);
        Maybe(2, random.Next(2) == 0 ? [0, 0, 0, U8()] : [255, 255, 255, 255]);
        Maybe(3, (byte)random.Next(3));
        Maybe(4, [0, 0, 0, 0, .. random.Next(2) == 0 ? new byte[8] : [1, 2, 3, 4, 5, 6, 7, U8()]]);
        Maybe(5, (byte)random.Next(6));
        Maybe(6, 0x80, 0, 0, 4, 0, 0, 0, 9, 0, 1, 2, 4, 1, 2, 3, 4);
        Maybe(7, Octets(9));
        return new(properties.ToEquatableArray(), isResume);

        void Maybe(ushort type, params byte[] value)
        {
            if (random.Next(2) == 0)
            {
                properties.Add(new(type, [.. value]));
            }
        }
    }

    private TlvMap Map() => new(Maybe() ? U16() : (ushort)0, U8(), (byte)(4 * random.Next(1, 32)), (ushort)random.Next(64));

    private CtTuple Tuple() => new(IpAddress.V4(U32()), IpAddress.V4(U32()), U16(), U16());

    private FlowUpdate Update() => Maybe()
        ? new FlowChangedByUs(U32())
        : new FlowChanged((FlowUpdateEvent)random.Next(3), (ushort)random.Next(4), new(new(U8(), U16(), Match()), Maybe() ? 0 : U64()) { IdleTimeout = U16(), HardTimeout = U16(), Apply = Actions() });

    private FlowMod SettingAField()
    {
        var writable = Fields.All.Where(f => f.IsWritable && f != Fields.PbbIsid && f != Fields.InPort && f != Fields.CtMark && f != Fields.CtLabel).ToArray();
        var field = writable[turn % writable.Length];
        var value = field == Fields.VlanVid ? 0x1000 | (UInt128)random.Next(4096) : new UInt128(U64(), U64()) & (field == Fields.ArpOp ? 0xff : field == Fields.TunFlags ? 1 : field.Ones);
        var match = field == Fields.VlanVid ? FieldSamples.Before(Fields.VlanPcp) : FieldSamples.Before(field);
        var mask = field.Mask == FieldMask.Any && field != Fields.TunFlags && Maybe() ? value | (new UInt128(U64(), U64()) & field.Ones) : (UInt128?)null;
        return Adding(match, new SetFieldAction(field, value, mask == UInt128.Zero ? null : mask));
    }

    private FlowMod Matching()
    {
        var fields = Fields.All.Except(Unknown).Except(Fields.NshContext).Where(f => f != Fields.InPort16 && f != Fields.NshMdType).ToArray();
        var field = fields[turn % fields.Length];
        var (value, mask) = FieldSamples.Of(field);
        return Adding(FieldSamples.Before(field).With(field, value, mask), new OutputAction(Port()));
    }

    private FlowMod OverTunnelMetadata()
    {
        var field = Fields.TunMetadata(random.Next(64), turn % 5 == 0 ? TunMetadata.MostOctets : random.Next(1, TunMetadata.MostOctets + 1));
        var bits = random.Next(1, Math.Min(33, field.Bits + 1));
        FieldBits some = new(field, random.Next(field.Bits - bits + 1), bits), register = new(Fields.Reg[3], 0, bits);
        byte[] octets = [U8(), .. Octets(9)];
        EquatableArray<byte> value = [.. octets.Select(o => (byte)(o & 0x3c))], mask = [.. octets.Select(_ => (byte)0x3c)];
        return Adding(Core.Flows.Match.All, (turn % 12) switch
        {
            0 => new MoveAction(some, register),
            1 => new MoveAction(register, some),
            2 => new LoadAction(some, U32() & ((1ul << bits) - 1)),
            3 => new SetTunMetadataAction(field.TunMetadata!.Value, value),
            4 => new SetTunMetadataAction(field.TunMetadata!.Value, value, mask),
            5 => new SetTunMetadataAction(field.TunMetadata!.Value, value) { IsLoad = true },
            6 => new PushAction(some),
            7 => new PopAction(some),
            8 => new DeleteFieldAction(field),
            9 => new CheckLargerAction(U16(), new(field, some.Offset, 1)),
            10 => new LearnAction(U8(), [new(LearnTo.Match, bits, some, [], some), new(LearnTo.Load, bits, register, [], some)]),
            _ => new OutputFieldAction(some),
        });
    }

    private static readonly FlowAction[] KnownActions = [.. ReadBackTests.Actions().Where(a =>
        a is not (CopyTtlInAction or CopyTtlOutAction or PushPbbAction or PopPbbAction or SetFieldAction { Field.Name: "ct_mark" or "ct_label" or "in_port" }))];

    private FlowAction AnyAction => KnownActions[turn % KnownActions.Length];

    private EquatableArray<byte> Rate() => [.. new[] { (ushort)random.Next(1001) }.SelectMany(r => (byte[])[(byte)(r >> 8), (byte)r, 0, 0, 0, 0, 0, 0])];

    private FlowMod Adding(Match match, FlowAction action) => new(FlowModCommand.Add, new(new(3, 7, match), U64()) { Apply = [action] });

    private OfError Refusal()
    {
        var w = new WireWriter();
        var xid = U32();
        OfCodec.Write(w, xid, random.Next(5) switch
        {
            0 => new BarrierRequest(),
            1 => new BundleAdd(U32(), BundleFlags.Atomic, xid, new FlowMod(FlowModCommand.Add, Rule())),
            2 => new MultipartRequest(new FlowStatsRequest(new(Match()))),
            3 => new OfError(1, 1, [.. Octets(7)]),
            _ => new FlowMod(FlowModCommand.Add, Rule()),
        });
        var quoted = w.Written[..(random.Next(3) switch { 0 => w.Length, 1 => Math.Min(64, w.Length), _ => random.Next(w.Length) })].ToArray();
        return Maybe() ? new((ushort)random.Next(1, 14), (ushort)random.Next(3), [.. quoted]) : new(0xffff, (ushort)random.Next(2300, 2316), [0x4f, 0x4e, 0x46, 0, .. quoted]);
    }

    private byte[] Octets(int most) => [.. Enumerable.Range(0, random.Next(most)).Select(_ => U8())];

    private FlowRule Rule() => new(new((byte)random.Next(255), U16(), Match()), U64())
    {
        Apply = Actions(),
        Metadata = Maybe() ? new(U64() & 0xffff, 0xffff) : null,
        IdleTimeout = U16(),
        HardTimeout = U16(),
        Flags = (FlowFlags)random.Next(2),
    };

    private Match Match()
    {
        var fields = new List<FieldMatch>();
        if (Maybe())
        {
            fields.Add(new(Fields.InPort, Port().Value));
        }

        if (Maybe())
        {
            fields.Add(new(Fields.Reg[random.Next(8)], U32()));
        }

        if (Maybe())
        {
            fields.Add(new(Fields.EthDst, Mac().Value));
        }

        switch (random.Next(4))
        {
            case 0:
                fields.Add(new(Fields.EthType, 0x0800));
                fields.Add(new(Fields.Ipv4Dst, U32() & 0xffff_ff00, 0xffff_ff00));
                break;
            case 1:
                fields.Add(new(Fields.EthType, 0x86dd));
                fields.Add(new(Fields.Ipv6Src, new UInt128(U64(), U64())));
                break;
            case 2:
                fields.Add(new(Fields.EthType, 0x0806));
                break;
        }

        return Core.Flows.Match.Of([.. fields]);
    }

    private EquatableArray<FlowAction> Actions() => Many(3, Action).DistinctBy(a => a is PushVlanAction ? new PushVlanAction() : a).ToEquatableArray(); // Open vSwitch pushes two tags at most.

    private FlowAction Action() => random.Next(9) switch
    {
        0 => new ResubmitAction(null, (byte)random.Next(254)),
        1 => new GroupAction(U16()),
        2 => new PushVlanAction(0x8100),
        3 => new SetFieldAction(Fields.EthSrc, Mac().Value),
        4 => new LoadAction(new(Fields.Reg[random.Next(8)], 0, 16), U16()),
        5 => new SetQueueAction(U16()),
        6 => new CtClearAction(),
        7 => new NoteAction([1, 2, 3, 4, 5, 6]),
        _ => new OutputAction(Port()),
    };

    private Group Group() => new(U16(), GroupType.All, Many(3, () => new Bucket(Actions()) { WatchPort = uint.MaxValue, WatchGroup = uint.MaxValue }));

    private Meter Meter() => new((uint)random.Next(1, 60_000), Maybe() ? MeterFlags.Kbps : MeterFlags.Pps | MeterFlags.Burst, Many(2, () => Maybe() ? new MeterBand(MeterBandType.Drop, U32() >> 1, U16()) : new(MeterBandType.DscpRemark, U32() >> 1, U16(), (byte)random.Next(64))));

    private PortDesc Desc() => new(Port(), Mac(), "eth" + random.Next(100), 0, Maybe() ? PortState.LinkDown : 0, 0, 0, 0, 0, 0, 0);

    private byte[] Frame() => [.. Enumerable.Range(0, 12).Select(_ => (byte)(U8() & 0xfe)), 0x88, 0xb5, .. new byte[random.Next(46)]];

    private PortNumber Port() => new((uint)random.Next(1, 0xff00));

    private MacAddress Mac() => new(U64() & 0xfeff_ffff_ffff);

    private EquatableArray<T> Many<T>(int most, Func<T> one) => Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => one()).ToEquatableArray();

    private bool Maybe() => random.Next(2) == 0;

    private byte U8() => (byte)random.Next(256);

    private ushort U16() => (ushort)random.Next(65536);

    private uint U32() => (uint)random.NextInt64(1L << 32);

    private uint Nanoseconds() => random.Next(4) switch { 0 => 0, 1 => 120_000_000, 2 => 5_500_000, _ => (uint)random.Next(1_000_000_000) };

    private ulong Count() => U32();

    private ulong U64() => ((ulong)U32() << 32) | U32();
}
