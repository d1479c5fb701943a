using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Transport;

/// <summary>The socket options of Linux that BGP needs: TCP MD5 signatures (RFC 2385) and the lowest TTL that is accepted (RFC 5082).</summary>
internal static class TcpOptions
{
    private const int IpProtocolTcp = 6;
    private const int IpProtocolIp = 0;
    private const int IpProtocolIpv6 = 41;
    private const int TcpMd5Signature = 14;
    private const int TcpMd5SignatureExtended = 32;
    private const int Ttl = 2;
    private const int HopLimit = 16;
    private const int MinimumTtl = 21;
    private const int MinimumHops = 73;

    /// <summary>How many octets a password of TCP MD5 may have.</summary>
    public const int KeyMax = 80;

    /// <summary>Signs what goes to <paramref name="peers"/> and takes only what is signed from there. No password takes the signature away.</summary>
    /// <exception cref="ArgumentException">The password is longer than 80 octets.</exception>
    public static void SetPassword(Socket socket, IpPrefix peers, string? password)
    {
        var key = Encoding.UTF8.GetBytes(password ?? "");
        if (key.Length > KeyMax)
        {
            throw new ArgumentException($"a TCP MD5 password has at most {KeyMax} octets", nameof(password));
        }

        // struct tcp_md5sig: 128 sockaddr_storage | 1 flags | 1 prefix length | 2 key length | 4 interface | 80 key
        var option = new byte[216];
        var whole = peers.Length == peers.Address.Bits;
        if (peers.IsV6 || socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            BitConverter.TryWriteBytes(option, (ushort)10);
            peers.Address.ToIPAddress().MapToIPv6().GetAddressBytes().CopyTo(option, 8);
        }
        else
        {
            BitConverter.TryWriteBytes(option, (ushort)2);
            peers.Address.Write(option.AsSpan(4));
        }

        if (!whole)
        {
            option[128] = 1;
            option[129] = (byte)peers.Length; // Of a mapped address the kernel wants the length of the IPv4 prefix.
        }

        BitConverter.TryWriteBytes(option.AsSpan(130), (ushort)key.Length);
        key.CopyTo(option, 136);
        socket.SetRawSocketOption(IpProtocolTcp, whole ? TcpMd5Signature : TcpMd5SignatureExtended, option);
    }

    /// <summary>Sends with the highest TTL and takes nothing that comes from further away than <paramref name="hops"/>.</summary>
    /// <param name="six">The peer has an IPv6 address; an IPv4 peer may come to a socket of both kinds.</param>
    public static void SetTtlSecurity(Socket socket, int hops, bool six)
    {
        Span<byte> lowest = stackalloc byte[4];
        BitConverter.TryWriteBytes(lowest, 256 - hops);
        SendFar(socket);
        socket.SetRawSocketOption(six ? IpProtocolIpv6 : IpProtocolIp, six ? MinimumHops : MinimumTtl, lowest);
    }

    /// <summary>Takes nothing that comes from further away than <paramref name="hops"/> (null: from anywhere), of both kinds of address where the socket has both.</summary>
    public static void SetFurthest(Socket socket, int? hops)
    {
        Span<byte> lowest = stackalloc byte[4];
        BitConverter.TryWriteBytes(lowest, hops is { } n ? 256 - n : 0);
        socket.SetRawSocketOption(IpProtocolIp, MinimumTtl, lowest);
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.SetRawSocketOption(IpProtocolIpv6, MinimumHops, lowest);
        }
    }

    /// <summary>Sends with the highest TTL. A listener answers so from its first packet on, which a peer with TTL security wants.</summary>
    public static void SendFar(Socket socket)
    {
        Span<byte> highest = stackalloc byte[4];
        BitConverter.TryWriteBytes(highest, 255);
        socket.SetRawSocketOption(IpProtocolIp, Ttl, highest);
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.SetRawSocketOption(IpProtocolIpv6, HopLimit, highest);
        }
    }

    /// <summary>The address of an end of a connection; IPv4 in an IPv6 socket is IPv4.</summary>
    public static IpAddress AddressOf(EndPoint? end)
    {
        var address = ((IPEndPoint)end!).Address;
        return IpAddress.From(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }
}
