using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.Tests.Store;

/// <summary>Damage to the files is found at start and named, or did not touch what was stored. Wrong state is never read.</summary>
public sealed class SqliteDamage : IDisposable
{
    private const int History = 100;

    /// <summary>Every octet in turn takes hours; DWCP_SOAK=1 looks sixteen times as closely as the everyday run.</summary>
    private static readonly int Closer = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? 16 : 1;

    private readonly StoreDirectory closed = new();
    private StoreDirectory? running;
    private StoreListing newest = null!;
    private StoreListing old = null!;

    /// <summary>How the process left its files.</summary>
    public enum Left
    {
        Closed,
        Running,

        /// <summary>Killed after the write-ahead log was carried over and before it was begun anew.</summary>
        Checkpointed,
    }

    public void Dispose()
    {
        closed.Dispose();
        running?.Dispose();
    }

    [Theory]
    [Trait("Category", "Soak")]
    [InlineData("", Left.Closed, 0x01, 613)]
    [InlineData("", Left.Closed, 0xff, 617)]
    [InlineData("", Left.Running, 0x10, 619)]
    [InlineData("", Left.Checkpointed, 0x10, 2503)]
    [InlineData("-wal", Left.Running, 0x01, 4003)]
    [InlineData("-wal", Left.Checkpointed, 0x80, 3001)]
    [InlineData(".head", Left.Running, 0x01, 1)]
    [InlineData(".head", Left.Closed, 0x80, 1)]
    public async Task A_flipped_octet_is_found_or_harmless(string suffix, Left left, byte mask, int stride)
    {
        var damaged = await WriteAsync(left) + suffix;
        var (found, harmless) = (0, 0);
        for (var at = 0L; at < new FileInfo(damaged).Length; at += Math.Max(1, stride / Closer))
        {
            var refused = await OpenDamagedAsync(damaged, file =>
            {
                file.Position = at;
                var octet = file.ReadByte();
                file.Position = at;
                file.WriteByte((byte)(octet ^ mask));
            });
            found += refused is null ? 0 : 1;
            harmless += refused is null ? 1 : 0;
        }

        // What a complete write-ahead log covers is never read from the database.
        Assert.True(found > 0 || (suffix, left) == ("", Left.Checkpointed), $"none of {harmless} flips was found");
    }

    [Theory]
    [InlineData("", Left.Closed, 997)]
    [InlineData("", Left.Running, 4096)]
    [InlineData("-wal", Left.Running, 8009)]
    [InlineData("-wal", Left.Checkpointed, 8009)]
    [InlineData(".head", Left.Running, 1)]
    public async Task A_torn_tail_is_found_or_harmless(string suffix, Left left, int stride)
    {
        var damaged = await WriteAsync(left) + suffix;
        for (var length = new FileInfo(damaged).Length - 1; length > 0; length -= stride)
        {
            var refused = await OpenDamagedAsync(damaged, file => file.SetLength(length));
            Assert.True(refused is not null || left != Left.Closed, $"{damaged} cut to {length} was not noticed");
        }
    }

    [Fact]
    public async Task The_end_of_a_log_that_is_cut_off_is_named_by_its_first_lost_revision()
    {
        var damaged = await WriteAsync(Left.Running) + "-wal";
        var refused = await OpenDamagedAsync(damaged, file => file.SetLength(file.Length / 4));

        var corrupt = Assert.IsType<StoreCorruptException>(refused);
        Assert.InRange(corrupt.Revision!.Value, 1, newest.Revision);
        Assert.Equal($"revision {corrupt.Revision}", corrupt.Record);
        Assert.Contains($"the log ends at {corrupt.Revision - 1}, {newest.Revision} was acknowledged", corrupt.Message);
        Assert.Contains("remove", corrupt.Remedy);
    }

    [Fact]
    public async Task The_remedy_for_a_lost_end_works()
    {
        await WriteAsync(Left.Running);
        using var copy = CopyOf(running!);
        using (var log = new FileStream(copy.Log, FileMode.Open))
        {
            log.SetLength(log.Length / 4);
        }

        var lost = await Assert.ThrowsAsync<StoreCorruptException>(() => copy.OpenAsync());
        File.Delete(copy.Head);
        await using var store = await copy.OpenAsync();
        Assert.Equal(lost.Revision - 1, store.Revision);
        Assert.Equal(new CommitResult.Committed(lost.Revision!.Value), await store.CommitAsync(new Commit { Put = [new("/on", default)] }));
    }

    [Theory]
    [InlineData("DELETE FROM log WHERE revision = {0}", "it is missing")]
    [InlineData("UPDATE log SET body = (SELECT body FROM log WHERE revision = {0} + 1) WHERE revision = {0}", "its checksum does not match")]
    [InlineData("UPDATE log SET sum = zeroblob(16) WHERE revision = {0}", "its checksum does not match")]
    [InlineData("UPDATE log SET sum = x'00' WHERE revision = {0}", "its checksum does not match")]
    public async Task A_missing_or_altered_revision_is_named(string sql, string found)
    {
        await WriteAsync(Left.Closed);
        foreach (var revision in new[] { newest.Revision - History, newest.Revision - 17, newest.Revision })
        {
            if (revision == newest.Revision && sql.Contains("+ 1", StringComparison.Ordinal))
            {
                continue;
            }

            var corrupt = await AlterAsync(string.Format(sql, revision));
            Assert.Equal(($"revision {revision}", revision), (corrupt.Record, corrupt.Revision));
            Assert.Contains(found, corrupt.Message);
            Assert.Contains("Restore", corrupt.Remedy);
        }
    }

    [Theory]
    [InlineData("UPDATE entry SET body = zeroblob(40) WHERE key = x'2f612f37'", "the entry '/a/7'")]
    [InlineData("UPDATE entry SET key = x'2f612f377a' WHERE key = x'2f612f37'", "the entry '/a/7z'")]
    [InlineData("DELETE FROM entry WHERE key = x'2f612f37'", "the base at revision")]
    [InlineData("DELETE FROM base", "the base")]
    [InlineData("UPDATE base SET body = zeroblob(64)", "the base")]
    [InlineData("DROP TABLE entry", "the table entry")]
    [InlineData("CREATE TABLE more(x)", "the schema")]
    [InlineData("DELETE FROM log", "revision")]
    public async Task Damage_to_the_base_is_named(string sql, string record)
    {
        await WriteAsync(Left.Closed);
        Assert.StartsWith(record, (await AlterAsync(sql)).Record);
    }

    [Fact]
    public async Task A_database_that_is_gone_or_another_is_noticed()
    {
        await WriteAsync(Left.Running);
        using var gone = CopyOf(running!);
        File.Delete(gone.Database);
        var missing = await Assert.ThrowsAsync<StoreCorruptException>(() => gone.OpenAsync());
        Assert.Equal((newest.Revision, $"the database {gone.Database}"), (missing.Revision, missing.Record));
        Assert.True(File.Exists(gone.Log));

        File.Delete(gone.Head);
        var orphan = await Assert.ThrowsAsync<StoreCorruptException>(() => gone.OpenAsync());
        Assert.Contains(gone.Log, orphan.Message);

        using var other = new StoreDirectory();
        await using (var store = await other.OpenAsync())
        {
            await StoreTraffic.WriteAsync(store, (int)newest.Revision + 50, seed: 9);
        }

        File.Copy(running!.Head, other.Head, overwrite: true);
        var mixed = await Assert.ThrowsAsync<StoreCorruptException>(() => other.OpenAsync());
        Assert.Equal(newest.Revision, mixed.Revision);
        Assert.Contains("belongs to another store", mixed.Message);
    }

    /// <summary>Writes a store whose base and log both have content; returns the database of the copy to damage.</summary>
    private async Task<string> WriteAsync(Left left)
    {
        await using (var first = await closed.OpenAsync(History))
        {
            await WriteAsync(first, 70);
        }

        await using var store = await closed.OpenAsync(History);
        await WriteAsync(store, 12);
        newest = await store.ListAsync("/");
        old = await store.ListAsync("/", newest.Revision - History);
        if (left == Left.Closed)
        {
            return closed.Database;
        }

        running = closed.Copy();
        if (left == Left.Checkpointed)
        {
            using var database = new Database(running.Database) { CheckpointOnClose = false };
            Assert.Equal("0", database.Execute("PRAGMA wal_checkpoint(PASSIVE)"));
        }

        Assert.True(new FileInfo(running.Log).Length > 50_000);
        return running.Database;
    }

    private static async Task WriteAsync(IStateStore store, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            await StoreTraffic.WriteAsync(store, 10, seed: i);
        }
    }

    private async Task<StoreCorruptException> AlterAsync(string sql)
    {
        using var copy = CopyOf(closed);
        using (var database = new Database(copy.Database))
        {
            database.Execute(sql);
        }

        return await Assert.ThrowsAsync<StoreCorruptException>(() => copy.OpenAsync());
    }

    /// <summary>Opens a copy with one file damaged: the error that named it, or null when everything was there nevertheless and stays so.</summary>
    private async Task<StoreException?> OpenDamagedAsync(string damaged, Action<FileStream> damage)
    {
        using var copy = CopyOf(damaged.StartsWith(closed.Path, StringComparison.Ordinal) ? closed : running!);
        var path = Path.Combine(copy.Path, Path.GetFileName(damaged));
        using (var file = new FileStream(path, FileMode.Open))
        {
            damage(file);
        }

        try
        {
            await using var store = await copy.OpenAsync(History);
            Assert.Equal(newest, await store.ListAsync("/"));
            Assert.Equal(old, await store.ListAsync("/", old.Revision));
            await StoreTraffic.WriteAsync(store, 5, seed: 77);
        }
        catch (StoreException e)
        {
            Assert.Contains(copy.Path, e.Message);
            Assert.True(e.Fault is StoreFault.Corrupt or StoreFault.Unusable, e.ToString());
            return e;
        }

        await using var again = await copy.OpenAsync(History);
        Assert.Equal(newest.Revision + 5, again.Revision);
        return null;
    }

    private static StoreDirectory CopyOf(StoreDirectory from)
    {
        var copy = new StoreDirectory();
        foreach (var file in Directory.GetFiles(from.Path))
        {
            File.Copy(file, Path.Combine(copy.Path, Path.GetFileName(file)));
        }

        return copy;
    }
}
