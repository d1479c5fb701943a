using System.Buffers.Binary;
using System.Numerics;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>Checksums that follow a change of some octets.</summary>
internal static class Checksum
{
    /// <summary>Corrects the internet checksum at <paramref name="sum"/> for octets that changed (RFC 1624 §3). Both spans begin at an even distance from the sum's header and have an even length.</summary>
    public static void Update(Span<byte> sum, ReadOnlySpan<byte> old, ReadOnlySpan<byte> now)
    {
        var total = (uint)(ushort)~BinaryPrimitives.ReadUInt16BigEndian(sum);
        for (var i = 0; i < old.Length; i += 2)
        {
            total += (ushort)~BinaryPrimitives.ReadUInt16BigEndian(old[i..]);
            total += BinaryPrimitives.ReadUInt16BigEndian(now[i..]);
        }

        BinaryPrimitives.WriteUInt16BigEndian(sum, (ushort)~Fold(total));
    }

    /// <summary>The internet checksum of octets in which the sum itself is zero, continued from a pseudo header's sum (RFC 1071).</summary>
    public static ushort Of(ReadOnlySpan<byte> octets, uint start = 0)
    {
        var total = start;
        for (var i = 0; i + 1 < octets.Length; i += 2)
        {
            total += BinaryPrimitives.ReadUInt16BigEndian(octets[i..]);
        }

        if ((octets.Length & 1) != 0)
        {
            total += (uint)octets[^1] << 8;
        }

        return (ushort)~Fold(total);
    }

    /// <summary>Writes the CRC32c of an SCTP packet (RFC 9260 §6.8, appendix A).</summary>
    public static void WriteSctp(Span<byte> packet)
    {
        var field = packet.Slice(8, 4);
        field.Clear();
        var crc = uint.MaxValue;
        foreach (var octet in packet)
        {
            crc = BitOperations.Crc32C(crc, octet);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(field, ~crc);
    }

    private static uint Fold(uint total)
    {
        while (total > 0xffff)
        {
            total = (total & 0xffff) + (total >> 16);
        }

        return total;
    }
}
