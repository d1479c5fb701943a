using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Wire;

/// <summary>Takes length-prefixed messages from a body: 1 whether compressed | 4 length | message.</summary>
internal sealed class MessageReader(PipeReader pipe, string encoding, int maxLength)
{
    public const int HeaderLength = 5;

    /// <summary>The next message, or null when the body has ended.</summary>
    /// <exception cref="RpcException">The body is no sequence of such messages, or one is too long.</exception>
    public async ValueTask<T?> ReadAsync<T>(Marshaller<T> marshaller, CancellationToken stop)
        where T : class
    {
        while (true)
        {
            var read = await pipe.ReadAsync(stop);
            if (TryTake(read.Buffer, out var compressed, out var body))
            {
                try
                {
                    return Parse(marshaller, compressed ? MessageEncoding.Decompress(body, CompressedBy(), maxLength) : body);
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

            pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
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
