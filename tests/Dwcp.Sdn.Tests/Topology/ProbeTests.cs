using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Fabric.Topology;

namespace Dwcp.Sdn.Tests.Topology;

/// <summary>LLDP as bytes: vectors by hand, whose codes another program made.</summary>
public class ProbeTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly MacAddress Source = MacAddress.Parse("02:00:00:00:01:03");

    private static readonly Probe Known = new(new(new(0xa1), new(3)), 16, 1767225600000, 0x0123456789abcdef);

    private static readonly byte[] Frame = Bytes(
        """
        0180c200000e 020000000103 88cc
        0211 07 30303030303030303030303030306131
        0402 07 33
        0602 0010
        fe31 d25344 01 01
            00000000000000a1 00000003
            0000019b76daa800 0123456789abcdef
            f6c3b23230fbb6bd81de1081235836fc
        0000
        """);

    /// <summary>A frame of lldpd(8): chassis and port by MAC, 120 seconds, a system name, capabilities, and a TLV of IEEE 802.3.</summary>
    private static readonly byte[] Stranger = Bytes(
        """
        0180c200000e 525400000001 88cc
        0207 04 525400000001
        0407 03 525400000001
        0602 0078
        0a05 686f737431
        0e04 0008 0000
        fe09 00120f 01 03 6c00 0000
        0000
        """);

    [Fact]
    public void A_probe_is_the_frame_that_was_written_by_hand()
    {
        Assert.Equal(Convert.ToHexStringLower(Frame), Convert.ToHexStringLower(Known.ToFrame(Source, Key)));
        Assert.Equal((Known, (LldpRefusal?)null), Probe.Read(Frame, Key));
        Assert.Equal((Known, (LldpRefusal?)null), Probe.Read([.. Frame, 0, 0, 0], Key)); // padded by a switch
    }

    [Fact]
    public void A_stranger_is_read_and_written_back_and_is_none_of_ours()
    {
        var read = Lldpdu.Read(Stranger.AsSpan(14));

        Assert.Equal((ChassisIdKind.MacAddress, PortIdKind.MacAddress, (ushort)120), (read.ChassisKind, read.PortKind, read.TimeToLive));
        Assert.Equal([5, 7, 127], read.More.Select(t => (int)t.Type));
        Assert.Equal("host1"u8.ToArray(), read.More[0].Value);
        var w = new WireWriter();
        read.Write(w);
        Assert.Equal(Stranger[14..], w.ToArray());
        Assert.Equal(LldpRefusal.Foreign, Probe.Read(Stranger, Key).Refusal);
    }

    [Theory]
    [InlineData("0402 07 33  0211 07 30303030303030303030303030306131  0602 0010  0000")] // the port first
    [InlineData("0211 07 30303030303030303030303030306131  0602 0010  0000")] // no port
    [InlineData("0211 07 30303030303030303030303030306131  0402 07 33  0000")] // no time to live
    [InlineData("0201 07  0402 07 33  0602 0010  0000")] // a chassis without a name
    [InlineData("0211 07 30303030303030303030303030306131  0402 07 33  0601 10  0000")] // a short time to live
    [InlineData("0211 07 30303030303030303030303030306131  0402 07 33  0602 0010  0602 0010  0000")] // twice
    [InlineData("0211 07 30303030303030303030303030306131  0402 07 33  0602 0010  fe31 d25344 01")] // cut short
    [InlineData("0211 07 30303030303030303030303030306131  0402 07 33  0602 0010  fe05 d25344 01 01  0000")] // ours, too short
    [InlineData("0211 07 30303030303030303030303030306131  0402 07 33  0602 0010  0001 00")] // an end with a value
    public void What_is_no_LLDP_is_malformed(string pdu) =>
        Assert.Equal(LldpRefusal.Malformed, Probe.Read([.. Frame[..14], .. Bytes(pdu)], Key).Refusal);

    [Fact]
    public void A_frame_that_is_cut_short_anywhere_shows_nothing() => Assert.All(
        Enumerable.Range(0, Frame.Length - 2), length => Assert.NotNull(Probe.Read(Frame.AsSpan(0, length), Key).Refusal));

    [Fact]
    public void A_frame_with_any_bit_changed_but_its_sender_MAC_shows_nothing()
    {
        for (var bit = 8 * 12; bit < 8 * Frame.Length; bit++)
        {
            byte[] changed = [.. Frame];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(Probe.Read(changed, Key).Refusal);
        }
    }

    [Fact]
    public void Another_installations_probe_is_forged() => Assert.Equal(LldpRefusal.Forged, Probe.Read(Known.ToFrame(Source, new byte[32]), Key).Refusal);

    [Fact]
    public void A_TLV_behind_ours_or_before_it_makes_it_forged()
    {
        var name = Bytes("0a02 6869");
        var ours = Frame.AsSpan().IndexOf(Bytes("fe31"));
        Assert.Equal(LldpRefusal.Forged, Probe.Read([.. Frame[..ours], .. name, .. Frame[ours..]], Key).Refusal);
        Assert.Equal(LldpRefusal.Forged, Probe.Read([.. Frame[..^2], .. name, 0, 0], Key).Refusal);
    }

    [Fact]
    public void Generated_LLDPDUs_come_back_as_they_were()
    {
        var random = new Random(5);
        for (var i = 0; i < 2000; i++)
        {
            var pdu = new Lldpdu(
                (ChassisIdKind)random.Next(1, 8), Some(1, 255), (PortIdKind)random.Next(1, 8), Some(1, 255), (ushort)random.Next(65536),
                [.. Enumerable.Range(0, random.Next(4)).Select(_ => new LldpTlv((byte)random.Next(4, 128), Some(0, 511)))]);
            var w = new WireWriter();
            pdu.Write(w);
            Assert.Equal(pdu, Lldpdu.Read(w.Written));
            Assert.Equal(pdu, Lldpdu.Read(w.Written[..^2])); // it may end with its frame
        }

        EquatableArray<byte> Some(int least, int most)
        {
            var bytes = new byte[random.Next(least, most + 1)];
            random.NextBytes(bytes);
            return [.. bytes];
        }
    }

    [Fact]
    public void Mutated_frames_are_refused_and_throw_nothing()
    {
        var random = new Random(6);
        for (var i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. random.Next(2) == 0 ? Frame : Stranger];
            for (var n = random.Next(1, 5); n > 0; n--)
            {
                changed[random.Next(12, changed.Length)] = (byte)random.Next(256);
            }

            var (probe, refusal) = Probe.Read(changed.AsSpan(0, random.Next(changed.Length)), Key);
            Assert.True(refusal is not null || probe == Known);
        }
    }

    private static byte[] Bytes(string text) => Convert.FromHexString(string.Concat(text.Where(char.IsAsciiHexDigit)));
}
