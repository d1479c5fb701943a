using System.Text;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.Tests.Store;

/// <summary>What the embedded store holds after it was closed, or cut off, and opened again.</summary>
public sealed class SqliteRestart : IDisposable
{
    private readonly StoreDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Everything_is_there_again_and_a_watch_goes_on_where_it_was()
    {
        StoreListing before;
        await using (var store = await directory.OpenAsync(historyRevisions: 300))
        {
            await StoreTraffic.WriteAsync(store, 2000, seed: 1);
            before = await store.ListAsync("/");
        }

        Assert.False(File.Exists(directory.Log));
        await using var again = await directory.OpenAsync(historyRevisions: 300);
        Assert.Equal(before, await again.ListAsync("/"));
        var next = await again.CommitAsync(new Commit { Put = [new("/next", default)] });
        Assert.Equal(new CommitResult.Committed(before.Revision + 1), next);

        var seen = before.Revision - 300;
        await foreach (var change in again.WatchAsync("/", seen))
        {
            Assert.Equal(++seen, change.Revision);
            if (seen == again.Revision)
            {
                break;
            }
        }
    }

    [Fact]
    public async Task The_past_reads_the_same_after_a_restart()
    {
        var listings = new List<StoreListing>();
        await using (var store = await directory.OpenAsync())
        {
            await StoreTraffic.WriteAsync(store, 200, seed: 2);
            for (var revision = 0; revision <= 200; revision += 10)
            {
                listings.Add(await store.ListAsync("/", revision));
            }
        }

        await using var again = await directory.OpenAsync();
        foreach (var listing in listings)
        {
            Assert.Equal(listing, await again.ListAsync("/", listing.Revision));
        }
    }

    [Fact]
    public async Task Files_copied_under_load_hold_all_that_was_acknowledged_before()
    {
        await using var store = await directory.OpenAsync(historyRevisions: 300);
        for (var round = 0; round < 5; round++)
        {
            await StoreTraffic.WriteAsync(store, 400, seed: round);
            var before = await store.ListAsync("/");
            using var copy = directory.Copy();
            await using var copied = await copy.OpenAsync();
            Assert.Equal(before, await copied.ListAsync("/"));
        }
    }

    [Fact]
    public async Task Keys_under_leases_of_the_process_that_ended_are_gone()
    {
        await using (var store = await directory.OpenAsync())
        {
            var lease = await store.GrantLeaseAsync(TimeSpan.FromHours(1));
            await store.CommitAsync(new Commit { Put = [new("/leaders/bgp", default, lease), new("/kept", default)] });
        }

        await using var again = await directory.OpenAsync();
        Assert.Equal(["/kept"], (await again.ListAsync("/")).Entries.Select(e => e.Key));
        Assert.Equal(2, again.Revision);
    }

    [Fact]
    public async Task A_second_opener_is_told_that_the_store_is_in_use()
    {
        await using var store = await directory.OpenAsync();
        var head = await Assert.ThrowsAsync<StoreException>(() => directory.OpenAsync());
        Assert.Equal(StoreFault.InUse, head.Fault);
        Assert.Contains($"{directory.Head} is locked", head.Message);

        File.Move(directory.Head, directory.Head + ".away"); // Somebody tidied up; SQLite's own lock still holds.
        var database = await Assert.ThrowsAsync<StoreException>(() => directory.OpenAsync());
        Assert.Equal(StoreFault.InUse, database.Fault);
        Assert.Contains(directory.Database, database.Message);
        Assert.Equal(new CommitResult.Committed(1), await store.CommitAsync(new Commit { Put = [new("/a", default)] }));
    }

    [Fact]
    public async Task A_directory_that_is_missing_and_a_file_that_is_not_a_store_are_named()
    {
        var missing = await Assert.ThrowsAsync<StoreException>(() => SqliteStateStore.OpenAsync(Path.Combine(directory.Path, "no", "state.db")));
        Assert.Equal(StoreFault.Unusable, missing.Fault);

        using (var other = new Database(directory.Database))
        {
            other.Execute("CREATE TABLE something(else_)");
        }

        var foreign = await Assert.ThrowsAsync<StoreException>(() => directory.OpenAsync());
        Assert.Equal(StoreFault.Unusable, foreign.Fault);
        Assert.Contains("not a store of this program", foreign.Message);

        File.WriteAllText(directory.Database, new string('x', 5000));
        var text = await Assert.ThrowsAsync<StoreException>(() => directory.OpenAsync());
        Assert.Contains(directory.Database, text.Message);
        Assert.Equal(new string('x', 5000), File.ReadAllText(directory.Database));
    }

    [Fact]
    public async Task A_newer_format_is_refused_by_number()
    {
        await (await directory.OpenAsync()).DisposeAsync();
        using (var database = new Database(directory.Database))
        {
            database.Execute("PRAGMA user_version = 2");
        }

        var newer = await Assert.ThrowsAsync<StoreException>(() => directory.OpenAsync());
        Assert.Contains("format 2", newer.Message);
    }

    [Fact]
    public async Task Commits_that_were_queued_when_the_store_closed_are_written_or_refused_never_lost()
    {
        var store = await directory.OpenAsync();
        var commits = Enumerable.Range(0, 3000).Select(i => Task.Run(async () =>
        {
            try
            {
                await store.CommitAsync(new Commit { Put = [new($"/k/{i}", Encoding.ASCII.GetBytes($"{i}"))] });
                return i;
            }
            catch (ObjectDisposedException)
            {
                return -1;
            }
        })).ToArray();
        await commits[10];
        await store.DisposeAsync();
        var acknowledged = (await Task.WhenAll(commits)).Where(i => i >= 0).Select(i => $"/k/{i}").Order(StringComparer.Ordinal);

        await using var again = await directory.OpenAsync();
        Assert.Equal(acknowledged, (await again.ListAsync("/")).Entries.Select(e => e.Key));
    }

    [Fact]
    public async Task History_is_bounded_by_its_octets_too()
    {
        await using var store = await SqliteStateStore.OpenAsync(
            directory.Database, new SqliteStoreOptions { HistoryOctets = 4 * 1024 * 1024 });
        for (var i = 0; i < 600; i++)
        {
            await store.CommitAsync(new Commit { Put = [new("/big", new byte[64 * 1024])] });
        }

        var gone = await Assert.ThrowsAsync<RevisionUnavailableException>(async () => await store.ListAsync("/", 1));
        Assert.InRange(gone.Newest - gone.Oldest, 0, 256);
    }
}
