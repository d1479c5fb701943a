using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

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
        try
        {
            r.Skip(5);
            return new(
                table, FixedText.Read(ref r, 32), r.U64(), r.U64(), r.U32(), r.U32(), Multipart.All(ref r, TableProperty.Read));
        }
        catch (WireException e)
        {
            throw new WireException($"table {table}: {e.Message}");
        }
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
