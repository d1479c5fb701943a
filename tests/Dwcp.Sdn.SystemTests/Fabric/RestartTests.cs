using System.Text.Json;

namespace Dwcp.Sdn.SystemTests;

/// <summary>The controller comes and goes; the switches and the packets do not notice. All counts are the switches' own.</summary>
public sealed class RestartTests
{
    private static readonly string[] Hosts = ["h1", "h2"];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_restart_without_changes_sends_nothing_to_any_switch_and_loses_no_packet(bool killed, bool overTls)
    {
        await using var site = await TwoNetworksAsync(overTls);
        var sides = await Task.WhenAll(Hosts.Select(h => SwitchSide.WatchAsync(site.Lab, h)));
        var held = await Task.WhenAll(sides.Select(s => s.HoldsAsync()));
        await using var ping = await ContinuousPing.StartAsync(site.Lab, "b1", "10.1.0.12");
        await Task.Delay(1000);
        var before = DateTime.UtcNow;
        if (killed)
        {
            await site.Controller.KillAsync();
        }
        else
        {
            Assert.Equal(0, (await site.Controller.TerminateAsync()).ExitCode);
        }

        await Task.Delay(1000);
        await site.Controller.StartAgainAsync();
        await ComparedAsync(site, sides);

        var since = DateTime.UtcNow - before;
        Assert.All(sides, s => Assert.Equal(0, s.Changes()));
        Assert.All(await Task.WhenAll(sides.Select(s => s.YoungestAsync())), age => Assert.True(age > since, $"a flow is {age} old, the restart was {since} ago"));
        Assert.Equal(held, await Task.WhenAll(sides.Select(s => s.HoldsAsync())));
        var pinged = await ping.StopAsync();
        Assert.Equal(0, pinged.Lost);
        Assert.InRange(pinged.Sent, 150, int.MaxValue);
        Assert.Empty(await site.Api.EventsAsync("SwitchRepaired", "switches/h1"));

        // What did not count so far does count when there is something.
        await site.PortAsync("b2", "blue", "10.1.0.99");
        await Until.TrueAsync("a change reaches the switches", TimeSpan.FromSeconds(10), () => Task.FromResult(sides.All(s => s.Changes() > 0)));
    }

    [Fact]
    public async Task Objects_replayed_in_another_order_change_nothing_before_and_after_a_restart()
    {
        await using var site = await TwoNetworksAsync();
        var objects = new List<(string Path, string Json)>();
        foreach (var kind in (string[])["networks", "subnets", "ports"])
        {
            foreach (var item in (await site.Api.GetAsync($"/v1/{kind}")).Body.GetProperty("items").EnumerateArray())
            {
                var id = item.GetProperty("id").GetString();
                objects.Add(($"/v1/{kind}/{id}", Spec(kind, item)));
            }
        }

        var sides = await Task.WhenAll(Hosts.Select(h => SwitchSide.WatchAsync(site.Lab, h)));
        objects.Reverse();
        foreach (var (path, json) in objects)
        {
            await site.Api.PutAsync(path, json);
        }

        await site.Controller.KillAsync();
        await site.Controller.StartAgainAsync();
        foreach (var (path, json) in objects.OrderBy(o => o.Json, StringComparer.Ordinal))
        {
            await site.Api.PutAsync(path, json);
        }

        await ComparedAsync(site, sides);
        Assert.All(sides, s => Assert.Equal(0, s.Changes()));
        Assert.Equal(0, (await site.Lab.PingAsync("r1", "10.2.0.12")).Lost);
    }

    [Fact]
    public async Task A_change_of_one_port_sends_nothing_to_a_switch_without_its_network()
    {
        await using var site = await Site.UpAsync(["--hosts", "3"]);
        await site.NetworkAsync("blue", 1);
        await site.NetworkAsync("red", 2);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.VmAsync("h2", "b2", "blue", "10.1.0.12");
        await site.VmAsync("h3", "r1", "red", "10.2.0.11");
        var sides = await Task.WhenAll(((string[])["h1", "h2", "h3"]).Select(h => SwitchSide.WatchAsync(site.Lab, h)));

        // Another MAC and address for the one, and a port that is new.
        await site.PortAsync("b1", "blue", "10.1.0.21");
        await site.VmAsync("h1", "b3", "blue", "10.1.0.13");
        await site.ProgrammedAsync("b1");
        await site.ReachesAsync("b3", "10.1.0.12");

        Assert.NotEqual(0, sides[0].Changes());
        Assert.NotEqual(0, sides[1].Changes());
        Assert.Equal(0, sides[2].Changes());
    }

    /// <summary>A network with addresses of both families and one that floods, each on both hosts: flows, groups and meters of all kinds.</summary>
    private static async Task<Site> TwoNetworksAsync(bool overTls = false)
    {
        var site = overTls ? await Site.SecuredAsync([]) : await Site.UpAsync([]);
        await site.NetworkAsync("blue", 1);
        await site.NetworkAsync("red", 2);
        await site.Api.PutAsync("/v1/networks/red", """{"vni": 10002, "unknownUnicast": "FLOOD"}""");
        await site.Api.PutAsync("/v1/subnets/blue-v4", """{"network": "blue", "cidr": "10.1.0.0/24", "gateway": "10.1.0.1"}""");
        await site.PortAsync("b2", "blue", "10.1.0.12", "fd00::12");
        await site.PortAsync("r1", "red", "10.2.0.11");
        await site.PortAsync("b1", "blue", "10.1.0.11", "fd00::11");
        await site.PortAsync("r2", "red", "10.2.0.12");
        await site.PlugAsync("h1", "b1", "10.1.0.11", "fd00::11");
        await site.PlugAsync("h2", "b2", "10.1.0.12", "fd00::12");
        await site.PlugAsync("h1", "r1", "10.2.0.11");
        await site.PlugAsync("h2", "r2", "10.2.0.12");
        await site.ProgrammedAsync("b1", "b2", "r1", "r2");
        await site.SettledAsync();
        return site;
    }

    /// <summary>Waits until the new process has read every switch and found it as it should be, and every host has spoken.</summary>
    private static async Task ComparedAsync(Site site, SwitchSide[] sides)
    {
        await Until.TrueAsync("every switch was greeted and read", TimeSpan.FromSeconds(20), () => Task.FromResult(sides.All(s => s.WasGreeted() && s.WasRead())));
        foreach (var host in Hosts)
        {
            await Until.TrueAsync($"{host} has spoken", TimeSpan.FromSeconds(20), async () => (await site.Api.EventsAsync("HostConnected", $"switches/{host}")).Length > 0);
        }

        await site.SettledAsync(20);
    }

    private static string Spec(string kind, JsonElement item) => kind switch
    {
        "networks" => $$"""{"vni": {{item.GetProperty("vni")}}, "unknownUnicast": "{{item.GetProperty("unknownUnicast")}}"}""",
        "subnets" => $$"""{"network": "{{item.GetProperty("network")}}", "cidr": "{{item.GetProperty("cidr")}}"{{(item.TryGetProperty("gateway", out var g) ? $", \"gateway\": \"{g}\"" : "")}}}""",
        _ => $$"""{"network": "{{item.GetProperty("network")}}", "mac": "{{item.GetProperty("mac")}}", "addresses": {{item.GetProperty("addresses")}}}""",
    };
}
