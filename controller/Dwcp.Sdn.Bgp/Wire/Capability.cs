using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>A capability as it stands in OPEN, RFC 5492 §4.</summary>
internal readonly record struct Capability(byte Code, EquatableArray<byte> Value)
{
    // 1 code | 1 length | value
    public byte[] ToOctets() => [Code, (byte)Value.Count, .. Value];
}

/// <summary>What a speaker can keep of a family while its peer restarts, RFC 4724 §3.</summary>
internal readonly record struct RestartFamily(BgpFamily Family, bool ForwardingKept);

/// <summary>Graceful restart, RFC 4724 §3, with the N bit of RFC 8538.</summary>
internal sealed record GracefulRestart(bool Restarting, bool OverNotification, ushort Seconds, EquatableArray<RestartFamily> Families);

/// <summary>How long stale routes of a family live on after the restart time, RFC 9494 §3.</summary>
internal readonly record struct LongLivedFamily(BgpFamily Family, bool ForwardingKept, uint Seconds);

/// <summary>Several paths of one route, RFC 7911 §4: bit 0 receive, bit 1 send.</summary>
internal readonly record struct AddPathFamily(BgpFamily Family, byte Mode);

/// <summary>What one side can do, read from or written to the capabilities of OPEN. Codes that are not known are passed over.</summary>
internal sealed record Capabilities
{
    public FamilySet Families { get; init; }

    public Asn? As4 { get; init; }

    public bool Refresh { get; init; }

    public bool EnhancedRefresh { get; init; }

    public bool ExtendedMessages { get; init; }

    public GracefulRestart? Restart { get; init; }

    public EquatableArray<LongLivedFamily> LongLived { get; init; }

    public EquatableArray<AddPathFamily> AddPath { get; init; }

    /// <exception cref="WireException">A capability has a length that its code does not allow.</exception>
    public static Capabilities Of(EquatableArray<Capability> list)
    {
        var result = new Capabilities();
        foreach (var (code, value) in list)
        {
            var r = new WireReader(value.AsSpan());
            result = code switch
            {
                1 => result.WithFamily(ref r),
                2 => result with { Refresh = true },
                6 => result with { ExtendedMessages = true },
                64 => result with { Restart = ReadRestart(ref r) },
                65 => result with { As4 = new Asn(r.U32()) },
                69 => result with { AddPath = [.. result.AddPath, .. ReadAddPath(ref r)] },
                70 => result with { EnhancedRefresh = true },
                71 => result with { LongLived = ReadLongLived(ref r) },
                _ => result,
            };
        }

        return result;
    }

    public EquatableArray<Capability> ToList()
    {
        var list = new List<Capability>();
        void Add(byte code, Action<WireWriter> body)
        {
            var w = new WireWriter(16);
            body(w);
            list.Add(new(code, [.. w.Written]));
        }

        foreach (var family in Families.Items)
        {
            Add(1, w =>
            {
                w.U16(family.Afi());
                w.U8(0);
                w.U8(family.Safi());
            });
        }

        if (Refresh)
        {
            Add(2, _ => { });
        }

        if (ExtendedMessages)
        {
            Add(6, _ => { });
        }

        if (Restart is { } restart)
        {
            Add(64, w => Write(w, restart));
        }

        if (As4 is { } asn)
        {
            Add(65, w => w.U32(asn.Value));
        }

        if (!AddPath.IsEmpty)
        {
            Add(69, w => Write(w, AddPath));
        }

        if (EnhancedRefresh)
        {
            Add(70, _ => { });
        }

        if (!LongLived.IsEmpty)
        {
            Add(71, w => Write(w, LongLived));
        }

        return [.. list];
    }

    // 2 AFI | 1 reserved | 1 SAFI
    private Capabilities WithFamily(ref WireReader r)
    {
        var afi = r.U16();
        r.Skip(1);
        return Bgp.Families.Find(afi, r.U8()) is { } family ? this with { Families = Families.With(family) } : this;
    }

    // 4 bits flags, 12 bits seconds | n x (2 AFI | 1 SAFI | 1 flags)
    private static GracefulRestart ReadRestart(ref WireReader r)
    {
        var head = r.U16();
        var families = new List<RestartFamily>();
        while (r.Remaining > 0)
        {
            var family = Bgp.Families.Find(r.U16(), r.U8());
            var kept = (r.U8() & 0x80) != 0;
            if (family is { } known)
            {
                families.Add(new(known, kept));
            }
        }

        return new((head & 0x8000) != 0, (head & 0x4000) != 0, (ushort)(head & 0xfff), [.. families]);
    }

    private static void Write(WireWriter w, GracefulRestart restart)
    {
        w.U16((ushort)((restart.Restarting ? 0x8000 : 0) | (restart.OverNotification ? 0x4000 : 0) | (restart.Seconds & 0xfff)));
        foreach (var (family, kept) in restart.Families)
        {
            w.U16(family.Afi());
            w.U8(family.Safi());
            w.U8((byte)(kept ? 0x80 : 0));
        }
    }

    // n x (2 AFI | 1 SAFI | 1 flags | 3 seconds)
    private static EquatableArray<LongLivedFamily> ReadLongLived(ref WireReader r)
    {
        var families = new List<LongLivedFamily>();
        while (r.Remaining > 0)
        {
            var family = Bgp.Families.Find(r.U16(), r.U8());
            var kept = (r.U8() & 0x80) != 0;
            var seconds = r.U24();
            if (family is { } known)
            {
                families.Add(new(known, kept, seconds));
            }
        }

        return [.. families];
    }

    private static void Write(WireWriter w, EquatableArray<LongLivedFamily> families)
    {
        foreach (var (family, kept, seconds) in families)
        {
            w.U16(family.Afi());
            w.U8(family.Safi());
            w.U8((byte)(kept ? 0x80 : 0));
            w.U24(seconds);
        }
    }

    // n x (2 AFI | 1 SAFI | 1 mode)
    private static List<AddPathFamily> ReadAddPath(ref WireReader r)
    {
        var families = new List<AddPathFamily>();
        while (r.Remaining > 0)
        {
            var family = Bgp.Families.Find(r.U16(), r.U8());
            var mode = r.U8();
            if (family is { } known && mode is >= 1 and <= 3)
            {
                families.Add(new(known, mode)); // Other modes are ignored, RFC 7911 §4.
            }
        }

        return families;
    }

    private static void Write(WireWriter w, EquatableArray<AddPathFamily> families)
    {
        foreach (var (family, mode) in families)
        {
            w.U16(family.Afi());
            w.U8(family.Safi());
            w.U8(mode);
        }
    }
}
