using System.Diagnostics;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.SystemTests.Store;

/// <summary>A full disk is an error to the caller and to nobody else. The disk is a small tmpfs in a mount namespace of its own.</summary>
public sealed class StoreFullDisk : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-full-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_full_disk_refuses_commits_shows_nothing_of_them_and_goes_on_when_there_is_room()
    {
        var disk = Directory.CreateDirectory(Path.Combine(directory, "disk")).FullName;
        using var shell = Shell.Start(disk);
        Assert.Equal("open", await shell.ReadAsync());
        Assert.Equal("committed 1", await shell.AskAsync("put /before 1000"));

        var ballast = Path.Combine(shell.Disk, "ballast");
        Fill(ballast);
        var answers = new List<string>();
        for (var n = 0; n < 300; n++)
        {
            answers.Add(await shell.AskAsync($"put /k/{n} {(n % 10 + 1) * 2000}"));
        }

        // A small one may still fit between two large ones that do not; each is all there or not at all.
        var refused = answers.Where(a => a.StartsWith("NoRoom ", StringComparison.Ordinal)).ToList();
        Assert.True(refused.Count > 200, $"{refused.Count} of {answers.Count} were refused: {answers[^1]}");
        Assert.Equal(answers.Count, refused.Count + answers.Count(a => a.StartsWith("committed ", StringComparison.Ordinal)));
        Assert.All(refused, a => Assert.Contains("make room", a));
        var full = await shell.AskAsync("list");
        Assert.Equal(Expected(answers), full);
        Assert.Equal(full, Text(await ReadCopyAsync(shell.Disk)));

        File.Delete(ballast);
        var revision = long.Parse(full.Split(' ')[0]);
        Assert.Equal($"committed {revision + 1}", await shell.AskAsync("put /after 20000"));
        Assert.Equal($"committed {revision + 2}", await shell.AskAsync("put /k/299 20000"));
        Assert.Equal(await shell.AskAsync("list"), Text(await ReadCopyAsync(shell.Disk)));
        Assert.Equal(0, await shell.CloseAsync());
    }

    /// <summary>The listing if exactly the acknowledged puts took place.</summary>
    private static string Expected(List<string> answers)
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["/before"] = "1:1000", ["/before/twin"] = "1:1000" };
        var revision = 1;
        for (var n = 0; n < answers.Count; n++)
        {
            if (answers[n] == $"committed {revision + 1}")
            {
                revision++;
                entries[$"/k/{n}"] = entries[$"/k/{n}/twin"] = $"{revision}:{(n % 10 + 1) * 2000}";
            }
        }

        return string.Join(' ', [$"{revision}", .. entries.Select(e => $"{e.Key}={e.Value}")]);
    }

    private static string Text(StoreListing listing) =>
        string.Join(' ', [$"{listing.Revision}", .. listing.Entries.Select(e => $"{e.Key}={e.ModRevision}:{e.Value.Length}")]);

    private static void Fill(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        var block = new byte[4096];
        try
        {
            for (var at = 0L; ; at += block.Length)
            {
                RandomAccess.Write(file, block, at);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>What a restart at this moment would find.</summary>
    private async Task<StoreListing> ReadCopyAsync(string disk)
    {
        var copy = Directory.CreateDirectory(Path.Combine(directory, "copy")).FullName;
        foreach (var file in Directory.GetFiles(disk, "state.db*"))
        {
            (await Command.RunAsync("cp", file, copy)).Succeeded();
        }

        StoreListing state;
        await using (var store = await SqliteStateStore.OpenAsync(Path.Combine(copy, "state.db")))
        {
            state = await store.ListAsync("/");
        }

        Directory.Delete(copy, recursive: true);
        return state;
    }

    /// <summary>The store in another process, which has the disk mounted for itself alone.</summary>
    private sealed class Shell : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
        private readonly Process process;

        private Shell(Process process, string disk)
        {
            this.process = process;
            Disk = $"/proc/{process.Id}/root{disk}";
        }

        /// <summary>The disk as this process reaches it.</summary>
        public string Disk { get; }

        public static Shell Start(string disk)
        {
            var start = new ProcessStartInfo(
                "unshare", ["--mount", "sh", "-ec", "mount -t tmpfs -o size=2m tmpfs \"$1\"; exec \"$2\" store-shell \"$1/state.db\"", "sh", disk, Checkout.Benchmarks])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
            return new(Process.Start(start)!, disk);
        }

        public async Task<string> ReadAsync() =>
            await process.StandardOutput.ReadLineAsync().WaitAsync(Patience)
                ?? throw new InvalidOperationException("the store's process has ended");

        public async Task<string> AskAsync(string line)
        {
            await process.StandardInput.WriteLineAsync(line);
            return await ReadAsync();
        }

        public async Task<int> CloseAsync()
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Patience);
            return process.ExitCode;
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }

            process.Dispose();
        }
    }
}
