using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Changes;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>A thousand watchers that come back, sleep and fall behind, while the controller restarts.</summary>
public sealed class ManyWatchersTests
{
    private const int Watchers = 1000;
    private const int Restarts = 4;
    private const int StepsPerRun = 150;
    private readonly FabricSteps _fabric = new();
    private volatile ChangeFeed _feed = null!;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_change_is_missed_or_seen_out_of_order(int seed)
    {
        Restart(run: 1);
        using var done = new CancellationTokenSource();
        var watchers = Enumerable.Range(0, Watchers).Select(i => Task.Run(() => WatchAsync(new(seed * 1_000_000 + i), done.Token))).ToArray();
        var random = new Random(seed);
        for (var run = 1u; run <= Restarts; run++)
        {
            for (var step = 0; step < StepsPerRun; step++)
            {
                Change(random);
                _feed.Publish(_fabric.Step());
                if (random.Next(8) == 0)
                {
                    await Task.Delay(1);
                }
            }

            Restart(run + 1);
        }

        var final = _fabric.Snapshot.Networks;
        await done.CancelAsync();
        var results = await Task.WhenAll(watchers).WaitAsync(TimeSpan.FromMinutes(5));
        Assert.All(results, r => Assert.Equal(final, r.Seen));

        // Had all of them only listed, the test would have tested nothing.
        Assert.True(results.Sum(r => r.Changes) > Watchers * StepsPerRun / 4, $"{results.Sum(r => r.Changes)} changes were seen");
        Assert.True(results.Sum(r => r.Resumed) > Watchers / 2, $"{results.Sum(r => r.Resumed)} watches were resumed");
        Assert.True(results.Sum(r => r.Lists) > Watchers, $"{results.Sum(r => r.Lists)} lists were needed");
    }

    /// <summary>What a run knows at its start it publishes as one snapshot, as after reading the store.</summary>
    private void Restart(uint run)
    {
        var feed = new ChangeFeed(run, TimeProvider.System, kept: 256);
        feed.Publish(_fabric.Step() with { Touched = [.. _fabric.Snapshot.Networks.Keys.Select(id => new ObjectRef(ResourceKind.Network, id))] });
        _feed = feed;
    }

    private void Change(Random random)
    {
        for (var i = random.Next(4); i >= 0; i--)
        {
            var id = $"n{random.Next(40)}";
            switch (random.Next(5))
            {
                case 0:
                    _fabric.Delete(id);
                    break;
                case 1 or 2 when _fabric.Snapshot.Networks.ContainsKey(id):
                    _fabric.SetHosts(id, $"h{random.Next(1000)}");
                    break;
                default:
                    _fabric.Put(id, (uint)random.Next(1, 1 << 24));
                    break;
            }
        }
    }

    /// <summary>
    /// Lists, then follows. Each change must go from exactly what this watcher knows to what comes next; that holds only when
    /// none was left out, repeated or moved.
    /// </summary>
    private async Task<(SortedDictionary<string, Resource> Seen, long Changes, int Lists, int Resumed)> WatchAsync(Random random, CancellationToken done)
    {
        var seen = new SortedDictionary<string, Resource>(StringComparer.Ordinal);
        var (changes, lists, resumed) = (0L, 0, 0);
        FeedPosition? position = null;
        while (true)
        {
            var ending = done.IsCancellationRequested; // Asked first: then the feed is the last one.
            var feed = _feed;
            if (position is null)
            {
                var list = feed.List(ResourceKind.Network);
                seen = new(list.Items.ToDictionary(n => n.Id), StringComparer.Ordinal);
                position = list.Position;
                lists++;
            }
            else
            {
                resumed++;
            }

            // The last thing everybody does is to catch up with the last run.
            var until = ending ? int.MaxValue : random.Next(1, 200);
            using var stop = new CancellationTokenSource();
            if (!ending)
            {
                stop.CancelAfter(random.Next(1, 200));
            }

            try
            {
                await foreach (var change in feed.WatchAsync(ResourceKind.Network, position, stop.Token))
                {
                    if (change.Kind is ChangeKind.TooOld or ChangeKind.Overrun)
                    {
                        position = null;
                        break;
                    }

                    position = change.Position;
                    if (change.Kind != ChangeKind.Bookmark)
                    {
                        changes++;
                        Take(change, seen);
                    }

                    if (ending && ReferenceEquals(feed, _feed) && position!.Value.Sequence == feed.List(ResourceKind.Network).Position.Sequence)
                    {
                        return (seen, changes, lists, resumed);
                    }

                    if (--until == 0)
                    {
                        break;
                    }

                    if (random.Next(500) == 0)
                    {
                        await Task.Delay(random.Next(50), CancellationToken.None);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The connection broke; it comes back with the last position.
            }
        }
    }

    private static void Take(ResourceChange change, SortedDictionary<string, Resource> seen)
    {
        var id = (change.After ?? change.Before)!.Id;
        Assert.Equal(seen.GetValueOrDefault(id), change.Before);
        Assert.Equal(change.Before is null ? ChangeKind.Added : change.After is null ? ChangeKind.Deleted : ChangeKind.Modified, change.Kind);
        if (change.After is null)
        {
            seen.Remove(id);
        }
        else
        {
            seen[id] = change.After;
        }
    }
}
