using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Tells peers what changed: each change is formatted once for all peers that are told the same, in full messages.</summary>
internal sealed class UpdateGroups(SpeakerSettings speaker, RouteTable table, AttributeStore attributes, IReadOnlyList<RibPeer?> peers, ChunkPool pool)
{
    /// <summary>A group formats while its fastest member has less than this to send: what waits longer is replaced by what is newer.</summary>
    private const int Enough = 256 * 1024;

    /// <summary>A member with more than this to send holds memory for all: it goes on alone.</summary>
    private const int TooMuch = 16 * 1024 * 1024;

    /// <summary>Routes at one go, so that a single change never waits long for a full load.</summary>
    private const int Portion = 8192;

    private readonly List<UpdateGroup> groups = [];
    private readonly List<Slab<ulong>> told = [];
    private readonly UpdateWriter writer = new(speaker, table, pool);
    private readonly Dictionary<ulong, Bucket> announced = [];
    private readonly Dictionary<(ulong Targets, BgpFamily Family), Bucket> withdrawn = [];
    private readonly Stack<Bucket> spare = [];
    private readonly List<int> forgotten = [];
    private readonly HashSet<RibPeer> asking = [];

    /// <summary>The peers that have been given something to send since this was last emptied.</summary>
    public HashSet<RibPeer> Fed { get; } = [];

    /// <summary>While the speaker recovers from its own restart, nobody is told anything (RFC 4724 §4.1).</summary>
    public bool Deferred { get; set; }

    public int Count => groups.Count;

    /// <summary>Some peer is told all paths of routes, not only the best.</summary>
    public bool TellsAllPaths { get; private set; }

    public void Join(RibPeer peer, Agreement agreement, IpAddress local)
    {
        peer.Local = local;
        var key = KeyOf(peer, agreement);
        while (told.Count <= key.Plane)
        {
            told.Add(new());
        }

        NewSolo(key, peer);
        foreach (var family in agreement.Families.Items)
        {
            PushAll(peer.Group!, family);
            peer.AfterSync.Add(BgpMessage.EndOfRib(family));
        }
    }

    /// <summary>Tells a peer what its changed settings let through, and withdraws what they no longer do.</summary>
    public void Regroup(RibPeer peer)
    {
        if (peer is not { Group: { } group, Agreement: { } agreement } || KeyOf(peer, agreement) is var key && key == group.Key)
        {
            return;
        }

        group.Remove(peer);
        var solo = NewSolo(key, peer);
        foreach (var family in agreement.Families.Items)
        {
            PushAll(solo, family); // Also what is gone and was not yet told so.
        }

        if (group.Members.Count == 0)
        {
            Dissolve(group);
        }
    }

    private GroupKey KeyOf(RibPeer peer, Agreement agreement) => new(
        peer.Slot >> 6, agreement.External, peer.IsClient, peer.Settings.LocalAs ?? speaker.LocalAs, agreement.As4, agreement.LongestMessage,
        agreement.Families, agreement.AddPathSent, !agreement.Peer.LongLived.IsEmpty, peer.Settings.NextHopSelf ? peer.Local : null, peer.Settings.ExportRules);

    public void Leave(RibPeer peer)
    {
        if (peer.Group is not { } group)
        {
            return;
        }

        group.Remove(peer);
        peer.ToldPaths.Clear();
        var plane = told[group.Key.Plane];
        var others = ~(1ul << (peer.Slot & 63));
        plane.Reach(Math.Max(0, table.Limit - 1));
        for (var i = 0; i < table.Limit; i++)
        {
            plane[i] &= others;
        }

        if (group.Members.Count == 0)
        {
            Dissolve(group);
        }
    }

    /// <summary>Tells a peer all routes of a family again, and with enhanced refresh where they begin and end (RFC 7313 §4).</summary>
    public void Refresh(RibPeer peer, BgpFamily family)
    {
        if (peer.Agreement is { EnhancedRefresh: true })
        {
            peer.Output.Add(new RouteRefresh(family.Afi(), RefreshKind.Begin, family.Safi()).ToMessage());
            peer.AfterSync.Add(new RouteRefresh(family.Afi(), RefreshKind.End, family.Safi()).ToMessage());
            Fed.Add(peer);
        }

        Resend(peer, family);
    }

    /// <summary>Looks at all routes of a family again for one peer, once, however often it asks before the next flush.</summary>
    public void Resend(RibPeer peer, BgpFamily family)
    {
        peer.Asked = peer.Asked.With(family);
        asking.Add(peer);
    }

    /// <summary>Looks at the routes of these targets again for one peer.</summary>
    public void Resend(RibPeer peer, IEnumerable<ulong> targets)
    {
        if (peer.Group is not { } group)
        {
            return;
        }

        var solo = Separate(peer, group);
        foreach (var set in targets.SelectMany(attributes.WithTarget))
        {
            for (var at = set.FirstPath; at >= 0; at = table.Path(at).NextInSet)
            {
                Push(solo, table.Path(at).Entry, first: false);
            }
        }
    }

    public void Push(int entry, bool first)
    {
        foreach (var group in groups)
        {
            Push(group, entry, first);
        }
    }

    /// <summary>A path that is not the best has changed.</summary>
    public void PushToAddPath(int entry, bool first)
    {
        foreach (var group in groups)
        {
            if (!group.Key.AddPath.IsEmpty)
            {
                Push(group, entry, first);
            }
        }
    }

    /// <summary>Formats what is due.</summary>
    /// <returns>True when there is more that could be formatted at once.</returns>
    public bool Flush()
    {
        if (Deferred)
        {
            return false;
        }

        foreach (var peer in asking)
        {
            if (peer.Group is { } group)
            {
                var solo = Separate(peer, group);
                foreach (var family in peer.Asked.Items)
                {
                    Unsaid(peer, family);
                    PushAll(solo, family);
                }
            }

            peer.Asked = default;
        }

        asking.Clear();
        var more = false;
        for (var i = groups.Count - 1; i >= 0; i--)
        {
            more |= Flush(groups[i]);
        }

        return more;
    }

    private bool Flush(UpdateGroup group)
    {
        if (group.Dirty.Count > 0)
        {
            var least = int.MaxValue;
            for (var i = group.Members.Count - 1; i >= 0; i--)
            {
                var member = group.Members[i];
                least = Math.Min(least, member.Output.Waiting);
                if (member.Output.Waiting > TooMuch && group.Members.Count > 1)
                {
                    Separate(member, group);
                }
            }

            if (least >= Enough)
            {
                return false;
            }

            Sort(group);
            Format(group);
        }

        if (group.Dirty.Count > 0)
        {
            return true;
        }

        if (group.IsSolo)
        {
            CaughtUp(group);
        }

        return false;
    }

    /// <summary>A peer that has been told all goes back to those that are told the same.</summary>
    private void CaughtUp(UpdateGroup solo)
    {
        var peer = solo.Members[0];
        foreach (var message in peer.AfterSync)
        {
            peer.Output.Add(message);
            Fed.Add(peer);
        }

        peer.AfterSync.Clear();
        if (peer.Output.Waiting >= Enough || !solo.Key.AddPath.IsEmpty)
        {
            return;
        }

        var common = groups.Find(g => !g.IsSolo && g.Key == solo.Key);
        if (common is null)
        {
            groups.Add(common = new UpdateGroup(solo.Key, solo: false));
        }
        else if (common.Dirty.Count > 0)
        {
            return; // Next time: what waits there would else be told as if this peer had not heard what came before.
        }

        solo.Remove(peer);
        common.Add(peer);
        groups.Remove(solo);
    }

    /// <summary>Moves what waits into one bucket for each set of attributes and each set of listeners.</summary>
    private void Sort(UpdateGroup group)
    {
        var plane = told[group.Key.Plane];
        plane.Reach(table.Limit);
        ulong lastId = ulong.MaxValue;
        Bucket? last = null;
        for (var count = 0; count < Portion && group.Dirty.TryPop(out var index); count++)
        {
            ref var entry = ref table[index];
            entry.Waiting--;
            ref var knows = ref plane[index];
            var targets = 0ul;
            var family = entry.Key.Family;
            if (group.Key.AddPath.Has(family))
            {
                SortPaths(group, index);
                if (entry.FirstPath < 0 && entry.Waiting == 0)
                {
                    forgotten.Add(index);
                }

                continue;
            }

            var chosen = family == BgpFamily.RtConstraint && !group.Key.Client && !group.Key.External ? ClientPath(entry) : entry.Best;
            if (chosen >= 0)
            {
                ref var path = ref table.Path(chosen);
                var old = (path.Flags & PathFlags.LongLived) != 0;
                var id = ((ulong)path.Attributes << 32) | ((ulong)path.Peer << 8) | ((ulong)family << 1) | (old ? 1u : 0);
                if (id != lastId)
                {
                    last = BucketOf(group, id, family, path.Attributes, path.Peer, old);
                    lastId = id;
                }

                targets = last!.Targets;
                if (targets != 0 && !group.Key.Rules.IsEmpty && !RouteRules.Pass(group.Key.Rules, entry.Key, path.Body, last.Set!))
                {
                    targets = 0;
                }

                if (targets != 0)
                {
                    last.Entries.Add(index);
                }
            }

            var lost = knows & group.Mask & ~targets;
            knows = (knows & ~group.Mask) | targets;
            if (lost != 0)
            {
                WithdrawnFrom(lost, family).Entries.Add(index);
            }

            if (entry.FirstPath < 0 && entry.Waiting == 0)
            {
                forgotten.Add(index);
            }
        }
    }

    /// <summary>All paths of a route that this one peer may be told, and those that it was told and that are no more.</summary>
    private void SortPaths(UpdateGroup group, int index)
    {
        ref var entry = ref table[index];
        var family = entry.Key.Family;
        var peer = group.Members[0];
        var before = peer.ToldPaths.GetValueOrDefault(index) ?? [];
        var now = new List<ToldPath>();
        for (var at = entry.FirstPath; at >= 0; at = table.Path(at).NextInEntry)
        {
            ref var path = ref table.Path(at);
            var old = (path.Flags & PathFlags.LongLived) != 0;
            var id = ((ulong)path.Attributes << 32) | ((ulong)path.Peer << 8) | ((ulong)family << 1) | (old ? 1u : 0);
            var bucket = BucketOf(group, id, family, path.Attributes, path.Peer, old);
            if (bucket.Targets == 0 || (!group.Key.Rules.IsEmpty && !RouteRules.Pass(group.Key.Rules, entry.Key, path.Body, bucket.Set!)))
            {
                continue;
            }

            var told = new ToldPath((uint)at + 1, bucket.Set, path.Body, old, bucket.From);
            now.Add(told);
            if (!before.Contains(told))
            {
                bucket.Entries.Add(index);
                bucket.PathIds.Add(told.Id);
            }
        }

        foreach (var gone in before)
        {
            if (!now.Exists(p => p.Id == gone.Id))
            {
                var bucket = WithdrawnFrom(group.Mask, family);
                bucket.Entries.Add(index);
                bucket.PathIds.Add(gone.Id);
            }
        }

        if (now.Count > 0)
        {
            peer.ToldPaths[index] = now;
        }
        else
        {
            peer.ToldPaths.Remove(index);
        }
    }

    /// <summary>What a peer asks for again is sent again, though nothing of it changed.</summary>
    private void Unsaid(RibPeer peer, BgpFamily family)
    {
        foreach (var (index, paths) in peer.ToldPaths)
        {
            for (var i = 0; i < paths.Count && table[index].Key.Family == family; i++)
            {
                paths[i] = paths[i] with { Set = null };
            }
        }
    }

    private void Format(UpdateGroup group)
    {
        void Emit(ulong targets, OutputChunk chunk, int start, int length)
        {
            for (; targets != 0; targets &= targets - 1)
            {
                var peer = peers[(group.Key.Plane << 6) + System.Numerics.BitOperations.TrailingZeroCount(targets)]!;
                peer.Output.Add(chunk, start, length);
                Fed.Add(peer);
            }
        }

        foreach (var ((targets, family), bucket) in withdrawn)
        {
            writer.Withdraw(group, family, bucket.Entries, bucket.PathIds, targets, Emit);
            Recycle(bucket);
        }

        foreach (var bucket in announced.Values)
        {
            if (bucket.Entries.Count > 0)
            {
                writer.Announce(group, bucket.Family, bucket.Set!, bucket.From, bucket.LongLived, bucket.Entries, bucket.PathIds, bucket.Targets, Emit);
            }

            Recycle(bucket);
        }

        withdrawn.Clear();
        announced.Clear();
        foreach (var index in forgotten)
        {
            table.Forget(index);
        }

        forgotten.Clear();
    }

    private Bucket BucketOf(UpdateGroup group, ulong id, BgpFamily family, int set, ushort from, bool old)
    {
        if (announced.TryGetValue(id, out var bucket))
        {
            return bucket;
        }

        bucket = spare.TryPop(out var used) ? used : new();
        bucket.Family = family;
        bucket.Set = attributes[set];
        bucket.From = peers[from];
        bucket.LongLived = old;
        bucket.Targets = TargetsOf(group, bucket);
        announced.Add(id, bucket);
        return bucket;
    }

    /// <summary>What a peer of this AS that is no client is told of a wish: that of a client before that of another such peer (RFC 4684 §3.2 ii).</summary>
    private int ClientPath(in Entry entry)
    {
        if (entry.Best < 0 || peers[table.Path(entry.Best).Peer] is not { External: false, IsClient: false })
        {
            return entry.Best;
        }

        for (var at = entry.FirstPath; at >= 0; at = table.Path(at).NextInEntry)
        {
            if (peers[table.Path(at).Peer] is not { External: false, IsClient: false })
            {
                return at;
            }
        }

        return entry.Best;
    }

    private static ulong TargetsOf(UpdateGroup group, Bucket bucket)
    {
        var set = bucket.Set!;
        if (!group.Key.Families.Has(bucket.Family)
            || !group.Takes(bucket.From)
            || set.NoAdvertise
            || (set.NoExport && group.Key.External)
            || ((bucket.LongLived || set.LongLivedStale) && !group.Key.LongLived))
        {
            return 0;
        }

        var targets = group.Mask;
        if (bucket.Family == BgpFamily.RtConstraint && group.Key is { Client: true, External: false })
        {
            return targets; // Also the client that said it: others may want the same, and it hears of that from nobody else (RFC 4684 §3.2 i).
        }

        foreach (var member in group.Members)
        {
            // Not back to the peer it came from, nor to the one that brought it into this AS (RFC 4456 §8).
            if (member == bucket.From
                || (!group.Key.External && set.Originator != 0 && set.Originator == member.RouterId)
                || (bucket.Family == BgpFamily.L2VpnEvpn && member.Filter is { } filter && !filter.Passes(set.Targets)))
            {
                targets &= ~(1ul << (member.Slot & 63));
            }
        }

        return targets;
    }

    private Bucket WithdrawnFrom(ulong targets, BgpFamily family)
    {
        if (!withdrawn.TryGetValue((targets, family), out var bucket))
        {
            withdrawn.Add((targets, family), bucket = spare.TryPop(out var used) ? used : new());
        }

        return bucket;
    }

    private void Recycle(Bucket bucket)
    {
        bucket.Entries.Clear();
        bucket.PathIds.Clear();
        bucket.Set = null;
        bucket.From = null;
        spare.Push(bucket);
    }

    private UpdateGroup Separate(RibPeer peer, UpdateGroup group)
    {
        if (group.IsSolo)
        {
            return group;
        }

        // What waits for all waits for this one too.
        group.Remove(peer);
        var solo = NewSolo(group.Key, peer);
        group.Dirty.CopyTo(index => Push(solo, index, first: false));
        if (group.Members.Count == 0)
        {
            Dissolve(group);
        }

        return solo;
    }

    private UpdateGroup NewSolo(GroupKey key, RibPeer peer)
    {
        var solo = new UpdateGroup(key, solo: true);
        solo.Add(peer);
        groups.Add(solo);
        TellsAllPaths = groups.Exists(g => !g.Key.AddPath.IsEmpty);
        return solo;
    }

    private void Dissolve(UpdateGroup group)
    {
        while (group.Dirty.TryPop(out var index))
        {
            table[index].Waiting--;
            table.Forget(index);
        }

        groups.Remove(group);
        TellsAllPaths = groups.Exists(g => !g.Key.AddPath.IsEmpty);
    }

    private void PushAll(UpdateGroup group, BgpFamily family)
    {
        for (var i = 0; i < table.Limit; i++)
        {
            if (table.Exists(i) && table[i].Key.Family == family)
            {
                Push(group, i, first: false);
            }
        }
    }

    private void Push(UpdateGroup group, int entry, bool first)
    {
        if (group.Dirty.Push(entry, first))
        {
            table[entry].Waiting++;
        }
    }

    /// <summary>Routes that go out together.</summary>
    private sealed class Bucket
    {
        public List<int> Entries { get; } = [];

        /// <summary>One for each entry in families with add-path, else none.</summary>
        public List<uint> PathIds { get; } = [];

        public BgpFamily Family { get; set; }

        public AttributeSet? Set { get; set; }

        public RibPeer? From { get; set; }

        public bool LongLived { get; set; }

        public ulong Targets { get; set; }
    }
}
