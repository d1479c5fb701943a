using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>RT constraint, RFC 4684: who is told of which wishes, and which routes follow them.</summary>
public class MembershipTests
{
    private static readonly RouteTarget Blue = RouteTarget.Parse("65000:1");
    private static readonly RouteTarget Red = RouteTarget.Parse("65000:2");

    private static readonly FamilySet Both = FamilySet.Of([BgpFamily.L2VpnEvpn, BgpFamily.RtConstraint]);

    private static TargetMembership Wish(RouteTarget target) => new(Desk.As, target, 96);

    private static PathAttributes Any => new() { NextHop = IpAddress.Parse("192.0.2.9") };

    private static RibPeer Join(Desk desk, string id, bool client, bool constrained = true) => desk.Peer(
        new PeerSettings { Id = id, RemoteAs = Desk.As, RouteReflectorClient = client }, c => c with { Families = constrained ? Both : FamilySet.Of([BgpFamily.L2VpnEvpn]) });

    private static void Ready(Desk desk, RibPeer peer) => desk.Routes.Update(peer, BgpMessage.EndOfRib(BgpFamily.RtConstraint).AsSpan(19), first: true);

    [Fact]
    public void What_is_imported_is_asked_for_and_no_longer_when_it_is_not()
    {
        var desk = new Desk();
        var peer = Join(desk, "p", client: false);
        desk.Routes.Import([Blue, Red]);
        Assert.Equal([$"+ {Wish(Blue)}", $"+ {Wish(Red)}"], desk.Told(peer).Select(t => t.Split(" | ")[0]).Order());
        desk.Routes.Import([Red]);
        Assert.Equal([$"- {Wish(Blue)}"], desk.Told(peer));
        desk.Routes.Import([Red]);
        Assert.Empty(desk.Told(peer));
    }

    [Fact]
    public void A_client_hears_of_a_wish_that_it_shares_with_another_and_from_this_speaker()
    {
        var desk = new Desk();
        var one = Join(desk, "one", client: true);
        var two = Join(desk, "two", client: true);
        desk.Say(one, new OriginatedRoute(Wish(Blue), Any, ""));
        desk.Say(two, new OriginatedRoute(Wish(Blue), Any, ""));
        foreach (var client in (RibPeer[])[one, two])
        {
            var told = Assert.Single(desk.Told(client));
            Assert.StartsWith($"+ {Wish(Blue)}", told, StringComparison.Ordinal);
            Assert.Contains("originator=10.0.0.1 clusters=10.0.0.1", told, StringComparison.Ordinal);
        }

        // Said again it is no news: two reflectors would else tell each other for ever.
        desk.Say(one, new OriginatedRoute(Wish(Blue), Any, ""));
        desk.Say(two, new OriginatedRoute(Wish(Blue), Any, ""));
        Assert.Empty(desk.Told(one));

        // The first one leaves it; the second still wants it, and both go on hearing so.
        desk.Unsay(one, Wish(Blue));
        Assert.DoesNotContain(desk.Told(one), t => t[0] == '-');
        desk.Unsay(two, Wish(Blue));
        Assert.Equal([$"- {Wish(Blue)}"], desk.Told(one));
    }

    [Fact]
    public void A_peer_that_is_no_client_hears_the_wish_of_a_client_also_where_its_own_is_the_better_path()
    {
        var desk = new Desk();
        var other = Join(desk, "other", client: false);
        var third = Join(desk, "third", client: false);
        var client = Join(desk, "client", client: true);
        desk.Say(other, new OriginatedRoute(Wish(Blue), Any, "")); // The lowest identifier: the best path.
        Assert.Empty(desk.Told(other));
        Assert.Empty(desk.Told(third));
        desk.Say(client, new OriginatedRoute(Wish(Blue), Any, ""));
        Assert.StartsWith($"+ {Wish(Blue)}", Assert.Single(desk.Told(other)), StringComparison.Ordinal);
        Assert.StartsWith($"+ {Wish(Blue)}", Assert.Single(desk.Told(third)), StringComparison.Ordinal);
        desk.Unsay(client, Wish(Blue));
        Assert.Equal([$"- {Wish(Blue)}"], desk.Told(other));
    }

    [Fact]
    public void Routes_follow_the_wishes_of_each_peer()
    {
        var desk = new Desk();
        var blue = Join(desk, "blue", client: true);
        var all = Join(desk, "all", client: true, constrained: false);
        desk.Routes.Originate(new(Desk.Mac(1), Desk.Attributes(ExtendedCommunity.Of(Blue)), "a"), first: true);
        desk.Routes.Originate(new(Desk.Mac(2), Desk.Attributes(ExtendedCommunity.Of(Red)), "b"), first: true);
        Assert.Equal(2, desk.Told(all).Count);

        // What the reflector wants for the peer that cannot say so, and no route before the peer has spoken.
        Assert.StartsWith("+ membership any", Assert.Single(desk.Told(blue)), StringComparison.Ordinal);
        desk.Say(blue, new OriginatedRoute(Wish(Blue), Any, ""));
        Ready(desk, blue);
        Assert.Single(desk.Told(blue), t => t.StartsWith("+ macip", StringComparison.Ordinal) && t.Contains("00:01", StringComparison.Ordinal));
        desk.Say(blue, new OriginatedRoute(Wish(Red), Any, ""));
        Assert.Single(desk.Told(blue), t => t.StartsWith("+ macip", StringComparison.Ordinal));
        desk.Unsay(blue, Wish(Blue));
        Assert.Single(desk.Told(blue), t => t.StartsWith("- macip", StringComparison.Ordinal));

        // A refresh that no longer has the wish takes it away like a withdrawal.
        var family = FamilySet.Of([BgpFamily.RtConstraint]);
        desk.Routes.MarkStale(blue, family);
        desk.Routes.Sweep(blue, family);
        Assert.Single(desk.Told(blue), t => t.StartsWith("- macip", StringComparison.Ordinal));
        desk.Routes.Down(all, default);
        Assert.Contains("- membership any", desk.Told(blue));
    }

    [Fact]
    public void Of_peers_that_are_told_together_each_is_told_what_it_wishes_for()
    {
        var desk = new Desk();
        var blue = Join(desk, "blue", client: true);
        var red = Join(desk, "red", client: true);
        foreach (var (peer, wish) in new[] { (blue, Blue), (red, Red) })
        {
            desk.Say(peer, new OriginatedRoute(Wish(wish), Any, ""));
            Ready(desk, peer);
        }

        desk.Told(blue);
        desk.Told(red);
        Assert.Same(blue.Group, red.Group);
        desk.Routes.Originate(new(Desk.Mac(1), Desk.Attributes(ExtendedCommunity.Of(Blue)), "a"), first: true);
        Assert.Single(desk.Told(blue));
        Assert.Empty(desk.Told(red));
    }

    [Theory]
    [InlineData(96, 1)]
    [InlineData(80, 2)]
    [InlineData(0, 2)]
    public void A_wish_that_comes_or_goes_later_concerns_its_routes_and_its_peer_alone(byte bits, int routes)
    {
        var desk = new Desk();
        var one = Join(desk, "one", client: true);
        var two = Join(desk, "two", client: true);
        desk.Say(two, new OriginatedRoute(Wish(Blue), Any, ""));
        Ready(desk, one);
        Ready(desk, two);
        desk.Routes.Originate(new(Desk.Mac(1), Desk.Attributes(ExtendedCommunity.Of(Blue)), "a"), first: true);
        desk.Routes.Originate(new(Desk.Mac(2), Desk.Attributes(ExtendedCommunity.Of(Red)), "b"), first: true);
        desk.Told(one);
        desk.Told(two);
        Assert.Same(one.Group, two.Group);

        var wish = bits == 0 ? new TargetMembership(default, default, 0) : Wish(Blue) with { Bits = bits };
        desk.Say(one, new OriginatedRoute(wish, Any, ""));
        Assert.Equal(routes, desk.Told(one).Count(t => t.StartsWith("+ macip", StringComparison.Ordinal)));
        Assert.DoesNotContain(desk.Told(two), t => t.Contains("macip", StringComparison.Ordinal));
        desk.Unsay(one, wish);
        Assert.Equal(routes, desk.Told(one).Count(t => t.StartsWith("- macip", StringComparison.Ordinal)));
        Assert.DoesNotContain(desk.Told(two), t => t.Contains("macip", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Through_a_reflector_each_client_gets_what_it_imports_and_no_more()
    {
        var sinks = (Imported[])[new(), new()];
        await using var reflector = Speaker("10.9.20.1");
        await using var left = Speaker("10.9.20.2", sinks[0]);
        await using var right = Speaker("10.9.20.3", sinks[1]);
        BgpFamily[] families = [BgpFamily.L2VpnEvpn, BgpFamily.RtConstraint];
        var at = await reflector.ListenAsync("127.9.20.1");
        await reflector.PutPeerAsync(From("127.9.20.2") with { Families = [.. families] });
        await reflector.PutPeerAsync(From("127.9.20.3") with { Families = [.. families] });
        OriginatedRoute Of(int number, RouteTarget target) => Host(number) with { Attributes = Desk.Attributes(ExtendedCommunity.Of(target)) };
        await left.OriginateAsync([.. Enumerable.Range(1, 20).Select(i => Of(i, i % 2 == 0 ? Blue : Red))]);
        await left.PutPeerAsync(To(at, "127.9.20.2") with { Families = [.. families] });
        await right.PutPeerAsync(To(at, "127.9.20.3") with { Families = [.. families] });
        await left.UntilUpAsync();
        await right.UntilUpAsync();
        await right.ImportAsync([Blue]);
        await UntilAsync(() => sinks[1].Routes.Count == 10, "the blue routes");

        // Nobody wants the red ones: the reflector never had them.
        Assert.Equal(10, (await reflector.RoutesAsync(new RouteQuery { Type = 2 })).Items.Count);
        await right.ImportAsync([Blue, Red]);
        await UntilAsync(() => sinks[1].Routes.Count == 20, "all routes");
        await right.ImportAsync([]);
        await UntilAsync(async () => (await reflector.RoutesAsync(new RouteQuery { Type = 2 })).Items.Count == 0, "no routes at the reflector");
        await UntilAsync(() => sinks[1].Routes.Count == 0, "nothing imported"); // It tells its peers before it tells who imports.
    }
}
