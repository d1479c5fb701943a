using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>LLDP from a port that leads to another switch.</summary>
internal static class FabricPortRules
{
    /// <summary>A switch has few such ports, and each hears one frame in a few seconds.</summary>
    private const uint LldpPacketsPerSecond = 100;

    public static void Add(RuleSet rules, FabricPortNeed port)
    {
        rules.Meter(Numbering.LldpMeter, LldpPacketsPerSecond);

        // Above the guard that drops the LLDP of all other ports. Tagged it is nobody's that we sent.
        var match = Match.Of(On(Fields.InPort, port.OfPort.Value), On(Fields.VlanVid, 0), On(Fields.EthType, EtherTypes.Lldp));
        rules.Flow(new FlowRule(new FlowKey(Table.Classify, 210, match), 0) { Meter = Numbering.LldpMeter, Apply = [new OutputAction(PortNumber.Controller)] });
    }
}
