namespace Dwcp.Sdn.Core.Store;

/// <summary>
/// The durable state of one fabric: keys with values under gapless revisions. Each commit is one revision, all of it or nothing,
/// and is acknowledged only when it would survive the loss of the machine's power.
/// </summary>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>The newest revision that this process can read; 0 before the first commit.</summary>
    long Revision { get; }

    /// <summary>The entry of a key, or null.</summary>
    /// <param name="key">A key as <see cref="StoreKey.Check"/> wants it.</param>
    /// <param name="revision">Read as of this revision; null = the newest.</param>
    /// <param name="stop">Gives up the wait of an engine that has to ask elsewhere.</param>
    /// <exception cref="RevisionUnavailableException">The revision is compacted, or is not there yet.</exception>
    ValueTask<StoreEntry?> GetAsync(string key, long? revision = null, CancellationToken stop = default);

    /// <summary>All entries whose key begins with a prefix such as <c>/networks/</c>, in the order of their keys; "/" is everything.</summary>
    /// <exception cref="RevisionUnavailableException">The revision is compacted, or is not there yet.</exception>
    ValueTask<StoreListing> ListAsync(string prefix, long? revision = null, CancellationToken stop = default);

    /// <summary>Compares, then puts and deletes all keys of the commit under the next revision, or none of them.</summary>
    /// <param name="commit">What to compare and to change.</param>
    /// <param name="stop">Only takes back a commit that still waits its turn: after <see cref="OperationCanceledException"/> nothing was changed.</param>
    /// <exception cref="ArgumentException">A key, a value or the commit is not as <see cref="StoreLimits"/> allows; the message names it.</exception>
    /// <exception cref="StoreException">The engine could not make it durable; nothing of it is visible.</exception>
    Task<CommitResult> CommitAsync(Commit commit, CancellationToken stop = default);

    /// <summary>
    /// Every commit after a revision that touches a prefix, in order and without end. A change without events is a bookmark:
    /// nothing under the prefix changed up to its revision.
    /// </summary>
    /// <exception cref="RevisionUnavailableException">The revision is compacted (also when the reader falls behind too far): list again.</exception>
    IAsyncEnumerable<StoreChange> WatchAsync(string prefix, long after, CancellationToken stop = default);

    /// <summary>A lease that ends unless it is renewed in time; the keys put under it are deleted with it, in one commit.</summary>
    /// <param name="lifetime">More than zero, at most <see cref="StoreLimits.LeaseLifetime"/>.</param>
    /// <param name="stop">Gives up the wait of an engine that has to ask elsewhere.</param>
    ValueTask<LeaseId> GrantLeaseAsync(TimeSpan lifetime, CancellationToken stop = default);

    /// <summary>Starts the lifetime anew; false when the lease has ended.</summary>
    ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken stop = default);

    /// <summary>Ends a lease now and deletes its keys; a lease that has ended already is fine.</summary>
    /// <exception cref="StoreException">The keys could not be deleted durably yet; the lease has ended nevertheless and the engine goes on trying.</exception>
    Task RevokeLeaseAsync(LeaseId lease, CancellationToken stop = default);
}
