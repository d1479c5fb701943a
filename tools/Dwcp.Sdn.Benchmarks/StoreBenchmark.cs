using System.Diagnostics;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>How many commits per second the embedded store makes durable, and how fast it loads and lists.</summary>
internal static class StoreBenchmark
{
    private const int Runs = 3;
    private const int ValueLength = 300; // about a port as it is stored
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(3);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var directory = Directory.CreateDirectory(Path.Combine(arguments is [var chosen] ? chosen : Path.GetTempPath(), $"dwcp-benchmark-{Environment.ProcessId}"));
        try
        {
            Console.WriteLine($"store: {directory.FullName} ({new DriveInfo(directory.FullName).DriveFormat}), values of {ValueLength} octets, median of {Runs} runs of {RunTime.TotalSeconds:0} s");
            foreach (var writers in new[] { 1, 8, 64 })
            {
                var runs = new List<(double PerSecond, double P50, double P99)>();
                for (var run = 0; run < Runs; run++)
                {
                    runs.Add(await CommitAsync(Path.Combine(directory.FullName, $"{writers}-{run}.db"), writers));
                }

                var median = runs.OrderBy(r => r.PerSecond).ElementAt(Runs / 2);
                Console.WriteLine($"{writers,3} writers: {median.PerSecond,9:n0} commits/s, acknowledged after {median.P50:0.00} ms (p50), {median.P99:0.00} ms (p99)");
            }

            await ReadAsync(Path.Combine(directory.FullName, "large.db"), keys: 100_000);
            return 0;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<(double PerSecond, double P50, double P99)> CommitAsync(string path, int writers)
    {
        await using var store = await SqliteStateStore.OpenAsync(path);
        await store.CommitAsync(new Commit { Put = [new("/warm", new byte[ValueLength])] });
        var clock = Stopwatch.StartNew();
        var waits = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var waited = new List<double>();
            for (var n = 0; clock.Elapsed < RunTime; n++)
            {
                var from = Stopwatch.GetTimestamp();
                var commit = new Commit { Put = [new($"/ports/w{writer}-{n % 1000}", new byte[ValueLength])] };
                if (await store.CommitAsync(commit) is not CommitResult.Committed)
                {
                    throw new InvalidOperationException("a commit without expectations was refused");
                }

                waited.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            }

            return waited;
        })));
        var seconds = clock.Elapsed.TotalSeconds;
        var sorted = waits.SelectMany(w => w).Order().ToArray();
        return (sorted.Length / seconds, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
    }

    private static async Task ReadAsync(string path, int keys)
    {
        await using (var store = await SqliteStateStore.OpenAsync(path))
        {
            foreach (var chunk in Enumerable.Range(0, keys).Chunk(1000))
            {
                await store.CommitAsync(new Commit
                {
                    Put = [.. chunk.Select(n => new StorePut($"/ports/net{n % 100:d2}-{n}", new byte[ValueLength]))],
                });
            }
        }

        var clock = Stopwatch.StartNew();
        await using var again = await SqliteStateStore.OpenAsync(path);
        Console.WriteLine($"open with {keys:n0} keys, all verified: {clock.ElapsedMilliseconds} ms");
        var lists = new List<double>();
        for (var net = 0; net < 100; net++)
        {
            clock.Restart();
            var listing = await again.ListAsync($"/ports/net{net:d2}-");
            lists.Add(clock.Elapsed.TotalMicroseconds);
            if (listing.Entries.Count != keys / 100)
            {
                throw new InvalidOperationException($"{listing.Entries.Count} entries listed, {keys / 100} written");
            }
        }

        Console.WriteLine($"list {keys / 100:n0} of them by prefix: {lists.Order().ElementAt(50):n0} µs (median)");
    }
}
