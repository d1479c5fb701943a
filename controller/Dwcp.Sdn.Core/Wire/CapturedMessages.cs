using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Core.Wire;

/// <summary>How the messages of a protocol stand in a TCP stream.</summary>
/// <param name="Ports">One of them is at either end.</param>
/// <param name="Length">Of the first message.</param>
public sealed record CapturedProtocol(ImmutableArray<ushort> Ports, CapturedProtocol.LengthOf Length)
{
    /// <summary>How long the first message in <paramref name="front"/> is; 0 while that cannot be known.</summary>
    public delegate int LengthOf(ReadOnlySpan<byte> front);
}

/// <summary>A message out of a capture, and the connection that carried it.</summary>
/// <param name="Connection">The same for both of its directions.</param>
/// <param name="Forth">It went to the end with the higher address and port.</param>
public readonly record struct CapturedMessage(byte[] Octets, (UInt128 Low, ushort LowPort, UInt128 High, ushort HighPort) Connection, bool Forth);

/// <summary>Whole messages out of a pcap file: segments of each TCP stream in their order, repeated ones once.</summary>
public static class CapturedMessages
{
    /// <summary>The messages in the order in which their last octets were captured.</summary>
    /// <exception cref="WireException">It is no pcap file, or of a link layer that is not read.</exception>
    public static IEnumerable<CapturedMessage> Read(byte[] file, CapturedProtocol protocol)
    {
        var (isBig, link) = ReadFileHeader(file);
        var streams = new Dictionary<(UInt128, ushort, UInt128, ushort), Stream>();
        for (var at = 24; at + 16 <= file.Length;)
        {
            var length = (int)Math.Min(U32(file.AsSpan(at + 8), isBig), int.MaxValue);
            at += 16;
            if (length > file.Length - at)
            {
                break; // A capture that was cut off.
            }

            if (TrySegment(file.AsMemory(at, length), link) is { } segment && (protocol.Ports.Contains(segment.Source) || protocol.Ports.Contains(segment.Target)))
            {
                var key = (segment.From, segment.Source, segment.To, segment.Target);
                if (!streams.TryGetValue(key, out var stream))
                {
                    streams.Add(key, stream = new Stream(protocol.Length));
                }

                var forth = segment.From < segment.To || (segment.From == segment.To && segment.Source < segment.Target);
                var connection = forth ? key : (segment.To, segment.Target, segment.From, segment.Source);
                foreach (var message in stream.Take(segment))
                {
                    yield return new(message, connection, forth);
                }
            }

            at += length;
        }
    }

    private static (bool IsBig, uint Link) ReadFileHeader(byte[] file)
    {
        if (file.Length < 24)
        {
            throw new WireException("a pcap file has at least 24 octets");
        }

        var isBig = BinaryPrimitives.ReadUInt32BigEndian(file) is 0xa1b2c3d4 or 0xa1b23c4d;
        if (!isBig && BinaryPrimitives.ReadUInt32LittleEndian(file) is not (0xa1b2c3d4 or 0xa1b23c4d))
        {
            throw new WireException("this is no pcap file (tcpdump -w writes one)");
        }

        var link = U32(file.AsSpan(20), isBig) & 0xffff;
        return link is 1 or 101 or 113 or 276 ? (isBig, link) : throw new WireException($"link layer {link} is not read; capture on an Ethernet interface or on any");
    }

    private static Segment? TrySegment(ReadOnlyMemory<byte> frame, uint link)
    {
        try
        {
            return ReadSegment(frame, link);
        }
        catch (WireException)
        {
            return null; // Cut short by the capture, or malformed on the wire.
        }
    }

    private static Segment? ReadSegment(ReadOnlyMemory<byte> frame, uint link)
    {
        var r = new WireReader(frame.Span);
        var type = (ushort)0;
        switch (link)
        {
            case 1:
                r.Skip(12);
                type = r.U16();
                while (type is EtherTypes.Vlan or EtherTypes.QinQ)
                {
                    r.Skip(2);
                    type = r.U16();
                }

                break;
            case 113:
                r.Skip(14);
                type = r.U16();
                break;
            case 276:
                type = r.U16();
                r.Skip(18);
                break;
            default:
                type = frame.Span is [>= 0x60, ..] ? EtherTypes.Ipv6 : EtherTypes.Ipv4;
                break;
        }

        UInt128 from, to;
        int payload;
        if (type == EtherTypes.Ipv4)
        {
            var header = (r.U8() & 0xf) * 4;
            r.Skip(1);
            payload = r.U16() - header;
            r.Skip(5);
            if (r.U8() != 6)
            {
                return null;
            }

            r.Skip(2);
            (from, to) = (r.U32(), r.U32());
            r.Skip(header - 20);
        }
        else if (type == EtherTypes.Ipv6)
        {
            r.Skip(4);
            payload = r.U16();
            if (r.U8() != 6)
            {
                return null;
            }

            r.Skip(1);
            (from, to) = (r.U128(), r.U128());
        }
        else
        {
            return null;
        }

        var (source, target, sequence) = (r.U16(), r.U16(), r.U32());
        r.Skip(4);
        var offset = (r.U8() >> 4) * 4;
        var flags = r.U8();
        r.Skip(offset - 14);
        var data = r.Take(payload - offset).ToArray();
        return new(from, source, to, target, sequence, (flags & 2) != 0, data);
    }

    private static uint U32(ReadOnlySpan<byte> bytes, bool isBig) =>
        isBig ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private sealed record Segment(UInt128 From, ushort Source, UInt128 To, ushort Target, uint Sequence, bool IsSyn, byte[] Data);

    /// <summary>One direction of a connection.</summary>
    private sealed class Stream(CapturedProtocol.LengthOf lengthOf)
    {
        private const int MostEarly = 1024;

        private readonly SortedList<uint, byte[]> early = [];
        private readonly List<byte> bytes = [];
        private uint? next;

        public IEnumerable<byte[]> Take(Segment segment)
        {
            if (segment.IsSyn)
            {
                next = segment.Sequence + 1;
                bytes.Clear();
                early.Clear();
                return [];
            }

            next ??= segment.Sequence;
            Add(segment.Sequence, segment.Data);
            while (early.Count > 0 && (int)(early.Keys[0] - next.Value) <= 0)
            {
                var (sequence, data) = (early.Keys[0], early.Values[0]);
                early.RemoveAt(0);
                Add(sequence, data);
            }

            return Cut();
        }

        private void Add(uint sequence, byte[] data)
        {
            var ahead = (int)(sequence - next!.Value);
            if (ahead > 0)
            {
                if (early.Count < MostEarly)
                {
                    early[sequence] = data;
                }

                return;
            }

            if (-ahead < data.Length)
            {
                bytes.AddRange(data.AsSpan(-ahead));
                next += (uint)(data.Length + ahead);
            }
        }

        private List<byte[]> Cut()
        {
            var messages = new List<byte[]>();
            var all = CollectionsMarshal.AsSpan(bytes);
            var used = 0;
            while (lengthOf(all[used..]) is > 0 and var length && length <= all.Length - used)
            {
                messages.Add(all.Slice(used, length).ToArray());
                used += length;
            }

            bytes.RemoveRange(0, used);
            return messages;
        }
    }
}
