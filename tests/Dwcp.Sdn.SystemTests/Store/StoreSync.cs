using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests.Store;

/// <summary>Seen from outside: no acknowledgement leaves the process before the kernel has synced the commit that it is for.</summary>
public sealed partial class StoreSync : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-sync-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(1, 100)]
    [InlineData(8, 30)]
    public async Task Every_acknowledgement_follows_the_sync_of_its_own_commit(int writers, int commits)
    {
        var trace = Path.Combine(directory, "trace");
        var run = await Command.RunAsync(
            "strace", "-f", "-y", "-s", "5000", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", trace,
            Checkout.Benchmarks, "store-writer", Path.Combine(directory, "state.db"), $"{writers}", $"{commits}");
        var acknowledged = run.Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(writers * commits, acknowledged.Length);

        var calls = Call.Read(File.ReadLines(trace)).ToList();
        var syncs = calls.Where(c => c.IsSync && c.Text.Contains("state.db-wal>", StringComparison.Ordinal)).ToList();
        var checkedCommits = 0;
        foreach (var line in acknowledged)
        {
            var value = line.Split(' ')[^1];
            var written = calls.FirstOrDefault(c => c.Name == "pwrite64" && c.Text.Contains("state.db-wal>", StringComparison.Ordinal) && c.Text.Contains(value, StringComparison.Ordinal));
            if (written is null)
            {
                continue; // A delete carries no value of its own.
            }

            var told = calls.First(c => c.Name == "write" && c.Text.Contains("<pipe:", StringComparison.Ordinal) && c.Text.Contains(value, StringComparison.Ordinal));
            Assert.True(
                syncs.Any(s => s.Begin > written.End && s.End < told.Begin && s.Result == "0"),
                $"'{line}' was told at line {told.Begin} of the trace; its commit was written at {written.Begin} and not synced between");
            checkedCommits++;
        }

        Assert.Equal(acknowledged.Count(line => !Dwcp.Sdn.Benchmarks.StoreWriter.Step(0, int.Parse(line.Split(' ')[2])).Delete), checkedCommits);
        Assert.True(writers > 1 || syncs.Count >= checkedCommits, $"{syncs.Count} syncs for {checkedCommits} commits one after the other");
    }

    /// <summary>A system call: the lines of the trace where it began and ended, and what was passed to it.</summary>
    private sealed partial record Call(string Name, string Text, int Begin, int End, string Result)
    {
        public bool IsSync => Name is "fsync" or "fdatasync";

        public static IEnumerable<Call> Read(IEnumerable<string> lines)
        {
            var open = new Dictionary<string, (string Name, string Text, int Begin)>();
            var at = 0;
            foreach (var line in lines)
            {
                at++;
                if (Whole().Match(line) is { Success: true } whole)
                {
                    yield return new(whole.Groups["name"].Value, whole.Groups["text"].Value, at, at, whole.Groups["result"].Value);
                }
                else if (Unfinished().Match(line) is { Success: true } begun)
                {
                    open[begun.Groups["thread"].Value] = (begun.Groups["name"].Value, begun.Groups["text"].Value, at);
                }
                else if (Resumed().Match(line) is { Success: true } ended && open.Remove(ended.Groups["thread"].Value, out var call))
                {
                    yield return new(call.Name, call.Text, call.Begin, at, ended.Groups["result"].Value);
                }
            }
        }

        [GeneratedRegex(@"^(?<thread>\d+) +(?<name>\w+)\((?<text>.*)\) += (?<result>-?\d+)")]
        private static partial Regex Whole();

        [GeneratedRegex(@"^(?<thread>\d+) +(?<name>\w+)\((?<text>.*) <unfinished \.\.\.>$")]
        private static partial Regex Unfinished();

        [GeneratedRegex(@"^(?<thread>\d+) +<\.\.\. \w+ resumed>.*\) += (?<result>-?\d+)")]
        private static partial Regex Resumed();
    }
}
