using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Tests.Store;

/// <summary>A store for tests that need one and no disk: one lock, all of history as whole states. It obeys the same contract as the engines.</summary>
public sealed class MemoryStateStore(TimeProvider? time = null, int historyRevisions = 10_000) : IStateStore
{
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly Lock gate = new();
    private readonly List<ImmutableSortedDictionary<string, StoreEntry>> states =
        [ImmutableSortedDictionary.Create<string, StoreEntry>(StringComparer.Ordinal)];

    private readonly List<StoreChange> changes = [];
    private readonly Dictionary<LeaseId, (TimeSpan Lifetime, ITimer Timer)> leases = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long oldest;
    private long lastLease;
    private bool closed;

    public long Revision
    {
        get
        {
            lock (gate)
            {
                return oldest + changes.Count;
            }
        }
    }

    public ValueTask<StoreEntry?> GetAsync(string key, long? revision = null, CancellationToken stop = default)
    {
        StoreKey.Check(key, nameof(key));
        lock (gate)
        {
            return ValueTask.FromResult(states[Index(revision ?? Revision)].GetValueOrDefault(key));
        }
    }

    public ValueTask<StoreListing> ListAsync(string prefix, long? revision = null, CancellationToken stop = default)
    {
        StoreKey.CheckPrefix(prefix, nameof(prefix));
        lock (gate)
        {
            var at = revision ?? Revision;
            return ValueTask.FromResult(new StoreListing(
                at, [.. states[Index(at)].Values.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal))]));
        }
    }

    public Task<CommitResult> CommitAsync(Commit commit, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(commit);
        commit.Check();
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return Task.FromResult(Decide(commit));
        }
    }

    public IAsyncEnumerable<StoreChange> WatchAsync(string prefix, long after, CancellationToken stop = default)
    {
        StoreKey.CheckPrefix(prefix, nameof(prefix));
        return ChangesAsync(prefix, after, stop);
    }

    public ValueTask<LeaseId> GrantLeaseAsync(TimeSpan lifetime, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, StoreLimits.LeaseLifetime);
        lock (gate)
        {
            var lease = new LeaseId(++lastLease);
            leases[lease] = (lifetime, time.CreateTimer(_ => End(lease), null, lifetime, Timeout.InfiniteTimeSpan));
            return ValueTask.FromResult(lease);
        }
    }

    public ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken stop = default)
    {
        lock (gate)
        {
            return ValueTask.FromResult(
                leases.TryGetValue(lease, out var held) && held.Timer.Change(held.Lifetime, Timeout.InfiniteTimeSpan));
        }
    }

    public Task RevokeLeaseAsync(LeaseId lease, CancellationToken stop = default)
    {
        End(lease);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            closed = true;
            changed.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }

    private void End(LeaseId lease)
    {
        lock (gate)
        {
            if (leases.Remove(lease, out var held))
            {
                held.Timer.Dispose();
                var keys = states[^1].Values.Where(e => e.Lease == lease).Select(e => e.Key);
                Decide(new Commit { Delete = [.. keys] });
            }
        }
    }

    private CommitResult Decide(Commit commit)
    {
        var state = states[^1];
        foreach (var (key, expected) in commit.Expect)
        {
            if ((state.GetValueOrDefault(key)?.ModRevision ?? 0) is var found && found != expected)
            {
                return new CommitResult.Conflict(key, expected, found);
            }
        }

        foreach (var put in commit.Put)
        {
            if (put.Lease != LeaseId.None && !leases.ContainsKey(put.Lease))
            {
                return new CommitResult.LeaseEnded(put.Key, put.Lease);
            }
        }

        var revision = Revision + 1;
        var events = new List<StoreEvent>();
        foreach (var (key, value, lease) in commit.Put)
        {
            var before = state.GetValueOrDefault(key);
            var after = new StoreEntry(key, value.ToArray(), revision, before?.CreateRevision ?? revision, (before?.Version ?? 0) + 1, lease);
            events.Add(new(key, before, after));
            state = state.SetItem(key, after);
        }

        foreach (var key in commit.Delete)
        {
            if (state.TryGetValue(key, out var before))
            {
                events.Add(new(key, before, null));
                state = state.Remove(key);
            }
        }

        if (events.Count == 0)
        {
            return new CommitResult.Committed(revision - 1);
        }

        states.Add(state);
        changes.Add(new(revision, [.. events]));
        if (changes.Count > historyRevisions)
        {
            states.RemoveAt(0);
            changes.RemoveAt(0);
            oldest++;
        }

        changed.SetResult();
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return new CommitResult.Committed(revision);
    }

    private int Index(long revision) => revision < oldest || revision > Revision
        ? throw new RevisionUnavailableException(revision, oldest, Revision)
        : (int)(revision - oldest);

    private async IAsyncEnumerable<StoreChange> ChangesAsync(string prefix, long after, [EnumeratorCancellation] CancellationToken stop)
    {
        while (true)
        {
            StoreChange? next;
            Task more;
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(closed, this);
                next = changes.ElementAtOrDefault(Index(after));
                more = changed.Task;
            }

            if (next is null)
            {
                await more.WaitAsync(stop);
                continue;
            }

            after = next.Revision;
            var events = next.Events.Items.RemoveAll(e => !e.Key.StartsWith(prefix, StringComparison.Ordinal));
            if (!events.IsEmpty || after % 1000 == 0)
            {
                yield return next with { Events = events };
            }

            stop.ThrowIfCancellationRequested();
        }
    }
}
