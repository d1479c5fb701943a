using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Who may connect and how much he may say, on real sockets: MD5 (RFC 2385), TTL security (RFC 5082), ranges, limits.</summary>
public class ProtectionTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData("127.9.10.1", "127.9.10.2", false)]
    [InlineData("127.9.11.1", "127.9.11.2", true)]
    public async Task Peers_with_the_same_password_meet_and_with_another_they_do_not(string server, string client, bool range)
    {
        await using var left = Speaker("10.9.10.1");
        await using var right = Speaker("10.9.10.2");
        var at = await left.ListenAsync(server);
        var expected = range
            ? From(client) with { Id = "range", Address = null, ListenRange = IpPrefix.Parse(client[..client.LastIndexOf('.')] + ".0/24") }
            : From(client);
        await left.PutPeerAsync(expected with { Password = "open sesame" });
        await right.PutPeerAsync(To(at, client) with { Password = "wrong" });
        await Task.Delay(Moment);
        Assert.NotEqual(BgpPhase.Established, (await right.PeersAsync())[0].Phase);
        await right.PutPeerAsync(To(at, client));
        await Task.Delay(Moment);
        Assert.NotEqual(BgpPhase.Established, (await right.PeersAsync())[0].Phase);
        await right.PutPeerAsync(To(at, client) with { Password = "open sesame" });
        await right.UntilUpAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_listener_of_both_kinds_knows_the_password_of_an_ipv4_peer(bool range)
    {
        await using var left = Speaker("10.9.12.1");
        await using var right = Speaker("10.9.12.2");
        var at = await left.ListenAsync(new IPEndPoint(IPAddress.IPv6Any, 0));
        var client = range ? "127.9.13.2" : "127.9.12.2";
        var expected = range ? From(client) with { Address = null, ListenRange = IpPrefix.Parse("127.9.13.0/24") } : From(client);
        await left.PutPeerAsync(expected with { Password = "secret" });
        var to = To(new IPEndPoint(IPAddress.Parse("127.0.0.1"), at.Port), client);
        await right.PutPeerAsync(to);
        await Task.Delay(Moment);
        Assert.NotEqual(BgpPhase.Established, (await right.PeersAsync())[0].Phase);
        await right.PutPeerAsync(to with { Password = "secret" });
        await right.UntilUpAsync();
    }

    [Fact]
    public async Task A_password_that_tcp_cannot_take_is_refused_and_changes_nothing()
    {
        await using var speaker = Speaker("10.9.14.1");
        await speaker.PutPeerAsync(From("127.9.14.2"));
        await Assert.ThrowsAsync<ArgumentException>(() => speaker.PutPeerAsync(From("127.9.14.2") with { Password = new string('x', 81) }));
        Assert.Null((await speaker.PeersAsync()).Single().Settings.Password);
    }

    [Theory]
    [InlineData("127.9.15.1", "127.9.15.2")]
    [InlineData("::1", "::1")]
    [InlineData("0.0.0.0/both", "127.9.16.2")]
    public async Task Only_a_peer_as_near_as_expected_is_heard(string server, string client)
    {
        await using var left = Speaker("10.9.15.1");
        await using var right = Speaker("10.9.15.2");
        var both = server.EndsWith("/both", StringComparison.Ordinal);
        var at = await left.ListenAsync(new IPEndPoint(both ? IPAddress.IPv6Any : IPAddress.Parse(server), 0));
        at = both ? new IPEndPoint(IPAddress.Parse("127.9.16.1"), at.Port) : at;
        await left.PutPeerAsync(From(client) with { TtlSecurity = 1 });

        // It sends with the system's own TTL: as if from far away.
        await right.PutPeerAsync(To(at, client));
        await Task.Delay(Moment);
        Assert.NotEqual(BgpPhase.Established, (await right.PeersAsync())[0].Phase);
        await right.PutPeerAsync(To(at, client) with { TtlSecurity = 1 });
        await right.UntilUpAsync();
    }

    [Fact]
    public async Task Any_address_of_a_range_becomes_a_peer_and_others_stay_strangers()
    {
        var strangers = new List<string>();
        await using var left = Speaker("10.9.17.1", events: e =>
        {
            if (e is BgpEvent.Stranger)
            {
                strangers.Add(e.Peer);
            }
        });
        var at = await left.ListenAsync("127.9.17.1");
        var range = From("127.9.17.9") with { Id = "leafs", Address = null, ListenRange = IpPrefix.Parse("127.9.17.64/28"), GracefulRestart = null };
        await left.PutPeerAsync(range);
        await using var one = Speaker("10.9.17.2");
        await using var two = Speaker("10.9.17.3");
        await one.PutPeerAsync(To(at, "127.9.17.65"));
        await two.PutPeerAsync(To(at, "127.9.17.66"));
        await left.UntilUpAsync(2);
        Assert.Equal(["leafs/127.9.17.65", "leafs/127.9.17.66"], (await left.PeersAsync()).Select(p => p.Settings.Id).Order());

        using var stranger = new TcpClient(new IPEndPoint(IPAddress.Parse("127.9.17.80"), 0));
        await stranger.ConnectAsync(at);
        Assert.Equal(0, await stranger.GetStream().ReadAsync(new byte[1]));
        Assert.Equal(["127.9.17.80"], strangers);

        // One goes: so does the peer. The range goes: so do all.
        await one.RemovePeerAsync("127.9.17.1");
        await UntilAsync(async () => (await left.PeersAsync()).Count == 1, "one peer");
        Assert.True(await left.RemovePeerAsync("leafs"));
        Assert.Empty(await left.PeersAsync());
    }

    [Fact]
    public async Task A_range_has_room_for_so_many_peers_and_for_another_once_one_has_gone()
    {
        var refused = new List<BgpEvent>();
        await using var left = new BgpSpeaker(
            new SpeakerSettings(As, IpAddress.Parse("10.9.19.1")) { MembersOfRanges = 2 }, new Imported(), e => refused.AddRange(e is BgpEvent.Stranger ? [e] : []), TimeProvider.System);
        var at = await left.ListenAsync("127.9.19.1");
        await left.PutPeerAsync(From("127.9.19.9") with { Id = "leafs", Address = null, ListenRange = IpPrefix.Parse("127.9.19.64/28"), GracefulRestart = null });
        await using var one = Speaker("10.9.19.2");
        await using var two = Speaker("10.9.19.3");
        await one.PutPeerAsync(To(at, "127.9.19.65"));
        await two.PutPeerAsync(To(at, "127.9.19.66"));
        await left.UntilUpAsync(2);

        using var third = new TcpClient(new IPEndPoint(IPAddress.Parse("127.9.19.67"), 0));
        await third.ConnectAsync(at);
        Assert.Equal(0, await third.GetStream().ReadAsync(new byte[1]));
        Assert.Equal([new BgpEvent.Stranger("127.9.19.67", Crowded: true)], refused);

        await one.RemovePeerAsync("127.9.19.1");
        await UntilAsync(async () => (await left.PeersAsync()).Count == 1, "room");
        await using var last = Speaker("10.9.19.4");
        await last.PutPeerAsync(To(at, "127.9.19.67"));
        await left.UntilUpAsync(2);
    }

    [Fact]
    public void A_peer_beyond_all_slots_is_refused_and_does_not_take_that_of_our_own_routes()
    {
        var desk = new Desk();
        var settings = new PeerSettings { Id = "p", RemoteAs = As };
        for (var slot = 1; slot <= ushort.MaxValue; slot++)
        {
            Assert.Equal(slot, desk.Routes.Add(settings).Slot);
        }

        Assert.Throws<OverflowException>(() => desk.Routes.Add(settings));
    }

    [Fact]
    public async Task Beyond_its_limit_a_peer_is_warned_of_then_dropped_and_may_come_back_when_the_pause_is_over()
    {
        var warnings = new List<BgpEvent.ManyRoutes>();
        await using var left = Speaker("10.9.18.1", events: e =>
        {
            if (e is BgpEvent.ManyRoutes many)
            {
                warnings.Add(many);
            }
        });
        await using var right = Speaker("10.9.18.2");
        var at = await left.ListenAsync("127.9.18.1");
        await left.PutPeerAsync(From("127.9.18.2") with { PrefixLimit = new(10, WarnPercent: 50, RestartAfter: TimeSpan.FromSeconds(2)) });
        await right.PutPeerAsync(To(at, "127.9.18.2"));
        await right.OriginateAsync([.. Enumerable.Range(1, 8).Select(i => Host(i))]);
        await UntilAsync(async () => (await left.CountAsync()).Routes == 8, "eight routes");
        Assert.Equal([new BgpEvent.ManyRoutes("127.9.18.2", 8, 10)], warnings);

        await right.OriginateAsync([.. Enumerable.Range(9, 4).Select(i => Host(i))]);
        await UntilAsync(async () => (await left.PeersAsync())[0] is { Phase: BgpPhase.Idle }, "the end of the session");
        Assert.Equal((0, 0), await left.CountAsync());
        await UntilAsync(async () => (await right.PeersAsync())[0].LastError is { } e && e.Contains("maximum number of prefixes", StringComparison.Ordinal), "its reason");
        await right.WithdrawAsync([.. Enumerable.Range(5, 8).Select(i => Host(i).Route)]);
        await UntilAsync(async () => (await left.CountAsync()).Routes == 4, "the session after the pause");
    }
}
