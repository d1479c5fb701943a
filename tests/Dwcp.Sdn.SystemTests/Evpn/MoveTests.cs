namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>A VM that moves between our hosts and to a leaf and back, as the leaf sees it.</summary>
public sealed class MoveTests
{
    private const int Vni = 10001;
    private const string Address = "10.1.0.11";
    private const string Mac = "02:00:00:00:01:0b";

    [Fact]
    public Task A_VM_that_moves_takes_one_step_each_time_and_the_leaf_follows() => MovesAsync(3, 3);

    [Fact]
    [Trait("Category", "Soak")]
    public Task It_does_so_a_hundred_times_in_a_row() => MovesAsync(50, 25);

    /// <param name="between">How often it moves between our hosts.</param>
    /// <param name="away">How often it goes to the leaf and comes back.</param>
    private static async Task MovesAsync(int between, int away)
    {
        await using var site = await Site.UpAsync(["--hosts", "2"], "--bgp", "127.0.0.1:0");
        await using var leaf = await Leaf.UpAsync(site.Lab, 201, null, Vni);
        await site.NetworkAsync("blue", 1);
        await site.Api.PutAsync("/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.254"}""");
        await site.Api.PutAsync("/v1/bgp-peers/leaf1", $$"""{"address": "{{leaf.Management}}", "remoteAs": 65000}""");
        await site.Api.WaitAsync("/v1/bgp-peers/leaf1", "Degraded", "False", 60);
        await site.VmAsync("h2", "b2", "blue", "10.1.0.12");
        await site.VmAsync("h1", "b1", "blue", Address);
        await leaf.HostAsync("x1", Vni, "10.1.0.101/24", "02:00:00:00:01:65");
        await ReachedAsync(leaf, "x1");
        var sequence = 0u;

        // Between our hosts: as many steps as moves.
        for (var move = 0; move < between; move++)
        {
            await site.Lab.UnplugAsync("b1");
            await site.PlugAsync(move % 2 == 0 ? "h2" : "h1", "b1", Address);
            await ReachedAsync(leaf, "x1");
            await AnnouncedAsync(site, ++sequence);
        }

        // To the leaf, whose kernel learns the MAC from the machine's frames, and back.
        for (var round = 1; round <= away; round++)
        {
            await site.Lab.UnplugAsync("b1");
            var name = $"m{round}";
            await leaf.HostAsync(name, Vni, $"{Address}/24", Mac);
            await Until.TrueAsync(
                "the leaf announces it", TimeSpan.FromSeconds(60), async () => await SequenceAsync(site, own: false) is not null, () => leaf.VtyshAsync("show bgp l2vpn evpn"));
            await site.ReachesAsync("b2", Address);
            Assert.Null(await SequenceAsync(site, own: true));

            var heard = await SequenceAsync(site, own: false);
            await leaf.PlugAsync(name, Vni, plugged: false);
            await site.PlugAsync("h1", "b1", Address);
            await ReachedAsync(leaf, "x1");
            await site.ReachesAsync("b2", Address);
            await AnnouncedAsync(site, sequence = Math.Max(sequence, heard!.Value) + 1);
        }

        Assert.Empty(await site.Api.EventsAsync("DuplicateMac", "ports/b1"));
    }

    /// <summary>We announce it with exactly this sequence; a frame may reach it a moment before, by way of its former host.</summary>
    private static async Task AnnouncedAsync(Site site, uint sequence)
    {
        await Until.TrueAsync($"it is announced with sequence {sequence}", TimeSpan.FromSeconds(60), async () => await SequenceAsync(site, own: true) >= sequence);
        Assert.Equal(sequence, await SequenceAsync(site, own: true));
    }

    private static Task ReachedAsync(Leaf leaf, string host) => Until.TrueAsync(
        $"{host} reaches the VM", TimeSpan.FromSeconds(60), () => leaf.ReachesAsync(host, Address), () => leaf.VtyshAsync("show bgp l2vpn evpn"));

    /// <summary>The sequence of the VM's MAC as we announce it, or as the leaf does; null when it is not announced.</summary>
    internal static async Task<uint?> SequenceAsync(Site site, bool own)
    {
        var routes = (await site.Api.GetAsync($"/v1/evpn-routes?mac={Mac}")).Body.GetProperty("items").EnumerateArray()
            .Where(r => r.GetProperty("status").GetProperty("origin").GetString() == (own ? "ports/b1" : "bgp-peers/leaf1")).ToList();
        return routes.Count == 0 ? null : routes.Max(r => r.TryGetProperty("sequence", out var sequence) ? sequence.GetUInt32() : 0);
    }
}
