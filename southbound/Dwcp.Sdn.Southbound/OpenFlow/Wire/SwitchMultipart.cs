using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>What a switch says of itself (OpenFlow 1.3.5 §7.3.5.1).</summary>
public sealed record SwitchDesc(string Manufacturer, string Hardware, string Software, string SerialNumber, string Datapath) : MultipartBody
{
    public override MultipartType Type => MultipartType.Desc;

    // 256 manufacturer | 256 hardware | 256 software | 32 serial | 256 datapath
    internal static MultipartBody Read(ref WireReader r) => new SwitchDesc(
        FixedText.Read(ref r, 256), FixedText.Read(ref r, 256), FixedText.Read(ref r, 256), FixedText.Read(ref r, 32), FixedText.Read(ref r, 256));

    internal override void Write(WireWriter w)
    {
        FixedText.Write(w, Manufacturer, 256);
        FixedText.Write(w, Hardware, 256);
        FixedText.Write(w, Software, 256);
        FixedText.Write(w, SerialNumber, 32);
        FixedText.Write(w, Datapath, 256);
    }
}

/// <summary>What one table has counted.</summary>
public readonly record struct TableCounters(byte Table, uint Active, ulong Lookups, ulong Matched);

/// <summary>What the tables have counted (OpenFlow 1.3.5 §7.3.5.4).</summary>
public sealed record TableStatsReply(EquatableArray<TableCounters> Tables) : MultipartBody
{
    public override MultipartType Type => MultipartType.Table;

    internal static MultipartBody Read(ref WireReader r) => new TableStatsReply(Multipart.All(ref r, ReadOne));

    internal override void Write(WireWriter w)
    {
        foreach (var t in Tables)
        {
            w.U8(t.Table);
            w.Zeros(3);
            w.U32(t.Active);
            w.U64(t.Lookups);
            w.U64(t.Matched);
        }
    }

    // 1 table | 3 pad | 4 active | 8 lookups | 8 matched
    private static TableCounters ReadOne(ref WireReader r)
    {
        var table = r.U8();
        r.Skip(3);
        return new(table, r.U32(), r.U64(), r.U64());
    }
}

/// <summary>A property of a table's features: its type and what follows the length, as it came (OpenFlow 1.3.5 §7.3.5.5.2).</summary>
public sealed record TableProperty(ushort Type, EquatableArray<byte> Body)
{
    // 2 type | 2 length | body | to 8
    internal static TableProperty Read(ref WireReader r)
    {
        var type = r.U16();
        var length = r.U16();
        var body = r.Take(length - 4);
        r.Skip((8 - (length & 7)) & 7);
        return new(type, [.. body]);
    }

    internal void Write(WireWriter w)
    {
        var start = w.Length;
        w.U16(Type);
        w.U16((ushort)(4 + Body.Count));
        w.Bytes(Body.AsSpan());
        w.PadTo8(start);
    }
}

/// <summary>What one table can do.</summary>
public sealed record TableFeature(
    byte Table, string Name, ulong MetadataMatch, ulong MetadataWrite, uint Config, uint MaxEntries, EquatableArray<TableProperty> Properties)
{
    // 2 length | 1 table | 5 pad | 32 name | 8 metadata match | 8 metadata write | 4 config | 4 max entries | properties
    internal static TableFeature Read(ref WireReader all)
    {
        var length = all.U16();
        var r = all.Slice(length - 2);
        var table = r.U8();
        r.Skip(5);
        return new(
            table, FixedText.Read(ref r, 32), r.U64(), r.U64(), r.U32(), r.U32(), Multipart.All(ref r, TableProperty.Read));
    }

    internal void Write(WireWriter w)
    {
        var start = w.Length;
        w.U16(0);
        w.U8(Table);
        w.Zeros(5);
        FixedText.Write(w, Name, 32);
        w.U64(MetadataMatch);
        w.U64(MetadataWrite);
        w.U32(Config);
        w.U32(MaxEntries);
        foreach (var property in Properties)
        {
            property.Write(w);
        }

        w.PatchU16(start, w.Length - start);
    }
}

/// <summary>Asks for, sets or tells the features of tables; an empty request asks (OpenFlow 1.3.5 §7.3.5.5).</summary>
public sealed record TableFeatures(EquatableArray<TableFeature> Tables) : MultipartBody
{
    public override MultipartType Type => MultipartType.TableFeatures;

    internal static MultipartBody Read(ref WireReader r) => new TableFeatures(Multipart.All(ref r, TableFeature.Read));

    internal override void Write(WireWriter w)
    {
        foreach (var table in Tables)
        {
            table.Write(w);
        }
    }
}
