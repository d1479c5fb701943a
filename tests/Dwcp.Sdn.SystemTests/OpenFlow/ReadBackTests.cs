using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>What Open vSwitch gives back of a rule equals, in normal form, what it was sent.</summary>
public sealed class ReadBackTests : IAsyncLifetime
{
    private readonly PrivateOvs ovs = new("00000000000000a1");
    private readonly Switches switches = new();
    private SwitchConnection connection = null!;

    public async Task InitializeAsync()
    {
        ovs.Vsctl("set-controller", "br0", $"tcp:127.0.0.1:{switches.Port}");
        connection = await switches.NextAsync();
    }

    public async Task DisposeAsync()
    {
        await switches.DisposeAsync();
        ovs.Dispose();
    }

    [Fact]
    public void Identity_ports_and_addresses_of_the_switch_are_known()
    {
        Assert.Equal(new DatapathId(0xa1), connection.Id);
        Assert.Equal("Open vSwitch", connection.Description.Hardware);
        Assert.Equal(["br0", "p1", "p2", "p3"], connection.Ports.Values.Select(p => p.Name).Order());
        Assert.Equal(switches.Port, connection.Local.Port);
    }

    [Fact]
    public async Task Every_field_that_the_switch_matches_comes_back_as_it_was_sent()
    {
        var (taken, refused) = await OneByOneAsync(Fields.All.Where(f => f != Fields.InPort16).SelectMany(RulesMatching)); // The switch answers with in_port.

        Assert.Equal(
            [
                "dp_hash OFPBRC_EPERM", "in_phy_port OFPBMC_BAD_FIELD", "ipv6_exthdr OFPBMC_BAD_FIELD", "nsh_mdtype OFPBMC_BAD_VALUE", "pbb_isid OFPBMC_BAD_FIELD",
                "recirc_id OFPBRC_EPERM",
            ],
            refused.Select(r => $"{r.Rule.Match.Fields[^1].Field} {r.Error}").Distinct().Order());
        await AssertReadBackAsync(taken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_action_comes_back_as_it_was_sent(bool inNormalForm)
    {
        var rules = Actions().Select((a, i) => Rule((ushort)(1000 + i), Prerequisites(a)) with { Apply = [a] });
        var (taken, refused) = await OneByOneAsync(inNormalForm ? rules.Select(FlowNormal.Of) : rules);

        // ct_mark and ct_label are set inside ct() alone; Open vSwitch has neither PBB nor a copy of the TTL.
        List<string> expected =
        [
            "copy_ttl_in OFPBAC_BAD_TYPE", "copy_ttl_out OFPBAC_BAD_TYPE", "pop_pbb OFPBAC_BAD_TYPE", "push_pbb:0x88e7 OFPBAC_BAD_TYPE",
            "set_field:0x5a5a->ct_label OFPBAC_BAD_SET_ARGUMENT", "set_field:0x5a5a->ct_mark OFPBAC_BAD_SET_ARGUMENT",
        ];
        if (!inNormalForm)
        {
            expected.Add("set_field:2->in_port OFPBAC_BAD_SET_ARGUMENT");
        }

        Assert.Equal(expected, refused.Select(r => $"{r.Rule.ActionText} {r.Error}").Order());
        await AssertReadBackAsync(taken);
    }

    [Fact]
    public async Task Actions_over_tunnel_metadata_come_back_as_they_were_sent()
    {
        ovs.Ofctl("add-tlv-map", "{class=0xffff,type=0,len=4}->tun_metadata0,{class=0xffff,type=1,len=8}->tun_metadata1,{class=0xffff,type=2,len=124}->tun_metadata2");
        Field four = Fields.TunMetadata(0, 4), eight = Fields.TunMetadata(1, 8), all = Fields.TunMetadata(2, TunMetadata.MostOctets);
        List<FlowAction> actions =
        [
            new MoveAction(four, Fields.Reg[1]), new MoveAction(Fields.Reg[1], new FieldBits(eight, 8, 32)), new MoveAction(all, all),
            new LoadAction(four, 5), new LoadAction(new FieldBits(four, 4, 8), 5), new LoadAction(eight, ulong.MaxValue), new LoadAction(new FieldBits(all, 900, 60), 7),
            new SetTunMetadataAction(0, [0, 0, 1, 2]), new SetTunMetadataAction(0, [9]), new SetTunMetadataAction(1, [0, 0, 0, 0, 0, 0, 1, 5], [0, 0, 0, 0, 0, 0, 0x0f, 0xff]),
            new SetTunMetadataAction(2, [1, .. new byte[TunMetadata.MostOctets - 1]]),
            new PushAction(new FieldBits(four, 0, 16)), new PopAction(new FieldBits(eight, 16, 16)), new OutputFieldAction(new FieldBits(four, 0, 16)), new DeleteFieldAction(four),
            new CheckLargerAction(1500, new(eight, 3, 1)), new MultipathAction(1, 50, 0, 3, 0, new FieldBits(four, 0, 8)), new BundleAction(1, 0, 7, [new(1)], new FieldBits(four, 0, 16)),
            new LearnAction(10, [new(LearnTo.Match, 32, four, [], four), new(LearnTo.Load, 8, null, [0, 5], new FieldBits(eight, 0, 8))]),
        ];
        var (taken, refused) = await OneByOneAsync(actions.Select((a, i) => Rule((ushort)(1 + i), Match.All) with { Apply = [a] }));

        Assert.Empty(refused);
        await AssertReadBackAsync(taken);
    }

    [Fact]
    public async Task Every_instruction_timeout_and_flag_comes_back_as_it_was_sent()
    {
        await connection.ApplyAsync(new TablesChange { MetersToAdd = [new(1, MeterFlags.Pps, [new(MeterBandType.Drop, 10, 0)])] }, default);
        var rule = Rule(1, Match.All);
        List<FlowRule> rules =
        [
            rule,
            rule with { Key = rule.Key with { Priority = 2 }, Apply = [new OutputAction(new(1)), new LoadAction(new FieldBits(Fields.Reg[2], 3, 4), 9)] },
            rule with { Key = rule.Key with { Priority = 3 }, Clear = true, Write = [new OutputAction(new(2))] },
            rule with { Key = rule.Key with { Priority = 4 }, Meter = 1, Apply = [new OutputAction(new(3))], Metadata = new(0x7f, 0xff), Goto = 9 },
            rule with { Key = rule.Key with { Priority = 5 }, Metadata = new(ulong.MaxValue, ulong.MaxValue), Goto = 253 },
            rule with { Key = rule.Key with { Priority = 6, Table = 200 }, Goto = 201 },
            rule with { Key = rule.Key with { Priority = 7 }, IdleTimeout = 100, HardTimeout = 200, Flags = FlowFlags.SendFlowRemoved | FlowFlags.NoByteCounts | FlowFlags.NoPacketCounts },
            rule with { Key = rule.Key with { Priority = 8 }, Flags = FlowFlags.CheckOverlap | FlowFlags.ResetCounts },
            Rule(9, Match.Of(new FieldMatch(Fields.EthType, 0x800), new FieldMatch(Fields.Ipv4Dst, 0x0a010203, 0xffff_ff00))),
            Rule(10, Match.Of(new FieldMatch(Fields.XxReg[0], 5), new FieldMatch(Fields.VlanTci, 0))),
        ];
        await connection.ApplyAsync(new TablesChange { FlowsToAddOrModify = rules.ToEquatableArray() }, default);

        await AssertReadBackAsync(rules);
    }

    [Fact]
    public async Task Groups_and_meters_come_back_as_they_were_sent()
    {
        EquatableArray<Group> groups =
        [
            new(1, GroupType.All, [new([new OutputAction(new(1))]), new([new ResubmitAction(null, 78), new SetFieldAction(Fields.Reg[2], 7)])]),
            new(2, GroupType.Select, [new([new OutputAction(new(2))]) { Weight = 50 }, new([new OutputAction(new(3))]) { Weight = 100 }]),
            new(3, GroupType.Indirect, [new([new GroupAction(1)])]),
            new(4, GroupType.FastFailover, [new([new OutputAction(new(1))]) { WatchPort = 1 }, new([new OutputAction(new(2))]) { WatchGroup = 1 }]),
            new(5, GroupType.All, []),
        ];
        EquatableArray<Meter> meters =
        [
            new(1, MeterFlags.Pps, [new(MeterBandType.Drop, 100, 0)]),
            new(2, MeterFlags.Kbps | MeterFlags.Burst | MeterFlags.Stats, [new(MeterBandType.Drop, 10_000, 500)]),
            new(Meter.Controller, MeterFlags.Pps | MeterFlags.Burst, [new(MeterBandType.Drop, 1000, 1000)]),
            new(Meter.Slowpath, MeterFlags.Pps, [new(MeterBandType.Drop, 1000, 0)]),
        ];
        await connection.ApplyAsync(new TablesChange { MetersToAdd = meters, GroupsToAdd = groups }, default);
        var read = await connection.ReadAsync(default);

        Assert.Equal(groups.Select(FlowNormal.Of), read.Groups.OrderBy(g => g.Id));
        Assert.Equal(meters.Select(FlowNormal.Of).OrderBy(m => m.Id), read.Meters.OrderBy(m => m.Id));

        var changed = groups[1] with { Buckets = [new([new OutputAction(new(3))]) { Weight = 1 }] };
        await connection.ApplyAsync(
            new TablesChange { GroupsToModify = [changed], GroupsToDelete = [3, 4], MetersToModify = [meters[0] with { Bands = [new(MeterBandType.Drop, 5, 0)] }], MetersToDelete = [2] },
            default);
        read = await connection.ReadAsync(default);

        Assert.Equal([1u, 2u, 5u], read.Groups.Select(g => g.Id).Order());
        Assert.Contains(FlowNormal.Of(changed), read.Groups);
        Assert.DoesNotContain(read.Meters, m => m.Id == 2);
        Assert.Contains(read.Meters, m => m.Id == 1 && m.Bands[0].Rate == 5);
    }

    private async Task<(List<FlowRule> Taken, List<(FlowRule Rule, string Error)> Refused)> OneByOneAsync(IEnumerable<FlowRule> rules)
    {
        List<FlowRule> taken = [];
        List<(FlowRule, string)> refused = [];
        foreach (var rule in rules)
        {
            try
            {
                await connection.ApplyAsync(new TablesChange { FlowsToAddOrModify = [rule] }, default);
                taken.Add(rule);
            }
            catch (SwitchRefusedException e)
            {
                refused.Add((rule, e.Refusals[0].Error));
            }
        }

        return (taken, refused);
    }

    private async Task AssertReadBackAsync(IEnumerable<FlowRule> sent)
    {
        var wanted = sent.Select(FlowNormal.Of).OrderBy(r => r.Priority).ToList();
        var actual = (await connection.ReadAsync(default)).Flows.OrderBy(r => r.Priority).ToList();
        Assert.Equal(wanted.Select(r => r.ToString()), actual.Select(r => r.ToString()));
        Assert.Equal(wanted, actual);
    }

    private static FlowRule Rule(ushort priority, Match match) => new(new(0, priority, match), 0xd3c9_0001_0000_0000 | priority);

    /// <summary>The field exactly, and with a mask where it takes one.</summary>
    private static IEnumerable<FlowRule> RulesMatching(Field field)
    {
        var before = FieldSamples.Before(field);
        var (value, mask) = FieldSamples.Of(field);
        yield return Rule((ushort)(2 * field.Index), before.With(field, value, mask));
        if (field.Mask == FieldMask.Any && mask is null)
        {
            yield return Rule((ushort)((2 * field.Index) + 1), before.With(field, value & ~(UInt128)3, field.Ones & ~(UInt128)3));
        }
    }

    internal static Match Prerequisites(FlowAction action) => action switch
    {
        SetFieldAction a => a.Field == Fields.VlanVid ? FieldSamples.Before(Fields.VlanPcp) : FieldSamples.Before(a.Field),
        LoadAction a => FieldSamples.Before(a.Target.Field),
        MoveAction a => FieldSamples.Before(a.From.Field),
        FinTimeoutAction => Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4), new FieldMatch(Fields.IpProto, 6)),
        ConntrackAction or DecTtlForAction or DecTtlAction or SetTtlAction => Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4)),
        DecMplsTtlAction or SetMplsTtlAction or PopMplsAction => Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Mpls)),
        PopVlanAction => Match.Of(new FieldMatch(Fields.VlanVid, 0x1005)),
        _ => Match.All,
    };

    internal static IEnumerable<FlowAction> Actions()
    {
        foreach (var port in new[] { new PortNumber(2), PortNumber.InPort, PortNumber.Normal, PortNumber.Flood, PortNumber.All, PortNumber.Local, PortNumber.Controller })
        {
            yield return new OutputAction(port);
        }

        yield return new OutputAction(PortNumber.Controller, 100);
        yield return new OutputFieldAction(Fields.Reg[5]);
        yield return new OutputFieldAction(new FieldBits(Fields.Reg[5], 0, 16), 200);
        foreach (var field in Fields.All.Where(f => f.IsWritable && f != Fields.PbbIsid))
        {
            yield return new SetFieldAction(field, FieldSamples.Of(field).Value);
        }

        yield return new SetFieldAction(Fields.Reg[3], 0x50, 0xf0);
        yield return new SetFieldAction(Fields.Reg[3], 0x50, 0xf0f0);
        yield return new SetFieldAction(Fields.EthDst, 0x0100_0000_0000, 0x0100_0000_0000);
        yield return new SetFieldAction(Fields.Ipv6Dst, 1, ulong.MaxValue);
        yield return new SetFieldAction(Fields.XxReg[1], (UInt128)1 << 100, UInt128.MaxValue << 64);
        yield return new SetFieldAction(Fields.Metadata, 7, 0xffff_ffff);
        yield return new LoadAction(Fields.Reg[1], 5);
        yield return new LoadAction(new FieldBits(Fields.Reg[1], 4, 8), 5);
        yield return new LoadAction(Fields.ArpOp, 2);
        yield return new LoadAction(Fields.InPort, 0);
        yield return new LoadAction(new FieldBits(Fields.Metadata, 32, 32), 9);
        yield return new MoveAction(Fields.Reg[4], new FieldBits(Fields.TunnelId, 0, 32));
        yield return new MoveAction(Fields.EthSrc, Fields.EthDst);
        yield return new MoveAction(Fields.ArpSpa, Fields.ArpTpa);
        yield return new ResubmitAction(null, 5);
        yield return new ResubmitAction(new PortNumber(2), null);
        yield return new ResubmitAction(new PortNumber(2), 7);
        yield return new ResubmitAction(PortNumber.Local, 7);
        yield return new PushVlanAction();
        yield return new PushVlanAction(EtherTypes.QinQ);
        yield return new PopVlanAction();
        yield return new SetQueueAction(3);
        yield return new DecTtlAction();
        yield return new SetTtlAction(9);
        yield return new CopyTtlInAction();
        yield return new CopyTtlOutAction();
        yield return new SetMplsTtlAction(4);
        yield return new DecMplsTtlAction();
        yield return new PushMplsAction();
        yield return new PopMplsAction(EtherTypes.Ipv4);
        yield return new PushPbbAction();
        yield return new PopPbbAction();
        yield return new ControllerAction();
        yield return new ControllerAction(100, 3, 0, [1, 2, 3]);
        yield return new ControllerAction(UserData: [9], Pause: true);
        yield return new ControllerAction(UserData: [1, 2, 3, 4, 5], Meter: 7);
        yield return new CloneAction([new LoadAction(Fields.Reg[0], 1), new OutputAction(new PortNumber(1)), new CloneAction([new OutputAction(new PortNumber(2))])]);
        yield return new ConjunctionAction(1, 1, 2);
        yield return new ConntrackAction(new(0, new FieldBits(Fields.Reg[6], 0, 16)), 21);
        yield return new ConntrackAction(new(5), Actions: [new NatAction(NatFlags.Destination | NatFlags.Random, IpAddress.V4(0x0a000001), IpAddress.V4(0x0a000009), 80, 90), new SetFieldAction(Fields.CtMark, 1)]) { Commit = true, Force = true };
        yield return new CtClearAction();
        yield return new NoteAction([1, 2, 3, 4, 5, 6]);
        yield return new ExitAction();
        yield return new DecTtlForAction([3, 9]);
        yield return new FinTimeoutAction(5, 9);
        yield return new MultipathAction(1, 50, 0, 3, 0, new FieldBits(Fields.Reg[0], 0, 8));
        yield return new BundleAction(0, 1, 0, [new(1), new(2)]);
        yield return new BundleAction(1, 0, 7, [new(1), new(2)], new FieldBits(Fields.Reg[1], 0, 16));
        yield return new PushAction(new FieldBits(Fields.Reg[1], 0, 16));
        yield return new PopAction(new FieldBits(Fields.Reg[2], 0, 16));
        yield return new SampleAction(100, 1, 2, 3);
        yield return new SampleAction(100, 1, 2, 3, new PortNumber(1), SampleDirection.Egress);
        yield return new OutputTruncatedAction(new(2), 64);
        yield return new CheckLargerAction(1500, new FieldBits(Fields.Reg[0], 3, 1));
        yield return new ControllerIdAction(64, 5, 1);
        yield return new PopQueueAction();
        yield return new LearnAction(10, [new(LearnTo.Match, 48, Fields.EthSrc, [], Fields.EthDst), new(LearnTo.Output, 32, Fields.Reg[5], [], null)])
        {
            IdleTimeout = 60,
            Priority = 7,
            Cookie = 9,
            Limit = 5,
            Result = new FieldBits(Fields.Reg[0], 4, 1),
            Flags = LearnFlags.WriteResult,
        };
    }
}
