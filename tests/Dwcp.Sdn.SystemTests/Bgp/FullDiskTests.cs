using System.Buffers.Binary;
using System.Diagnostics;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Tests.Bgp;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>MRT files on a disk that is full and has room again: a small tmpfs in a mount namespace of its own.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-mrt-full-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_full_disk_costs_records_and_neither_a_file_nor_the_speaker()
    {
        using var holder = Process.Start(new ProcessStartInfo(
            "unshare", ["--mount", "sh", "-ec", "mount -t tmpfs -o size=1m tmpfs \"$1\"; echo mounted; exec sleep 600", "sh", directory])
        { RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("mounted", await holder.StandardOutput.ReadLineAsync());
            var disk = $"/proc/{holder.Id}/root{directory}";
            var ballast = Path.Combine(disk, "ballast");
            await using var left = Speaker("10.9.75.1");
            await using var right = Speaker("10.9.75.2");
            Fill(ballast);
            using (var file = File.OpenHandle(ballast, FileMode.Open, FileAccess.Write))
            {
                RandomAccess.SetLength(file, RandomAccess.GetLength(file) - 8192); // Room for the first records, and for half of another.
            }

            await left.RecordAsync(new MrtSettings(disk, true, TimeSpan.Zero, TimeSpan.FromMilliseconds(50), 64 * 1024, 3));
            await left.PutPeerAsync(From("127.9.75.2"));
            await right.PutPeerAsync(To(await left.ListenAsync("127.9.75.1"), "127.9.75.2"));
            await left.UntilUpAsync();
            for (var round = 1u; left.Recording is not { Dropped: > 0, LastError: not null }; round++)
            {
                await right.OriginateAsync([.. Enumerable.Range(1, 300).Select(i => Host(i, sequence: round))]);
                await Task.Delay(20);
                Assert.InRange(round, 1u, 3000u);
            }

            Assert.Contains("space", left.Recording!.LastError, StringComparison.Ordinal);
            var before = left.Recording.Records;
            File.Delete(ballast);
            for (var round = 10_000u; left.Recording.Records < before + 100; round++)
            {
                await right.OriginateAsync([.. Enumerable.Range(1, 300).Select(i => Host(i, sequence: round))]);
                await Task.Delay(20);
                Assert.InRange(round, 10_000u, 13_000u);
            }

            await left.RecordAsync(null);
            var files = Directory.GetFiles(disk, "updates.*.mrt");
            Assert.InRange(files.Length, 1, 3);
            Assert.All(files, f => Assert.InRange(Records(File.ReadAllBytes(f)), 1, int.MaxValue));
        }
        finally
        {
            holder.Kill();
            await holder.WaitForExitAsync();
        }
    }

    /// <summary>How many records there are, each whole and none behind a half one.</summary>
    private static int Records(ReadOnlySpan<byte> file)
    {
        var count = 0;
        for (; file.Length > 0; count++)
        {
            Assert.Equal(16, BinaryPrimitives.ReadUInt16BigEndian(file[4..]));
            file = file[(12 + (int)BinaryPrimitives.ReadUInt32BigEndian(file[8..]))..];
        }

        return count;
    }

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
}
