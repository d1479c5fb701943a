using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>ARP answered by the switch, and the requests that must not be answered.</summary>
internal static class ArpRules
{
    private static readonly FieldMatch Arp = On(Fields.EthType, EtherTypes.Arp);
    private static readonly FieldMatch Request = On(Fields.ArpOp, 1);

    /// <summary>A request for the address comes back as its answer, out of the port it came from.</summary>
    public static void Answer(RuleSet rules, uint bridgeDomain, IpAddress address, MacAddress mac)
    {
        rules.Flow(
            Table.Services, 100, Match.Of(InNetwork(bridgeDomain), Arp, Request, On(Fields.ArpTpa, address.Value)), Table.EgressPort,
            Move(Fields.EthSrc, Fields.EthDst),
            Set(Fields.EthSrc, mac.Value),
            Set(Fields.ArpOp, 2),
            Move(Fields.ArpSha, Fields.ArpTha),
            Move(Fields.ArpSpa, Fields.ArpTpa),
            Set(Fields.ArpSha, mac.Value),
            Set(Fields.ArpSpa, address.Value),
            Move(Registers.InPort, Registers.OutPort),
            Set(Registers.Answered, 1));

        // A gratuitous request tells, it does not ask (RFC 5944 §4.6); an answer would look like a conflict.
        rules.Flow(
            Table.Services, 200,
            Match.Of(InNetwork(bridgeDomain), Arp, Request, On(Fields.ArpSpa, address.Value), On(Fields.ArpTpa, address.Value)), Table.L2L3);
    }

    /// <summary>The owner of an address asks whether somebody else has it (RFC 5227 §2.1.1): it must hear nothing from us.</summary>
    public static void LeaveProbesOfOwner(RuleSet rules, uint logicalPort, IpAddress address) => rules.Flow(
        Table.Services, 200, Match.Of(On(Registers.InPort, logicalPort), Arp, Request, On(Fields.ArpTpa, address.Value)), Table.L2L3);
}
