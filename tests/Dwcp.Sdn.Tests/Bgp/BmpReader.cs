using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>A message of BMP as a strict reader sees it.</summary>
/// <param name="Flags">0x80 IPv6, 0x40 post-policy, 0x20 narrow.</param>
/// <param name="Body">What follows the header of the peer.</param>
internal sealed record BmpHeard(byte Type, byte Flags, IpAddress? Peer, uint Asn, uint RouterId, byte[] Body)
{
    public bool IsPostPolicy => (Flags & 0x40) != 0;
}

/// <summary>Reads BMP, RFC 7854, and fails where a message is not exactly as it should be.</summary>
internal static class BmpReader
{
    public static List<BmpHeard> Read(byte[] bytes)
    {
        var heard = new List<BmpHeard>();
        for (var rest = bytes.AsSpan(); rest.Length >= 6;)
        {
            var r = new WireReader(rest);
            Assert.Equal(3, r.U8());
            var length = (int)r.U32();
            if (rest.Length < length)
            {
                break;
            }

            heard.Add(One(rest[..length]));
            rest = rest[length..];
        }

        return heard;
    }

    /// <summary>The UPDATE of a route monitoring, as its routes in words with + and -; `end` for an End-of-RIB.</summary>
    public static IEnumerable<string> Routes(BmpHeard heard)
    {
        var said = new Dwcp.Sdn.Bgp.BgpText(As4: (heard.Flags & 0x20) == 0).Read(heard.Body);
        Assert.Equal("UPDATE", said.Type);
        Assert.Null(said.Answer);
        var words = said.Parts.Where(p => p.Kind != Dwcp.Sdn.Bgp.BgpPartKind.Attribute)
            .Select(p => (p.Kind == Dwcp.Sdn.Bgp.BgpPartKind.Announced ? "+" : "-") + p.Value).ToList();
        return words.Count == 0 ? ["end"] : words;
    }

    private static BmpHeard One(ReadOnlySpan<byte> message)
    {
        var type = message[5];
        var r = new WireReader(message[6..]);
        if (type is 4 or 5)
        {
            var body = message[6..].ToArray();
            while (r.Remaining > 0)
            {
                r.U16();
                r.Skip(r.U16());
            }

            return new(type, 0, null, 0, 0, body);
        }

        Assert.InRange(type, 0, 3);
        Assert.Equal(0, r.U8());
        var flags = r.U8();
        Assert.Equal(0, flags & 0x1f);
        Assert.Equal(0ul, r.U64());
        var peer = Address(ref r, (flags & 0x80) != 0);
        var (asn, id, seconds, micro) = (r.U32(), r.U32(), r.U32(), r.U32());
        Assert.InRange(DateTimeOffset.FromUnixTimeSeconds(seconds), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.InRange(micro, 0u, 999_999u);
        var rest = message[^r.Remaining..];
        Check(type, rest, (flags & 0x80) != 0);
        return new(type, flags, peer, asn, id, rest.ToArray());
    }

    private static void Check(byte type, ReadOnlySpan<byte> body, bool six)
    {
        var r = new WireReader(body);
        switch (type)
        {
            case 0:
                Whole(body, MessageType.Update);
                break;
            case 1:
                for (var count = r.U32(); count > 0; count--)
                {
                    var kind = r.U16();
                    Assert.Equal(kind is 7 or 8 ? 8 : 4, r.U16());
                    r.Skip(kind is 7 or 8 ? 8 : 4);
                }

                r.End("statistics");
                break;
            case 2:
                var reason = r.U8();
                Assert.InRange(reason, 1, 5);
                if (reason is 1 or 3)
                {
                    Whole(body[1..], MessageType.Notification);
                }
                else
                {
                    Assert.Equal(reason == 2 ? 2 : 0, r.Remaining);
                }

                break;
            default:
                Address(ref r, six);
                Assert.NotEqual(0, r.U16());
                Assert.NotEqual(0, r.U16());
                var opens = body[20..];
                Assert.Null(BgpMessage.Frame(opens, BgpMessage.Longest, out var first, out var kind1));
                Assert.Equal(MessageType.Open, kind1);
                Whole(opens[first..], MessageType.Open);
                break;
        }
    }

    private static void Whole(ReadOnlySpan<byte> message, MessageType wanted)
    {
        Assert.Null(BgpMessage.Frame(message, BgpMessage.LongestExtended, out var length, out var type));
        Assert.Equal((wanted, message.Length), (type, length));
    }

    private static IpAddress Address(ref WireReader r, bool six)
    {
        var bytes = r.Take(16);
        Assert.True(six || bytes[..12].IndexOfAnyExcept((byte)0) < 0);
        return IpAddress.FromBytes(six ? bytes : bytes[12..]);
    }
}

/// <summary>A station on loopback that keeps what it is told.</summary>
internal sealed class BmpListener : IDisposable
{
    private readonly TcpListener listener;
    private readonly List<byte> bytes = [];
    private Socket? socket;

    public BmpListener(string address)
    {
        listener = new(IPAddress.Parse(address), 0);
        listener.Start();
        At = (IPEndPoint)listener.LocalEndpoint;
        _ = RunAsync();
    }

    public IPEndPoint At { get; }

    public int Connections { get; private set; }

    /// <summary>Takes nothing more from the connection that stands.</summary>
    public bool Deaf { get; set; }

    public List<BmpHeard> Heard
    {
        get
        {
            lock (bytes)
            {
                return BmpReader.Read([.. bytes]);
            }
        }
    }

    public byte[] Octets
    {
        get
        {
            lock (bytes)
            {
                return [.. bytes];
            }
        }
    }

    public IEnumerable<string> Routes(bool post = false) => Heard.Where(h => h.Type == 0 && h.IsPostPolicy == post).SelectMany(BmpReader.Routes);

    /// <summary>Breaks the connection and forgets what it carried.</summary>
    public void Break()
    {
        socket?.Dispose();
        lock (bytes)
        {
            bytes.Clear();
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        socket?.Dispose();
    }

    private async Task RunAsync()
    {
        var buffer = new byte[65536];
        try
        {
            while (true)
            {
                var accepted = socket = await listener.AcceptSocketAsync();
                Connections++;
                try
                {
                    while (true)
                    {
                        while (Deaf && Connected(accepted))
                        {
                            await Task.Delay(20);
                        }

                        if (await accepted.ReceiveAsync(buffer) is var count and > 0)
                        {
                            lock (bytes)
                            {
                                bytes.AddRange(buffer.AsSpan(0, count));
                            }
                        }
                        else
                        {
                            break;
                        }
                    }
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // The next one.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static bool Connected(Socket socket) => !(socket.Poll(0, SelectMode.SelectError) || (socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0));

}
