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
