using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>A command's judgement: the intent after it and the objects that it changes, or why it cannot be.</summary>
/// <param name="Changed">Objects as they should be stored; their Version is 0.</param>
/// <param name="Removed">Objects that go.</param>
public sealed record Judgement(
    Outcome? Refused,
    bool Created,
    FabricIntent Intent,
    ImmutableArray<FabricObject> Changed,
    ImmutableArray<(ResourceKind Kind, string Id)> Removed)
{
    public bool ChangesNothing => Refused is null && Changed.IsEmpty && Removed.IsEmpty;
}

/// <summary>Judges commands against the intent and allocates what new objects need. Pure: the same command on the same intent gives the same answer.</summary>
public static partial class Judge
{
    /// <summary>Of one port: a record of it fits the store, and its rules a switch.</summary>
    private const int MostAddresses = 64;

    /// <summary>Judges a command. Nothing is stored by it.</summary>
    public static Judgement Of(FabricIntent intent, FabricCommand command)
    {
        var old = intent.Find(command.Kind, command.Id);
        if (command.IfVersion is { } wanted && wanted != (old?.Version ?? 0))
        {
            return Refuse(intent, Outcome.Failed(OutcomeKind.VersionMoved, old is null
                ? new Problem("resourceVersion", ProblemCodes.VersionMoved, $"the object of version {wanted} is there no more", "to make it anew, name no version")
                : new Problem("resourceVersion", ProblemCodes.VersionMoved, $"the version is {old.Version}, not {wanted}", "read the object again and repeat the change on it")));
        }

        return command switch
        {
            PutCommand put => Put(intent, put, old),
            DeleteCommand when old is null => new Judgement(null, false, intent, [], []),
            DeleteCommand => new Judgement(null, false, intent.Without(command.Kind, command.Id), [], [(command.Kind, command.Id)]),
            _ => throw new ArgumentException($"no such command: {command.GetType().Name}", nameof(command)),
        };
    }

    private static Judgement Refuse(FabricIntent intent, Outcome outcome) => new(outcome, false, intent, [], []);

    private static Judgement Put(FabricIntent intent, PutCommand put, FabricObject? old)
    {
        var problems = new Problems();
        problems.Id("id", put.Id);
        problems.Labels(put.Labels);
        var generation = old is null ? 1 : old.Generation + 1;
        FabricObject? judged = put.Spec switch
        {
            NetworkSpec spec => OfNetwork(intent, put, spec, old as Network, generation, problems),
            SubnetSpec spec => OfSubnet(intent, put, spec, old as Subnet, generation, problems),
            PortSpec spec => OfPort(intent, put, spec, old as Port, generation, problems),
            SwitchSpec spec => OfSwitch(put, spec, generation, problems),
            BridgeSpec spec => BridgeRules.Judge(intent, put, spec, old as BridgeIntent, generation, problems),
            BgpSpeakerSpec spec => OfBgpSpeaker(put, spec, generation, problems),
            BgpPeerSpec spec => OfBgpPeer(intent, put, spec, generation, problems),
            EvpnRouteSpec spec => OfEvpnRoute(put, spec, generation, problems),
            _ => throw new ArgumentException($"no such spec: {put.Spec.GetType().Name}", nameof(put)),
        };
        if (judged is null || problems.Any)
        {
            return Refuse(intent, problems.ToOutcome());
        }

        if (old is not null && judged with { Version = old.Version, Generation = old.Generation, Labels = old.Labels } == old)
        {
            if (old.Labels.SequenceEqual(judged.Labels))
            {
                return new Judgement(null, false, intent, [], []);
            }

            judged = judged with { Generation = old.Generation };
        }

        var next = intent.With(judged);
        var changed = ImmutableArray.CreateBuilder<FabricObject>();
        changed.Add(judged);
        if (judged is Subnet subnet)
        {
            // References come in any order: ports that waited for a subnet get their addresses with it.
            foreach (var (at, id) in next.PortsOf(subnet.NetworkId).Index())
            {
                if (Allocation.Complete(next, next.Ports[id], at, out _) is { } completed && completed.Addresses != next.Ports[id].Addresses)
                {
                    completed = completed with { Version = 0 };
                    next = next.With(completed);
                    changed.Add(completed);
                }
            }
        }

        return new Judgement(null, old is null, next, changed.ToImmutable(), []);
    }

    private static Network? OfNetwork(FabricIntent intent, PutCommand put, NetworkSpec spec, Network? old, long generation, Problems problems)
    {
        if (spec.Vni is not { } vni)
        {
            problems.Required("vni", "give a number from 1 to 16777215 that no other network has");
        }
        else if (vni is 0 or > Vni.Max)
        {
            problems.Add("vni", ProblemCodes.OutOfRange, $"{vni} is not a VNI", "use 1 to 16777215");
        }
        else if (intent.OwnerOf(new Vni(vni)) is { } owner && owner != put.Id)
        {
            problems.Conflict("vni", $"VNI {vni} is that of network '{owner}'", "use another VNI, or delete that network first");
        }

        problems.Word("type", spec.Type, ["OVERLAY"], ["VLAN", "MACVLAN", "BRIDGE"]);
        problems.Word("encapsulation", spec.Encapsulation, ["VXLAN"], ["GENEVE", "GRE"]);
        problems.Word("unknownUnicast", spec.UnknownUnicast, ["DROP", "FLOOD"], []);
        problems.NotSupportedYet("vrf", spec.Vrf is not null);
        problems.NotSupportedYet("mtu", spec.Mtu is not (null or Network.Mtu));
        problems.Targets("importTargets", spec.ImportTargets);
        problems.Targets("exportTargets", spec.ExportTargets);
        var domain = old?.BridgeDomain ?? intent.BridgeDomains.Take().Id;
        if (domain > ushort.MaxValue)
        {
            // Route distinguishers have room for 16 bits of it.
            problems.Exhausted("", $"there are {ushort.MaxValue} networks already", "delete networks that nobody uses");
        }

        return problems.Any ? null : new Network(put.Id, put.Labels, 0, generation, spec, domain);
    }

    private static Subnet? OfSubnet(FabricIntent intent, PutCommand put, SubnetSpec spec, Subnet? old, long generation, Problems problems)
    {
        problems.Id("network", spec.Network);
        IpPrefix? cidr = null;
        if (spec.Cidr is null)
        {
            problems.Required("cidr", "give a prefix such as 10.1.0.0/24 or 2001:db8:1::/64");
        }
        else if (!IpPrefix.TryParse(spec.Cidr, null, out var parsed))
        {
            problems.Add("cidr", ProblemCodes.Invalid, $"'{Problems.Short(spec.Cidr)}' is not a prefix with zero host bits", "write it as 10.1.0.0/24 or 2001:db8:1::/64");
        }
        else if (parsed.Address.IsMulticast)
        {
            problems.Add("cidr", ProblemCodes.Invalid, $"{parsed} is multicast", "use a unicast prefix");
        }
        else
        {
            cidr = parsed;
        }

        var gateway = problems.Address("gateway", spec.Gateway);
        var gatewayMac = problems.Mac("gatewayMac", spec.GatewayMac) ?? Subnet.DefaultGatewayMac;
        problems.NotSupportedYet("dhcp", spec.Dhcp is not null && spec.Dhcp with { Enabled = null } != new DhcpSpec() || spec.Dhcp?.Enabled == true);
        problems.NotSupportedYet("ra", spec.Ra?.Enabled == true);
        if (cidr is { } prefix && spec.Network is { } network)
        {
            if (gateway is { } address)
            {
                JudgeGateway(intent, network, prefix, address, gatewayMac, problems);
            }

            if (old is not null && (old.Cidr != prefix || old.NetworkId != network))
            {
                JudgeMove(intent, old, network, prefix, problems);
            }

            foreach (var other in intent.SubnetsOf(network).Where(id => id != put.Id).Select(id => intent.Subnets[id]))
            {
                if (other.Cidr.Overlaps(prefix))
                {
                    problems.Conflict("cidr", $"{prefix} overlaps {other.Cidr} of subnet '{other.Id}' in network '{network}'", "use a prefix that no other subnet of the network covers");
                }
            }
        }

        return problems.Any ? null : new Subnet(put.Id, put.Labels, 0, generation, spec);
    }

    /// <summary>Ports keep their addresses, so a subnet may not leave them behind. (Ports of other subnets that are yet to come are not its concern.)</summary>
    private static void JudgeMove(FabricIntent intent, Subnet old, string network, IpPrefix prefix, Problems problems)
    {
        var left = intent.PortsOf(old.NetworkId)
            .Where(id => intent.Ports[id].Addresses.Any(a => Subnet.IsHost(old.Cidr, a) && !(network == old.NetworkId && Subnet.IsHost(prefix, a))))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (left.Count > 0)
        {
            problems.Conflict(
                network == old.NetworkId ? "cidr" : "network",
                $"{left.Count} ports have addresses of {old.Cidr} in network '{old.NetworkId}': {string.Join(", ", left.Take(3))}{(left.Count > 3 ? ", …" : "")}",
                "make a subnet of its own for the new prefix and give these ports addresses of it, or delete them first");
        }
    }

    private static void JudgeGateway(FabricIntent intent, string network, IpPrefix prefix, IpAddress gateway, MacAddress mac, Problems problems)
    {
        if (!Subnet.IsHost(prefix, gateway))
        {
            problems.Add("gateway", ProblemCodes.Invalid, $"{gateway} is not an address that a host of {prefix} can have", $"use an address of {prefix}");
        }
        else if (intent.OwnerOf(network, gateway) is { } port)
        {
            problems.Conflict("gateway", $"{gateway} is an address of port '{port}'", "use another gateway, or give the port another address first");
        }

        if (intent.OwnerOf(network, mac) is { } holder)
        {
            problems.Conflict("gatewayMac", $"{mac} is the MAC of port '{holder}'", "use another gateway MAC, or give the port another MAC first");
        }
    }

    private static Port? OfPort(FabricIntent intent, PutCommand put, PortSpec spec, Port? old, long generation, Problems problems)
    {
        problems.Id("network", spec.Network);
        var mac = problems.Mac("mac", spec.Mac);
        var addresses = ImmutableArray.CreateBuilder<IpAddress>();
        if (spec.Addresses.Count > MostAddresses)
        {
            problems.Add("addresses", ProblemCodes.OutOfRange, $"{spec.Addresses.Count} addresses", $"keep to {MostAddresses}");
        }

        for (var i = 0; i < Math.Min(spec.Addresses.Count, MostAddresses); i++)
        {
            if (problems.Address($"addresses[{i}]", spec.Addresses[i]) is { } address)
            {
                addresses.Add(address);
                JudgeAddress(intent, put, spec, $"addresses[{i}]", address, addresses.Count(a => a == address) > 1, problems);
            }
        }

        problems.None("securityGroups", spec.SecurityGroups);
        problems.NotSupportedYet("qosPolicy", spec.QosPolicy is not null);
        problems.NotSupportedYet("allowedPairs", !spec.AllowedPairs.IsEmpty);
        problems.NotSupportedYet("bindings", !spec.Bindings.IsEmpty);
        if (spec.Network is { } network && mac is { } given && intent.OwnerOf(network, given) is { } holder && holder != put.Id)
        {
            problems.Conflict("mac", $"{given} is the MAC of port '{holder}' in network '{network}'", "use another MAC, or leave it out to have one allocated");
        }

        if (intent.SubnetsOf(spec.Network ?? "").Select(id => intent.Subnets[id]).FirstOrDefault(s => s.Gateway is not null && s.GatewayMac == mac) is { } gateway)
        {
            problems.Conflict("mac", $"{mac} is the MAC of the gateway of subnet '{gateway.Id}'", "use another MAC, or leave it out to have one allocated");
        }

        if (problems.Any)
        {
            return null;
        }

        var stays = old is not null && old.NetworkId == spec.Network;
        var logical = old?.LogicalPort ?? intent.LogicalPorts.Take().Id;
        var port = new Port(
            put.Id,
            put.Labels,
            0,
            generation,
            spec,
            logical,
            mac ?? (old is not null && (stays || intent.OwnerOf(spec.Network!, old.Mac) is null) ? old.Mac : Allocation.Mac(intent, spec.Network!, logical)),
            spec.Addresses.IsEmpty && stays ? old!.Addresses : addresses.ToImmutable());
        var completed = Allocation.Complete(intent, port, intent.PortsOf(port.NetworkId).Count, out var exhausted);
        if (exhausted is { } full && !(stays && spec == old!.Spec))
        {
            // A port that was there before its subnet was full is as it was when it is put again.
            problems.Exhausted("addresses", $"subnet '{full.Id}' ({full.Cidr}) has no free address", "delete ports, or add a subnet to the network");
        }

        return completed;
    }

    private static void JudgeAddress(FabricIntent intent, PutCommand put, PortSpec spec, string field, IpAddress address, bool twice, Problems problems)
    {
        if (twice)
        {
            problems.Add(field, ProblemCodes.Invalid, $"{address} stands twice", "give each address once");
        }

        if (spec.Network is not { } network)
        {
            return;
        }

        if (intent.OwnerOf(network, address) is { } holder && holder != put.Id)
        {
            problems.Conflict(field, $"{address} is an address of port '{holder}' in network '{network}'", "use another address, or leave it out to have one allocated");
        }

        var subnets = intent.SubnetsOf(network).Select(id => intent.Subnets[id]).Where(s => s.Cidr.IsV6 == address.IsV6).ToList();
        if (subnets.Find(s => s.Gateway == address) is { } own)
        {
            problems.Conflict(field, $"{address} is the gateway of subnet '{own.Id}'", "use another address");
        }
        else if (subnets.Count > 0 && !address.IsLinkLocal && !subnets.Exists(s => s.IsAssignable(address)))
        {
            problems.Conflict(field, $"{address} is in none of the subnets of network '{network}': {string.Join(", ", subnets.Select(s => s.Cidr))}", "use an address of one of them");
        }
    }

    private static SwitchIntent OfSwitch(PutCommand put, SwitchSpec spec, long generation, Problems problems)
    {
        problems.Word("mode", spec.Mode, ["FABRIC", "OBSERVED", "LEARNING"], []);
        problems.NotSupportedYet("flowBudget", spec.FlowBudget is not null);
        return new SwitchIntent(put.Id, put.Labels, 0, generation, spec);
    }
}
