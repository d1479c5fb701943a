using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Which of two paths of a route is chosen and by which step: RFC 4271 §9.1.2.2, RFC 4456 §9, RFC 7432 §15, RFC 9494 §4.3.</summary>
public class SelectionTests
{
    /// <summary>A path in the words of a row: attributes, and what is known of the peer that says it.</summary>
    private sealed record Candidate(PathAttributes Attributes, bool External = false, string? RouterId = null);

    private static PathAttributes Plain => Desk.Attributes();

    private static PathAttributes Mobile(uint sequence, bool sticky = false) => Desk.Attributes(ExtendedCommunity.Mobility(new(sequence, sticky)));

    private static PathAttributes Through(params uint[] path) => Plain with { AsPath = [new(2, [.. path.Select(n => new Asn(n))])] };

    public static TheoryData<SelectionStep> Steps() => [.. Rows.Keys];

    // Each row: the better path, the worse one. All steps before the named one find them equal, and later steps would choose the other.
    private static readonly Dictionary<SelectionStep, (Candidate Better, Candidate Worse)> Rows = new()
    {
        [SelectionStep.LongLivedStale] = (new(Plain), new(Mobile(9) with { Communities = [0xffff_0006], LocalPreference = 900 })),
        [SelectionStep.StickyMac] = (new(Mobile(0, sticky: true) with { LocalPreference = 50 }), new(Mobile(7) with { LocalPreference = 100 })),
        [SelectionStep.MobilitySequence] = (new(Mobile(2) with { LocalPreference = 50 }), new(Mobile(1) with { LocalPreference = 100 })),
        [SelectionStep.LocalPreference] = (new(Through(1, 2) with { LocalPreference = 101 }), new(Through(1) with { LocalPreference = 100 })),
        [SelectionStep.AsPathLength] = (new(Through(1) with { Origin = RouteOrigin.Incomplete }), new(Through(1, 2))),
        [SelectionStep.Origin] = (new(Through(1) with { Med = 9 }), new(Through(1) with { Med = 1, Origin = RouteOrigin.Egp })),
        [SelectionStep.Med] = (new(Through(65001) with { Med = 1 }), new(Through(65001) with { Med = 2 }, External: true)),
        [SelectionStep.ExternalPeer] = (new(Through(65001), External: true, RouterId: "10.0.0.99"), new(Through(7), RouterId: "10.0.0.98")),
        [SelectionStep.LowerVtep] = (
            new(Mobile(3) with { NextHop = IpAddress.Parse("192.0.2.1") }, RouterId: "10.0.0.99"),
            new(Mobile(3) with { NextHop = IpAddress.Parse("192.0.2.2") }, RouterId: "10.0.0.98")),
        [SelectionStep.RouterId] = (
            new(Plain with { OriginatorId = IpAddress.Parse("10.0.0.50"), ClusterList = [IpAddress.Parse("10.9.9.9")] }, RouterId: "10.0.0.99"),
            new(Plain, RouterId: "10.0.0.98")),
        [SelectionStep.ClusterList] = (
            new(Plain with { OriginatorId = IpAddress.Parse("10.0.0.50"), ClusterList = [IpAddress.Parse("10.9.9.9")] }),
            new(Plain with { OriginatorId = IpAddress.Parse("10.0.0.50"), ClusterList = [IpAddress.Parse("10.9.9.8"), IpAddress.Parse("10.9.9.7")] })),
        [SelectionStep.PeerAddress] = (new(Plain, RouterId: "10.0.0.50"), new(Plain, RouterId: "10.0.0.50")),
    };

    [Theory]
    [MemberData(nameof(Steps))]
    public void Each_step_of_selection_decides_where_the_ones_before_it_do_not(SelectionStep step)
    {
        var (better, worse) = Rows[step];
        foreach (var betterSpeaksFirst in (bool[])[true, false])
        {
            var desk = new Desk();
            RibPeer Join(Candidate c) => desk.Peer(new PeerSettings { Id = c == better ? "better" : "worse", RemoteAs = c.External ? new Asn(65001) : Desk.As }, id: c.RouterId);
            var one = Join(better);
            var other = Join(worse with { Attributes = worse.Attributes }); // In this order: the better one has the lower address.
            if (betterSpeaksFirst)
            {
                Assert.Null(desk.Say(one, Desk.Mac(), better.Attributes).Fault);
            }

            Assert.Null(desk.Say(other, Desk.Mac(), worse.Attributes).Fault);
            if (!betterSpeaksFirst)
            {
                Assert.Null(desk.Say(one, Desk.Mac(), better.Attributes).Fault);
            }

            var held = desk.Held();
            Assert.Equal(2, held.Count);
            var best = held.Single(r => r.Best);
            Assert.True(best.Attributes == desk.Held(new RouteQuery { Peer = one.Settings.Id })[0].Attributes && best.Peer == one.Settings.Id, $"{step}: {best.Peer} by {best.Decided}");
            Assert.Equal(step, best.Decided);
        }
    }

    [Fact]
    public void A_route_of_our_own_is_chosen_before_those_of_peers_unless_they_are_preferred()
    {
        var desk = new Desk();
        var peer = desk.Peer();
        desk.Routes.Originate(new(Desk.Mac(), Plain, "port"), first: true);
        desk.Say(peer, Desk.Mac(), Plain);
        Assert.Equal(("port", SelectionStep.Originated), desk.Held().Where(r => r.Best).Select(r => (r.Object, r.Decided)).Single());
        desk.Say(peer, Desk.Mac(), Plain with { LocalPreference = 200 });
        Assert.Equal(peer.Settings.Id, desk.Held().Single(r => r.Best).Peer);
    }

    [Fact]
    public void Med_counts_among_paths_of_one_neighbour_alone_and_the_order_in_which_they_come_does_not()
    {
        // The classic three: A and B from AS 1, C from AS 2. B loses to A by MED, so that C, which B would beat, meets only A.
        (string Name, uint Via, uint Med, string Id)[] paths = [("a", 1, 1, "10.0.0.30"), ("b", 1, 5, "10.0.0.10"), ("c", 2, 3, "10.0.0.20")];
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        foreach (var order in orders)
        {
            var desk = new Desk();
            foreach (var (name, via, med, id) in order.Select(i => paths[i]))
            {
                var peer = desk.Peer(new PeerSettings { Id = name, RemoteAs = Desk.As }, id: id);
                desk.Say(peer, Desk.Mac(), Through(via) with { Med = med });
            }

            Assert.Equal("c", desk.Held().Single(r => r.Best).Peer);
        }
    }
}
