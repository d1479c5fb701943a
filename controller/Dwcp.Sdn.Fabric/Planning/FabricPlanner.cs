using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>Where a port is, with what its own switch and the others of its network need because of it.</summary>
internal sealed record Placement(string PortId, string Network, string Host, LocalPortNeed Local, RemoteHostNeed Remote);

/// <summary>
/// From intent and hosts to the needs of each switch. It is told what changed and touches only what depends on it: a port's
/// change costs as many needs as hosts carry its network, whatever the size of the fabric.
/// </summary>
internal sealed class FabricPlanner
{
    private readonly Dictionary<string, KnownHost> hosts = [];
    private readonly HashSet<string> members = [];
    private readonly Dictionary<string, SwitchNeeds> switches = [];
    private readonly Dictionary<string, Placement> placed = [];
    private readonly Dictionary<string, Dictionary<string, Carrier>> carriers = [];
    private readonly Dictionary<(string, string), int> shared = [];
    private readonly Dictionary<(string Network, string Host), HashSet<ObjectRef>> floods = [];
    private readonly Claims claims = new();
    private FabricIntent intent = FabricIntent.Empty;

    /// <summary>Hosts that are part of the fabric.</summary>
    public IReadOnlyDictionary<string, KnownHost> Hosts => hosts;

    public IReadOnlyDictionary<string, SwitchNeeds> Switches => switches;

    public Placement? PlacementOf(string portId) => placed.GetValueOrDefault(portId);

    public IReadOnlyList<Claim> ClaimsTo(string portId) => claims.To(portId);

    /// <summary>The hosts that carry a network.</summary>
    public IReadOnlyCollection<string> CarriersOf(string network) => carriers.TryGetValue(network, out var found) ? found.Keys : [];

    /// <summary>The intent has moved; the objects that differ are told next.</summary>
    public void Use(FabricIntent next) => intent = next;

    /// <summary>A host's interfaces have changed, whether or not it is part of the fabric. Returns the ports concerned.</summary>
    public IReadOnlyCollection<string> Claim(string host, IEnumerable<KnownInterface> before, IEnumerable<KnownInterface> now)
    {
        var changed = claims.Replace(host, before, now);
        foreach (var port in changed)
        {
            PortChanged(port);
        }

        return changed;
    }

    /// <summary>A host joins the fabric, or what is known of it has changed.</summary>
    public void HostJoined(KnownHost host)
    {
        var before = hosts.GetValueOrDefault(host.Id);
        hosts[host.Id] = host;
        members.Add(host.Id);
        if (!switches.TryGetValue(host.Id, out var needs))
        {
            switches.Add(host.Id, needs = new SwitchNeeds());
        }

        var self = new ObjectRef(ResourceKind.Switch, host.Id);
        needs.Set(new BaseNeed(), self);
        if (host.TunnelPort is { } tunnel)
        {
            needs.Set(new TunnelPortNeed(tunnel), self);
        }
        else if (before?.TunnelPort is { } gone)
        {
            needs.Clear(new TunnelPortNeed(gone), self);
        }

        if (before is null || before.Vtep != host.Vtep)
        {
            foreach (var port in host.Interfaces)
            {
                PortChanged(port.PortId);
            }

            if (before?.Vtep is { } old)
            {
                VtepMoved(host, old);
            }
        }
    }

    /// <summary>A host is no part of the fabric any more.</summary>
    public void HostLeft(string id)
    {
        if (!members.Remove(id))
        {
            return;
        }

        foreach (var port in hosts[id].Interfaces)
        {
            PortChanged(port.PortId);
        }

        hosts.Remove(id);
        switches.Remove(id);
    }

    /// <summary>A network or one of its subnets was made, changed or removed.</summary>
    public void NetworkChanged(string network)
    {
        foreach (var port in intent.PortsOf(network))
        {
            PortChanged(port);
        }

        if (carriers.TryGetValue(network, out var here) && NeedOf(network) is { } need)
        {
            var subject = new ObjectRef(ResourceKind.Network, network);
            foreach (var (host, carrier) in here)
            {
                carrier.Need = need;
                switches[host].Set(need, subject);
                FloodChanged(network, host, subject);
            }
        }
    }

    /// <summary>A port was made, changed, removed, or its claims changed.</summary>
    public void PortChanged(string portId)
    {
        var before = placed.GetValueOrDefault(portId);
        var now = Place(portId);
        if (now == before)
        {
            return;
        }

        if (now is null)
        {
            placed.Remove(portId);
        }
        else
        {
            placed[portId] = now;
            Arrive(now, before);
        }

        if (before is not null)
        {
            Depart(before, now);
        }
    }

    /// <summary>Recomputes the flood lists that changed, each once.</summary>
    public void Settle()
    {
        foreach (var ((network, host), subjects) in floods)
        {
            if (!carriers.TryGetValue(network, out var here) || !here.TryGetValue(host, out var carrier))
            {
                continue;
            }

            var need = new FloodNeed(
                carrier.Need.BridgeDomain,
                carrier.Need.Vni,
                carrier.Ports.Values.Select(p => p.Local.LogicalPort).Order().ToEquatableArray(),
                here.Keys.Where(h => h != host).Select(h => hosts[h].Vtep!.Value).Order().ToEquatableArray());
            switches[host].Set(need, [.. subjects, new ObjectRef(ResourceKind.Network, network)]);
            carrier.Flood = need;
        }

        floods.Clear();
    }

    private static (string, string) Pair(string a, string b) => string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);

    private Placement? Place(string portId)
    {
        if (!intent.Ports.TryGetValue(portId, out var port)
            || !intent.Networks.TryGetValue(port.NetworkId, out var network)
            || claims.To(portId).FirstOrDefault(c => members.Contains(c.Host)) is not { } claim)
        {
            return null;
        }

        return new Placement(
            portId,
            network.Id,
            claim.Host,
            new LocalPortNeed(
                port.LogicalPort, claim.Interface.OfPort, network.BridgeDomain, 0, port.Mac, port.Addresses, port.PortSecurity, network.ArpSuppression),
            new RemoteHostNeed(network.BridgeDomain, port.Mac, port.Addresses, hosts[claim.Host].Vtep!.Value, network.Vni, network.ArpSuppression));
    }

    private NetworkNeed? NeedOf(string id)
    {
        if (!intent.Networks.TryGetValue(id, out var network))
        {
            return null;
        }

        var gateways = intent.SubnetsOf(id)
            .Select(s => intent.Subnets[s])
            .Where(s => s.Gateway is not null)
            .Select(s => new Gateway(s.Gateway!.Value, s.GatewayMac));
        return new NetworkNeed(network.BridgeDomain, network.Vni, 0, network.FloodsUnknown, gateways.ToEquatableArray());
    }

    private void Arrive(Placement now, Placement? before)
    {
        var subject = new ObjectRef(ResourceKind.Port, now.PortId);
        var here = Enter(now.Network, now.Host, subject);
        here[now.Host].Ports[now.PortId] = now;
        switches[now.Host].Set(now.Local, subject);
        foreach (var other in here.Keys)
        {
            if (other != now.Host)
            {
                switches[other].Set(now.Remote, subject);
            }
        }

        if (before is null || before.Host != now.Host || before.Network != now.Network)
        {
            FloodChanged(now.Network, now.Host, subject);
        }
    }

    private void Depart(Placement before, Placement? now)
    {
        var subject = new ObjectRef(ResourceKind.Port, before.PortId);
        var here = carriers[before.Network];
        foreach (var other in here.Keys)
        {
            if (other != before.Host)
            {
                switches[other].Clear(before.Remote, subject);
            }
        }

        if (now?.Host != before.Host || now.Local != before.Local)
        {
            switches[before.Host].Clear(before.Local, subject);
        }

        if (now?.Host == before.Host && now.Network == before.Network)
        {
            return;
        }

        var carrier = here[before.Host];
        carrier.Ports.Remove(before.PortId);
        if (carrier.Ports.Count > 0)
        {
            FloodChanged(before.Network, before.Host, subject);
        }
        else
        {
            Exit(before.Network, before.Host, subject);
        }
    }

    private Dictionary<string, Carrier> Enter(string network, string host, ObjectRef port)
    {
        if (!carriers.TryGetValue(network, out var here))
        {
            carriers.Add(network, here = []);
        }

        if (here.ContainsKey(host))
        {
            return here;
        }

        ObjectRef[] subjects = [port, new(ResourceKind.Network, network)];
        var needs = switches[host];
        var added = new Carrier { Need = NeedOf(network)! };
        needs.Set(added.Need, subjects);
        foreach (var (other, carrier) in here)
        {
            Share(host, other, subjects);
            FloodChanged(network, other, subjects);
            foreach (var placement in carrier.Ports.Values)
            {
                needs.Set(placement.Remote, new ObjectRef(ResourceKind.Port, placement.PortId));
            }
        }

        here.Add(host, added);
        FloodChanged(network, host, subjects);
        return here;
    }

    private void Exit(string network, string host, ObjectRef port)
    {
        var here = carriers[network];
        here.Remove(host, out var gone);
        ObjectRef[] subjects = [port, new(ResourceKind.Network, network)];
        var needs = switches[host];
        needs.Clear(gone!.Need, subjects);
        if (gone.Flood is { } flood)
        {
            needs.Clear(flood, subjects);
        }

        foreach (var (other, carrier) in here)
        {
            Unshare(host, other, subjects);
            FloodChanged(network, other, subjects);
            foreach (var placement in carrier.Ports.Values)
            {
                needs.Clear(placement.Remote, new ObjectRef(ResourceKind.Port, placement.PortId));
            }
        }

        if (here.Count == 0)
        {
            carriers.Remove(network);
        }
    }

    private void FloodChanged(string network, string host, params ReadOnlySpan<ObjectRef> subjects)
    {
        if (!floods.TryGetValue((network, host), out var all))
        {
            floods.Add((network, host), all = []);
        }

        foreach (var subject in subjects)
        {
            all.Add(subject);
        }
    }

    private void Share(string a, string b, ObjectRef[] subjects)
    {
        var count = shared.GetValueOrDefault(Pair(a, b));
        shared[Pair(a, b)] = count + 1;
        if (count == 0)
        {
            switches[a].Set(new VtepNeed(hosts[b].Vtep!.Value), subjects);
            switches[b].Set(new VtepNeed(hosts[a].Vtep!.Value), subjects);
        }
    }

    private void Unshare(string a, string b, ObjectRef[] subjects)
    {
        if (--shared[Pair(a, b)] > 0)
        {
            return;
        }

        shared.Remove(Pair(a, b));
        switches[a].Clear(new VtepNeed(hosts[b].Vtep!.Value), subjects);
        switches[b].Clear(new VtepNeed(hosts[a].Vtep!.Value), subjects);
    }

    private void VtepMoved(KnownHost host, IpAddress old)
    {
        var subject = new ObjectRef(ResourceKind.Switch, host.Id);
        foreach (var other in shared.Keys.Where(p => p.Item1 == host.Id || p.Item2 == host.Id).Select(p => p.Item1 == host.Id ? p.Item2 : p.Item1))
        {
            switches[other].Clear(new VtepNeed(old), subject);
            switches[other].Set(new VtepNeed(host.Vtep!.Value), subject);
        }

        foreach (var (network, here) in carriers.Where(c => c.Value.ContainsKey(host.Id)))
        {
            foreach (var other in here.Keys)
            {
                FloodChanged(network, other, subject);
            }
        }
    }

    /// <summary>A host that carries a network: what it needs for that, and the ports that it has of it.</summary>
    private sealed class Carrier
    {
        public required NetworkNeed Need { get; set; }

        public FloodNeed? Flood { get; set; }

        public Dictionary<string, Placement> Ports { get; } = [];
    }
}
