using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPC_*, what a switch can do beyond the required (OpenFlow 1.3.5 §7.3.1).</summary>
[Flags]
public enum SwitchCapabilities : uint
{
    None = 0,
    FlowStats = 1,
    TableStats = 2,
    PortStats = 4,
    GroupStats = 8,
    IpReassembly = 32,
    QueueStats = 64,
    PortBlocked = 256,
}

/// <summary>Asks who the switch is.</summary>
public sealed record FeaturesRequest : OfMessage
{
    public override OfType Type => OfType.FeaturesRequest;

    internal static OfMessage Read(ref WireReader r) => new FeaturesRequest();

    internal override void WriteBody(WireWriter w)
    {
    }
}

/// <summary>Who a switch is, OpenFlow 1.3.5 §7.3.1. <paramref name="Auxiliary"/> is 0 on a main connection.</summary>
public sealed record FeaturesReply(DatapathId Datapath, uint Buffers, byte Tables, byte Auxiliary, SwitchCapabilities Capabilities, uint Reserved = 0) : OfMessage
{
    public override OfType Type => OfType.FeaturesReply;

    // 8 datapath | 4 buffers | 1 tables | 1 auxiliary | 2 pad | 4 capabilities | 4 reserved
    internal static OfMessage Read(ref WireReader r)
    {
        var datapath = new DatapathId(r.U64());
        var buffers = r.U32();
        var tables = r.U8();
        var auxiliary = r.U8();
        r.Skip(2);
        return new FeaturesReply(datapath, buffers, tables, auxiliary, (SwitchCapabilities)r.U32(), r.U32());
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U64(Datapath.Value);
        w.U32(Buffers);
        w.U8(Tables);
        w.U8(Auxiliary);
        w.Zeros(2);
        w.U32((uint)Capabilities);
        w.U32(Reserved);
    }
}

/// <summary>Asks for the switch's configuration.</summary>
public sealed record GetConfigRequest : OfMessage
{
    public override OfType Type => OfType.GetConfigRequest;

    internal static OfMessage Read(ref WireReader r) => new GetConfigRequest();

    internal override void WriteBody(WireWriter w)
    {
    }
}

/// <summary>How a switch treats fragments, and how much of a packet it sends when a table sends it (OpenFlow 1.3.5 §7.3.2).</summary>
public sealed record GetConfigReply(ushort Flags, ushort MissSendLength) : OfMessage
{
    public override OfType Type => OfType.GetConfigReply;

    internal static OfMessage Read(ref WireReader r) => new GetConfigReply(r.U16(), r.U16());

    internal override void WriteBody(WireWriter w)
    {
        w.U16(Flags);
        w.U16(MissSendLength);
    }
}

/// <summary>Sets what <see cref="GetConfigReply"/> tells; 0xffff sends packets whole.</summary>
public sealed record SetConfig(ushort Flags, ushort MissSendLength) : OfMessage
{
    /// <summary>
    /// OFPC_FRAG_NX_MATCH of Open vSwitch: flows see the ports and types of a first fragment. Without it they are zero, and a
    /// guard against DHCP servers or router advertisements is passed by sending them in fragments.
    /// </summary>
    public const ushort FragmentsShowPorts = 3;

    public override OfType Type => OfType.SetConfig;

    internal static OfMessage Read(ref WireReader r) => new SetConfig(r.U16(), r.U16());

    internal override void WriteBody(WireWriter w)
    {
        w.U16(Flags);
        w.U16(MissSendLength);
    }
}

/// <summary>Sets what a table does without a matching flow; deprecated in 1.3 and of no effect (OpenFlow 1.3.5 §7.3.3).</summary>
public sealed record TableMod(byte Table, uint Config) : OfMessage
{
    public override OfType Type => OfType.TableMod;

    // 1 table | 3 pad | 4 config
    internal static OfMessage Read(ref WireReader r)
    {
        var table = r.U8();
        r.Skip(3);
        return new TableMod(table, r.U32());
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U8(Table);
        w.Zeros(3);
        w.U32(Config);
    }
}
