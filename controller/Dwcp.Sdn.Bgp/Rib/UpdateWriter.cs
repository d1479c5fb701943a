using System.Buffers.Binary;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Formats UPDATEs for an update group into shared chunks, with as many routes in each as fit.</summary>
internal sealed class UpdateWriter(SpeakerSettings speaker, RouteTable table, ChunkPool pool)
{
    private const int LongestKnownNlri = 64;
    private const uint LongLivedStale = 0xffff_0006; // RFC 9494 §4.4
    private readonly WireWriter attributes = new(1024);
    private readonly WireWriter value = new(256);
    private OutputChunk chunk = pool.Take();

    /// <summary>Called for each message: which members of the group get it, and where it stands.</summary>
    public delegate void Emit(ulong targets, OutputChunk chunk, int start, int length);

    /// <param name="entries">Routes that share <paramref name="set"/>.</param>
    /// <param name="pathIds">One for each of them, one more than the number of its path; none without add-path, where it is the best path.</param>
    /// <param name="from">Whose routes they are; none for the speaker's own.</param>
    public void Announce(UpdateGroup group, BgpFamily family, AttributeSet set, RibPeer? from, bool longLived, List<int> entries, List<uint> pathIds, ulong targets, Emit emit)
    {
        Span<byte> hop = stackalloc byte[32];
        var hopLength = NextHop(group.Key, set, hop);
        Export(group.Key, family, set, from, longLived, hop[..hopLength]);
        var own = attributes.Written;
        var needed = BgpMessage.HeaderLength + 64 + own.Length + NlriWriter.Largest + 4;
        if (needed > group.Key.LongestMessage)
        {
            Withdraw(group, family, entries, pathIds, targets, emit); // They cannot be told with a message this peer takes, RFC 8654 §4.
            return;
        }

        for (var i = 0; i < entries.Count;)
        {
            var to = Room(group.Key.LongestMessage, needed);
            var at = BgpMessage.HeaderLength + 4;
            if (family == BgpFamily.Ipv4Unicast)
            {
                own.CopyTo(to[at..]);
                BinaryPrimitives.WriteUInt16BigEndian(to[(BgpMessage.HeaderLength + 2)..], (ushort)own.Length);
                at += own.Length;
                at += Fill(entries, pathIds, ref i, to[at..], withdraw: false);
            }
            else
            {
                // MP_REACH_NLRI goes first, RFC 7606 §5.1; its length is known at the end.
                var reach = at;
                at += Head(to[at..], AttributeTable.MpReach, family);
                to[at++] = (byte)hopLength;
                hop[..hopLength].CopyTo(to[at..]);
                at += hopLength;
                to[at++] = 0;
                at += Fill(entries, pathIds, ref i, to[at..^own.Length], withdraw: false);
                BinaryPrimitives.WriteUInt16BigEndian(to[(reach + 2)..], (ushort)(at - reach - 4));
                own.CopyTo(to[at..]);
                at += own.Length;
                BinaryPrimitives.WriteUInt16BigEndian(to[(BgpMessage.HeaderLength + 2)..], (ushort)(at - BgpMessage.HeaderLength - 4));
            }

            Finish(to, at, targets, emit);
        }
    }

    public void Withdraw(UpdateGroup group, BgpFamily family, List<int> entries, List<uint> pathIds, ulong targets, Emit emit)
    {
        for (var i = 0; i < entries.Count;)
        {
            var to = Room(group.Key.LongestMessage, BgpMessage.Longest);
            var at = BgpMessage.HeaderLength + 2;
            if (family == BgpFamily.Ipv4Unicast)
            {
                var length = Fill(entries, pathIds, ref i, to[at..^2], withdraw: true);
                BinaryPrimitives.WriteUInt16BigEndian(to[BgpMessage.HeaderLength..], (ushort)length);
                at += length;
                to.Slice(at, 2).Clear(); // No attributes; the chunk has been used before.
                at += 2;
            }
            else
            {
                at += 2;
                var unreach = at;
                at += Head(to[at..], AttributeTable.MpUnreach, family);
                at += Fill(entries, pathIds, ref i, to[at..], withdraw: true);
                BinaryPrimitives.WriteUInt16BigEndian(to[(unreach + 2)..], (ushort)(at - unreach - 4));
                BinaryPrimitives.WriteUInt16BigEndian(to[(BgpMessage.HeaderLength + 2)..], (ushort)(at - unreach));
            }

            Finish(to, at, targets, emit);
        }
    }

    // 1 flags | 1 code | 2 length | 2 AFI | 1 SAFI
    private static int Head(Span<byte> to, byte code, BgpFamily family)
    {
        to[0] = 0x90;
        to[1] = code;
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], family.Afi());
        to[6] = family.Safi();
        return 7;
    }

    private int Fill(List<int> entries, List<uint> pathIds, ref int i, Span<byte> to, bool withdraw)
    {
        Span<byte> apart = stackalloc byte[NlriWriter.Largest + 4];
        var at = 0;
        for (; i < entries.Count; i++)
        {
            ref var entry = ref table[entries[i]];
            var octets = table.Opaque(entries[i]);
            var rest = to[at..];
            if (rest.Length < Math.Max(LongestKnownNlri, octets.Length) + 4)
            {
                // The last one may just fit: how long it is shows when it is written.
                var length = Write(entry, octets, pathIds, i, withdraw, apart);
                if (length > rest.Length)
                {
                    break;
                }

                apart[..length].CopyTo(rest);
                at += length;
                continue;
            }

            at += Write(entry, octets, pathIds, i, withdraw, rest);
        }

        return at;
    }

    private int Write(in Entry entry, ReadOnlySpan<byte> octets, List<uint> pathIds, int i, bool withdraw, Span<byte> to)
    {
        if (pathIds.Count == 0)
        {
            return NlriWriter.Write(entry.Key, withdraw ? default : table.Path(entry.Best).Body, octets, to);
        }

        BinaryPrimitives.WriteUInt32BigEndian(to, pathIds[i]);
        return 4 + NlriWriter.Write(entry.Key, withdraw ? default : table.Path((int)pathIds[i] - 1).Body, octets, to[4..]);
    }

    private Span<byte> Room(int longest, int needed)
    {
        // Even a message of extended length is cut at the end of the chunk, as long as an ordinary one fits.
        if (chunk.Room < Math.Max(BgpMessage.Longest, needed))
        {
            pool.Release(chunk);
            chunk = pool.Take();
        }

        var to = chunk.Data.AsSpan(chunk.Used, Math.Min(longest, chunk.Room));
        to[..16].Fill(0xff);
        to[18] = (byte)MessageType.Update;
        to.Slice(BgpMessage.HeaderLength, 4).Clear();
        return to;
    }

    private void Finish(Span<byte> message, int length, ulong targets, Emit emit)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message[16..], (ushort)length);
        emit(targets, chunk, chunk.Used, length);
        chunk.Used += length;
    }

    private static int NextHop(GroupKey group, AttributeSet set, Span<byte> to)
    {
        if (group.Self is { } self)
        {
            return self.Write(to);
        }

        var hop = AttributeCodec.NextHop(set.Kept);
        hop.CopyTo(to);
        return hop.Length;
    }

    /// <summary>The attributes as this group is to see them: reflection inside the AS (RFC 4456 §8), the border to another (RFC 4271 §5).</summary>
    private void Export(GroupKey group, BgpFamily family, AttributeSet set, RibPeer? from, bool longLived, ReadOnlySpan<byte> nextHop)
    {
        attributes.Clear();
        var reflected = !group.External && from is { External: false };
        var wish = reflected && family == BgpFamily.RtConstraint && group.Client; // Comes from this speaker as far as a client can see, RFC 4684 §3.2 i.
        var preference = group.External;
        var originator = !reflected || (set.Originator != 0 && !wish);
        var clusters = !reflected || set.Clusters > 0;
        var hop = family != BgpFamily.Ipv4Unicast;
        var rest = AttributeCodec.Attributes(set.Kept);
        while (true)
        {
            var more = AttributeCodec.Next(ref rest, out var flags, out var code, out var body, out var whole);

            // What is missing is put where its code belongs: attributes are in the order of their codes.
            if (!hop && (!more || code > AttributeTable.NextHop))
            {
                hop = true;
                AttributeCodec.Put(attributes, AttributeTable.NextHop, nextHop);
            }

            if (!preference && (!more || code >= AttributeTable.LocalPreference))
            {
                preference = true;
                if (!more || code != AttributeTable.LocalPreference)
                {
                    value.Clear();
                    value.U32(set.LocalPreference);
                    AttributeCodec.Put(attributes, AttributeTable.LocalPreference, value.Written);
                }
            }

            if (!originator && (!more || code > AttributeTable.OriginatorId))
            {
                originator = true;
                value.Clear();
                value.U32(wish ? (uint)speaker.RouterId.Value : from!.RouterId);
                AttributeCodec.Put(attributes, AttributeTable.OriginatorId, value.Written);
            }

            if (!clusters && (!more || code > AttributeTable.ClusterList))
            {
                clusters = true;
                value.Clear();
                value.U32((uint)speaker.Cluster.Value);
                AttributeCodec.Put(attributes, AttributeTable.ClusterList, value.Written);
            }

            if (!more)
            {
                break;
            }

            switch (code)
            {
                case AttributeTable.ClusterList when reflected:
                    value.Clear();
                    value.U32((uint)speaker.Cluster.Value);
                    value.Bytes(body);
                    AttributeCodec.Put(attributes, code, value.Written);
                    break;
                case AttributeTable.OriginatorId when wish:
                    break;
                case AttributeTable.AsPath when group.External || !group.As4:
                    Path(group, body);
                    break;
                case AttributeTable.LocalPreference or AttributeTable.OriginatorId or AttributeTable.ClusterList or AttributeTable.Med when group.External:
                    break;
                case AttributeTable.Aggregator when !group.As4:
                    Aggregator(body, flags);
                    break;
                case AttributeTable.ExtendedCommunities when group.External:
                    Transitive(body, flags);
                    break;
                case AttributeTable.Communities when longLived:
                    value.Clear();
                    value.Bytes(body);
                    value.U32(LongLivedStale);
                    AttributeCodec.Put(attributes, code, value.Written, flags);
                    longLived = false;
                    break;
                default:
                    attributes.Bytes(whole);
                    break;
            }
        }

        if (longLived)
        {
            value.Clear();
            value.U32(LongLivedStale);
            AttributeCodec.Put(attributes, AttributeTable.Communities, value.Written);
        }
    }

    private void Path(GroupKey group, ReadOnlySpan<byte> body)
    {
        var path = AsPathCodec.Read(body);
        if (group.External)
        {
            path = AsPathCodec.Prepend(path, group.LocalAs);
        }

        value.Clear();
        AsPathCodec.Write(value, path, group.As4 ? 4 : 2);
        AttributeCodec.Put(attributes, AttributeTable.AsPath, value.Written);
        if (!group.As4 && path.Any(s => s.Numbers.Any(n => n.Value > ushort.MaxValue)))
        {
            value.Clear();
            AsPathCodec.Write(value, path);
            AttributeCodec.Put(attributes, AttributeTable.As4Path, value.Written);
        }
    }

    // 4 AS | 4 router becomes 2 AS | 4 router, with the wide one beside it when it is needed (RFC 6793 §4.2.2)
    private void Aggregator(ReadOnlySpan<byte> body, byte flags)
    {
        var asn = BinaryPrimitives.ReadUInt32BigEndian(body);
        value.Clear();
        value.U16(asn > ushort.MaxValue ? OpenMessage.AsTrans : (ushort)asn);
        value.Bytes(body[4..]);
        AttributeCodec.Put(attributes, AttributeTable.Aggregator, value.Written, flags);
        if (asn > ushort.MaxValue)
        {
            AttributeCodec.Put(attributes, AttributeTable.As4Aggregator, body);
        }
    }

    private void Transitive(ReadOnlySpan<byte> body, byte flags)
    {
        value.Clear();
        for (; !body.IsEmpty; body = body[8..])
        {
            if ((body[0] & 0x40) == 0)
            {
                value.Bytes(body[..8]);
            }
        }

        if (value.Length > 0)
        {
            AttributeCodec.Put(attributes, AttributeTable.ExtendedCommunities, value.Written, flags);
        }
    }
}
