using System.Collections.Immutable;

namespace Dwcp.Sdn.Pipeline;

/// <summary>Why a packet is dropped: the number that the pipeline puts into <see cref="Registers.DropReason"/>.</summary>
public enum DropReason : byte
{
    UnknownPort = 1,
    TenantLldp = 2,
    UnknownVtep = 3,
    UnknownVni = 4,
    MacNotAllowed = 5,
    AddressNotAllowed = 6,
    MalformedFrame = 7,
    DhcpServer = 8,
    RouterAdvertisement = 9,
    InvalidFrom = 10,
    BlockedFrom = 11,
    DeniedFrom = 12,
    UnknownDestination = 13,
    NoFloodList = 14,
    TtlExpired = 15,
    NoRoute = 16,
    NoNexthop = 17,
    PortNotHere = 18,
    InvalidTo = 19,
    BlockedTo = 20,
    DeniedTo = 21,
    Hairpin = 22,
}

/// <summary>What is said of a drop reason: its word in metrics and events, the table whose decision it is, and a sentence for the operator.</summary>
public sealed record DropReasonRow(DropReason Reason, string Word, byte Table, string Sentence);

/// <summary>The list of drop reasons: the contract of the metric <c>dwcp_drops_total{switch,table,reason}</c>. Numbers and words never change their meaning.</summary>
public static class DropReasons
{
    /// <summary>The word for what meters drop. They do so without a rule, so it has no number.</summary>
    public const string RateLimited = "rate-limited";

    public static readonly ImmutableArray<DropReasonRow> All =
    [
        new(DropReason.UnknownPort, "unknown-port", 0, "The frame came in by a port, or with a VLAN tag, that no logical port claims."),
        new(DropReason.TenantLldp, "tenant-lldp", 0, "A tenant's port sent LLDP, which would confuse the fabric's own discovery."),
        new(DropReason.UnknownVtep, "unknown-vtep", 1, "The tunnel's source address is no VTEP that anybody announced."),
        new(DropReason.UnknownVni, "unknown-vni", 2, "The VNI belongs to no network that is present on this switch."),
        new(DropReason.MacNotAllowed, "mac-not-allowed", 10, "The source MAC is not the port's own."),
        new(DropReason.AddressNotAllowed, "address-not-allowed", 11, "The source address, ARP sender or ND target is not the port's own, or the protocol carries no address to check."),
        new(DropReason.MalformedFrame, "malformed-frame", 0, "The frame inside a tunnel has a VLAN tag."),
        new(DropReason.DhcpServer, "dhcp-server", 11, "A tenant's port answered as a DHCP server."),
        new(DropReason.RouterAdvertisement, "router-advertisement", 11, "A tenant's port sent a router advertisement or a redirect."),
        new(DropReason.InvalidFrom, "invalid-connection-from", 21, "Connection tracking calls the packet invalid on its way out of its port."),
        new(DropReason.BlockedFrom, "blocked-connection-from", 21, "The connection lost the rule that had allowed it, on its way out of its port."),
        new(DropReason.DeniedFrom, "no-rule-allows-from", 22, "No security rule allows the connection out of its port."),
        new(DropReason.UnknownDestination, "unknown-destination", 45, "No host of the network has the destination MAC, and the network does not flood."),
        new(DropReason.NoFloodList, "no-flood-list", 50, "The network has no flood list on this switch."),
        new(DropReason.TtlExpired, "ttl-expired", 60, "The TTL or hop limit is used up."),
        new(DropReason.NoRoute, "no-route", 40, "The packet asks to be routed, and no route leads to its destination."),
        new(DropReason.NoNexthop, "no-nexthop", 85, "The next hop is gone, or a packet from a tunnel would go back into one."),
        new(DropReason.PortNotHere, "port-not-here", 78, "The destination port is not on this switch."),
        new(DropReason.InvalidTo, "invalid-connection-to", 81, "Connection tracking calls the packet invalid on its way into its port."),
        new(DropReason.BlockedTo, "blocked-connection-to", 81, "The connection lost the rule that had allowed it, on its way into its port."),
        new(DropReason.DeniedTo, "no-rule-allows-to", 82, "No security rule allows the connection into its port."),
        new(DropReason.Hairpin, "hairpin", 90, "A unicast frame would leave by the port it came from."),
    ];

    /// <summary>The row of a reason.</summary>
    public static DropReasonRow Row(this DropReason reason) => All[(int)reason - 1];
}
