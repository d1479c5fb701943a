using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline.Interpreting;

namespace Dwcp.Sdn.Tests.Pipeline;

public class PacketTests
{
    private static readonly MacAddress A = new(0x0200_0000_000a);
    private static readonly MacAddress B = new(0x0200_0000_000b);
    private static readonly IpAddress V4 = IpAddress.Parse("10.0.0.1");
    private static readonly IpAddress Other4 = IpAddress.Parse("203.0.113.99");
    private static readonly IpAddress V6 = IpAddress.Parse("fd00::1");
    private static readonly IpAddress Other6 = IpAddress.Parse("2001:db8:ffff::99");

    public static TheoryData<string, byte[]> Frames4And6 => new()
    {
        { "udp", Frames.Udp(B, A, V4, Other4) },
        { "udp odd", Frames.Udp(B, A, V4, Other4, text: "odd") },
        { "udp6", Frames.Udp(B, A, V6, Other6) },
        { "tcp", Frames.Tcp(B, A, V4, Other4) },
        { "tcp6", Frames.Tcp(B, A, V6, Other6) },
        { "icmp", Frames.Ping(B, A, V4, Other4) },
        { "icmp6", Frames.Ping(B, A, V6, Other6) },
        { "ns", Frames.NeighborSolicitation(A, V6, Other6) },
        { "na", Frames.NeighborAdvertisement(B, A, V6, Other6, V6) },
    };

    [Theory]
    [MemberData(nameof(Frames4And6))]
    public void Every_field_that_is_changed_reads_back_and_leaves_the_checksums_right(string name, byte[] frame)
    {
        Assert.True(Frames.ChecksumsAreRight(frame), name);
        var random = new Random(1);
        Field[] changeable =
        [
            Fields.Ipv4Src, Fields.Ipv4Dst, Fields.Ipv6Src, Fields.Ipv6Dst, Fields.IpTtl, Fields.IpDscp, Fields.IpEcn, Fields.Ipv6Label,
            Fields.UdpSrc, Fields.UdpDst, Fields.TcpSrc, Fields.TcpDst, Fields.NdTarget, Fields.NdSll, Fields.NdTll, Fields.NdReserved,
            Fields.Icmpv4Code, Fields.Icmpv6Code, Fields.EthSrc, Fields.EthDst,
        ];
        foreach (var field in changeable)
        {
            var packet = new Packet(frame, new PortNumber(1));
            if (!packet.Has(field) || (field == Fields.NdTll && name != "na") || (field == Fields.NdSll && name != "ns"))
            {
                continue;
            }

            var value = ((UInt128)(ulong)random.NextInt64() << 64 | (ulong)random.NextInt64()) & field.Ones;
            packet.Set(field, value, field.Ones);

            Assert.True(packet.Get(field) == value, $"{name}: {field}");
            Assert.True(Frames.ChecksumsAreRight(packet.Frame), $"{name}: {field}");
            packet.Set(field, 0, field.Ones);
            Assert.True(Frames.ChecksumsAreRight(packet.Frame), $"{name}: {field} zero");
            packet.Set(field, new Packet(frame, default).Get(field), field.Ones);
            Assert.Equal(frame, packet.Frame.ToArray());
        }
    }

    [Fact]
    public void A_udp_checksum_of_zero_stays_absent()
    {
        var frame = Frames.Udp(B, A, V4, Other4);
        frame[40] = frame[41] = 0;
        var packet = new Packet(frame, default);

        packet.Set(Fields.Ipv4Src, 0x01020304, Fields.Ipv4Src.Ones);
        packet.Set(Fields.UdpDst, 53, Fields.UdpDst.Ones);

        Assert.Equal([0, 0], packet.Frame[40..42].ToArray());
    }

    [Fact]
    public void An_sctp_checksum_is_computed_anew()
    {
        // 32 octets: ports, tag, a place for the sum, and a chunk.
        var packet = new Packet(Frames.Ip(B, A, V4, Other4, 132, new byte[32], 30), default);
        packet.Set(Fields.SctpSrc, 1234, Fields.SctpSrc.Ones);
        var first = packet.Frame.Slice(34 + 8, 4).ToArray();
        packet.Set(Fields.SctpSrc, 1235, Fields.SctpSrc.Ones);
        packet.Set(Fields.SctpSrc, 1234, Fields.SctpSrc.Ones);

        Assert.NotEqual([0, 0, 0, 0], first);
        Assert.Equal(first, packet.Frame.Slice(34 + 8, 4).ToArray());
        byte[] check = [.. "12345678"u8, 0, 0, 0, 0];
        Checksum.WriteSctp(check);
        Assert.Equal(Crc32cBitByBit([.. "12345678"u8, 0, 0, 0, 0]), check[8..]);
    }

    [Fact]
    public void A_tag_comes_changes_and_goes()
    {
        var frame = Frames.Udp(B, A, V4, Other4);
        var packet = new Packet(frame, default);

        packet.PushVlan(EtherTypes.Vlan);
        packet.Set(Fields.VlanVid, 0x1000 | 42, Fields.VlanVid.Ones);
        packet.Set(Fields.VlanPcp, 5, Fields.VlanPcp.Ones);
        Assert.Equal((0x1000u | 42, 5u, 0xb000u | 42), ((uint)packet.Get(Fields.VlanVid), (uint)packet.Get(Fields.VlanPcp), (uint)packet.Get(Fields.VlanTci)));
        Assert.Equal(V4.Value, packet.Get(Fields.Ipv4Src));
        Assert.Equal([0x81, 0x00, 0xa0, 42, 0x08, 0x00], packet.Frame[12..18].ToArray());

        packet.PopVlan();
        Assert.Equal(frame, packet.Frame.ToArray());
    }

    [Fact]
    public void Wide_registers_are_made_of_narrow_ones()
    {
        var packet = new Packet([], default);
        packet.Set(Fields.XxReg[1], new UInt128(0x1111111122222222, 0x3333333344444444), UInt128.MaxValue);

        Assert.Equal([0x11111111u, 0x22222222u, 0x33333333u, 0x44444444u], Fields.Reg[4..8].Select(r => (uint)packet.Get(r)));
        packet.Set(Fields.Reg[6], 0xabcd0000, 0xffff0000);
        Assert.Equal(0xabcd333344444444, (ulong)packet.Get(Fields.XReg[3]));
    }

    [Fact]
    public void A_frame_cut_short_anywhere_is_read_without_harm()
    {
        foreach (var whole in (byte[][])[Frames.ArpRequest(A, V4, Other4), Frames.Tagged(Frames.Tcp(B, A, V6, Other6), 7), Frames.NeighborAdvertisement(B, A, V6, Other6, V6), WithExtensionHeaders()])
        {
            for (var length = 0; length <= whole.Length; length++)
            {
                var packet = new Packet(whole.AsSpan(0, length), default);
                foreach (var field in Fields.All)
                {
                    packet.Set(field, packet.Get(field) ^ 1, field.Ones);
                }
            }
        }
    }

    [Fact]
    public void Extension_headers_are_walked_and_later_fragments_have_no_ports()
    {
        var packet = new Packet(WithExtensionHeaders(), default);
        Assert.Equal((58u, 0u, 136u), ((uint)packet.Get(Fields.IpProto), (uint)packet.Get(Fields.IpFrag), (uint)packet.Get(Fields.Icmpv6Type)));
        Assert.Equal(V6.Value, packet.Get(Fields.NdTarget));

        var later = Frames.Udp(B, A, V4, Other4, 67, 68);
        later[21] = 10;
        packet = new Packet(later, default);
        Assert.Equal((17u, 3u, 0u), ((uint)packet.Get(Fields.IpProto), (uint)packet.Get(Fields.IpFrag), (uint)packet.Get(Fields.UdpSrc)));
    }

    /// <summary>A neighbour advertisement behind hop-by-hop and destination options.</summary>
    private static byte[] WithExtensionHeaders()
    {
        var plain = Frames.NeighborAdvertisement(B, A, V6, Other6, V6);
        byte[] extended = [.. plain[..54], 60, 0, 1, 4, 0, 0, 0, 0, 58, 0, 1, 4, 0, 0, 0, 0, .. plain[54..]];
        extended[20] = 0;
        extended[19] += 16;
        return extended;
    }

    private static byte[] Crc32cBitByBit(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var octet in data)
        {
            crc ^= octet;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f6_3b78 : crc >> 1;
            }
        }

        return BitConverter.GetBytes(~crc);
    }
}
