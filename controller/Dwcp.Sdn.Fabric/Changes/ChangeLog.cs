namespace Dwcp.Sdn.Fabric.Changes;

/// <summary>
/// The last changes of one kind, in order. All watchers read the same log, each at its own place, so that a thousand of them
/// need no more memory than one; whoever falls behind by more than the log holds is cut off. One writer, many readers.
/// </summary>
/// <param name="capacity">How many changes are kept.</param>
internal sealed class ChangeLog<T>(int capacity)
{
    private readonly (long Sequence, T Change)[] ring = new (long, T)[capacity];
    private readonly Lock guard = new();
    private TaskCompletionSource grown = NewSignal();
    private long count;
    private long forgotten;

    /// <summary>Completes when something is appended after this was read.</summary>
    public Task Grown => Volatile.Read(ref grown).Task;

    public void Append(long sequence, T change)
    {
        lock (guard)
        {
            ref var slot = ref ring[count % capacity];
            if (count >= capacity)
            {
                forgotten = slot.Sequence;
            }

            slot = (sequence, change);
            count++;
        }
    }

    /// <summary>Wakes whoever waits; called once after what belongs together was appended.</summary>
    public void Wake() => Interlocked.Exchange(ref grown, NewSignal()).SetResult();

    /// <summary>Whether everything after a sequence number is still here.</summary>
    public bool Reaches(long after)
    {
        lock (guard)
        {
            return after >= forgotten;
        }
    }

    /// <summary>Fills a buffer with the changes after a sequence number, oldest first; false when some of them are forgotten.</summary>
    public bool TryRead(long after, Span<T> into, out int read, out long last)
    {
        (read, last) = (0, after);
        lock (guard)
        {
            if (after < forgotten)
            {
                return false;
            }

            for (var at = FirstAfter(after); at < count && read < into.Length; at++)
            {
                (last, into[read++]) = ring[at % capacity];
            }

            return true;
        }
    }

    private long FirstAfter(long after)
    {
        var (low, high) = (Math.Max(0, count - capacity), count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = ring[middle % capacity].Sequence <= after ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
