using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Rules of a peer's policy: each kind of match, the order of rules, both directions.</summary>
public class RulesTests
{
    private static readonly ExtendedCommunity Blue = ExtendedCommunity.Of(RouteTarget.Parse("65000:1"));

    public static TheoryData<string> Kinds() => [.. Refusals.Keys];

    // A rule that refuses Mac(1) with these attributes and lets Mac(2) of VNI 200, without them, pass.
    private static readonly Dictionary<string, RouteRule> Refusals = new()
    {
        ["target"] = new() { Accept = false, Targets = [RouteTarget.Parse("65000:9"), RouteTarget.Parse("65000:1")] },
        ["community"] = new() { Accept = false, Communities = [0xfde8_0001] },
        ["AS in the path"] = new() { Accept = false, Through = new Asn(70000) },
        ["VNI"] = new() { Accept = false, Vni = new Vni(100) },
        ["all of them"] = new() { Accept = false, Type = 2, Vni = new Vni(100), Through = new Asn(70000), Communities = [0xfde8_0001], Targets = [RouteTarget.Parse("65000:1")] },
    };

    private static PathAttributes Marked => Desk.Attributes(Blue) with { Communities = [0xfde8_0001], AsPath = [new(2, [new Asn(70000)])] };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_rule_refuses_what_it_matches_on_the_way_in(string kind)
    {
        var desk = new Desk();
        var peer = desk.Peer(new PeerSettings { Id = "p", RemoteAs = Desk.As, ImportRules = [Refusals[kind]] });
        desk.Say(peer, Desk.Mac(1), Marked);
        desk.Say(peer, Desk.Mac(2, 200), Desk.Attributes());
        Assert.Equal(Desk.Mac(2, 200), Assert.Single(desk.Held()).Route);

        // A route that was let in and comes again with what is refused is withdrawn.
        desk.Say(peer, Desk.Mac(2, 100), Marked);
        Assert.Empty(desk.Held());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_rule_refuses_what_it_matches_on_the_way_out(string kind)
    {
        var desk = new Desk();
        var peer = desk.Peer(new PeerSettings { Id = "p", RemoteAs = Desk.As, ExportRules = [Refusals[kind]] });
        desk.Routes.Originate(new(Desk.Mac(1), Marked, "a"), first: true);
        desk.Routes.Originate(new(Desk.Mac(2, 200), Desk.Attributes(), "b"), first: true);
        Assert.StartsWith($"+ {Desk.Mac(2, 200)}", Assert.Single(desk.Told(peer)), StringComparison.Ordinal);
        desk.Routes.Originate(new(Desk.Mac(2, 100), Marked, "b"), first: true);
        Assert.StartsWith("- macip", Assert.Single(desk.Told(peer)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_rule_that_matches_decides()
    {
        var desk = new Desk();
        var rules = (RouteRule[])[new() { Accept = true, Vni = new Vni(100) }, new() { Accept = false, Type = 2 }];
        var peer = desk.Peer(new PeerSettings { Id = "p", RemoteAs = Desk.As, ImportRules = [.. rules] });
        desk.Say(peer, Desk.Mac(1), Desk.Attributes());
        desk.Say(peer, Desk.Mac(2, 200), Desk.Attributes());
        Assert.Equal(Desk.Mac(1), Assert.Single(desk.Held()).Route);
    }
}
