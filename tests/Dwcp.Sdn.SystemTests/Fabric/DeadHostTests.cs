namespace Dwcp.Sdn.SystemTests;

/// <summary>One host dies without a word. The others do not wait for it.</summary>
public sealed class DeadHostTests
{
    [Fact]
    public async Task A_dead_host_delays_nothing_for_the_others_and_is_whole_again_when_it_is_back()
    {
        await using var site = await Site.UpAsync(["--hosts", "3"]);
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.VmAsync("h2", "b2", "blue", "10.1.0.12");
        await site.VmAsync("h3", "b3", "blue", "10.1.0.13");
        await site.ReachesAsync("b1", "10.1.0.13");
        var side = await SwitchSide.WatchAsync(site.Lab, "h2");
        var before = await EffectAsync(site, side, first: 100);

        await site.Lab.KillHostAsync("h3");
        var during = await EffectAsync(site, side, first: 110);
        Assert.True(during < (before * 10) + TimeSpan.FromSeconds(0.5), $"{before} with all hosts alive, {during} with one dead");

        // A VM that comes now works, although the dead host cannot confirm it.
        await site.PortAsync("b4", "blue", "10.1.0.14");
        await site.PlugAsync("h1", "b4", "10.1.0.14");
        await site.ReachesAsync("b4", "10.1.0.12", seconds: 5);
        Assert.Equal(0, (await site.Lab.PingAsync("b1", "10.1.0.12")).Lost);

        await site.Lab.StartHostAsync("h3");
        await site.ReachesAsync("b3", "10.1.0.14", seconds: 30);
        await site.ProgrammedAsync("b3", "b4");
    }

    /// <summary>From a PUT on the first host's port until the other's switch answers for its new address: the median of several.</summary>
    private static async Task<TimeSpan> EffectAsync(Site site, SwitchSide other, int first)
    {
        var took = new List<TimeSpan>();
        for (var last = first; last < first + 5; last++)
        {
            await site.Api.PutAsync("/v1/ports/b1", $$"""{"network": "blue", "mac": "02:00:00:00:01:0b", "addresses": ["10.1.0.11", "10.1.0.{{last}}"]}""");
            took.Add(await Until.TrueAsync("the other host's switch knows the address", TimeSpan.FromSeconds(30), async () => (await other.FlowsAsync($"arp_tpa=10.1.0.{last},")).Length > 0));
        }

        return took.Order().ElementAt(took.Count / 2);
    }
}
