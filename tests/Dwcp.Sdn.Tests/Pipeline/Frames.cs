using System.Buffers.Binary;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Pipeline.Interpreting;

namespace Dwcp.Sdn.Tests.Pipeline;

/// <summary>Makes the frames that hosts send, with right checksums.</summary>
internal static class Frames
{
    public static readonly MacAddress AllNodes = MacAddress.Parse("33:33:00:00:00:01");
    public static readonly IpAddress Unspecified6 = IpAddress.V6(0);

    public static byte[] Ethernet(MacAddress to, MacAddress from, ushort type, ReadOnlySpan<byte> payload)
    {
        var w = new WireWriter();
        w.U48(to.Value);
        w.U48(from.Value);
        w.U16(type);
        w.Bytes(payload);
        w.Zeros(Math.Max(0, 60 - w.Length));
        return w.ToArray();
    }

    public static byte[] Tagged(byte[] frame, ushort vid)
    {
        var w = new WireWriter();
        w.Bytes(frame.AsSpan(0, 12));
        w.U16(EtherTypes.Vlan);
        w.U16(vid);
        w.Bytes(frame.AsSpan(12));
        return w.ToArray();
    }

    /// <summary>Says of an IPv4 packet that more fragments follow. Its header's checksum is not corrected.</summary>
    public static byte[] FirstFragment(byte[] frame)
    {
        byte[] fragment = [.. frame];
        (fragment[20], fragment[21]) = (0x20, 0);
        return fragment;
    }

    public static byte[] Arp(MacAddress to, MacAddress from, ushort op, MacAddress sha, IpAddress spa, MacAddress tha, IpAddress tpa, ushort type = EtherTypes.Arp)
    {
        var w = new WireWriter();
        w.U48(0x0001_0800_0604);
        w.U16(op);
        w.U48(sha.Value);
        w.U32((uint)spa.Value);
        w.U48(tha.Value);
        w.U32((uint)tpa.Value);
        return Ethernet(to, from, type, w.Written);
    }

    public static byte[] ArpRequest(MacAddress from, IpAddress spa, IpAddress tpa) =>
        Arp(MacAddress.Broadcast, from, 1, from, spa, default, tpa);

    public static byte[] Udp(MacAddress to, MacAddress from, IpAddress src, IpAddress dst, ushort sport = 4000, ushort dport = 5000, byte ttl = 64, string text = "hello")
    {
        var w = new WireWriter();
        w.U16(sport);
        w.U16(dport);
        w.U16((ushort)(8 + text.Length));
        w.U16(0);
        w.Bytes(System.Text.Encoding.ASCII.GetBytes(text));
        return Ip(to, from, src, dst, 17, w.ToArray(), 6, ttl);
    }

    public static byte[] Tcp(MacAddress to, MacAddress from, IpAddress src, IpAddress dst, ushort sport = 4000, ushort dport = 80)
    {
        var w = new WireWriter();
        w.U16(sport);
        w.U16(dport);
        w.U64(0);
        w.U16(0x5002);
        w.U16(1024);
        w.U32(0);
        return Ip(to, from, src, dst, 6, w.ToArray(), 16);
    }

    public static byte[] Ping(MacAddress to, MacAddress from, IpAddress src, IpAddress dst)
    {
        byte[] echo = [(byte)(src.IsV6 ? 128 : 8), 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4];
        return Ip(to, from, src, dst, (byte)(src.IsV6 ? 58 : 1), echo, 2);
    }

    public static byte[] NeighborSolicitation(MacAddress from, IpAddress src, IpAddress target)
    {
        var group = (uint)(target.Value & 0xff_ffff);
        var to = new MacAddress(0x3333_ff00_0000ul | group);
        var dst = IpAddress.V6(((UInt128)0xff02 << 112) | ((UInt128)0x1_ff00_0000 | group));
        var w = Nd(135, 0, target);
        if (!src.IsUnspecified)
        {
            w.U16(0x0101);
            w.U48(from.Value);
        }

        return Ip(to, from, src, dst, 58, w.ToArray(), 2, 255);
    }

    public static byte[] NeighborAdvertisement(MacAddress to, MacAddress from, IpAddress src, IpAddress dst, IpAddress target)
    {
        var w = Nd(136, 0x6000_0000, target);
        w.U16(0x0201);
        w.U48(from.Value);
        return Ip(to, from, src, dst, 58, w.ToArray(), 2, 255);
    }

    public static byte[] Icmp6(MacAddress to, MacAddress from, IpAddress src, IpAddress dst, byte type)
    {
        byte[] message = [type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        return Ip(to, from, src, dst, 58, message, 2, 255);
    }

    /// <summary>An IP packet whose transport checksum stands at <paramref name="sumAt"/> of its payload.</summary>
    public static byte[] Ip(MacAddress to, MacAddress from, IpAddress src, IpAddress dst, byte protocol, byte[] payload, int sumAt, byte ttl = 64)
    {
        if (protocol != 1)
        {
            PatchTransportSum(src, dst, protocol, payload, sumAt);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(sumAt), Checksum.Of(payload));
        }

        var w = new WireWriter();
        if (src.IsV6)
        {
            w.U32(0x6000_0000);
            w.U16((ushort)payload.Length);
            w.U8(protocol);
            w.U8(ttl);
            w.U128(src.Value);
            w.U128(dst.Value);
        }
        else
        {
            w.U16(0x4500);
            w.U16((ushort)(20 + payload.Length));
            w.U32(0x1234_4000);
            w.U8(ttl);
            w.U8(protocol);
            w.U16(0);
            w.U32((uint)src.Value);
            w.U32((uint)dst.Value);
            w.PatchU16(10, Checksum.Of(w.Written));
        }

        w.Bytes(payload);
        return Ethernet(to, from, src.IsV6 ? EtherTypes.Ipv6 : EtherTypes.Ipv4, w.Written);
    }

    /// <summary>Whether every checksum that an IPv4 or IPv6 frame of TCP, UDP or ICMP carries is right.</summary>
    public static bool ChecksumsAreRight(ReadOnlySpan<byte> frame)
    {
        var v6 = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) == EtherTypes.Ipv6;
        var ip = frame[14..];
        if (v6)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
            return Checksum.Of(ip.Slice(40, length), Pseudo(ip.Slice(8, 32), ip[6], length)) == 0;
        }

        var total = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]) - 20;
        return Checksum.Of(ip[..20]) == 0
            && Checksum.Of(ip.Slice(20, total), ip[9] == 1 ? 0 : Pseudo(ip.Slice(12, 8), ip[9], total)) == 0;
    }

    private static WireWriter Nd(byte type, uint flags, IpAddress target)
    {
        var w = new WireWriter();
        w.U8(type);
        w.U8(0);
        w.U16(0);
        w.U32(flags);
        w.U128(target.Value);
        return w;
    }

    private static void PatchTransportSum(IpAddress src, IpAddress dst, byte protocol, byte[] payload, int sumAt)
    {
        var sum = Checksum.Of(payload, Pseudo([.. src.ToBytes(), .. dst.ToBytes()], protocol, payload.Length));
        BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(sumAt), sum);
    }

    private static uint Pseudo(ReadOnlySpan<byte> addresses, byte protocol, int length)
    {
        var sum = (uint)(protocol + length);
        for (var i = 0; i < addresses.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(addresses[i..]);
        }

        return sum;
    }
}
