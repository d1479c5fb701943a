using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Tests.Store;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>What time alone does to a peer's routes, RFC 4724 §4.2, RFC 9494 §4.2 and RFC 4684 §6: a real connection under a clock that jumps.</summary>
public class KeptRoutesTests
{
    private static readonly GracefulRestart Restart = new(false, true, 120, [new(BgpFamily.L2VpnEvpn, true)]);

    private readonly ManualTime time = new();

    [Fact]
    public async Task Routes_of_a_peer_that_does_not_come_back_go_when_its_restart_time_is_over()
    {
        await using var speaker = New("10.9.47.1");
        var at = await speaker.ListenAsync("127.9.47.1");
        await LeaveRouteAsync(speaker, at, "127.9.47.2", new() { Restart = Restart });
        time.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal((1, 1), await speaker.CountAsync());
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((0, 0), await speaker.CountAsync());
        Assert.False((await speaker.PeersAsync())[0].Stale);
    }

    [Fact]
    public async Task Routes_that_are_kept_long_go_when_that_time_is_over_too()
    {
        await using var speaker = New("10.9.48.1");
        var at = await speaker.ListenAsync("127.9.48.1");
        await LeaveRouteAsync(speaker, at, "127.9.48.2", new() { Restart = Restart, LongLived = [new(BgpFamily.L2VpnEvpn, true, 3600)] });
        time.Advance(TimeSpan.FromSeconds(121));
        Assert.Equal((1, 1), await speaker.CountAsync());
        Assert.Equal((1, 1), await LaterAsync(speaker, 3597));
        Assert.Equal((0, 0), await LaterAsync(speaker, 5));
    }

    /// <summary>RFC 9494 §4.2: the times of families are their own, and only an End-of-RIB ends them early.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_family_is_kept_for_as_long_as_the_peer_said_of_it_and_a_short_session_makes_it_no_longer(bool comesBack)
    {
        await using var speaker = New("10.9.53.1");
        var at = await speaker.ListenAsync("127.9.53.1");
        BgpFamily[] families = [BgpFamily.L2VpnEvpn, BgpFamily.Ipv4Unicast];
        var capabilities = new Capabilities
        {
            Families = FamilySet.Of(families),
            Restart = Restart with { Families = [.. families.Select(f => new RestartFamily(f, true))] },
            LongLived = [new(BgpFamily.L2VpnEvpn, true, 600), new(BgpFamily.Ipv4Unicast, true, 3600)],
        };
        using (var peer = await ConnectAsync(speaker, at, "127.9.53.2", capabilities))
        {
            await SayAsync(peer, Desk.Mac(1));
            await SayAsync(peer, new UnicastRoute(IpPrefix.Parse("198.51.100.0/24")));
            await UntilAsync(async () => (await speaker.CountAsync()).Routes == 2, "both routes");
        }

        await LostAsync(speaker);
        Assert.Equal((2, 2), await LaterAsync(speaker, 121));
        if (comesBack)
        {
            (await ConnectAsync(speaker, at, "127.9.53.2", capabilities)).Dispose();
            await LostAsync(speaker);
        }

        Assert.Equal((2, 2), await LaterAsync(speaker, 121));
        Assert.Equal((2, 2), await LaterAsync(speaker, 477));
        Assert.Equal((1, 1), await LaterAsync(speaker, 5));
        Assert.IsType<UnicastRoute>(Assert.Single((await speaker.RoutesAsync(new RouteQuery())).Items).Route);
        Assert.Equal((1, 1), await LaterAsync(speaker, 2995));
        Assert.Equal((0, 0), await LaterAsync(speaker, 5));
        Assert.False((await speaker.PeersAsync())[0].Stale);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_nothing_old_is_left_the_time_begins_anew_with_the_next_loss(bool saysAll)
    {
        await using var speaker = New("10.9.54.1");
        var at = await speaker.ListenAsync("127.9.54.1");
        var capabilities = new Capabilities { Restart = Restart, LongLived = [new(BgpFamily.L2VpnEvpn, true, 600)] };
        await LeaveRouteAsync(speaker, at, "127.9.54.2", capabilities);
        Assert.Equal((1, 1), await LaterAsync(speaker, 121));
        using (var back = await ConnectAsync(speaker, at, "127.9.54.2", saysAll ? capabilities : capabilities with { LongLived = [new(BgpFamily.L2VpnEvpn, false, 600)] }))
        {
            await SayAsync(back, Desk.Mac(2));
            if (saysAll)
            {
                await back.SendAsync(BgpMessage.EndOfRib(BgpFamily.L2VpnEvpn));
            }

            await UntilAsync(async () => (await speaker.RoutesAsync(new RouteQuery())).Items is [{ Route: MacIpRoute { Key: var key } }] && key == Desk.Mac(2).Key, "the new route alone");
        }

        await LostAsync(speaker);
        Assert.Equal((1, 1), await LaterAsync(speaker, 121));
        Assert.Equal((1, 1), await LaterAsync(speaker, 597));
        Assert.Equal((0, 0), await LaterAsync(speaker, 5));
    }

    [Fact]
    public async Task Nothing_is_kept_long_for_a_peer_that_is_back_and_ends_for_good()
    {
        await using var speaker = New("10.9.55.1");
        var at = await speaker.ListenAsync("127.9.55.1");
        var capabilities = new Capabilities { Restart = Restart, LongLived = [new(BgpFamily.L2VpnEvpn, true, 600)] };
        await LeaveRouteAsync(speaker, at, "127.9.55.2", capabilities);
        Assert.Equal((1, 1), await LaterAsync(speaker, 121));
        using var back = await ConnectAsync(speaker, at, "127.9.55.2", capabilities);
        await back.SendAsync(Notification.Shutdown("moved").Hard().ToMessage());
        await UntilAsync(async () => (await speaker.PeersAsync())[0] is { Phase: not BgpPhase.Established, Stale: false }, "the end");
        Assert.Equal((0, 0), await speaker.CountAsync());
    }

    [Fact]
    public async Task A_peer_that_is_back_and_never_says_that_it_has_said_all_loses_what_it_has_not_said_again()
    {
        await using var speaker = New("10.9.49.1");
        var at = await speaker.ListenAsync("127.9.49.1");
        await LeaveRouteAsync(speaker, at, "127.9.49.2", new() { Restart = Restart });
        using var back = await ConnectAsync(speaker, at, "127.9.49.2", new() { Restart = Restart });
        await SayAsync(back, Desk.Mac(2));
        await UntilAsync(async () => (await speaker.CountAsync()).Routes == 2, "the new route");
        time.Advance(TimeSpan.FromSeconds(355));
        Assert.Equal((2, 2), await speaker.CountAsync());
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((1, 1), await speaker.CountAsync());
    }

    /// <summary>24 bits of seconds are 194 days, and a timer of the system takes no more than 49.</summary>
    [Fact]
    public async Task Routes_are_kept_for_as_long_as_a_peer_can_say()
    {
        await using var speaker = New("10.9.55.1");
        var at = await speaker.ListenAsync("127.9.55.1");
        await LeaveRouteAsync(speaker, at, "127.9.55.2", new() { Restart = Restart, LongLived = [new(BgpFamily.L2VpnEvpn, true, 0xff_ffff)] });
        time.Advance(TimeSpan.FromSeconds(121));
        Assert.Equal((1, 1), await speaker.CountAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        time.Advance(TimeSpan.FromSeconds(0xff_ffff - 2));
        Assert.Equal((1, 1), await speaker.CountAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((0, 0), await speaker.CountAsync().WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task What_a_peer_does_not_say_between_the_marks_of_its_refresh_is_gone()
    {
        await using var speaker = New("10.9.50.1");
        var at = await speaker.ListenAsync("127.9.50.1");
        using var peer = await ConnectAsync(speaker, at, "127.9.50.2", new() { Refresh = true, EnhancedRefresh = true });
        await SayAsync(peer, Desk.Mac(1));
        await SayAsync(peer, Desk.Mac(2));
        await UntilAsync(async () => (await speaker.CountAsync()).Routes == 2, "two routes");
        await peer.SendAsync(new RouteRefresh(25, RefreshKind.Begin, 70).ToMessage());
        await SayAsync(peer, Desk.Mac(2));
        await peer.SendAsync(new RouteRefresh(25, RefreshKind.End, 70).ToMessage());
        await UntilAsync(async () => (await speaker.CountAsync()).Routes == 1, "one route");
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task A_mark_of_a_refresh_that_is_too_long_ends_the_session_and_comes_back_with_the_reason(byte kind, bool ends)
    {
        await using var speaker = New("10.9.56.1");
        var at = await speaker.ListenAsync("127.9.56.1");
        using var peer = await ConnectAsync(speaker, at, "127.9.56.2", new() { Refresh = true, EnhancedRefresh = true });
        byte[] message = [.. new RouteRefresh(25, (RefreshKind)kind, 70).ToMessage(), 7];
        message[17]++;
        await peer.SendAsync(message);
        await peer.SendAsync(new OpenMessage(65000, 0, IpAddress.Parse("10.9.56.2"), []).ToMessage()); // Out of place: it ends a session that still stands.
        var (buffer, heard) = (new byte[65536], new List<byte>());
        for (int count; (count = await peer.ReceiveAsync(buffer)) > 0;)
        {
            heard.AddRange(buffer.AsSpan(0, count));
        }

        byte[] last = ends ? [7, 1, .. message] : [5, 3];
        Assert.Equal(last, heard.TakeLast(last.Length));
    }

    [Fact]
    public async Task A_peer_that_never_ends_its_wishes_is_told_what_it_wished_for_all_the_same()
    {
        await using var speaker = New("10.9.51.1");
        var at = await speaker.ListenAsync("127.9.51.1");
        using var peer = await ConnectAsync(speaker, at, "127.9.51.2", new() { Families = FamilySet.Of([BgpFamily.L2VpnEvpn, BgpFamily.RtConstraint]) });
        await speaker.OriginateAsync([Host(1)]);
        await SayAsync(peer, new TargetMembership(As, Target, 96));
        await UntilAsync(async () => (await speaker.CountAsync()).Routes == 2, "the wish");
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(await HearsAsync(peer, TimeSpan.FromMilliseconds(100)));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(await HearsAsync(peer, TimeSpan.FromSeconds(60)));
    }

    private BgpSpeaker New(string id) => new(new SpeakerSettings(As, IpAddress.Parse(id)), new Imported(), _ => { }, time);

    /// <summary>A session that brings one route and breaks.</summary>
    private static async Task LeaveRouteAsync(BgpSpeaker speaker, IPEndPoint at, string from, Capabilities capabilities)
    {
        using (var peer = await ConnectAsync(speaker, at, from, capabilities))
        {
            await SayAsync(peer, Desk.Mac(1));
            await UntilAsync(async () => (await speaker.CountAsync()).Routes == 1, "the route");
        }

        await LostAsync(speaker);
        Assert.Equal((1, 1), await speaker.CountAsync());
    }

    /// <summary>What is held so much later, once the loop has seen to all that was due.</summary>
    private async Task<(int Routes, int Paths)> LaterAsync(BgpSpeaker speaker, int seconds)
    {
        time.Advance(TimeSpan.FromSeconds(seconds));
        return await speaker.CountAsync();
    }

    private static Task LostAsync(BgpSpeaker speaker) => UntilAsync(
        async () => (await speaker.PeersAsync())[0] is { Phase: not BgpPhase.Established, Stale: true }, "the end of the session");

    private static async Task<Socket> ConnectAsync(BgpSpeaker speaker, IPEndPoint at, string from, Capabilities capabilities)
    {
        await speaker.PutPeerAsync(From(from) with
        {
            HoldTime = TimeSpan.Zero,
            GracefulRestart = RestartSettings.Default with { LongLivedTime = TimeSpan.FromHours(1) },
            Families = [BgpFamily.L2VpnEvpn, BgpFamily.RtConstraint, BgpFamily.Ipv4Unicast],
        });
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        peer.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await peer.ConnectAsync(at);
        var families = capabilities.Families.IsEmpty ? new FamilySet(1) : capabilities.Families;
        await peer.SendAsync(new OpenMessage(65000, 0, IpAddress.Parse("10.9.47.99"), (capabilities with { Families = families, As4 = As }).ToList()).ToMessage());
        await peer.SendAsync(BgpMessage.Keepalive);
        await speaker.UntilUpAsync();
        return peer;
    }

    private static async Task SayAsync(Socket peer, Route route)
    {
        var body = Desk.Update(null!, route, Desk.Attributes());
        var length = BgpMessage.HeaderLength + body.Length;
        await peer.SendAsync((byte[])[.. Enumerable.Repeat<byte>(0xff, 16), (byte)(length >> 8), (byte)length, (byte)MessageType.Update, .. body]);
    }

    /// <summary>Whether the first host's MAC comes within a time.</summary>
    private static async Task<bool> HearsAsync(Socket peer, TimeSpan within)
    {
        using var stop = new CancellationTokenSource(within);
        var (buffer, heard) = (new byte[65536], new List<byte>());
        try
        {
            while (heard.ToArray().AsSpan().IndexOf<byte>([2, 0, 0, 0, 0, 1]) < 0)
            {
                var count = await peer.ReceiveAsync(buffer, stop.Token);
                Assert.NotEqual(0, count);
                heard.AddRange(buffer.AsSpan(0, count));
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
