using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>A commit, or the end of a lease, on its way to the writer.</summary>
internal sealed class CommitRequest(Commit commit, IReadOnlyList<KeyChange> changes, LeaseId endsLease, CancellationToken stop)
{
    private readonly TaskCompletionSource<CommitResult> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Commit Commit { get; } = commit;

    public IReadOnlyList<KeyChange> Changes { get; } = changes;

    /// <summary>Octets of the values.</summary>
    public long Octets { get; } = changes.Sum(c => (long)(c.Value?.Length ?? 0));

    /// <summary>The lease whose keys this deletes; none for a commit.</summary>
    public LeaseId EndsLease { get; } = endsLease;

    public CancellationToken Stop { get; } = stop;

    public Task<CommitResult> Done => done.Task;

    public static CommitRequest For(Commit commit, CancellationToken stop) => new(
        commit,
        [.. commit.Put.Select(p => KeyChange.Put(p.Key, p.Value.ToArray(), p.Lease)), .. commit.Delete.Select(KeyChange.Delete)],
        LeaseId.None,
        stop);

    public static CommitRequest EndOf(LeaseId lease) => new(new Commit(), [], lease, CancellationToken.None);

    public void Finish(CommitResult result) => done.TrySetResult(result);

    public void Fail(StoreException error) => done.TrySetException(error);

    public void Cancel() => done.TrySetCanceled(Stop);
}

/// <summary>
/// The one writer: takes what has gathered, decides commit by commit, writes all of it in one transaction, and only then
/// publishes and answers. Owns the file; everybody else reads the held state.
/// </summary>
internal sealed class CommitWriter(StoreFile file, HeldState held, Leases leases, StoreMeters meters, SqliteStoreOptions options)
{
    private const int BatchCommits = 1024;
    private const long BatchOctets = 16 * 1024 * 1024;
    private const int FoldedAtOnce = 256;

    // A full queue makes committers wait.
    private readonly Channel<CommitRequest> queue = Channel.CreateBounded<CommitRequest>(
        new BoundedChannelOptions(BatchCommits) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    public ChannelWriter<CommitRequest> Queue => queue.Writer;

    /// <summary>Writes until the queue is completed and empty.</summary>
    public void Run()
    {
        var batch = new List<CommitRequest>();
        while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            var octets = 0L;
            while (batch.Count < BatchCommits && octets < BatchOctets && queue.Reader.TryRead(out var request))
            {
                if (request.Stop.IsCancellationRequested)
                {
                    request.Cancel();
                }
                else
                {
                    batch.Add(request);
                    octets += request.Octets;
                }
            }

            Write(batch);
            batch.Clear();
            Fold();
        }
    }

    /// <summary>Writes a batch as one transaction. When that fails, each commit is tried alone, so that one that does not fit takes no other with it.</summary>
    public void Write(IReadOnlyList<CommitRequest> batch)
    {
        try
        {
            WriteAtOnce(batch);
        }
        catch (StoreException e) when (batch.Count == 1)
        {
            meters.Failed(e.Fault);
            batch[0].Fail(e);
        }
        catch (StoreException e)
        {
            meters.Failed(e.Fault);
            foreach (var request in batch)
            {
                Write([request]);
            }
        }
    }

    private void WriteAtOnce(IReadOnlyList<CommitRequest> batch)
    {
        var entries = held.Entries.ToBuilder();
        var results = new CommitResult[batch.Count];
        var changes = new List<StoreChange>();
        var records = new List<(long Revision, byte[] Body)>();
        var revision = held.Revision;
        for (var i = 0; i < batch.Count; i++)
        {
            var request = batch[i];
            var keys = request.EndsLease == LeaseId.None ? request.Changes : KeysUnder(request.EndsLease, changes, entries);
            results[i] = Refusal(request.Commit, entries) ?? new CommitResult.Committed(revision);
            if (results[i] is not CommitResult.Committed)
            {
                continue;
            }

            var change = KeyChange.Apply(keys, revision + 1, entries);
            if (!change.Events.IsEmpty)
            {
                revision++;
                changes.Add(change);
                records.Add((revision, KeyChange.Encode(keys)));
                results[i] = new CommitResult.Committed(revision);
            }
        }

        if (records.Count > 0)
        {
            var from = Stopwatch.GetTimestamp();
            file.Append(records);
            meters.Wrote(Stopwatch.GetElapsedTime(from), records.Count);
            held.Publish(revision, entries.ToImmutable(), changes);
            leases.Follow(changes);
        }

        for (var i = 0; i < batch.Count; i++)
        {
            leases.Forget(batch[i].EndsLease);
            batch[i].Finish(results[i]);
        }
    }

    private CommitResult? Refusal(Commit commit, ImmutableSortedSet<StoreEntry>.Builder entries)
    {
        foreach (var (key, expected) in commit.Expect)
        {
            var found = HeldState.Find(entries, key)?.ModRevision ?? 0;
            if (found != expected)
            {
                return new CommitResult.Conflict(key, expected, found);
            }
        }

        foreach (var put in commit.Put)
        {
            if (put.Lease != LeaseId.None && !leases.IsAlive(put.Lease))
            {
                return new CommitResult.LeaseEnded(put.Key, put.Lease);
            }
        }

        return null;
    }

    /// <summary>Deletes for the keys of a lease: those published, and those that this very batch put under it.</summary>
    private List<KeyChange> KeysUnder(LeaseId lease, List<StoreChange> changes, ImmutableSortedSet<StoreEntry>.Builder entries)
    {
        var keys = new SortedSet<string>(leases.KeysOf(lease), StringComparer.Ordinal);
        keys.UnionWith(changes.SelectMany(c => c.Events).Select(e => e.Key));
        return [.. keys.Where(key => HeldState.Find(entries, key)?.Lease == lease).Select(KeyChange.Delete)];
    }

    private void Fold()
    {
        while (held.HistoryCount >= options.HistoryRevisions + FoldedAtOnce || held.HistoryOctets > options.HistoryOctets)
        {
            var oldest = held.OldestChanges(Math.Min(FoldedAtOnce, (held.HistoryCount + 1) / 2));
            try
            {
                file.Fold(oldest);
            }
            catch (StoreException e)
            {
                meters.Failed(e.Fault);
                return; // Tried again after the next commit. The log is whole, only longer than it need be.
            }

            held.Trim(oldest.Count);
        }
    }
}
