using System.Buffers.Binary;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// The packet-ins that every emulated switch sends: first a broadcast of each of its hosts, which the controller learns from, then
/// small TCP segments from every host to every other, one after the other.
/// </summary>
internal static class OpenFlowPackets
{
    public const int Hosts = 16;

    private const int FrameLength = 60;
    private const int BufferAt = OfHeader.Size;

    public static readonly byte[] Greetings = [.. Enumerable.Range(1, Hosts).SelectMany(h => PacketIn(h, Frame(MacAddress.Broadcast, h, h)))];

    /// <summary>Octets of one packet-in; all have as many.</summary>
    public static readonly int Length = Greetings.Length / Hosts;

    public static readonly byte[] Conversations =
    [
        .. from a in Enumerable.Range(1, Hosts)
           from b in Enumerable.Range(1, Hosts)
           where a != b
           from octet in PacketIn(a, Frame(Mac(b), a, b))
           select octet,
    ];

    public static readonly int ConversationCount = Conversations.Length / Length;

    public static void SetBuffer(Span<byte> packetIn, uint buffer) => BinaryPrimitives.WriteUInt32BigEndian(packetIn[BufferAt..], buffer);

    private static MacAddress Mac(int host) => new(0x0200_0000_0000ul | (uint)host);

    private static byte[] PacketIn(int port, byte[] frame)
    {
        var w = new WireWriter();
        var match = Match.Of(new FieldMatch(Fields.InPort, (uint)port));
        OfCodec.Write(w, 0, new PacketIn(FlowMod.NoBuffer, FrameLength, PacketInReason.NoMatch, 0, 0, match, frame.ToEquatableArray()));
        return w.ToArray();
    }

    private static byte[] Frame(MacAddress to, int from, int toHost)
    {
        var w = new WireWriter();
        w.U48(to.Value);
        w.U48(Mac(from).Value);
        w.U16(EtherTypes.Ipv4);
        w.U8(0x45); // version, header length; 0 DSCP
        w.U8(0);
        w.U16(FrameLength - 14);
        w.U32(0); // identification, fragment
        w.U8(64);
        w.U8(6);
        w.U16(0); // checksum, which no controller looks at
        w.U32(0x0a00_0000u | (uint)from);
        w.U32(0x0a00_0000u | (uint)toHost);
        w.U16(1024);
        w.U16(80);
        w.U32(0); // sequence, acknowledgement
        w.U32(0);
        w.U8(0x50);
        w.U8(2); // SYN
        w.Zeros(FrameLength - w.Length);
        return w.ToArray();
    }
}
