using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Changes;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Fabric.Planning;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric;

/// <summary>What is true of each object, judged again for those that something happened to.</summary>
public sealed partial class FabricMachine
{
    private ImmutableArray<FabricEvent> Publish(DateTimeOffset now)
    {
        var next = Snapshot with { Revision = Revision };
        foreach (var network in dirty.Where(d => d.Kind == ResourceKind.Network).ToList())
        {
            // A subnet counts addresses of the network's ports, and is programmed with the network.
            dirty.UnionWith(Intent.SubnetsOf(network.Id).Select(s => new ObjectRef(ResourceKind.Subnet, s)));
        }

        next = next with { Touched = [.. dirty] };
        foreach (var kind in dirty.GroupBy(d => d.Kind))
        {
            var objects = next.Of(kind.Key).ToBuilder();
            foreach (var subject in kind)
            {
                var before = objects.GetValueOrDefault(subject.Id);
                if (Describe(subject) is { } described)
                {
                    objects[subject.Id] = described with { Status = Keep(described.Status, before?.Status, now) };
                }
                else
                {
                    objects.Remove(subject.Id);
                }
            }

            next = next.With(kind.Key, objects.ToImmutable());
        }

        dirty.Clear();
        var events = happened.Select(h => new FabricEvent(++eventSequence, now, h.Name, h.Subject, h.Message)).ToImmutableArray();
        var kept = next.Events;
        foreach (var e in events)
        {
            kept = kept.Enqueue(e);
        }

        eventCount += events.Length;
        while (!kept.IsEmpty && (eventCount > EventJournal.Kept || kept.Peek().Time <= now - EventsKeptFor))
        {
            kept = kept.Dequeue();
            eventCount--;
        }

        happened.Clear();
        Snapshot = next with { Events = kept, Happened = events };
        return events;
    }

    /// <summary>A condition whose status has not changed keeps the time of its last change.</summary>
    private static ResourceStatus Keep(ResourceStatus now, ResourceStatus? before, DateTimeOffset time) => now with
    {
        Conditions =
        [
            .. now.Conditions.Select(c => c with
            {
                LastTransition = before?.Conditions.FirstOrDefault(o => o.Type == c.Type) is { } old && old.Status == c.Status ? old.LastTransition : time,
            }),
        ],
    };

    private Resource? Describe(ObjectRef subject) =>
        Intent.Find(subject.Kind, subject.Id) is { } found ? Describe(found)
        : subject.Kind is ResourceKind.Switch ? DescribeSwitch(subject.Id, null)
        : subject.Kind is ResourceKind.Link ? DescribeLink(subject.Id)
        : null;

    private Resource? Describe(FabricObject value) => value switch
    {
        Network n => Describe(n),
        Subnet s => Describe(s),
        Port p => Describe(p),
        BridgeIntent b => Describe(b),
        BgpSpeakerIntent s => Describe(s),
        BgpPeerIntent p => Describe(p),
        EvpnRouteIntent r => Describe(r),
        _ => DescribeSwitch(value.Id, (SwitchIntent)value),
    };

    private static Resource ToResource(ResourceKind kind, FabricObject o, ResourceSpec spec, ResourceSpec given, ResourceStatus status) =>
        new(kind, o.Id, o.Labels, o.Version, o.Generation, spec, given, status);

    private static Condition Is(ConditionType type, bool holds, string reason, string message, long generation) =>
        new(type, holds ? ConditionStatus.True : ConditionStatus.False, reason, message, generation, default);

    private Resource Describe(Network n)
    {
        var hosts = planner.CarriersOf(n.Id).Order(StringComparer.Ordinal).ToImmutableArray();
        var spec = n.Spec with
        {
            Type = n.Spec.Type ?? "OVERLAY",
            Encapsulation = n.Spec.Encapsulation ?? "VXLAN",
            Mtu = Network.Mtu,
            ArpSuppression = n.ArpSuppression,
            UnknownUnicast = n.Spec.UnknownUnicast ?? "DROP",
        };
        return ToResource(ResourceKind.Network, n, spec, n.Spec, new NetworkStatus(
            [
                Is(ConditionType.Accepted, true, "Valid", "the network can be acted upon", n.Generation),
                Programmed(n.Id, new ObjectRef(ResourceKind.Network, n.Id), n.Generation),
                Degraded(n),
            ],
            n.Generation,
            n.BridgeDomain,
            Network.Mtu,
            hosts,
            Intent.PortsOf(n.Id).Count));
    }

    private Resource Describe(Subnet s)
    {
        var (dhcp, ra) = (s.Spec.Dhcp ?? new(), s.Spec.Ra ?? new());
        var spec = s.Spec with
        {
            GatewayMac = s.GatewayMac.ToString(),
            Dhcp = dhcp with { Enabled = dhcp.Enabled ?? false },
            Ra = ra with { Enabled = ra.Enabled ?? false },
        };
        return ToResource(ResourceKind.Subnet, s, spec, s.Spec, new SubnetStatus(
            [Accepted(s.NetworkId, s.Generation), Programmed(s.NetworkId, new ObjectRef(ResourceKind.Network, s.NetworkId), s.Generation)],
            s.Generation,
            Intent.AddressesIn(s.Id)));
    }

    private Resource Describe(Port p)
    {
        var spec = p.Spec with
        {
            Mac = p.Mac.ToString(),
            Addresses = p.Addresses.Select(a => a.ToString()).ToEquatableArray(),
            PortSecurity = p.PortSecurity,
        };
        var claims = planner.ClaimsTo(p.Id);
        var placement = planner.PlacementOf(p.Id);
        var bound = claims.FirstOrDefault(c => placement?.Host == c.Host && placement.Local.OfPort == c.Interface.OfPort);
        return ToResource(ResourceKind.Port, p, spec, p.Spec, new PortStatus(
            [
                Accepted(p.NetworkId, p.Generation),
                BoundCondition(p, claims, bound),
                placement is null
                    ? Is(ConditionType.Programmed, false, "NotBound", "nothing is programmed before the port is bound in an existing network", p.Generation)
                    : Programmed(p.NetworkId, new ObjectRef(ResourceKind.Port, p.Id), p.Generation),
                Degraded(p, claims, bound),
            ],
            p.Generation,
            p.LogicalPort,
            bound?.Host,
            bound?.Interface.OfPort.Value,
            bound?.Interface.Name,
            bound is null ? "UNBOUND" : bound.Interface.Up ? "UP" : "DOWN"));
    }

    private Condition Accepted(string network, long generation) => Intent.Networks.ContainsKey(network)
        ? Is(ConditionType.Accepted, true, "Valid", $"network '{network}' exists", generation)
        : Is(ConditionType.Accepted, false, "NetworkNotFound", $"network '{network}' does not exist; make it with PUT /v1/networks/{network}", generation);

    private Condition BoundCondition(Port p, IReadOnlyList<Claim> claims, Claim? bound)
    {
        if (bound is not null)
        {
            return Is(ConditionType.Bound, true, "InterfaceFound", $"interface {bound.Interface.Name} of {bound.Host}", p.Generation);
        }

        if (claims.Count == 0)
        {
            return Is(
                ConditionType.Bound,
                false,
                "NoInterface",
                $"no interface of a bridge {HostJoin.Bridge} has external_ids:iface-id={p.Id}; set it where the VM is attached",
                p.Generation);
        }

        if (moves.GetValueOrDefault(p.Id) is { IsElsewhere: true, Heard: var heard })
        {
            return Is(ConditionType.Bound, false, "MovedAway", $"a peer announces {p.Mac} at {planner.LearnedOf(p.NetworkId, p.Mac)?.Vtep} with sequence {heard}", p.Generation);
        }

        return claims.FirstOrDefault(c => planner.MemberOf(c.Host) is not null) is { } waiting
            ? Is(ConditionType.Bound, false, "NetworkNotFound", $"interface {waiting.Interface.Name} of {waiting.Host} waits for network '{p.NetworkId}'", p.Generation)
            : Is(ConditionType.Bound, false, "HostNotInFabric", $"interface {claims[0].Interface.Name} is on {claims[0].Host}, which is not part of the fabric; see /v1/switches/{claims[0].Host}", p.Generation);
    }

    private Condition Degraded(Network n) => planner.FloodsBeyondLimit(n.Id).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } hosts
        ? Is(
            ConditionType.Degraded,
            true,
            "FloodLimitExceeded",
            $"what it floods goes to no more than {FloodNeed.Most} ports and {FloodNeed.Most} VTEPs on one switch, which is not all on {string.Join(", ", hosts)}; the others get unicast alone: use several networks",
            n.Generation)
        : Is(ConditionType.Degraded, false, "AsExpected", "nothing is known against it", n.Generation);

    private Condition Degraded(Port p, IReadOnlyList<Claim> claims, Claim? bound) => duplicates.IsFrozen(p.NetworkId, p.Mac)
        ? Is(ConditionType.Degraded, true, "DuplicateMac", $"another station has {p.Mac} too; it stays on {bound?.Host ?? "no host"} until the other is gone or the port is bound again", p.Generation)
        : planner.PlacementOf(p.Id)?.Next is { } next
        ? Is(ConditionType.Degraded, false, "Incoming", $"{next.Host} is made ready for it: it has the port as soon as {bound?.Host ?? "the other"} gives it up", p.Generation)
        : claims.FirstOrDefault(c => c != bound) is { } second && bound is not null
        ? Is(ConditionType.Degraded, true, "DuplicateInterface", $"interface {second.Interface.Name} of {second.Host} claims the port too and is refused; remove its iface-id", p.Generation)
        : Is(ConditionType.Degraded, false, "AsExpected", "nothing is known against it", p.Generation);

    /// <summary>True when every switch that carries the network has confirmed the object's last change; with none it is true as well.</summary>
    private Condition Programmed(string network, ObjectRef subject, long generation)
    {
        List<string> waiting = [];
        List<string> away = [];
        var count = 0;
        foreach (var host in planner.CarriersOf(network))
        {
            count++;
            if (planner.NeedsOf(host)!.IsPending(subject))
            {
                (IsConnected(host) ? waiting : away).Add(host);
            }
        }

        if (away.Count > 0)
        {
            return new Condition(
                ConditionType.Programmed, ConditionStatus.Unknown, "SwitchDisconnected", $"not confirmed by {string.Join(", ", away)}, which is not connected", generation, default);
        }

        return waiting.Count > 0
            ? Is(ConditionType.Programmed, false, "Pending", $"waits for {string.Join(", ", waiting)}", generation)
            : count == 0
                ? Is(ConditionType.Programmed, true, "NothingToProgram", "no switch carries it", generation)
                : Is(ConditionType.Programmed, true, "Confirmed", $"confirmed by {count} {(count == 1 ? "switch" : "switches")}", generation);
    }

    private bool IsConnected(string host) =>
        registry.Known.GetValueOrDefault(host)?.DatapathId is { } datapath && sightings.ContainsKey(datapath) && registry.OwnerOf(datapath)?.Id == host;

    private Resource? DescribeSwitch(string id, SwitchIntent? intent)
    {
        var host = registry.Known.GetValueOrDefault(id);
        var datapath = host?.DatapathId;
        KnownHost? owner = null;
        if (host is null && Core.Net.DatapathId.TryParse(id, out var parsed))
        {
            owner = registry.OwnerOf(parsed) is { Vtep: not null } announced ? announced : null;
            datapath = owner is null && sightings.ContainsKey(parsed) ? parsed : null;
        }

        if (host is null && datapath is null && intent is null)
        {
            return null;
        }

        var sighting = datapath is { } d && (host is null || registry.OwnerOf(d) == host) ? sightings.GetValueOrDefault(d) : null;
        var inventory = registry.SpeakerOf(id)?.Inventory;
        var needs = planner.NeedsOf(id);
        var generation = intent?.Generation ?? 0;
        var mode = ModeOf(intent, host);
        var status = new SwitchStatus(
            [SwitchAccepted(id, host, owner, mode, generation), SwitchProgrammed(needs, sighting, mode, generation), SwitchDegraded(id, inventory, generation)],
            generation,
            datapath?.ToString(),
            sighting?.Address,
            host?.Vtep?.ToString(),
            inventory?.Hostname,
            inventory?.OvsVersion,
            sighting is null ? null : "1.3",
            sighting is not null,
            PortsOf(inventory),
            needs?.Holding.Flows ?? 0,
            needs?.Holding.Groups ?? 0,
            needs?.Holding.Meters ?? 0);
        return new Resource(
            ResourceKind.Switch,
            id,
            intent?.Labels ?? ImmutableSortedDictionary<string, string>.Empty,
            intent?.Version ?? 0,
            generation,
            new SwitchSpec { Mode = mode },
            intent?.Spec ?? new SwitchSpec(),
            status);
    }

    private static ImmutableArray<SwitchPortStatus> PortsOf(HostInventory? inventory) =>
    [
        .. (inventory?.Bridge(HostJoin.Bridge)?.Ports ?? [])
            .SelectMany(p => p.Interfaces)
            .Select(i => new SwitchPortStatus(i.OfPort?.Value ?? 0, i.Name, i.Type, i.IfaceId, i.Error)),
    ];

    private Condition SwitchAccepted(string id, KnownHost? host, KnownHost? owner, string mode, long generation)
    {
        if (owner is not null)
        {
            return Is(ConditionType.Accepted, false, "HasOtherId", $"it is the switch of host '{owner.Id}', which decides about it: see /v1/switches/{owner.Id}", generation);
        }

        if (mode == "LEARNING")
        {
            return Is(ConditionType.Accepted, true, "Learning", "its mode is LEARNING: it forwards by what it learns", generation);
        }

        if (host is null)
        {
            return Is(ConditionType.Accepted, false, "NoHost", "no OVSDB session announces this switch; on its host: ovs-vsctl set-manager tcp:CONTROLLER:6640", generation);
        }

        if (host.Vtep is null)
        {
            return Is(ConditionType.Accepted, false, "NotAnnounced", "the host announces no VTEP; on it: ovs-vsctl set open . external_ids:dwcp-vtep-ip=ADDRESS", generation);
        }

        if (mode == "OBSERVED")
        {
            return Is(ConditionType.Accepted, false, "Observed", "its mode is OBSERVED: it is shown and not touched", generation);
        }

        return registry.RivalOf(host) is { } rival
            ? Is(ConditionType.Accepted, false, "DuplicateVtepAddress", $"{host.Vtep} is the VTEP of '{rival.Id}', which announced it first; give this host another", generation)
            : Is(ConditionType.Accepted, true, "Announced", $"VTEP {host.Vtep} of host '{id}'", generation);
    }

    private Condition SwitchProgrammed(SwitchNeeds? needs, SwitchSighting? sighting, string mode, long generation)
    {
        if (mode == "LEARNING" && sighting is not null)
        {
            return learning.Contains(sighting.DatapathId)
                ? Is(ConditionType.Programmed, true, "Learning", "a barrier confirmed that frames without a flow come to the controller", generation)
                : Is(ConditionType.Programmed, false, "Pending", "it becomes a learning switch", generation);
        }

        if (needs is null)
        {
            return Is(ConditionType.Programmed, false, "NotManaged", "nothing is programmed on it", generation);
        }

        var done = needs.Confirmed >= needs.Generation;
        if (sighting is null)
        {
            return new Condition(ConditionType.Programmed, ConditionStatus.Unknown, "SwitchDisconnected", "it is not connected; it goes on with the rules that it has", generation, default);
        }

        return done
            ? Is(ConditionType.Programmed, true, "Confirmed", "a barrier confirmed all that it needs", generation)
            : Is(ConditionType.Programmed, false, "Pending", "changes are under way", generation);
    }

    private Condition SwitchDegraded(string id, HostInventory? inventory, long generation)
    {
        if (registry.PretenderOf(id) is { } pretender)
        {
            return Is(ConditionType.Degraded, true, "DuplicateSystemId", $"the host at {pretender.Peer} has the same system-id and is refused; give it another", generation);
        }

        if (IdentityTrouble(id) is { } identity)
        {
            return Is(ConditionType.Degraded, true, "IdentityRefused", identity, generation);
        }

        if (inventory is { Faults: [var fault, ..] })
        {
            return Is(ConditionType.Degraded, true, "HostSettingFaulty", fault.ToString(), generation);
        }

        if ((troubles.GetValueOrDefault($"host/{id}") ?? troubles.GetValueOrDefault($"leftovers/{id}")) is { } host)
        {
            return Is(ConditionType.Degraded, true, "HostChangeFailed", host, generation);
        }

        if (planner.MemberOf(id) is not null
            && inventory is not null
            && HostJoin.FailedTunnel(inventory) is { } tunnel)
        {
            return Is(
                ConditionType.Degraded,
                true,
                "TunnelPortFailed",
                $"Open vSwitch cannot make the port {tunnel.Name} ({tunnel.Error ?? "it does not say why"}), so nothing reaches other hosts; remove the port that is in its way, such as another tunnel: it is tried again every few seconds",
                generation);
        }

        return troubles.GetValueOrDefault($"switch/{id}") is { } trouble
            ? Is(ConditionType.Degraded, true, "ProgrammingFailed", trouble, generation)
            : Is(ConditionType.Degraded, false, "AsExpected", "nothing is known against it", generation);
    }
}
