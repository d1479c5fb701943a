using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Evpn;

/// <summary>Where peers say that a MAC address of a network is.</summary>
/// <param name="Addresses">Sorted.</param>
/// <param name="Peer">Who announced it.</param>
internal sealed record LearnedHost(IpAddress Vtep, MacMobility Mobility, EquatableArray<IpAddress> Addresses, string Peer)
{
    /// <summary>Whether it is to be believed rather than another: sticky first, then more moves, then the lower VTEP (RFC 7432 §15).</summary>
    public static bool IsBetter(MacMobility mobility, IpAddress vtep, MacMobility than, IpAddress thanVtep) =>
        mobility.Sticky != than.Sticky ? mobility.Sticky
        : mobility.Sequence != than.Sequence ? mobility.Sequence > than.Sequence
        : vtep < thanVtep;
}

/// <summary>
/// The routes of peers that networks here import, found by route target and network. It holds what the speaker has delivered
/// and knows what changed since it was last asked.
/// </summary>
internal sealed class LearnedRoutes
{
    /// <summary>Of a PMSI tunnel, RFC 6514 §5.</summary>
    private const byte IngressReplication = 6;

    private readonly Dictionary<object, LearnedRoute> routes = [];
    private readonly Dictionary<RouteTarget, HashSet<object>> byTarget = [];
    private readonly Dictionary<RouteTarget, HashSet<string>> importersOf = [];
    private readonly Dictionary<string, Importer> importers = [];

    /// <summary>Hosts that may be elsewhere now.</summary>
    public HashSet<(string Network, MacAddress Mac)> Hosts { get; } = [];

    /// <summary>Networks whose broadcast may go to others now.</summary>
    public HashSet<string> Floods { get; } = [];

    public int Count => routes.Count;

    /// <summary>The targets that some network imports, sorted.</summary>
    public EquatableArray<RouteTarget> Targets => importersOf.Keys.Order().ToEquatableArray();

    /// <summary>A network imports these targets from now on; none: it is gone.</summary>
    public void Import(string network, Vni vni, EquatableArray<RouteTarget> targets)
    {
        var before = importers.GetValueOrDefault(network);
        if (before is not null && before.Vni == vni && before.Targets == targets)
        {
            return;
        }

        if (before is not null)
        {
            Touch(network);
            importers.Remove(network);
            foreach (var target in before.Targets)
            {
                importersOf[target].Remove(network);
                if (importersOf[target].Count == 0)
                {
                    importersOf.Remove(target);
                }
            }
        }

        if (targets.IsEmpty)
        {
            return;
        }

        var importer = new Importer(vni, targets);
        importers.Add(network, importer);
        foreach (var target in targets)
        {
            if (!importersOf.TryGetValue(target, out var networks))
            {
                importersOf.Add(target, networks = []);
            }

            networks.Add(network);
            foreach (var key in byTarget.GetValueOrDefault(target) ?? [])
            {
                Enter(network, importer, key, routes[key]);
            }
        }
    }

    /// <summary>A peer's route came, changed or went.</summary>
    public void Apply(in RouteChange change)
    {
        var key = RouteIdentity.Of(change.Route);
        if (routes.Remove(key, out var old))
        {
            foreach (var target in old.Attributes.RouteTargets)
            {
                Leave(target, key);
            }
        }

        if (change.Learned is not { } learned)
        {
            return;
        }

        routes.Add(key, learned);
        foreach (var target in learned.Attributes.RouteTargets)
        {
            if (!byTarget.TryGetValue(target, out var keys))
            {
                byTarget.Add(target, keys = []);
            }

            keys.Add(key);
            foreach (var network in importersOf.GetValueOrDefault(target) ?? [])
            {
                Enter(network, importers[network], key, learned);
            }
        }
    }

    /// <summary>What a network imports means something else now, since the network does.</summary>
    public void Touch(string network)
    {
        if (importers.TryGetValue(network, out var importer))
        {
            Hosts.UnionWith(importer.Hosts.Keys.Select(m => (network, m)));
            Floods.Add(network);
        }
    }

    /// <summary>The same of every network.</summary>
    public void TouchAll()
    {
        foreach (var network in importers.Keys)
        {
            Touch(network);
        }
    }

    /// <summary>The speaker is gone, and with it all that it delivered.</summary>
    public void Clear()
    {
        TouchAll();
        foreach (var importer in importers.Values)
        {
            importer.Hosts.Clear();
            importer.Floods.Clear();
        }

        routes.Clear();
        byTarget.Clear();
    }

    /// <summary>Where a MAC address is, of all that is said; null when nobody says anything.</summary>
    /// <param name="only">Counts what this VTEP says and nothing else.</param>
    /// <param name="isOurs">VTEPs of the fabric itself: what is said of them is known better here.</param>
    public LearnedHost? Best(string network, MacAddress mac, Predicate<IpAddress> isOurs, IpAddress? only = null)
    {
        LearnedRoute? best = null;
        var candidates = Candidates(network, mac, isOurs);
        foreach (var candidate in candidates)
        {
            if ((only is null || candidate.Attributes.NextHop == only)
                && (best is null || LearnedHost.IsBetter(MobilityOf(candidate), candidate.Attributes.NextHop, MobilityOf(best), best.Attributes.NextHop)))
            {
                best = candidate;
            }
        }

        return best is null
            ? null
            : new LearnedHost(
                best.Attributes.NextHop,
                MobilityOf(best),
                candidates.Where(c => c.Attributes.NextHop == best.Attributes.NextHop).Select(c => ((MacIpRoute)c.Route).Key.Ip).OfType<IpAddress>().Distinct().Order().ToEquatableArray(),
                best.Peer);
    }

    /// <summary>How many VTEPs say that a MAC address is with them.</summary>
    public int ClaimantsOf(string network, MacAddress mac, Predicate<IpAddress> isOurs) =>
        Candidates(network, mac, isOurs).Select(c => c.Attributes.NextHop).Distinct().Count();

    /// <summary>The VTEPs that want a network's broadcast.</summary>
    public IEnumerable<IpAddress> FloodsOf(string network) => importers.GetValueOrDefault(network)?.Floods.Values.Distinct() ?? [];

    private List<LearnedRoute> Candidates(string network, MacAddress mac, Predicate<IpAddress> isOurs) =>
        importers.GetValueOrDefault(network)?.Hosts.GetValueOrDefault(mac) is { } keys
            ? [.. keys.Select(k => routes[k]).Where(r => !isOurs(r.Attributes.NextHop))]
            : [];

    private static MacMobility MobilityOf(LearnedRoute route) => route.Attributes.Mobility ?? default;

    private void Enter(string network, Importer importer, object key, LearnedRoute learned)
    {
        if (!learned.Attributes.Takes(TunnelEncapsulation.Vxlan))
        {
            return;
        }

        if (learned.Route is MacIpRoute host && host.L2 == importer.Vni)
        {
            if (!importer.Hosts.TryGetValue(host.Key.Mac, out var keys))
            {
                importer.Hosts.Add(host.Key.Mac, keys = []);
            }

            keys.Add((MacIpKey)key);
            Hosts.Add((network, host.Key.Mac));
        }
        else if (learned.Route is MulticastRoute && learned.Attributes.Pmsi is { Kind: IngressReplication } pmsi && pmsi.Label == importer.Vni)
        {
            importer.Floods[(MulticastKey)key] = learned.Attributes.NextHop;
            Floods.Add(network);
        }
    }

    private void Leave(RouteTarget target, object key)
    {
        if (byTarget.TryGetValue(target, out var keys) && keys.Remove(key) && keys.Count == 0)
        {
            byTarget.Remove(target);
        }

        foreach (var network in importersOf.GetValueOrDefault(target) ?? [])
        {
            var importer = importers[network];
            if (key is MacIpKey host && importer.Hosts.TryGetValue(host.Mac, out var hosts) && hosts.Remove(host))
            {
                Hosts.Add((network, host.Mac));
                if (hosts.Count == 0)
                {
                    importer.Hosts.Remove(host.Mac);
                }
            }
            else if (key is MulticastKey flood && importer.Floods.Remove(flood))
            {
                Floods.Add(network);
            }
        }
    }

    /// <summary>A network that imports: what it imports, and what came of that.</summary>
    private sealed record Importer(Vni Vni, EquatableArray<RouteTarget> Targets)
    {
        public Dictionary<MacAddress, HashSet<MacIpKey>> Hosts { get; } = [];

        public Dictionary<MulticastKey, IpAddress> Floods { get; } = [];
    }
}
