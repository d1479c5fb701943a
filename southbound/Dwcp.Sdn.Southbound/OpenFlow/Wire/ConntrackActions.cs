using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>NXAST_CT and NXAST_NAT, without their heads; ovs-actions(7).</summary>
internal static class ConntrackActions
{
    private const ushort Commit = 1;
    private const ushort Force = 2;
    private const byte NoTable = 0xff;

    private const ushort FirstV4 = 1;
    private const ushort LastV4 = 2;
    private const ushort FirstV6 = 4;
    private const ushort LastV6 = 8;
    private const ushort FirstPort = 16;
    private const ushort LastPort = 32;

    // 2 flags | 4 head of the zone's field, or zero | 2 its offset and bits, or a number | 1 table | 3 pad | 2 alg | actions
    public static ConntrackAction? Read(ref WireReader r, int depth)
    {
        var flags = r.U16();
        var field = r.Take(4);
        var zone = r.Take(2);
        var table = r.U8();
        r.Skip(3);
        var alg = r.U16();
        var source = ReadZone(field, zone);
        var inner = r.Slice(r.Remaining);
        var actions = Actions.Read(ref inner, depth + 1);
        return (flags & ~(Commit | Force)) != 0 || source is not { } known
            ? null
            : new(known, table == NoTable ? null : table, actions)
            {
                Commit = (flags & Commit) != 0,
                Force = (flags & Force) != 0,
                Alg = alg,
            };
    }

    public static void Write(WireWriter w, ConntrackAction a)
    {
        w.U16((ushort)((a.Commit ? Commit : 0) | (a.Force ? Force : 0)));
        if (a.Zone.Bits is { } bits)
        {
            Oxm.WriteHead(w, Oxm.InAction(bits.Field), hasMask: false);
            NiciraActions.WriteBits(w, bits);
        }
        else
        {
            w.U32(0);
            w.U16(a.Zone.Number);
        }

        w.U8(a.Table ?? NoTable);
        w.Zeros(3);
        w.U16(a.Alg);
        Actions.Write(w, a.Actions.AsSpan());
    }

    // 2 pad | 2 flags | 2 what follows | addresses and ports | to 8
    public static NatAction? ReadNat(ref WireReader r)
    {
        r.Skip(2);
        var flags = (NatFlags)r.U16();
        var present = r.U16();
        IpAddress? first = (present & FirstV4) != 0 ? IpAddress.V4(r.U32()) : null;
        IpAddress? last = (present & LastV4) != 0 ? IpAddress.V4(r.U32()) : null;
        if ((present & FirstV6) != 0)
        {
            first = IpAddress.V6(r.U128());
        }

        if ((present & LastV6) != 0)
        {
            last = IpAddress.V6(r.U128());
        }

        ushort? firstPort = (present & FirstPort) != 0 ? r.U16() : null;
        ushort? lastPort = (present & LastPort) != 0 ? r.U16() : null;
        r.Rest();
        var nat = new NatAction(flags, first, last, firstPort, lastPort);
        var isMixed = first is { } f && last is { } l && f.IsV6 != l.IsV6;
        return Present(nat) == present && !isMixed ? nat : null; // Of both families, or with what we do not know: kept as it came.
    }

    public static void WriteNat(WireWriter w, NatAction a)
    {
        w.Zeros(2);
        w.U16((ushort)a.Flags);
        w.U16(Present(a));
        Span<byte> bytes = stackalloc byte[16];
        foreach (var address in (ReadOnlySpan<IpAddress?>)[a.First, a.Last])
        {
            if (address is { } known)
            {
                w.Bytes(bytes[..known.Write(bytes)]);
            }
        }

        foreach (var port in (ReadOnlySpan<ushort?>)[a.FirstPort, a.LastPort])
        {
            if (port is { } known)
            {
                w.U16(known);
            }
        }
    }

    private static CtZoneSource? ReadZone(ReadOnlySpan<byte> field, ReadOnlySpan<byte> zone)
    {
        var r = new WireReader(zone);
        if (!field.ContainsAnyExcept((byte)0))
        {
            return new(r.U16());
        }

        var (offset, count) = NiciraActions.ReadBits(ref r);
        var head = new WireReader(field);
        return NiciraActions.Bits(Oxm.ReadActionHead(ref head), offset, count) is { } bits ? new(0, bits) : null;
    }

    private static ushort Present(NatAction a) => (ushort)(
        (a.First is { } f ? f.IsV6 ? FirstV6 : FirstV4 : 0)
        | (a.Last is { } l ? l.IsV6 ? LastV6 : LastV4 : 0)
        | (a.FirstPort is null ? 0 : FirstPort)
        | (a.LastPort is null ? 0 : LastPort));
}
