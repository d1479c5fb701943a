using System.Globalization;
using System.Threading.Channels;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Core.Net;
using Microsoft.Win32.SafeHandles;

namespace Dwcp.Sdn.Bgp.Mrt;

/// <summary>Writes MRT files: the speaker's loop hands records over and never waits for the disk.</summary>
internal sealed class MrtArchive : IPeerObserver, IAsyncDisposable
{
    private const int BatchOctets = 256 * 1024;

    // An extended message behind the header of MRT, with addresses of IPv6.
    private const int LargestRecord = 66 * 1024;

    private readonly MrtSettings settings;
    private readonly SpeakerLoop loop;
    private readonly TimeProvider time;
    private readonly Func<Stream, CancellationToken, Task> dump;
    private readonly CancellationTokenSource stop = new();
    private readonly Task writing;
    private readonly Task dumping;
    private long records;
    private long dropped;
    private volatile string? messageError;
    private volatile string? tableError;

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

    public MrtStatus Status => new(settings, Interlocked.Read(ref records), Interlocked.Read(ref dropped), messageError ?? tableError);

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
        SafeFileHandle? file = null;
        var (began, length) = (0L, 0L);
        var batch = new byte[BatchOctets];
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            if (file is not null && length > 0 && (length >= settings.MaxOctets || time.GetElapsedTime(began) >= settings.RotateEvery))
            {
                Finish(file, length);
                file = null;
            }

            var (filled, count) = (0, 0);
            while (filled <= batch.Length - LargestRecord && queue.Reader.TryRead(out var record))
            {
                record.CopyTo(batch, filled);
                filled += record.Length;
                count++;
                if ((file is null ? 0 : length) + filled >= settings.MaxOctets)
                {
                    break;
                }
            }

            try
            {
                if (file is null)
                {
                    length = 0;
                    file = File.OpenHandle(NewName("updates"), FileMode.CreateNew, FileAccess.Write);
                    began = time.GetTimestamp();
                    Prune("updates");
                }

                // At a place of its own: what a full disk took half of is written over by what comes next.
                await RandomAccess.WriteAsync(file, batch.AsMemory(0, filled), length);
                length += filled;
                Interlocked.Add(ref records, count);
                messageError = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                messageError = e.Message;
                Interlocked.Add(ref dropped, count);
            }
        }

        if (file is not null)
        {
            Finish(file, length);
        }
    }

    /// <summary>Cuts off the half of a record that may be at the end.</summary>
    private void Finish(SafeFileHandle file, long length)
    {
        using (file)
        {
            try
            {
                RandomAccess.SetLength(file, length);
            }
            catch (IOException e)
            {
                messageError = e.Message;
            }
        }
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
                    await DumpAsync(NewName("rib"));
                    Prune("rib");
                    tableError = null;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    tableError = e.Message;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    /// <summary>Whoever looks for *.mrt finds whole ones, and of what did not become whole nothing stays.</summary>
    private async Task DumpAsync(string name)
    {
        var part = name + ".part";
        try
        {
            await using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.Read, 64 * 1024))
            {
                await dump(file, stop.Token);
            }

            File.Move(part, name);
        }
        finally
        {
            File.Delete(part);
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
