using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Tests.Store;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>How the RIB tells its peers: once for all that are told the same, in full messages, never more than a slow one can be owed.</summary>
public class DistributionTests
{
    private readonly Desk desk = new();

    private RibPeer Client() => desk.Peer(new PeerSettings { Id = $"c{Guid.NewGuid()}", RemoteAs = Desk.As, RouteReflectorClient = true });

    [Fact]
    public void What_several_peers_are_told_is_formatted_once()
    {
        RibPeer[] clients = [Client(), Client(), Client()];
        Array.ForEach(clients, c => desk.Told(c));
        Assert.Equal(1, desk.Routes.Groups.Count);
        desk.Routes.Originate(new(Desk.Mac(), Desk.Attributes(), "port"), first: true);
        desk.Routes.Groups.Flush();
        var places = clients.Select(c => MemoryMarshal.TryGetArray(c.Output.Peek(), out var at) ? (at.Array!, at.Offset, at.Count) : default).ToList();
        Assert.NotNull(places[0].Item1);
        Assert.All(places, p => Assert.True(ReferenceEquals(p.Item1, places[0].Item1) && (p.Offset, p.Count) == (places[0].Offset, places[0].Count)));
    }

    [Fact]
    public void Equal_attributes_are_held_once_and_their_routes_fill_messages_to_the_last_octet_that_takes_one()
    {
        const int count = 5000;
        var client = Client();
        desk.Sent(client);
        for (var i = 0; i < count; i++)
        {
            desk.Routes.Originate(new(Desk.Mac(i), Desk.Attributes(), "port"), first: false);
        }

        Assert.Equal(1, desk.Routes.Attributes.Count);
        var messages = desk.Sent(client);
        var nlri = new byte[NlriWriter.Largest];
        var (key, body) = RouteMeaning.ToKey(Desk.Mac(), out _);
        var length = NlriWriter.Write(key, body, default, nlri);
        Assert.All(messages.SkipLast(1), m => Assert.InRange(m.Length, BgpMessage.Longest - length + 1, BgpMessage.Longest));
        foreach (var i in Enumerable.Range(0, count))
        {
            desk.Routes.Withdraw(Desk.Mac(i), first: false);
        }

        messages = desk.Sent(client);
        Assert.All(messages.SkipLast(1), m => Assert.InRange(m.Length, BgpMessage.Longest - length + 1, BgpMessage.Longest));
        Assert.Equal((0, 0), (desk.Routes.Table.Count, desk.Routes.Attributes.Count));
    }

    [Fact]
    public void What_waits_for_a_slow_peer_is_bounded_and_of_each_route_it_is_told_what_is_newest()
    {
        const int count = 20_000;
        const int rounds = 15;
        var client = Client();
        desk.Sent(client);
        for (var round = 1u; round <= rounds; round++)
        {
            for (var i = 0; i < count; i++)
            {
                desk.Routes.Originate(new(Desk.Mac(i), Desk.Attributes(ExtendedCommunity.Mobility(new(round, false))), "port"), first: false);
            }

            while (desk.Routes.Groups.Flush())
            {
            }

            Assert.InRange(client.Output.Waiting, 1, 1024 * 1024);
        }

        var told = new List<string>();
        while (desk.Told(client) is { Count: > 0 } part)
        {
            told.AddRange(part);
        }

        Assert.InRange(told.Count, count, count * 3); // Not one for each of the fifteen changes.
        var last = told.GroupBy(t => t.Split(" l2=")[0], (_, changes) => changes.Last()).ToList();
        Assert.Equal(count, last.Count);
        var newest = ExtendedCommunity.Mobility(new(rounds, false)).ToString();
        Assert.All(last, t => Assert.Contains(newest, t, StringComparison.Ordinal));
    }

    /// <summary>Routes of which ten fill a message, so that few of them are many octets; the last of them is that of this round alone.</summary>
    private void AnnounceLarge(int count, uint round)
    {
        var attributes = Desk.Attributes(ExtendedCommunity.Mobility(new(round, false))) with { Communities = [.. Enumerable.Range(1, 920).Select(i => (uint)i)] };
        foreach (var number in (int[])[.. Enumerable.Range(0, count - 1), 100_000 + (int)round])
        {
            desk.Routes.Originate(new(Desk.Mac(number), attributes, "port"), first: false);
        }
    }

    /// <summary>All that there is for a peer, which takes it as fast as it comes.</summary>
    private List<string> ToldAll(RibPeer peer)
    {
        var told = new List<string>();
        while (desk.Told(peer) is { Count: > 0 } part)
        {
            told.AddRange(part);
        }

        return told;
    }

    [Fact]
    public void A_peer_that_takes_nothing_holds_up_no_other_of_its_group_and_is_owed_no_more_than_a_bound()
    {
        const int count = 2500;
        const int rounds = 20;
        const int octets = count * 400;
        var (slow, quick) = (Client(), Client());
        desk.Told(slow);
        desk.Told(quick);
        Assert.Same(slow.Group, quick.Group);
        for (var round = 1u; round <= rounds; round++)
        {
            AnnounceLarge(count, round);
            var told = ToldAll(quick);
            Assert.Equal(count, told.Count);
            Assert.Contains($"{ExtendedCommunity.Mobility(new(round, false))}", told[^1], StringComparison.Ordinal);
            Assert.InRange(slow.Output.Waiting, (int)Math.Min(round, 16) * octets, 18 * 1024 * 1024);
        }

        // What it was told in vain is no more than that; then it is told what is newest, and both are told the same again.
        Assert.NotSame(slow.Group, quick.Group);
        var late = ToldAll(slow);
        Assert.InRange(late.Count, count, (rounds - 1) * count);
        var last = late.GroupBy(t => t.Split(" l2=")[0], (_, changes) => changes.Last()).ToList();
        Assert.Equal(count - 1 + rounds, last.Count);
        Assert.Equal(count, last.Count(t => t.Contains($"{ExtendedCommunity.Mobility(new(rounds, false))}", StringComparison.Ordinal)));
        Assert.Same(slow.Group, quick.Group);
        AnnounceLarge(1, rounds + 1);
        Assert.Single(ToldAll(quick));
        Assert.Single(ToldAll(slow));
    }

    [Fact]
    public void Who_has_not_taken_its_first_load_yet_is_told_alone_and_later_what_is_newest()
    {
        const int count = 1000;
        var quick = Client();
        AnnounceLarge(count, 1);
        Assert.Equal(count, ToldAll(quick).Count);
        var late = Client();
        while (desk.Routes.Groups.Flush())
        {
        }

        var first = late.Output.Waiting;
        for (var round = 2u; round <= 4; round++)
        {
            AnnounceLarge(count, round);
            Assert.Equal(count, ToldAll(quick).Count);
            Assert.Equal(first, late.Output.Waiting);
        }

        Assert.Equal(count + (count - 1) + 3, ToldAll(late).Count);
        Assert.Same(quick.Group, late.Group);
    }

    [Fact]
    public void Who_comes_while_others_are_slow_is_not_told_twice_what_still_waits_for_them()
    {
        const int count = 1000;
        var slow = Client();
        desk.Told(slow);
        for (var round = 1u; round <= 2; round++)
        {
            AnnounceLarge(count, round);
            desk.Routes.Groups.Flush();
        }

        Assert.Equal(count, slow.Group!.Dirty.Count);
        var late = Client();
        var told = ToldAll(late).Count;
        ToldAll(slow);
        Assert.Equal(count + 1, told + ToldAll(late).Count);
        Assert.Same(slow.Group, late.Group);
    }

    [Fact]
    public async Task A_speaker_that_restarts_tells_nothing_until_its_peers_have_told_all_or_their_time_is_over()
    {
        var sink = new Imported();
        await using var other = Speaker("10.9.3.2", sink);
        await other.ImportAsync([Target]);
        var at = await other.ListenAsync("127.9.3.2");
        await other.PutPeerAsync(From("127.9.3.1"));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await using var back = new BgpSpeaker(
            new SpeakerSettings(As, IpAddress.Parse("10.9.3.1")) { Restarting = true, DeferralTime = TimeSpan.FromSeconds(2) }, new Imported(), _ => { }, TimeProvider.System);
        await back.OriginateAsync([Host(1)]);
        await back.PutPeerAsync(From("127.9.3.77")); // It never comes.
        await back.PutPeerAsync(To(at, "127.9.3.1"));
        await UntilAsync(() => sink.Routes.Count == 1, "the route after the deferral");
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(2), TimeSpan.MaxValue);

        // Without the absent one nobody is waited for, least of all one that is shut down.
        await using var third = new BgpSpeaker(
            new SpeakerSettings(As, IpAddress.Parse("10.9.3.3")) { Restarting = true, DeferralTime = TimeSpan.FromMinutes(5) }, new Imported(), _ => { }, TimeProvider.System);
        await other.PutPeerAsync(From("127.9.3.3"));
        await third.OriginateAsync([Host(2)]);
        await third.PutPeerAsync(From("127.9.3.78") with { Shutdown = true });
        await third.PutPeerAsync(To(at, "127.9.3.3"));
        await UntilAsync(() => sink.Routes.Count == 2, "the other route");
    }

    [Fact]
    public async Task A_peer_that_comes_after_the_deferral_is_not_told_of_a_restart()
    {
        var time = new ManualTime();
        await using var speaker = new BgpSpeaker(
            new SpeakerSettings(As, IpAddress.Parse("10.9.6.1")) { Restarting = true, DeferralTime = TimeSpan.FromSeconds(30) }, new Imported(), _ => { }, time);
        var at = await speaker.ListenAsync("127.9.6.1");
        await speaker.PutPeerAsync(new PeerSettings { Id = "all", ListenRange = IpPrefix.Parse("127.9.6.0/24"), RemoteAs = As });
        Assert.True(await SaysRestartedAsync(at, "127.9.6.2"));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.False(await SaysRestartedAsync(at, "127.9.6.3"));
    }

    private static async Task<bool> SaysRestartedAsync(IPEndPoint at, string from)
    {
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        peer.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await peer.ConnectAsync(at);
        var buffer = new byte[4096];
        var filled = 0;
        for (var length = BgpMessage.HeaderLength; filled < length; length = Math.Max(length, filled < 18 ? 0 : (buffer[16] << 8) | buffer[17]))
        {
            var count = await peer.ReceiveAsync(buffer.AsMemory(filled));
            Assert.NotEqual(0, count);
            filled += count;
        }

        Assert.Null(BgpMessage.Frame(buffer.AsSpan(0, filled), BgpMessage.Longest, out var size, out var type));
        Assert.Equal(MessageType.Open, type);
        return Capabilities.Of(OpenMessage.Read(buffer.AsSpan(BgpMessage.HeaderLength..size), out _)!.List).Restart!.Restarting;
    }

    [Fact]
    public async Task Multihoming_routes_can_be_announced_and_arrive_as_they_are()
    {
        await using var left = Speaker("10.9.4.1");
        await using var right = Speaker("10.9.4.2");
        await left.PutPeerAsync(From("127.9.4.2"));
        await right.PutPeerAsync(To(await left.ListenAsync("127.9.4.1"), "127.9.4.2"));
        Assert.True(EthernetSegment.TryParse("03:02:aa:00:00:00:01:00:00:05", out var segment));
        var rd = RouteDistinguisher.Parse("192.0.2.1:1");
        PathAttributes Own(params ExtendedCommunity[] more) => new() { NextHop = IpAddress.Parse("192.0.2.1"), ExtendedCommunities = [.. more] };
        OriginatedRoute[] routes =
        [
            new(new AutoDiscoveryRoute(new(rd, segment, uint.MaxValue), new Vni(0)), Own(ExtendedCommunity.Of(Target), new(0x0601_0000_0000_0064)), "es"),
            new(new AutoDiscoveryRoute(new(rd, segment, 0), new Vni(100)), Own(ExtendedCommunity.Of(Target)), "es"),
            new(new SegmentRoute(new(rd, segment, IpAddress.Parse("192.0.2.1"))), Own(new ExtendedCommunity(0x0602_02aa_0000_0001), new(0x0606_0000_0000_0000)), "es"),
        ];
        await right.OriginateAsync(routes);
        await UntilAsync(async () => (await left.CountAsync()).Routes == 3, "three routes");
        var held = (await left.RoutesAsync(new RouteQuery())).Items;
        foreach (var (route, attributes, _) in routes)
        {
            var arrived = Assert.Single(held, h => h.Route == route);
            Assert.Equal(attributes.ExtendedCommunities, arrived.Attributes.ExtendedCommunities);
        }
    }

    [Fact]
    public async Task Who_calls_faster_than_the_loop_answers_waits_for_room()
    {
        using var held = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var speaker = Speaker("10.9.5.1", events: _ =>
        {
            reached.TrySetResult();
            held.Wait();
        });
        await speaker.PutPeerAsync(new PeerSettings { Id = "nobody", Address = IpAddress.Parse("127.9.5.9"), LocalAddress = IpAddress.Parse("127.9.5.1"), Port = 1, RemoteAs = As });
        await reached.Task; // The loop tells of the peer that refuses, and is held there.
        var calls = Enumerable.Range(0, 5000).Select(_ => speaker.CountAsync()).ToList();
        Assert.InRange(speaker.CallsWaiting, 1, 1024);
        held.Set();
        await Task.WhenAll(calls);
        Assert.Equal(0, speaker.CallsWaiting);
    }
}
