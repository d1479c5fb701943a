using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline.Interpreting;

namespace Dwcp.Sdn.Tests.Pipeline;

public class SoftwareTablesTests
{
    private static readonly PortNumber In = new(1);
    private static readonly MacAddress A = new(0x0200_0000_000a);
    private static readonly MacAddress B = new(0x0200_0000_000b);
    private static readonly byte[] Frame = Frames.Udp(B, A, IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2"));

    private readonly SoftwareTables tables = new();

    [Fact]
    public void The_flow_of_the_highest_priority_that_matches_decides()
    {
        Add(0, 1, Match.All, Out(1001));
        Add(0, 50, Match.Of(new FieldMatch(Fields.EthDst, B.Value)), Out(1002));
        Add(0, 60, Match.Of(new FieldMatch(Fields.EthDst, A.Value)), Out(1003));
        Add(0, 55, Match.Of(new FieldMatch(Fields.EthDst, 0, 0xff)), Out(1004));
        Assert.Equal([1002u], Ports());

        Add(0, 70, Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4), new FieldMatch(Fields.Ipv4Src, 0x0a00_0000, 0xff00_0000)), Out(1005));
        Assert.Equal([1005u], Ports());

        Do(new FlowMod(FlowCommand.DeleteStrict, new FlowRule(new FlowKey(0, 70, Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4), new FieldMatch(Fields.Ipv4Src, 0x0a00_0000, 0xff00_0000))), 0)));
        Assert.Equal([1002u], Ports());
    }

    [Fact]
    public void A_bundle_takes_effect_whole_or_not_at_all()
    {
        Do(new GroupMod(TableCommand.Add, new Group(1, GroupType.All, [])));
        Add(0, 1, Match.All, new GroupAction(1));
        var before = tables.Read();

        var refused = tables.ApplyBundle(
        [
            new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(0, 1, Match.All), 7)),
            new FlowMod(FlowCommand.Modify, new FlowRule(new FlowKey(0, 0, Match.All), 0) { Apply = [Out(3)] }),
            new GroupMod(TableCommand.Modify, new Group(1, GroupType.All, [new Bucket([Out(4)])])),
            new GroupMod(TableCommand.Delete, new Group(1, GroupType.All, [])),
            new GroupMod(TableCommand.Add, new Group(2, GroupType.All, [])),
            new GroupMod(TableCommand.Add, new Group(2, GroupType.All, [])),
        ]);

        Assert.Equal(ModError.GroupExists, refused?.Error);
        Assert.Equal(before, tables.Read());
        Assert.Equal([], Ports());
    }

    [Fact]
    public void What_is_refused_is_refused_with_the_standards_error()
    {
        FlowRule Rule(params FlowAction[] actions) => new(new FlowKey(5, 1, Match.All), 0) { Apply = [.. actions] };

        AssertRefused(ModError.BadOutGroup, Rule(new GroupAction(9)));
        AssertRefused(ModError.UnknownMeter, Rule() with { Meter = 9 });
        AssertRefused(ModError.BadTable, Rule() with { Goto = 5 });
        AssertRefused(ModError.BadTable, Rule() with { Goto = 4 });
        AssertRefused(ModError.BadPrerequisite, Rule() with { Key = new FlowKey(0, 1, Match.Of(new FieldMatch(Fields.UdpSrc, 67))) });
        AssertRefused(ModError.BadField, Rule() with { Key = new FlowKey(0, 1, Match.Of([], [1, 2, 3, 4, 5])) });
        AssertRefused(ModError.BadSetArgument, Rule(new SetFieldAction(Fields.EthType, 1)));
        Assert.Equal(ModError.UnknownGroup, tables.Apply(new GroupMod(TableCommand.Modify, new Group(9, GroupType.All, [])))?.Error);
        Assert.Equal(ModError.UnknownMeter, tables.Apply(new MeterMod(TableCommand.Modify, new Meter(9, MeterFlags.Pps, [])))?.Error);
        Assert.Equal(ModError.InvalidMeter, tables.Apply(new MeterMod(TableCommand.Add, new Meter(0, MeterFlags.Pps, [])))?.Error);
        Assert.Empty(tables.Flows);
    }

    [Fact]
    public void Groups_do_not_lead_in_a_circle()
    {
        Do(new GroupMod(TableCommand.Add, new Group(1, GroupType.All, [])));
        Do(new GroupMod(TableCommand.Add, new Group(2, GroupType.All, [new Bucket([new GroupAction(1)])])));

        var refused = tables.Apply(new GroupMod(TableCommand.Modify, new Group(1, GroupType.All, [new Bucket([new GroupAction(2)])])));

        Assert.Equal(ModError.GroupLoop, refused?.Error);
        Assert.Empty(tables.Groups[1].Buckets);
    }

    [Fact]
    public void Overlap_is_looked_for_when_asked()
    {
        var flow = new FlowRule(new FlowKey(0, 5, Match.Of(new FieldMatch(Fields.EthDst, A.Value))), 0);
        var overlapping = flow with { Key = flow.Key with { Match = Match.Of(new FieldMatch(Fields.EthSrc, B.Value)) }, Flags = FlowFlags.CheckOverlap };
        var apart = flow with { Key = flow.Key with { Match = Match.Of(new FieldMatch(Fields.EthDst, B.Value)) }, Flags = FlowFlags.CheckOverlap };
        Do(new FlowMod(FlowCommand.Add, flow));

        AssertRefused(ModError.Overlap, overlapping);
        Do(new FlowMod(FlowCommand.Add, apart));
        Do(new FlowMod(FlowCommand.Add, flow with { Flags = FlowFlags.CheckOverlap }));
    }

    [Fact]
    public void Deleting_a_group_or_a_meter_deletes_the_flows_that_use_it()
    {
        Do(new GroupMod(TableCommand.Add, new Group(1, GroupType.All, [])));
        Do(new MeterMod(TableCommand.Add, new Meter(1, MeterFlags.Pps, [])));
        Add(0, 1, Match.All, new GroupAction(1));
        Add(1, 1, Match.All, new CloneAction([new GroupAction(1)]));
        Do(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(2, 1, Match.All), 0) { Meter = 1 }));
        Add(3, 1, Match.All, Out(1));

        Do(new GroupMod(TableCommand.Delete, new Group(1, GroupType.All, [])));
        Assert.Equal([2, 3], tables.Flows.Keys.Select(k => (int)k.Table).Order());
        Do(new MeterMod(TableCommand.Delete, new Meter(1, MeterFlags.Pps, [])));
        Assert.Equal([3], tables.Flows.Keys.Select(k => (int)k.Table));
    }

    [Fact]
    public void Modify_keeps_cookie_and_counters_and_add_starts_anew()
    {
        var flow = new FlowRule(new FlowKey(0, 1, Match.All), 7) { Apply = [Out(1001)] };
        Do(new FlowMod(FlowCommand.Add, flow));
        Ports();

        Do(new FlowMod(FlowCommand.ModifyStrict, flow with { Cookie = 8, Apply = [Out(1002)] }));
        Assert.Equal([1002u], Ports());
        Assert.Equal((7ul, 2ul), (tables.Flows[flow.Key].Rule.Cookie, tables.Flows[flow.Key].Packets));

        Do(new FlowMod(FlowCommand.Add, flow with { Cookie = 8 }));
        Assert.Equal((8ul, 0ul), (tables.Flows[flow.Key].Rule.Cookie, tables.Flows[flow.Key].Packets));
    }

    [Fact]
    public void Delete_selects_by_match_table_cookie_and_group()
    {
        Do(new GroupMod(TableCommand.Add, new Group(1, GroupType.All, [])));
        var toB = Match.Of(new FieldMatch(Fields.EthDst, B.Value));
        Add(0, 1, toB, Out(1));
        Add(0, 2, Match.All, new GroupAction(1));
        Add(1, 1, toB.With(Fields.EthSrc, A.Value), Out(1), cookie: 0x30);

        Do(new FlowMod(FlowCommand.Delete, new FlowRule(new FlowKey(0, 0, Match.All), 0), OutGroup: 1));
        Assert.Equal(2, tables.Flows.Count);
        Do(new FlowMod(FlowCommand.Delete, new FlowRule(new FlowKey(0, 0, toB), 0x20), CookieMask: 0xf0, AllTables: true));
        Assert.Equal(2, tables.Flows.Count);
        Do(new FlowMod(FlowCommand.Delete, new FlowRule(new FlowKey(0, 0, toB), 0), AllTables: true));
        Assert.Empty(tables.Flows);
    }

    [Fact]
    public void Output_to_the_in_port_is_suppressed_unless_it_is_named_so_or_forgotten()
    {
        Add(0, 1, Match.All, new OutputAction(In));
        Assert.Equal([], Ports());
        Add(0, 1, Match.All, new OutputAction(PortNumber.InPort));
        Assert.Equal([1u], Ports());
        Add(0, 1, Match.All, [new LoadAction(Fields.InPort, 0), new OutputAction(In)]);
        Assert.Equal([1u], Ports());
    }

    [Fact]
    public void A_resubmit_comes_back_and_a_clone_leaves_no_trace()
    {
        Add(0, 1, Match.All,
        [
            new CloneAction([new SetFieldAction(Fields.EthDst, 1), new OutputAction(new PortNumber(2))]),
            new ResubmitAction(new PortNumber(9), 5),
            new OutputFieldAction(Fields.Reg[3]),
            new OutputAction(new PortNumber(9)),
        ]);
        Add(5, 1, Match.Of(new FieldMatch(Fields.InPort, 9)), [new SetFieldAction(Fields.Reg[3], 7), new OutputAction(new PortNumber(9))]);

        var trace = Run();

        Assert.Equal([2u, 7u, 9u], trace.Outputs.Select(o => o.Port.Value));
        Assert.Equal(1u, (uint)new Packet(trace.Outputs[0].Frame.AsSpan(), In).Get(Fields.EthDst));
        Assert.Equal(B.Value, (ulong)trace.Final!.Get(Fields.EthDst));
    }

    [Fact]
    public void A_loop_of_resubmits_ends_and_nothing_goes_out()
    {
        Add(0, 1, Match.All, [Out(2), new ResubmitAction(null, 0)]);
        Assert.NotNull(Run().Fault);
        Assert.Empty(Run().Outputs);

        Add(0, 1, Match.All, [.. Enumerable.Repeat<FlowAction>(new ResubmitAction(null, 1), Interpreter.MaxResubmits + 1)]);
        Assert.NotNull(Run().Fault);
        Add(0, 1, Match.All, [.. Enumerable.Repeat<FlowAction>(new ResubmitAction(null, 1), Interpreter.MaxResubmits)]);
        Assert.Null(Run().Fault);
    }

    [Fact]
    public void Tunnel_metadata_is_said_to_be_unknown_and_not_taken_for_another_field()
    {
        var field = Fields.TunMetadata(5, 4);
        foreach (var action in (FlowAction[])[new MoveAction(field, Fields.Reg[0]), new MoveAction(Fields.Reg[0], field), new LoadAction(field, 1), new OutputFieldAction(field), new SetTunMetadataAction(5, [1])])
        {
            Add(0, 1, Match.All, [action]);
            Assert.Contains("does not know", Run().Fault, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Written_actions_are_done_at_the_end_in_the_order_of_a_set()
    {
        Do(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(0, 1, Match.All), 0)
        {
            Write = [new OutputAction(new PortNumber(5)), new SetFieldAction(Fields.EthDst, 1)],
            Metadata = new MetadataWrite(3, 0xff),
            Goto = 4,
        }));
        Do(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(4, 1, Match.Of(new FieldMatch(Fields.Metadata, 3))), 0) { Write = [new OutputAction(new PortNumber(6))] }));

        var trace = Run();
        Assert.Equal([6u], trace.Outputs.Select(o => o.Port.Value));
        Assert.Equal(1u, (uint)trace.Final!.Get(Fields.EthDst));

        Do(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(4, 1, Match.Of(new FieldMatch(Fields.Metadata, 3))), 0) { Clear = true }));
        Assert.Empty(Run().Outputs);
    }

    [Fact]
    public void Groups_copy_choose_and_fail_over()
    {
        Bucket To(uint port, uint watch = 0xffff_ffff) => new([Out(port)]) { Weight = 1, WatchPort = watch };
        Add(0, 1, Match.All, Out(99));
        foreach (var (type, expected) in ((GroupType, uint[])[])[(GroupType.All, [2, 3]), (GroupType.FastFailover, [3])])
        {
            Do(new GroupMod(TableCommand.Delete, new Group(1, type, [])));
            Do(new GroupMod(TableCommand.Add, new Group(1, type, [To(2, watch: type == GroupType.All ? 0xffff_ffff : 2), To(3, watch: type == GroupType.All ? 0xffff_ffff : 3)])));
            Add(0, 1, Match.All, new GroupAction(1));
            Assert.Equal(expected, new Interpreter(tables, p => p.Value != 2).Run(new Packet(Frame, In)).Outputs.Select(o => o.Port.Value));
        }

        Do(new GroupMod(TableCommand.Modify, new Group(1, GroupType.Select, [To(2), To(3)])));
        var chosen = Enumerable.Range(0, 64)
            .Select(i => Frames.Udp(B, A, IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2"), (ushort)(1000 + i)))
            .Select(f => Assert.Single(new Interpreter(tables).Run(new Packet(f, In)).Outputs).Port.Value)
            .ToList();
        Assert.Equal([2u, 3u], chosen.Distinct().Order());
        Assert.Equal(Ports(), Ports());
    }

    [Fact]
    public void A_used_up_ttl_goes_to_the_controller_and_no_further()
    {
        Do(new MeterMod(TableCommand.Add, new Meter(1, MeterFlags.Pps, [])));
        var ip = Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4));
        Do(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(0, 1, ip), 5) { Meter = 1, Apply = [new DecTtlAction(), Out(2)] }));

        var dying = new Interpreter(tables).Run(new Packet(Frames.Udp(B, A, IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2"), ttl: 1), In));
        Assert.Empty(dying.Outputs);
        var punt = Assert.Single(dying.Punts);
        Assert.Equal(((byte)2, (uint?)1, 5ul), (punt.Reason, punt.Meter, punt.Cookie));

        var alive = Assert.Single(Run().Outputs);
        Assert.True(Frames.ChecksumsAreRight(alive.Frame.AsSpan()));
        Assert.Equal(63, (int)new Packet(alive.Frame.AsSpan(), In).Get(Fields.IpTtl));
    }

    [Fact]
    public void Twenty_thousand_flows_of_one_shape_are_not_searched_one_by_one()
    {
        // Not a measurement: with a scan over the flows this would take minutes instead of a moment.
        for (var i = 0u; i < 20_000; i++)
        {
            Add(0, 1, Match.Of(new FieldMatch(Fields.EthDst, 0x0400_0000_0000ul + i)), Out(7));
        }

        Add(0, 1, Match.Of(new FieldMatch(Fields.EthDst, B.Value)), Out(8));
        for (var i = 0; i < 20_000; i++)
        {
            Assert.Equal(8u, Run().Outputs[0].Port.Value);
        }
    }

    private static OutputAction Out(uint port) => new(new PortNumber(port));

    private Trace Run() => new Interpreter(tables).Run(new Packet(Frame, In));

    private List<uint> Ports() => [.. Run().Outputs.Select(o => o.Port.Value)];

    private void Add(byte table, ushort priority, Match match, FlowAction action, ulong cookie = 0) => Add(table, priority, match, [action], cookie);

    private void Add(byte table, ushort priority, Match match, FlowAction[] actions, ulong cookie = 0) =>
        Do(new FlowMod(FlowCommand.Add, new FlowRule(new FlowKey(table, priority, match), cookie) { Apply = [.. actions] }));

    private void Do(TableMod mod) => Assert.Null(tables.Apply(mod));

    private void AssertRefused(ModError error, FlowRule rule) => Assert.Equal(error, tables.Apply(new FlowMod(FlowCommand.Add, rule))?.Error);
}
