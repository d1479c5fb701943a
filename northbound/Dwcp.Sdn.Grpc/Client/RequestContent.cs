using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Dwcp.Sdn.Grpc.Wire;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Client;

/// <summary>A body of one message.</summary>
internal static class MessageContent
{
    public static readonly MediaTypeHeaderValue ContentType = new("application/grpc");

    public static HttpContent Of<T>(Marshaller<T> marshaller, T message, bool compress)
    {
        var body = new ArrayBufferWriter<byte>();
        MessageWriter.Write(body, marshaller, message, compress);
        return new ReadOnlyMemoryContent(body.WrittenMemory) { Headers = { ContentType = ContentType } };
    }
}

/// <summary>A body that is written while the answer is already being read.</summary>
internal sealed class StreamedContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StreamedContent() => Headers.ContentType = MessageContent.ContentType;

    /// <summary>Where requests go, once the connection takes them.</summary>
    public Task<Stream> Ready => _ready.Task;

    public void Complete() => _complete.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The server learns of the call before the first request is written.
        await stream.FlushAsync(cancellationToken);
        _ready.TrySetResult(stream);
        await _complete.Task.WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>The requests of a call that streams them.</summary>
internal sealed class RequestWriter<T>(StreamedContent content, Marshaller<T> marshaller, bool compress, Task<RpcException?> ended) : IClientStreamWriter<T>
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private int _writing;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("A stream takes one write at a time");
        }

        try
        {
            await Task.WhenAny(content.Ready, ended).WaitAsync(cancellationToken);
            if (ended.IsCompleted)
            {
                throw await ended ?? new RpcException(new Status(StatusCode.OK, "The call has ended"));
            }

            var flags = WriteOptions?.Flags ?? WriteFlags.None;
            _buffer.ResetWrittenCount();
            MessageWriter.Write(_buffer, marshaller, message, compress && !flags.HasFlag(WriteFlags.NoCompress));
            var stream = await content.Ready;
            await stream.WriteAsync(_buffer.WrittenMemory, cancellationToken);
            if (!flags.HasFlag(WriteFlags.BufferHint))
            {
                await stream.FlushAsync(cancellationToken);
            }
        }
        catch (Exception e) when (e is not (RpcException or InvalidOperationException) && !cancellationToken.IsCancellationRequested)
        {
            // The transport only says that the stream is gone; the call knows why.
            throw await ended ?? new RpcException(new Status(StatusCode.OK, "The call has ended", e));
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public Task CompleteAsync()
    {
        content.Complete();
        return Task.CompletedTask;
    }
}
