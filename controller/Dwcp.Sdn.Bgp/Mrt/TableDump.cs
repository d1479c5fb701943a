using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Mrt;

/// <summary>The table as MRT records, RFC 6396 §4.3 (TABLE_DUMP_V2): a table of peers, then one record for each route with all its paths.</summary>
/// <remarks>It is written in parts, so that the loop serves peers in between. Peers that are new since it began are not in it.</remarks>
internal sealed class TableDump
{
    private const ushort TableDumpV2 = 13;
    private const ushort PeerIndexTable = 1;
    private const ushort Ipv4Unicast = 2;
    private const ushort Ipv6Unicast = 4;
    private const ushort Generic = 6;

    private readonly RouteBase routes;
    private readonly uint seconds;
    private readonly Dictionary<ushort, ushort> indexes = [];
    private readonly WireWriter w = new(64 * 1024);
    private uint sequence;

    /// <param name="at">The time that all records carry.</param>
    public TableDump(RouteBase routes, SpeakerSettings speaker, DateTimeOffset at)
    {
        this.routes = routes;
        seconds = (uint)at.ToUnixTimeSeconds();
        var start = Begin(PeerIndexTable);

        // 4 collector | 2 length of the view's name | 2 peers | n x (1 kind | 4 id | 4 or 16 address | 4 AS); kind: bit 0 IPv6, bit 1 wide AS
        w.U32((uint)speaker.RouterId.Value);
        w.U16(0);
        var peers = routes.Peers.ToList();
        w.U16((ushort)(peers.Count + 1));
        Peer((uint)speaker.RouterId.Value, speaker.RouterId, speaker.LocalAs.Value);
        indexes[RouteTable.Local] = 0;
        foreach (var peer in peers)
        {
            indexes[peer.Slot] = (ushort)indexes.Count;
            Peer(peer.RouterId, peer.Address, peer.Settings.RemoteAs.Value);
        }

        End(start);
    }

    /// <summary>The first entry of the table that is not yet written; none at the end.</summary>
    public int? Next { get; private set; } = 0;

    /// <summary>The records of the next entries, at most <paramref name="limit"/> of them, and the table of peers before the first.</summary>
    public byte[] Part(int limit)
    {
        var from = Next ?? 0;
        var to = Math.Min(routes.Table.Limit, from + limit);
        for (var index = from; index < to; index++)
        {
            if (routes.Table.Exists(index) && routes.Table[index].Best >= 0)
            {
                Route(index);
            }
        }

        Next = to < routes.Table.Limit ? to : null;
        var part = w.ToArray();
        w.Clear();
        return part;
    }

    // 4 sequence | NLRI, for the generic kind after 2 AFI, 1 SAFI | 2 paths | n x (2 peer | 4 time | 2 length | attributes)
    private void Route(int index)
    {
        ref var entry = ref routes.Table[index];
        var family = entry.Key.Family;
        var start = Begin(family switch { BgpFamily.Ipv4Unicast => Ipv4Unicast, BgpFamily.Ipv6Unicast => Ipv6Unicast, _ => Generic });
        w.U32(sequence++);
        if (family is not (BgpFamily.Ipv4Unicast or BgpFamily.Ipv6Unicast))
        {
            w.U16(family.Afi());
            w.U8(family.Safi());
        }

        Span<byte> nlri = stackalloc byte[NlriWriter.Largest];
        w.Bytes(nlri[..NlriWriter.Write(entry.Key, routes.Table.Path(entry.Best).Body, routes.Table.Opaque(index), nlri)]);
        var count = w.Length;
        w.U16(0);
        var paths = 0;
        for (var at = entry.FirstPath; at >= 0; at = routes.Table.Path(at).NextInEntry)
        {
            ref var path = ref routes.Table.Path(at);
            if (indexes.TryGetValue(path.Peer, out var peer))
            {
                paths++;
                w.U16(peer);
                w.U32(seconds);
                Attributes(family, routes.Attributes[path.Attributes].Kept);
            }
        }

        w.PatchU16(count, paths);
        End(start);
    }

    private void Attributes(BgpFamily family, ReadOnlySpan<byte> kept)
    {
        var length = w.Length;
        w.U16(0);
        var hop = AttributeCodec.NextHop(kept);
        if (family == BgpFamily.Ipv4Unicast)
        {
            AttributeCodec.Put(w, AttributeTable.NextHop, hop);
        }
        else
        {
            // Of MP_REACH_NLRI only the next hop is written, RFC 6396 §4.3.4.
            Span<byte> reach = [(byte)hop.Length, .. hop];
            AttributeCodec.Put(w, AttributeTable.MpReach, reach);
        }

        w.Bytes(AttributeCodec.Attributes(kept));
        w.PatchU16(length, w.Length - length - 2);
    }

    private void Peer(uint id, Core.Net.IpAddress address, uint asn)
    {
        w.U8((byte)(address.IsV6 ? 3 : 2));
        w.U32(id);
        w.Bytes(address.ToBytes());
        w.U32(asn);
    }

    // 4 time | 2 type | 2 subtype | 4 length
    private int Begin(ushort subtype)
    {
        w.U32(seconds);
        w.U16(TableDumpV2);
        w.U16(subtype);
        w.U32(0);
        return w.Length;
    }

    private void End(int start) => w.PatchU32(start - 4, (uint)(w.Length - start));
}
