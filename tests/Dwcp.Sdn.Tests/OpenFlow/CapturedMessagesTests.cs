using System.Buffers.Binary;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

public class CapturedMessagesTests
{
    private const ushort Controller = 6653;

    [Fact]
    public void Messages_come_out_whole_whatever_the_segments_were()
    {
        var w = new WireWriter();
        OfCodec.Write(w, 1, new Hello());
        OfCodec.Write(w, 2, new EchoRequest([.. new byte[100]]));
        OfCodec.Write(w, 3, new BarrierRequest());
        var bytes = w.ToArray();

        // In three pieces: the second comes last, the third twice.
        var capture = Capture(
            Segment(1000, 99, [], syn: true), Segment(1000, 100, bytes[..20]), Segment(1000, 170, bytes[70..]), Segment(1000, 170, bytes[70..]), Segment(1000, 120, bytes[20..70]));
        Assert.Equal([OfType.Hello, OfType.EchoRequest, OfType.BarrierRequest], CapturedMessages.Read(capture, OfCapture.Protocol).Select(m => OfHeader.Read(m.Octets).Type));
    }

    [Fact]
    public void Streams_do_not_mix_and_other_ports_are_left_out()
    {
        var w = new WireWriter();
        OfCodec.Write(w, 1, new EchoRequest([.. new byte[50]]));
        var echo = w.ToArray();
        var capture = Capture(Segment(1000, 1, echo[..30]), Segment(1001, 1, echo[..30]), Segment(1000, 31, echo[30..]), Segment(1001, 31, echo[30..]), Segment(1002, 1, echo, to: 80));
        Assert.Equal(2, CapturedMessages.Read(capture, OfCapture.Protocol).Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff")] // pcapng
    [InlineData("d4c3b2a102000400000000000000000000000400ff000000")] // a link layer that is not read
    public void What_is_no_such_capture_is_refused(string hex) =>
        Assert.Throws<WireException>(() => CapturedMessages.Read(Convert.FromHexString(hex), OfCapture.Protocol).ToList());

    [Fact]
    public void A_damaged_capture_does_no_more_than_lose_messages()
    {
        var random = new Random(1);
        var w = new WireWriter();
        OfCodec.Write(w, 1, new EchoRequest([.. new byte[50]]));
        var good = Capture(Segment(1000, 1, w.ToArray()), Segment(1000, 59, w.ToArray()));
        for (var i = 0; i < 2000; i++)
        {
            var bad = good.ToArray();
            for (var n = random.Next(1, 5); n > 0; n--)
            {
                bad[random.Next(24, bad.Length)] = (byte)random.Next(256);
            }

            Assert.True(CapturedMessages.Read(bad[..random.Next(24, bad.Length)], OfCapture.Protocol).Count() <= 16);
        }
    }

    internal static byte[] Capture(params byte[][] frames)
    {
        var file = new List<byte>(Convert.FromHexString("d4c3b2a102000400000000000000000000000400")) { 1, 0, 0, 0 };
        foreach (var frame in frames)
        {
            var head = new byte[16];
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), frame.Length);
            file.AddRange([.. head, .. frame]);
        }

        return [.. file];
    }

    internal static byte[] Segment(ushort from, uint sequence, byte[] data, bool syn = false, ushort to = Controller)
    {
        var w = new WireWriter();
        w.Zeros(12);
        w.U16(0x0800);
        w.U8(0x45);
        w.U8(0);
        w.U16((ushort)(40 + data.Length));
        w.Zeros(5);
        w.U8(6);
        w.Zeros(2);
        w.U32(0x0a000001);
        w.U32(0x0a000002);
        w.U16(from);
        w.U16(to);
        w.U32(sequence);
        w.U32(0);
        w.U8(0x50);
        w.U8((byte)(syn ? 2 : 0x10));
        w.Zeros(6);
        w.Bytes(data);
        return w.ToArray();
    }
}
