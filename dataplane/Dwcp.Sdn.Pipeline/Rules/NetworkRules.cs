using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>A network on a switch: in from a tunnel, its gateways, and how it floods.</summary>
internal static class NetworkRules
{
    /// <summary>What one network floods per second because it does not know the destination.</summary>
    public const uint UnknownPacketsPerSecond = 1000;

    /// <summary>A message has room for some 900 buckets; with fewer of them a change sends less.</summary>
    public const int BucketsOfGroup = 256;

    /// <summary>Open vSwitch drops a packet that takes more than 4,096 lookups; this leaves some for its way to the flood.</summary>
    private const int LookupsOfPacket = 4000;

    /// <summary>Of a copy to a local port: EGRESS_PORT and LOCAL_OUT.</summary>
    private const int LocalLookups = 2;

    public static void Add(RuleSet rules, NetworkNeed network)
    {
        var bd = network.BridgeDomain;
        rules.Flow(new FlowRule(new FlowKey(Table.VniDemux, 100, Match.Of(On(Fields.TunnelId, network.Vni.Value))), 0)
        {
            Metadata = Domain(bd, network.Vrf),
            Goto = Table.L2L3,
        });

        foreach (var gateway in network.Gateways)
        {
            if (gateway.Address.IsV4)
            {
                ArpRules.Answer(rules, bd, gateway.Address, gateway.Mac);
            }
        }

        foreach (var mac in network.Gateways.Select(g => g.Mac).Distinct())
        {
            rules.Drop(Table.L2L3, 100, Match.Of(InNetwork(bd), On(Fields.EthDst, mac.Value)), DropReason.NoRoute);
        }

        if (network.FloodUnknown)
        {
            var meter = Numbering.FloodMeter(bd);
            rules.Meter(meter, UnknownPacketsPerSecond);
            rules.Flow(new FlowRule(new FlowKey(Table.Fdb, 10, Match.Of(InNetwork(bd))), 0) { Meter = meter, Goto = Table.Bum });
        }
    }

    public static void Add(RuleSet rules, FloodNeed flood)
    {
        var bd = flood.BridgeDomain;
        var apart = (LocalLookups * flood.LocalPorts.Count) + flood.RemoteVteps.Count > LookupsOfPacket;
        var local = Groups(rules, flood.LocalPorts, apart, part => Numbering.LocalGroup(bd, part), port =>
            new Bucket([Set(Registers.OutPort, port), new ResubmitAction(null, Table.EgressPort)]));
        var remote = Groups(rules, flood.RemoteVteps, apart, part => Numbering.RemoteGroup(bd, part), vtep =>
            new Bucket([Set(Registers.OutVni, flood.Vni.Value), Vtep(vtep), new ResubmitAction(null, Table.TunnelOut)]));

        // Split horizon: what came out of a tunnel is copied to local ports alone.
        var mark = Set(Registers.Flood, 1);
        rules.Flow(Table.Bum, 100, Match.Of(InNetwork(bd), Registers.FromTunnel.Is(false)), next: null, [mark, .. local, .. remote]);
        rules.Flow(Table.Bum, 100, Match.Of(InNetwork(bd), Registers.FromTunnel.Is(true)), next: null, [mark, .. local]);
    }

    /// <summary>
    /// As many groups as it takes, at least one; none of them outgrows a message. What is more than <see cref="FloodNeed.Most"/> gets no flood. <paramref name="apart"/>: each is one bucket of
    /// another, behind a select group. For its sake Open vSwitch looks at that copy of the packet anew, when it has a hash, and
    /// counts the lookups anew.
    /// </summary>
    private static List<FlowAction> Groups<T>(RuleSet rules, EquatableArray<T> members, bool apart, Func<int, uint> idOf, Func<T, Bucket> bucketOf)
        where T : IEquatable<T>
    {
        var groups = new List<FlowAction>();
        foreach (var part in members.IsEmpty ? [[]] : members.Items.Chunk(BucketsOfGroup).Take(Numbering.Parts))
        {
            var id = idOf(groups.Count);
            rules.Group(id, GroupType.All, part.Select(bucketOf));
            if (apart)
            {
                var entry = idOf(Numbering.Parts + groups.Count);
                rules.Group(entry, GroupType.Select, [new Bucket([new GroupAction(id)]) { Weight = 1 }]);
                id = entry;
            }

            groups.Add(new GroupAction(id));
        }

        if (!apart)
        {
            return groups;
        }

        var all = idOf(2 * Numbering.Parts);
        rules.Group(all, GroupType.All, groups.Select(g => new Bucket([g])));
        return [new GroupAction(all)];
    }
}
