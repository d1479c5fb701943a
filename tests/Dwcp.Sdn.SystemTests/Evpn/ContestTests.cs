namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>One MAC in several places, as leafs of FRR and hosts of ours say: who is believed, and what becomes of it.</summary>
public sealed class ContestTests
{
    private const int Vni = 10001;
    private const string Address = "10.1.0.11";
    private const string Mac = "02:00:00:00:01:0b";
    private const string GatewayMac = "02:00:00:00:ff:01";

    [Fact]
    public async Task Of_two_leafs_that_announce_one_MAC_one_is_believed_until_it_withdraws()
    {
        const string far = "02:00:00:00:01:65";
        await using var site = await Site.UpAsync(["--hosts", "1"], "--bgp", "127.0.0.1:0");
        await using var one = await Leaf.UpAsync(site.Lab, 201, null, Vni);
        await using var two = await Leaf.UpAsync(site.Lab, 202, null, Vni);
        await ReadyAsync(site, one, two);
        await site.VmAsync("h1", "b2", "blue", "10.1.0.12");
        var side = await SwitchSide.WatchAsync(site.Lab, "h1");

        await two.HostAsync("x", Vni, "10.1.0.101/24", far);
        await IsAtAsync(side, far, 202);
        await one.HostAsync("x", Vni, "10.1.0.101/24", far);
        await Until.TrueAsync(
            "both announce it",
            TimeSpan.FromSeconds(60),
            async () => (await site.Api.GetAsync($"/v1/evpn-routes?type=2&mac={far}")).Body.GetProperty("items").EnumerateArray()
                .Select(r => r.GetProperty("status").GetProperty("origin").GetString()).Distinct().Count() == 2);
        var believed = (await side.FlowsAsync("table=45,", far)).Single();

        // Whoever it is: when it says no more, the other is.
        Assert.Matches("0xc00002c[9a]", believed);
        var (first, other) = believed.Contains("0xc00002c9", StringComparison.Ordinal) ? (one, 202) : (two, 201);
        await first.PlugAsync("x", Vni, plugged: false);
        await IsAtAsync(side, far, other);
        await site.ReachesAsync("b2", "10.1.0.101");
    }

    [Fact]
    public async Task A_VM_that_moves_while_its_former_host_is_out_of_sight_is_bound_where_it_is()
    {
        await using var site = await Site.UpAsync(["--hosts", "3"]);
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", Address);
        await site.VmAsync("h3", "b3", "blue", "10.1.0.13");
        await site.ReachesAsync("b3", Address);

        await site.Lab.VsctlAsync("h1", "del-manager");
        await Until.TrueAsync("the session has ended", TimeSpan.FromSeconds(60), async () => (await site.Api.EventsAsync("HostDisconnected", "switches/h1")).Length > 0);
        await site.Lab.UnplugAsync("b1");
        await site.PlugAsync("h2", "b1", Address);

        await site.ReachesAsync("b3", Address);
        Assert.Single(await site.Api.EventsAsync("PortTakenOver", "ports/b1"));
        await site.MeetAsync("h1");
        await site.SettledAsync();
        Assert.Equal("h2", (await site.Api.GetAsync("/v1/ports/b1")).Body.GetProperty("status").GetProperty("host").GetString());
        await site.ReachesAsync("b3", Address);
    }

    [Fact]
    public async Task A_MAC_that_comes_and_goes_without_a_binding_is_frozen_and_the_gateway_is_never_announced()
    {
        await using var site = await Site.UpAsync(["--hosts", "1"], "--bgp", "127.0.0.1:0");
        await using var leaf = await Leaf.UpAsync(site.Lab, 201, null, Vni);
        await ReadyAsync(site, leaf);
        await site.Api.PutAsync("/v1/subnets/blue-v4", $$"""{"network": "blue", "cidr": "10.1.0.0/24", "gateway": "10.1.0.1", "gatewayMac": "{{GatewayMac}}"}""");
        await site.VmAsync("h1", "b1", "blue", Address);
        await Until.TrueAsync(
            "the leaf knows the VM", TimeSpan.FromSeconds(60), async () => (await leaf.VtyshAsync("show bgp l2vpn evpn")).Contains(Mac, StringComparison.Ordinal));
        Assert.DoesNotContain(GatewayMac, await leaf.VtyshAsync("show bgp l2vpn evpn"), StringComparison.Ordinal);

        // Somebody behind the leaf has the same MAC, comes and goes.
        await leaf.HostAsync("m", Vni, $"{Address}/24", Mac);
        for (var time = 1; time < 5; time++)
        {
            await site.Api.WaitAsync("/v1/ports/b1", "Bound", "False MovedAway");
            await leaf.PlugAsync("m", Vni, plugged: false);
            await site.Api.WaitAsync("/v1/ports/b1", "Bound", "True");
            await leaf.PlugAsync("m", Vni, plugged: true);
            await leaf.SpeakAsync("m", Address);
        }

        await site.Api.WaitAsync("/v1/ports/b1", "Degraded", "True DuplicateMac");
        Assert.Single(await site.Api.EventsAsync("DuplicateMac", "ports/b1"));
        Assert.Equal("h1", (await site.Api.GetAsync("/v1/ports/b1")).Body.GetProperty("status").GetProperty("host").GetString());

        // The other goes: the MAC thaws.
        await leaf.PlugAsync("m", Vni, plugged: false);
        await site.Api.WaitAsync("/v1/ports/b1", "Degraded", "False");
    }

    private static async Task ReadyAsync(Site site, params Leaf[] leafs)
    {
        await site.NetworkAsync("blue", 1);
        await site.Api.PutAsync("/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.254"}""");
        foreach (var leaf in leafs)
        {
            var id = $"leaf{leaf.Underlay.Split('.')[^1]}";
            await site.Api.PutAsync($"/v1/bgp-peers/{id}", $$"""{"address": "{{leaf.Management}}", "remoteAs": 65000}""");
            await site.Api.WaitAsync($"/v1/bgp-peers/{id}", "Degraded", "False", 60);
        }
    }

    /// <summary>Waits until a switch sends frames for a MAC to the VTEP 192.0.2.N.</summary>
    private static Task IsAtAsync(SwitchSide side, string mac, int number) => Until.TrueAsync(
        $"{mac} is at 192.0.2.{number}",
        TimeSpan.FromSeconds(60),
        async () => (await side.FlowsAsync("table=45,", mac, $"0xc00002{number:x2}")).Length == 1,
        async () => string.Join('\n', await side.FlowsAsync(mac)));
}
