using System.Globalization;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Evpn;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Tests.Fabric;

namespace Dwcp.Sdn.Tests.Evpn;

/// <summary>A fabric in memory with a speaker that obeys: what it has been told to announce, and routes that leafs announce.</summary>
internal sealed class EvpnBench
{
    public const string Leaf = "192.0.2.201";
    public static readonly RouteTarget Blue = RouteTarget.Parse("65000:100");

    private readonly List<HostBuilder> hosts = [];

    /// <param name="hostCount">Hosts h1, h2, … with VTEPs 192.0.2.1 and on; their switches are connected.</param>
    public EvpnBench(int hostCount)
    {
        Fabric.Do(Speaker());
        Fabric.Do(Ask.Network("blue", 100));
        foreach (var n in Enumerable.Range(1, hostCount))
        {
            hosts.Add(new HostBuilder($"h{n}", $"192.0.2.{n}"));
            See(n);
            Fabric.SwitchUp(hosts[^1].Datapath);
        }

        Tell();
    }

    public FabricBench Fabric { get; } = new();

    /// <summary>What the speaker announces, by what makes a route itself.</summary>
    public Dictionary<object, OriginatedRoute> Announced { get; } = [];

    /// <summary>How many announcements and withdrawals the speaker was told so far.</summary>
    public int Told { get; private set; }

    public static PutCommand Speaker(uint asn = 65000) => new(
        ResourceKind.BgpSpeaker, BgpSpeakerIntent.OnlyId, new BgpSpeakerSpec { LocalAs = asn, RouterId = "192.0.2.254" }, Ask.NoLabels);

    public static PutCommand Peer(string id, string address) => new(
        ResourceKind.BgpPeer, id, new BgpPeerSpec { Address = address, RemoteAs = 65000 }, Ask.NoLabels);

    public void Port(string id, string mac, params string[] addresses) =>
        Do(Ask.Port(id, "blue", s => s with { Mac = mac, Addresses = addresses.ToEquatableArray() }));

    public void Do(params IReadOnlyList<FabricCommand> commands)
    {
        Fabric.Batch(commands);
        Fabric.Settle();
        Tell();
    }

    public void Plug(int host, string port)
    {
        hosts[host - 1].Plug($"tap-{port}", port);
        See(host);
    }

    public void Unplug(int host, string port)
    {
        hosts[host - 1].Unplug($"tap-{port}");
        See(host);
    }

    /// <summary>A leaf announces, by peer <c>leaf</c>.</summary>
    public void Learn(params Route[] routes) => Learn(0, Leaf, routes);

    public void Learn(uint sequence, string vtep, params Route[] routes) => Deliver(routes.Select(r => Change(r, sequence, vtep)));

    public static RouteChange Change(Route route, uint sequence = 0, string vtep = Leaf) => new(route, new LearnedRoute(
        route,
        new PathAttributes
        {
            NextHop = IpAddress.Parse(vtep),
            ExtendedCommunities = sequence > 0
                ? [ExtendedCommunity.Of(Blue), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan), ExtendedCommunity.Mobility(new MacMobility(sequence, false))]
                : [ExtendedCommunity.Of(Blue), ExtendedCommunity.Of(TunnelEncapsulation.Vxlan)],
            Pmsi = route is MulticastRoute ? PmsiTunnel.IngressReplication(new Vni(100), IpAddress.Parse(vtep)) : null,
        },
        "leaf"));

    /// <summary>A withdrawal says no more than what makes the route itself.</summary>
    public void Withdraw(params Route[] routes) => Deliver(routes.Select(r => new RouteChange(
        r is MacIpRoute m ? m with { L2 = default, Segment = default } : r, null)));

    public static MacIpRoute Host(string mac, string? ip = null, string vtep = Leaf, uint vni = 100) => new(
        new MacIpKey(RouteDistinguisher.Parse($"{vtep}:2"), 0, MacAddress.Parse(mac), ip is null ? null : IpAddress.Parse(ip)), EthernetSegment.None, new Vni(vni), null);

    public static MulticastRoute Flood(string vtep = Leaf) => new(new MulticastKey(RouteDistinguisher.Parse($"{vtep}:2"), 0, IpAddress.Parse(vtep)));

    /// <summary>The announcements of a kind, the smallest first.</summary>
    public IEnumerable<OriginatedRoute> Of<T>()
        where T : Route
        => Announced.Values.Where(r => r.Route is T).OrderBy(r => r.Route.ToString(), StringComparer.Ordinal);

    /// <summary>The highest sequence with which a MAC is announced; null when it is not.</summary>
    public uint? SequenceOf(string mac) => LastOf(mac) is { } found ? found.Attributes.Mobility?.Sequence ?? 0 : null;

    /// <summary>Where a MAC is announced to be.</summary>
    public string? VtepOf(string mac) => LastOf(mac)?.Attributes.NextHop.ToString();

    /// <summary>So much later that moves are over for all.</summary>
    public void SettleMoves()
    {
        Fabric.SettleMoves();
        Tell();
    }

    /// <summary>The needs of one kind that a host's switch has.</summary>
    public T[] Needs<T>(int host)
        where T : Need
    {
        Fabric.PassAll();
        return [.. Fabric.Needs(hosts[host - 1].Datapath).OfType<T>().OrderBy(n => n.ToString(), StringComparer.Ordinal)];
    }

    public string? RemoteVtepOf(int host, string mac) =>
        Needs<RemoteHostNeed>(host).FirstOrDefault(n => n.Mac == MacAddress.Parse(mac))?.Vtep.ToString();

    public void Restart()
    {
        Fabric.Restart();
        foreach (var host in hosts)
        {
            Fabric.SwitchUp(host.Datapath);
        }

        Announced.Clear();
        Tell(anew: true);
    }

    public DatapathId Datapath(int host) => hosts[host - 1].Datapath;

    public void Deliver(IEnumerable<RouteChange> changes)
    {
        Fabric.Machine.RoutesLearned([.. changes]);
        Fabric.Settle();
        Tell();
    }

    public string Events() => string.Join(' ', Fabric.Machine.Snapshot.Events.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Name}:{e.Subject}")));

    private OriginatedRoute? LastOf(string mac) => Of<MacIpRoute>()
        .Where(r => ((MacIpRoute)r.Route).Key.Mac == MacAddress.Parse(mac))
        .MaxBy(r => r.Attributes.Mobility?.Sequence ?? 0);

    private void See(int host)
    {
        Fabric.HostSeen(host, hosts[host - 1].Inventory);
        Tell();
    }

    private void Tell(bool anew = false)
    {
        var orders = Fabric.Machine.TakeBgp(anew).Orders;
        Told += orders.Announce.Length + orders.Withdraw.Length;
        foreach (var route in orders.Announce)
        {
            Announced[RouteIdentity.Of(route.Route)] = route;
        }

        foreach (var route in orders.Withdraw)
        {
            Assert.True(Announced.Remove(RouteIdentity.Of(route)), $"{route} was never announced");
        }
    }
}
