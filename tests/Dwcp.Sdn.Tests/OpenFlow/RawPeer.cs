using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>A switch made of a socket, which does as it is told and nothing by itself.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket socket;
    private Stream stream = Stream.Null;
    private uint nextXid = 1;

    private RawPeer(AddressFamily family) => socket = new(family, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Connects, with a layer such as TLS over the connection if one is given.</summary>
    /// <param name="from">The address that it comes from, where another than usual matters.</param>
    public static async Task<RawPeer> ConnectAsync(IPEndPoint to, Func<Stream, Task<Stream>>? over = null, IPAddress? from = null)
    {
        var peer = new RawPeer(to.AddressFamily);
        peer.socket.Bind(new IPEndPoint(from ?? (to.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any), 0));
        await peer.socket.ConnectAsync(to);
        peer.stream = new NetworkStream(peer.socket);
        peer.stream = over is null ? peer.stream : await over(peer.stream);
        return peer;
    }

    /// <summary>Connects and goes through the handshake as the switch with that id.</summary>
    public static async Task<RawPeer> JoinAsync(IPEndPoint to, ulong datapath, Func<Stream, Task<Stream>>? over = null, byte auxiliary = 0, params PortDesc[] ports)
    {
        var peer = await ConnectAsync(to, over);
        await peer.GreetAsync(datapath, auxiliary, ports);
        return peer;
    }

    /// <summary>Goes through the handshake as the switch with that id.</summary>
    public async Task GreetAsync(ulong datapath, byte auxiliary = 0, params PortDesc[] ports)
    {
        await SendAsync(new Hello());
        while (true)
        {
            var (xid, message) = await ReceiveAsync() ?? throw new InvalidOperationException("closed during the handshake");
            switch (message)
            {
                case FeaturesRequest:
                    await SendAsync(new FeaturesReply(new DatapathId(datapath), 0, 254, auxiliary, SwitchCapabilities.None), xid);
                    break;
                case MultipartRequest { Body.Type: MultipartType.Desc }:
                    await SendAsync(new MultipartReply(new SwitchDesc("", "", "raw", "", "")), xid);
                    break;
                case MultipartRequest { Body.Type: MultipartType.PortDesc }:
                    await SendAsync(new MultipartReply(new PortDescReply([.. ports])), xid);
                    return;
            }
        }
    }

    public async Task SendAsync(OfMessage message, uint? xid = null)
    {
        var w = new WireWriter();
        OfCodec.Write(w, xid ?? nextXid++, message);
        await SendAsync(w.ToArray());
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await stream.WriteAsync(bytes);

    /// <summary>The next message, or null when the connection is over.</summary>
    public async Task<(uint Xid, OfMessage Message)?> ReceiveAsync()
    {
        var head = await ReceiveAsync(OfHeader.Size);
        if (head is null)
        {
            return null;
        }

        var header = OfHeader.Read(head);
        byte[] whole = [.. head, .. await ReceiveAsync(header.Length - OfHeader.Size) ?? []];
        return (header.Xid, OfCodec.Read(whole, out _));
    }

    /// <summary>Reads until the connection is over and returns what came.</summary>
    public async Task<List<OfMessage>> ReceiveToEndAsync()
    {
        var all = new List<OfMessage>();
        while (await ReceiveAsync() is { } received)
        {
            all.Add(received.Message);
        }

        return all;
    }

    public void Dispose()
    {
        stream.Dispose();
        socket.Dispose();
    }

    private async Task<byte[]?> ReceiveAsync(int count)
    {
        var bytes = new byte[count];
        var have = 0;
        while (have < count)
        {
            try
            {
                var got = await stream.ReadAsync(bytes.AsMemory(have));
                if (got == 0)
                {
                    return null;
                }

                have += got;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                return null;
            }
        }

        return bytes;
    }
}
