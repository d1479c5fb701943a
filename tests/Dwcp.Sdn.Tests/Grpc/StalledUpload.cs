using System.Buffers.Binary;
using System.Net;

namespace Dwcp.Sdn.Tests.Grpc;

/// <summary>A gRPC message that is sent as fast as it is taken, but for its last octet, which does not come before this is disposed of.</summary>
internal sealed class StalledUpload : HttpContent
{
    private static readonly byte[] Block = new byte[64 << 10];
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _length;

    private StalledUpload(int length) => _length = length;

    public static StalledUpload Message(int length) => new(length) { Headers = { ContentType = new("application/grpc") } };

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var header = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), _length);
        await stream.WriteAsync(header);
        for (var left = _length - 1; left > 0; left -= Math.Min(left, Block.Length))
        {
            await stream.WriteAsync(Block.AsMemory(0, Math.Min(left, Block.Length)));
        }

        await stream.FlushAsync();
        await _end.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        _end.TrySetResult();
        base.Dispose(disposing);
    }
}
