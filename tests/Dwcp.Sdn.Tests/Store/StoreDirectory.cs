using System.Diagnostics;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.Tests.Store;

/// <summary>A directory of its own for one SQLite store, removed afterwards.</summary>
internal sealed class StoreDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("dwcp-store-").FullName;

    public string Database => System.IO.Path.Combine(Path, "state.db");

    public string Log => Database + "-wal";

    public string Head => Database + ".head";

    public Task<SqliteStateStore> OpenAsync(int historyRevisions = 10_000, TimeProvider? time = null) =>
        SqliteStateStore.OpenAsync(Database, new SqliteStoreOptions { HistoryRevisions = historyRevisions }, time);

    /// <summary>The files as they are now, as a loss of power would leave them. By another process: closing one of them here would drop SQLite's locks.</summary>
    public StoreDirectory Copy()
    {
        var copy = new StoreDirectory();
        using var cp = Process.Start("cp", ["-a", Path + "/.", copy.Path]);
        cp.WaitForExit();
        return cp.ExitCode == 0 ? copy : throw new InvalidOperationException($"cp ended with {cp.ExitCode}");
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
