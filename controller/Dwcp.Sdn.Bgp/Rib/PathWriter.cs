using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Gathers routes of one peer and one set of attributes and writes them as UPDATEs, as a tool that watches the peer wants them: attributes as they are held.</summary>
/// <param name="full">Called with each UPDATE as a whole message.</param>
internal sealed class PathWriter(PathWriter.Full full)
{
    private const int Enough = 3000;
    private const int Besides = 64; // Headers and a path id.

    private readonly WireWriter routes = new(BgpMessage.Longest);
    private readonly WireWriter w = new(BgpMessage.Longest);
    private RibPeer? peer;
    private AttributeSet? set;
    private BgpFamily family;

    public delegate void Full(RibPeer peer, ReadOnlySpan<byte> update);

    /// <param name="with">None for routes that are withdrawn.</param>
    public void Add(RibPeer of, BgpFamily within, AttributeSet? with, uint pathId, ReadOnlySpan<byte> nlri)
    {
        if (of != peer || within != family || with != set || routes.Length > Enough
            || Besides + (with?.Kept.Length ?? 0) + routes.Length + nlri.Length > BgpMessage.LongestExtended)
        {
            Flush();
        }

        (peer, family, set) = (of, within, with);
        if (of.Rules.AddPath.Has(within))
        {
            routes.U32(pathId);
        }

        routes.Bytes(nlri);
    }

    public void Flush()
    {
        if (peer is null || routes.Length == 0)
        {
            return;
        }

        w.Clear();
        var start = BgpMessage.Begin(w, MessageType.Update);
        var outside = family == BgpFamily.Ipv4Unicast;
        if (set is null && outside)
        {
            w.U16((ushort)routes.Length);
            w.Bytes(routes.Written);
            w.U16(0);
        }
        else
        {
            w.U16(0);
            var list = w.Length;
            w.U16(0);
            if (set is null)
            {
                Head(AttributeTable.MpUnreach, 3);
                w.Bytes(routes.Written);
            }
            else
            {
                Attributes(outside, set.Kept);
            }

            w.PatchU16(list, w.Length - list - 2);
            if (set is not null && outside)
            {
                w.Bytes(routes.Written);
            }
        }

        BgpMessage.End(w, start);
        var of = peer;
        (peer, set) = (null, null);
        routes.Clear();
        full(of, w.Written);
    }

    private void Attributes(bool outside, ReadOnlySpan<byte> kept)
    {
        var hop = AttributeCodec.NextHop(kept);
        var rest = AttributeCodec.Attributes(kept);
        if (!outside)
        {
            Head(AttributeTable.MpReach, 5 + hop.Length);
            w.U8((byte)hop.Length);
            w.Bytes(hop);
            w.U8(0);
            w.Bytes(routes.Written);
            w.Bytes(rest);
            return;
        }

        AttributeCodec.Put(w, AttributeTable.NextHop, hop);
        w.Bytes(rest);
    }

    // 1 flags | 1 code | 1 or 2 length | 2 AFI | 1 SAFI; a route that came alone may leave no octet for the longer form
    private void Head(byte code, int besides)
    {
        var length = besides + routes.Length;
        w.U8((byte)(length > 255 ? 0x90 : 0x80));
        w.U8(code);
        if (length > 255)
        {
            w.U16((ushort)length);
        }
        else
        {
            w.U8((byte)length);
        }

        w.U16(family.Afi());
        w.U8(family.Safi());
    }
}
