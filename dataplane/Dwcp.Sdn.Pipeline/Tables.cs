using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline;

/// <summary>The numbers of the tables that are built. Tables 200 to 219 stay free for side tables; 254 is OVS's own.</summary>
public static class Table
{
    public const byte Classify = 0;
    public const byte VtepAllow = 1;
    public const byte VniDemux = 2;
    public const byte PortSecurityL2 = 10;
    public const byte PortSecurityL3 = 11;
    public const byte Storm = 15;
    public const byte Services = 30;
    public const byte L2L3 = 40;
    public const byte Fdb = 45;
    public const byte Bum = 50;
    public const byte EgressPort = 78;
    public const byte TunnelOut = 85;
    public const byte LocalOut = 90;
    public const byte Drop = 250;
}

/// <summary>What becomes of a packet that no flow of a table matches: it goes on, is dropped with a reason, or ends here.</summary>
public readonly record struct TableMiss(byte? Next, DropReason? Reason)
{
    public static TableMiss GoOn(byte next) => new(next, null);

    public static TableMiss Drop(DropReason reason) => new(Table.Drop, reason);

    /// <summary>The drop table itself.</summary>
    public static readonly TableMiss End = new(null, null);
}

/// <summary>One table of the pipeline.</summary>
/// <param name="Number">0 to 250.</param>
/// <param name="Name">The name that the documents use.</param>
/// <param name="Purpose">One sentence.</param>
/// <param name="Fields">Every field that a flow of it may match.</param>
/// <param name="Next">Every table to which a flow of it may hand on, <see cref="Table.Drop"/> left out; the next table that exists.</param>
/// <param name="Miss">Null for a table whose flows cover every packet.</param>
public sealed record PipelineTable(byte Number, string Name, string Purpose, EquatableArray<Field> Fields, EquatableArray<byte> Next, TableMiss? Miss);

/// <summary>The pipeline as data: every table that is built, in the order of a packet's way.</summary>
public static class Tables
{
    private static readonly EquatableArray<Field> ArpFields = [Fields.EthType, Fields.ArpOp, Fields.ArpSpa, Fields.ArpTpa, Fields.ArpSha];

    public static readonly ImmutableArray<PipelineTable> All =
    [
        new(Table.Classify, "CLASSIFY", "Finds the logical port of a frame, or sees that it comes out of a tunnel.",
            [Fields.InPort, Fields.VlanVid, Fields.EthType], [Table.VtepAllow, Table.PortSecurityL2], TableMiss.Drop(DropReason.UnknownPort)),
        new(Table.VtepAllow, "VTEP_ALLOW", "Takes frames only from VTEPs that somebody announced.",
            [Fields.TunSrc, Fields.TunIpv6Src], [Table.VniDemux], TableMiss.Drop(DropReason.UnknownVtep)),
        new(Table.VniDemux, "VNI_DEMUX", "Finds the network of a frame from a tunnel.",
            [Fields.TunnelId], [Table.L2L3], TableMiss.Drop(DropReason.UnknownVni)),
        new(Table.PortSecurityL2, "PORTSEC_L2", "Holds a port to its own MAC.",
            [Registers.InPort, Fields.EthSrc], [Table.PortSecurityL3, Table.Storm], TableMiss.Drop(DropReason.MacNotAllowed)),
        new(Table.PortSecurityL3, "PORTSEC_L3", "Holds a port to its own addresses, and to being a client.",
            [
                Registers.Flags, Registers.InPort, .. ArpFields, Fields.IpProto, Fields.Ipv4Src, Fields.Ipv4Dst, Fields.Ipv6Src,
                Fields.UdpSrc, Fields.UdpDst, Fields.Icmpv6Type, Fields.NdTarget,
            ],
            [Table.PortSecurityL3, Table.Storm], TableMiss.Drop(DropReason.AddressNotAllowed)),
        new(Table.Storm, "STORM", "Limits what a port sends to many.",
            [Registers.InPort, Fields.EthDst], [Table.Services], TableMiss.GoOn(Table.Services)),
        new(Table.Services, "SERVICES", "Answers ARP for gateways and known hosts in place.",
            [Fields.Metadata, Registers.InPort, .. ArpFields], [Table.L2L3, Table.EgressPort], TableMiss.GoOn(Table.L2L3)),
        new(Table.L2L3, "L2L3", "Parts what is routed, flooded and switched.",
            [Fields.Metadata, Fields.EthDst], [Table.Fdb, Table.Bum], TableMiss.GoOn(Table.Fdb)),
        new(Table.Fdb, "FDB", "Finds the port or the VTEP of a destination MAC.",
            [Fields.Metadata, Fields.EthDst, Registers.Flags], [Table.Bum, Table.EgressPort, Table.TunnelOut], TableMiss.Drop(DropReason.UnknownDestination)),
        new(Table.Bum, "BUM", "Copies broadcast, multicast and flooded frames to the network.",
            [Fields.Metadata, Registers.Flags], [Table.EgressPort, Table.TunnelOut], TableMiss.Drop(DropReason.NoFloodList)),
        new(Table.EgressPort, "EGRESS_PORT", "Turns a logical port into the switch's own port.",
            [Registers.OutPort, Registers.InPort, Registers.Flags], [Table.LocalOut], TableMiss.Drop(DropReason.PortNotHere)),
        new(Table.TunnelOut, "TUN_OUT", "Sends a frame to a VTEP.",
            [Registers.Flags, Registers.RemoteVtep], [], TableMiss.Drop(DropReason.NoNexthop)),
        new(Table.LocalOut, "LOCAL_OUT", "Sends a frame out of a port, not back to where it came from.",
            [Registers.Flags], [], null),
        new(Table.Drop, "DROP", "Counts what is dropped, by reason.",
            [Registers.DropReason], [], TableMiss.End),
    ];

    private static readonly PipelineTable?[] ByNumber = Index();

    /// <summary>The table of that number, or null.</summary>
    public static PipelineTable? Find(byte number) => ByNumber[number];

    /// <summary>Whether flows of a table are ours to delete: side tables and OVS's own are not.</summary>
    public static bool IsOwned(byte number) => number is not (>= 200 and <= 219 or >= 254);

    private static PipelineTable?[] Index()
    {
        var index = new PipelineTable?[256];
        foreach (var table in All)
        {
            index[table.Number] = table;
        }

        return index;
    }
}
