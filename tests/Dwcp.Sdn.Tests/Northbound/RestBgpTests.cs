using System.Text.Json;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>The speaker, its peers and routes over REST.</summary>
public sealed class RestBgpTests : RestFixture
{
    [Fact]
    public async Task The_speaker_is_one_object_without_an_id_in_its_path()
    {
        Assert.Equal(404, (await SendAsync("GET", "/v1/bgp-speaker")).Status);

        Assert.Equal(201, (await SendAsync("PUT", "/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.9"}""")).Status);
        Assert.Equal(200, (await SendAsync("PATCH", "/v1/bgp-speaker", """{"holdTimeSeconds": 9}""", "application/merge-patch+json")).Status);
        var speaker = await SendAsync("GET", "/v1/bgp-speaker");
        Assert.Equal((65000, 9), (speaker["localAs"].GetInt32(), speaker["holdTimeSeconds"].GetInt32()));
        const string outputs = """{"bmp": [{"station": "192.0.2.8:11019", "postPolicy": true, "statisticsSeconds": 7}], "mrt": {"messages": true, "tableSeconds": 60, "rotateSeconds": 600, "maxMegabytes": 8, "keepFiles": 3}}""";
        Assert.Equal(200, (await SendAsync("PATCH", "/v1/bgp-speaker", outputs, "application/merge-patch+json")).Status);
        speaker = await SendAsync("GET", "/v1/bgp-speaker");
        foreach (var given in JsonDocument.Parse(outputs).RootElement.EnumerateObject())
        {
            Assert.True(JsonElement.DeepEquals(given.Value, speaker[given.Name]), $"{given.Name}: {given.Value} came back as {speaker[given.Name]}");
        }


        Assert.Equal(204, (await SendAsync("DELETE", "/v1/bgp-speaker")).Status);
        Assert.Equal(404, (await SendAsync("GET", "/v1/bgp-speaker")).Status);
    }

    [Fact]
    public async Task A_password_is_kept_and_never_shown()
    {
        const string secret = "opensesame";
        var put = await SendAsync("PUT", "/v1/bgp-peers/leaf1", $$"""{"address": "192.0.2.1", "remoteAs": 65000, "password": "{{secret}}"}""");
        var patch = await SendAsync("PATCH", "/v1/bgp-peers/leaf1", """{"passive": true}""", "application/merge-patch+json");
        var get = await SendAsync("GET", "/v1/bgp-peers/leaf1");
        var list = await SendAsync("GET", "/v1/bgp-peers");

        Assert.All([put, patch, get, list], a => Assert.DoesNotContain(secret, a.Body, StringComparison.Ordinal));
        Assert.All([put, patch, get], a => Assert.False(a.Has("password")));
        Assert.Equal(secret, ((BgpPeerSpec)Fabric.Find(ResourceKind.BgpPeer, "leaf1")!.Given).Password);
    }

    [Fact]
    public async Task A_peer_comes_back_as_it_was_given()
    {
        const string body = """
            {"listenRange": "192.0.2.0/24", "remoteAs": 65001, "port": 1790, "localAs": 65002, "localAddress": "192.0.2.9", "passive": true, "ttlSecurity": 3,
             "holdTimeSeconds": 30, "gracefulRestart": {"enabled": true, "restartSeconds": 60, "longLivedSeconds": 600}, "bfd": {"enabled": true, "intervalMilliseconds": 300, "multiplier": 3}, "addPath": true,
             "prefixLimit": {"max": 1000, "warnPercent": 80, "restartSeconds": 10}, "routeReflectorClient": true, "nextHopSelf": true,
             "policies": [{"direction": "IMPORT", "action": "REJECT", "targets": ["65000:1"], "communities": ["65000:7"], "throughAs": 65010, "type": 2, "vni": 7}],
             "shutdown": true, "shutdownMessage": "later", "families": ["L2VPN_EVPN", "RT_CONSTRAINT"]}
            """;
        await SendAsync("PUT", "/v1/bgp-peers/all", body);

        var peer = await SendAsync("GET", "/v1/bgp-peers/all");

        foreach (var given in JsonDocument.Parse(body).RootElement.EnumerateObject())
        {
            Assert.True(JsonElement.DeepEquals(given.Value, peer[given.Name]), $"{given.Name}: {given.Value} came back as {peer[given.Name]}");
        }
    }

    [Theory]
    [InlineData("""{"type": 1, "rd": "192.0.2.1:0", "esi": "03:02:00:00:00:00:77:00:00:01", "ethernetTag": 4294967295, "nextHop": "192.0.2.1", "exportTargets": ["65000:1"], "singleActive": true, "esiLabel": 9}""")]
    [InlineData("""{"type": 4, "rd": "192.0.2.1:0", "esi": "03:02:00:00:00:00:77:00:00:01", "nextHop": "192.0.2.1", "esImport": "02:00:00:00:00:01"}""")]
    public async Task A_route_of_an_Ethernet_segment_comes_back_as_it_was_given(string body)
    {
        await SendAsync("PUT", "/v1/evpn-routes/es", body);

        var route = await SendAsync("GET", "/v1/evpn-routes/es");

        foreach (var given in JsonDocument.Parse(body).RootElement.EnumerateObject())
        {
            Assert.True(JsonElement.DeepEquals(given.Value, route[given.Name]), $"{given.Name}: {given.Value} came back as {route[given.Name]}");
        }
    }

    [Fact]
    public async Task The_list_of_routes_is_what_the_speaker_holds_a_page_at_a_time()
    {
        Assert.Empty((await SendAsync("GET", "/v1/evpn-routes"))["items"].EnumerateArray());
        var key = new MacIpKey(RouteDistinguisher.Parse("192.0.2.1:7"), 0, MacAddress.Parse("02:00:00:00:00:11"), IpAddress.Parse("10.0.0.5"));
        var attributes = new PathAttributes
        {
            NextHop = IpAddress.Parse("192.0.2.1"),
            ExtendedCommunities = [ExtendedCommunity.Of(RouteTarget.Parse("65000:100")), ExtendedCommunity.Mobility(new MacMobility(3, false))],
        };
        Fabric.Routes =
        [
            new HeldRoute(new MacIpRoute(key, EthernetSegment.None, new Vni(100), new Vni(4000)), attributes, "leaf1", null, true, "MobilitySequence", false),
            new HeldRoute(new MulticastRoute(new MulticastKey(key.Rd, 0, IpAddress.Parse("192.0.2.1"))), attributes, null, "networks/blue", false, "OnlyPath", true),
        ];

        var first = await SendAsync("GET", "/v1/evpn-routes?pageSize=1");
        var route = Assert.Single(first["items"].EnumerateArray());
        Assert.Equal(
            ("02:00:00:00:00:11", "10.0.0.5", 100, 4000, "192.0.2.1:7", 3),
            (route.GetProperty("mac").GetString(), route.GetProperty("ip").GetString(), route.GetProperty("vni").GetInt32(), route.GetProperty("l3vni").GetInt32(),
             route.GetProperty("rd").GetString(), route.GetProperty("sequence").GetInt32()));
        var status = route.GetProperty("status");
        Assert.Equal(("bgp-peers/leaf1", true, "MobilitySequence"), (status.GetProperty("origin").GetString(), status.GetProperty("best").GetBoolean(), status.GetProperty("decided").GetString()));

        var second = Assert.Single((await SendAsync("GET", $"/v1/evpn-routes?pageSize=1&pageToken={first["nextPageToken"].GetString()}"))["items"].EnumerateArray());
        Assert.Equal(("networks/blue", true), (second.GetProperty("status").GetProperty("origin").GetString(), second.GetProperty("status").GetProperty("stale").GetBoolean()));
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_question_for_routes_is_told()
    {
        var answer = await SendAsync("GET", "/v1/evpn-routes?type=300&vni=16777216&mac=x&prefix=y&pageSize=-1&pageToken=z");

        Assert.Equal(400, answer.Status);
        Assert.Equal(["mac invalid", "pageSize out-of-range", "pageToken invalid", "prefix invalid", "type out-of-range", "vni out-of-range"], answer.Problems);
    }
}
