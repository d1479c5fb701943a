using System.Collections.Immutable;
using System.Text;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Store;

/// <summary>What a commit does to one key: a new value, or none when it deletes the key.</summary>
internal readonly record struct KeyChange(string Key, ReadOnlyMemory<byte>? Value, LeaseId Lease)
{
    public static KeyChange Put(string key, ReadOnlyMemory<byte> value, LeaseId lease) => new(key, value, lease);

    public static KeyChange Delete(string key) => new(key, null, LeaseId.None);

    /// <summary>Carries changes out on entries under a revision and tells what they did; a delete of what is not there did nothing.</summary>
    public static StoreChange Apply(
        IReadOnlyList<KeyChange> changes, long revision, ImmutableSortedSet<StoreEntry>.Builder entries)
    {
        var events = ImmutableArray.CreateBuilder<StoreEvent>(changes.Count);
        foreach (var (key, value, lease) in changes)
        {
            var before = HeldState.Find(entries, key);
            var after = value is null
                ? null
                : new StoreEntry(key, value.Value, revision, before?.CreateRevision ?? revision, (before?.Version ?? 0) + 1, lease);
            if (before is not null)
            {
                entries.Remove(before);
            }

            if (after is not null)
            {
                entries.Add(after);
            }

            if (before is not null || after is not null)
            {
                events.Add(new(key, before, after));
            }
        }

        return new(revision, events.DrainToImmutable());
    }

    // per change: 1 put or delete | 8 lease | 2 length | key | 4 length | value; a delete has lease 0 and no value
    public static byte[] Encode(IReadOnlyList<KeyChange> changes)
    {
        var body = new WireWriter(changes.Sum(c => 15 + c.Key.Length + (c.Value?.Length ?? 0)));
        foreach (var (key, value, lease) in changes)
        {
            body.U8(value is null ? (byte)0 : (byte)1);
            body.U64((ulong)lease.Value);
            body.U16((ushort)key.Length);
            body.Bytes(Encoding.ASCII.GetBytes(key));
            body.U32((uint)(value?.Length ?? 0));
            body.Bytes(value.GetValueOrDefault().Span);
        }

        return body.ToArray();
    }

    public static List<KeyChange> Decode(ReadOnlySpan<byte> bytes)
    {
        var body = new WireReader(bytes);
        var changes = new List<KeyChange>();
        while (body.Remaining > 0)
        {
            var put = body.U8() == 1;
            var lease = new LeaseId((long)body.U64());
            var key = Encoding.ASCII.GetString(body.Take(body.U16()));
            var value = body.Take((int)body.U32());
            changes.Add(put ? Put(key, value.ToArray(), lease) : Delete(key));
        }

        return changes;
    }
}
