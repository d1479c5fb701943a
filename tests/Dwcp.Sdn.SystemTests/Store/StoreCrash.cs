using System.Globalization;
using System.Text;
using Dwcp.Sdn.Benchmarks;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.SystemTests.Store;

/// <summary>kill -9 under load: what the writer printed as acknowledged is there, and of the rest nothing by halves.</summary>
public sealed class StoreCrash : IDisposable
{
    private const int Writers = 8;

    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-crash-").FullName;
    private readonly Dictionary<string, string> stored = new(StringComparer.Ordinal); // a key without its side, and its value
    private long acknowledged;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static int Kills { get; } = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? 1000 : 100;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task A_hundred_kills_under_load_lose_no_acknowledged_commit()
    {
        var random = new Random(20);
        var path = Path.Combine(directory, "state.db");
        var commits = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var lines = await RunAndKillAsync(path, TimeSpan.FromMilliseconds(random.Next(80)));
            commits += lines.Length;
            var inFlight = Follow(lines);
            await VerifyAsync(path, inFlight, $"kill {kill}, {lines.Length} commits");
        }

        Assert.True(commits > 20 * Kills, $"only {commits} commits were acknowledged: that is no load");
    }

    private static async Task<Acknowledgement[]> RunAndKillAsync(string path, TimeSpan load)
    {
        await using var writer = Command.Start(Checkout.Benchmarks, "store-writer", path, $"{Writers}");
        while (writer.Printed.Length == 0 && !writer.HasEnded)
        {
            await Task.Delay(5);
        }

        await Task.Delay(load);
        Assert.False(writer.HasEnded, writer.Printed);
        await writer.KillAsync();
        return [.. writer.Printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Acknowledgement.Parse)];
    }

    /// <summary>Carries out what was acknowledged; returns the one commit per writer that may or may not have come through.</summary>
    private Dictionary<string, string?> Follow(Acknowledgement[] lines)
    {
        var before = acknowledged;
        var run = lines[0].Value.Split('-')[0];
        var next = new int[Writers];
        foreach (var (revision, writer, n, value) in lines)
        {
            var (key, delete) = StoreWriter.Step(writer, n);
            Assert.Equal(next[writer], n);
            Assert.True(revision >= before, $"revision {revision} was given out again, {before} had been acknowledged");
            next[writer] = n + 1;
            acknowledged = Math.Max(acknowledged, revision);
            if (delete)
            {
                stored.Remove(key);
            }
            else
            {
                stored[key] = value;
            }
        }

        return Enumerable.Range(0, Writers).ToDictionary(
            writer => StoreWriter.Step(writer, next[writer]).Key,
            writer => StoreWriter.Step(writer, next[writer]).Delete ? null : StoreWriter.Value(run, writer, next[writer]));
    }

    private async Task VerifyAsync(string path, Dictionary<string, string?> inFlight, string when)
    {
        var state = await ReadCopyAsync(path);
        var (left, right) = (Side(state, "/left/"), Side(state, "/right/"));
        Assert.True(state.Revision >= acknowledged, $"{when}: the store is at revision {state.Revision}, {acknowledged} was acknowledged");
        Assert.Equal(left, right);
        foreach (var (key, value) in inFlight)
        {
            if (left.GetValueOrDefault(key) != value)
            {
                continue;
            }

            if (value is null)
            {
                stored.Remove(key);
            }
            else
            {
                stored[key] = value;
            }
        }

        var wrong = stored.Keys.Union(left.Keys).Where(key => stored.GetValueOrDefault(key) != left.GetValueOrDefault(key)).ToArray();
        Assert.True(wrong.Length == 0, $"{when}: " + string.Join("; ", wrong.Select(key =>
            $"{key} is '{left.GetValueOrDefault(key)}', acknowledged was '{stored.GetValueOrDefault(key)}'")));
        acknowledged = state.Revision;
    }

    /// <summary>Looks at a copy, so that the next run has to recover the files as the kill left them.</summary>
    private async Task<StoreListing> ReadCopyAsync(string path)
    {
        var copy = Directory.CreateDirectory(Path.Combine(directory, "copy")).FullName;
        foreach (var file in Directory.GetFiles(directory))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        StoreListing state;
        await using (var store = await SqliteStateStore.OpenAsync(Path.Combine(copy, Path.GetFileName(path))))
        {
            state = await store.ListAsync("/");
        }

        Directory.Delete(copy, recursive: true);
        return state;
    }

    private static SortedDictionary<string, string> Side(StoreListing state, string prefix) => new(
        state.Entries.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(e => e.Key[prefix.Length..], e => Encoding.ASCII.GetString(e.Value.Span)),
        StringComparer.Ordinal);

    private sealed record Acknowledgement(long Revision, int Writer, int N, string Value)
    {
        public static Acknowledgement Parse(string line)
        {
            var words = line.Split(' ');
            return new(
                long.Parse(words[0], CultureInfo.InvariantCulture),
                int.Parse(words[1], CultureInfo.InvariantCulture),
                int.Parse(words[2], CultureInfo.InvariantCulture),
                words[3]);
        }
    }
}
