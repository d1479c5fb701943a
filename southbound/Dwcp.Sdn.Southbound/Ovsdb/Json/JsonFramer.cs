using System.Buffers;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.Ovsdb.Json;

/// <summary>How large and how deeply nested a JSON-RPC message may be before its sender is dropped.</summary>
/// <param name="Bytes">The whole message. The first monitor reply of a host with 10,000 interfaces is about 8 MB.</param>
/// <param name="Depth">Objects and arrays within one another. The schema, the deepest message of OVSDB, has 9.</param>
public readonly record struct JsonLimits(int Bytes, int Depth)
{
    public static readonly JsonLimits Default = new(32 << 20, 64);
}

/// <summary>
/// Cuts a stream of bytes into JSON objects. RFC 7047 §4 puts nothing between two messages, so the end of one is the bracket that
/// closes it. Every byte is looked at once however the stream is split.
/// </summary>
internal sealed class JsonFramer(JsonLimits limits, ByteBudget? budget = null) : IDisposable
{
    private const int InitialBytes = 4096;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("{}[]\""u8);

    private byte[] buffer = [];
    private int start;      // of the message under way
    private int scanned;    // up to here it has been looked at
    private int end;        // of what was received
    private int depth;
    private bool inString;
    private bool escaped;   // the byte before was a backslash in a string

    /// <summary>Where to put the next bytes; never empty. Ends the validity of what <see cref="TryTake"/> gave. Throws <see cref="WireException"/> when there is no room.</summary>
    public Memory<byte> Free()
    {
        if (start == end)
        {
            start = scanned = end = 0;
            if (buffer.Length > InitialBytes * 16)
            {
                Dispose(); // One large message, usually the first, must not cost its memory for the rest of the session.
            }
        }

        if (end == buffer.Length)
        {
            if (start > buffer.Length / 2)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
            }
            else
            {
                var length = Math.Max(InitialBytes, buffer.Length * 2);
                if (budget?.TryResize(buffer.Length, length) == false)
                {
                    throw new WireException("no room for its message: all peers together send too much that they do not finish");
                }

                var larger = new byte[length];
                buffer.AsSpan(start, end - start).CopyTo(larger);
                buffer = larger;
            }

            (start, scanned, end) = (0, scanned - start, end - start);
        }

        return buffer.AsMemory(end);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        budget?.TryResize(buffer.Length, 0);
        buffer = [];
    }

    /// <summary>Says how many bytes were put at the front of <see cref="Free"/>.</summary>
    public void Received(int count) => end += count;

    /// <summary>The next whole message, valid until <see cref="Free"/> is called. Throws <see cref="WireException"/> on what cannot become one.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> message)
    {
        message = default;
        if (depth == 0 && !SkipToObject())
        {
            return false;
        }

        var complete = Scan();
        if (scanned - start > limits.Bytes)
        {
            throw new WireException($"a JSON message of more than {limits.Bytes} bytes");
        }

        if (complete)
        {
            message = buffer.AsMemory(start, scanned - start);
            start = scanned;
        }

        return complete;
    }

    private bool SkipToObject()
    {
        var rest = buffer.AsSpan(start, end - start);
        var space = rest.IndexOfAnyExcept(" \t\r\n"u8);
        start = scanned = space < 0 ? end : start + space;
        if (space >= 0 && rest[space] != (byte)'{')
        {
            throw new WireException($"a JSON-RPC message starts with '{{', not with the byte 0x{rest[space]:x2}");
        }

        return space >= 0;
    }

    private bool Scan()
    {
        while (scanned < end)
        {
            if (inString)
            {
                ScanString();
                continue;
            }

            var next = buffer.AsSpan(scanned, end - scanned).IndexOfAny(Structure);
            if (next < 0)
            {
                scanned = end;
                return false;
            }

            scanned += next;
            switch (buffer[scanned++])
            {
                case (byte)'"':
                    inString = true;
                    break;
                case (byte)'{' or (byte)'[':
                    if (++depth > limits.Depth)
                    {
                        throw new WireException($"a JSON message nested more than {limits.Depth} deep");
                    }

                    break;
                default:
                    if (--depth == 0)
                    {
                        return true;
                    }

                    break;
            }
        }

        return false;
    }

    private void ScanString()
    {
        if (escaped)
        {
            escaped = false;
            scanned++;
            return;
        }

        var next = buffer.AsSpan(scanned, end - scanned).IndexOfAny((byte)'"', (byte)'\\');
        if (next < 0)
        {
            scanned = end;
            return;
        }

        scanned += next;
        inString = buffer[scanned] != (byte)'"';
        escaped = inString;
        scanned++;
    }
}
