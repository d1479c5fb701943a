using System.Runtime.InteropServices;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>The few functions of the system's libsqlite3 that the store needs, as its C interface documents them.</summary>
internal static partial class Native
{
    public const int Ok = 0;
    public const int Busy = 5;
    public const int NoMem = 7;
    public const int ReadOnly = 8;
    public const int IoErr = 10;
    public const int Full = 13;
    public const int CantOpen = 14;
    public const int Perm = 3;
    public const int Row = 100;
    public const int Done = 101;
    public const int IoErrShortRead = IoErr | (2 << 8);

    public const int OpenReadWrite = 0x2;
    public const int OpenCreate = 0x4;
    public const int OpenNoMutex = 0x8000; // one thread at a time uses the connection
    public const int OpenExtendedCodes = 0x2000000;

    public const int NoCheckpointOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE

    private const string Library = "libsqlite3.so.0";

    /// <summary>Tells SQLite to take its own copy of what is bound.</summary>
    private static readonly nint Transient = -1;

    [LibraryImport(Library, EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, out nint database, int flags, nint vfs);

    [LibraryImport(Library, EntryPoint = "sqlite3_close_v2")]
    public static partial int Close(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_db_config")]
    public static partial int Configure(nint database, int option, int value, nint result);

    [LibraryImport(Library, EntryPoint = "sqlite3_errmsg")]
    private static partial nint ErrorMessage(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_system_errno")]
    public static partial int SystemErrno(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_get_autocommit")]
    public static partial int GetAutocommit(nint database);

    [LibraryImport(Library, EntryPoint = "sqlite3_prepare_v2", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Prepare(nint database, string sql, int length, out nint statement, nint tail);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    public static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    public static partial int Reset(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_finalize")]
    public static partial int Finalize(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64")]
    public static partial int BindInt64(nint statement, int index, long value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob")]
    private static partial int BindBlob(nint statement, int index, ReadOnlySpan<byte> value, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    public static partial long ColumnInt64(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
    private static partial nint ColumnBlob(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")]
    private static partial int ColumnBytes(nint statement, int column);

    public static string Message(nint database) => Marshal.PtrToStringUTF8(ErrorMessage(database)) ?? "";

    public static int BindBlob(nint statement, int index, ReadOnlySpan<byte> value) =>
        BindBlob(statement, index, value, value.Length, Transient);

    /// <summary>The octets of a column, valid until the next step.</summary>
    public static unsafe ReadOnlySpan<byte> Blob(nint statement, int column)
    {
        var at = (void*)ColumnBlob(statement, column);
        return new(at, ColumnBytes(statement, column));
    }
}
