using System.Buffers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.Extensions.ObjectPool;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Where an answer is put together before its length can be told. Rented, so that answers cost no memory of their own.</summary>
internal sealed class AnswerBuffer : IDisposable
{
    // A list of ten thousand objects is seldom; its memory is not kept for the next one.
    private const int KeptBytes = 1 << 20;

    private static readonly DefaultObjectPool<AnswerBuffer> Idle = new(new Policy(), 4 * Environment.ProcessorCount);

    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Utf8JsonWriter _json;

    private AnswerBuffer() => _json = new(_bytes, MessageJson.Options);

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public static AnswerBuffer Rent() => Idle.Get();

    public AnswerBuffer Add(ReadOnlySpan<byte> text)
    {
        _bytes.Write(text);
        return this;
    }

    public AnswerBuffer Add(string text)
    {
        Encoding.UTF8.GetBytes(text, _bytes);
        return this;
    }

    public AnswerBuffer Add(IMessage message)
    {
        MessageJson.Write(_json, message);
        _json.Flush();
        _json.Reset();
        return this;
    }

    public void Dispose() => Idle.Return(this);

    private sealed class Policy : PooledObjectPolicy<AnswerBuffer>
    {
        public override AnswerBuffer Create() => new();

        public override bool Return(AnswerBuffer buffer)
        {
            buffer._bytes.ResetWrittenCount();
            buffer._json.Reset();
            return buffer._bytes.Capacity <= KeptBytes;
        }
    }
}
