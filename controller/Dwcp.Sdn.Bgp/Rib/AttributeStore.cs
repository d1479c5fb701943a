using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>One set of path attributes, shared by all routes that came with the same octets, and what route selection reads of it.</summary>
internal sealed class AttributeSet(int id, byte[] kept, uint hash)
{
    public int Id => id;

    /// <summary>In the form of <see cref="AttributeCodec"/>.</summary>
    public byte[] Kept => kept;

    public uint Hash => hash;

    /// <summary>How many paths have it.</summary>
    public int Uses;

    /// <summary>The first of the chain of paths that have it.</summary>
    public int FirstPath = -1;

    /// <summary>The next set in the same bucket of the store.</summary>
    public int NextInBucket = -1;

    public uint LocalPreference = 100;
    public RouteOrigin Origin;
    public int Hops;
    public uint NeighbourAs;
    public uint Med;
    public uint Originator;
    public int Clusters;
    public uint Sequence;
    public bool Sticky;
    public UInt128 NextHop;
    public ulong[] Targets = [];
    public bool NoAdvertise;
    public bool NoExport;
    public bool LongLivedStale;
    public bool NoLongLived;

    /// <summary>It went through this speaker before: never chosen (RFC 4271 §9.1.2, RFC 4456 §8).</summary>
    public bool Looped;

    /// <summary>Whether some import wants one of its targets, as of <see cref="ImportVersion"/>.</summary>
    public bool Imported;
    public int ImportVersion = -1;

    public PathAttributes ToMeaning() => AttributeCodec.ToMeaning(kept);
}

/// <summary>All sets of attributes that routes have, each once. A set that no route has any more is forgotten.</summary>
internal sealed class AttributeStore(SpeakerSettings speaker)
{
    private readonly List<AttributeSet?> sets = [];
    private readonly Stack<int> free = [];
    private readonly Dictionary<ulong, HashSet<AttributeSet>> byTarget = [];
    private readonly ulong seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private int[] buckets = NewBuckets(1024);

    public AttributeSet this[int id] => sets[id]!;

    public int Count => sets.Count - free.Count;

    /// <summary>The sets that have a target: from there a chain leads to every route of a tenant.</summary>
    public IEnumerable<AttributeSet> WithTarget(ulong target) => byTarget.TryGetValue(target, out var found) ? found : [];

    /// <summary>The set of these very octets, or null.</summary>
    public AttributeSet? Find(ReadOnlySpan<byte> kept) => Find(kept, Hash(kept));

    /// <summary>The set of these octets, which are valid; made when it is new.</summary>
    public AttributeSet Intern(ReadOnlySpan<byte> kept)
    {
        var hash = Hash(kept);
        if (Find(kept, hash) is { } known)
        {
            return known;
        }

        if (Count >= buckets.Length)
        {
            Grow();
        }

        if (!free.TryPop(out var id))
        {
            id = sets.Count;
            sets.Add(null);
        }

        var set = new AttributeSet(id, kept.ToArray(), hash);
        Describe(set);
        sets[id] = set;
        Link(set);
        foreach (var target in set.Targets)
        {
            if (!byTarget.TryGetValue(target, out var alike))
            {
                byTarget.Add(target, alike = []);
            }

            alike.Add(set);
        }

        return set;
    }

    /// <summary>Forgets a set that no path has.</summary>
    public void Drop(AttributeSet set)
    {
        if (set.Uses > 0)
        {
            return;
        }

        ref var at = ref buckets[set.Hash & (buckets.Length - 1)];
        if (at == set.Id)
        {
            at = set.NextInBucket;
        }
        else
        {
            var before = sets[at]!;
            while (before.NextInBucket != set.Id)
            {
                before = sets[before.NextInBucket]!;
            }

            before.NextInBucket = set.NextInBucket;
        }

        foreach (var target in set.Targets)
        {
            if (byTarget.TryGetValue(target, out var alike) && alike.Remove(set) && alike.Count == 0)
            {
                byTarget.Remove(target);
            }
        }

        sets[set.Id] = null;
        free.Push(set.Id);
    }

    private AttributeSet? Find(ReadOnlySpan<byte> kept, uint hash)
    {
        for (var id = buckets[hash & (buckets.Length - 1)]; id >= 0;)
        {
            var set = sets[id]!;
            if (set.Hash == hash && kept.SequenceEqual(set.Kept))
            {
                return set;
            }

            id = set.NextInBucket;
        }

        return null;
    }

    private void Grow()
    {
        buckets = NewBuckets(buckets.Length * 2);
        foreach (var set in sets)
        {
            if (set is not null)
            {
                Link(set);
            }
        }
    }

    private void Link(AttributeSet set)
    {
        ref var at = ref buckets[set.Hash & (buckets.Length - 1)];
        set.NextInBucket = at;
        at = set.Id;
    }

    private static int[] NewBuckets(int size)
    {
        var result = new int[size];
        result.AsSpan().Fill(-1);
        return result;
    }

    private uint Hash(ReadOnlySpan<byte> bytes)
    {
        var h = seed ^ (ulong)bytes.Length;
        while (bytes.Length >= 8)
        {
            h = (BitOperations.RotateLeft(h, 27) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * 0x9e37_79b9_7f4a_7c15;
            bytes = bytes[8..];
        }

        foreach (var b in bytes)
        {
            h = (BitOperations.RotateLeft(h, 27) ^ b) * 0xbf58_476d_1ce4_e5b9;
        }

        return (uint)(h ^ (h >> 32));
    }

    private void Describe(AttributeSet set)
    {
        var hop = AttributeCodec.NextHop(set.Kept);
        set.NextHop = hop.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(hop) : hop.Length >= 16 ? BinaryPrimitives.ReadUInt128BigEndian(hop) : 0;
        var rest = AttributeCodec.Attributes(set.Kept);
        while (AttributeCodec.Next(ref rest, out _, out var code, out var value, out _))
        {
            switch (code)
            {
                case AttributeTable.Origin:
                    set.Origin = (RouteOrigin)value[0];
                    break;
                case AttributeTable.AsPath:
                    DescribePath(set, value);
                    break;
                case AttributeTable.Med:
                    set.Med = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case AttributeTable.LocalPreference:
                    set.LocalPreference = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case AttributeTable.OriginatorId:
                    set.Originator = BinaryPrimitives.ReadUInt32BigEndian(value);
                    set.Looped |= set.Originator == (uint)speaker.RouterId.Value;
                    break;
                case AttributeTable.ClusterList:
                    set.Clusters = value.Length / 4;
                    for (; !value.IsEmpty; value = value[4..])
                    {
                        set.Looped |= BinaryPrimitives.ReadUInt32BigEndian(value) == (uint)speaker.Cluster.Value;
                    }

                    break;
                case AttributeTable.Communities:
                    for (; !value.IsEmpty; value = value[4..])
                    {
                        var community = BinaryPrimitives.ReadUInt32BigEndian(value);
                        set.NoAdvertise |= community == 0xffff_ff02;
                        set.NoExport |= community is 0xffff_ff01 or 0xffff_ff03;
                        set.LongLivedStale |= community == 0xffff_0006;
                        set.NoLongLived |= community == 0xffff_0007; // RFC 9494 §4.2
                    }

                    break;
                case AttributeTable.ExtendedCommunities:
                    DescribeExtended(set, value);
                    break;
            }
        }
    }

    private void DescribePath(AttributeSet set, ReadOnlySpan<byte> path)
    {
        set.Hops = AsPathCodec.Hops(path);
        foreach (var (kind, numbers) in AsPathCodec.Read(path))
        {
            if (kind == 2 && set.NeighbourAs == 0)
            {
                set.NeighbourAs = numbers[0].Value;
            }

            set.Looped |= numbers.Contains(speaker.LocalAs);
        }
    }

    private static void DescribeExtended(AttributeSet set, ReadOnlySpan<byte> value)
    {
        var targets = new List<ulong>();
        for (; !value.IsEmpty; value = value[8..])
        {
            var community = new ExtendedCommunity(BinaryPrimitives.ReadUInt64BigEndian(value));
            if (community.IsRouteTarget)
            {
                targets.Add(community.Value);
            }
            else if (community.Kind == 0x0600)
            {
                set.Sequence = (uint)community.Value;
                set.Sticky = (community.Value >> 40 & 1) != 0;
            }
        }

        set.Targets = [.. targets];
    }
}
