using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>What a client may put on a connection: requests as HTTP/1.1 and HTTP/2 write them, most of them spoilt. The same seed makes the same octets.</summary>
internal static class MutatedOctets
{
    private const int FrameHeader = 9;
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    public static (bool IsHttp2, byte[] Octets) Make(int seed)
    {
        var random = new Random(seed);
        using var request = Mutations.Make(random.Next());
        return request.Http.Request.Protocol == "HTTP/2" ? (true, Http2(random, request)) : (false, Http1(random, request));
    }

    private static byte[] Http1(Random random, BareRequest request)
    {
        var (http, body) = (request.Http.Request, ((MemoryStream)request.Http.Request.Body).ToArray());
        var text = new StringBuilder($"{http.Method} {http.Path.Value}{http.QueryString.Value} HTTP/1.1\r\nHost: localhost\r\n");
        foreach (var (name, value) in http.Headers)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        var chunked = random.Next(3) == 0;
        text.Append(chunked ? "Transfer-Encoding: chunked\r\n" : body.Length > 0 ? $"Content-Length: {body.Length}\r\n" : "").Append(random.Next(4) == 0 ? "Connection: close\r\n\r\n" : "\r\n");
        byte[] octets = [.. Encoding.UTF8.GetBytes(text.ToString()), .. chunked ? Chunks(random, body) : body];
        if (random.Next(6) == 0)
        {
            octets = [.. octets, .. octets];
        }

        return Spoil(random, octets);
    }

    private static byte[] Chunks(Random random, byte[] body)
    {
        var chunks = new List<byte>();
        for (var at = 0; at < body.Length;)
        {
            var length = random.Next(1, body.Length - at + 1);
            chunks.AddRange(Encoding.ASCII.GetBytes(random.Next(8) == 0 ? $"{length:x};a=\"b\"\r\n" : $"{length:x}\r\n"));
            chunks.AddRange(body.AsSpan(at, length));
            chunks.AddRange("\r\n"u8);
            at += length;
        }

        chunks.AddRange(random.Next(8) == 0 ? "0\r\nX-Trailer: 1\r\n\r\n"u8 : "0\r\n\r\n"u8);
        return [.. chunks];
    }

    private static byte[] Http2(Random random, BareRequest request)
    {
        var frames = new List<byte[]> { Frame(4, 0, 0, random.Next(2) == 0 ? [] : [0, 3, 0, 0, 0, 100, 0, 4, 0, 1, 0, 0]) };
        for (int stream = 1, calls = random.Next(1, 4); calls > 0; calls--, stream += 2)
        {
            frames.AddRange(Call(random, request, stream));
        }

        // A frame that is well-formed and stands where it does not belong finds other faults than octets do.
        for (var n = random.Next(3); n > 0; n--)
        {
            var at = random.Next(frames.Count + 1);
            switch (random.Next(5))
            {
                case 0:
                    frames.Insert(at, Frame((byte)random.Next(12), (byte)random.Next(256), random.Next(8), Noise(random)));
                    break;
                case 1 when at < frames.Count:
                    frames.Insert(at, frames[random.Next(frames.Count)]);
                    break;
                case 2 when at < frames.Count:
                    frames.RemoveAt(at);
                    break;
                case 3 when at < frames.Count:
                    frames[at] = SpoilHeader(random, frames[at]);
                    break;
                default:
                    frames.Insert(at, Frame(8, 0, random.Next(4), [0x7f, 0xff, 0xff, 0xff]));
                    break;
            }
        }

        byte[] all = [.. frames.SelectMany(f => f)];
        return random.Next(16) == 0 ? Spoil(random, [.. Preface, .. all]) : [.. Preface, .. Spoil(random, all)];
    }

    private static IEnumerable<byte[]> Call(Random random, BareRequest request, int stream)
    {
        const byte endStream = 1, endHeaders = 4;
        var (http, body) = (request.Http.Request, ((MemoryStream)request.Http.Request.Body).ToArray());
        List<(string Name, string Value)> fields = [(":method", http.Method), (":scheme", "http"), (":path", http.Path.Value!), (":authority", "localhost"), ("te", "trailers")];
        fields.AddRange(http.Headers.Select(h => (h.Key.ToLowerInvariant(), h.Value.ToString())));
        byte[] block = [.. fields.SelectMany(f => Literal(f.Name, f.Value))];
        var cut = random.Next(4) == 0 ? random.Next(block.Length) : block.Length;
        yield return Frame(1, cut == block.Length ? endHeaders : (byte)0, stream, block[..cut]);
        if (cut < block.Length)
        {
            yield return Frame(9, endHeaders, stream, block[cut..]);
        }

        var half = random.Next(3) == 0 ? random.Next(body.Length + 1) : 0;
        yield return Frame(0, 0, stream, body[..half]);
        yield return Frame(0, endStream, stream, body[half..]);
    }

    // HPACK, RFC 7541 §6.2.2: a literal field that is not indexed, with a new name, neither of them Huffman-coded.
    private static byte[] Literal(string name, string value) => [0, .. Text(name), .. Text(value)];

    private static byte[] Text(string text)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        if (octets.Length < 127)
        {
            return [(byte)octets.Length, .. octets];
        }

        var length = new List<byte> { 127 };
        var rest = octets.Length - 127;
        for (; rest > 127; rest >>= 7)
        {
            length.Add((byte)(rest & 127 | 128));
        }

        return [.. length, (byte)rest, .. octets];
    }

    // RFC 9113 §4.1: 24 length | 8 type | 8 flags | 32 stream | payload
    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[FrameHeader + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, FrameHeader);
        return frame;
    }

    private static byte[] SpoilHeader(Random random, byte[] frame)
    {
        var spoilt = frame.ToArray();
        spoilt[random.Next(FrameHeader)] = (byte)random.Next(256);
        return spoilt;
    }

    private static byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(20)];
        random.NextBytes(noise);
        return noise;
    }

    private static byte[] Spoil(Random random, byte[] octets)
    {
        for (var n = random.Next(2) == 0 ? random.Next(1, 4) : 0; n > 0; n--)
        {
            octets = Mutations.Mutate(random, octets);
        }

        return octets;
    }
}
