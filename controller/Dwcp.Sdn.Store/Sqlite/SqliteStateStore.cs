using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>How much of the past the embedded store keeps for watches and for listings at a revision. The present is always kept.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>Revisions, 1 or more.</summary>
    public int HistoryRevisions { get; init; } = 10_000;

    /// <summary>Octets of keys and values in them; whichever bound is reached first counts.</summary>
    public long HistoryOctets { get; init; } = 64 * 1024 * 1024;
}

/// <summary>
/// The embedded engine: one SQLite file for one process, all of it held in memory for reading. Leases end with the process;
/// the keys under them are deleted at the next start.
/// </summary>
public sealed class SqliteStateStore : IStateStore
{
    private readonly StoreFile file;
    private readonly HeldState held;
    private readonly Leases leases;
    private readonly CommitWriter writer;
    private readonly Thread thread;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SqliteStateStore(string path, SqliteStoreOptions options, TimeProvider time, IMeterFactory? meters)
    {
        (file, held) = StoreFile.Open(path);
        leases = new Leases(time, lease => writer!.Queue.TryWrite(CommitRequest.EndOf(lease)));
        writer = new CommitWriter(file, held, leases, new StoreMeters(meters, held), options);
        thread = new Thread(Write) { Name = "store writer", IsBackground = true };
    }

    public long Revision => held.Revision;

    /// <summary>Opens the store at a path, or creates it, after checking every record.</summary>
    /// <param name="path">The database file; <c>-wal</c> and <c>.head</c> files stand beside it. Its directory must exist.</param>
    /// <param name="options">How much history is kept.</param>
    /// <param name="time">The clock of the leases.</param>
    /// <param name="meters">Makes the instruments <c>dwcp.store.*</c>.</param>
    /// <exception cref="StoreCorruptException">A record is damaged or missing.</exception>
    /// <exception cref="StoreException">It is open elsewhere, the disk is full, or the file cannot be used.</exception>
    public static async Task<SqliteStateStore> OpenAsync(
        string path, SqliteStoreOptions? options = null, TimeProvider? time = null, IMeterFactory? meters = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SqliteStoreOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.HistoryRevisions, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.HistoryOctets, 1, nameof(options));
        var store = await Task.Run(() => new SqliteStateStore(Path.GetFullPath(path), options, time ?? TimeProvider.System, meters));
        store.thread.Start();
        await store.EndFormerLeasesAsync();
        return store;
    }

    public ValueTask<StoreEntry?> GetAsync(string key, long? revision = null, CancellationToken stop = default)
    {
        StoreKey.Check(key, nameof(key));
        return ValueTask.FromResult(held.Get(key, revision));
    }

    public ValueTask<StoreListing> ListAsync(string prefix, long? revision = null, CancellationToken stop = default)
    {
        StoreKey.CheckPrefix(prefix, nameof(prefix));
        return ValueTask.FromResult(held.List(prefix, revision));
    }

    public Task<CommitResult> CommitAsync(Commit commit, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(commit);
        commit.Check();
        return EnqueueAsync(CommitRequest.For(commit, stop));
    }

    public IAsyncEnumerable<StoreChange> WatchAsync(string prefix, long after, CancellationToken stop = default)
    {
        StoreKey.CheckPrefix(prefix, nameof(prefix));
        return held.WatchAsync(prefix, after, stop);
    }

    public ValueTask<LeaseId> GrantLeaseAsync(TimeSpan lifetime, CancellationToken stop = default) =>
        ValueTask.FromResult(leases.Grant(lifetime));

    public ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken stop = default) =>
        ValueTask.FromResult(leases.Renew(lease));

    public Task RevokeLeaseAsync(LeaseId lease, CancellationToken stop = default) =>
        leases.End(lease) ? EnqueueAsync(CommitRequest.EndOf(lease)) : Task.CompletedTask;

    /// <summary>Writes what is queued, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        leases.Dispose();
        writer.Queue.TryComplete();
        await ended.Task;
    }

    private async Task<CommitResult> EnqueueAsync(CommitRequest request)
    {
        try
        {
            await writer.Queue.WriteAsync(request, request.Stop);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteStateStore));
        }

        return await request.Done;
    }

    private async Task EndFormerLeasesAsync()
    {
        var keys = held.Entries.Where(entry => entry.Lease != LeaseId.None).Select(entry => entry.Key);
        var delete = new Commit { Delete = [.. keys] };
        if (delete.Delete.IsEmpty)
        {
            return;
        }

        try
        {
            await CommitAsync(delete);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private void Write()
    {
        writer.Run();
        held.Dispose();
        file.Dispose();
        ended.SetResult();
    }
}
