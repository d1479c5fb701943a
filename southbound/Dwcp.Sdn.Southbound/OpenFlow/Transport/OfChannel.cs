using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>Whoever owns a channel: it is called by the channel's loop alone, one call at a time.</summary>
internal interface IChannelOwner
{
    /// <summary>When <see cref="OnTick"/> is due, on the channel's clock.</summary>
    TimeSpan Deadline { get; }

    void OnStart(TimeSpan now);

    /// <summary>A whole message; the span is gone when the call returns.</summary>
    /// <exception cref="WireException">It cannot be read; <see cref="OnMalformed"/> follows.</exception>
    void OnMessage(OfHeader header, ReadOnlySpan<byte> message, TimeSpan now);

    void OnTick(TimeSpan now);

    void OnMalformed(OfHeader? header, string why, ReadOnlySpan<byte> message, TimeSpan now);
}

/// <summary>
/// One OpenFlow connection: cuts the stream into messages and wakes its owner when a deadline comes. One loop reads; a peer
/// that does not take our answers is not read from, and a peer that keeps that up is left.
/// </summary>
internal sealed class OfChannel : IAsyncDisposable
{
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(1);
    private const int LastOctets = 64 * 1024;

    private readonly Stream stream;
    private readonly TimeProvider time;
    private readonly TimeSpan patience;
    private readonly FairShare fair;
    private readonly PipeReader reader;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long startedAt;
    private FairShare.Account account;
    private volatile string? closing;
    private volatile bool rang;

    /// <param name="stream">The connection; the channel disposes it.</param>
    /// <param name="time">The clock of deadlines.</param>
    /// <param name="outgoing">Octets that may wait to be sent.</param>
    /// <param name="patience">How long the peer may refuse to take any of them.</param>
    /// <param name="fair">Its part of our time.</param>
    public OfChannel(Stream stream, TimeProvider time, int outgoing, TimeSpan patience, FairShare fair)
    {
        this.stream = stream;
        this.time = time;
        this.patience = patience;
        this.fair = fair;
        startedAt = time.GetTimestamp();
        reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, useZeroByteReads: true, leaveOpen: true));
        Out = new Outbox(stream, outgoing, e => Close(Describe(e)));
    }

    public Outbox Out { get; }

    public TimeSpan Now => time.GetElapsedTime(startedAt);

    /// <summary>Ends the loop after the message in hand; the first reason stays.</summary>
    public void Close(string why)
    {
        if (Interlocked.CompareExchange(ref closing, why, null) is null)
        {
            closed.SetResult(); // It may wait for room instead.
            reader.CancelPendingRead();
        }
    }

    /// <summary>Ends the loop and closes the connection under it; the first reason stays.</summary>
    public void Cut(string why)
    {
        Close(why);
        stream.Dispose();
    }

    /// <summary>Runs until the connection is over and says why.</summary>
    public async Task<string> RunAsync(IChannelOwner owner, CancellationToken stop)
    {
        using var stopping = stop.UnsafeRegister(static me => ((OfChannel)me!).Close("shutting down"), this);
        using var alarm = time.CreateTimer(static me => ((OfChannel)me!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var alarmAt = TimeSpan.MaxValue;
        try
        {
            owner.OnStart(Now);
            Out.Flush();
            while (closing is null)
            {
                await RoomAsync();
                if (rang)
                {
                    // It may have rung a little early, by the timer's grain; whatever is due is then still ahead.
                    rang = false;
                    alarmAt = TimeSpan.MaxValue;
                }

                if (owner.Deadline < alarmAt)
                {
                    alarmAt = owner.Deadline;
                    var wait = alarmAt - Now + Grain;
                    alarm.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                }

                var read = await reader.ReadAsync(CancellationToken.None);
                var began = time.GetTimestamp();
                var now = time.GetElapsedTime(startedAt, began);
                if (now >= owner.Deadline)
                {
                    owner.OnTick(now);
                }

                reader.AdvanceTo(Cut(read.Buffer, owner, now), read.Buffer.End);
                if (read.IsCompleted)
                {
                    Close("closed by the peer");
                }

                Out.Flush();
                var rest = fair.Took(ref account, began, time.GetTimestamp());
                if (rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, time, CancellationToken.None); // Milliseconds.
                }
            }

            // The last word, such as the error that explains the end, gets a moment to leave and to be read.
            await SayLastWordAsync();
        }
        catch (TimeoutException)
        {
            Close("the peer does not read");
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Close(Describe(e));
        }
        finally
        {
            Out.Close();
            await DisposeAsync();
        }

        return closing!;
    }

    public async ValueTask DisposeAsync()
    {
        await reader.CompleteAsync();
        await stream.DisposeAsync();
    }

    private async Task SayLastWordAsync()
    {
        using var limit = new CancellationTokenSource(LastWord, time);
        try
        {
            await Out.EmptyAsync(limit.Token);
            if (((stream as SocketStream)?.Socket ?? (stream as NetworkStream)?.Socket) is { Connected: true } socket)
            {
                // Closing a socket while there is something to read resets the connection, and what was sent is lost with it.
                socket.Shutdown(SocketShutdown.Send);
                await ReadToEndAsync(limit.Token);
            }
            else if (stream is SslStream tls)
            {
                await tls.ShutdownAsync().WaitAsync(limit.Token); // A peer that takes nothing would keep it for ever.
                await ReadToEndAsync(limit.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // It had its moment, or is at its end already.
        }
    }

    private async Task ReadToEndAsync(CancellationToken stop)
    {
        var unread = new byte[4096];
        for (var left = LastOctets; left > 0;)
        {
            var count = await stream.ReadAsync(unread, stop);
            if (count == 0)
            {
                return;
            }

            left -= count;
        }

        // It goes on sending: it may wait for the end, and come back no sooner.
        await Task.Delay(LastWord, time, stop);
    }

    private void Ring()
    {
        rang = true;
        reader.CancelPendingRead();
    }

    private Task RoomAsync() => Out.HasRoom ? Task.CompletedTask : Task.WhenAny(Out.RoomAsync(CancellationToken.None), closed.Task).WaitAsync(patience, time, CancellationToken.None);

    /// <summary>Hands over every whole message and returns where the first incomplete one starts.</summary>
    private SequencePosition Cut(ReadOnlySequence<byte> buffer, IChannelOwner owner, TimeSpan now)
    {
        Span<byte> head = stackalloc byte[OfHeader.Size];
        while (closing is null && buffer.Length >= OfHeader.Size)
        {
            OfHeader? header = null;
            scoped ReadOnlySpan<byte> message = [];
            byte[]? rented = null;
            try
            {
                buffer.Slice(0, OfHeader.Size).CopyTo(head);
                message = head;
                header = OfHeader.Read(head);
                var length = header.Value.Length;
                if (buffer.Length < length)
                {
                    break;
                }

                var whole = buffer.Slice(0, length);
                if (whole.IsSingleSegment)
                {
                    message = whole.FirstSpan;
                }
                else
                {
                    rented = ArrayPool<byte>.Shared.Rent(length);
                    whole.CopyTo(rented);
                    message = rented.AsSpan(0, length);
                }

                owner.OnMessage(header.Value, message, now);
                buffer = buffer.Slice(length);
            }
            catch (WireException e)
            {
                owner.OnMalformed(header, e.Message, message, now);
                Close($"malformed message: {e.Message}");
            }
            finally
            {
                if (rented is not null)
                {
                    ArrayPool<byte>.Shared.Return(rented);
                }
            }
        }

        return buffer.Start;
    }

    private static string Describe(Exception e) =>
        (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.ConnectionReset => "reset by the peer",
            { } code => $"network error: {code}",
            null => $"connection failed: {e.Message}",
        };
}
