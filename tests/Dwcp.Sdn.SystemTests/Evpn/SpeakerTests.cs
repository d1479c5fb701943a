using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Tests.Bgp;
using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>The controller's process without any switch: a BGP speaker that is configured over REST.</summary>
public sealed class SpeakerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Without_a_speaker_no_BGP_socket_is_open_and_with_it_the_process_is_a_reflector()
    {
        await using var controller = await ControllerProcess.StartAsync("--bgp", "127.0.0.1:0");
        var api = new RestApi(controller);
        var before = await SocketsAsync(controller);
        await api.PutAsync("/v1/bgp-peers/one", """{"address": "127.0.0.21", "remoteAs": 65000, "passive": true, "routeReflectorClient": true}""");
        Assert.Equal(before, await SocketsAsync(controller));

        var port = await BeginAsync(api);
        Assert.Equal(before + 1, await SocketsAsync(controller));
        await api.PutAsync("/v1/bgp-peers/two", """{"address": "127.0.0.22", "remoteAs": 65000, "passive": true, "routeReflectorClient": true}""");
        var (one, two) = (new Imported(), new Imported());
        await using var first = await ClientAsync("127.0.0.21", port, one);
        await using var second = await ClientAsync("127.0.0.22", port, two);
        await api.WaitAsync("/v1/bgp-peers/one", "Degraded", "False");
        await api.WaitAsync("/v1/bgp-peers/two", "Degraded", "False");

        await first.OriginateAsync([Host(1), Host(2)]);
        await Until.TrueAsync("the routes are reflected", TimeSpan.FromSeconds(60), () => Task.FromResult(two.Routes.Count == 2));
        var reflected = two.Routes[0].Attributes;
        Assert.Equal(("192.0.2.77", "127.0.0.21", "192.0.2.254"), (reflected.NextHop.ToString(), reflected.OriginatorId?.ToString(), Assert.Single(reflected.ClusterList).ToString()));

        // A change of one peer is that peer's alone.
        var stands = await SinceAsync(api, "two");
        await api.PutAsync("/v1/bgp-peers/one", """{"address": "127.0.0.21", "remoteAs": 65000, "passive": true, "routeReflectorClient": true, "holdTimeSeconds": 30}""");
        await Until.TrueAsync("the other session was made anew", TimeSpan.FromSeconds(60), async () => (await api.EventsAsync("PeerEstablished", "bgp-peers/one")).Length == 2);
        Assert.Equal(stands, await SinceAsync(api, "two"));
        Assert.Single(await api.EventsAsync("PeerEstablished", "bgp-peers/two"));
        Assert.Equal("127.0.0.22", (await SessionAsync(api, "two")).GetProperty("address").GetString());

        Assert.Equal(204, (int)(await api.DeleteAsync("/v1/bgp-speaker")).Status);
        await Until.TrueAsync("the socket is closed", TimeSpan.FromSeconds(60), async () => await SocketsAsync(controller) == before);
        Assert.Empty((await api.GetAsync("/v1/evpn-routes")).Body.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_hundred_thousand_routes_at_once_delay_nobody_for_long()
    {
        const int count = 100_000;
        await using var controller = await ControllerProcess.StartAsync("--bgp", "127.0.0.1:0");
        var api = new RestApi(controller);
        var port = await BeginAsync(api);
        await api.PutAsync("/v1/networks/blue", """{"vni": 100}""");
        await api.PutAsync("/v1/bgp-peers/flood", """{"address": "127.0.0.23", "remoteAs": 65000, "passive": true}""");
        await using var client = await ClientAsync("127.0.0.23", port, new Imported());
        await api.WaitAsync("/v1/bgp-peers/flood", "Degraded", "False");

        var clock = Stopwatch.StartNew();
        await client.OriginateAsync([.. Enumerable.Range(1, count).Select(Host)]);
        var longest = TimeSpan.Zero;
        var calls = 0;
        while (await ImportedAsync(api) < count)
        {
            var call = Stopwatch.StartNew();
            await api.PutAsync("/v1/networks/other", $$"""{"vni": {{200 + calls++}}}""");
            longest = call.Elapsed > longest ? call.Elapsed : longest;
            Assert.InRange(clock.Elapsed.TotalSeconds, 0, 60);
        }

        output.WriteLine($"{count} routes imported within {clock.Elapsed.TotalSeconds:0.0} s; meanwhile {calls} commands, the slowest took {longest.TotalMilliseconds:0} ms");
        Assert.InRange(longest.TotalSeconds, 0, 2);
    }

    private static async Task<int> BeginAsync(RestApi api)
    {
        await api.PutAsync("/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.254"}""");
        var endpoint = "";
        await Until.TrueAsync("the speaker listens", TimeSpan.FromSeconds(60), async () =>
            (endpoint = (await api.GetAsync("/v1/bgp-speaker")).Body.GetProperty("status").GetProperty("endpoint").GetString()!).Length > 0);
        return IPEndPoint.Parse(endpoint).Port;
    }

    private static async Task<BgpSpeaker> ClientAsync(string address, int port, IRouteSink sink)
    {
        var speaker = new BgpSpeaker(new SpeakerSettings(new Asn(65000), IpAddress.Parse(address)), sink, _ => { }, TimeProvider.System);
        await speaker.ImportAsync([RouteTarget.Parse("65000:100")]);
        await speaker.PutPeerAsync(new PeerSettings
        {
            Id = "controller",
            Address = IpAddress.Parse("127.0.0.1"),
            LocalAddress = IpAddress.Parse(address),
            Port = (ushort)port,
            RemoteAs = new Asn(65000),
            LongestRetry = TimeSpan.FromSeconds(1),
        });
        return speaker;
    }

    private static OriginatedRoute Host(int n) => new(
        new MacIpRoute(
            new MacIpKey(RouteDistinguisher.Parse("192.0.2.77:1"), 0, MacAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"02:00:00:{n >> 16 & 255:x2}:{n >> 8 & 255:x2}:{n & 255:x2}")), null),
            EthernetSegment.None,
            new Vni(100),
            null),
        new PathAttributes { NextHop = IpAddress.Parse("192.0.2.77"), ExtendedCommunities = [ExtendedCommunity.Of(RouteTarget.Parse("65000:100")), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan)] },
        "test");

    private static async Task<int> ImportedAsync(RestApi api) => (await api.GetAsync("/v1/bgp-speaker")).Body.GetProperty("status").GetProperty("imported").GetInt32();

    private static async Task<JsonElement> SessionAsync(RestApi api, string peer) =>
        (await api.GetAsync($"/v1/bgp-peers/{peer}")).Body.GetProperty("status").GetProperty("sessions")[0];

    private static async Task<string> SinceAsync(RestApi api, string peer) => (await SessionAsync(api, peer)).GetProperty("establishedAt").GetString()!;

    /// <summary>How many TCP sockets of the process listen.</summary>
    private static async Task<int> SocketsAsync(ControllerProcess controller) =>
        (await Command.RunAsync("ss", "-Htlnp")).Succeeded().Split('\n').Count(line => line.Contains($"pid={controller.Pid},", StringComparison.Ordinal));
}
