using System.Buffers.Binary;
using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Fabric.Topology;

/// <summary>What names a chassis, IEEE 802.1AB-2016 §8.5.2.2.</summary>
public enum ChassisIdKind : byte
{
    Component = 1,
    InterfaceAlias = 2,
    PortComponent = 3,
    MacAddress = 4,
    NetworkAddress = 5,
    InterfaceName = 6,
    Local = 7,
}

/// <summary>What names a port, IEEE 802.1AB-2016 §8.5.3.2.</summary>
public enum PortIdKind : byte
{
    InterfaceAlias = 1,
    PortComponent = 2,
    MacAddress = 3,
    NetworkAddress = 4,
    InterfaceName = 5,
    AgentCircuit = 6,
    Local = 7,
}

/// <summary>A TLV behind the mandatory ones: its type (0 to 127) and its value.</summary>
public readonly record struct LldpTlv(byte Type, EquatableArray<byte> Value)
{
    /// <summary>Organizationally specific, §8.6: OUI, subtype, information.</summary>
    public const byte Organization = 127;
}

/// <summary>
/// An LLDPDU, IEEE 802.1AB-2016 §8.2: chassis, port and time to live in that order, further TLVs, and the end. What it is not
/// told to understand it keeps.
/// </summary>
/// <param name="TimeToLive">Seconds; 0 takes back what was said before.</param>
public sealed record Lldpdu(
    ChassisIdKind ChassisKind, EquatableArray<byte> Chassis, PortIdKind PortKind, EquatableArray<byte> Port, ushort TimeToLive, EquatableArray<LldpTlv> More)
{
    private const byte End = 0;
    private const byte ChassisId = 1;
    private const byte PortId = 2;
    private const byte Ttl = 3;
    private const int LongestName = 255;
    private const int LongestValue = 511;

    // TLVs, each: 7 bits of type | 9 bits of length | value
    /// <exception cref="WireException">A mandatory TLV is missing, comes late, comes twice or has no possible length; or a TLV is cut short.</exception>
    public static Lldpdu Read(ReadOnlySpan<byte> bytes)
    {
        var r = new WireReader(bytes);
        var (chassisKind, chassis) = Name(ref r, ChassisId);
        var (portKind, port) = Name(ref r, PortId);
        var (type, value) = Next(ref r);
        if (type != Ttl || value.Length < 2)
        {
            throw new WireException($"TLV {type} of {value.Length} octets where the time to live belongs");
        }

        var ttl = BinaryPrimitives.ReadUInt16BigEndian(value);
        var more = ImmutableArray.CreateBuilder<LldpTlv>();

        // What follows the end is padding of the frame. An LLDPDU may also end with its frame, §8.5.1.
        while (r.Remaining > 0)
        {
            (type, value) = Next(ref r);
            if (type == End)
            {
                return value.IsEmpty ? Made() : throw new WireException($"the end has {value.Length} octets");
            }

            if (type is ChassisId or PortId or Ttl)
            {
                throw new WireException($"TLV {type} twice");
            }

            more.Add(new(type, [.. value]));
        }

        return Made();

        Lldpdu Made() => new((ChassisIdKind)chassisKind, chassis, (PortIdKind)portKind, port, ttl, new(more.ToImmutable()));
    }

    /// <exception cref="OverflowException">A name is longer than 255 octets or a value longer than 511.</exception>
    public void Write(WireWriter w)
    {
        WriteName(w, ChassisId, (byte)ChassisKind, Chassis);
        WriteName(w, PortId, (byte)PortKind, Port);
        Head(w, Ttl, 2);
        w.U16(TimeToLive);
        foreach (var tlv in More)
        {
            Head(w, tlv.Type, tlv.Value.Count);
            w.Bytes(tlv.Value.AsSpan());
        }

        Head(w, End, 0);
    }

    private static (byte Kind, EquatableArray<byte> Name) Name(ref WireReader r, byte wanted)
    {
        var (type, value) = Next(ref r);
        return type == wanted && value.Length is > 1 and <= LongestName + 1
            ? (value[0], [.. value[1..]])
            : throw new WireException($"TLV {type} of {value.Length} octets where TLV {wanted} belongs");
    }

    private static TlvView Next(ref WireReader r)
    {
        var head = r.U16();
        return new((byte)(head >> 9), r.Take(head & LongestValue));
    }

    private static void WriteName(WireWriter w, byte type, byte kind, EquatableArray<byte> name)
    {
        if (name.Count is 0 or > LongestName)
        {
            throw new OverflowException($"a name of {name.Count} octets");
        }

        Head(w, type, name.Count + 1);
        w.U8(kind);
        w.Bytes(name.AsSpan());
    }

    private static void Head(WireWriter w, byte type, int length)
    {
        if (length > LongestValue)
        {
            throw new OverflowException($"TLV {type} of {length} octets");
        }

        w.U16((ushort)((type << 9) | length));
    }

    private readonly ref struct TlvView(byte type, ReadOnlySpan<byte> value)
    {
        private readonly ReadOnlySpan<byte> value = value;

        public void Deconstruct(out byte type, out ReadOnlySpan<byte> value)
        {
            type = Type;
            value = this.value;
        }

        private byte Type { get; } = type;
    }
}
