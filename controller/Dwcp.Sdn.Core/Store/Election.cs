namespace Dwcp.Sdn.Core.Store;

/// <summary>
/// Leadership = a key that one candidate holds under its lease. The leader guards its own commits by expecting
/// <see cref="Revision"/> of <see cref="Key"/>: whoever has been replaced unawares gets a conflict.
/// </summary>
public sealed record Leadership(string Key, long Revision)
{
    /// <summary>The expectation that fences a former leader's commits.</summary>
    public Expectation Guard => new(Key, Revision);
}

/// <summary>Elections in the words of every engine.</summary>
public static class Election
{
    /// <summary>Waits until the key is free, takes it under the lease, and returns; null when the lease ended first.</summary>
    /// <param name="store">Where the key lives.</param>
    /// <param name="key">The office, such as <c>/leaders/bgp</c>.</param>
    /// <param name="candidate">Who we are, for others to read.</param>
    /// <param name="lease">Whoever campaigns renews it meanwhile and afterwards.</param>
    /// <param name="stop">Ends the wait.</param>
    public static async Task<Leadership?> ElectAsync(
        this IStateStore store, string key, ReadOnlyMemory<byte> candidate, LeaseId lease, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(lease, LeaseId.None);
        var take = new Commit { Expect = [new(key, 0)], Put = [new(key, candidate, lease)] };
        while (true)
        {
            switch (await store.CommitAsync(take, stop))
            {
                case CommitResult.Committed committed:
                    return new(key, committed.Revision);
                case CommitResult.LeaseEnded:
                    return null;
            }

            var seen = store.Revision;
            var holder = await store.GetAsync(key, null, stop);
            if (holder?.Lease == lease)
            {
                return new(key, holder.ModRevision); // Ours already: the answer to an earlier attempt was lost.
            }

            if (holder is not null)
            {
                await store.EndOfAsync(new(key, holder.ModRevision), seen, stop);
            }
        }
    }

    /// <summary>Returns when the leadership is over: the key is gone, or is another's.</summary>
    public static Task WhileHeldAsync(this IStateStore store, Leadership leadership, CancellationToken stop = default) =>
        store.EndOfAsync(leadership, store.Revision, stop);

    /// <summary>Gives the office back; fine if it is over already.</summary>
    public static Task ResignAsync(this IStateStore store, Leadership leadership, CancellationToken stop = default) =>
        store.CommitAsync(new Commit { Expect = [leadership.Guard], Delete = [leadership.Key] }, stop);

    private static async Task EndOfAsync(this IStateStore store, Leadership held, long seen, CancellationToken stop)
    {
        while ((await store.GetAsync(held.Key, null, stop))?.ModRevision == held.Revision)
        {
            try
            {
                await foreach (var change in store.WatchAsync(held.Key, seen, stop))
                {
                    seen = change.Revision;
                    if (change.Events.Any(e => e.Key == held.Key))
                    {
                        break;
                    }
                }
            }
            catch (RevisionUnavailableException)
            {
                seen = store.Revision; // The key is looked at again before the next watch.
            }
        }
    }
}
