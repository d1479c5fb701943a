using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>RFC 9687: a peer that says it lives and takes nothing.</summary>
[Collection("Timed")]
public class SendHoldTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Who_keeps_the_session_alive_and_reads_nothing_loses_it(bool reads, bool limitedLater)
    {
        await using var speaker = Speaker("10.9.80.1");
        var local = reads ? "127.9.80.1" : limitedLater ? "127.9.80.3" : "127.9.80.2";
        var at = await speaker.ListenAsync(local);
        var settings = From("127.9.80.9") with { SendHoldTime = TimeSpan.FromSeconds(reads ? 2 : 1), HoldTime = TimeSpan.FromSeconds(30) };
        await speaker.PutPeerAsync(limitedLater ? settings with { SendHoldTime = null } : settings);
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        peer.Bind(new IPEndPoint(IPAddress.Parse("127.9.80.9"), 0));
        await peer.ConnectAsync(at);
        var capabilities = new Capabilities { Families = new FamilySet(1), As4 = As };
        await peer.SendAsync(new OpenMessage(65000, 30, IpAddress.Parse("10.9.80.9"), capabilities.ToList()).ToMessage());
        await peer.SendAsync(BgpMessage.Keepalive);
        await speaker.UntilUpAsync();
        await speaker.PutPeerAsync(settings);

        // More than the buffers of both sides hold.
        var round = 0u;
        Task LoadAsync() => speaker.OriginateAsync([.. Enumerable.Range(1, 300_000).Select(i => Host(i, sequence: round))]);
        await LoadAsync();
        var buffer = new byte[65536];
        var clock = Stopwatch.StartNew();
        PeerStatus status;
        while ((status = (await speaker.PeersAsync())[0]).Phase == BgpPhase.Established && !(reads && clock.Elapsed > 2.5 * settings.SendHoldTime))
        {
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));
            await peer.SendAsync(BgpMessage.Keepalive);
            if (reads && status.OctetsWaiting == 0)
            {
                round++;
                await LoadAsync(); // Something waits for it all the time.
            }

            for (var taken = 0; reads && taken < 128 * 1024 && peer.Available > 0;)
            {
                taken += peer.Receive(buffer);
            }

            await Task.Delay(40);
        }

        Assert.Equal(reads, status.Phase == BgpPhase.Established);
        Assert.Equal(reads, status.LastError is null);
        Assert.Equal(!reads, status.LastError?.Contains("8/0 send hold timer expired", StringComparison.Ordinal) ?? false);
    }
}
