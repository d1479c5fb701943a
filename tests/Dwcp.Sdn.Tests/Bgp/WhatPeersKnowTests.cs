using System.Text.RegularExpressions;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>
/// Peers of one update group that come, go, ask again, change their rules and read when they like, while routes change: in the end
/// each knows what there is for it, and is never told that something is gone which it did not know.
/// </summary>
public partial class WhatPeersKnowTests
{
    private const int Peers = 4;
    private const int Numbers = 12_000;
    private static readonly Vni[] Vnis = [new(100), new(200), new(300)];

    private static readonly RouteRule[][] Policies =
    [
        [],
        [new() { Accept = false, Vni = Vnis[1] }],
        [new() { Accept = false, Vni = Vnis[0] }, new() { Accept = false, Vni = Vnis[2] }],
    ];

    private readonly Desk desk = new();
    private readonly Dictionary<int, Vni> routes = [];
    private readonly List<(RibPeer Peer, Dictionary<string, uint> Knows)> peers = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Each_knows_in_the_end_what_there_is_for_it(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < Peers; i++)
        {
            var peer = desk.Peer(new PeerSettings { Id = $"c{i}", RemoteAs = Desk.As, RouteReflectorClient = true });
            peers.Add((peer, []));
        }

        for (var step = 0; step < 600; step++)
        {
            Step(random);
        }

        foreach (var (peer, knows) in peers)
        {
            while (Read((peer, knows), all: true))
            {
            }

            var wanted = routes.Where(r => !peer.Settings.ExportRules.Items.Any(rule => rule.Vni == r.Value)).ToDictionary(r => $"{Mac(r.Key)}", r => r.Value.Value);
            Assert.Equal(wanted.OrderBy(r => r.Key, StringComparer.Ordinal), knows.OrderBy(r => r.Key, StringComparer.Ordinal));
        }

        Assert.Contains(desk.Routes.Peers, p => p.Group is { IsSolo: false });
    }

    private void Step(Random random)
    {
        var (peer, knows) = peers[random.Next(Peers)];
        switch (random.Next(100))
        {
            case < 40:
                Announce(random.Next(60), random);
                break;
            case < 60:
                Withdraw(random.Next(60));
                break;
            case < 75:
                desk.Routes.Groups.Flush();
                break;
            case < 90:
                Read((peer, knows), all: false);
                break;
            case < 94:
                desk.Routes.Change(peer, peer.Settings with { ExportRules = [.. Policies[random.Next(Policies.Length)]] });
                break;
            case < 96:
                desk.Routes.Groups.Refresh(peer, BgpFamily.L2VpnEvpn);
                break;
            case < 98:
                desk.Routes.Down(peer, default);
                knows.Clear();
                desk.Up(peer);
                break;
            case 98:
                Enumerable.Range(60, Numbers - 60).ToList().ForEach(n => Announce(n, random)); // More than is formatted at one go.
                break;
            default:
                Enumerable.Range(60, Numbers - 60).ToList().ForEach(Withdraw);
                break;
        }
    }

    private void Announce(int number, Random random)
    {
        routes[number] = Vnis[random.Next(Vnis.Length)];
        desk.Routes.Originate(new(Desk.Mac(number, routes[number].Value), Desk.Attributes(), $"port{number}"), first: false);
    }

    private void Withdraw(int number)
    {
        if (routes.Remove(number, out var vni))
        {
            desk.Routes.Withdraw(Desk.Mac(number, vni.Value), first: false);
        }
    }

    /// <summary>The peer takes what there is for it; false when there was nothing.</summary>
    private bool Read((RibPeer Peer, Dictionary<string, uint> Knows) at, bool all)
    {
        var words = desk.Told(at.Peer, all);
        foreach (var word in words)
        {
            var mac = MacOf().Match(word).Groups[1].Value;
            if (word[0] == '+')
            {
                at.Knows[mac] = uint.Parse(VniOf().Match(word).Groups[1].Value);
            }
            else
            {
                Assert.True(at.Knows.Remove(mac), $"{mac} is withdrawn and was not known");
            }
        }

        return words.Count > 0;
    }

    private static MacAddress Mac(int number) => Desk.Mac(number).Key.Mac;

    [GeneratedRegex("mac=([0-9a-f:]+)")]
    private static partial Regex MacOf();

    [GeneratedRegex("l2=([0-9]+)")]
    private static partial Regex VniOf();
}
