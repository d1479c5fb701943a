using System.Text;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>A place in the log: a revision and the chained checksum up to it.</summary>
internal readonly record struct LogMark(long Revision, UInt128 Chain)
{
    public const int Length = 40;

    // 8 revision | 16 chain | 16 checksum
    public byte[] Encode(Checksum checksum)
    {
        var body = new WireWriter(Length);
        body.U64((ulong)Revision);
        body.U128(Chain);
        body.U128(checksum.Of(0, Length, body.Written));
        return body.ToArray();
    }

    /// <summary>Null when the octets are not what was written.</summary>
    public static LogMark? Decode(ReadOnlySpan<byte> octets, Checksum checksum)
    {
        if (octets.Length != Length)
        {
            return null;
        }

        var body = new WireReader(octets);
        var mark = new LogMark((long)body.U64(), body.U128());
        return body.U128() == checksum.Of(0, Length, octets[..^Checksum.Length]) ? mark : null;
    }
}

/// <summary>What the table of entries stands for: the state at a revision, how many entries, and the sum of their checksums (in any order).</summary>
internal readonly record struct BaseState(LogMark Mark, long Count, UInt128 Digest)
{
    private const int Length = 64;

    // 8 revision | 16 chain | 8 count | 16 digest | 16 checksum
    public byte[] Encode(Checksum checksum)
    {
        var body = new WireWriter(Length);
        body.U64((ulong)Mark.Revision);
        body.U128(Mark.Chain);
        body.U64((ulong)Count);
        body.U128(Digest);
        body.U128(checksum.Of(0, Length, body.Written));
        return body.ToArray();
    }

    /// <summary>Null when the octets are not what was written.</summary>
    public static BaseState? Decode(ReadOnlySpan<byte> octets, Checksum checksum)
    {
        if (octets.Length != Length)
        {
            return null;
        }

        var body = new WireReader(octets);
        var state = new BaseState(new((long)body.U64(), body.U128()), (long)body.U64(), body.U128());
        return body.U128() == checksum.Of(0, Length, octets[..^Checksum.Length]) ? state : null;
    }
}

/// <summary>An entry as a row of the base: its key, the rest of it, and a checksum over both.</summary>
internal static class EntryRow
{
    // 8 mod revision | 8 create revision | 8 version | 8 lease | value
    public static (byte[] Key, byte[] Body, UInt128 Sum) Encode(StoreEntry entry, Checksum checksum)
    {
        var body = new WireWriter(32 + entry.Value.Length);
        body.U64((ulong)entry.ModRevision);
        body.U64((ulong)entry.CreateRevision);
        body.U64((ulong)entry.Version);
        body.U64((ulong)entry.Lease.Value);
        body.Bytes(entry.Value.Span);
        var key = Encoding.ASCII.GetBytes(entry.Key);
        return (key, body.ToArray(), checksum.Of(0, key.Length, key, body.Written));
    }

    public static StoreEntry Decode(ReadOnlySpan<byte> key, ReadOnlySpan<byte> octets)
    {
        var body = new WireReader(octets);
        var (mod, create, version, lease) = ((long)body.U64(), (long)body.U64(), (long)body.U64(), (long)body.U64());
        return new(Encoding.ASCII.GetString(key), body.Rest().ToArray(), mod, create, version, new(lease));
    }
}
