using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>Where a port is, with what its own switch and the others of its network need because of it.</summary>
internal sealed record Placement(string PortId, string Network, string Host, LocalPortNeed Local, RemoteHostNeed Remote)
{
    /// <summary>Where its VM is about to come, which is ready for it; null when it stays.</summary>
    public Seat? Next { get; init; }

    /// <summary>The hosts whose switches have an interface of it, the one that others send to first.</summary>
    public IEnumerable<Seat> Seats => Next is null ? [new Seat(Host, Local)] : [new Seat(Host, Local), Next];

    public bool IsAt(string host) => Host == host || Next?.Host == host;
}

/// <summary>A host's interface of a port.</summary>
internal sealed record Seat(string Host, LocalPortNeed Local);

/// <summary>
/// From intent and hosts to the needs of each switch. It is told what changed and touches only what depends on it: a port's
/// change costs as many needs as hosts carry its network, whatever the size of the fabric.
/// </summary>
/// <remarks>
/// Objects are told one by one while the intent is final already, so for a moment two of them may say the same: a port that is
/// still to go and the one that has taken its address. Every need has an owner, and only the owner clears it.
/// </remarks>
internal sealed partial class FabricPlanner
{
    private readonly Dictionary<string, Member> members = [];
    private readonly Dictionary<string, Placement> placed = [];
    private readonly Dictionary<string, Dictionary<string, Carrier>> carriers = [];
    private readonly Dictionary<string, Dictionary<string, HashSet<ObjectRef>>> floods = [];
    private readonly Dictionary<IpAddress, string> vteps = [];
    private readonly Claims claims = new();
    private FabricIntent intent = FabricIntent.Empty;

    /// <summary>What has been touched since the owner last cleared it.</summary>
    public PlanNews News { get; } = new();

    /// <summary>A host that is part of the fabric, as it was last told, or null.</summary>
    public KnownHost? MemberOf(string host) => members.GetValueOrDefault(host)?.Host;

    /// <summary>The ids of all hosts of the fabric.</summary>
    public IReadOnlyCollection<string> Members => members.Keys;

    /// <summary>What a host's switch needs; null for a host that is no part of the fabric.</summary>
    public SwitchNeeds? NeedsOf(string host) => members.GetValueOrDefault(host)?.Needs;

    /// <summary>The networks that a host carries.</summary>
    public IReadOnlyCollection<string> NetworksOf(string host) => members.TryGetValue(host, out var member) ? member.Networks : [];

    public Placement? PlacementOf(string portId) => placed.GetValueOrDefault(portId);

    public IReadOnlyList<Claim> ClaimsTo(string portId) => claims.To(portId);

    /// <summary>The hosts that carry a network.</summary>
    public IReadOnlyCollection<string> CarriersOf(string network) => carriers.TryGetValue(network, out var found) ? found.Keys : [];

    /// <summary>The hosts whose switches cannot copy what a network floods to all that should have it.</summary>
    public IEnumerable<string> FloodsBeyondLimit(string network) => carriers.TryGetValue(network, out var found)
        ? found.Where(c => c.Value.Flood is { } f && (f.LocalPorts.Count > FloodNeed.Most || f.RemoteVteps.Count > FloodNeed.Most)).Select(c => c.Key)
        : [];

    /// <summary>The intent has moved; the objects that differ are told next.</summary>
    public void Use(FabricIntent next) => intent = next;

    /// <summary>A host's interfaces are these now, whether or not it is part of the fabric. Returns the ports concerned.</summary>
    public IReadOnlyCollection<string> Claim(string host, EquatableArray<KnownInterface> interfaces)
    {
        var changed = claims.Replace(host, interfaces);
        foreach (var port in changed)
        {
            PortChanged(port);
        }

        return changed;
    }

    /// <summary>A host joins the fabric, or what is known of it has changed.</summary>
    public void HostJoined(KnownHost host)
    {
        var self = new ObjectRef(ResourceKind.Switch, host.Id);
        if (!members.TryGetValue(host.Id, out var member))
        {
            members.Add(host.Id, member = new Member { Host = host, Needs = new SwitchNeeds(host.Id, News) });
            member.Needs.Hold(IsHolding);
            vteps[host.Vtep!.Value] = host.Id;
            News.Vteps = true;
            PutBase(member, self);
            PortsChanged(host.Id);
            return;
        }

        var before = member.Host;
        member.Host = host;
        if (before.DatapathId != host.DatapathId)
        {
            member.Needs = member.Needs.ForAnotherBridge();
        }

        if (before.TunnelPort is { } gone && host.TunnelPort is null)
        {
            member.Needs.Clear(new TunnelPortNeed(gone), self);
        }

        foreach (var left in before.FabricPorts.Items.Except(host.FabricPorts.Items))
        {
            member.Needs.Clear(new FabricPortNeed(left), self);
        }

        PutBase(member, self);
        if (before.Vtep != host.Vtep)
        {
            vteps.Remove(before.Vtep!.Value);
            vteps[host.Vtep!.Value] = host.Id;
            News.Vteps = true;
            PortsChanged(host.Id);
            VtepMoved(member, before.Vtep!.Value);
        }
    }

    /// <summary>A host is no part of the fabric any more.</summary>
    public void HostLeft(string id)
    {
        members[id].IsLeaving = true;
        PortsChanged(id);
        EndTrailsOf(id);
        vteps.Remove(members[id].Host.Vtep!.Value);
        News.Vteps = true;
        members.Remove(id);
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
                var needs = members[host].Needs;
                if (carrier.Need.Key != need.Key)
                {
                    // Deleted and made again, with another bridge domain.
                    needs.Clear(carrier.Need, subject);
                }

                carrier.Need = need;
                needs.Set(need, subject);
                FloodChanged(network, host, subject);
            }
        }
    }

    /// <summary>A port was made, changed, removed, or its claims changed.</summary>
    public void PortChanged(string portId)
    {
        News.Ports.Add(portId);
        var before = placed.GetValueOrDefault(portId);
        var now = Place(portId);
        if (now == before)
        {
            return;
        }

        Follow(portId, before, now);
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
        foreach (var (network, lists) in floods)
        {
            if (carriers.TryGetValue(network, out var here))
            {
                Flood(network, here, lists);
            }
        }

        floods.Clear();
    }

    private static void PutBase(Member member, ObjectRef self)
    {
        member.Needs.Set(new BaseNeed(), self);
        if (member.Host.TunnelPort is { } tunnel)
        {
            member.Needs.Set(new TunnelPortNeed(tunnel), self);
        }

        foreach (var port in member.Host.FabricPorts)
        {
            member.Needs.Set(new FabricPortNeed(port), self);
        }
    }

    private void PortsChanged(string host)
    {
        foreach (var port in claims.Of(host))
        {
            PortChanged(port);
        }
    }

    private void Flood(string network, Dictionary<string, Carrier> here, Dictionary<string, HashSet<ObjectRef>> lists)
    {
        var subject = new ObjectRef(ResourceKind.Network, network);
        var remote = here.Keys.Select(h => members[h].Host.Vtep!.Value).Union(outsides.GetValueOrDefault(network, Nothing).Floods).Order().ToList();
        foreach (var (host, others) in lists)
        {
            if (!here.TryGetValue(host, out var carrier))
            {
                continue;
            }

            var member = members[host];
            var need = new FloodNeed(
                carrier.Need.BridgeDomain,
                carrier.Need.Vni,
                carrier.Ports.Values.Select(p => p.Local.LogicalPort).Order().ToEquatableArray(),
                remote.Where(v => v != member.Host.Vtep).ToEquatableArray());
            if (carrier.Flood is { } old && old.Key != need.Key)
            {
                member.Needs.Clear(old, subject);
            }

            carrier.Flood = need;
            member.Needs.Set(need, subject, [.. others]);
        }
    }

    private Placement? Place(string portId)
    {
        if (!intent.Ports.TryGetValue(portId, out var port)
            || !intent.Networks.TryGetValue(port.NetworkId, out var network)
            || elsewhere.Contains(portId)
            || BoundBy(portId) is not { } claim)
        {
            return null;
        }

        LocalPortNeed At(Claim where) => new(
            port.LogicalPort, where.Interface.OfPort, network.BridgeDomain, 0, port.Mac, port.Addresses, port.PortSecurity, network.ArpSuppression);
        var remote = new RemoteHostNeed(
            network.BridgeDomain, port.Mac, port.Addresses, members[claim.Host].Host.Vtep!.Value, network.Vni, network.ArpSuppression);
        return IncomingOf(portId, claim) is { } next
            ? new Placement(portId, network.Id, claim.Host, At(claim) with { CopyTo = new TunnelEnd(members[next.Host].Host.Vtep!.Value, network.Vni) }, remote)
            {
                Next = new Seat(next.Host, At(next) with { IsIncoming = true }),
            }
            : new Placement(portId, network.Id, claim.Host, At(claim), remote);
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
        Dictionary<string, Carrier> here = [];
        foreach (var seat in now.Seats)
        {
            here = Enter(now.Network, seat.Host, subject);
            here[seat.Host].Ports[now.PortId] = now;
            members[seat.Host].Needs.Set(seat.Local, subject);
            if (before is null || !before.IsAt(seat.Host) || before.Network != now.Network || before.Local.LogicalPort != now.Local.LogicalPort)
            {
                FloodChanged(now.Network, seat.Host, subject);
            }
        }

        foreach (var other in here.Keys.Where(h => h != now.Host))
        {
            members[other].Needs.Set(RemoteFor(other, now), subject);
        }
    }

    /// <summary>Clears what the port's arrival has not replaced.</summary>
    private void Depart(Placement before, Placement? now)
    {
        var subject = new ObjectRef(ResourceKind.Port, before.PortId);
        var here = carriers[before.Network];
        var known = now is not null && now.Remote.Key == before.Remote.Key ? carriers[now.Network] : null;
        foreach (var other in here.Keys)
        {
            if (other != before.Host && (known is null || other == now!.Host || !known.ContainsKey(other)))
            {
                ClearRemote(members[other], before);
            }
        }

        foreach (var seat in before.Seats)
        {
            if (now is null || !now.IsAt(seat.Host) || now.Local.Key != before.Local.Key)
            {
                members[seat.Host].Needs.Clear(seat.Local, subject);
            }

            if (now?.IsAt(seat.Host) == true && now.Network == before.Network)
            {
                continue;
            }

            here[seat.Host].Ports.Remove(before.PortId);
            FloodChanged(before.Network, seat.Host, subject);
            ExitIfUnused(before.Network, seat.Host, subject);
        }
    }

    /// <summary>A host without ports of a network carries it no more, unless it passes on what comes for one that has moved.</summary>
    private void ExitIfUnused(string network, string host, ObjectRef port)
    {
        if (carriers[network][host] is { Ports.Count: 0, Trails.Count: 0 })
        {
            Exit(network, host, port);
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

        var subject = new ObjectRef(ResourceKind.Network, network);
        var member = members[host];
        var added = new Carrier { Need = NeedOf(network)! };
        member.Networks.Add(network);
        member.Needs.Set(added.Need, subject, port);
        foreach (var (other, carrier) in here)
        {
            Share(member, members[other], subject, port);
            FloodChanged(network, other, port);
            foreach (var placement in carrier.Ports.Values.Where(p => p.Host != host))
            {
                member.Needs.Set(placement.Remote, new ObjectRef(ResourceKind.Port, placement.PortId));
            }
        }

        here.Add(host, added);
        EnterOutside(network, member);
        News.Carriers.Add((network, host));
        FloodChanged(network, host, port);
        return here;
    }

    private void Exit(string network, string host, ObjectRef port)
    {
        var here = carriers[network];
        here.Remove(host, out var gone);
        News.Carriers.Add((network, host));
        var subject = new ObjectRef(ResourceKind.Network, network);
        var member = members[host];
        ExitOutside(network, member);
        member.Networks.Remove(network);
        member.Needs.Clear(gone!.Need, subject, port);
        if (gone.Flood is { } flood)
        {
            member.Needs.Clear(flood, subject, port);
        }

        foreach (var (other, carrier) in here)
        {
            Unshare(member, members[other], subject, port);
            FloodChanged(network, other, port);
            foreach (var placement in carrier.Ports.Values)
            {
                ClearRemote(member, placement);
            }
        }

        if (here.Count == 0)
        {
            carriers.Remove(network);
        }
    }

    private void FloodChanged(string network, string host, ObjectRef subject)
    {
        if (!floods.TryGetValue(network, out var lists))
        {
            floods.Add(network, lists = []);
        }

        if (!lists.TryGetValue(host, out var subjects))
        {
            lists.Add(host, subjects = []);
        }

        subjects.Add(subject);
    }

    /// <summary>Two hosts have one more network in common; with the first they take each other's frames.</summary>
    private static void Share(Member a, Member b, ObjectRef network, ObjectRef port)
    {
        var count = a.Peers.GetValueOrDefault(b.Host.Id);
        a.Peers[b.Host.Id] = b.Peers[a.Host.Id] = count + 1;
        if (count == 0)
        {
            a.Needs.Set(new VtepNeed(b.Host.Vtep!.Value), b.Subject, network, port);
            b.Needs.Set(new VtepNeed(a.Host.Vtep!.Value), a.Subject, network, port);
        }
    }

    private static void Unshare(Member a, Member b, ObjectRef network, ObjectRef port)
    {
        var count = a.Peers[b.Host.Id] - 1;
        a.Peers[b.Host.Id] = b.Peers[a.Host.Id] = count;
        if (count == 0)
        {
            a.Peers.Remove(b.Host.Id);
            b.Peers.Remove(a.Host.Id);
            a.Needs.Clear(new VtepNeed(b.Host.Vtep!.Value), b.Subject, network, port);
            b.Needs.Clear(new VtepNeed(a.Host.Vtep!.Value), a.Subject, network, port);
        }
    }

    private void VtepMoved(Member member, IpAddress old)
    {
        foreach (var peer in member.Peers.Keys)
        {
            var needs = members[peer].Needs;
            needs.Clear(new VtepNeed(old), member.Subject);
            needs.Set(new VtepNeed(member.Host.Vtep!.Value), member.Subject);
        }

        foreach (var network in member.Networks)
        {
            News.Carriers.Add((network, member.Host.Id));
            foreach (var other in carriers[network].Keys)
            {
                FloodChanged(network, other, member.Subject);
            }
        }
    }

    /// <summary>A host of the fabric: what it needs, the networks that it carries, and with how many hosts it has how many of them in common.</summary>
    private sealed class Member
    {
        public required KnownHost Host { get; set; }

        public required SwitchNeeds Needs { get; set; }

        public bool IsLeaving { get; set; }

        public HashSet<string> Networks { get; } = [];

        public Dictionary<string, int> Peers { get; } = [];

        /// <summary>In how many networks it takes frames from which VTEP outside of the fabric.</summary>
        public Dictionary<IpAddress, int> Outside { get; } = [];

        public ObjectRef Subject => new(ResourceKind.Switch, Host.Id);
    }

    /// <summary>A host that carries a network: what it needs for that, and the ports that it has of it.</summary>
    private sealed class Carrier
    {
        public required NetworkNeed Need { get; set; }

        public FloodNeed? Flood { get; set; }

        /// <summary>The ports of which it has an interface.</summary>
        public Dictionary<string, Placement> Ports { get; } = [];

        /// <summary>The ports that it had until now, and whose frames it passes on.</summary>
        public HashSet<string> Trails { get; } = [];
    }
}
