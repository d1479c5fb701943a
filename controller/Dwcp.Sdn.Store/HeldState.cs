using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store;

/// <summary>
/// The state as readers see it: the newest entries as one immutable set (read without a lock), and the changes that led
/// there from the oldest revision still held. Only what is durable is published here.
/// </summary>
internal sealed class HeldState : IDisposable
{
    private const int BookmarkAfter = 1000; // revisions that did not touch a watched prefix
    private const int WatchedAtOnce = 256;

    private readonly Lock gate = new();
    private readonly List<StoreChange> changes; // gapless; the last one led to the view
    private volatile View view;
    private TaskCompletionSource published = NewSignal();
    private bool closed;

    public HeldState(long revision, ImmutableSortedSet<StoreEntry> entries, List<StoreChange> changes)
    {
        view = new(revision, entries);
        this.changes = changes;
        HistoryOctets = changes.Sum(Octets);
    }

    public static IComparer<StoreEntry> ByKey { get; } =
        Comparer<StoreEntry>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key));

    public long Revision => view.Revision;

    public ImmutableSortedSet<StoreEntry> Entries => view.Entries;

    public int HistoryCount => changes.Count;

    public long HistoryOctets { get; private set; }

    /// <summary>The oldest revision that can be listed, and watched from.</summary>
    private long Oldest => view.Revision - changes.Count;

    public void Publish(long revision, ImmutableSortedSet<StoreEntry> entries, IReadOnlyCollection<StoreChange> added)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            changes.AddRange(added);
            HistoryOctets += added.Sum(Octets);
            view = new(revision, entries);
            signal = published;
            published = NewSignal();
        }

        signal.SetResult();
    }

    /// <summary>The oldest changes held, at most this many.</summary>
    public List<StoreChange> OldestChanges(int count) => changes.GetRange(0, Math.Min(count, changes.Count));

    /// <summary>Forgets the oldest changes.</summary>
    public void Trim(int count)
    {
        lock (gate)
        {
            HistoryOctets -= changes.Take(count).Sum(Octets);
            changes.RemoveRange(0, count);
        }
    }

    public StoreEntry? Get(string key, long? revision)
    {
        var (now, later) = At(revision);
        foreach (var change in later)
        {
            if (change.Events.FirstOrDefault(e => e.Key == key) is { } first)
            {
                return first.Before;
            }
        }

        return now.Entries.TryGetValue(Probe(key), out var entry) ? entry : null;
    }

    public StoreListing List(string prefix, long? revision)
    {
        var (now, later) = At(revision);
        var found = Under(now.Entries, prefix);
        if (later.Length == 0)
        {
            return new(now.Revision, [.. found]);
        }

        var before = new Dictionary<string, StoreEntry?>(StringComparer.Ordinal); // the first change of a key knows what it was
        foreach (var e in later.SelectMany(change => change.Events))
        {
            if (e.Key.StartsWith(prefix, StringComparison.Ordinal))
            {
                before.TryAdd(e.Key, e.Before);
            }
        }

        var entries = found.Where(entry => !before.ContainsKey(entry.Key)).Concat(before.Values.OfType<StoreEntry>());
        return new(revision!.Value, [.. entries.Order(ByKey)]);
    }

    public async IAsyncEnumerable<StoreChange> WatchAsync(string prefix, long after, [EnumeratorCancellation] CancellationToken stop)
    {
        var told = after;
        while (true)
        {
            List<StoreChange> next;
            Task more;
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(closed, typeof(IStateStore));
                var from = IndexAfter(after);
                next = changes.GetRange(from, Math.Min(WatchedAtOnce, changes.Count - from));
                more = published.Task;
            }

            foreach (var change in next)
            {
                after = change.Revision;
                EquatableArray<StoreEvent> events = prefix == "/"
                    ? change.Events
                    : change.Events.Items.RemoveAll(e => !e.Key.StartsWith(prefix, StringComparison.Ordinal));
                if (!events.IsEmpty || after - told >= BookmarkAfter)
                {
                    told = after;
                    yield return change with { Events = events };
                }
            }

            if (next.Count == 0)
            {
                await more.WaitAsync(stop);
            }

            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends the watches.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            published.TrySetResult();
        }
    }

    public static StoreEntry? Find(ImmutableSortedSet<StoreEntry>.Builder entries, string key) =>
        entries.TryGetValue(Probe(key), out var entry) ? entry : null;

    private static IEnumerable<StoreEntry> Under(ImmutableSortedSet<StoreEntry> entries, string prefix)
    {
        var at = entries.IndexOf(Probe(prefix));
        for (at = at < 0 ? ~at : at; at < entries.Count; at++)
        {
            var entry = entries[at];
            if (!entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield break;
            }

            yield return entry;
        }
    }

    private (View Now, StoreChange[] Later) At(long? revision)
    {
        if (revision is null)
        {
            return (view, []);
        }

        lock (gate)
        {
            return (view, changes[IndexAfter(revision.Value)..].ToArray());
        }
    }

    private int IndexAfter(long revision) =>
        revision < Oldest || revision > view.Revision
            ? throw new RevisionUnavailableException(revision, Oldest, view.Revision)
            : (int)(revision - Oldest);

    private static StoreEntry Probe(string key) => new(key, default, 0, 0, 0);

    private static long Octets(StoreChange change) =>
        change.Events.Sum(e => 128L + e.Key.Length + (e.After?.Value.Length ?? 0));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record View(long Revision, ImmutableSortedSet<StoreEntry> Entries);
}
