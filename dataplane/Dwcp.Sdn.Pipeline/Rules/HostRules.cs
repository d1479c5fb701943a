using Dwcp.Sdn.Core.Flows;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>A host behind another VTEP.</summary>
internal static class HostRules
{
    public static void Add(RuleSet rules, RemoteHostNeed host)
    {
        // What came out of a tunnel never goes back into one.
        rules.Flow(
            Table.Fdb, 100, Match.Of(InNetwork(host.BridgeDomain), On(Fields.EthDst, host.Mac.Value), Registers.FromTunnel.Is(false)), Table.TunnelOut,
            Set(Registers.OutVni, host.Vni.Value), Vtep(host.Vtep));

        if (host.PassesOn)
        {
            rules.Flow(
                Table.Fdb, 100, Match.Of(InNetwork(host.BridgeDomain), On(Fields.EthDst, host.Mac.Value), Registers.FromTunnel.Is(true)), Table.TunnelOut,
                TunnelRules.Through(new TunnelEnd(host.Vtep, host.Vni)));
        }

        if (host.AnswerArp)
        {
            foreach (var address in host.Addresses.Where(a => a.IsV4))
            {
                ArpRules.Answer(rules, host.BridgeDomain, address, host.Mac);
            }
        }
    }
}
