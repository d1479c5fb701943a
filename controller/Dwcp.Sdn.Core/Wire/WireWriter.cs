using System.Buffers;
using System.Buffers.Binary;

namespace Dwcp.Sdn.Core.Wire;

/// <summary>Writes big-endian fields to a growing buffer, with lengths patched in afterwards. One writer is reused for many messages.</summary>
public sealed class WireWriter : IBufferWriter<byte>
{
    private byte[] buffer;

    public WireWriter(int capacity = 512)
    {
        buffer = new byte[capacity];
    }

    /// <summary>Octets written so far; also the place of the next one.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => buffer.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void U8(byte value) => Next(1)[0] = value;

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Next(2), value);

    public void U24(uint value)
    {
        var b = Next(3);
        b[0] = (byte)(value >> 16);
        b[1] = (byte)(value >> 8);
        b[2] = (byte)value;
    }

    public void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Next(4), value);

    public void U48(ulong value)
    {
        U16((ushort)(value >> 32));
        U32((uint)value);
    }

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Next(8), value);

    public void U128(UInt128 value) => BinaryPrimitives.WriteUInt128BigEndian(Next(16), value);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Next(value.Length));

    public void Zeros(int count) => Next(count).Clear();

    /// <summary>Writes zeros until the octets since <paramref name="start"/> are a multiple of eight.</summary>
    public void PadTo8(int start) => Zeros((8 - ((Length - start) & 7)) & 7);

    /// <summary>Overwrites two octets at <paramref name="at"/>, usually a length known only now.</summary>
    public void PatchU16(int at, int value) =>
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(at, 2), checked((ushort)value));

    public void PatchU8(int at, byte value) => buffer[at] = value;

    public void PatchU32(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(at, 4), value);

    /// <summary>Drops what was written from <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    public byte[] ToArray() => Written.ToArray();

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 256));
        return buffer.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 256));
        return buffer.AsSpan(Length);
    }

    private Span<byte> Next(int count)
    {
        Reserve(count);
        var span = buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    private void Reserve(int count)
    {
        if (buffer.Length - Length < count)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, Length + count));
        }
    }
}
