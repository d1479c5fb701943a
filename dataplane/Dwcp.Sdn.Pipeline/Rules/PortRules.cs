using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>A logical port on this switch: who it may be, how much it may flood, and how it is reached.</summary>
internal static class PortRules
{
    /// <summary>What one port sends to many per second.</summary>
    public const uint StormPacketsPerSecond = 1000;

    public static void Add(RuleSet rules, LocalPortNeed port)
    {
        var from = On(Registers.InPort, port.LogicalPort);
        rules.Flow(new FlowRule(new FlowKey(Table.Classify, 100, Match.Of(On(Fields.InPort, port.OfPort.Value), On(Fields.VlanVid, 0))), 0)
        {
            Apply = [Set(Registers.InPort, port.LogicalPort)],
            Metadata = Domain(port.BridgeDomain, port.Vrf),
            Goto = Table.PortSecurityL2,
        });

        Security(rules, port, from);

        var meter = Numbering.PortMeter(port.LogicalPort);
        rules.Meter(meter, StormPacketsPerSecond);
        rules.Flow(new FlowRule(new FlowKey(Table.Storm, 100, Match.Of(from, On(Fields.EthDst, 0x0100_0000_0000, 0x0100_0000_0000))), 0)
        {
            Meter = meter,
            Goto = Table.Services,
        });

        if (port.AnswerArp)
        {
            foreach (var address in port.Addresses.Where(a => a.IsV4))
            {
                ArpRules.Answer(rules, port.BridgeDomain, address, port.Mac);
                ArpRules.LeaveProbesOfOwner(rules, port.LogicalPort, address);
            }
        }

        // Above a remote host of the same MAC: while a VM moves, what is bound here is nearer.
        EquatableArray<FlowAction> copy = port.CopyTo is { } moving ? [new CloneAction([.. TunnelRules.Through(moving), new ResubmitAction(null, Table.TunnelOut)])] : [];
        var (network, mac) = (InNetwork(port.BridgeDomain), On(Fields.EthDst, port.Mac.Value));
        rules.Flow(
            Table.Fdb, 110, port.IsIncoming ? Match.Of(network, mac, Registers.FromTunnel.Is(true)) : Match.Of(network, mac), Table.EgressPort,
            [.. copy, Set(Registers.OutPort, port.LogicalPort)]);

        var to = On(Registers.OutPort, port.LogicalPort);
        rules.Flow(
            Table.EgressPort, 110, Match.Of(to, from, Registers.Answered.Is(false)), Table.LocalOut,
            Set(Registers.SamePort, 1));
        rules.Flow(Table.EgressPort, 100, Match.Of(to), Table.LocalOut, Set(Registers.OutOfPort, port.OfPort.Value));
    }

    private static void Security(RuleSet rules, LocalPortNeed port, FieldMatch from)
    {
        if (!port.PortSecurity)
        {
            rules.Flow(Table.PortSecurityL2, 100, Match.Of(from), Table.Storm);
            return;
        }

        var own = Match.Of(from, On(Fields.EthSrc, port.Mac.Value));
        rules.Flow(Table.PortSecurityL2, 100, own, port.Addresses.IsEmpty ? Table.Storm : Table.PortSecurityL3);
        if (port.Addresses.IsEmpty)
        {
            return;
        }

        var mac = On(Fields.ArpSha, port.Mac.Value);
        var arp = On(Fields.EthType, EtherTypes.Arp);
        rules.Flow(Table.PortSecurityL3, 100, Match.Of(from, arp, mac, On(Fields.ArpSpa, 0), On(Fields.ArpOp, 1)), Table.Storm);
        rules.Flow(Table.PortSecurityL3, 100, Match.Of(from, On(Fields.EthType, EtherTypes.Rarp), mac), Table.Storm);
        foreach (var address in port.Addresses.Where(a => a.IsV4))
        {
            rules.Flow(Table.PortSecurityL3, 100, Match.Of(from, arp, mac, On(Fields.ArpSpa, address.Value)), Table.Storm);
            rules.Flow(
                Table.PortSecurityL3, 100, Match.Of(from, On(Fields.EthType, EtherTypes.Ipv4), On(Fields.Ipv4Src, address.Value)), Table.Storm);
        }

        foreach (var address in port.Addresses.Where(a => a.IsV6).Append(LinkLocal(port.Mac)).Distinct())
        {
            SecureIpv6(rules, from, address);
        }
    }

    private static void SecureIpv6(RuleSet rules, FieldMatch from, IpAddress address)
    {
        var ipv6 = On(Fields.EthType, EtherTypes.Ipv6);
        var icmp6 = On(Fields.IpProto, 58);
        var target = On(Fields.NdTarget, address.Value);
        rules.Flow(Table.PortSecurityL3, 100, Match.Of(from, ipv6, On(Fields.Ipv6Src, address.Value)), Table.Storm);

        // Duplicate address detection asks from :: for its own address (RFC 4862 §5.4.2).
        rules.Flow(
            Table.PortSecurityL3, 100, Match.Of(from, ipv6, icmp6, On(Fields.Ipv6Src, 0), On(Fields.Icmpv6Type, 135), target), Table.Storm);

        // Looked up again with the target marked as its own, so that the source is checked too: one flow for each address, not for each pair.
        rules.Flow(
            Table.PortSecurityL3, 150, Match.Of(Registers.TargetChecked.Is(false), from, ipv6, icmp6, On(Fields.Icmpv6Type, 136), target), next: null,
            Set(Registers.TargetChecked, 1), new ResubmitAction(null, Table.PortSecurityL3));
    }

    /// <summary>fe80:: and the interface identifier that a host makes of its MAC (RFC 4291 appendix A).</summary>
    internal static IpAddress LinkLocal(MacAddress mac)
    {
        var eui64 = ((mac.Value >> 24) << 40) | 0xff_fe00_0000 | (mac.Value & 0xff_ffff);
        return IpAddress.V6(((UInt128)0xfe80_0000_0000_0000 << 64) | (eui64 ^ 0x0200_0000_0000_0000));
    }
}
