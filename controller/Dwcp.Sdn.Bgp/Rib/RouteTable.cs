using System.Buffers.Binary;
using System.Security.Cryptography;
using Dwcp.Sdn.Bgp.Wire;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>A route in the table: its identity, its paths, the best of them.</summary>
internal struct Entry
{
    public RouteKey Key;
    public int FirstPath;
    public int Best;
    public int NextInBucket;

    /// <summary>In how many queues it waits; while it does, it is not forgotten.</summary>
    public ushort Waiting;

    /// <summary>Some path of it has a MED: then the best of three is not the better of two and the third (RFC 4271 §9.1.2.2 c).</summary>
    public bool Discriminates;
}

/// <summary>A way to a route: what one peer says of it.</summary>
internal struct RoutePath
{
    public RouteBody Body;
    public int Attributes;
    public int Entry;
    public int NextInEntry;
    public int NextInSet;
    public int BeforeInSet;
    public uint PathId;
    public ushort Peer;
    public PathFlags Flags;
}

[Flags]
internal enum PathFlags : ushort
{
    None = 0,

    /// <summary>The number is taken; a free path has no flags at all.</summary>
    Used = 1,

    /// <summary>Its peer restarts, or is about to send it again (RFC 4724 §4.2, RFC 7313 §4.1).</summary>
    Stale = 2,

    /// <summary>Stale for longer than the restart time: the last choice (RFC 9494 §4.3).</summary>
    LongLived = 4,
}

/// <summary>All routes of all families: keys and paths in structs, attributes by number, the best path always known.</summary>
internal sealed class RouteTable(AttributeStore attributes, PathOrder order)
{
    /// <summary>The slot of routes that this speaker originates.</summary>
    public const ushort Local = 0;

    private readonly Slab<Entry> entries = new();
    private readonly Slab<RoutePath> paths = new();
    private readonly Dictionary<int, byte[]> opaque = [];
    private readonly ulong seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
    private int[] buckets = Filled(1 << 12);

    /// <summary>The entry of which the last change took, gave or altered a path, best or not; -1 when it did nothing.</summary>
    public int Touched { get; private set; } = -1;

    public int Count => entries.Count;

    public int PathCount => paths.Count;

    /// <summary>One more than the highest number of an entry.</summary>
    public int Limit => entries.Limit;

    public int PathLimit => paths.Limit;

    public ref Entry this[int index] => ref entries[index];

    public ref RoutePath Path(int index) => ref paths[index];

    /// <summary>Whether an entry with this number is in the table; the numbers of forgotten ones have kind zero.</summary>
    public bool Exists(int index) => index < entries.Limit && entries[index].Key.B != 0;

    /// <summary>The octets of a route of an unknown type; nothing for all others.</summary>
    public ReadOnlySpan<byte> Opaque(int index) => opaque.TryGetValue(index, out var octets) ? octets : default;

    public int Find(in RouteKey key)
    {
        for (var i = buckets[key.Hash(seed) & (uint)(buckets.Length - 1)]; i >= 0; i = entries[i].NextInBucket)
        {
            if (entries[i].Key.Equals(key))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Takes in what a peer says of a route.</summary>
    /// <param name="octets">Of the NLRI, kept for routes of an unknown type.</param>
    /// <param name="added">The peer had not announced it before.</param>
    /// <returns>The entry if what is announced of it changes, or -1.</returns>
    public int Put(in RouteKey key, in RouteBody body, uint pathId, ReadOnlySpan<byte> octets, AttributeSet set, ushort peer, out bool added)
    {
        var index = FindOrAdd(key, octets);
        Touched = index;
        ref var entry = ref entries[index];
        var at = FindPath(entry, peer, pathId);
        added = at < 0;
        if (added)
        {
            at = paths.Take();
            ref var made = ref paths[at];
            made = new() { Body = body, Entry = index, NextInEntry = entry.FirstPath, PathId = pathId, Peer = peer, Flags = PathFlags.Used };
            entry.FirstPath = at;
            Attach(at, set);
        }
        else
        {
            ref var path = ref paths[at];
            var revived = (path.Flags & PathFlags.LongLived) != 0;
            path.Flags = PathFlags.Used;
            if (path.Body == body && path.Attributes == set.Id && !revived)
            {
                return Touched = -1;
            }

            path.Body = body;
            if (path.Attributes != set.Id)
            {
                Detach(at);
                Attach(at, set);
            }
        }

        var before = entry.Best;
        if (before < 0 || before == at)
        {
            entry.Best = entry.FirstPath == at && paths[at].NextInEntry < 0 ? at : Select(entry);
            return before == at || entry.Best == at ? index : -1;
        }

        if (entry.Discriminates)
        {
            entry.Best = Select(entry);
            return entry.Best != before ? index : -1;
        }

        if (order.Compare(paths[at], paths[before], out _) < 0)
        {
            entry.Best = at;
            return index;
        }

        return -1;
    }

    /// <summary>Takes away what a peer said of a route.</summary>
    /// <returns>The entry if what is announced of it changes, or -1.</returns>
    public int Remove(in RouteKey key, uint pathId, ushort peer, out bool removed)
    {
        var index = Find(key);
        var at = index < 0 ? -1 : FindPath(entries[index], peer, pathId);
        removed = at >= 0;
        Touched = -1;
        return removed ? RemovePath(at) : -1;
    }

    /// <summary>Takes away one path by its number.</summary>
    public int RemovePath(int at)
    {
        var index = Touched = paths[at].Entry;
        ref var entry = ref entries[index];
        if (entry.FirstPath == at)
        {
            entry.FirstPath = paths[at].NextInEntry;
        }
        else
        {
            var previous = entry.FirstPath;
            while (paths[previous].NextInEntry != at)
            {
                previous = paths[previous].NextInEntry;
            }

            paths[previous].NextInEntry = paths[at].NextInEntry;
        }

        Detach(at);
        paths.Give(at);
        var before = entry.Best;
        if (before != at && !entry.Discriminates)
        {
            return -1;
        }

        entry.Best = Select(entry);
        return entry.Best != before ? index : -1;
    }

    /// <summary>Chooses again after something changed that all paths of an entry may depend on.</summary>
    public bool Reselect(int index)
    {
        ref var entry = ref entries[index];
        var before = entry.Best;
        entry.Best = Select(entry);
        return entry.Best != before;
    }

    /// <summary>Forgets an entry that has no path and waits in no queue.</summary>
    public void Forget(int index)
    {
        ref var entry = ref entries[index];
        if (entry.FirstPath >= 0 || entry.Waiting > 0)
        {
            return;
        }

        ref var head = ref buckets[entry.Key.Hash(seed) & (uint)(buckets.Length - 1)];
        if (head == index)
        {
            head = entry.NextInBucket;
        }
        else
        {
            var before = head;
            while (entries[before].NextInBucket != index)
            {
                before = entries[before].NextInBucket;
            }

            entries[before].NextInBucket = entry.NextInBucket;
        }

        if (entry.Key.Kind == RouteKind.Opaque)
        {
            opaque.Remove(index);
        }

        entries.Give(index);
    }

    private int FindOrAdd(in RouteKey key, ReadOnlySpan<byte> octets)
    {
        var index = Find(key);
        if (index >= 0)
        {
            return index;
        }

        if (entries.Count >= buckets.Length)
        {
            Grow();
        }

        index = entries.Take();
        ref var head = ref buckets[key.Hash(seed) & (uint)(buckets.Length - 1)];
        entries[index] = new() { Key = key, FirstPath = -1, Best = -1, NextInBucket = head };
        head = index;
        if (key.Kind == RouteKind.Opaque)
        {
            opaque[index] = octets.ToArray();
        }

        return index;
    }

    private void Grow()
    {
        buckets = Filled(buckets.Length * 2);
        for (var i = 0; i < entries.Limit; i++)
        {
            ref var entry = ref entries[i];
            if (entry.Key.B != 0)
            {
                ref var head = ref buckets[entry.Key.Hash(seed) & (uint)(buckets.Length - 1)];
                entry.NextInBucket = head;
                head = i;
            }
        }
    }

    private int FindPath(in Entry entry, ushort peer, uint pathId)
    {
        for (var i = entry.FirstPath; i >= 0; i = paths[i].NextInEntry)
        {
            if (paths[i].Peer == peer && paths[i].PathId == pathId)
            {
                return i;
            }
        }

        return -1;
    }

    private int Select(in Entry entry)
    {
        var best = -1;
        for (var i = entry.FirstPath; i >= 0; i = paths[i].NextInEntry)
        {
            if ((best < 0 || order.Compare(paths[i], paths[best], out _) < 0) && !(entry.Discriminates && LosesByMed(entry, i)))
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>Another path of the same neighbour has the better MED: then this one meets no path of another neighbour.</summary>
    private bool LosesByMed(in Entry entry, int at)
    {
        for (var i = entry.FirstPath; i >= 0; i = paths[i].NextInEntry)
        {
            if (i != at && order.Compare(paths[i], paths[at], out var step) < 0 && step == SelectionStep.Med)
            {
                return true;
            }
        }

        return false;
    }

    private void Attach(int at, AttributeSet set)
    {
        ref var path = ref paths[at];
        entries[path.Entry].Discriminates |= set.Med != 0;
        path.Attributes = set.Id;
        path.BeforeInSet = -1;
        path.NextInSet = set.FirstPath;
        if (set.FirstPath >= 0)
        {
            paths[set.FirstPath].BeforeInSet = at;
        }

        set.FirstPath = at;
        set.Uses++;
    }

    private void Detach(int at)
    {
        ref var path = ref paths[at];
        var set = attributes[path.Attributes];
        if (path.BeforeInSet < 0)
        {
            set.FirstPath = path.NextInSet;
        }
        else
        {
            paths[path.BeforeInSet].NextInSet = path.NextInSet;
        }

        if (path.NextInSet >= 0)
        {
            paths[path.NextInSet].BeforeInSet = path.BeforeInSet;
        }

        set.Uses--;
        attributes.Drop(set);
    }

    private static int[] Filled(int size)
    {
        var result = new int[size];
        result.AsSpan().Fill(-1);
        return result;
    }
}
