using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Bmp;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>BMP, RFC 7854: what a station on loopback is told of a session between two speakers.</summary>
public class BmpTests
{
    private static BmpSettings To(BmpListener station, bool post = false, double statistics = 0) => new(station.At, post, TimeSpan.FromSeconds(statistics));

    [Fact]
    public async Task A_station_is_told_of_sessions_and_every_route_that_comes_and_goes()
    {
        using var station = new BmpListener("127.9.60.9");
        await using var left = Speaker("10.9.60.1");
        await using var right = Speaker("10.9.60.2");
        await left.MonitorAsync([To(station, statistics: 0.2)]);
        await left.PutPeerAsync(From("127.9.60.2"));
        await right.PutPeerAsync(Peering.To(await left.ListenAsync("127.9.60.1"), "127.9.60.2"));
        await right.OriginateAsync([Host(1), Host(2)]);
        await UntilAsync(() => station.Routes().Count(r => r.StartsWith('+')) == 2, "two routes");
        await UntilAsync(() => station.Heard.Exists(h => h.Type == 1), "statistics");
        await right.WithdrawAsync([Host(1).Route]);
        await UntilAsync(() => station.Routes().Any(r => r.StartsWith('-')), "a withdrawal");
        await right.RemovePeerAsync("127.9.60.1");
        await UntilAsync(() => station.Heard.Exists(h => h.Type == 2), "the end of the session");
        await left.MonitorAsync([]);
        await UntilAsync(() => station.Heard.Exists(h => h.Type == 5), "the goodbye");

        var heard = station.Heard;
        Assert.Equal([4, 3], heard.Take(2).Select(h => (int)h.Type));
        Assert.Equal((IpAddress.Parse("127.9.60.2"), 65000u, 0x0a093c02u), (heard[1].Peer!.Value, heard[1].Asn, heard[1].RouterId));
        Assert.Contains("end", station.Routes());
        Assert.DoesNotContain(heard, h => h.IsPostPolicy);
        var down = heard.Single(h => h.Type == 2).Body;
        Assert.Equal((3, 6, 9, 6, 3), (down[0], down[20], down[21], down[22], down[23])); // The peer said: cease, hard reset, de-configured.
    }

    [Fact]
    public async Task A_station_that_comes_later_is_told_what_is_there_and_one_that_breaks_off_is_told_again()
    {
        using var station = new BmpListener("127.9.61.9");
        await using var left = Speaker("10.9.61.1");
        await using var right = Speaker("10.9.61.2");
        await left.PutPeerAsync(From("127.9.61.2"));
        await right.PutPeerAsync(Peering.To(await left.ListenAsync("127.9.61.1"), "127.9.61.2"));
        await right.OriginateAsync([.. Enumerable.Range(1, 5000).Select(i => Host(i))]);
        await UntilAsync(async () => (await left.CountAsync()).Routes == 5000, "the routes");
        await left.MonitorAsync([To(station)]);
        await UntilAsync(() => station.Routes().Contains("end"), "all that was there");
        Assert.Equal(5000, station.Routes().Where(r => r[0] == '+').Distinct().Count());
        Assert.True((await left.StationsAsync())[0] is { Synchronised: true, Since: not null, CutOff: 0 });

        station.Break();
        await UntilAsync(() => station.Connections == 2 && station.Routes().Contains("end"), "all of it again");
        Assert.Equal(5000, station.Routes().Where(r => r[0] == '+').Distinct().Count());
        Assert.Equal([4, 3, 0], station.Heard.Take(3).Select(h => (int)h.Type));
    }

    [Fact]
    public async Task Before_and_after_the_rules_of_a_peer_are_told_apart()
    {
        using var station = new BmpListener("127.9.62.9");
        await using var left = Speaker("10.9.62.1");
        await using var right = Speaker("10.9.62.2");
        var refusing = From("127.9.62.2") with { ImportRules = [new RouteRule { Vni = new Vni(666), Accept = false }] };
        await left.MonitorAsync([To(station, post: true)]);
        await left.PutPeerAsync(refusing);
        await right.PutPeerAsync(Peering.To(await left.ListenAsync("127.9.62.1"), "127.9.62.2"));
        await right.OriginateAsync([Host(1), Host(2, vni: 666)]);
        await UntilAsync(() => station.Routes().Count(r => r[0] == '+') >= 2, "both before the rules");
        await UntilAsync(() => station.Routes(post: true).Any(r => r[0] == '+'), "one after them");
        Assert.DoesNotContain(station.Routes(post: true), r => r.Contains("l2=666", StringComparison.Ordinal));

        // The rule turns: what passed is gone after it and not before it, and what was refused comes.
        await left.PutPeerAsync(refusing with { ImportRules = [new RouteRule { Vni = new Vni(100), Accept = false }] });
        await UntilAsync(() => station.Routes(post: true).Any(r => r[0] == '-'), "the withdrawal");
        await UntilAsync(() => station.Routes(post: true).Any(r => r[0] == '+' && r.Contains("l2=666", StringComparison.Ordinal)), "the other one");
        Assert.DoesNotContain(station.Routes(), r => r[0] == '-');

        // What was refused before a station came is told to it as well.
        using var late = new BmpListener("127.9.62.10");
        await left.MonitorAsync([To(station, post: true), To(late)]);
        await UntilAsync(() => late.Routes().Where(r => r[0] == '+').Distinct().Count() == 2, "both to the late station");
        Assert.Equal(1, station.Connections);
    }

    [Fact]
    public async Task A_station_that_reads_nothing_is_cut_off_and_the_session_never_waits_for_it()
    {
        using var station = new BmpListener("127.9.63.9") { Deaf = true };
        await using var left = Speaker("10.9.63.1");
        await using var right = Speaker("10.9.63.2");
        await left.MonitorAsync([To(station, post: true)]);
        await left.PutPeerAsync(From("127.9.63.2"));
        await right.PutPeerAsync(Peering.To(await left.ListenAsync("127.9.63.1"), "127.9.63.2"));
        await left.UntilUpAsync();
        for (var round = 0; (await left.StationsAsync())[0].CutOff == 0; round++)
        {
            Assert.True(round < 200, "never cut off");
            await right.OriginateAsync([.. Enumerable.Range(1, 20_000).Select(i => Host(i, sequence: (uint)round + 1))]);
            await UntilAsync(async () => (await right.PeersAsync())[0].OctetsWaiting == 0, "the sender");
            Assert.InRange((await left.StationsAsync())[0].OctetsWaiting, 0, BmpStation.TooMuch);
        }

        Assert.Equal(BgpPhase.Established, (await left.PeersAsync())[0].Phase);
        station.Deaf = false;
        await UntilAsync(() => station.Connections > 1, "the next connection");
        await UntilAsync(async () => (await left.StationsAsync())[0].Synchronised, "all of it again");
    }
}
