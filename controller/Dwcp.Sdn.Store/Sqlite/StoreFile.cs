using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>
/// The database of one store. A commit is one row of the log: its revision, its changes, and a checksum chained to the row before.
/// The table of entries is the state at the revision where the log begins; folding moves that point forward.
/// </summary>
internal sealed class StoreFile : IDisposable
{
    public const int ApplicationId = 0x44574350; // "DWCP", in SQLite's file header
    public const int FormatVersion = 1;

    public static readonly (string Name, string Sql)[] Tables =
    [
        ("base", "CREATE TABLE base(id INTEGER PRIMARY KEY, body BLOB NOT NULL)"),
        ("entry", "CREATE TABLE entry(key BLOB PRIMARY KEY, body BLOB NOT NULL, sum BLOB NOT NULL) WITHOUT ROWID"),
        ("log", "CREATE TABLE log(revision INTEGER PRIMARY KEY, body BLOB NOT NULL, sum BLOB NOT NULL)"),
    ];

    private readonly string path;
    private readonly Checksum checksum;
    private readonly HeadFile head;
    private readonly Database database;
    private readonly List<Statement> statements = [];
    private readonly Statement begin, commit, rollback, append, sumOfRevision, cutLog, sumOfEntry, putEntry, deleteEntry, putBase;
    private BaseState folded;
    private LogMark last;

    private StoreFile(string path, Checksum checksum, HeadFile head, Database database, BaseState folded, LogMark last)
    {
        (this.path, this.checksum, this.head, this.database, this.folded, this.last) = (path, checksum, head, database, folded, last);
        begin = Prepare("BEGIN IMMEDIATE");
        commit = Prepare("COMMIT");
        rollback = Prepare("ROLLBACK");
        append = Prepare("INSERT INTO log(revision, body, sum) VALUES(?1, ?2, ?3)");
        sumOfRevision = Prepare("SELECT sum FROM log WHERE revision = ?1");
        cutLog = Prepare("DELETE FROM log WHERE revision <= ?1");
        sumOfEntry = Prepare("SELECT sum FROM entry WHERE key = ?1");
        putEntry = Prepare("INSERT INTO entry(key, body, sum) VALUES(?1, ?2, ?3) ON CONFLICT(key) DO UPDATE SET body = ?2, sum = ?3");
        deleteEntry = Prepare("DELETE FROM entry WHERE key = ?1");
        putBase = Prepare("INSERT INTO base(id, body) VALUES(1, ?1) ON CONFLICT(id) DO UPDATE SET body = ?1");
    }

    /// <summary>Opens or creates the database, checks every record of it, and returns the state that it holds.</summary>
    /// <exception cref="StoreException">It is in use, damaged, or cannot be used.</exception>
    public static (StoreFile File, HeldState State) Open(string path)
    {
        var checksum = new Checksum();
        HeadFile? head = null;
        Database? database = null;
        try
        {
            head = new HeadFile(path + ".head", checksum);
            var acknowledged = head.Read();
            StoreLoad.CheckPresence(path, head, acknowledged);
            database = Connect(path);
            if (StoreLoad.IsNew(database, path, head, acknowledged))
            {
                Create(database, checksum);
            }

            var (state, folded, last) = new StoreLoad(database, checksum, path, head).Run(acknowledged);
            var file = new StoreFile(path, checksum, head, database, folded, last);
            head.Write(last);
            head.Flush();
            return (file, state);
        }
        catch (Exception e)
        {
            database?.Dispose();
            head?.Dispose();
            checksum.Dispose();
            throw e switch
            {
                SqliteException sqlite => Translate(sqlite, path),
                DllNotFoundException => new StoreException(StoreFault.Unusable, "libsqlite3.so.0 is not installed: apt-get install libsqlite3-0", e),
                _ => e,
            };
        }
    }

    /// <summary>Adds commits to the log, all in one transaction; they are on the disk when this returns.</summary>
    /// <exception cref="StoreException">None of them is.</exception>
    public void Append(IEnumerable<(long Revision, byte[] Body)> commits)
    {
        var mark = last;
        Span<byte> sum = stackalloc byte[Checksum.Length];
        Begin();
        try
        {
            foreach (var (revision, body) in commits)
            {
                mark = new(revision, checksum.Of(mark.Chain, revision, body));
                BinaryPrimitives.WriteUInt128BigEndian(sum, mark.Chain);
                append.Bind(1, revision).Bind(2, body).Bind(3, sum).Run();
            }

            commit.Run();
        }
        catch (SqliteException e)
        {
            throw RolledBack(e);
        }

        last = mark;
        head.Write(last);
    }

    /// <summary>Carries the oldest changes of the log over into the table of entries and drops them from the log.</summary>
    /// <exception cref="StoreException">Nothing is changed.</exception>
    public void Fold(IReadOnlyList<StoreChange> oldest)
    {
        var latest = new SortedDictionary<string, StoreEntry?>(StringComparer.Ordinal);
        foreach (var e in oldest.SelectMany(change => change.Events))
        {
            latest[e.Key] = e.After;
        }

        head.Flush(); // The head must not fall behind the beginning of the log when the power goes.
        var (count, digest) = (folded.Count, folded.Digest);
        Begin();
        try
        {
            foreach (var (key, entry) in latest)
            {
                var octets = Encoding.ASCII.GetBytes(key);
                if (SumOf(sumOfEntry.Bind(1, octets)) is { } sum)
                {
                    count--;
                    digest -= sum;
                }

                if (entry is null)
                {
                    deleteEntry.Bind(1, octets).Run();
                    continue;
                }

                count++;
                digest += Put(entry);
            }

            var to = oldest[^1].Revision;
            var chain = SumOf(sumOfRevision.Bind(1, to))
                ?? throw new InvalidOperationException($"revision {to} is held in memory and is not in the log of {path}");
            cutLog.Bind(1, to).Run();
            var next = new BaseState(new(to, chain), count, digest);
            putBase.Bind(1, next.Encode(checksum)).Run();
            commit.Run();
            folded = next;
        }
        catch (SqliteException e)
        {
            throw RolledBack(e);
        }
    }

    /// <summary>Closes the file tidily: without a write-ahead log, the head synced.</summary>
    public void Dispose()
    {
        statements.ForEach(s => s.Dispose());
        database.CheckpointOnClose = true;
        database.Dispose();
        head.Flush();
        head.Dispose();
        checksum.Dispose();
    }

    private static Database Connect(string path)
    {
        var database = new Database(path);
        try
        {
            database.CheckpointOnClose = false; // What is found damaged must stay as it is found.
            database.Execute("PRAGMA locking_mode = EXCLUSIVE"); // Before the journal mode: no shared memory, no second process.
            var mode = database.Execute("PRAGMA journal_mode = WAL");
            if (mode != "wal")
            {
                throw new StoreException(StoreFault.Unusable, $"{path}: SQLite offers journal mode '{mode}' here, WAL is needed. Choose a local file system.");
            }

            database.Execute("PRAGMA synchronous = FULL");
            database.Execute("PRAGMA cell_size_check = ON");
            database.Execute("PRAGMA temp_store = MEMORY");
            database.Execute("PRAGMA journal_size_limit = 16777216");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private static void Create(Database database, Checksum checksum)
    {
        database.Execute("BEGIN IMMEDIATE");
        foreach (var (_, sql) in Tables)
        {
            database.Execute(sql);
        }

        // The chain begins at random, so that no two stores can be taken for one another.
        var start = new BaseState(new(0, BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16))), 0, 0);
        using (var put = database.Prepare("INSERT INTO base(id, body) VALUES(1, ?1)"))
        {
            put.Bind(1, start.Encode(checksum)).Run();
        }

        database.Execute($"PRAGMA application_id = {ApplicationId}");
        database.Execute($"PRAGMA user_version = {FormatVersion}");
        database.Execute("COMMIT");
    }

    private static StoreException Translate(SqliteException e, string path) => new(
        e.Fault,
        $"{path}: {e.Message}. " + e.Fault switch
        {
            StoreFault.NoRoom => "The disk or quota is full; make room, nothing else is needed.",
            StoreFault.InUse => "Another process has it open; stop it, or choose another data directory.",
            StoreFault.Unusable => "Let the controller write to its data directory.",
            StoreFault.Corrupt => "Stop the controller and restore the data directory from a backup.",
            _ => "Look at the kernel's log for errors of the disk.",
        },
        e);

    private Statement Prepare(string sql)
    {
        var statement = database.Prepare(sql);
        statements.Add(statement);
        return statement;
    }

    private void Begin()
    {
        try
        {
            begin.Run();
        }
        catch (SqliteException e)
        {
            throw RolledBack(e);
        }
    }

    private StoreException RolledBack(SqliteException cause)
    {
        if (database.InTransaction) // SQLite has rolled back by itself after some errors.
        {
            try
            {
                rollback.Run();
            }
            catch (SqliteException)
            {
                // The next BEGIN fails and tells; meanwhile the first cause is the one to know.
            }
        }

        return Translate(cause, path);
    }

    private UInt128 Put(StoreEntry entry)
    {
        var (key, body, sum) = EntryRow.Encode(entry, checksum);
        Span<byte> octets = stackalloc byte[Checksum.Length];
        BinaryPrimitives.WriteUInt128BigEndian(octets, sum);
        putEntry.Bind(1, key).Bind(2, body).Bind(3, octets).Run();
        return sum;
    }

    private static UInt128? SumOf(Statement query)
    {
        try
        {
            return query.Step() ? BinaryPrimitives.ReadUInt128BigEndian(query.Blob(0)) : null;
        }
        finally
        {
            query.Reset();
        }
    }
}
