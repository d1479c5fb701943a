using System.Diagnostics;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>Changes to a real Open vSwitch: all or nothing, and the events that it sends.</summary>
public sealed class ApplyTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly byte[] Frame = [.. new byte[] { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 }, .. new byte[50]];

    private readonly PrivateOvs ovs = new("00000000000000a2");
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
    public async Task Nothing_of_a_refused_change_takes_effect_and_the_refusal_names_the_rule()
    {
        var good = Rule(1, new OutputAction(new(1)));
        var bad = Rule(2, new GroupAction(77));
        var refused = await Assert.ThrowsAsync<SwitchRefusedException>(() => connection.ApplyAsync(
            new TablesChange { GroupsToAdd = [new(5, GroupType.All, [])], FlowsToAddOrModify = [good, bad] }, default));

        Assert.Contains(refused.Refusals, r => r.Error == "OFPBAC_BAD_OUT_GROUP" && r.What == $"Add {bad}");
        Assert.Contains(refused.Refusals, r => r.Error == "OFPBFC_MSG_FAILED");
        var read = await connection.ReadAsync(default);
        Assert.Empty(read.Flows);
        Assert.Empty(read.Groups);

        await connection.ApplyAsync(new TablesChange { FlowsToAddOrModify = [good] }, default);
        Assert.Single((await connection.ReadAsync(default)).Flows);
    }

    [Fact]
    public async Task An_empty_change_sends_nothing()
    {
        var before = ovs.Appctl("coverage/read-counter", "vconn_received");
        await connection.ApplyAsync(new TablesChange(), default);
        Assert.Equal(before, ovs.Appctl("coverage/read-counter", "vconn_received"));
    }

    [Fact]
    public async Task Flows_are_deleted_by_their_exact_key()
    {
        var broad = Rule(1, new OutputAction(new(1)));
        var narrow = broad with { Key = new(0, 1, Match.Of(new FieldMatch(Fields.InPort, 1))) };
        await connection.ApplyAsync(new TablesChange { FlowsToAddOrModify = [broad, narrow] }, default);
        await connection.ApplyAsync(new TablesChange { FlowsToDeleteStrict = [broad.Key] }, default);

        Assert.Equal(FlowNormal.Of(narrow), Assert.Single((await connection.ReadAsync(default)).Flows));
    }

    [Fact]
    public async Task Counters_tell_what_a_flow_has_seen()
    {
        var rule = Rule(1, new OutputAction(new(2))) with { Cookie = 0xd3c9_0001_0000_0007 };
        await connection.ApplyAsync(new TablesChange { FlowsToAddOrModify = [rule, Rule(0) with { Cookie = 5 }] }, default);
        Assert.True(connection.TrySendPacket(new(1), [new OutputAction(PortNumber.Table)], Frame));
        await connection.BarrierAsync(default);

        var since = Stopwatch.StartNew();
        FlowStats stats;
        do
        {
            stats = Assert.Single(await connection.ReadFlowStatsAsync(new FlowFilter(Cookie: 0xd3c9_0000_0000_0000, CookieMask: 0xffff_0000_0000_0000), default));
        }
        while (stats.Packets == 0 && since.Elapsed < TimeSpan.FromSeconds(10));

        Assert.Equal((rule.Key, 1ul, (ulong)Frame.Length), (stats.Key, stats.Packets, stats.Bytes));
    }

    [Fact]
    public async Task Packets_removed_flows_and_port_changes_are_told()
    {
        await connection.ApplyAsync(
            new TablesChange { FlowsToAddOrModify = [Rule(1, new ControllerAction(UserData: [1])) with { Flags = FlowFlags.SendFlowRemoved, Cookie = 77 }] }, default);
        Assert.True(connection.TrySendPacket(new(3), [new OutputAction(PortNumber.Table)], Frame));
        var packet = await switches.Packets.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((new FieldMatch(Fields.InPort, 3), 77ul), (packet.Match.Find(Fields.InPort), packet.Cookie));
        Assert.Equal(Frame, packet.Data);

        await connection.ApplyAsync(new TablesChange { FlowsToDeleteStrict = [new(0, 1, Match.All)] }, default);
        var removed = await switches.Removed.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((new FlowKey(0, 1, Match.All), 77ul, FlowRemovedReason.Delete), (removed.Key, removed.Cookie, removed.Reason));

        ovs.Vsctl("add-port", "br0", "p9", "--", "set", "interface", "p9", "type=dummy", "ofport_request=9");
        PortStatus status;
        do
        {
            status = await switches.PortChanges.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        }
        while (status.Port.Name != "p9");

        Assert.Equal(new PortNumber(9), status.Port.Number);
        Assert.Equal("p9", connection.Ports[new(9)].Name);
    }

    [Fact]
    public async Task A_stale_generation_id_is_refused()
    {
        Assert.Equal(ControllerRole.Master, (await connection.RequestRoleAsync(ControllerRole.Master, 10, default)).Role);
        var refused = await Assert.ThrowsAsync<SwitchRefusedException>(() => connection.RequestRoleAsync(ControllerRole.Slave, 9, default));
        Assert.Equal(((ushort)11, (ushort)0, "OFPRRFC_STALE"), (refused.Refusals[0].Type, refused.Refusals[0].Code, refused.Refusals[0].Error));
    }

    [Fact]
    public async Task Tables_and_features_of_the_switch_can_be_read_as_messages()
    {
        Assert.Equal(254, (await connection.AskAsync<TableStatsReply>(new AskAll(MultipartType.Table), default)).Sum(t => t.Tables.Count));
        Assert.Equal(4, (await connection.AskAsync<PortStatsReply>(new PortStatsRequest(PortNumber.Any), default)).Sum(t => t.Ports.Count));
        Assert.NotEqual(0u, (await connection.AskAsync<MeterFeatures>(new AskAll(MultipartType.MeterFeatures), default))[0].MaxMeters);
        Assert.Equal(0u, (await connection.AskAsync<AggregateReply>(new AggregateRequest(new(Match.All)), default))[0].Flows);
    }

    [Fact]
    public async Task Features_of_tables_and_groups_are_those_that_ovs_ofctl_shows()
    {
        var tables = (await connection.AskAsync<TableFeatures>(new TableFeatures([]), default)).SelectMany(f => f.Tables).ToEquatableArray();
        Assert.Equal(254, tables.Count);
        Assert.Equal(OfpPrint.OneLine(ovs.Ofctl("dump-table-features")), Told(new TableFeatures(tables)));

        var first = tables[0].Properties;
        Assert.Equal(Enumerable.Range(1, 6), Of<TableInstructions>(TablePropertyType.Instructions).Ids.Select(i => (int)i.Type).Order());
        Assert.Equal(Enumerable.Range(1, 253), Of<NextTables>(TablePropertyType.NextTables).Tables.Select(t => (int)t));
        Assert.Equal([0, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25], Of<TableActions>(TablePropertyType.ApplyActionsMiss).Ids.Select(i => (int)i.Type));
        var matched = Of<TableFields>(TablePropertyType.Match).Ids.ToHashSet();
        Assert.All(Fields.All.Except([Fields.InPhyPort, Fields.PbbIsid, Fields.Ipv6Exthdr]), f => Assert.True(matched.Contains(OxmId.Of(f)) || matched.Contains(OxmId.Of(f, hasMask: true)), f.Name));
        var settable = Of<TableFields>(TablePropertyType.WriteSetField).Ids.Select(i => i.Field).Where(f => f is not null).ToHashSet();
        Assert.Equal(Fields.All.Where(f => f.IsWritable && f != Fields.PbbIsid).Select(f => f.Name).Order(), settable.Select(f => f!.Name).Order());

        var groups = (await connection.AskAsync<GroupFeatures>(new AskAll(MultipartType.GroupFeatures), default))[0];
        Assert.Equal(0xfu, groups.Types);
        Assert.Equal(WithoutHead(ovs.Ofctl("dump-group-features")), Told(groups));

        T Of<T>(TablePropertyType type)
            where T : TableProperty => first.OfType<T>().Single(p => p.Type == type);

        static string Told(MultipartBody body) => WithoutHead(OfText.Of(new(OfHeader.Version13, OfType.MultipartReply, OfHeader.Size, 1), new MultipartReply(body)));

        static string WithoutHead(string text) => OfpPrint.OneLine(text[(text.IndexOf("):", StringComparison.Ordinal) + 2)..].TrimStart());
    }

    [Fact]
    public async Task A_switch_that_stops_is_told_and_its_requests_fail()
    {
        ovs.Vsctl("del-controller", "br0");
        Assert.NotEmpty(await switches.Gone.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
        await Assert.ThrowsAsync<SwitchGoneException>(() => connection.ReadAsync(default));
        Assert.True(connection.Lifetime.IsCancellationRequested);
    }

    [Fact]
    public async Task Fifty_thousand_flows_go_in_as_one_change_and_come_back()
    {
        var rules = Enumerable.Range(0, 50_000).Select(i => new FlowRule(new(45, 100, Match.Of(new FieldMatch(Fields.Metadata, (ulong)(i % 100)), new FieldMatch(Fields.EthDst, (ulong)i))), 1)
        {
            Apply = [new SetFieldAction(Fields.Reg[2], (ulong)i), new ResubmitAction(null, 78)],
        }).ToEquatableArray();
        var clock = Stopwatch.StartNew();
        await connection.ApplyAsync(new TablesChange { FlowsToAddOrModify = rules }, default);
        var applied = clock.Elapsed;
        clock.Restart();
        var read = await connection.ReadAsync(default);
        var readIn = clock.Elapsed;

        output.WriteLine($"50,000 flows: applied in {applied.TotalMilliseconds:0} ms ({50_000 / applied.TotalSeconds:0}/s), read in {readIn.TotalMilliseconds:0} ms");
        Assert.Equal(rules.ToHashSet(), read.Flows.ToHashSet());
        Assert.True(applied < TimeSpan.FromSeconds(10), $"{applied}");
    }

    private static FlowRule Rule(ushort priority, params FlowAction[] actions) => new(new(0, priority, Match.All), 1) { Apply = [.. actions] };
}
