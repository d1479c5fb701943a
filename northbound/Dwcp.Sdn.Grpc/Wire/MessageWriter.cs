using System.Buffers;
using System.Buffers.Binary;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Wire;

/// <summary>
/// Puts one length-prefixed message into a buffer. A message that knows its length and is not compressed is serialized
/// in place, without a copy.
/// </summary>
internal sealed class MessageWriter(IBufferWriter<byte> target, bool compress) : SerializationContext
{
    private int? _length;
    private ArrayBufferWriter<byte>? _collected;

    public static void Write<T>(IBufferWriter<byte> target, Marshaller<T> marshaller, T message, bool compress = false)
        => marshaller.ContextualSerializer(message, new MessageWriter(target, compress));

    public override void SetPayloadLength(int payloadLength) => _length = payloadLength;

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_length is { } length && !compress)
        {
            WriteHeader(length, compressed: false);
            return target;
        }

        return _collected ??= new();
    }

    public override void Complete()
    {
        if (_collected is not null)
        {
            Complete(_collected.WrittenMemory);
        }
    }

    public override void Complete(byte[] payload) => Complete(payload.AsMemory());

    private void Complete(ReadOnlyMemory<byte> payload)
    {
        // Short messages only grow by being compressed.
        var shrink = compress && payload.Length >= 128;
        var body = shrink ? MessageEncoding.Compress(payload) : payload;
        WriteHeader(body.Length, shrink);
        target.Write(body.Span);
    }

    private void WriteHeader(int length, bool compressed)
    {
        var header = target.GetSpan(MessageReader.HeaderLength);
        header[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
        target.Advance(MessageReader.HeaderLength);
    }
}
