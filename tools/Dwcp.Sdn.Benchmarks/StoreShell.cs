using System.Globalization;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// Obeys lines from standard input, one line of answer each: <c>put KEY OCTETS</c> → <c>committed REVISION</c> or <c>NoRoom MESSAGE</c>,
/// <c>list</c> → <c>REVISION KEY=MODREVISION:OCTETS …</c>. A test drives it where the test itself cannot be: on a disk in a namespace.
/// </summary>
internal static class StoreShell
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var store = await SqliteStateStore.OpenAsync(arguments[0]);
        Console.WriteLine("open");
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(await AnswerAsync(store, line.Split(' ')));
        }

        return 0;
    }

    private static async Task<string> AnswerAsync(SqliteStateStore store, string[] words)
    {
        switch (words)
        {
            case ["put", var key, var octets]:
                try
                {
                    var value = new byte[int.Parse(octets, CultureInfo.InvariantCulture)];
                    var result = await store.CommitAsync(new Commit { Put = [new(key, value), new(key + "/twin", value)] });
                    return $"committed {((CommitResult.Committed)result).Revision}";
                }
                catch (StoreException e)
                {
                    return $"{e.Fault} {e.Message}";
                }

            case ["list"]:
                var listing = await store.ListAsync("/");
                return string.Join(' ', [$"{listing.Revision}", .. listing.Entries.Select(e => $"{e.Key}={e.ModRevision}:{e.Value.Length}")]);
            default:
                return $"put KEY OCTETS, or list; not '{string.Join(' ', words)}'";
        }
    }
}
