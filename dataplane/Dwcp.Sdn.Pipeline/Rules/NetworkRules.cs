using Dwcp.Sdn.Core.Flows;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>A network on a switch: in from a tunnel, its gateways, and how it floods.</summary>
internal static class NetworkRules
{
    /// <summary>What one network floods per second because it does not know the destination.</summary>
    public const uint UnknownPacketsPerSecond = 1000;

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
        var local = Numbering.LocalGroup(bd);
        var remote = Numbering.RemoteGroup(bd);
        rules.Group(local, GroupType.All, flood.LocalPorts.Select(port =>
            new Bucket([Set(Registers.OutPort, port), new ResubmitAction(null, Table.EgressPort)])));
        rules.Group(remote, GroupType.All, flood.RemoteVteps.Select(vtep =>
            new Bucket([Set(Registers.OutVni, flood.Vni.Value), Vtep(vtep), new ResubmitAction(null, Table.TunnelOut)])));

        // Split horizon: what came out of a tunnel is copied to local ports alone.
        var mark = Set(Registers.Flood, 1);
        rules.Flow(
            Table.Bum, 100, Match.Of(InNetwork(bd), Registers.FromTunnel.Is(false)), next: null,
            mark, new GroupAction(local), new GroupAction(remote));
        rules.Flow(
            Table.Bum, 100, Match.Of(InNetwork(bd), Registers.FromTunnel.Is(true)), next: null,
            mark, new GroupAction(local));
    }
}
