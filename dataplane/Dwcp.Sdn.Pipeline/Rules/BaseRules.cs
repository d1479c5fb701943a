using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>What stands in every switch: misses, guards that name no port, the way out, and the drop table.</summary>
internal static class BaseRules
{
    private static readonly FieldMatch Ipv4 = On(Fields.EthType, EtherTypes.Ipv4);
    private static readonly FieldMatch Ipv6 = On(Fields.EthType, EtherTypes.Ipv6);
    private static readonly FieldMatch Udp = On(Fields.IpProto, 17);
    private static readonly FieldMatch Icmp6 = On(Fields.IpProto, 58);

    public static void Add(RuleSet rules)
    {
        Misses(rules);
        Guards(rules);
        Clients(rules);
        Ways(rules);
        foreach (var row in DropReasons.All)
        {
            rules.Flow(Table.Drop, 100, Match.Of(On(Registers.DropReason, (uint)row.Reason)), next: null);
        }
    }

    private static void Misses(RuleSet rules)
    {
        foreach (var table in Tables.All)
        {
            if (table.Miss is { } miss)
            {
                if (miss.Reason is { } reason)
                {
                    rules.Drop(table.Number, 0, Match.All, reason);
                }
                else
                {
                    rules.Flow(table.Number, 0, Match.All, miss.Next);
                }
            }
        }
    }

    private static void Guards(RuleSet rules)
    {
        rules.Drop(Table.Classify, 200, Match.Of(On(Fields.EthType, EtherTypes.Lldp)), DropReason.TenantLldp);

        // IEEE 802.3 §3.2.3: a source address is never a group address.
        rules.Drop(Table.PortSecurityL2, 200, Match.Of(On(Fields.EthSrc, 0x0100_0000_0000, 0x0100_0000_0000)), DropReason.MacNotAllowed);

        rules.Drop(Table.PortSecurityL3, 200, Match.Of(Ipv4, Udp, On(Fields.UdpSrc, 67)), DropReason.DhcpServer);
        rules.Drop(Table.PortSecurityL3, 200, Match.Of(Ipv6, Udp, On(Fields.UdpSrc, 547)), DropReason.DhcpServer);
        rules.Drop(Table.PortSecurityL3, 200, Match.Of(Ipv6, Icmp6, On(Fields.Icmpv6Type, 134)), DropReason.RouterAdvertisement);
        rules.Drop(Table.PortSecurityL3, 200, Match.Of(Ipv6, Icmp6, On(Fields.Icmpv6Type, 137)), DropReason.RouterAdvertisement);

        // An advertisement comes past here only once its target has been found among the port's own (PortRules, priority 150).
        rules.Drop(Table.PortSecurityL3, 140, Match.Of(Registers.TargetChecked.Is(false), Ipv6, Icmp6, On(Fields.Icmpv6Type, 136)), DropReason.AddressNotAllowed);
    }

    /// <summary>What a host sends before it has an address.</summary>
    private static void Clients(RuleSet rules)
    {
        rules.Flow(
            Table.PortSecurityL3, 100,
            Match.Of(Ipv4, Udp, On(Fields.Ipv4Src, 0), On(Fields.Ipv4Dst, uint.MaxValue), On(Fields.UdpSrc, 68), On(Fields.UdpDst, 67)),
            Table.Storm);

        // From ::, a host may ask for routers (RFC 4861 §4.1) and report its multicast groups (RFC 3590 §4, RFC 3810 §5.2.13).
        foreach (var type in (ReadOnlySpan<byte>)[133, 131, 143])
        {
            rules.Flow(Table.PortSecurityL3, 100, Match.Of(Ipv6, Icmp6, On(Fields.Ipv6Src, 0), On(Fields.Icmpv6Type, type)), Table.Storm);
        }
    }

    private static void Ways(RuleSet rules)
    {
        rules.Flow(Table.L2L3, 200, Match.Of(On(Fields.EthDst, 0x0100_0000_0000, 0x0100_0000_0000)), Table.Bum);

        rules.Drop(Table.TunnelOut, 200, Match.Of(Registers.FromTunnel.Is(true)), DropReason.NoNexthop);

        // A flood's copy for the sender ends without a word: it is no loss. Everything else that would turn back is one.
        rules.Flow(Table.LocalOut, 300, Match.Of(Registers.SamePort.And(Registers.Flood)), next: null);
        rules.Drop(Table.LocalOut, 200, Match.Of(Registers.SamePort.Is(true)), DropReason.Hairpin);
        rules.Flow(Table.LocalOut, 0, Match.All, next: null, new LoadAction(Fields.InPort, 0), new OutputFieldAction(Registers.OutOfPort));
    }
}
