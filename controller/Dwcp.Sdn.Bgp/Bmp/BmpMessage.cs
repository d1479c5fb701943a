using System.Text;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Bmp;

/// <summary>The types of messages, RFC 7854 §4.1.</summary>
internal enum BmpType : byte
{
    RouteMonitoring,
    Statistics,
    PeerDown,
    PeerUp,
    Initiation,
    Termination,
}

/// <summary>The peer that a message speaks of, RFC 7854 §4.2.</summary>
/// <param name="PostPolicy">After the rules of the peer.</param>
/// <param name="Narrow">AS_PATH has numbers of two octets.</param>
internal readonly record struct BmpPeer(IpAddress Address, Asn Asn, uint RouterId, bool PostPolicy, bool Narrow);

/// <summary>Writes messages of the BGP Monitoring Protocol, version 3, RFC 7854.</summary>
internal static class BmpMessage
{
    public const int HeaderLength = 6;
    public const int PeerHeaderLength = 42;
    private const byte Version = 3;

    // TLVs: 1 sysDescr, 2 sysName
    public static byte[] Initiation(string name, string description)
    {
        var w = Begin(BmpType.Initiation);
        Text(w, 1, description);
        Text(w, 2, name);
        return End(w);
    }

    /// <param name="reason">0 closed by the administrator, 2 out of resources, §4.5.</param>
    public static byte[] Termination(ushort reason)
    {
        var w = Begin(BmpType.Termination);
        w.U16(1);
        w.U16(2);
        w.U16(reason);
        return End(w);
    }

    // 16 local address | 2 local port | 2 remote port | sent OPEN | received OPEN
    public static byte[] PeerUp(BmpPeer peer, DateTimeOffset at, SessionEnds ends)
    {
        var w = Begin(BmpType.PeerUp, peer, at);
        Address(w, IpAddress.From(ends.Local.Address.IsIPv4MappedToIPv6 ? ends.Local.Address.MapToIPv4() : ends.Local.Address));
        w.U16((ushort)ends.Local.Port);
        w.U16((ushort)ends.Remote.Port);
        w.Bytes(ends.SentOpen);
        w.Bytes(ends.ReceivedOpen);
        return End(w);
    }

    // 1 reason | data
    public static byte[] PeerDown(BmpPeer peer, DateTimeOffset at, Notification? sent, Notification? received)
    {
        var w = Begin(BmpType.PeerDown, peer, at);
        switch (sent, received)
        {
            case (not null, _):
                w.U8(1);
                w.Bytes(sent.ToMessage());
                break;
            case (_, not null):
                w.U8(3);
                w.Bytes(received.ToMessage());
                break;
            default:
                w.U8(4);
                break;
        }

        return End(w);
    }

    /// <param name="update">A whole UPDATE.</param>
    public static byte[] RouteMonitoring(BmpPeer peer, DateTimeOffset at, ReadOnlySpan<byte> update)
    {
        var w = Begin(BmpType.RouteMonitoring, peer, at, update.Length);
        w.Bytes(update);
        return End(w);
    }

    // 4 count | n x (2 type | 2 length | 4 counter or 8 gauge), §4.8
    public static byte[] Statistics(BmpPeer peer, DateTimeOffset at, RibPeer counts)
    {
        var w = Begin(BmpType.Statistics, peer, at);
        w.U32(4);
        Counter(w, 0, counts.Refused);
        Counter(w, 11, counts.TakenAsWithdrawn);
        Counter(w, 12, counts.RoutesTakenAsWithdrawn);
        w.U16(7);
        w.U16(8);
        w.U64((ulong)counts.Paths);
        return End(w);
    }

    // 1 version | 4 length | 1 type
    private static WireWriter Begin(BmpType type, int room = 128)
    {
        var w = new WireWriter(HeaderLength + PeerHeaderLength + room);
        w.U8(Version);
        w.U32(0);
        w.U8((byte)type);
        return w;
    }

    // 1 type | 1 flags | 8 distinguisher | 16 address | 4 AS | 4 id | 4 seconds | 4 microseconds
    private static WireWriter Begin(BmpType type, BmpPeer peer, DateTimeOffset at, int room = 128)
    {
        var w = Begin(type, room);
        w.U8(0);
        w.U8((byte)((peer.Address.IsV6 ? 0x80 : 0) | (peer.PostPolicy ? 0x40 : 0) | (peer.Narrow ? 0x20 : 0)));
        w.U64(0);
        Address(w, peer.Address);
        w.U32(peer.Asn.Value);
        w.U32(peer.RouterId);
        var since = at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        w.U32((uint)(since / TimeSpan.TicksPerSecond));
        w.U32((uint)(since % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
        return w;
    }

    private static byte[] End(WireWriter w)
    {
        w.PatchU32(1, (uint)w.Length);
        return w.ToArray();
    }

    private static void Address(WireWriter w, IpAddress address)
    {
        w.Zeros(address.IsV6 ? 0 : 12);
        w.Bytes(address.ToBytes());
    }

    private static void Counter(WireWriter w, ushort type, long value)
    {
        w.U16(type);
        w.U16(4);
        w.U32((uint)value); // It wraps, as counters of 32 bits do.
    }

    private static void Text(WireWriter w, ushort type, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        w.U16(type);
        w.U16((ushort)bytes.Length);
        w.Bytes(bytes);
    }
}
