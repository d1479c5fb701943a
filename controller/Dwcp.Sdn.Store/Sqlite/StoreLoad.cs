using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>Reads all of a database at start and believes nothing: each record against its checksum, the log against its gaps and its chain, the end against the head.</summary>
internal sealed class StoreLoad(Database database, Checksum checksum, string path, HeadFile head)
{
    private readonly string remedy = $"Restore {path} (with its -wal and .head files) from a backup; the switches keep their rules meanwhile.";
    private string reading = $"the schema of {path}";
    private long? reached;

    /// <summary>Looks at the files before SQLite does, since it would tidy away a log that has lost its database.</summary>
    public static void CheckPresence(string path, HeadFile head, LogMark? acknowledged)
    {
        if (File.Exists(path) && new FileInfo(path).Length > 0)
        {
            return;
        }

        var log = new FileInfo(path + "-wal");
        if (acknowledged is { Revision: > 0 and var revision })
        {
            throw new StoreCorruptException($"the database {path}", revision, $"it is gone or empty, revision {revision} was acknowledged", head.Remedy);
        }

        if (log is { Exists: true, Length: > 0 })
        {
            throw new StoreCorruptException($"the database {path}", null, $"it is gone or empty, but {log.FullName} has {log.Length} octets", $"Restore {path} from a backup, or remove {log.FullName} to begin anew.");
        }
    }

    /// <summary>Whether nothing was ever stored in the file.</summary>
    public static bool IsNew(Database database, string path, HeadFile head, LogMark? acknowledged)
    {
        var (id, version) = (database.Execute("PRAGMA application_id"), database.Execute("PRAGMA user_version"));
        if ((id, version) == ("0", "0") && database.Execute("SELECT count(*) FROM sqlite_schema") == "0")
        {
            return acknowledged is not { Revision: > 0 and var revision }
                ? true
                : throw new StoreCorruptException($"the database {path}", revision, $"it holds nothing, revision {revision} was acknowledged", head.Remedy);
        }

        if (id != $"{StoreFile.ApplicationId}")
        {
            throw new StoreException(StoreFault.Unusable, $"{path} is not a store of this program (application id {id}). Choose another data directory.");
        }

        if (version != $"{StoreFile.FormatVersion}")
        {
            throw new StoreException(StoreFault.Unusable, $"{path} has format {version}, this version reads {StoreFile.FormatVersion}. Use the version that wrote it.");
        }

        return false;
    }

    /// <exception cref="StoreCorruptException">With the first record that is not what was written.</exception>
    public (HeldState State, BaseState Base, LogMark Last) Run(LogMark? acknowledged)
    {
        try
        {
            CheckSchema();
            var (state, rows) = ReadBase();
            var (held, last) = ReadLog(state.Mark, rows, acknowledged);
            reading = $"the pages of {path}";
            var pages = database.Execute("PRAGMA quick_check(1)");
            return pages == "ok" ? (held, state, last) : throw Corrupt(pages ?? "no answer to quick_check");
        }
        catch (SqliteException e) when (e.Fault == StoreFault.Corrupt)
        {
            throw Corrupt(e.Message, e);
        }
    }

    private void CheckSchema()
    {
        using var tables = database.Prepare("SELECT name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name");
        foreach (var (name, sql) in StoreFile.Tables)
        {
            reading = $"the table {name} of {path}";
            if (!tables.Step() || Encoding.UTF8.GetString(tables.Blob(0)) != $"{name} {name} {sql}")
            {
                throw Corrupt("its definition is missing or altered");
            }
        }

        if (tables.Step())
        {
            reading = $"the schema of {path}";
            throw Corrupt($"'{Encoding.UTF8.GetString(tables.Blob(0))}' does not belong there");
        }
    }

    private (BaseState Base, List<StoreEntry> Entries) ReadBase()
    {
        reading = "the base";
        using var bases = database.Prepare("SELECT body FROM base WHERE id = 1");
        if (!bases.Step() || BaseState.Decode(bases.Blob(0), checksum) is not { } state)
        {
            throw Corrupt("it is missing, or its checksum does not match");
        }

        var entries = new List<StoreEntry>();
        UInt128 digest = 0;
        using var rows = database.Prepare("SELECT key, body, sum FROM entry ORDER BY key");
        while (rows.Step())
        {
            var key = rows.Blob(0);
            var body = rows.Blob(1);
            reading = $"the entry '{Encoding.ASCII.GetString(key)}'";
            var sum = checksum.Of(0, key.Length, key, body);
            if (!IsSum(rows.Blob(2), sum))
            {
                throw Corrupt("its checksum does not match");
            }

            digest += sum;
            entries.Add(EntryRow.Decode(key, body));
            if (entries.Count > 1 && string.CompareOrdinal(entries[^2].Key, entries[^1].Key) >= 0)
            {
                throw Corrupt($"it stands after '{entries[^2].Key}'");
            }
        }

        reading = $"the base at revision {state.Mark.Revision}";
        reached = state.Mark.Revision;
        return state.Count == entries.Count && state.Digest == digest
            ? (state, entries)
            : throw Corrupt($"it has {entries.Count} entries where {state.Count} were written, or others than were written");
    }

    private (HeldState State, LogMark Last) ReadLog(LogMark from, List<StoreEntry> rows, LogMark? acknowledged)
    {
        var entries = ImmutableSortedSet.CreateRange(HeldState.ByKey, rows).ToBuilder();
        var changes = new List<StoreChange>();
        var mark = from;
        using var log = database.Prepare("SELECT revision, body, sum FROM log ORDER BY revision");
        CheckHead(mark, acknowledged);
        while (true)
        {
            var next = mark.Revision + 1;
            (reading, reached) = ($"revision {next}", next);
            if (!log.Step())
            {
                break;
            }

            if (log.Int64(0) is var found && found != next)
            {
                throw Corrupt($"it is missing: revision {found} follows {mark.Revision}");
            }

            var body = log.Blob(1);
            mark = new(next, checksum.Of(mark.Chain, next, body));
            if (!IsSum(log.Blob(2), mark.Chain))
            {
                throw Corrupt("its checksum does not match");
            }

            CheckHead(mark, acknowledged);
            changes.Add(KeyChange.Apply(KeyChange.Decode(body), next, entries));
        }

        return acknowledged?.Revision > mark.Revision
            ? throw Corrupt($"it is missing: the log ends at {mark.Revision}, {acknowledged.Value.Revision} was acknowledged", null, head.Remedy)
            : (new(mark.Revision, entries.ToImmutable(), changes), mark);
    }

    private void CheckHead(LogMark mark, LogMark? acknowledged)
    {
        if (acknowledged?.Revision == mark.Revision && acknowledged != mark)
        {
            throw Corrupt($"it is not the one that was acknowledged; {head.Path} belongs to another store", null, head.Remedy);
        }
    }

    private static bool IsSum(ReadOnlySpan<byte> octets, UInt128 sum) =>
        octets.Length == Checksum.Length && BinaryPrimitives.ReadUInt128BigEndian(octets) == sum;

    private StoreCorruptException Corrupt(string found, Exception? cause = null, string? remedyInstead = null) =>
        new(reading, reached, found, remedyInstead ?? remedy, cause);
}
