namespace Dwcp.Sdn.Core.Store;

/// <summary>Why a store could not do what it was asked for.</summary>
public enum StoreFault
{
    /// <summary>The disk or quota is full. Later commits succeed when there is room.</summary>
    NoRoom,

    /// <summary>Reading, writing or syncing failed. A commit that failed in its sync is not visible, but may be found after a restart.</summary>
    Io,

    /// <summary>Another process has the store open.</summary>
    InUse,

    /// <summary>What is stored is not what was written: see <see cref="StoreCorruptException"/>.</summary>
    Corrupt,

    /// <summary>The file or library is not one that this version can use.</summary>
    Unusable,
}

/// <summary>The store could not do what it was asked for; the message says what, where and what helps.</summary>
public class StoreException(StoreFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public StoreFault Fault { get; } = fault;
}

/// <summary>Found at start: a record is damaged or missing. The store does not open, so that wrong state never reaches a switch.</summary>
/// <param name="record">Which record: a revision of the log, a key of the base, the head.</param>
/// <param name="revision">The revision it concerns; null when it cannot be told.</param>
/// <param name="found">What is wrong with it.</param>
/// <param name="remedy">What an operator can do.</param>
public sealed class StoreCorruptException(string record, long? revision, string found, string remedy, Exception? inner = null)
    : StoreException(StoreFault.Corrupt, $"{record}: {found}. {remedy}", inner)
{
    public string Record { get; } = record;

    public long? Revision { get; } = revision;

    public string Remedy { get; } = remedy;
}

/// <summary>A revision was asked for that is compacted or not there yet: list anew and go on from the listing's revision.</summary>
public sealed class RevisionUnavailableException(long asked, long oldest, long newest)
    : Exception($"revision {asked} is {(asked < oldest ? "compacted" : "not there yet")}: {oldest} to {newest} are held")
{
    public long Asked { get; } = asked;

    public long Oldest { get; } = oldest;

    public long Newest { get; } = newest;
}
