using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Several paths of one route to one peer, RFC 7911.</summary>
public class AddPathTests
{
    private readonly Desk desk = new();

    private RibPeer Client(byte mode) => desk.Peer(
        new PeerSettings { Id = $"client{mode}", RemoteAs = Desk.As, RouteReflectorClient = true },
        c => c with { AddPath = [new(BgpFamily.L2VpnEvpn, mode)] });

    private RibPeer Source() => desk.Peer(new PeerSettings { Id = $"s{Guid.NewGuid()}", RemoteAs = Desk.As, RouteReflectorClient = true });

    private static PathAttributes Via(string hop, uint preference = 100) => Desk.Attributes() with { NextHop = IpAddress.Parse(hop), LocalPreference = preference };

    private static string IdOf(string told) => told[..told.IndexOf(' ', StringComparison.Ordinal)];

    [Fact]
    public void All_paths_are_told_each_by_its_number_and_taken_back_by_it()
    {
        var (a, b, all, best) = (Source(), Source(), Client(3), Source());
        desk.Say(a, new(Desk.Mac(), Via("192.0.2.1"), ""));
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2", 50), ""));
        var told = desk.Told(all);
        Assert.Equal(2, told.Count);
        Assert.Equal(2, told.Select(IdOf).Distinct().Count());
        Assert.Single(desk.Told(best));
        var worse = told.Single(t => t.Contains("192.0.2.2", StringComparison.Ordinal));

        // The path that is not chosen changes and goes: only this peer hears of it.
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.3", 50), ""));
        var again = Assert.Single(desk.Told(all));
        Assert.Equal(IdOf(worse), IdOf(again));
        Assert.Contains("192.0.2.3", again, StringComparison.Ordinal);
        desk.Unsay(b, Desk.Mac());
        Assert.StartsWith($"{IdOf(worse)} - ", Assert.Single(desk.Told(all)), StringComparison.Ordinal);
        Assert.Empty(desk.Told(best));

        desk.Unsay(a, Desk.Mac());
        Assert.Contains(" - ", Assert.Single(desk.Told(all)), StringComparison.Ordinal);
        Assert.Empty(all.ToldPaths);
        Assert.Equal(0, desk.Routes.Table.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_several_peers_that_take_all_paths_each_is_told_them(bool firstGoes)
    {
        var (a, b, one, two) = (Source(), Source(), Client(3), Client(3));
        desk.Told(one);
        desk.Told(two);
        desk.Say(a, new(Desk.Mac(), Via("192.0.2.1"), ""));
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2", 50), ""));
        Assert.Equal(2, desk.Told(one).Count);
        Assert.Equal(2, desk.Told(two).Count);

        // What the one was told is not what the other knows.
        var (goes, stays) = firstGoes ? (one, two) : (two, one);
        desk.Routes.Down(goes, default);
        desk.Unsay(b, Desk.Mac());
        Assert.Contains(" - ", Assert.Single(desk.Told(stays)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_better_path_takes_nothing_back_and_its_own_paths_a_peer_never_hears()
    {
        var (a, all) = (Source(), Client(3));
        desk.Say(a, new(Desk.Mac(), Via("192.0.2.1"), ""));
        desk.Told(all);
        var b = Source();
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2", 200), ""));
        Assert.Contains(" + ", Assert.Single(desk.Told(all)), StringComparison.Ordinal);
        var nlri = new byte[NlriWriter.Largest];
        var (key, body) = RouteMeaning.ToKey(Desk.Mac(), out _);
        var update = Desk.Update(a, Desk.Mac(), Via("192.0.2.4", 300));
        var length = NlriWriter.Write(key, body, default, nlri);
        Assert.True(length > 0 && update.Length > length);
        var own = WithPathId(update, length, 77);
        Assert.Null(desk.Routes.Update(all, own, first: true).Fault);
        Assert.Equal(3, desk.Held().Count);
        Assert.Empty(desk.Told(all));
    }

    [Fact]
    public void A_peer_that_asks_again_is_told_all_of_them_again()
    {
        var (a, b, all) = (Source(), Source(), Client(3));
        desk.Say(a, new(Desk.Mac(), Via("192.0.2.1"), ""));
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2"), ""));
        var first = desk.Told(all);
        desk.Routes.Groups.Refresh(all, BgpFamily.L2VpnEvpn);
        Assert.Equal(first.Order(), desk.Told(all).Order());
        Assert.Empty(desk.Told(all));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Who_offers_only_one_direction_gets_only_that(byte mode)
    {
        // Both sides of the desk's agreement offer the same mode: one sends only, so the other does not take; or neither sends.
        var (a, b, peer) = (Source(), Source(), Client(mode));
        desk.Say(a, new(Desk.Mac(), Via("192.0.2.1"), ""));
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2"), ""));
        Assert.Single(desk.Told(peer));
    }

    [Fact]
    public void Export_rules_hold_for_each_path_and_a_new_session_begins_with_nothing_told()
    {
        var (a, b) = (Source(), Source());
        var all = desk.Peer(
            new PeerSettings
            {
                Id = "ruled",
                RemoteAs = Desk.As,
                RouteReflectorClient = true,
                ExportRules = [new RouteRule { Communities = [7], Accept = false }],
            },
            c => c with { AddPath = [new(BgpFamily.L2VpnEvpn, 3)] });
        desk.Say(a, new(Desk.Mac(), Via("192.0.2.1") with { Communities = [7] }, ""));
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2"), ""));
        Assert.Contains("192.0.2.2", Assert.Single(desk.Told(all)), StringComparison.Ordinal);
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2") with { Communities = [7] }, ""));
        Assert.Contains(" - ", Assert.Single(desk.Told(all)), StringComparison.Ordinal);
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.2"), ""));
        desk.Told(all);
        desk.Routes.Down(all, default);
        Assert.Empty(all.ToldPaths);
        desk.Up(all, c => c with { AddPath = [new(BgpFamily.L2VpnEvpn, 3)] }, "10.0.0.77");
        Assert.Single(desk.Told(all));
    }

    [Fact]
    public void Many_changes_at_random_leave_the_peer_with_exactly_what_is_held()
    {
        var random = new Random(11);
        RibPeer[] sources = [Source(), Source(), Source()];
        var all = Client(3);
        var known = new Dictionary<(string Id, string Route), string>();
        for (var i = 0; i < 5000; i++)
        {
            var (source, mac) = (sources[random.Next(3)], Desk.Mac(random.Next(20)));
            if (random.Next(3) == 0)
            {
                desk.Unsay(source, mac);
            }
            else
            {
                desk.Say(source, new(mac, Via($"192.0.2.{random.Next(1, 5)}", (uint)random.Next(3)), ""));
            }

            if (random.Next(4) == 0)
            {
                Apply(desk.Told(all), known);
            }
        }

        Apply(desk.Told(all), known);
        var held = desk.Held().Select(v => $"{KeyOf(v.Route.ToString()!)} {v.Attributes.NextHop}").Order();
        Assert.Equal(held, known.Select(k => $"{k.Key.Route} {k.Value}").Order());
    }

    private static void Apply(List<string> told, Dictionary<(string Id, string Route), string> known)
    {
        foreach (var line in told)
        {
            var (id, rest) = (IdOf(line), line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            var route = KeyOf(rest[2..].Split(" | ")[0]);
            if (rest[0] == '+')
            {
                known[(id, route)] = rest.Split("nexthop=")[1].Split(' ')[0];
            }
            else
            {
                Assert.True(known.Remove((id, route)), $"{line} was never told");
            }
        }
    }

    private static string KeyOf(string route) => route.Split(" l2=")[0];

    private static byte[] WithPathId(byte[] update, int nlri, uint id)
    {
        // The NLRI stands at the end of MP_REACH_NLRI, the first attribute: 4 of the body, 3 of its head.
        var reach = update[6];
        byte[] with = [.. update[..(7 + reach - nlri)], 0, 0, 0, (byte)id, .. update[(7 + reach - nlri)..]];
        with[6] = (byte)(reach + 4);
        with[3] += 4;
        return with;
    }

    [Fact]
    public void A_path_of_another_peer_in_the_place_of_one_that_went_is_told_with_its_own_originator()
    {
        var (a, b, all) = (Source(), Source(), Client(3));
        desk.Say(a, new(Desk.Mac(2), Via("192.0.2.1"), "")); // Else the attributes would be forgotten in between.
        desk.Told(all);
        desk.Say(a, new(Desk.Mac(), Via("192.0.2.1"), ""));
        var before = Assert.Single(desk.Told(all));
        desk.Unsay(a, Desk.Mac());
        desk.Say(b, new(Desk.Mac(), Via("192.0.2.1"), ""));
        var after = desk.Told(all);
        Assert.Single(after, t => t.Contains(" + ", StringComparison.Ordinal) && t != before);
        Assert.Empty(desk.Told(all));
    }
}
