using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Routes of a peer that restarts: kept, then the last choice, then gone (RFC 4724 §4.2, RFC 9494 §4).</summary>
public class AgingTests
{
    private static readonly FamilySet Evpn = FamilySet.Of([BgpFamily.L2VpnEvpn]);

    private static Capabilities LongLived(Capabilities c) => c with
    {
        Restart = new(false, true, 120, [new(BgpFamily.L2VpnEvpn, true)]),
        LongLived = [new(BgpFamily.L2VpnEvpn, true, 3600)],
    };

    [Fact]
    public void After_the_restart_time_stale_routes_are_the_last_choice_and_only_those_who_understand_are_told()
    {
        var desk = new Desk();
        var restarting = desk.Peer(capable: LongLived);
        var other = desk.Peer(capable: LongLived);
        var knows = desk.Peer(new PeerSettings { Id = "knows", RemoteAs = Desk.As, RouteReflectorClient = true }, LongLived);
        var old = desk.Peer(new PeerSettings { Id = "old", RemoteAs = Desk.As, RouteReflectorClient = true });
        desk.Say(restarting, Desk.Mac(1), Desk.Attributes() with { LocalPreference = 200 });
        desk.Say(restarting, Desk.Mac(2), Desk.Attributes() with { Communities = [0xffff_0007] });
        desk.Say(restarting, Desk.Mac(3), Desk.Attributes());
        desk.Say(other, Desk.Mac(1), Desk.Attributes());
        Assert.Equal(3, desk.Told(knows).Count);
        Assert.Equal(3, desk.Told(old).Count);

        desk.Routes.Down(restarting, Evpn);
        Assert.Empty(desk.Told(knows));
        Assert.Equal(3, desk.Held().Count(r => r.Stale));

        desk.Routes.Age(restarting, Evpn);
        Assert.Equal(2, restarting.Paths);
        Assert.Equal(other.Settings.Id, desk.Held().Single(r => r.Best && r.Route == Desk.Mac(1)).Peer);
        var told = desk.Told(knows);
        Assert.Contains(told, t => t.StartsWith("+ " + Desk.Mac(1), StringComparison.Ordinal) && !t.Contains("65535:6", StringComparison.Ordinal));
        Assert.Contains(told, t => t.StartsWith("- macip", StringComparison.Ordinal) && t.Contains("02:00:00:00:00:02", StringComparison.Ordinal)); // NO_LLGR
        Assert.Contains(told, t => t.StartsWith("+ " + Desk.Mac(3), StringComparison.Ordinal) && t.Contains("communities=65535:6", StringComparison.Ordinal));
        Assert.Equal(2, desk.Told(old).Count(t => t[0] == '-'));

        // It comes back and says one of them again; the mark goes, and with its End-of-RIB the rest.
        desk.Up(restarting, LongLived);
        desk.Say(restarting, Desk.Mac(3), Desk.Attributes());
        Assert.Contains(desk.Told(knows), t => t.StartsWith("+ " + Desk.Mac(3), StringComparison.Ordinal) && !t.Contains("65535:6", StringComparison.Ordinal));
        desk.Routes.Update(restarting, BgpMessage.EndOfRib(BgpFamily.L2VpnEvpn).AsSpan(19), first: true);
        Assert.Equal(1, restarting.Paths);

        // What it has said in one session counts in no other.
        Assert.True(restarting.Synchronised.Has(BgpFamily.L2VpnEvpn));
        desk.Routes.Down(restarting, Evpn);
        desk.Up(restarting, LongLived);
        Assert.True(restarting.Synchronised.IsEmpty);
    }

    [Fact]
    public void A_peer_that_did_not_keep_its_forwarding_loses_what_was_kept_for_it()
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: LongLived);
        desk.Say(peer, Desk.Mac(), Desk.Attributes());
        desk.Routes.Down(peer, Evpn);
        desk.Up(peer, c => LongLived(c) with { Restart = new(true, true, 120, [new(BgpFamily.L2VpnEvpn, false)]) });
        Assert.Equal((0, 0), (peer.Paths, desk.Routes.Table.Count));
    }

    [Theory]
    [InlineData(true, true, true, 1)]
    [InlineData(true, false, true, 0)]
    [InlineData(false, true, true, 1)]
    [InlineData(true, true, false, 0)]
    public void What_has_outlived_the_restart_time_stays_if_the_long_lived_capability_says_so(bool kept, bool keptLong, bool restarts, int paths)
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: LongLived);
        desk.Say(peer, Desk.Mac(), Desk.Attributes());
        desk.Routes.Down(peer, Evpn);
        desk.Routes.Age(peer, Evpn);
        desk.Up(peer, c => c with
        {
            Restart = restarts ? new(true, true, 120, [new(BgpFamily.L2VpnEvpn, kept)]) : null,
            LongLived = [new(BgpFamily.L2VpnEvpn, keptLong, 3600)],
        });
        Assert.Equal((paths, paths), (peer.Paths, desk.Routes.Table.Count));
    }

    [Fact]
    public void What_was_kept_for_a_peer_goes_with_its_next_session_when_that_ends_for_good()
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: LongLived);
        desk.Say(peer, Desk.Mac(1), Desk.Attributes());
        desk.Say(peer, Desk.Mac(2), Desk.Attributes());
        desk.Routes.Down(peer, Evpn);
        desk.Up(peer, LongLived);
        desk.Say(peer, Desk.Mac(1), Desk.Attributes());

        desk.Routes.Down(peer, default); // Shut down before its End-of-RIB.

        Assert.Equal((0, 0), (peer.Paths, desk.Routes.Table.Count));
    }

    [Fact]
    public void An_enhanced_refresh_of_the_peer_takes_away_what_it_no_longer_says()
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: c => c with { EnhancedRefresh = true });
        desk.Say(peer, Desk.Mac(1), Desk.Attributes());
        desk.Say(peer, Desk.Mac(2), Desk.Attributes());
        desk.Routes.MarkStale(peer, Evpn);
        desk.Say(peer, Desk.Mac(1), Desk.Attributes());
        desk.Routes.Sweep(peer, Evpn);
        Assert.Equal(Desk.Mac(1), Assert.Single(desk.Held()).Route);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_refresh_that_the_peer_asks_for_is_told_between_its_marks(bool enhanced)
    {
        var desk = new Desk();
        var peer = desk.Peer(new PeerSettings { Id = "p", RemoteAs = Desk.As, RouteReflectorClient = true }, c => c with { EnhancedRefresh = enhanced });
        desk.Routes.Originate(new(Desk.Mac(), Desk.Attributes(), "port"), first: true);
        desk.Sent(peer);
        desk.Routes.Groups.Refresh(peer, BgpFamily.L2VpnEvpn);
        var kinds = desk.Sent(peer).Select(m => m[18] == (byte)MessageType.RouteRefresh ? RouteRefresh.Read(m.AsSpan(19)).Kind.ToString() : "update");
        Assert.Equal(enhanced ? ["Begin", "update", "End"] : (string[])["update"], kinds);
    }
}
