using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Mrt;

/// <summary>Writes records of what passes between two speakers, RFC 6396 §4.4 and for path identifiers RFC 8050.</summary>
internal static class MessageRecords
{
    private const ushort Bgp4Mp = 16;
    private const ushort Message = 1;
    private const ushort MessageAs4 = 4;
    private const ushort StateChangeAs4 = 5;
    private const ushort MessageAddPath = 8;
    private const ushort MessageAs4AddPath = 9;
    private const ushort AsTrans = 23456;

    /// <param name="narrow">AS_PATH has numbers of two octets.</param>
    /// <param name="addPath">Some routes in it have path identifiers.</param>
    public static byte[] OfMessage(DateTimeOffset at, Asn peerAs, Asn localAs, IpAddress peer, IpAddress local, bool narrow, bool addPath, ReadOnlySpan<byte> message)
    {
        var w = Begin(at, (narrow, addPath) switch { (true, false) => Message, (true, true) => MessageAddPath, (false, true) => MessageAs4AddPath, _ => MessageAs4 });
        Ends(w, peerAs, localAs, peer, local, narrow);
        w.Bytes(message);
        return End(w);
    }

    // 2 old state | 2 new state
    public static byte[] OfChange(DateTimeOffset at, Asn peerAs, Asn localAs, IpAddress peer, IpAddress local, BgpPhase before, BgpPhase after)
    {
        var w = Begin(at, StateChangeAs4);
        Ends(w, peerAs, localAs, peer, local, narrow: false);
        w.U16((ushort)(1 + (int)before));
        w.U16((ushort)(1 + (int)after));
        return End(w);
    }

    // 2 or 4 peer AS | 2 or 4 local AS | 2 interface | 2 family of addresses | 4 or 16 peer | 4 or 16 local
    private static void Ends(WireWriter w, Asn peerAs, Asn localAs, IpAddress peer, IpAddress local, bool narrow)
    {
        foreach (var asn in (ReadOnlySpan<Asn>)[peerAs, localAs])
        {
            if (narrow)
            {
                w.U16(asn.Value > ushort.MaxValue ? AsTrans : (ushort)asn.Value);
            }
            else
            {
                w.U32(asn.Value);
            }
        }

        w.U16(0);
        w.U16((ushort)(peer.IsV6 ? 2 : 1));
        w.Bytes(peer.ToBytes());
        w.Bytes(local.ToBytes());
    }

    // 4 time | 2 type | 2 subtype | 4 length
    private static WireWriter Begin(DateTimeOffset at, ushort subtype)
    {
        var w = new WireWriter(256);
        w.U32((uint)at.ToUnixTimeSeconds());
        w.U16(Bgp4Mp);
        w.U16(subtype);
        w.U32(0);
        return w;
    }

    private static byte[] End(WireWriter w)
    {
        w.PatchU32(8, (uint)(w.Length - 12));
        return w.ToArray();
    }
}
