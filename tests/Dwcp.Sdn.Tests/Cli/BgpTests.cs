using System.Collections.Immutable;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Cli;

public sealed class BgpTests : CliFixture
{
    private const string Speaker = "kind: BgpSpeaker\nlocalAs: 65000\nrouterId: 192.0.2.9\n";
    private const string Peers = "kind: BgpPeer\nid: leaf1\naddress: 192.0.2.1\nremoteAs: 65000\n---\nkind: BgpPeer\nid: wan\naddress: 192.0.2.5\nremoteAs: 65010\n";

    [Fact]
    public async Task The_speaker_is_one_and_needs_no_id()
    {
        Assert.Equal(new(0, "bgp-speaker created\n", ""), await RunAsync(Speaker, int.MaxValue, "apply", "-f", "-"));
        Assert.Equal(new(0, "bgp-speaker unchanged\n", ""), await RunAsync(Speaker, int.MaxValue, "apply", "-f", "-"));
        Assert.Equal("""
               AS  ROUTER-ID  LISTENS  SESSIONS  ROUTES  PATHS  ANNOUNCED  IMPORTED  STATE
            65000  192.0.2.9                  0       0      0          0         0  OK

            """, (await RunAsync("get", "bgp-speaker")).Out);
        Assert.StartsWith("bgp-speaker  OK\n", (await RunAsync("describe", "bgp-speaker")).Out);
        Assert.Equal("bgp-speaker\n", (await RunAsync("get", "bgp-speaker", "-o", "name")).Out);
        Assert.Equal(new(0, "bgp-speaker deleted\n", ""), await RunAsync("delete", "bgp-speaker"));
        Assert.Equal(new(1, "", "dwcpctl: there is no bgp-speaker\n  dwcpctl explain bgp-speaker shows what one looks like\n"), await RunAsync("get", "bgp-speaker"));
    }

    [Theory]
    [InlineData("get", "bgp-speaker", "x")]
    [InlineData("describe", "bgp-speaker/x")]
    [InlineData("delete", "bgp-speaker", "x")]
    public async Task An_id_for_the_speaker_is_a_wrong_command_line(params string[] words)
        => Assert.Equal(new(2, "", "dwcpctl: there is one bgp-speaker, and it has no id\n  Write bgp-speaker alone\n"), await RunAsync(words));

    [Fact]
    public async Task An_id_for_the_speaker_in_a_file_is_refused_and_what_is_printed_has_none()
    {
        var run = await RunAsync("id: x\n" + Speaker, int.MaxValue, "apply", "-f", "-");
        await ApplyAsync(Speaker);
        var yaml = (await RunAsync("get", "bgp-speaker", "-o", "yaml")).Out;

        Assert.Equal("standard input:1: bgp-speaker: id: there is one bgp-speaker, and it has no id\n    Leave id out\ndwcpctl: 1 problem; nothing was changed\n", run.Error);
        await ApplyAsync(yaml);
    }

    [Fact]
    public async Task Status_counts_peers_that_are_down()
    {
        await BuildAsync();
        var run = await RunAsync("status");

        Assert.Contains("\nbgp-speaker     1 OK\nbgp-peers       1 OK, 1 down\n", run.Out);
        Assert.Contains("  ! bgp-peers/wan\n      NotEstablished: connection refused\n      next: dwcpctl describe bgp-peer wan\n", run.Out);
    }

    [Fact]
    public async Task A_peer_that_is_shut_down_on_purpose_is_not_wrong()
    {
        await BuildAsync();
        SetConditions(ResourceKind.BgpPeer, "wan", Is(ConditionType.Degraded, ConditionStatus.True, "ShutDown", "it is shut down by its settings"));

        Assert.Contains("\nbgp-peers       1 OK, 1 waiting\n", (await RunAsync("status")).Out);
    }

    [Fact]
    public async Task Peers_have_the_state_of_their_sessions()
    {
        await BuildAsync();

        Assert.Equal("""
            ID     ADDRESS       AS  SESSION      ROUTES  STATE
            leaf1  192.0.2.1  65000  ESTABLISHED      12  OK
            wan    192.0.2.5  65010  ACTIVE            0  NotEstablished

            """, (await RunAsync("get", "bgp-peers")).Out);
    }

    [Fact]
    public async Task A_summary_is_what_routers_show()
    {
        Assert.Equal(1, (await RunAsync("bgp", "summary")).Exit);
        await BuildAsync();

        Assert.Equal("""
            BGP router identifier 192.0.2.9, local AS number 65000, not listening
            RIB: 0 routes, 0 paths; 0 announced, 0 imported

            NEIGHBOR      AS  UP/DOWN  STATE/PFXRCD  PEER
            192.0.2.1  65000  3h       12            leaf1
            192.0.2.5  65010  down     ACTIVE        wan

            Total number of neighbors 2, 1 down

            """, (await RunAsync("bgp", "summary")).Out);
    }

    [Fact]
    public async Task Neighbors_are_found_by_address_and_by_id()
    {
        await BuildAsync();
        var text = (await RunAsync("bgp", "neighbors", "192.0.2.5")).Out;

        Assert.StartsWith("BGP neighbor is 192.0.2.5, remote AS 65010, local AS 65000, external link\n  Peer wan: NotEstablished: connection refused\n", text);
        Assert.Contains("  192.0.2.5: BGP state = ACTIVE\n    0 paths accepted, 0 malformed\n    Last error: connection refused\n", text);
        Assert.Contains("192.0.2.1: BGP state = ESTABLISHED, up for 3h, remote router ID 192.0.2.1\n", (await RunAsync("bgp", "neighbors", "leaf1")).Out);
        Assert.Equal(new(1, "", "dwcpctl: there is no neighbor leaf9\n  dwcpctl bgp summary shows which there are\n"), await RunAsync("bgp", "neighbors", "leaf9"));
    }

    [Fact]
    public async Task Routes_show_the_chosen_path_and_the_others()
    {
        Fabric.Routes = TwoPaths();

        Assert.Equal("""
            BEST  TYPE  VNI  MAC                IP/PREFIX  NEXT-HOP   ORIGIN
            *        2  100  02:00:00:00:00:11  10.1.0.5   192.0.2.1  bgp-peers/leaf1
                     2  100  02:00:00:00:00:11  10.1.0.5   192.0.2.2  bgp-peers/leaf2

            """, (await RunAsync("get", "evpn-routes", "--filter", "vni=100")).Out);
        Assert.Equal("""
                NETWORK                                                              NEXT-HOP   FROM             PATH
            *>  macip rd=192.0.2.1:1 tag=0 mac=02:00:00:00:00:11 ip=10.1.0.5 l2=100  192.0.2.1  bgp-peers/leaf1  65010
            S   macip rd=192.0.2.1:1 tag=0 mac=02:00:00:00:00:11 ip=10.1.0.5 l2=100  192.0.2.2  bgp-peers/leaf2

            """, (await RunAsync("bgp", "routes", "--type", "macip")).Out);
    }

    [Theory]
    [InlineData("no query parameter network", "get", "evpn-routes", "--filter", "network=blue")]
    [InlineData("evpn-routes are not selected by labels", "get", "evpn-routes", "-l", "a=b")]
    [InlineData("This is not a MAC address", "bgp", "routes", "--mac", "x")]
    public async Task What_cannot_be_asked_of_routes_is_refused(string error, params string[] words)
    {
        var run = await RunAsync(words);

        Assert.NotEqual(0, run.Exit);
        Assert.Contains(error, run.Error);
    }

    [Fact]
    public async Task An_explanation_says_which_step_decided()
    {
        Fabric.Routes = TwoPaths();

        Assert.Equal("""
            macip 02:00:00:00:00:11 10.1.0.5, RD 192.0.2.1:1, tag 0: 2 paths
              *> 192.0.2.1 from bgp-peers/leaf1, AS path 65010
                 chosen: its mobility sequence number is higher
              S  192.0.2.2 from bgp-peers/leaf2
                 not chosen: its mobility sequence number is lower

            """, (await RunAsync("bgp", "explain", "02:00:00:00:00:11")).Out);
        Fabric.Routes = [];
        Assert.Equal(1, (await RunAsync("bgp", "explain", "10.1.0.5")).Exit);
    }

    [Fact]
    public async Task An_injected_route_is_applied_read_and_deleted_by_its_id()
    {
        const string route = "kind: EvpnRoute\nid: far\ntype: 2\nrd: 192.0.2.7:1\nmac: 02:00:00:00:00:77\nvni: 5001\nnextHop: 192.0.2.7\n";

        Assert.Equal("evpn-routes/far created\n", (await RunAsync(route, int.MaxValue, "apply", "-f", "-")).Out);
        Assert.Equal("evpn-routes/far unchanged\n", (await RunAsync(route, int.MaxValue, "apply", "-f", "-")).Out);
        Assert.Equal("evpn-routes/far\n", (await RunAsync("get", "evpn-route", "far", "-o", "name")).Out);
        Assert.Equal("evpn-routes/far deleted\n", (await RunAsync("delete", "evpn-route", "far")).Out);
    }

    private static ImmutableArray<HeldRoute> TwoPaths()
    {
        var route = new MacIpRoute(new(RouteDistinguisher.Parse("192.0.2.1:1"), 0, MacAddress.Parse("02:00:00:00:00:11"), IpAddress.Parse("10.1.0.5")), default, new Vni(100), null);
        return
        [
            new(route, new() { NextHop = IpAddress.Parse("192.0.2.1"), AsPath = [new AsSegment(2, [new Asn(65010)])] }, "leaf1", null, true, "MobilitySequence", false),
            new(route, new() { NextHop = IpAddress.Parse("192.0.2.2") }, "leaf2", null, false, "MobilitySequence", true),
        ];
    }

    /// <summary>The session with one peer stands, the other peer refuses.</summary>
    private async Task BuildAsync()
    {
        await ApplyAsync($"{Speaker}---\n{Peers}");
        Seen("leaf1", new("192.0.2.1", "ESTABLISHED", TimeProvider.System.GetUtcNow().AddHours(-3), "192.0.2.1", ["L2VPN_EVPN"], 12, 0, false, null));
        Seen("wan", new("192.0.2.5", "ACTIVE", null, null, [], 0, 0, false, "connection refused"));
        SetConditions(ResourceKind.BgpPeer, "wan", Is(ConditionType.Degraded, ConditionStatus.True, "NotEstablished", "connection refused"));
    }

    private void Seen(string peer, BgpSession session) => Fabric.SetStatus(ResourceKind.BgpPeer, peer, status => (BgpPeerStatus)status with { Sessions = [session] });
}
