using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.Topology;

/// <summary>Learning switches in circles: real Open vSwitch with cables between them, and VMs that ping.</summary>
public sealed class RingTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_ring_carries_every_frame_once_and_heals_when_a_cable_is_cut()
    {
        await using var plain = await Plain.UpAsync(3, (1, 2), (2, 3), (3, 1));
        await plain.LinkedAsync("1<->2 1<->3 2<->3x");
        foreach (var (from, to) in new[] { (1, 2), (1, 3), (2, 3), (3, 1) })
        {
            Assert.Equal(0, (await plain.Lab.PingAsync($"v{from}", $"10.9.0.{to}")).Lost);
        }

        await Task.Delay(2100); // The ports have been up for long enough to flood as they may.
        await AssertCopiedOnceAsync(plain, 3);

        await using var ping = await ContinuousPing.StartAsync(plain.Lab, "v1", "10.9.0.3");
        await Task.Delay(1000);
        var (_, b) = Plain.Cable(2);
        await plain.SetAsync("h1", b, "down");
        await plain.LinkedAsync("1<->2 2<->3");
        await Task.Delay(2000);
        var pinged = await ping.StopAsync();
        output.WriteLine($"ring: {pinged.Lost} of {pinged.Sent} packets lost, one each 10 ms");
        Assert.InRange(pinged.Lost, 0, 200);
        Assert.Equal(0, (await plain.Lab.PingAsync("v1", "10.9.0.3")).Lost);
        await AssertCopiedOnceAsync(plain, 3);

        await plain.SetAsync("h1", b, "up");
        await plain.LinkedAsync("1<->2 1<->3 2<->3x");
        Assert.Equal(0, (await plain.Lab.PingAsync("v1", "10.9.0.3")).Lost);
        Assert.NotEmpty(await plain.Api.EventsAsync("LinkDown", $"links/{await IdOfAsync(plain, 1, 3)}"));
        Assert.Equal(2, (await plain.Api.EventsAsync("LinkUp", $"links/{await IdOfAsync(plain, 1, 3)}")).Length);
    }

    [Fact]
    public async Task A_ring_does_not_storm_before_its_links_are_known()
    {
        await using var plain = await Plain.UpAsync(3, (1, 2), (2, 3), (3, 1));
        await plain.LinkedAsync("1<->2 1<->3 2<->3x");
        await using var broadcasts = await Broadcasts.StartAsync(plain.Lab, 3, most: 10_000, TimeSpan.FromMilliseconds(20));
        await Task.Delay(1000);
        await plain.Controller.KillAsync();
        await plain.Controller.StartAgainAsync();
        var found = await plain.LinkedAsync("1<->2 1<->3 2<->3x");
        await Task.Delay(1000);
        var sent = await broadcasts.StopAsync();
        var received = await broadcasts.ReceivedAsync();
        var copies = received.Select(r => r.GroupBy(n => n).Where(n => n.Count() > 1).Select(n => $"{n.Key}x{n.Count()}").ToArray()).ToArray();
        output.WriteLine(
            $"of {sent} broadcasts {string.Join(", ", received.Select((r, i) => $"{r.Length} at v{i + 1}"))}; links found {found.TotalMilliseconds:0} ms after the controller was ready; copies {string.Join(" | ", copies.Select(c => string.Join(' ', c)))}");

        // Those of the time without a controller are lost; none comes twice, and none comes back.
        Assert.Empty(received[0]);
        Assert.All(copies, Assert.Empty);
        Assert.All(received[1..], r => Assert.Equal(sent, r[^1]));
        Assert.Equal(0, (await plain.Lab.PingAsync("v1", "10.9.0.3")).Lost);
    }

    [Fact]
    public async Task In_a_ring_whose_links_nobody_can_know_each_broadcast_still_comes_once()
    {
        await using var plain = await Plain.DeafAsync(3, (1, 2), (2, 3), (3, 1));
        await plain.JoinedAsync(3);
        const int Frames = 60;
        await using var broadcasts = await Broadcasts.StartAsync(plain.Lab, 3, Frames, TimeSpan.FromMilliseconds(10));
        Assert.Equal(Frames, await broadcasts.SentAsync());
        var received = await broadcasts.ReceivedAsync();
        Assert.Equal("", await plain.LinksAsync());
        Assert.Empty(received[0]);
        Assert.All(received[1..], r => Assert.Equal(Enumerable.Range(1, Frames), r.Order()));
    }

    [Fact]
    public async Task Of_parallel_cables_one_carries_and_the_other_takes_over()
    {
        await using var plain = await Plain.UpAsync(2, (1, 2), (1, 2));
        await plain.LinkedAsync("1<->2 1<->2x");
        await Task.Delay(2100);
        await AssertCopiedOnceAsync(plain, 2);

        await using var ping = await ContinuousPing.StartAsync(plain.Lab, "v1", "10.9.0.2");
        await plain.SetAsync("h2", Plain.Cable(0).B, "down");
        await plain.LinkedAsync("1<->2");
        await Task.Delay(1000);
        var pinged = await ping.StopAsync();
        output.WriteLine($"parallel: {pinged.Lost} of {pinged.Sent} packets lost, one each 10 ms");
        Assert.InRange(pinged.Lost, 0, 200);
    }

    [Fact]
    public async Task LLDP_that_a_host_makes_alters_or_records_shows_no_link()
    {
        await using var plain = await Plain.UpAsync(2, (1, 2));
        await plain.LinkedAsync("1<->2");
        var recorded = await plain.Lab.CaptureLldpAsync("v1", "eth0", andReturn: true);
        await RefusedAsync(plain, 1, "looped");
        await plain.Lab.InjectAsync("v2", "eth0", recorded[..^10] + "0102030000");
        await RefusedAsync(plain, 2, "forged");
        await plain.Lab.InjectAsync("v2", "eth0", recorded[..40] + recorded[60..]);
        await RefusedAsync(plain, 2, "malformed");
        await Task.Delay(2000);
        await plain.Lab.InjectAsync("v2", "eth0", recorded);
        await RefusedAsync(plain, 2, "stale");

        // What would fill the controller is stopped at the switch.
        await plain.Lab.InjectAsync("v2", "eth0", [.. Enumerable.Repeat(recorded, 300)]);
        await RefusedAsync(plain, 2, "too-many");
        Assert.Equal("1<->2", await plain.LinksAsync());
        Assert.Equal(0, (await plain.Lab.PingAsync("v1", "10.9.0.2")).Lost);
        Assert.Contains(await plain.Api.EventsAsync("LldpRefused", $"switches/{Plain.Bridge(2)}"), m => m.StartsWith("stale: ", StringComparison.Ordinal));
        Assert.Empty(await plain.Api.EventsAsync("LinkDown", $"links/{await IdOfAsync(plain, 1, 2)}"));
    }

    private static async Task<string> IdOfAsync(Plain plain, int a, int b) =>
        (await plain.Api.GetAsync("/v1/links")).Body.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()!)
            .Single(id => id.StartsWith(Plain.Bridge(a), StringComparison.Ordinal) && id.Contains($"-{Plain.Bridge(b)}.", StringComparison.Ordinal));

    private static Task RefusedAsync(Plain plain, int host, string reason) => Until.TrueAsync(
        $"{reason} at h{host}",
        TimeSpan.FromSeconds(10),
        async () => await plain.Api.MetricAsync($$"""dwcp_lldp_refused_total{reason="{{reason}}",switch="{{Plain.Bridge(host)}}"}""") >= 1,
        async () => await plain.Controller.Http.GetStringAsync("/metrics"));

    /// <summary>Each broadcast of the first VM comes once to each of the others, and nothing goes round and round.</summary>
    private static async Task AssertCopiedOnceAsync(Plain plain, int hosts)
    {
        const int Frames = 40;
        await using var broadcasts = await Broadcasts.StartAsync(plain.Lab, hosts, Frames, TimeSpan.Zero);
        Assert.Equal(Frames, await broadcasts.SentAsync());
        var received = await broadcasts.ReceivedAsync();
        Assert.Empty(received[0]);
        Assert.All(received[1..], r => Assert.Equal(Enumerable.Range(1, Frames), r.Order()));
    }
}
