using System.Globalization;
using System.Text;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// Commits pairs of keys from several writers and prints <c>REVISION WRITER N VALUE</c> after each acknowledgement.
/// Whoever started it kills it and looks whether all that was printed is there.
/// </summary>
internal static class StoreWriter
{
    private const int KeysPerWriter = 40;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var writers = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var commits = arguments.Length > 2 ? int.Parse(arguments[2], CultureInfo.InvariantCulture) : int.MaxValue;
        // A short history, so that folding is often under way.
        await using var store = await SqliteStateStore.OpenAsync(arguments[0], new SqliteStoreOptions { HistoryRevisions = 100 });
        using var output = Console.OpenStandardOutput();
        var run = Guid.NewGuid().ToString("n");
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var n = 0; n < commits; n++)
            {
                var (key, delete) = Step(writer, n);
                var value = Value(run, writer, n);
                var commit = delete
                    ? new Commit { Delete = [$"/left/{key}", $"/right/{key}"] }
                    : new Commit { Put = [Put($"/left/{key}", value), Put($"/right/{key}", value)] };
                var revision = ((CommitResult.Committed)await store.CommitAsync(commit)).Revision;
                output.Write(Encoding.ASCII.GetBytes($"{revision} {writer} {n} {value}\n"));
            }
        })));
        return 0;
    }

    /// <summary>What a writer does in its n-th commit: no two writers share a key.</summary>
    public static (string Key, bool Delete) Step(int writer, int n) => ($"w{writer}/{n % KeysPerWriter}", n % 7 == 6);

    /// <summary>What it writes then; it ends with no digit, since what follows it in the file may be one.</summary>
    public static string Value(string run, int writer, int n) => $"{run}-{writer}-{n};";

    private static StorePut Put(string key, string value) => new(key, Encoding.ASCII.GetBytes(value));
}
