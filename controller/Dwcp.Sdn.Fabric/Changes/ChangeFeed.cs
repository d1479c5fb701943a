using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Fabric.Changes;

/// <summary>
/// What changes from one snapshot to the next, for watchers. It has one writer; readers come and go as they like. A watch that
/// begins where a list ended, or where another watch stopped, misses nothing and sees nothing twice.
/// </summary>
public sealed class ChangeFeed
{
    private const int BatchSize = 64;
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(30);
    private static readonly ResourceKind[] Kinds = Enum.GetValues<ResourceKind>();

    private readonly uint run;
    private readonly TimeProvider time;
    private readonly ChangeLog<ResourceChange>[] logs;
    private readonly ChangeLog<EventChange> events;

    // Where the order stood when a revision had become visible: whoever knows only an object's version begins there.
    private readonly ChangeLog<FeedPosition> revisions;
    private volatile State now;

    // Lists are asked for far more often than objects of a kind come and go.
    private readonly Listed?[] listed = new Listed?[Kinds.Length];

    /// <param name="run">A number other than 0 that no run before had.</param>
    /// <param name="kept">How many changes of each kind are kept for those who come back or are slow.</param>
    public ChangeFeed(uint run, TimeProvider time, int kept = 16_384)
    {
        ArgumentOutOfRangeException.ThrowIfZero(run);
        (this.run, this.time) = (run, time);
        logs = [.. Kinds.Select(_ => new ChangeLog<ResourceChange>(kept))];
        events = new(kept);
        revisions = new(kept);
        now = new(FabricSnapshot.Empty, new(0, run, 0), 0);
    }

    /// <summary>The newest snapshot that is published.</summary>
    public FabricSnapshot Snapshot => now.Snapshot;

    /// <summary>The objects of a kind, and where a watch that misses nothing begins.</summary>
    public ResourceList List(ResourceKind kind)
    {
        var (snapshot, position, _) = now;
        var objects = snapshot.Of(kind);
        if (listed[(int)kind] is not { } last || last.Of != objects)
        {
            listed[(int)kind] = last = new(objects, [.. objects.Values]);
        }

        return new(last.Items, position);
    }

    /// <summary>The events that are kept, and where a watch that misses none begins.</summary>
    public EventList Events()
    {
        var state = now;
        return new([.. state.Snapshot.Events], EventPosition(state));
    }

    /// <summary>The next snapshot: what it touched is compared with the one before.</summary>
    public void Publish(FabricSnapshot next)
    {
        var (before, position, happened) = now;
        var sequence = position.Sequence;
        var grown = new HashSet<ResourceKind>();
        foreach (var subject in next.Touched.Sort(static (a, b) => a.Kind != b.Kind ? a.Kind.CompareTo(b.Kind) : string.CompareOrdinal(a.Id, b.Id)))
        {
            var was = before.Of(subject.Kind).GetValueOrDefault(subject.Id);
            var @is = next.Of(subject.Kind).GetValueOrDefault(subject.Id);
            if (!Equals(was, @is))
            {
                var kind = was is null ? ChangeKind.Added : @is is null ? ChangeKind.Deleted : ChangeKind.Modified;
                sequence++;
                logs[(int)subject.Kind].Append(sequence, new(kind, new(next.Revision, run, sequence), was, @is));
                grown.Add(subject.Kind);
            }
        }

        if (ReferenceEquals(before, FabricSnapshot.Empty))
        {
            // The events of former runs are there from the start.
            happened = next.Events.LastOrDefault()?.Sequence ?? 0;
        }

        foreach (var happening in next.Happened)
        {
            happened = happening.Sequence;
            events.Append(happened, new(ChangeKind.Added, new(next.Revision, run, happened), happening));
        }

        if (next.Revision != before.Revision && !ReferenceEquals(before, FabricSnapshot.Empty))
        {
            revisions.Append(next.Revision, new(next.Revision, run, sequence));
        }

        now = new(next, new(next.Revision, run, sequence), happened);
        foreach (var kind in grown)
        {
            logs[(int)kind].Wake();
        }

        if (!next.Happened.IsEmpty)
        {
            events.Wake();
        }
    }

    /// <summary>Every change of a kind after a position, in order and without end, with a bookmark when it stands and now and then.</summary>
    /// <param name="after">Null: first the objects as they are, as added.</param>
    public async IAsyncEnumerable<ResourceChange> WatchAsync(ResourceKind kind, FeedPosition? after, [EnumeratorCancellation] CancellationToken stop)
    {
        var log = logs[(int)kind];
        var start = now;
        var cursor = after is null ? start.Position : Locate(after.Value, start.Position);
        if (cursor is not { } place || !log.Reaches(place.Sequence))
        {
            yield return new(ChangeKind.TooOld, start.Position);
            yield break;
        }

        if (after is null)
        {
            foreach (var (_, value) in start.Snapshot.Of(kind))
            {
                yield return new(ChangeKind.Added, null, null, value);
            }
        }

        yield return new(ChangeKind.Bookmark, place);

        await foreach (var change in ReadAsync(
            log, place.Sequence, () => now.Position, position => new ResourceChange(ChangeKind.Bookmark, position), () => new ResourceChange(ChangeKind.Overrun, now.Position), stop))
        {
            yield return change;
        }
    }

    /// <summary>Every event after a position, in order and without end, with a bookmark when it stands and now and then.</summary>
    /// <param name="after">Null: first the events that are kept.</param>
    public async IAsyncEnumerable<EventChange> WatchEventsAsync(FeedPosition? after, [EnumeratorCancellation] CancellationToken stop)
    {
        var start = now;
        var cursor = after is null ? EventPosition(start) : after.Value.Run == run && after.Value.Sequence <= start.Happened ? after.Value : (FeedPosition?)null;
        if (cursor is not { } place || !events.Reaches(place.Sequence))
        {
            yield return new(ChangeKind.TooOld, EventPosition(start));
            yield break;
        }

        if (after is null)
        {
            foreach (var happened in start.Snapshot.Events)
            {
                yield return new(ChangeKind.Added, new(start.Snapshot.Revision, run, happened.Sequence), happened);
            }
        }

        yield return new(ChangeKind.Bookmark, place);

        await foreach (var change in ReadAsync(
            events, place.Sequence, () => EventPosition(now), position => new EventChange(ChangeKind.Bookmark, position), () => new EventChange(ChangeKind.Overrun, EventPosition(now)), stop))
        {
            yield return change;
        }
    }

    private async IAsyncEnumerable<T> ReadAsync<T>(
        ChangeLog<T> log, long cursor, Func<FeedPosition> position, Func<FeedPosition, T> bookmark, Func<T> overrun, [EnumeratorCancellation] CancellationToken stop)
    {
        var batch = new T[BatchSize];
        while (true)
        {
            // In this order: what is published after the position was read wakes, and what was published before is in the log.
            var grown = log.Grown;
            var reached = position();
            if (!log.TryRead(cursor, batch, out var read, out var last))
            {
                yield return overrun();
                yield break;
            }

            cursor = last;
            for (var i = 0; i < read; i++)
            {
                yield return batch[i];
            }

            if (read == 0 && !await IsWokenAsync(grown, stop))
            {
                cursor = Math.Max(cursor, reached.Sequence);
                yield return bookmark(reached);
            }
        }
    }

    private async Task<bool> IsWokenAsync(Task grown, CancellationToken stop)
    {
        try
        {
            await grown.WaitAsync(BookmarkEvery, time, stop);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The place in this run's order, or null when it cannot be told any more.</summary>
    private FeedPosition? Locate(FeedPosition after, FeedPosition newest)
    {
        if (after.Run != 0)
        {
            return after.Run == run && after.Sequence <= newest.Sequence ? after : null;
        }

        // What this run began with, it did not see happen.
        Span<FeedPosition> found = stackalloc FeedPosition[1];
        return after.Revision <= newest.Revision && revisions.TryRead(after.Revision - 1, found, out var read, out _) && read == 1 && found[0].Revision == after.Revision
            ? found[0]
            : null;
    }

    private FeedPosition EventPosition(State state) => new(state.Snapshot.Revision, run, state.Happened);

    private sealed record Listed(ImmutableSortedDictionary<string, Resource> Of, ImmutableArray<Resource> Items);

    private sealed record State(FabricSnapshot Snapshot, FeedPosition Position, long Happened);
}
