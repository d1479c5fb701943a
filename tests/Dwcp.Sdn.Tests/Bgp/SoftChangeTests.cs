using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>A change of a peer's settings touches that peer only, and where it can, not even its session.</summary>
public class SoftChangeTests
{
    private static readonly RouteRule NotVni100 = new() { Vni = new Vni(100), Accept = false };

    private sealed class Three(string net) : IAsyncDisposable
    {
        private readonly List<BgpEvent> events = [];

        public BgpSpeaker Reflector { get; private set; } = null!;

        public BgpSpeaker Left { get; } = Speaker($"10.{net}.2");

        public BgpSpeaker Right { get; } = Speaker($"10.{net}.3");

        public PeerSettings Settings { get; private set; } = From($"127.{net}.2");

        public int Downs
        {
            get
            {
                lock (events)
                {
                    return events.Count(e => e is BgpEvent.Down);
                }
            }
        }

        public async Task StartAsync()
        {
            Reflector = Speaker($"10.{net}.1", events: e =>
            {
                lock (events)
                {
                    events.Add(e);
                }
            });
            var at = await Reflector.ListenAsync($"127.{net}.1");
            await Reflector.PutPeerAsync(Settings);
            await Reflector.PutPeerAsync(From($"127.{net}.3"));
            await Left.OriginateAsync([Host(1), Host(2, vni: 200)]);
            await Right.OriginateAsync([Host(3, "192.0.2.3"), Host(4, "192.0.2.3", vni: 200)]);
            await Left.PutPeerAsync(To(at, $"127.{net}.2"));
            await Right.PutPeerAsync(To(at, $"127.{net}.3"));
            await HaveAsync(Left, 4);
            await HaveAsync(Right, 4);
        }

        public Task ChangeAsync(Func<PeerSettings, PeerSettings> how) => Reflector.PutPeerAsync(Settings = how(Settings));

        public static Task HaveAsync(BgpSpeaker speaker, int routes) =>
            UntilAsync(async () => (await speaker.CountAsync()).Routes == routes, $"{routes} routes");

        public async ValueTask DisposeAsync()
        {
            await Left.DisposeAsync();
            await Right.DisposeAsync();
            await Reflector.DisposeAsync();
        }
    }

    [Fact]
    public async Task Export_rules_withdraw_and_announce_in_the_session_that_stands()
    {
        await using var net = new Three("9.30");
        await net.StartAsync();
        await net.ChangeAsync(s => s with { ExportRules = [NotVni100] });
        await Three.HaveAsync(net.Left, 3);
        await net.ChangeAsync(s => s with { ExportRules = [] });
        await Three.HaveAsync(net.Left, 4);
        Assert.Equal(4, (await net.Right.CountAsync()).Routes);
        Assert.Equal(0, net.Downs);
    }

    [Fact]
    public async Task Import_rules_take_routes_away_and_a_refresh_brings_them_back()
    {
        await using var net = new Three("9.31");
        await net.StartAsync();
        await net.ChangeAsync(s => s with { ImportRules = [NotVni100] });
        await Three.HaveAsync(net.Reflector, 3);
        await Three.HaveAsync(net.Right, 3);
        await net.ChangeAsync(s => s with { ImportRules = [] });
        await Three.HaveAsync(net.Reflector, 4);
        await Three.HaveAsync(net.Right, 4);
        Assert.Equal(0, net.Downs);
    }

    [Fact]
    public async Task Who_is_no_client_any_more_is_still_heard_and_hears_only_what_he_may()
    {
        await using var net = new Three("9.32");
        await net.StartAsync();
        await net.Reflector.PutPeerAsync(From("127.9.32.3") with { RouteReflectorClient = false });
        await Task.Delay(200);
        Assert.Equal(4, (await net.Right.CountAsync()).Routes); // The other is a client still.
        await net.ChangeAsync(s => s with { RouteReflectorClient = false });
        await Three.HaveAsync(net.Left, 2);
        await Three.HaveAsync(net.Right, 2);
        Assert.Equal(4, (await net.Reflector.CountAsync()).Routes);
        await net.ChangeAsync(s => s with { RouteReflectorClient = true });
        await Three.HaveAsync(net.Left, 4);
        await Three.HaveAsync(net.Right, 4);
        Assert.Equal(0, net.Downs);
    }

    [Fact]
    public async Task A_next_hop_of_its_own_is_told_in_the_session_that_stands()
    {
        await using var net = new Three("9.33");
        await net.StartAsync();
        async Task<int> OwnAsync() => (await net.Left.RoutesAsync(new RouteQuery { Peer = "127.9.33.1" })).Items
            .Count(r => r.Attributes.NextHop == IpAddress.Parse("127.9.33.1"));
        Assert.Equal(0, await OwnAsync());
        await net.ChangeAsync(s => s with { NextHopSelf = true });
        await UntilAsync(async () => await OwnAsync() == 2, "the reflector as next hop");
        Assert.Equal(0, net.Downs);
    }

    [Fact]
    public async Task A_lower_limit_counts_at_once_and_a_higher_one_lets_the_peer_come_back()
    {
        await using var net = new Three("9.34");
        await net.StartAsync();
        await net.ChangeAsync(s => s with { PrefixLimit = new(5) });
        Assert.Equal(0, net.Downs);
        await net.ChangeAsync(s => s with { PrefixLimit = new(1) });
        await UntilAsync(() => net.Downs == 1, "the end of the session");
        await Task.Delay(300);
        Assert.Equal(2, (await net.Reflector.CountAsync()).Routes);
        await net.ChangeAsync(s => s with { PrefixLimit = new(10) });
        await Three.HaveAsync(net.Reflector, 4);
        Assert.Equal(1, net.Downs);
    }

    [Fact]
    public async Task What_an_open_says_needs_a_new_session_of_that_peer_alone()
    {
        await using var net = new Three("9.35");
        await net.StartAsync();
        await net.ChangeAsync(s => s with { HoldTime = TimeSpan.FromSeconds(30) });
        await UntilAsync(() => net.Downs == 1, "the end of the session");
        await Three.HaveAsync(net.Reflector, 4);
        Assert.Equal(1, net.Downs);
    }
}
