using System.Text;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Tests.Store;

/// <summary>What every engine promises. The classes at the end of the file name the engines.</summary>
public abstract class StoreContract : IAsyncLifetime
{
    private const int History = 2000;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private readonly ManualTime time = new();
    private IStateStore store = null!;

    public async Task InitializeAsync() => store = await OpenAsync(time, History);

    public virtual async Task DisposeAsync() => await store.DisposeAsync();

    protected abstract Task<IStateStore> OpenAsync(TimeProvider time, int historyRevisions);

    [Fact]
    public async Task Revisions_are_gapless_and_an_entry_knows_its_own()
    {
        Assert.Equal(0, store.Revision);
        Assert.Equal(1, await PutAsync("/networks/blue", "1"));
        Assert.Equal(2, await PutAsync("/networks/red", "1"));
        Assert.Equal(3, await PutAsync("/networks/blue", "2"));

        Assert.Equal(Entry("/networks/blue", "2", mod: 3, create: 1, version: 2), await store.GetAsync("/networks/blue"));
        Assert.Equal(3, store.Revision);
        Assert.Null(await store.GetAsync("/networks/green"));
    }

    [Fact]
    public async Task A_commit_changes_all_of_its_keys_under_one_revision()
    {
        await PutAsync("/a/1", "old");
        var revision = await CommitAsync(new Commit { Put = [Put("/b/1", "x"), Put("/b/2", "y")], Delete = ["/a/1"] });

        Assert.Equal(2, revision);
        Assert.Equal(
            [Entry("/b/1", "x", 2, 2, 1), Entry("/b/2", "y", 2, 2, 1)],
            (await store.ListAsync("/")).Entries);
    }

    [Fact]
    public async Task A_conflict_names_the_key_and_what_was_found_and_changes_nothing()
    {
        await PutAsync("/a", "1");
        await PutAsync("/a", "2");

        var stale = await store.CommitAsync(new Commit { Expect = [new("/b", 0), new("/a", 1)], Put = [Put("/a", "3"), Put("/b", "3")] });
        var present = await store.CommitAsync(new Commit { Expect = [new("/a", 0)], Put = [Put("/a", "3")] });
        var absent = await store.CommitAsync(new Commit { Expect = [new("/c", 7)], Delete = ["/a"] });

        Assert.Equal(new CommitResult.Conflict("/a", 1, 2), stale);
        Assert.Equal(new CommitResult.Conflict("/a", 0, 2), present);
        Assert.Equal(new CommitResult.Conflict("/c", 7, 0), absent);
        Assert.Equal(2, store.Revision);
        Assert.Equal(Entry("/a", "2", 2, 1, 2), Assert.Single((await store.ListAsync("/")).Entries));
    }

    [Fact]
    public async Task A_commit_whose_expectations_hold_goes_through()
    {
        await PutAsync("/a", "1");
        var revision = await CommitAsync(new Commit { Expect = [new("/a", 1), new("/b", 0)], Put = [Put("/b", "1")] });
        Assert.Equal(2, revision);
    }

    [Fact]
    public async Task Of_many_that_expect_the_same_revision_one_wins()
    {
        await PutAsync("/counter", "0");
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            store.CommitAsync(new Commit { Expect = [new("/counter", 1)], Put = [Put("/counter", $"{i}")] })));

        Assert.Equal(new CommitResult.Committed(2), Assert.Single(results.OfType<CommitResult.Committed>()));
        Assert.All(results.OfType<CommitResult.Conflict>(), c => Assert.Equal(new("/counter", 1, 2), c));
    }

    [Fact]
    public async Task Concurrent_commits_take_each_revision_once()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(() => PutAsync($"/k/{i % 7}", $"{i}"))));
        Assert.Equal(Enumerable.Range(1, 300).Select(i => (long)i), results.Order());
    }

    [Fact]
    public async Task Deleting_what_is_not_there_takes_no_revision()
    {
        await PutAsync("/a", "1");
        Assert.Equal(1, await CommitAsync(new Commit { Delete = ["/b"] }));
        Assert.Equal(2, await CommitAsync(new Commit { Delete = ["/b", "/a"] }));
    }

    [Fact]
    public async Task A_key_made_anew_begins_at_version_one()
    {
        await PutAsync("/a", "1");
        await PutAsync("/a", "2");
        await CommitAsync(new Commit { Delete = ["/a"] });
        await PutAsync("/a", "3");
        Assert.Equal(Entry("/a", "3", 4, 4, 1), await store.GetAsync("/a"));
    }

    [Fact]
    public async Task A_list_has_what_is_under_the_prefix_in_order()
    {
        foreach (var key in new[] { "/ports/b", "/ports/a", "/ports-old/a", "/port", "/ports/a/x", "/q", "/ports/Z" })
        {
            await PutAsync(key, "1");
        }

        var listing = await store.ListAsync("/ports/");
        Assert.Equal(["/ports/Z", "/ports/a", "/ports/a/x", "/ports/b"], listing.Entries.Select(e => e.Key));
        Assert.Equal(7, listing.Revision);
        Assert.Empty((await store.ListAsync("/r")).Entries);
        Assert.Equal(7, (await store.ListAsync("/")).Entries.Count);
    }

    [Fact]
    public async Task The_past_reads_as_it_was_for_as_long_as_it_is_held()
    {
        var random = new Random(5);
        var states = new List<StoreEntry[]> { Array.Empty<StoreEntry>() };
        for (var i = 0; i < 200; i++)
        {
            var key = $"/k/{random.Next(20)}";
            var exists = await store.GetAsync(key) is not null;
            await CommitAsync(exists && random.Next(3) == 0
                ? new Commit { Delete = [key], Put = [Put("/other", $"{i}")] }
                : new Commit { Put = [Put(key, $"{i}")] });
            states.Add([.. (await store.ListAsync("/k/")).Entries]);
        }

        for (var revision = 0; revision < states.Count; revision++)
        {
            var listing = await store.ListAsync("/k/", revision);
            Assert.Equal(revision, listing.Revision);
            Assert.Equal(states[revision], listing.Entries);
            Assert.Equal(states[revision].FirstOrDefault(e => e.Key == "/k/3"), await store.GetAsync("/k/3", revision));
        }
    }

    [Fact]
    public async Task What_was_put_is_copied()
    {
        var octets = Encoding.ASCII.GetBytes("before");
        await CommitAsync(new Commit { Put = [new("/a", octets)] });
        octets[0] = (byte)'X';
        Assert.Equal("before", Encoding.ASCII.GetString((await store.GetAsync("/a"))!.Value.Span));
    }

    [Fact]
    public async Task A_watch_begins_in_the_past_goes_on_and_keeps_commits_whole()
    {
        await PutAsync("/a/1", "1");
        await PutAsync("/b/1", "1");
        using var stop = new CancellationTokenSource(Soon);
        await using var watch = store.WatchAsync("/a/", 0, stop.Token).GetAsyncEnumerator();

        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(1, watch.Current.Revision);
        Assert.Equal(new StoreEvent("/a/1", null, Entry("/a/1", "1", 1, 1, 1)), Assert.Single(watch.Current.Events));

        var next = watch.MoveNextAsync().AsTask();
        await PutAsync("/b/2", "1");
        Assert.False(next.IsCompleted);
        await CommitAsync(new Commit { Put = [Put("/a/2", "2"), Put("/b/1", "2")], Delete = ["/a/1"] });

        Assert.True(await next);
        Assert.Equal(4, watch.Current.Revision);
        Assert.Equal(
            [new("/a/2", null, Entry("/a/2", "2", 4, 4, 1)), new("/a/1", Entry("/a/1", "1", 1, 1, 1), null)],
            watch.Current.Events);
        Assert.Equal(4, store.Revision);
    }

    [Fact]
    public async Task A_watch_sees_every_revision_once_while_many_write()
    {
        using var stop = new CancellationTokenSource(Soon);
        var seen = Task.Run(async () =>
        {
            var revisions = new List<long>();
            await foreach (var change in store.WatchAsync("/", 0, stop.Token))
            {
                revisions.Add(change.Revision);
                Assert.True(store.Revision >= change.Revision);
                if (revisions.Count == 400)
                {
                    break;
                }
            }

            return revisions;
        });
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => PutAsync($"/k/{i}", "1")));
        Assert.Equal(Enumerable.Range(1, 400).Select(i => (long)i), await seen);
    }

    [Fact]
    public async Task A_watch_without_events_gets_bookmarks()
    {
        using var stop = new CancellationTokenSource(Soon);
        await using var watch = store.WatchAsync("/quiet", 0, stop.Token).GetAsyncEnumerator();
        var next = watch.MoveNextAsync().AsTask();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => PutAsync("/busy", $"{i}")));

        Assert.True(await next.WaitAsync(Soon));
        Assert.Equal((1000, 0), (watch.Current.Revision, watch.Current.Events.Count));
    }

    [Fact]
    public async Task What_is_too_old_is_said_to_be_compacted_and_the_present_stays()
    {
        await PutAsync("/kept", "1");
        await Task.WhenAll(Enumerable.Range(0, 3 * History).Select(i => PutAsync("/busy", $"{i}")));

        var list = await Assert.ThrowsAsync<RevisionUnavailableException>(async () => await store.ListAsync("/", 1));
        var watch = await Assert.ThrowsAsync<RevisionUnavailableException>(
            async () => await store.WatchAsync("/", 1).GetAsyncEnumerator().MoveNextAsync());

        Assert.Equal((1, (3 * History) + 1), (list.Asked, list.Newest));
        Assert.Contains("compacted", watch.Message);
        Assert.InRange(list.Oldest, 2, list.Newest - History);
        Assert.Equal(Entry("/kept", "1", 1, 1, 1), await store.GetAsync("/kept", list.Newest - History));
    }

    [Fact]
    public async Task A_revision_that_is_not_there_yet_is_said_to_be_so()
    {
        await PutAsync("/a", "1");
        var list = await Assert.ThrowsAsync<RevisionUnavailableException>(async () => await store.ListAsync("/", 2));
        await Assert.ThrowsAsync<RevisionUnavailableException>(async () => await store.WatchAsync("/", 2).GetAsyncEnumerator().MoveNextAsync());
        Assert.Contains("not there yet", list.Message);
    }

    [Fact]
    public async Task Keys_under_a_lease_vanish_together_when_it_is_not_renewed()
    {
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        await CommitAsync(new Commit { Put = [new("/l/1", default, lease), new("/l/2", default, lease), Put("/free", "1")] });
        await CommitAsync(new Commit { Put = [Put("/l/2", "off the lease")] });
        await CommitAsync(new Commit { Put = [new("/l/3", default, lease)] });

        time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(await store.RenewLeaseAsync(lease));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(await store.GetAsync("/l/1"));

        time.Advance(TimeSpan.FromSeconds(1));
        var end = await FirstAsync(store.WatchAsync("/l/", 3));
        Assert.Equal((4, 2), (end.Revision, end.Events.Count(e => e.After is null)));
        Assert.Equal(["/free", "/l/2"], (await store.ListAsync("/")).Entries.Select(e => e.Key));
        Assert.False(await store.RenewLeaseAsync(lease));
        Assert.Equal(
            new CommitResult.LeaseEnded("/l/4", lease),
            await store.CommitAsync(new Commit { Put = [new("/l/4", default, lease)] }));
    }

    [Fact]
    public async Task A_revoked_lease_takes_its_keys_along_at_once()
    {
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        var put = store.CommitAsync(new Commit { Put = [new("/l/1", default, lease)] });
        await store.RevokeLeaseAsync(lease);

        await put;
        Assert.Null(await store.GetAsync("/l/1"));
        Assert.False(await store.RenewLeaseAsync(lease));
        await store.RevokeLeaseAsync(lease);
    }

    [Fact]
    public async Task A_leader_is_replaced_when_its_lease_ends_and_its_guard_no_longer_holds()
    {
        var (one, two) = (await store.GrantLeaseAsync(TimeSpan.FromSeconds(10)), await store.GrantLeaseAsync(TimeSpan.FromHours(1)));
        var first = await store.ElectAsync("/leaders/bgp", "one"u8.ToArray(), one);
        var again = await store.ElectAsync("/leaders/bgp", "one"u8.ToArray(), one);
        var waiting = store.ElectAsync("/leaders/bgp", "two"u8.ToArray(), two);
        var held = store.WhileHeldAsync(first!);
        await PutAsync("/other", "1");
        Assert.Equal(first, again);
        Assert.False(waiting.IsCompleted || held.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(10));
        var second = await waiting.WaitAsync(Soon);
        await held.WaitAsync(Soon);

        var late = await store.CommitAsync(new Commit { Expect = [first!.Guard], Put = [Put("/x", "1")] });
        Assert.Equal(new CommitResult.Conflict("/leaders/bgp", first.Revision, second!.Revision), late);
        Assert.Null(await store.ElectAsync("/leaders/ovs", default, one));
        await store.ResignAsync(second);
        Assert.Null(await store.GetAsync("/leaders/bgp"));
    }

    [Theory]
    [InlineData("", "key")]
    [InlineData("networks", "'networks'")]
    [InlineData("/networks/", "'/networks/'")]
    [InlineData("/a//b", "empty segment")]
    [InlineData("/a b", "U+0020 at 2")]
    [InlineData("/ü", "U+00FC at 1")]
    public async Task A_bad_key_is_refused_by_name(string key, string named)
    {
        var get = await Assert.ThrowsAsync<ArgumentException>(async () => await store.GetAsync(key));
        var put = await Assert.ThrowsAsync<ArgumentException>(() => PutAsync(key, "1"));
        await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(new Commit { Delete = [key] }));
        await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(new Commit { Expect = [new(key, 0)], Delete = ["/a"] }));
        Assert.Contains(named, get.Message);
        Assert.Equal("Put", put.ParamName);
        Assert.Equal(0, store.Revision);
    }

    [Fact]
    public async Task Nulls_and_what_is_too_long_or_contradictory_are_refused()
    {
        await Assert.ThrowsAsync<ArgumentNullException>(() => store.CommitAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.GetAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await store.ListAsync(null!));
        var refused = new Dictionary<string, Commit>
        {
            ["neither puts nor deletes"] = new Commit(),
            ["changed twice"] = new Commit { Put = [Put("/a", "1")], Delete = ["/a"] },
            ["'/b'"] = new Commit { Put = [Put("/b", "1"), Put("/b", "2")] },
            ["513 characters"] = new Commit { Put = [Put("/" + new string('a', 512), "1")] },
            ["1048577 octets"] = new Commit { Put = [new("/big", new byte[1024 * 1024 + 1])] },
            ["67108864 are allowed"] = new Commit { Put = [.. Enumerable.Range(0, 64).Select(i => new StorePut($"/{i}", new byte[1024 * 1024]))] },
            ["revision -1"] = new Commit { Expect = [new("/a", -1)], Delete = ["/a"] },
        };
        foreach (var (named, commit) in refused)
        {
            Assert.Contains(named, (await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(commit))).Message);
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.GrantLeaseAsync(TimeSpan.Zero));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.GrantLeaseAsync(TimeSpan.FromDays(2)));
        Assert.Equal(0, store.Revision);
    }

    [Fact]
    public async Task The_longest_key_and_value_are_kept()
    {
        var (key, value) = ("/" + new string('k', StoreLimits.KeyLength - 1), new byte[StoreLimits.ValueLength]);
        new Random(1).NextBytes(value);
        await CommitAsync(new Commit { Put = [new(key, value), new("/empty", default)] });
        Assert.Equal(value, (await store.GetAsync(key))!.Value.ToArray());
        Assert.Equal(0, (await store.GetAsync("/empty"))!.Value.Length);
    }

    [Fact]
    public async Task A_cancelled_commit_changes_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.CommitAsync(new Commit { Put = [Put("/a", "1")] }, new CancellationToken(canceled: true)));
        Assert.Equal(1, await PutAsync("/b", "1"));
        Assert.Null(await store.GetAsync("/a"));
    }

    [Fact]
    public async Task A_closed_store_refuses_commits_and_ends_watches()
    {
        var watch = store.WatchAsync("/", 0).GetAsyncEnumerator();
        var next = watch.MoveNextAsync().AsTask();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => next.WaitAsync(Soon));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => PutAsync("/a", "1"));
    }

    private static StorePut Put(string key, string value) => new(key, Encoding.ASCII.GetBytes(value));

    private static StoreEntry Entry(string key, string value, long mod, long create, long version) =>
        new(key, Encoding.ASCII.GetBytes(value), mod, create, version);

    private static async Task<StoreChange> FirstAsync(IAsyncEnumerable<StoreChange> changes)
    {
        using var stop = new CancellationTokenSource(Soon);
        await foreach (var change in changes.WithCancellation(stop.Token))
        {
            return change;
        }

        throw new InvalidOperationException("the watch ended");
    }

    private Task<long> PutAsync(string key, string value) => CommitAsync(new Commit { Put = [Put(key, value)] });

    private async Task<long> CommitAsync(Commit commit) =>
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(commit)).Revision;
}

public sealed class MemoryStoreContract : StoreContract
{
    protected override Task<IStateStore> OpenAsync(TimeProvider time, int historyRevisions) =>
        Task.FromResult<IStateStore>(new MemoryStateStore(time, historyRevisions));
}

public sealed class SqliteStoreContract : StoreContract
{
    private readonly StoreDirectory directory = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Dispose();
    }

    protected override async Task<IStateStore> OpenAsync(TimeProvider time, int historyRevisions) =>
        await directory.OpenAsync(historyRevisions, time);
}
