using System.Net;
using System.Text.Json;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>Several paths of one route between this speaker and routers of others, RFC 7911.</summary>
public class AddPathTests
{
    private static readonly BgpFamily[] Ipv4 = [BgpFamily.Ipv4Unicast];

    private static OriginatedRoute Route(string hop) => new(
        new UnicastRoute(IpPrefix.Parse("198.51.100.0/24")), new PathAttributes { NextHop = IpAddress.Parse(hop), LocalPreference = 100 }, "test");

    /// <summary>A reflector with two clients that both have the route.</summary>
    private static async Task<BgpSpeaker[]> TwoPathsAsync(BgpSpeaker speaker, string net)
    {
        var at = await speaker.ListenAsync($"127.9.{net}.1");
        var clients = new BgpSpeaker[2];
        for (var i = 0; i < 2; i++)
        {
            clients[i] = Speaker($"10.9.{net}.{i + 2}");
            await speaker.PutPeerAsync(From($"127.9.{net}.{i + 2}") with { Families = [.. Ipv4] });
            await clients[i].PutPeerAsync(To(at, $"127.9.{net}.{i + 2}") with { Families = [.. Ipv4] });
            await clients[i].OriginateAsync([Route($"192.0.2.{i + 2}")]);
        }

        await UntilAsync(async () => (await speaker.CountAsync()).Paths == 2, "both paths");
        return clients;
    }

    [Fact]
    public async Task Gobgp_takes_all_our_paths_and_we_take_all_of_its()
    {
        await using var speaker = Speaker("10.9.81.1");
        var clients = await TwoPathsAsync(speaker, "81");
        await using var go = GoBgp.Up("127.9.81.8", 20, ["ipv4-unicast"], addPath: true, "127.9.81.9");
        await speaker.PutPeerAsync(To(new IPEndPoint(go.Address, go.Port), "127.9.81.9") with { Families = [.. Ipv4], AddPath = true, RouteReflectorClient = true });
        await UntilAsync(async () => (await speaker.PeersAsync()).Count(p => p.Phase == BgpPhase.Established) == 3, "the session with GoBGP");
        await UntilAsync(async () => await HopsAsync(go) == "192.0.2.2 192.0.2.3", "two paths at GoBGP");

        await clients[1].OriginateAsync([Route("192.0.2.33")]);
        await UntilAsync(async () => await HopsAsync(go) == "192.0.2.2 192.0.2.33", "the change of the path that is not the best");
        await clients[0].WithdrawAsync([Route("192.0.2.2").Route]);
        await UntilAsync(async () => await HopsAsync(go) == "192.0.2.33", "one path at GoBGP");

        foreach (var i in (string[])["1", "2", "3"])
        {
            await go.RunAsync("global", "rib", "add", "203.0.113.0/24", "nexthop", $"192.0.2.10{i}", "identifier", i, "-a", "ipv4");
        }

        await UntilAsync(async () => (await speaker.RoutesAsync(new RouteQuery { Address = IpAddress.Parse("203.0.113.1") })).Items.Count == 3, "three paths of GoBGP");
        Assert.All(await speaker.PeersAsync(), p => Assert.Equal((BgpPhase.Established, 0L), (p.Phase, p.Malformed)));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Frr_takes_all_our_paths_and_says_its_own_with_identifiers()
    {
        await using var speaker = Speaker("10.9.82.1");
        var clients = await TwoPathsAsync(speaker, "82");
        await using var leaf = await FrrLeaf.UpAsync(async ours => (await speaker.ListenAsync(new IPEndPoint(ours, 0))).Port);
        await leaf.BgpdAsync();
        await leaf.VtyshAsync(
            "configure terminal", "router bgp 65000", "address-family ipv4 unicast", $"neighbor {leaf.Ours} activate", $"neighbor {leaf.Ours} addpath-tx-all-paths");
        await speaker.PutPeerAsync(From(leaf.Address.ToString()) with { Families = [.. Ipv4], AddPath = true });
        await UntilAsync(async () => await PathsAsync(leaf) == 2, "two paths at the leaf");
        await UntilAsync(async () => (await speaker.RoutesAsync(new RouteQuery { Address = IpAddress.Parse("10.88.0.7") })).Items.Count == 1, "the leaf's own network");
        await clients[0].WithdrawAsync([Route("192.0.2.2").Route]);
        await UntilAsync(async () => await PathsAsync(leaf) == 1, "one path at the leaf");
        Assert.Contains("ipv4Unicast", await leaf.VtyshAsync($"show bgp neighbors {leaf.Ours} json"), StringComparison.Ordinal);
        Assert.All(await speaker.PeersAsync(), p => Assert.Equal((BgpPhase.Established, 0L), (p.Phase, p.Malformed)));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static async Task<string> HopsAsync(GoBgp go)
    {
        var json = await go.RunAsync("neighbor", "127.9.81.9", "adj-in", "-a", "ipv4", "-j");
        using var rib = JsonDocument.Parse(json);
        var hops = new List<string>();
        foreach (var prefix in rib.RootElement.ValueKind == JsonValueKind.Object ? rib.RootElement.EnumerateObject().Select(p => p.Value) : [rib.RootElement])
        {
            foreach (var path in prefix.EnumerateArray())
            {
                hops.AddRange(path.GetProperty("attrs").EnumerateArray().Where(a => a.TryGetProperty("nexthop", out _)).Select(a => a.GetProperty("nexthop").GetString()!));
            }
        }

        return string.Join(' ', hops.Order(StringComparer.Ordinal));
    }

    private static async Task<int> PathsAsync(FrrLeaf leaf)
    {
        using var route = JsonDocument.Parse(await leaf.VtyshAsync("show bgp ipv4 unicast 198.51.100.0/24 json"));
        return route.RootElement.TryGetProperty("paths", out var paths) ? paths.GetArrayLength() : 0;
    }
}
