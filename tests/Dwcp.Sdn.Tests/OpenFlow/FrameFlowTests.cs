using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

public class FrameFlowTests
{
    private static readonly FrameFlow Flow = new(new(7), new(0x0200_0000_0011), new(0x0200_0000_0022), null, new(9))
    {
        Table = 3,
        Priority = 100,
        Cookie = 0xD3C9_0000_0000_0005,
        IdleTimeout = 60,
        HardTimeout = 240,
    };

    [Theory]
    [InlineData(null)]
    [InlineData((ushort)0)]
    [InlineData((ushort)100)]
    public void Written_from_a_template_it_is_the_flow_mod_that_the_codec_writes(ushort? vlan)
    {
        var w = new WireWriter();
        (Flow with { Vlan = vlan }).Write(w, xid: 5, buffer: 77);
        var expected = new FlowMod(FlowModCommand.Add, new(
            new(3, 100, Match.Of(
                new(Fields.InPort, 7),
                new(Fields.EthDst, 0x0200_0000_0011),
                new(Fields.EthSrc, 0x0200_0000_0022),
                new(Fields.VlanVid, vlan is { } v ? 0x1000u | v : 0))),
            0xD3C9_0000_0000_0005)
        {
            IdleTimeout = 60,
            HardTimeout = 240,
            Apply = [new OutputAction(new(9))],
        })
        { Buffer = 77 };

        Assert.Equal(expected, OfCodec.Read(w.Written, out var header));
        Assert.Equal(5u, header.Xid);
        var again = new WireWriter();
        OfCodec.Write(again, 5, expected);
        Assert.Equal(again.ToArray(), w.ToArray());
    }

    [Fact]
    public void Packets_and_echoes_are_read_and_answered_without_allocating()
    {
        var w = new WireWriter(64 * 1024);
        OfCodec.Write(w, 1, new PacketIn(FlowMod.NoBuffer, 60, PacketInReason.NoMatch, 0, 0, Match.Of(new FieldMatch(Fields.Metadata, 1), new FieldMatch(Fields.InPort, 7)), [.. new byte[60]]));
        var packetIn = w.ToArray();
        w.Clear();
        OfCodec.Write(w, 1, new FlowRemoved(new(0, 1, Match.Of(new FieldMatch(Fields.InPort, 7))), 1, FlowRemovedReason.HardTimeout, 1, 2, 3, 4, 5, 6));
        var flowRemoved = w.ToArray();
        w.Clear();
        OfCodec.Write(w, 1, new EchoRequest([1, 2, 3]));
        var echo = w.ToArray();
        FlowAction[] actions = [new OutputAction(new(9))];

        void Turn()
        {
            w.Clear();
            var packet = new PacketInView(packetIn.AsSpan(OfHeader.Size));
            Flow.Write(w, 1, packet.Buffer);
            PacketOut.Write(w, 1, packet.Buffer, packet.InPort, actions, packet.Data);
            _ = new FlowRemovedView(flowRemoved.AsSpan(OfHeader.Size)).Duration;
            EchoRequest.WriteReply(w, OfHeader.Read(echo), echo);
        }

        Turn();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Turn();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
