using System.Diagnostics;
using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>The controller goes and comes back: what an outside host and a VM notice of it, with a reflector that keeps routes and with a leaf that does not.</summary>
public sealed class OutageTests(ITestOutputHelper output)
{
    private const int Vni = 10001;
    private const string Far = "10.1.0.101";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_a_reflector_that_restarts_gracefully_no_packet_is_lost(bool killed)
    {
        await using var site = await Site.UpAsync(["--hosts", "1"], "--bgp", "127.0.0.1:0");
        await using var reflector = await Reflector.UpAsync(site.Lab, 210, site.Lab.Management.ToString(), $"{Prefix(site)}.201");
        await using var leaf = await Leaf.UpAsync(site.Lab, 201, reflector.Management, Vni);
        await ReadyAsync(site, leaf, reflector.Management, "with-reflector");
        await Until.TrueAsync("the address of the leaf's host, which comes some time after its MAC", TimeSpan.FromSeconds(60), async () =>
        {
            await leaf.SpeakAsync("x1", Far);
            return (await site.Api.GetAsync($"/v1/evpn-routes?prefix={Far}")).Body.GetProperty("items").GetArrayLength() > 0;
        });
        var side = await SwitchSide.WatchAsync(site.Lab, "h1");
        var held = await side.SettledAsync();
        var imported = await ImportedAsync(site);

        await using var ping = await ContinuousPing.StartAsync(site.Lab, "b1", Far);
        await Task.Delay(1000);
        await EndAsync(site, killed);
        await Task.Delay(2000);
        await site.Controller.StartAgainAsync();
        await site.Api.WaitAsync("/v1/bgp-peers/with-reflector", "Degraded", "False", 40);
        await site.Api.WaitAsync("/v1/switches/h1", "Programmed", "True");
        await Until.TrueAsync(
            "the leaf's host is known again",
            TimeSpan.FromSeconds(40),
            async () => await ImportedAsync(site) == imported);
        await Task.Delay(3000);

        var pinged = await ping.StopAsync();
        output.WriteLine($"{(killed ? "kill -9" : "SIGTERM")}: {pinged.Lost} of {pinged.Sent} packets lost");
        output.WriteLine((await site.Api.GetAsync("/v1/events")).Body.ToString());
        Assert.Equal(0, pinged.Lost);
        Assert.InRange(pinged.Sent, 300, int.MaxValue);
        Assert.Equal(held, await side.HoldsAsync());
        Assert.Equal("", string.Join('\n', side.Changed()));
    }

    [Fact]
    public async Task With_a_leaf_that_does_not_the_outage_ends_when_it_is_told_again()
    {
        await using var site = await Site.UpAsync(["--hosts", "1"], "--bgp", "127.0.0.1:0");
        await using var leaf = await Leaf.UpAsync(site.Lab, 201, null, Vni);
        await ReadyAsync(site, leaf, leaf.Management, "leaf1");
        await using var ping = await ContinuousPing.StartAsync(site.Lab, "b1", Far);
        await EndAsync(site, killed: true);
        await Task.Delay(2000);
        var back = Stopwatch.StartNew();
        await site.Controller.StartAgainAsync();
        await site.ReachesAsync("b1", Far, 40);
        output.WriteLine($"kill -9, away for 2 s: reachable {back.Elapsed.TotalSeconds:0.0} s after the start of the controller");
        await Task.Delay(1000);
        var pinged = await ping.StopAsync();
        output.WriteLine($"{pinged.Lost} of {pinged.Sent} packets lost at 100 per second");
        Assert.InRange(pinged.Lost, 0, 2000);
        Assert.Equal(0, (await site.Lab.PingAsync("b1", Far)).Lost);
    }

    private static async Task<int> ImportedAsync(Site site) =>
        (await site.Api.GetAsync("/v1/bgp-speaker")).Body.GetProperty("status").GetProperty("imported").GetInt32();

    private static string Prefix(Site site) => site.Lab.Management.ToString() is var text ? text[..text.LastIndexOf('.')] : "";

    private static async Task ReadyAsync(Site site, Leaf leaf, string neighbour, string peer)
    {
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.Api.PutAsync("/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.254"}""");
        await site.Api.PutAsync($"/v1/bgp-peers/{peer}", $$"""{"address": "{{neighbour}}", "remoteAs": 65000, "gracefulRestart": {"restartSeconds": 60} }""");
        await site.Api.WaitAsync($"/v1/bgp-peers/{peer}", "Degraded", "False", 40);
        await leaf.HostAsync("x1", Vni, $"{Far}/24", "02:00:00:00:01:65");
        await site.ReachesAsync("b1", Far, 30);
    }

    private static async Task EndAsync(Site site, bool killed)
    {
        if (killed)
        {
            await site.Controller.KillAsync();
        }
        else
        {
            Assert.Equal(0, (await site.Controller.TerminateAsync()).ExitCode);
        }
    }
}
