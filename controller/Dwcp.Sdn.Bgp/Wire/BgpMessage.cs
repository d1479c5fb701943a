using System.Buffers.Binary;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>The messages of RFC 4271 §4.1 and RFC 2918.</summary>
internal enum MessageType : byte
{
    Open = 1,
    Update = 2,
    Notification = 3,
    Keepalive = 4,
    RouteRefresh = 5,
}

/// <summary>The header of every message, RFC 4271 §4.1, and the messages that are little more than that.</summary>
internal static class BgpMessage
{
    public const int HeaderLength = 19;
    public const int Longest = 4096;
    public const int LongestExtended = 65535; // RFC 8654

    /// <summary>Finds the first message in <paramref name="bytes"/>.</summary>
    /// <param name="length">Of the whole message with its header; 0 when more octets are needed.</param>
    /// <returns>The fault that ends the session, or null.</returns>
    public static Notification? Frame(ReadOnlySpan<byte> bytes, int longest, out int length, out MessageType type)
    {
        length = 0;
        type = default;
        if (bytes.Length < HeaderLength)
        {
            return null;
        }

        if (bytes[..16].ContainsAnyExcept((byte)0xff))
        {
            return Notification.NotSynchronised;
        }

        var stated = BinaryPrimitives.ReadUInt16BigEndian(bytes[16..]);
        type = (MessageType)bytes[18];
        var shortest = type switch
        {
            MessageType.Open => 29,
            MessageType.Update => 23,
            MessageType.Notification => 21,
            MessageType.Keepalive => 19,
            MessageType.RouteRefresh => 23,
            _ => HeaderLength,
        };

        // OPEN and KEEPALIVE stay within 4096 octets even in a session with extended messages, RFC 8654 §4.
        if (stated < shortest
            || stated > (type is MessageType.Open or MessageType.Keepalive ? Longest : longest)
            || (type == MessageType.Keepalive && stated != HeaderLength))
        {
            return Notification.BadLength(stated);
        }

        if (type is < MessageType.Open or > MessageType.RouteRefresh)
        {
            return Notification.BadType((byte)type);
        }

        length = bytes.Length < stated ? 0 : stated;
        return null;
    }

    /// <summary>Writes a header whose length <see cref="End"/> fills in, and returns where it starts.</summary>
    public static int Begin(WireWriter w, MessageType type)
    {
        var start = w.Length;
        w.U64(ulong.MaxValue);
        w.U64(ulong.MaxValue);
        w.U16(0);
        w.U8((byte)type);
        return start;
    }

    public static void End(WireWriter w, int start) => w.PatchU16(start + 16, w.Length - start);

    public static readonly byte[] Keepalive = [.. Enumerable.Repeat((byte)0xff, 16), 0, 19, (byte)MessageType.Keepalive];

    /// <summary>The mark that all routes of a family were sent, RFC 4724 §2.</summary>
    public static byte[] EndOfRib(BgpFamily family)
    {
        var w = new WireWriter();
        var start = Begin(w, MessageType.Update);
        w.U16(0);
        if (family == BgpFamily.Ipv4Unicast)
        {
            w.U16(0);
        }
        else
        {
            w.U16(6);
            w.U8(0x80);
            w.U8(15);
            w.U8(3);
            w.U16(family.Afi());
            w.U8(family.Safi());
        }

        End(w, start);
        return w.ToArray();
    }
}

/// <summary>What a ROUTE-REFRESH says: a wish, or the marks around its answer (RFC 7313 §3.2).</summary>
internal enum RefreshKind : byte
{
    Request = 0,
    Begin = 1,
    End = 2,
}

/// <summary>ROUTE-REFRESH, RFC 2918 §3 and RFC 7313 §4.</summary>
internal readonly record struct RouteRefresh(ushort Afi, RefreshKind Kind, byte Safi)
{
    public const int Length = 4;

    // 2 AFI | 1 kind | 1 SAFI, and perhaps filters of RFC 5291 that were never negotiated
    public static RouteRefresh Read(ReadOnlySpan<byte> body)
    {
        var r = new WireReader(body);
        return new(r.U16(), (RefreshKind)r.U8(), r.U8());
    }

    public byte[] ToMessage()
    {
        var w = new WireWriter();
        var start = BgpMessage.Begin(w, MessageType.RouteRefresh);
        w.U16(Afi);
        w.U8((byte)Kind);
        w.U8(Safi);
        BgpMessage.End(w, start);
        return w.ToArray();
    }
}
