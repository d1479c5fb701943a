using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dwcp.Sdn.Bgp.Bfd;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Transport;

/// <summary>The UDP ports of single-hop BFD at one address of ours, RFC 5881 §4 and §5: what did not come with TTL 255 came from further away and is not heard.</summary>
internal sealed class BfdPort : IDisposable
{
    private const int Control = 3784;
    private const int FirstSource = 49152;
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;

    private readonly byte[] buffer = new byte[128];
    private readonly Socket receiving;
    private readonly Socket sending;

    /// <exception cref="SocketException">Another program has the port.</exception>
    public BfdPort(IpAddress local)
    {
        Local = local;
        var family = local.IsV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        receiving = new(family, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        sending = new(family, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            TakeOnlyNear(receiving, local.IsV6);
            receiving.Bind(new IPEndPoint(local.ToIPAddress(), Control));
            TcpOptions.SendFar(sending);
            BindSource(sending, local);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IpAddress Local { get; }

    /// <summary>To wait for packets with.</summary>
    public SafeHandle Handle => receiving.SafeHandle;

    /// <summary>Takes a packet that has come; false when none waits.</summary>
    /// <param name="packet">None when what came is no packet of BFD.</param>
    public bool TryReceive(out IpAddress from, out BfdPacket? packet)
    {
        EndPoint sender = new IPEndPoint(receiving.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        try
        {
            var count = receiving.ReceiveFrom(buffer, SocketFlags.None, ref sender);
            from = TcpOptions.AddressOf(sender);
            packet = BfdPacket.Read(buffer.AsSpan(0, count));
            return true;
        }
        catch (SocketException)
        {
            (from, packet) = (default, null);
            return false;
        }
    }

    public void Send(IpAddress peer, in BfdPacket packet)
    {
        try
        {
            sending.SendTo(packet.ToBytes(), new IPEndPoint(peer.ToIPAddress(), Control));
        }
        catch (SocketException)
        {
            // No route, or nobody at the port: silence is what BFD measures.
        }
    }

    public void Dispose()
    {
        receiving.Dispose();
        sending.Dispose();
    }

    private static void BindSource(Socket socket, IpAddress local)
    {
        for (var port = FirstSource + Random.Shared.Next(16384); ; port = FirstSource + Random.Shared.Next(16384))
        {
            try
            {
                socket.Bind(new IPEndPoint(local.ToIPAddress(), port));
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one; there are sixteen thousand.
            }
        }
    }

    /// <summary>A packet filter of the kernel: load the TTL of the network header, compare, take or drop.</summary>
    private static unsafe void TakeOnlyNear(Socket socket, bool six)
    {
        // Each: 2 code | 1 jump if true | 1 jump if false | 4 operand; the network header begins at -0x100000.
        ReadOnlySpan<ulong> program =
        [
            0x30 | ((ulong)(uint)(-0x10_0000 + (six ? 7 : 8)) << 32),
            0x15 | (1ul << 24) | (255ul << 32),
            0x06 | (ulong)uint.MaxValue << 32,
            0x06,
        ];
        fixed (ulong* at = program)
        {
            // struct sock_fprog: 2 count | 6 padding | 8 pointer
            Span<ulong> option = [(ulong)program.Length, (ulong)at];
            socket.SetRawSocketOption(SocketLevel, AttachFilter, MemoryMarshal.AsBytes(option));
        }
    }
}
