using System.Globalization;
using System.Threading.Channels;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Mrt;

/// <summary>Writes MRT files: the speaker's loop hands records over and never waits for the disk.</summary>
internal sealed class MrtArchive : IPeerObserver, IAsyncDisposable
{
    private readonly MrtSettings settings;
    private readonly SpeakerLoop loop;
    private readonly TimeProvider time;
    private readonly Func<Stream, CancellationToken, Task> dump;
    private readonly CancellationTokenSource stop = new();
    private readonly Task writing;
    private readonly Task dumping;
    private long records;
    private long dropped;
    private volatile string? lastError;

    // Full: the record is dropped and counted. Peers are not to wait for a disk.
    private readonly Channel<byte[]> queue = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(16_384) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <param name="dump">Writes the table.</param>
    public MrtArchive(MrtSettings settings, SpeakerLoop loop, TimeProvider time, Func<Stream, CancellationToken, Task> dump)
    {
        this.settings = settings;
        this.loop = loop;
        this.time = time;
        this.dump = dump;
        writing = Task.Run(WriteAsync);
        dumping = settings.TableEvery > TimeSpan.Zero ? Task.Run(DumpAsync) : Task.CompletedTask;
    }

    public MrtStatus Status => new(settings, Interlocked.Read(ref records), Interlocked.Read(ref dropped), lastError);

    public void Moved(PeerSession peer, BgpPhase before, BgpPhase after)
    {
        if (peer.Settings.Address is { } address)
        {
            Put(MessageRecords.OfChange(loop.UtcNow, peer.Settings.RemoteAs, LocalAs(peer), address, LocalOf(peer, address), before, after));
        }
    }

    public void Up(PeerSession peer)
    {
        // A change of state says so.
    }

    public void Received(PeerSession peer, IpAddress local, ReadOnlySpan<byte> message)
    {
        var stands = peer.Ends is not null;
        Put(MessageRecords.OfMessage(
            loop.UtcNow, peer.Settings.RemoteAs, LocalAs(peer), peer.Settings.Address!.Value, local,
            stands && !peer.Rib.Rules.As4, stands && !peer.Rib.Rules.AddPath.IsEmpty, message));
    }

    public void Down(PeerSession peer, PeerAction.Down how)
    {
        // A change of state says so.
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await stop.CancelAsync();
        await Task.WhenAll(writing, dumping);
        stop.Dispose();
    }

    private static IpAddress LocalOf(PeerSession peer, IpAddress address) =>
        peer.Settings.LocalAddress ?? (address.IsV6 ? IpAddress.V6(0) : IpAddress.V4(0));

    private Asn LocalAs(PeerSession peer) => peer.Settings.LocalAs ?? loop.Speaker.LocalAs;

    private void Put(byte[] record)
    {
        if (!queue.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref dropped);
        }
    }

    private async Task WriteAsync()
    {
        FileStream? file = null;
        var began = time.GetTimestamp();
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (queue.Reader.TryRead(out var record))
            {
                try
                {
                    if (file is not null && (file.Position >= settings.MaxOctets || time.GetElapsedTime(began) >= settings.RotateEvery))
                    {
                        await file.DisposeAsync();
                        file = null;
                    }

                    if (file is null)
                    {
                        file = new FileStream(NewName("updates"), FileMode.CreateNew, FileAccess.Write, FileShare.Read, 64 * 1024);
                        began = time.GetTimestamp();
                        Prune("updates");
                    }

                    await file.WriteAsync(record);
                    Interlocked.Increment(ref records);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    lastError = e.Message;
                    Interlocked.Increment(ref dropped);
                }
            }

            try
            {
                await (file?.FlushAsync() ?? Task.CompletedTask);
            }
            catch (IOException e)
            {
                lastError = e.Message;
            }
        }

        await (file?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task DumpAsync()
    {
        using var timer = new PeriodicTimer(settings.TableEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                try
                {
                    var name = NewName("rib");
                    await using (var file = new FileStream(name + ".part", FileMode.Create, FileAccess.Write, FileShare.Read, 64 * 1024))
                    {
                        await dump(file, stop.Token);
                    }

                    File.Move(name + ".part", name); // Whoever looks for *.mrt finds whole ones.
                    Prune("rib");
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    lastError = e.Message;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private string NewName(string kind)
    {
        Directory.CreateDirectory(settings.Directory);
        var at = loop.UtcNow.ToString("yyyyMMdd.HHmmss.fff", CultureInfo.InvariantCulture);
        return Path.Combine(settings.Directory, $"{kind}.{at}.mrt");
    }

    private void Prune(string kind)
    {
        foreach (var old in Directory.GetFiles(settings.Directory, $"{kind}.*.mrt").Order(StringComparer.Ordinal).SkipLast(settings.Keep))
        {
            File.Delete(old);
        }
    }
}
