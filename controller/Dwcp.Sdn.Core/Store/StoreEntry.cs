namespace Dwcp.Sdn.Core.Store;

/// <summary>A key, its value, and when it came to be so.</summary>
/// <param name="Key">Text such as <c>/networks/blue</c>.</param>
/// <param name="Value">The bytes as they were put; the store never looks into them.</param>
/// <param name="ModRevision">The revision of the last put: what a later commit expects.</param>
/// <param name="CreateRevision">The revision that made the key (anew, if it had been deleted).</param>
/// <param name="Version">How many puts since then, from 1.</param>
/// <param name="Lease">The lease that the key lives under, or <see cref="LeaseId.None"/>.</param>
public sealed record StoreEntry(
    string Key, ReadOnlyMemory<byte> Value, long ModRevision, long CreateRevision, long Version, LeaseId Lease = default)
{
    /// <summary>Equal values are equal bytes, wherever they lie.</summary>
    public bool Equals(StoreEntry? other) =>
        other is not null
        && (Key, ModRevision, CreateRevision, Version, Lease)
            == (other.Key, other.ModRevision, other.CreateRevision, other.Version, other.Lease)
        && Value.Span.SequenceEqual(other.Value.Span);

    public override int GetHashCode() => HashCode.Combine(Key, ModRevision);

    public override string ToString() => $"{Key} ({Value.Length} octets, revision {ModRevision}, version {Version})";
}

/// <summary>What stood under a prefix at one revision; a watch after that revision misses nothing.</summary>
public sealed record StoreListing(long Revision, EquatableArray<StoreEntry> Entries);

/// <summary>What a commit did to one key: After is null when it was deleted, Before when it was not there.</summary>
public sealed record StoreEvent(string Key, StoreEntry? Before, StoreEntry? After);

/// <summary>What one commit did to the keys that a watch asked for; without events it is a bookmark.</summary>
public sealed record StoreChange(long Revision, EquatableArray<StoreEvent> Events);

/// <summary>Names a lease; 0 is none.</summary>
public readonly record struct LeaseId(long Value)
{
    public static readonly LeaseId None;

    public override string ToString() => Value.ToString("x16");
}
