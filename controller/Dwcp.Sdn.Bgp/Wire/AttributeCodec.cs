using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>Path attributes in the form in which the RIB keeps them, between octets and meaning.</summary>
/// <remarks>
/// 1 length and the next hop, then the attributes as they stand in an UPDATE, without NEXT_HOP, MP_REACH_NLRI and MP_UNREACH_NLRI,
/// with AS numbers of four octets. Every attribute in it is valid.
/// </remarks>
internal static class AttributeCodec
{
    public static ReadOnlySpan<byte> NextHop(ReadOnlySpan<byte> kept) => kept.Slice(1, kept[0]);

    public static ReadOnlySpan<byte> Attributes(ReadOnlySpan<byte> kept) => kept[(1 + kept[0])..];

    /// <summary>Takes the next attribute off the front of <paramref name="attributes"/>.</summary>
    /// <param name="whole">With its flags, code and length.</param>
    /// <returns>False at the end, or when what is left is no whole attribute.</returns>
    public static bool Next(ref ReadOnlySpan<byte> attributes, out byte flags, out byte code, out ReadOnlySpan<byte> value, out ReadOnlySpan<byte> whole)
    {
        flags = code = 0;
        value = whole = default;
        if (attributes.Length < 3)
        {
            return false;
        }

        flags = attributes[0];
        code = attributes[1];
        var head = (flags & 0x10) != 0 ? 4 : 3;
        if (attributes.Length < head)
        {
            return false;
        }

        var length = head == 4 ? (attributes[2] << 8) | attributes[3] : attributes[2];
        if (attributes.Length < head + length)
        {
            return false;
        }

        value = attributes.Slice(head, length);
        whole = attributes[..(head + length)];
        attributes = attributes[(head + length)..];
        return true;
    }

    public static PathAttributes ToMeaning(ReadOnlySpan<byte> kept)
    {
        var hop = NextHop(kept);
        var result = new PathAttributes { NextHop = IpAddress.FromBytes(hop.Length > 16 ? hop[..16] : hop) };
        var others = new List<OpaqueAttribute>();
        var rest = Attributes(kept);
        while (Next(ref rest, out var flags, out var code, out var value, out _))
        {
            var r = new WireReader(value);
            switch (code)
            {
                case AttributeTable.Origin:
                    result = result with { Origin = (RouteOrigin)r.U8() };
                    break;
                case AttributeTable.AsPath:
                    result = result with { AsPath = [.. AsPathCodec.Read(value)] };
                    break;
                case AttributeTable.Med:
                    result = result with { Med = r.U32() };
                    break;
                case AttributeTable.LocalPreference:
                    result = result with { LocalPreference = r.U32() };
                    break;
                case AttributeTable.AtomicAggregate:
                    result = result with { AtomicAggregate = true };
                    break;
                case AttributeTable.Aggregator:
                    result = result with { Aggregator = (new Asn(r.U32()), IpAddress.V4(r.U32())) };
                    break;
                case AttributeTable.Communities:
                    result = result with { Communities = Many(value, 4, (ref WireReader x) => x.U32()) };
                    break;
                case AttributeTable.OriginatorId:
                    result = result with { OriginatorId = IpAddress.V4(r.U32()) };
                    break;
                case AttributeTable.ClusterList:
                    result = result with { ClusterList = Many(value, 4, (ref WireReader x) => IpAddress.V4(x.U32())) };
                    break;
                case AttributeTable.ExtendedCommunities:
                    result = result with { ExtendedCommunities = Many(value, 8, (ref WireReader x) => new ExtendedCommunity(x.U64())) };
                    break;
                case AttributeTable.LargeCommunities:
                    result = result with { LargeCommunities = Many(value, 12, (ref WireReader x) => new LargeCommunity(x.U32(), x.U32(), x.U32())) };
                    break;
                case AttributeTable.Pmsi:
                    result = result with { Pmsi = new(r.U8(), r.U8(), new Vni(r.U24()), [.. r.Rest()]) };
                    break;
                default:
                    others.Add(new(flags, code, [.. value]));
                    break;
            }
        }

        return result with { Others = [.. others] };
    }

    public static byte[] ToKept(PathAttributes a)
    {
        var w = new WireWriter();
        var hop = a.NextHop.ToBytes();
        w.U8((byte)hop.Length);
        w.Bytes(hop);
        Put(w, AttributeTable.Origin, x => x.U8((byte)a.Origin));
        Put(w, AttributeTable.AsPath, x => AsPathCodec.Write(x, a.AsPath));
        if (a.Med is { } med)
        {
            Put(w, AttributeTable.Med, x => x.U32(med));
        }

        Put(w, AttributeTable.LocalPreference, x => x.U32(a.LocalPreference ?? 100));
        if (a.AtomicAggregate)
        {
            Put(w, AttributeTable.AtomicAggregate, _ => { });
        }

        if (a.Aggregator is { } aggregator)
        {
            Put(w, AttributeTable.Aggregator, x =>
            {
                x.U32(aggregator.Asn.Value);
                x.U32((uint)aggregator.Router.Value);
            });
        }

        PutMany(w, AttributeTable.Communities, a.Communities, (x, c) => x.U32(c));
        if (a.OriginatorId is { } originator)
        {
            Put(w, AttributeTable.OriginatorId, x => x.U32((uint)originator.Value));
        }

        PutMany(w, AttributeTable.ClusterList, a.ClusterList, (x, id) => x.U32((uint)id.Value));
        PutMany(w, AttributeTable.ExtendedCommunities, a.ExtendedCommunities, (x, c) => x.U64(c.Value));
        if (a.Pmsi is { } pmsi)
        {
            Put(w, AttributeTable.Pmsi, x =>
            {
                x.U8(pmsi.Flags);
                x.U8(pmsi.Kind);
                x.U24(pmsi.Label.Value);
                x.Bytes(pmsi.Identifier.AsSpan());
            });
        }

        PutMany(w, AttributeTable.LargeCommunities, a.LargeCommunities, (x, c) =>
        {
            x.U32(c.Administrator);
            x.U32(c.Data1);
            x.U32(c.Data2);
        });
        foreach (var other in a.Others)
        {
            Put(w, other.Code, x => x.Bytes(other.Value.AsSpan()), other.Flags);
        }

        return w.ToArray();
    }

    /// <summary>Writes one attribute; its length takes two octets only when it has to.</summary>
    public static void Put(WireWriter w, byte code, ReadOnlySpan<byte> value, byte? flags = null)
    {
        var f = (flags ?? (byte)AttributeTable.Find(code)!.Kind) & 0xe0;
        w.U8((byte)(value.Length > 255 ? f | 0x10 : f));
        w.U8(code);
        if (value.Length > 255)
        {
            w.U16(checked((ushort)value.Length));
        }
        else
        {
            w.U8((byte)value.Length);
        }

        w.Bytes(value);
    }

    private static void Put(WireWriter w, byte code, Action<WireWriter> value, byte? flags = null)
    {
        var body = new WireWriter(64);
        value(body);
        Put(w, code, body.Written, flags);
    }

    private static void PutMany<T>(WireWriter w, byte code, EquatableArray<T> items, Action<WireWriter, T> write)
    {
        if (!items.IsEmpty)
        {
            Put(w, code, x =>
            {
                foreach (var item in items)
                {
                    write(x, item);
                }
            });
        }
    }

    private delegate T ReadOne<T>(ref WireReader r);

    private static EquatableArray<T> Many<T>(ReadOnlySpan<byte> value, int unit, ReadOne<T> read)
    {
        var items = new T[value.Length / unit];
        var r = new WireReader(value);
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = read(ref r);
        }

        return [.. items];
    }
}
