using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Dwcp.Sdn.Grpc.Server;
using Google.Protobuf;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Wire;

/// <summary>Takes length-prefixed messages from a body: 1 whether compressed | 4 length | message.</summary>
/// <param name="share">What the messages take their memory of: each until the next is read; null = nobody counts.</param>
/// <param name="timeout">How long a message may take from its first byte to its last; null = as long as it likes.</param>
internal sealed class MessageReader(PipeReader pipe, string encoding, int maxLength, MessageBudget.Share? share = null, TimeSpan? timeout = null)
{
    public const int HeaderLength = 5;

    /// <summary>The next message, or null when the body has ended.</summary>
    /// <exception cref="RpcException">The body is no sequence of such messages, or one is too long.</exception>
    public async ValueTask<T?> ReadAsync<T>(Marshaller<T> marshaller, CancellationToken stop)
        where T : class
    {
        Hold(0);
        CancellationTokenSource? patience = null;
        try
        {
            while (true)
            {
                var read = await pipe.ReadAsync(patience?.Token ?? stop);
                if (TryTake(read.Buffer, out var compressed, out var body))
                {
                    try
                    {
                        Hold(body.Length);
                        return Parse(marshaller, compressed ? Unfold(body) : body);
                    }
                    finally
                    {
                        pipe.AdvanceTo(body.End);
                    }
                }

                if (read.IsCompleted)
                {
                    var ended = read.Buffer.IsEmpty;
                    pipe.AdvanceTo(read.Buffer.End);
                    return ended ? null : throw new RpcException(new Status(StatusCode.Internal, "The body ends within a message"));
                }

                var (arrived, hasRoom) = (read.Buffer.Length, TryHold(read.Buffer.Length));
                pipe.AdvanceTo(hasRoom ? read.Buffer.Start : read.Buffer.End, read.Buffer.End);
                if (!hasRoom)
                {
                    throw NoRoom();
                }

                if (timeout is { } most && patience is null && arrived > 0)
                {
                    patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
                    patience.CancelAfter(most);
                }
            }
        }
        catch (OperationCanceledException) when (patience is { IsCancellationRequested: true } && !stop.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"A message did not arrive within {timeout!.Value.TotalSeconds} s"));
        }
        finally
        {
            patience?.Dispose();
        }
    }

    /// <summary>Whether nothing more comes; the message that was read last goes on taking its memory.</summary>
    public async ValueTask<bool> IsAtEndAsync(CancellationToken stop)
    {
        while (true)
        {
            var read = await pipe.ReadAsync(stop);
            var (isEmpty, isCompleted) = (read.Buffer.IsEmpty, read.IsCompleted);
            pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (!isEmpty || isCompleted)
            {
                return isEmpty;
            }
        }
    }

    public static RpcException TooLong(long length, int maxLength)
        => new(new Status(StatusCode.ResourceExhausted, $"A message of {length} bytes or more was received, the limit is {maxLength}"));

    private static T Parse<T>(Marshaller<T> marshaller, ReadOnlySequence<byte> body)
    {
        try
        {
            return marshaller.ContextualDeserializer(new Payload(body));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"A message cannot be read as {typeof(T).Name}: {e.Message}"));
        }
    }

    private bool TryTake(ReadOnlySequence<byte> buffer, out bool compressed, out ReadOnlySequence<byte> body)
    {
        (compressed, body) = (false, default);
        if (buffer.Length < HeaderLength)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderLength];
        buffer.Slice(0, HeaderLength).CopyTo(header);
        if (header[0] > 1)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"A message begins with {header[0]}, neither 0 nor 1"));
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > maxLength)
        {
            throw TooLong(length, maxLength);
        }

        if (buffer.Length < HeaderLength + length)
        {
            return false;
        }

        compressed = header[0] == 1;
        body = buffer.Slice(HeaderLength, length);
        return true;
    }

    private ReadOnlySequence<byte> Unfold(ReadOnlySequence<byte> body)
    {
        var plain = MessageEncoding.Decompress(body, CompressedBy(), maxLength);
        Hold(plain.Length);
        return plain;
    }

    private bool TryHold(long bytes) => share?.TryHold(bytes) != false;

    private void Hold(long bytes)
    {
        if (!TryHold(bytes))
        {
            throw NoRoom();
        }
    }

    private static RpcException NoRoom() => new(
        new Status(StatusCode.ResourceExhausted, "The messages of the calls under way take all the memory there is for them; try again in a second"), GrpcDispatcher.Later);

    private string CompressedBy() => encoding != MessageEncoding.Identity
        ? encoding
        : throw new RpcException(new Status(StatusCode.Internal, "A message is marked as compressed, but no grpc-encoding says how"));

    private sealed class Payload(ReadOnlySequence<byte> body) : DeserializationContext
    {
        public override int PayloadLength => (int)body.Length;

        public override byte[] PayloadAsNewBuffer() => body.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => body;
    }
}
