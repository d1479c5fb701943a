using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>What is lost of a steady stream to a VM while it moves: between our hosts, as one of them and as a leaf see it, and to a leaf and back.</summary>
public sealed class MoveLossTests(ITestOutputHelper output)
{
    private const int Vni = 10001;
    private const string Address = "10.1.0.11";
    private const string Near = "10.1.0.13";
    private const string Far = "10.1.0.101";

    [Fact]
    public Task A_VM_that_is_expected_where_it_comes_loses_nothing_by_its_move() => BetweenHostsAsync(4, 100);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Nor_does_it_of_a_thousand_packets_per_second() => BetweenHostsAsync(20, 1000);

    [Fact]
    public async Task A_VM_that_goes_to_a_leaf_and_back_is_away_for_as_long_as_the_leaf_takes()
    {
        const int rounds = 2;
        await using var site = await Site.UpAsync(["--hosts", "2"], "--bgp", "127.0.0.1:0");
        await using var leaf = await Leaf.UpAsync(site.Lab, 201, null, Vni);
        await using var vm = await ReadyAsync(site, leaf, "h2");
        var (there, back) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var probe = await vm.ProbeAsync($"{site.Lab.Name}-b3", 100);
            await Task.Delay(300);
            var link = await vm.LegAsync("leaf", leaf.Space);
            await leaf.InAsync("ip", "link", "set", link, "master", $"br{Vni}");
            vm.Resume("leaf");
            await Until.TrueAsync("the leaf announces it", TimeSpan.FromSeconds(60), async () =>
            {
                await vm.SpeakAsync("leaf"); // More than once, as hypervisors do: the leaf's bridge may not forward yet.
                return await site.Api.ConditionAsync("/v1/ports/b1", "Bound") == "False MovedAway";
            });
            await vm.LeaveAsync("h1");
            await Task.Delay(500);
            there += (await probe()).Lost;

            probe = await vm.ProbeAsync($"{site.Lab.Name}-b3", 100);
            await Task.Delay(300);
            await vm.PlugAsync("h1");
            vm.Resume("h1");
            await site.Api.WaitAsync("/v1/ports/b1", "Bound", "True");
            await vm.LeaveAsync("leaf");
            await Task.Delay(500);
            back += (await probe()).Lost;
        }

        output.WriteLine($"100 packets per second, {rounds} times to a leaf and back: {there} lost there, {back} back");
        Assert.InRange(there, 0, rounds * 100);
        Assert.InRange(back, 0, rounds * 100);
    }

    private static async Task<MovingVm> ReadyAsync(Site site, Leaf leaf, string watcher)
    {
        await site.NetworkAsync("blue", 1);
        await site.Api.PutAsync("/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.254"}""");
        await site.Api.PutAsync("/v1/bgp-peers/leaf1", $$"""{"address": "{{leaf.Management}}", "remoteAs": 65000}""");
        await site.Api.WaitAsync("/v1/bgp-peers/leaf1", "Degraded", "False", 60);
        await site.VmAsync(watcher, "b3", "blue", Near);
        var vm = await MovingVm.StartAsync(site, "h1", "b1", "blue", Address);
        await leaf.HostAsync("x1", Vni, $"{Far}/24", "02:00:00:00:01:65");
        await site.ReachesAsync("b3", Address);
        await site.ReachesAsync("b3", Far);
        await Until.TrueAsync("x1 reaches the VM", TimeSpan.FromSeconds(60), () => leaf.ReachesAsync("x1", Address));
        return vm;
    }

    private async Task BetweenHostsAsync(int moves, int perSecond)
    {
        await using var site = await Site.UpAsync(["--hosts", "3"], "--bgp", "127.0.0.1:0");
        await using var leaf = await Leaf.UpAsync(site.Lab, 201, null, Vni);
        await using var vm = await ReadyAsync(site, leaf, "h3");
        var near = await vm.ProbeAsync($"{site.Lab.Name}-b3", perSecond);
        var far = await vm.ProbeAsync(leaf.SpaceOf("x1"), perSecond);
        await Task.Delay(300);
        for (var move = 0; move < moves; move++)
        {
            var (from, to) = move % 2 == 0 ? ("h1", "h2") : ("h2", "h1");
            await vm.ExpectAsync(to, Near, Far);
            vm.Resume(to);
            await Task.Delay(50);
            await vm.LeaveAsync(from);
            await site.Api.WaitAsync("/v1/ports/b1", "Degraded", "False AsExpected");
            await site.ProgrammedAsync("b1");
            await Task.Delay(300);
        }

        var (ours, theirs) = (await near(), await far());
        output.WriteLine($"{moves} moves, {perSecond} packets per second: from a VM of ours {ours}, from a leaf's host {theirs}");

        // Nothing, on a quiet machine; where threads wait for tens of milliseconds, what is under way at that moment.
        Assert.InRange(ours.Lost, 0, 3 * moves);
        Assert.InRange(theirs.Lost, 0, 3 * moves);
        Assert.InRange(ours.Sent, moves * perSecond / 2, int.MaxValue);
        Assert.Equal((uint)moves, await MoveTests.SequenceAsync(site, own: true));
    }
}
