using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>The first 16 octets of SHA-256 over a seed, a number and up to two byte strings. The log seeds each record with the sum before it.</summary>
internal sealed class Checksum : IDisposable
{
    public const int Length = 16;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public UInt128 Of(UInt128 seed, long number, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        Span<byte> buffer = stackalloc byte[32];
        BinaryPrimitives.WriteUInt128BigEndian(buffer, seed);
        BinaryPrimitives.WriteInt64BigEndian(buffer[16..], number);
        hash.AppendData(buffer[..24]);
        hash.AppendData(first);
        hash.AppendData(second);
        hash.GetHashAndReset(buffer);
        return BinaryPrimitives.ReadUInt128BigEndian(buffer);
    }

    public void Dispose() => hash.Dispose();
}
