using System.Buffers;
using System.IO.Compression;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Wire;

/// <summary>How message bodies are compressed: the values of grpc-encoding.</summary>
internal static class MessageEncoding
{
    public const string Header = "grpc-encoding";
    public const string AcceptHeader = "grpc-accept-encoding";
    public const string Accepted = "identity,gzip,deflate";
    public const string Identity = "identity";
    public const string Gzip = "gzip";
    private const string Deflate = "deflate";

    public static bool IsKnown(string encoding) => encoding is Identity or Gzip or Deflate;

    public static ReadOnlyMemory<byte> Compress(ReadOnlyMemory<byte> body)
    {
        var compressed = new MemoryStream(Math.Max(64, body.Length / 4));
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(body.Span);
        }

        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }

    /// <summary>The body as it was before compression.</summary>
    /// <exception cref="RpcException">It would be longer than <paramref name="maxLength"/>, or it is not what it claims to be.</exception>
    public static ReadOnlySequence<byte> Decompress(ReadOnlySequence<byte> body, string encoding, int maxLength)
    {
        try
        {
            using var source = new MemoryStream(body.ToArray(), writable: false);
            using Stream plain = encoding == Gzip ? new GZipStream(source, CompressionMode.Decompress) : new ZLibStream(source, CompressionMode.Decompress);
            var into = new ArrayBufferWriter<byte>((int)Math.Min(maxLength, Math.Max(256, body.Length * 2)));
            while (plain.Read(into.GetSpan(4096)) is > 0 and var read)
            {
                into.Advance(read);
                if (into.WrittenCount > maxLength)
                {
                    throw MessageReader.TooLong(into.WrittenCount, maxLength);
                }
            }

            return new(into.WrittenMemory);
        }
        catch (InvalidDataException e)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"A message is marked as compressed and is not {encoding}: {e.Message}"));
        }
    }
}
