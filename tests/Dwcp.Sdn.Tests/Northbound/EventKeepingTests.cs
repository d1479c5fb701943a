using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Tests.Fabric;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Events outlive the controller, for a time and in a number that are stated.</summary>
public sealed class EventKeepingTests
{
    private readonly ManualTime time = new();
    private readonly MemoryStateStore store = new();

    [Fact]
    public async Task Events_are_listed_after_a_restart_with_the_same_ids_and_new_ones_follow()
    {
        var before = await RunAsync(async fabric => await fabric.ApplyAsync(Ask.Network("blue", 100), default));
        Assert.Equal(["NetworkCreated"], before.Items.Select(e => e.Name));

        var after = await RunAsync(async fabric => await fabric.ApplyAsync(Ask.Network("red", 101), default));

        Assert.Equal(["networks/blue", "networks/red"], after.Items.Select(e => e.Subject));
        Assert.Equal([1, 2], after.Items.Select(e => e.Sequence));
        Assert.Equal(before.Items[0], after.Items[0]);
        Assert.NotEqual(before.Position.Run, after.Position.Run);
    }

    [Fact]
    public async Task A_watch_after_a_restart_tells_the_events_of_before_and_then_the_new_ones_once()
    {
        await RunAsync(async fabric => await fabric.ApplyAsync(Ask.Network("blue", 100), default));

        await RunAsync(async fabric =>
        {
            await using var watch = fabric.WatchEventsAsync(null, default).GetAsyncEnumerator();
            await using var later = fabric.WatchEventsAsync(fabric.Events().Position, default).GetAsyncEnumerator();
            Assert.Equal((ChangeKind.Added, "networks/blue"), await NextAsync(watch));
            Assert.Equal((ChangeKind.Bookmark, null), await NextAsync(watch));
            Assert.Equal((ChangeKind.Bookmark, null), await NextAsync(later));
            await fabric.ApplyAsync(Ask.Network("red", 101), default);
            Assert.Equal((ChangeKind.Added, "networks/red"), await NextAsync(watch));
            Assert.Equal((ChangeKind.Added, "networks/red"), await NextAsync(later));
        });
    }

    [Fact]
    public async Task Many_events_share_a_record_that_is_stored_a_second_later()
    {
        await RunAsync(async fabric =>
        {
            for (var i = 1; i <= 50; i++)
            {
                await fabric.ApplyAsync(Ask.Network($"n{i}", (uint)i), default);
            }

            Assert.Empty((await store.ListAsync("/events/")).Entries);
            time.Advance(TimeSpan.FromSeconds(1));
            await EventuallyAsync(async () => (await store.ListAsync("/events/")).Entries.Count == 1);
        });
        Assert.Single((await store.ListAsync("/events/")).Entries);
    }

    [Fact]
    public async Task Events_go_when_their_time_is_over_also_from_the_store_and_when_nothing_else_happens()
    {
        await RunAsync(async fabric => await fabric.ApplyAsync(Ask.Network("blue", 100), default));
        time.Advance(TimeSpan.FromMinutes(50));

        await RunAsync(async fabric =>
        {
            Assert.Single(fabric.Events().Items);
            time.Advance(TimeSpan.FromMinutes(11));
            await EventuallyAsync(async () => (await store.ListAsync("/events/")).Entries.Count == 0);
            Assert.Empty(fabric.Events().Items);
        });
    }

    [Fact]
    public void No_more_than_ten_thousand_are_kept_here_and_about_as_many_in_the_store()
    {
        var machine = new FabricMachine(new(0, []));
        var records = new Dictionary<string, StoreEntry>();
        var now = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < 25_000; i++)
        {
            machine.SwitchRepaired(new(1), "x");
            if (i % 100 == 99)
            {
                machine.StoreEvents();
                var effects = machine.Settle(now);
                foreach (var put in effects.Put)
                {
                    records.Add(put.Key, new(put.Key, put.Value, 1, 1, 1));
                }

                foreach (var key in effects.Delete)
                {
                    Assert.True(records.Remove(key));
                }
            }
        }

        Assert.Equal(10_000, machine.Snapshot.Events.Count());
        Assert.InRange(records.Count, 100, 101);
        var again = new FabricMachine(new(1, [.. records.Values.OrderBy(r => r.Key, StringComparer.Ordinal)]));
        again.Settle(now);
        Assert.Equal(machine.Snapshot.Events, again.Snapshot.Events);
    }

    [Fact]
    public void A_record_of_events_that_cannot_be_read_is_named()
    {
        var fault = Assert.Throws<InvalidDataException>(() => new FabricMachine(new(7, [new("/events/0000000000000000001", "[null]"u8.ToArray(), 7, 7, 1)])));

        Assert.StartsWith("/events/0000000000000000001 of revision 7 cannot be read", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<(ChangeKind Kind, string? Subject)> NextAsync(IAsyncEnumerator<EventChange> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        return (watch.Current.Kind, watch.Current.Event?.Subject);
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; !await holds(); tries++)
        {
            Assert.InRange(tries, 0, 1000);
            await Task.Delay(10);
        }
    }

    /// <summary>One run of a controller on the store, and the events at its end.</summary>
    private async Task<EventList> RunAsync(Func<FabricLoop, Task> act)
    {
        using var stop = new CancellationTokenSource();
        var machine = new FabricMachine(await store.ListAsync("/")) { EventsKeptFor = TimeSpan.FromHours(1) };
        var fabric = new FabricLoop(machine, store, time, NullLogger<FabricLoop>.Instance);
        var running = fabric.RunAsync(stop.Token);
        await fabric.AskAsync(m => m.Revision, stop.Token);
        await act(fabric);
        var events = fabric.Events();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        return events;
    }
}
