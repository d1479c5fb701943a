using System.Diagnostics;
using System.Net;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Tests.Bgp;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>Passwords, TTL security and BFD with FRR 8.4 on the other side.</summary>
public class FrrProtectionTests
{
    [Fact]
    public async Task Frr_with_a_password_and_ttl_security_is_heard_and_without_either_it_is_not()
    {
        await using var speaker = Speaker("10.0.9.20");
        await using var leaf = await FrrLeaf.UpAsync(
            async ours => (await speaker.ListenAsync(new IPEndPoint(ours, 0))).Port, 65001, "password open-sesame", "ttl-security hops 1");
        var expected = From(leaf.Address.ToString(), new Asn(65001)) with { Password = "open-sesame", TtlSecurity = 1 };
        await speaker.PutPeerAsync(expected);
        await UntilAsync(async () => (await speaker.PeersAsync())[0].Phase == BgpPhase.Established, "the session");
        await speaker.PutPeerAsync(expected with { Password = "another" });
        await Task.Delay(4000);
        Assert.NotEqual(BgpPhase.Established, (await speaker.PeersAsync())[0].Phase);
        await speaker.PutPeerAsync(expected);
        await UntilAsync(async () => (await speaker.PeersAsync())[0].Phase == BgpPhase.Established, "the session again");
    }

    [Fact]
    public async Task A_link_to_frr_that_loses_everything_is_noticed_in_about_a_second()
    {
        var silentAt = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var speaker = Speaker("10.0.9.21", events: e =>
        {
            if (e is BgpEvent.Detected { Alive: false })
            {
                silentAt.TrySetResult(Stopwatch.GetTimestamp());
            }
        });
        await using var leaf = await FrrLeaf.UpAsync(
            async ours => (await speaker.ListenAsync(new IPEndPoint(ours, 0))).Port, 65000, "bfd", "bfd 3 300 300");
        await speaker.PutPeerAsync(From(leaf.Address.ToString()) with { Bfd = new(TimeSpan.FromMilliseconds(300)) });
        await UntilAsync(async () => (await speaker.PeersAsync())[0] is { Phase: BgpPhase.Established, Bfd.State: BfdState.Up }, "BFD with FRR");
        await UntilAsync(async () => (await leaf.VtyshAsync("show bfd peers")).Contains("Status: up", StringComparison.Ordinal), "FRR's own view");
        await Task.Delay(3000);
        Assert.Equal(BfdState.Up, (await speaker.PeersAsync())[0].Bfd?.State);

        // No connection is closed: nothing passes any more.
        Assert.False(silentAt.Task.IsCompleted);
        var before = Stopwatch.GetTimestamp();
        await leaf.InAsync("ip", "link", "set", "up0", "down");
        var after = Stopwatch.GetTimestamp();
        await UntilAsync(async () => (await speaker.PeersAsync())[0].Phase != BgpPhase.Established, "the end of the session");
        Assert.True(Stopwatch.GetElapsedTime(before, await silentAt.Task) > TimeSpan.FromSeconds(0.5));
        Assert.True(Stopwatch.GetElapsedTime(after, await silentAt.Task) < TimeSpan.FromSeconds(2.5));
        Assert.Contains("BFD down", (await speaker.PeersAsync())[0].LastError, StringComparison.Ordinal);
        await leaf.InAsync("ip", "link", "set", "up0", "up");
        await UntilAsync(async () => (await speaker.PeersAsync())[0] is { Phase: BgpPhase.Established, Bfd.State: BfdState.Up }, "the session again");
    }
}
