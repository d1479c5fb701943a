using System.Text;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>SQLite answered with an error: its extended result code and its words.</summary>
internal sealed class SqliteException(int code, int errno, string message) : Exception($"{message} (SQLite {code})")
{
    private const int Enospc = 28;
    private const int Edquot = 122;

    public int Code { get; } = code;

    /// <summary>The low octet: the kind without the detail.</summary>
    public int Kind => Code & 0xff;

    public StoreFault Fault => Kind switch
    {
        Native.Full => StoreFault.NoRoom,
        Native.IoErr or Native.CantOpen when errno is Enospc or Edquot => StoreFault.NoRoom,
        Native.Busy => StoreFault.InUse,
        Native.CantOpen or Native.Perm or Native.ReadOnly => StoreFault.Unusable,
        Native.NoMem => StoreFault.Io,
        Native.IoErr when Code != Native.IoErrShortRead => StoreFault.Io,
        _ => StoreFault.Corrupt,
    };
}

/// <summary>One connection to a database file; one thread at a time.</summary>
internal sealed class Database : IDisposable
{
    private nint handle;

    public Database(string path)
    {
        var flags = Native.OpenReadWrite | Native.OpenCreate | Native.OpenNoMutex | Native.OpenExtendedCodes;
        try
        {
            Check(Native.Open(path, out handle, flags, 0));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public bool InTransaction => Native.GetAutocommit(handle) == 0;

    /// <summary>Whether closing moves the write-ahead log into the file and removes it.</summary>
    public bool CheckpointOnClose
    {
        set => Check(Native.Configure(handle, Native.NoCheckpointOnClose, value ? 0 : 1, 0));
    }

    public Statement Prepare(string sql)
    {
        Check(Native.Prepare(handle, sql, -1, out var statement, 0));
        return new(this, statement);
    }

    /// <summary>Runs one statement and returns the first column of its first row as text, if there is one.</summary>
    public string? Execute(string sql)
    {
        using var statement = Prepare(sql);
        var answer = statement.Step() ? Encoding.UTF8.GetString(statement.Blob(0)) : null;
        while (answer is not null && statement.Step())
        {
        }

        return answer;
    }

    public void Check(int code)
    {
        if (code is not (Native.Ok or Native.Row or Native.Done))
        {
            throw new SqliteException(code, Native.SystemErrno(handle), Native.Message(handle));
        }
    }

    public void Dispose()
    {
        if (handle != 0)
        {
            _ = Native.Close(handle);
            handle = 0;
        }
    }
}

/// <summary>A prepared statement, used again and again.</summary>
internal sealed class Statement(Database database, nint handle) : IDisposable
{
    public Statement Bind(int index, long value)
    {
        database.Check(Native.BindInt64(handle, index, value));
        return this;
    }

    public Statement Bind(int index, ReadOnlySpan<byte> value)
    {
        database.Check(Native.BindBlob(handle, index, value));
        return this;
    }

    /// <summary>True while there is a row.</summary>
    public bool Step()
    {
        var code = Native.Step(handle);
        database.Check(code);
        return code == Native.Row;
    }

    /// <summary>Runs to the end and makes ready for the next use, whatever happens.</summary>
    public void Run()
    {
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            Reset();
        }
    }

    public void Reset() => _ = Native.Reset(handle); // It repeats the error of the step before, which was told.

    public long Int64(int column) => Native.ColumnInt64(handle, column);

    public ReadOnlySpan<byte> Blob(int column) => Native.Blob(handle, column);

    public void Dispose() => _ = Native.Finalize(handle);
}
