namespace Dwcp.Sdn.SystemTests;

/// <summary>What others do to a switch by hand is put right. The alterations share a fabric: each leaves it as it was.</summary>
public sealed class RepairTests(RepairTests.Audited audited) : IClassFixture<RepairTests.Audited>
{
    private Site Site => audited.Site;

    [Theory]
    [InlineData("a foreign flow", "add-flow", "table=0,priority=7,in_port=77,actions=drop")]
    [InlineData("a flow that shadows ours", "add-flow", "table=45,priority=60000,actions=drop")]
    [InlineData("a flow with words that we do not speak", "add-flow", "table=20,priority=5,ct_state=+trk+new,ip,tcp,tcp_flags=+syn,actions=ct(commit,zone=7),learn(table=21,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])")]
    [InlineData("a flow of ours with other actions", "mod-flows", "table=85,actions=drop")]
    [InlineData("a flow of ours with another cookie", "add-flow", "cookie=0x1,table=90,priority=0,actions=drop")]
    [InlineData("our flows of a table gone", "del-flows", "table=45")]
    [InlineData("all flows gone", "del-flows")]
    [InlineData("all groups gone, and with them the flows that use them", "del-groups")]
    [InlineData("a foreign group", "add-group", "group_id=77,type=all,bucket=drop")]
    [InlineData("all meters gone, and with them the flows that use them", "del-meters")]
    [InlineData("a foreign meter", "add-meter", "meter=77,pktps,band=type=drop,rate=5")]
    public async Task What_is_altered_by_hand_is_put_right(string what, string verb, params string[] arguments)
    {
        var side = await SwitchSide.WatchAsync(Site.Lab, "h1");
        var should = await side.HoldsAsync();
        var repaired = (await Site.Api.EventsAsync("SwitchRepaired", "switches/h1")).Length;

        await side.OfctlAsync(verb, arguments);

        await Until.TrueAsync($"{what} is put right", TimeSpan.FromSeconds(30), async () => await side.HoldsAsync() == should, async () => $"{should}\n\n{await side.HoldsAsync()}\n{Site.Controller.Log}");
        await Until.TrueAsync("the repair is an event", TimeSpan.FromSeconds(30), async () => (await Site.Api.EventsAsync("SwitchRepaired", "switches/h1")).Length == repaired + 1);
        Assert.Equal(0, (await Site.Lab.PingAsync("b1", "10.1.0.12")).Lost);
    }

    [Fact]
    public async Task Altered_groups_and_meters_are_put_right()
    {
        var side = await SwitchSide.WatchAsync(Site.Lab, "h1");
        var should = await side.HoldsAsync();
        var group = should.Split('\n').First(l => l.StartsWith("group_id=", StringComparison.Ordinal) && l.Contains("bucket=", StringComparison.Ordinal)).Split(',')[0];
        var meter = should.Split('\n').First(l => l.StartsWith("meter=", StringComparison.Ordinal)).Split(' ')[0];

        await side.OfctlAsync("mod-group", $"{group},type=all,bucket=drop");
        await side.OfctlAsync("mod-meter", $"{meter},pktps,band=type=drop,rate=1");

        // Groups come in bundles, meters cannot.
        await Until.TrueAsync("both are put right", TimeSpan.FromSeconds(30), async () => Sent(side, "BUNDLE_ADD_MESSAGE") && Sent(side, "METER_MOD") && await side.HoldsAsync() == should, async () => $"{should}\n\n{await side.HoldsAsync()}\n{Site.Controller.Log}");
    }

    [Fact]
    public async Task A_switch_that_nobody_touched_is_compared_and_left_alone()
    {
        var side = await SwitchSide.WatchAsync(Site.Lab, "h2");

        await Until.TrueAsync("the audit reads it", TimeSpan.FromSeconds(30), () => Task.FromResult(side.WasRead()));
        await Until.TrueAsync("its drops are counted", TimeSpan.FromSeconds(30), async () => await Site.Api.MetricAsync("""dwcp_drops_total{reason="unknown-port",switch="h2",table="0"}""") is not null);

        Assert.Equal(0, side.Changes());
        Assert.Empty(await Site.Api.EventsAsync("SwitchRepaired", "switches/h2"));
    }

    [Fact]
    public async Task Flows_that_nobody_asked_for_can_be_read_through_the_API_meanwhile()
    {
        var side = await SwitchSide.WatchAsync(Site.Lab, "h2");
        await side.OfctlAsync("add-flow", "table=200,priority=5,ct_state=+trk+new,tcp,tcp_flags=+syn,actions=learn(table=201,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])");
        await side.OfctlAsync("add-flow", "table=200,priority=5,ct_state=-trk,tcp,tcp_flags=+ack,actions=drop");

        var flows = (await Site.Api.GetAsync("/v1/switches/h2/flows")).Body.GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(2, flows.Count(f => f.GetProperty("table").GetInt32() == 200));
        Assert.Contains(flows, f => f.GetProperty("object").GetString() == "ports/b2");
        await side.OfctlAsync("del-flows", "table=200");
    }

    [Fact]
    public async Task A_restarted_switch_is_programmed_again()
    {
        await using var site = await TwoVmsAsync();
        var should = await (await SwitchSide.WatchAsync(site.Lab, "h1")).HoldsAsync();

        await site.Lab.RestartOvsAsync("h1");

        await site.ReachesAsync("b1", "10.1.0.12");
        await site.SettledAsync();
        Assert.Equal(should, await (await SwitchSide.WatchAsync(site.Lab, "h1")).HoldsAsync());
        Assert.Equal(2, (await site.Api.EventsAsync("SwitchConnected", "switches/h1")).Length);
    }

    [Fact]
    public async Task A_bridge_deleted_by_hand_is_made_again_and_its_VMs_are_back_when_they_are_plugged_again()
    {
        await using var site = await TwoVmsAsync();
        var should = await (await SwitchSide.WatchAsync(site.Lab, "h1")).HoldsAsync();

        await site.Lab.VsctlAsync("h1", "del-br", "br-int");
        await site.Api.WaitAsync("/v1/ports/b1", "Bound", "False NoInterface");
        await site.Lab.UnplugAsync("b1");
        await site.PlugAsync("h1", "b1", "10.1.0.11");

        await site.ReachesAsync("b1", "10.1.0.12");
        await site.ProgrammedAsync("b1", "b2");
        await site.SettledAsync();
        Assert.Equal(should, await (await SwitchSide.WatchAsync(site.Lab, "h1")).HoldsAsync());
    }

    [Fact]
    public async Task A_bridge_deleted_and_made_again_by_hand_under_the_same_datapath_id_is_programmed_whoever_connects_first()
    {
        await using var site = await TwoVmsAsync();
        var datapath = await site.Lab.VsctlAsync("h2", "get", "Bridge", "br-int", "datapath_id");
        for (var i = 0; i < 3; i++)
        {
            await site.Lab.VsctlAsync(
                "h2", "del-br", "br-int", "--", "add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=netdev", "fail_mode=secure",
                $"other-config:datapath-id={datapath.Trim('"')}", "--", "set-controller", "br-int", $"tcp:{site.Controller.OpenFlow}",
                "--", "add-port", "br-int", "b2", "--", "set", "Interface", "b2", "external_ids:iface-id=b2");
            await Task.Delay(200);
            await site.ReachesAsync("b1", "10.1.0.12");
            await site.SettledAsync();
        }
    }

    private static bool Sent(SwitchSide side, string kind) => side.Changed().Any(line => line.Contains(kind, StringComparison.Ordinal));

    private static async Task<Site> TwoVmsAsync(params string[] options)
    {
        var site = await Site.UpAsync([], options);
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.VmAsync("h2", "b2", "blue", "10.1.0.12");
        await site.ReachesAsync("b1", "10.1.0.12");
        return site;
    }

    /// <summary>A fabric whose switches are read and compared every second.</summary>
    public sealed class Audited : IAsyncLifetime
    {
        internal Site Site { get; private set; } = null!;

        public async Task InitializeAsync() => Site = await TwoVmsAsync("--reconcile-audit", "1s");

        public async Task DisposeAsync() => await Site.DisposeAsync();
    }
}
