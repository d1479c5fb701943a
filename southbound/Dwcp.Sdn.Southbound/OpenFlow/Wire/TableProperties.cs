using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPTFPT_*, OpenFlow 1.3.5 §7.3.5.5.2. What ends in "Miss" is of the table-miss flow alone.</summary>
public enum TablePropertyType : ushort
{
    Instructions = 0,
    InstructionsMiss = 1,
    NextTables = 2,
    NextTablesMiss = 3,
    WriteActions = 4,
    WriteActionsMiss = 5,
    ApplyActions = 6,
    ApplyActionsMiss = 7,
    Match = 8,
    Wildcards = 10,
    WriteSetField = 12,
    WriteSetFieldMiss = 13,
    ApplySetField = 14,
    ApplySetFieldMiss = 15,
    Experimenter = 0xfffe,
    ExperimenterMiss = 0xffff,
}

/// <summary>A property of a table's features (OpenFlow 1.3.5 §7.3.5.5.2).</summary>
public abstract record TableProperty(TablePropertyType Type)
{
    private const int Head = 4;

    // 2 type | 2 length of all but the padding | body | to 8
    internal static TableProperty Read(ref WireReader r)
    {
        var type = (TablePropertyType)r.U16();
        var length = r.U16();
        try
        {
            var body = r.Slice(length - Head);
            r.Skip((8 - (length & 7)) & 7);
            return Read(type, ref body);
        }
        catch (WireException e)
        {
            throw new WireException($"{type}: {e.Message}");
        }
    }

    internal void Write(WireWriter w)
    {
        var start = w.Length;
        w.U16((ushort)Type);
        w.U16(0);
        WriteBody(w);
        w.PatchU16(start + 2, w.Length - start);
        w.PadTo8(start);
    }

    private protected abstract void WriteBody(WireWriter w);

    private static TableProperty Read(TablePropertyType type, ref WireReader body) => type switch
    {
        TablePropertyType.Instructions or TablePropertyType.InstructionsMiss => new TableInstructions(type, Multipart.All(ref body, FeatureId.Read)),
        TablePropertyType.NextTables or TablePropertyType.NextTablesMiss => new NextTables(type, Multipart.All(ref body, NextTables.ReadOne)),
        TablePropertyType.WriteActions or TablePropertyType.WriteActionsMiss or TablePropertyType.ApplyActions or TablePropertyType.ApplyActionsMiss =>
            new TableActions(type, Multipart.All(ref body, FeatureId.Read)),
        TablePropertyType.Match or TablePropertyType.Wildcards or TablePropertyType.WriteSetField or TablePropertyType.WriteSetFieldMiss
            or TablePropertyType.ApplySetField or TablePropertyType.ApplySetFieldMiss => new TableFields(type, Multipart.All(ref body, OxmId.Read)),
        TablePropertyType.Experimenter or TablePropertyType.ExperimenterMiss => new TableExperimenter(type, body.U32(), body.U32(), [.. body.Rest()]),
        _ => new UnknownTableProperty(type, [.. body.Rest()]),
    };
}

/// <summary>The instructions that a flow of the table may have.</summary>
public sealed record TableInstructions(TablePropertyType Type, EquatableArray<FeatureId> Ids) : TableProperty(Type)
{
    private protected override void WriteBody(WireWriter w) => FeatureId.Write(w, Ids);
}

/// <summary>The tables that a flow of the table may go to.</summary>
public sealed record NextTables(TablePropertyType Type, EquatableArray<byte> Tables) : TableProperty(Type)
{
    internal static byte ReadOne(ref WireReader r) =>
        r.U8() is var table && table < byte.MaxValue ? table : throw new WireException($"a next table {table}, of which there is none");

    private protected override void WriteBody(WireWriter w) => w.Bytes(Tables.AsSpan());
}

/// <summary>The actions that a flow of the table may have in its action set (write) or list (apply).</summary>
public sealed record TableActions(TablePropertyType Type, EquatableArray<FeatureId> Ids) : TableProperty(Type)
{
    private protected override void WriteBody(WireWriter w) => FeatureId.Write(w, Ids);
}

/// <summary>The fields that a flow of the table may match, leave out or set.</summary>
public sealed record TableFields(TablePropertyType Type, EquatableArray<OxmId> Ids) : TableProperty(Type)
{
    private protected override void WriteBody(WireWriter w)
    {
        foreach (var id in Ids)
        {
            id.Write(w);
        }
    }
}

/// <summary>What an experimenter says of the table, as it came.</summary>
public sealed record TableExperimenter(TablePropertyType Type, uint Experimenter, uint Kind, EquatableArray<byte> Data) : TableProperty(Type)
{
    private protected override void WriteBody(WireWriter w)
    {
        w.U32(Experimenter);
        w.U32(Kind);
        w.Bytes(Data.AsSpan());
    }
}

/// <summary>A property of a type that OpenFlow 1.3.5 does not have, as it came.</summary>
public sealed record UnknownTableProperty(TablePropertyType Type, EquatableArray<byte> Body) : TableProperty(Type)
{
    private protected override void WriteBody(WireWriter w) => w.Bytes(Body.AsSpan());
}

/// <summary>An instruction or action by its type alone; of an experimenter's with whose it is and what that one says of it.</summary>
public readonly record struct FeatureId(ushort Type, uint? Experimenter = null, EquatableArray<byte> Data = default)
{
    private const ushort OfExperimenter = 0xffff;
    private const int Short = 4;
    private const int Long = 8;

    // 2 type | 2 length | of type 0xffff 4 experimenter | data
    internal static FeatureId Read(ref WireReader r)
    {
        var type = r.U16();
        var length = r.U16();
        if (type == OfExperimenter ? length < Long : length != Short)
        {
            throw new WireException($"type {type} of {length} octets");
        }

        return type == OfExperimenter ? new(type, r.U32(), [.. r.Take(length - Long)]) : new(type);
    }

    internal static void Write(WireWriter w, EquatableArray<FeatureId> ids)
    {
        foreach (var id in ids)
        {
            w.U16(id.Type);
            w.U16(checked((ushort)(id.Experimenter is null ? Short : Long + id.Data.Count)));
            if (id.Experimenter is { } experimenter)
            {
                w.U32(experimenter);
                w.Bytes(id.Data.AsSpan());
            }
        }
    }
}
