using System.Text.Json;

namespace Dwcp.Sdn.SystemTests.Topology;

/// <summary>Links between bridges of the fabric, by ports that the operator has marked.</summary>
public sealed class FabricLinkTests
{
    [Fact]
    public async Task Marked_ports_are_linked_tenants_are_not_and_a_restart_sends_nothing()
    {
        await using var site = await Site.UpAsync(["--hosts", "2"]);
        await site.NetworkAsync("blue", 1);
        await site.PortAsync("b1", "blue", "10.1.0.11");
        await site.PlugAsync("h1", "b1", "10.1.0.11");
        await site.Api.WaitAsync("/v1/ports/b1", "Programmed", "True");
        await site.Lab.CableAsync("h1", "up1", "h2", "up2", "external_ids:dwcp-fabric=true");
        await LinkedAsync(site);
        var link = (await ItemsAsync(site)).Single();
        Assert.Matches("^h[12][.][0-9]+-h[12][.][0-9]+$", link.GetProperty("id").GetString());

        // A frame that is good at this moment, from a tenant: the switch itself drops it, for the reason that is said.
        var good = await site.Lab.CaptureLldpAsync("h2", "up2");
        await site.Lab.InjectAsync("b1", "eth0", good);
        await Until.TrueAsync("the drop is counted", TimeSpan.FromSeconds(20), async () => await site.Api.DropsAsync("h1", 0, "tenant-lldp") >= 1);
        Assert.Single(await ItemsAsync(site));

        var sides = await Task.WhenAll(new[] { "h1", "h2" }.Select(h => SwitchSide.WatchAsync(site.Lab, h)));
        await site.Controller.KillAsync();
        await site.Controller.StartAgainAsync();
        await LinkedAsync(site);
        await Until.TrueAsync("the switches are compared", TimeSpan.FromSeconds(10), () => Task.FromResult(sides.All(s => s.WasRead())));
        await site.Api.WaitAsync("/v1/switches/h1", "Programmed", "True");
        Assert.All(sides, s => Assert.Equal(0, s.Changes()));

        await site.Lab.VsctlAsync("h1", "remove", "interface", "up1", "external_ids", "dwcp-fabric");
        await Until.TrueAsync("the link is gone", TimeSpan.FromSeconds(10), async () => (await ItemsAsync(site)).Length == 0);
    }

    private static async Task<JsonElement[]> ItemsAsync(Site site) => [.. (await site.Api.GetAsync("/v1/links")).Body.GetProperty("items").EnumerateArray()];

    private static Task LinkedAsync(Site site) => Until.TrueAsync(
        "the link is heard both ways",
        TimeSpan.FromSeconds(20),
        async () => (await ItemsAsync(site)).Any(i => i.GetProperty("status").GetProperty("state").GetString() == "TWO_WAY"),
        async () => site.Controller.Log + (await site.Api.GetAsync("/v1/switches/h1")).Body);
}
