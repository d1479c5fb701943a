using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>Random messages of every kind that Open vSwitch reads to their end: matches have their prerequisites, and numbers a meaning.</summary>
internal sealed class PlausibleMessages(int seed)
{
    public const int Kinds = 30;

    private readonly Random random = new(seed);

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
        _ => new BundleAdd(U32(), (BundleFlags)random.Next(4), (uint)seed, new FlowMod(FlowModCommand.Add, Rule())),
    };

    private static MultipartReply Reply(MultipartBody body) => new(body);

    private PacketIn PacketIn(uint buffer)
    {
        var frame = Frame();
        return new(buffer, (ushort)frame.Length, (PacketInReason)random.Next(3), U8(), U64(), Core.Flows.Match.Of(new FieldMatch(Fields.InPort, Port().Value)), [.. frame]);
    }

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

    private EquatableArray<FlowAction> Actions() => Many(3, () => random.Next(9) switch
    {
        0 => new ResubmitAction(null, (byte)random.Next(254)),
        1 => new GroupAction(U16()),
        2 => new PushVlanAction(0x8100),
        3 => new SetFieldAction(Fields.EthSrc, Mac().Value),
        4 => new LoadAction(new(Fields.Reg[random.Next(8)], 0, 16), U16()),
        5 => new SetQueueAction(U16()),
        6 => new CtClearAction(),
        7 => new NoteAction([1, 2, 3, 4, 5, 6]),
        _ => (FlowAction)new OutputAction(Port()),
    });

    private Group Group() => new(U16(), GroupType.All, Many(3, () => new Bucket(Actions()) { WatchPort = uint.MaxValue, WatchGroup = uint.MaxValue }));

    private Meter Meter() => new((uint)random.Next(1, 60_000), Maybe() ? MeterFlags.Kbps : MeterFlags.Pps | MeterFlags.Burst, Many(2, () => new MeterBand(MeterBandType.Drop, U32() >> 1, U16(), 0)));

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
