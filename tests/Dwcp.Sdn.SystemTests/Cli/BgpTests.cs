using System.Net;
using System.Text.RegularExpressions;
using Dwcp.Sdn.SystemTests.Bgp;
using Xunit.Abstractions;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests;

/// <summary>`dwcpctl bgp` with a running controller between an FRR leaf and a GoBGP.</summary>
public sealed class BgpTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Sessions_and_routes_of_frr_and_gobgp_in_the_words_of_routers()
    {
        await using var controller = await ControllerProcess.StartAsync("--bgp", "0.0.0.0:0");
        var api = new RestApi(controller);
        var dwcpctl = Dwcpctl.Of(controller);
        await api.PutAsync("/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.254", "mrt": {"messages": true}}""");
        await using var go = GoBgp.Up("127.9.84.1", 20, "127.9.84.9");
        await using var leaf = await FrrLeaf.UpAsync(ours => PortAsync(api), 65000, "bfd", "bfd 3 300 300");
        await api.PutAsync("/v1/networks/blue", """{"vni": 100}""");
        await api.PutAsync("/v1/bgp-peers/leaf1", $$"""{"address": "{{leaf.Address}}", "remoteAs": 65000, "passive": true, "routeReflectorClient": true, "bfd": {} }""");
        await api.PutAsync("/v1/bgp-peers/go1", $$"""{"address": "{{go.Address}}", "port": {{go.Port}}, "localAddress": "127.9.84.9", "remoteAs": 65000, "routeReflectorClient": true}""");
        await api.PutAsync("/v1/bgp-peers/lost", """{"address": "127.9.84.66", "remoteAs": 65001, "passive": true}""");
        await leaf.LearnAsync("02:77:00:00:00:05", "10.77.0.5");
        await go.RunAsync("global", "rib", "add", "-a", "evpn", "macadv", "02:66:00:00:00:01", "10.77.0.66", "etag", "0", "label", "100", "rd", "10.0.9.9:1", "rt", "65000:100", "encap", "vxlan", "nexthop", "192.0.2.66");
        await api.WaitAsync("/v1/bgp-peers/leaf1", "Degraded", "False", 40);
        await api.WaitAsync("/v1/bgp-peers/go1", "Degraded", "False", 40);
        await UntilAsync(async () => (await dwcpctl.RunAsync("bgp", "explain", "02:77:00:00:00:05")).ExitCode == 0, "the leaf's host", 30);
        await UntilAsync(async () => (await dwcpctl.RunAsync("bgp", "explain", "10.77.0.66")).ExitCode == 0, "GoBGP's host", 30);
        await UntilAsync(async () => (await dwcpctl.DoAsync("bgp", "neighbors", "leaf1")).Contains("BFD: UP, remote UP, detection after 900 ms", StringComparison.Ordinal), "BFD with the leaf", 30);

        var summary = "";
        await UntilAsync(async () => Regex.IsMatch(summary = await dwcpctl.DoAsync("bgp", "summary"), @"\s1\s+go1"), "GoBGP's route in what was last seen of its session");
        output.WriteLine(summary);
        Assert.StartsWith("BGP router identifier 192.0.2.254, local AS number 65000, listening at 0.0.0.0:", summary, StringComparison.Ordinal);
        Assert.Matches($@"\n{leaf.Address}\s+65000\s+\S+\s+\d+\s+leaf1", summary);
        Assert.Matches(@"\n127\.9\.84\.1\s+65000\s+\S+\s+1\s+go1", summary);
        Assert.Matches(@"\n127\.9\.84\.66\s+65001\s+(never|down)\s+(?i:active)\s+lost", summary);

        var neighbor = await dwcpctl.DoAsync("bgp", "neighbors", "127.9.84.1");
        output.WriteLine(await dwcpctl.DoAsync("bgp", "neighbors"));
        Assert.Contains("BGP neighbor is 127.9.84.1, remote AS 65000, local AS 65000, internal link", neighbor, StringComparison.Ordinal);
        Assert.Contains("BGP state = ESTABLISHED, up for ", neighbor, StringComparison.Ordinal);
        Assert.Contains("remote router ID 10.0.9.9", neighbor, StringComparison.Ordinal);

        var routes = await dwcpctl.DoAsync("bgp", "routes", "--neighbor", "go1");
        output.WriteLine(await dwcpctl.DoAsync("bgp", "routes"));
        Assert.Matches(@"\*>\s+macip rd=10\.0\.9\.9:1 tag=0 mac=02:66:00:00:00:01 ip=10\.77\.0\.66 l2=100\s+192\.0\.2\.66\s+bgp-peers/go1", routes);
        Assert.Equal(2, routes.TrimEnd('\n').Split('\n').Length);
        Assert.Contains("mac=02:77:00:00:00:05", await dwcpctl.DoAsync("bgp", "routes", "--type", "macip", "--vni", "100", "--neighbor", "leaf1"), StringComparison.Ordinal);

        // A second one says that it has the host: why the first is believed.
        await go.RunAsync("global", "rib", "add", "-a", "evpn", "macadv", "02:77:00:00:00:05", "10.77.0.5", "etag", "0", "label", "100", "rd", $"{leaf.Address}:2", "rt", "65000:100", "encap", "vxlan", "nexthop", "192.0.2.66");
        await UntilAsync(async () => (await dwcpctl.DoAsync("bgp", "explain", "02:77:00:00:00:05")).Contains("bgp-peers/go1", StringComparison.Ordinal), "the other claim");
        var explained = await dwcpctl.DoAsync("bgp", "explain", "02:77:00:00:00:05");
        output.WriteLine(explained);
        Assert.Contains("from bgp-peers/leaf1", explained, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles((await api.GetAsync("/v1/bgp-speaker")).Body.GetProperty("status").GetProperty("mrt").GetProperty("directory").GetString()!));
    }

    private static async Task<int> PortAsync(RestApi api)
    {
        var endpoint = "";
        await UntilAsync(async () => (endpoint = (await api.GetAsync("/v1/bgp-speaker")).Body.GetProperty("status").GetProperty("endpoint").GetString()!).Length > 0, "the speaker to listen");
        return IPEndPoint.Parse(endpoint).Port;
    }
}
