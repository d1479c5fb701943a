using System.Buffers.Binary;

namespace Dwcp.Sdn.Core.Wire;

/// <summary>Reads big-endian fields from a span; a nested length becomes a nested reader, so an inner field never reads an outer one.</summary>
public ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>Octets read so far.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => bytes.Length - Position;

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint U24()
    {
        var b = Take(3);
        return ((uint)b[0] << 16) | ((uint)b[1] << 8) | b[2];
    }

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong U48() => ((ulong)U16() << 32) | U32();

    public ulong U64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    public UInt128 U128() => BinaryPrimitives.ReadUInt128BigEndian(Take(16));

    public void Skip(int count) => Take(count);

    /// <summary>The next <paramref name="count"/> octets, without copying.</summary>
    /// <exception cref="WireException">Fewer are left, or the count is negative.</exception>
    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)Remaining)
        {
            throw new WireException($"{count} octets wanted at {Position}, {Remaining} left");
        }

        var taken = bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>A reader of the next <paramref name="count"/> octets alone.</summary>
    public WireReader Slice(int count) => new(Take(count));

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> Rest() => Take(Remaining);

    /// <exception cref="WireException">Octets are left over; <paramref name="what"/> names what should have ended.</exception>
    public readonly void End(string what)
    {
        if (Remaining != 0)
        {
            throw new WireException($"{what}: {Remaining} octets too many");
        }
    }
}
