using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// From a Type-2 route that a peer sends to its flows on a real switch: one at a time until a GET of the switch shows that a
/// barrier confirmed them, many in one burst, and the withdrawal of these.
/// </summary>
internal static class BgpSwitchBenchmark
{
    private const int Flows = 3; // The MAC's, and two that answer for its address.
    private static readonly TimeSpan BurstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var api, var bgp, var name, var network, ..] || !IPEndPoint.TryParse(bgp, out var endpoint))
        {
            await Console.Error.WriteLineAsync("bgp-switch API ADDR:PORT SWITCH NETWORK [CHANGES] [BURST]; a controller whose switch carries the network, and where it listens for BGP");
            return 2;
        }

        var changes = args is [_, _, _, _, var given, ..] ? int.Parse(given) : 500;
        var burst = args is [_, _, _, _, _, var many, ..] ? int.Parse(many) : 10_000;
        using var http = new HttpClient { BaseAddress = new Uri(api) };
        var vni = (await http.GetFromJsonAsync<JsonElement>($"/v1/networks/{network}")).GetProperty("vni").GetUInt32();
        (await http.PutAsJsonAsync("/v1/bgp-speaker", new { localAs = 65000, routerId = "10.255.0.1" })).EnsureSuccessStatusCode();
        (await http.PutAsJsonAsync("/v1/bgp-peers/bench", new { address = $"{BgpReflector.Client(1)}", remoteAs = 65000, passive = true })).EnsureSuccessStatusCode();
        using var client = BgpClient.Connect(BgpReflector.Client(1), endpoint);
        client.Send(Update(Enumerable.Range(0, 1), vni, true));
        await Task.Delay(2000);

        // One route is looked for without a pause; a burst now and then, since looking takes the processor from those who work.
        async Task<double> UntilAsync(int flows, long started, TimeSpan pause)
        {
            while (await FlowsAsync(http, name) != flows)
            {
                await Task.Delay(pause);
                if (Stopwatch.GetElapsedTime(started) > Patience)
                {
                    throw new TimeoutException($"{name} has {await FlowsAsync(http, name)} flows, not {flows}");
                }
            }

            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        async Task<double> SendAsync(byte[] octets, int flows, TimeSpan pause)
        {
            var started = Stopwatch.GetTimestamp();
            client.Send(octets);
            return await UntilAsync(flows, started, pause);
        }

        var idle = await FlowsAsync(http, name);
        var took = new List<double>();
        for (var i = 1; i <= changes + 20; i++)
        {
            var one = await SendAsync(Update(Enumerable.Range(i, 1), vni, true), idle + (i * Flows), TimeSpan.Zero);
            if (i > 20)
            {
                took.Add(one);
            }
        }

        took.Sort();
        Console.WriteLine($"one route to its flows confirmed   p50 {took[took.Count / 2]:F2} ms   p99 {took[(int)(took.Count * 0.99)]:F2} ms   {changes} changes");
        var before = idle + ((changes + 20) * Flows);
        for (var round = 0; round < 3; round++)
        {
            var all = Enumerable.Range(100_000, burst);
            var (announced, withdrawn) = (Updates(all, vni, true), Updates(all, vni, false));
            var came = await SendAsync(announced, before + (burst * Flows), BurstPause);
            var went = await SendAsync(withdrawn, before, BurstPause);
            Console.WriteLine($"{burst} routes in one burst   {came,8:F0} ms   {burst / came * 1000,8:F0} routes/s   {burst * Flows / came * 1000,8:F0} flows/s   withdrawn {went:F0} ms");
        }

        return 0;
    }

    private static async Task<int> FlowsAsync(HttpClient http, string name) =>
        (await http.GetFromJsonAsync<JsonElement>($"/v1/switches/{name}")).GetProperty("status").GetProperty("counts").GetProperty("flows").GetInt32();

    private static byte[] Updates(IEnumerable<int> hosts, uint vni, bool announced) => [.. hosts.Chunk(80).SelectMany(part => Update(part, vni, announced))];

    private static byte[] Update(IEnumerable<int> hosts, uint vni, bool announced) => BgpBenchmark.Update(
        [.. hosts.Select(n => RouteKey.MacIp(0x0001_c000_02c9_0001, 0, 0x0200_0000_0000ul + (ulong)n, 4, 0x0a00_0000u + (uint)n))],
        announced
            ? AttributeCodec.ToKept(new PathAttributes
            {
                NextHop = IpAddress.Parse("192.0.2.201"),
                LocalPreference = 100,
                ExtendedCommunities = [new ExtendedCommunity(0x0002_fde8_0000_0000ul + vni), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan)],
            })
            : null,
        vni);
}
