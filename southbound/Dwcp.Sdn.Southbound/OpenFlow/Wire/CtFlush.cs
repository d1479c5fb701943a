using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>One direction of connections: what is null is any.</summary>
/// <param name="Source">Its address.</param>
/// <param name="Destination">Its address.</param>
/// <param name="SourcePort">TCP, UDP or SCTP.</param>
/// <param name="DestinationPort">TCP, UDP or SCTP.</param>
public sealed record CtTuple(IpAddress? Source = null, IpAddress? Destination = null, ushort? SourcePort = null, ushort? DestinationPort = null)
{
    /// <summary>The identifier of ICMP, in place of ports.</summary>
    public ushort? IcmpId { get; init; }

    public byte? IcmpType { get; init; }

    public byte? IcmpCode { get; init; }
}

/// <summary>
/// Forgets connections of a protocol (0: any), in a zone, in a direction (NXT_CT_FLUSH, Open vSwitch from 3.1 on): properties kept
/// in their order.
/// </summary>
public sealed record CtFlush(byte Protocol, EquatableArray<PacketProperty> Properties) : NiciraMessage
{
    internal const uint Kind = 32;

    private const ushort OriginalType = 0;
    private const ushort ReplyType = 1;
    private const ushort ZoneType = 2;
    private const int PadOfNested = 4;

    internal override uint Subtype => Kind;

    /// <summary>Null: of all zones.</summary>
    public ushort? Zone => Number(Properties, ZoneType, 2);

    /// <summary>The direction of the first packet.</summary>
    public CtTuple? Original => Tuple(OriginalType);

    /// <summary>The direction of the answers.</summary>
    public CtTuple? Reply => Tuple(ReplyType);

    /// <summary>Names connections.</summary>
    public static CtFlush Of(byte protocol, ushort? zone, CtTuple? original = null, CtTuple? reply = null)
    {
        var properties = new List<PacketProperty>();
        Add(properties, OriginalType, original);
        Add(properties, ReplyType, reply);
        if (zone is { } z)
        {
            properties.Add(new(ZoneType, Octets(z)));
        }

        return new(protocol, properties.ToEquatableArray());
    }

    // 1 protocol | 7 pad | properties
    internal static OfMessage ReadData(ref WireReader r)
    {
        var protocol = r.U8();
        r.Skip(7);
        var flush = new CtFlush(protocol, Multipart.All(ref r, ReadProperty));
        _ = (flush.Original, flush.Reply, flush.Zone); // What is inside of properties is refused here, not when it is asked for.
        return flush;
    }

    internal override void WriteData(WireWriter w)
    {
        w.U8(Protocol);
        w.Zeros(7);
        Write(w, Properties);
    }

    // 2 type | 2 length with what fills numbers up to 8 | value | to 8
    private static PacketProperty ReadProperty(ref WireReader r)
    {
        var (type, length) = (r.U16(), r.U16());
        var value = r.Take(length - 4);
        r.Skip((8 - (length & 7)) & 7);
        return new(type, [.. value]);
    }

    private static void Write(WireWriter w, EquatableArray<PacketProperty> properties)
    {
        foreach (var property in properties)
        {
            var start = w.Length;
            w.U16(property.Type);
            w.U16(checked((ushort)(4 + property.Value.Count)));
            w.Bytes(property.Value.AsSpan());
            w.PadTo8(start);
        }
    }

    private static void Add(List<PacketProperty> to, ushort type, CtTuple? tuple)
    {
        if (tuple is null)
        {
            return;
        }

        EquatableArray<byte>?[] values =
        [
            Octets(tuple.Source), Octets(tuple.Destination), Octets(tuple.SourcePort), Octets(tuple.DestinationPort), Octets(tuple.IcmpId),
            tuple.IcmpType is { } t ? [t] : null, tuple.IcmpCode is { } c ? [c] : null,
        ];
        var w = new WireWriter();
        w.Zeros(PadOfNested);
        Write(w, values.Index().Where(v => v.Item is not null).Select(v => new PacketProperty((ushort)v.Index, v.Item!.Value)).ToEquatableArray());
        to.Add(new(type, [.. w.Written]));
    }

    private static EquatableArray<byte>? Octets(IpAddress? address)
    {
        if (address is not { } a)
        {
            return null;
        }

        var w = new WireWriter(16);
        w.U128(a.IsV4 ? ((UInt128)0xffff << 32) | a.Value : a.Value);
        return [.. w.Written];
    }

    private static EquatableArray<byte>? Octets(ushort? number) => number is { } n ? Octets(n) : null;

    private static EquatableArray<byte> Octets(ushort number) => [(byte)(number >> 8), (byte)number, 0, 0];

    private CtTuple? Tuple(ushort type)
    {
        if (Properties.Items.FirstOrDefault(p => p.Type == type) is not { } property)
        {
            return null;
        }

        var r = new WireReader(property.Value.AsSpan());
        r.Skip(PadOfNested);
        var parts = Multipart.All(ref r, ReadProperty);
        return new(Address(parts, 0), Address(parts, 1), Number(parts, 2, 2), Number(parts, 3, 2))
        {
            IcmpId = Number(parts, 4, 2),
            IcmpType = (byte?)Number(parts, 5, 1),
            IcmpCode = (byte?)Number(parts, 6, 1),
        };
    }

    private static IpAddress? Address(EquatableArray<PacketProperty> parts, ushort type)
    {
        if (parts.Items.FirstOrDefault(p => p.Type == type) is not { } part)
        {
            return null;
        }

        var value = new WireReader(part.Value.AsSpan()).U128();
        return value >> 32 == 0xffff ? IpAddress.V4((uint)value) : IpAddress.V6(value);
    }

    private static ushort? Number(EquatableArray<PacketProperty> parts, ushort type, int octets)
    {
        if (parts.Items.FirstOrDefault(p => p.Type == type) is not { } part)
        {
            return null;
        }

        var r = new WireReader(part.Value.AsSpan());
        return octets == 1 ? r.U8() : r.U16();
    }
}
