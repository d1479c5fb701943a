using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>A message of Open vSwitch's own, by its subtype (nicira-ext.h's NXT_*).</summary>
public abstract record NiciraMessage : OfMessage
{
    public override OfType Type => OfType.Experimenter;

    internal abstract uint Subtype { get; }

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Experimenter.Nicira);
        w.U32(Subtype);
        WriteData(w);
    }

    internal abstract void WriteData(WireWriter w);
}

/// <summary>Forgets all connections of a zone (NXT_CT_FLUSH_ZONE), as must be done before a zone's number is used again.</summary>
public sealed record CtFlushZone(ushort Zone) : NiciraMessage
{
    internal const uint Kind = 29;

    internal override uint Subtype => Kind;

    // 6 zero | 2 zone
    internal static OfMessage ReadData(ref WireReader r)
    {
        r.Skip(6);
        return new CtFlushZone(r.U16());
    }

    internal override void WriteData(WireWriter w)
    {
        w.Zeros(6);
        w.U16(Zone);
    }
}

/// <summary>A Geneve option that stands for a tunnel metadata field.</summary>
public readonly record struct TlvMap(ushort Class, byte Type, byte Length, ushort Index)
{
    // 2 class | 1 type | 1 length | 2 index | 2 pad
    internal static TlvMap Read(ref WireReader r)
    {
        var map = new TlvMap(r.U16(), r.U8(), r.U8(), r.U16());
        r.Skip(2);
        return map;
    }

    internal static void Write(WireWriter w, EquatableArray<TlvMap> maps)
    {
        foreach (var map in maps)
        {
            w.U16(map.Class);
            w.U8(map.Type);
            w.U8(map.Length);
            w.U16(map.Index);
            w.Zeros(2);
        }
    }
}

/// <summary>NXTTMC_*.</summary>
public enum TlvTableCommand : ushort
{
    Add = 0,
    Delete = 1,
    Clear = 2,
}

/// <summary>Changes which Geneve options stand for which fields (NXT_TLV_TABLE_MOD).</summary>
public sealed record TlvTableMod(TlvTableCommand Command, EquatableArray<TlvMap> Maps) : NiciraMessage
{
    internal const uint Kind = 24;

    internal override uint Subtype => Kind;

    // 2 command | 6 pad | maps
    internal static OfMessage ReadData(ref WireReader r)
    {
        var command = (TlvTableCommand)r.U16();
        if (command > TlvTableCommand.Clear)
        {
            throw new WireException($"TLV table command {command}");
        }

        r.Skip(6);
        return new TlvTableMod(command, Multipart.All(ref r, TlvMap.Read));
    }

    internal override void WriteData(WireWriter w)
    {
        w.U16((ushort)Command);
        w.Zeros(6);
        TlvMap.Write(w, Maps);
    }
}

/// <summary>Asks which Geneve options stand for which fields.</summary>
public sealed record TlvTableRequest : NiciraMessage
{
    internal const uint Kind = 25;

    internal override uint Subtype => Kind;

    internal static OfMessage ReadData(ref WireReader r) => new TlvTableRequest();

    internal override void WriteData(WireWriter w)
    {
    }
}

/// <summary>Which Geneve options stand for which fields, and how much room options and fields have.</summary>
public sealed record TlvTableReply(uint MaxOptionSpace, ushort MaxFields, EquatableArray<TlvMap> Maps) : NiciraMessage
{
    internal const uint Kind = 26;

    internal override uint Subtype => Kind;

    // 4 option space | 2 fields | 10 reserved | maps
    internal static OfMessage ReadData(ref WireReader r)
    {
        var (space, fields) = (r.U32(), r.U16());
        r.Skip(10);
        return new TlvTableReply(space, fields, Multipart.All(ref r, TlvMap.Read));
    }

    internal override void WriteData(WireWriter w)
    {
        w.U32(MaxOptionSpace);
        w.U16(MaxFields);
        w.Zeros(10);
        TlvMap.Write(w, Maps);
    }
}

/// <summary>How packets come to this controller: 0 as the version says, 2 as <see cref="PacketIn2"/> (NXT_SET_PACKET_IN_FORMAT).</summary>
public sealed record SetPacketInFormat(uint Format) : NiciraMessage
{
    internal const uint Kind = 16;

    internal override uint Subtype => Kind;

    internal static OfMessage ReadData(ref WireReader r) => new SetPacketInFormat(r.U32());

    internal override void WriteData(WireWriter w) => w.U32(Format);
}

/// <summary>The number by which controller actions name this controller (NXT_SET_CONTROLLER_ID).</summary>
public sealed record SetControllerId(ushort Id) : NiciraMessage
{
    internal const uint Kind = 20;

    internal override uint Subtype => Kind;

    // 6 zero | 2 id
    internal static OfMessage ReadData(ref WireReader r)
    {
        r.Skip(6);
        return new SetControllerId(r.U16());
    }

    internal override void WriteData(WireWriter w)
    {
        w.Zeros(6);
        w.U16(Id);
    }
}

/// <summary>OFPCRR_*, why a controller's role changed.</summary>
public enum RoleReason : byte
{
    MasterRequest = 0,
    Config = 1,
    Experimenter = 2,
}

/// <summary>The switch has given this controller another role (ONF extension 191).</summary>
public sealed record RoleStatus(ControllerRole Role, RoleReason Reason, ulong GenerationId) : OfMessage
{
    internal const uint Kind = 1911;

    public override OfType Type => OfType.Experimenter;

    // 4 role | 1 reason | 3 pad | 8 generation
    internal static OfMessage ReadData(ref WireReader r)
    {
        var role = (ControllerRole)r.U32();
        var reason = (RoleReason)r.U8();
        r.Skip(3);
        return new RoleStatus(role, reason, r.U64());
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Experimenter.Onf);
        w.U32(Kind);
        w.U32((uint)Role);
        w.U8((byte)Reason);
        w.Zeros(3);
        w.U64(GenerationId);
    }
}
