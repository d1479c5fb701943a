using System.Net.Sockets;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

public class SpeakerTests
{
    [Fact]
    public async Task A_reflector_passes_routes_between_its_clients_with_their_attributes_unchanged()
    {
        var sink = new Imported();
        await using var reflector = Speaker("10.9.0.1");
        await using var left = Speaker("10.9.0.2");
        await using var right = Speaker("10.9.0.3", sink);
        var at = await reflector.ListenAsync("127.9.0.1");
        await reflector.PutPeerAsync(From("127.9.0.2"));
        await reflector.PutPeerAsync(From("127.9.0.3"));
        await right.ImportAsync([Target]);
        await left.OriginateAsync([.. Enumerable.Range(1, 500).Select(i => Host(i))]);
        await left.PutPeerAsync(To(at, "127.9.0.2"));
        await right.PutPeerAsync(To(at, "127.9.0.3"));

        await UntilAsync(() => sink.Routes.Count == 500, "500 routes");
        var sent = Host(7);
        var learned = Assert.Single(sink.Routes, r => r.Route == sent.Route);
        Assert.Equal(sent.Attributes.NextHop, learned.Attributes.NextHop);
        Assert.Equal(sent.Attributes.ExtendedCommunities, learned.Attributes.ExtendedCommunities);
        Assert.Equal(IpAddress.Parse("10.9.0.2"), learned.Attributes.OriginatorId);
        Assert.Equal([IpAddress.Parse("10.9.0.1")], learned.Attributes.ClusterList);
        await UntilAsync(() => sink.IsSynchronised("127.9.0.1"), "End-of-RIB");

        await left.OriginateAsync([Host(7, sequence: 3)]);
        await UntilAsync(() => sink.Routes.Any(r => r.Attributes.Mobility?.Sequence == 3), "the move");
        await left.WithdrawAsync([Host(7).Route]);
        await UntilAsync(() => sink.Routes.Count == 499, "the withdrawal");
        Assert.Equal((499, 499), await reflector.CountAsync());
    }

    [Fact]
    public async Task A_port_that_another_listens_on_is_refused_and_one_that_it_left_a_moment_ago_is_not()
    {
        await using var other = Speaker("10.9.82.1");
        await using var second = Speaker("10.9.82.2");
        var at = await other.ListenAsync("127.9.82.1");
        using (var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await stranger.ConnectAsync(at);
            Assert.Equal(0, await stranger.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(30))); // It closes first, and the connection stays with it in TIME_WAIT.
        }

        Assert.Equal(SocketError.AddressAlreadyInUse, (await Assert.ThrowsAsync<SocketException>(() => second.ListenAsync(at))).SocketErrorCode);

        await other.DisposeAsync();
        await second.ListenAsync(at);
    }

    [Fact]
    public async Task A_speaker_that_a_fault_has_ended_says_so_to_whoever_asks_and_can_be_disposed()
    {
        await using var left = Speaker("10.9.77.2");
        await using var right = Speaker("10.9.77.3", new Failing());
        await right.PutPeerAsync(From("127.9.77.2"));
        await left.PutPeerAsync(To(await right.ListenAsync("127.9.77.3"), "127.9.77.2"));

        await Assert.ThrowsAsync<NotSupportedException>(() => right.Ended.WaitAsync(TimeSpan.FromSeconds(30)));

        var told = await Assert.ThrowsAsync<ObjectDisposedException>(() => right.PeersAsync().WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.IsType<NotSupportedException>(told.InnerException);
    }

    [Fact]
    public async Task A_client_that_goes_takes_its_routes_along()
    {
        var sink = new Imported();
        await using var right = Speaker("10.9.1.3", sink);
        await using var left = Speaker("10.9.1.2");
        var at = await right.ListenAsync("127.9.1.3");
        await right.ImportAsync([Target]);
        await right.PutPeerAsync(From("127.9.1.2"));
        await left.OriginateAsync([Host(1), Host(2)]);
        await left.PutPeerAsync(To(at, "127.9.1.2"));
        await UntilAsync(() => sink.Routes.Count == 2, "two routes");

        // An administrative shutdown is no restart.
        await left.RemovePeerAsync("127.9.1.3");
        await UntilAsync(() => sink.Routes.Count == 0, "no routes");
        Assert.Equal((0, 0), await right.CountAsync());
        Assert.Contains("peer de-configured", (await right.PeersAsync())[0].LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_route_from_another_as_has_that_as_in_its_path_and_keeps_its_next_hop()
    {
        var sink = new Imported();
        await using var right = Speaker("10.9.2.3", sink);
        await using var left = Speaker("10.9.2.2", asn: new Asn(4_200_000_001));
        var at = await right.ListenAsync("127.9.2.3");
        await right.ImportAsync([Target]);
        await right.PutPeerAsync(From("127.9.2.2", new Asn(4_200_000_001)));
        await left.OriginateAsync([Host(1)]);
        await left.PutPeerAsync(To(at, "127.9.2.2"));
        await UntilAsync(() => sink.Routes.Count == 1, "a route");
        var attributes = sink.Routes[0].Attributes;
        Assert.Equal([new AsSegment(2, [new Asn(4_200_000_001)])], attributes.AsPath);
        Assert.Null(attributes.LocalPreference);
        Assert.Equal(IpAddress.Parse("192.0.2.1"), attributes.NextHop);
    }

    [Fact]
    public async Task After_a_shutdown_nobody_of_a_range_comes_back()
    {
        var (ups, refused) = (0, 0);
        await using var left = Speaker("10.9.46.1", events: e => Interlocked.Add(ref refused, e is BgpEvent.Stranger ? 1 : 0));
        await using var right = Speaker("10.9.46.2", events: e => Interlocked.Add(ref ups, e is BgpEvent.Up ? 1 : 0));
        await left.PutPeerAsync(new PeerSettings { Id = "all", ListenRange = IpPrefix.Parse("127.9.46.0/24"), RemoteAs = As });
        await left.OriginateAsync([Host(1)]);
        await right.PutPeerAsync(To(await left.ListenAsync("127.9.46.1"), "127.9.46.2"));
        await UntilAsync(async () => (await right.CountAsync()).Routes == 1, "the route");

        await left.ShutdownAsync("maintenance");
        await UntilAsync(() => Volatile.Read(ref refused) > 0 || Volatile.Read(ref ups) > 1, "another attempt");

        Assert.Equal((1, 0), (Volatile.Read(ref ups), (await right.CountAsync()).Routes));
        Assert.Empty(await left.PeersAsync());
    }

    [Fact]
    public async Task Who_asks_a_speaker_that_has_ended_is_told_so()
    {
        var speaker = Speaker("10.9.45.1");
        var asked = Enumerable.Range(0, 5000).Select(_ => speaker.CountAsync()).ToList();
        await speaker.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => speaker.CountAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        foreach (var question in asked)
        {
            // Each was answered before the end or refused after it; none waits for ever.
            await Task.WhenAny(question).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(question.IsCompletedSuccessfully || question.Exception?.InnerException is ObjectDisposedException);
        }
    }

    private sealed class Failing : IRouteSink
    {
        public void Deliver(IReadOnlyList<RouteChange> changes) => throw new NotSupportedException();

        public void PeerSynchronised(string peer) => throw new NotSupportedException();
    }
}
