using System.Collections.Frozen;
using System.Collections.Immutable;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Topology;

/// <summary>What a learning switch has to do because the tree is another.</summary>
/// <param name="Blocked">All its ports over which nothing may go, for now.</param>
/// <param name="Outdated">Its ports behind which stations need not be any more.</param>
public sealed record TreeOrder(DatapathId Switch, FrozenSet<PortNumber> Blocked, FrozenSet<PortNumber> Outdated);

/// <summary>
/// Leads learning switches from one tree to the next without a circle on the way, as a machine that touches nothing. Ports are
/// blocked at once. One is opened as soon as no way over ports that may still be open joins its switch and its cable, so that
/// it waits for those switches alone through which it would make a circle, and for each of them only so long.
/// </summary>
/// <param name="patience">How long a switch may take to confirm that it blocks before others open their ports all the same.</param>
public sealed class TreeRollout(TimeSpan patience)
{
    private readonly SortedDictionary<ulong, Follower> followers = [];
    private SpanningTree tree = SpanningTree.Empty;
    private bool isSettled;

    /// <summary>When somebody has been waited for long enough; null while nobody is.</summary>
    public TimeSpan? Deadline { get; private set; }

    /// <summary>Switches that have not confirmed what they were told, and may still do so in time.</summary>
    public int Unconfirmed { get; private set; }

    /// <summary>A learning switch has begun: what it blocks is not known.</summary>
    public void Begin(DatapathId id)
    {
        followers[id.Value] = new(id);
        followers[id.Value].Want(tree);
        isSettled = false;
    }

    /// <summary>A switch is gone, or learns no more.</summary>
    public void Remove(DatapathId id) => isSettled &= !followers.Remove(id.Value);

    /// <summary>From now on this is the tree.</summary>
    public void Want(SpanningTree next)
    {
        var outdated = next.Outdated(tree).ToLookup(e => e.Switch, e => e.Port);
        tree = next;
        isSettled = false;
        foreach (var follower in followers.Values)
        {
            follower.Want(next);
            follower.Outdated.UnionWith(outdated[follower.Id]);
        }
    }

    /// <summary>A switch has confirmed an order, or refused it: it can be told the next.</summary>
    public void Answered(TreeOrder order)
    {
        if (followers.TryGetValue(order.Switch.Value, out var follower) && follower.Pending == order)
        {
            follower.Pending = null;
            follower.Shut = follower.Told;
            isSettled = false;
        }
    }

    /// <summary>What is to be done now. One order at a time is under way to a switch, or one each time that it has taken too long.</summary>
    public ImmutableArray<TreeOrder> Step(TimeSpan now)
    {
        if (isSettled && !(Deadline <= now))
        {
            return []; // It is asked at every turn of a loop, and thousands of switches are looked at.
        }

        var opened = Openable(now);
        var orders = ImmutableArray.CreateBuilder<TreeOrder>();
        foreach (var follower in followers.Values.Where(f => CanBeTold(f, now)))
        {
            var blocked = follower.Told.Union(follower.Wanted).Where(p => !opened.Contains(new(follower.Id, p))).ToFrozenSet();
            if (follower.IsNew || follower.Outdated.Count > 0 || !blocked.SetEquals(follower.Told))
            {
                orders.Add(follower.Tell(blocked, now));
            }
        }

        var slow = followers.Values.Where(f => f.Pending is not null && !IsOverdue(f, now)).ToList();
        Unconfirmed = slow.Count;
        Deadline = slow.Count > 0 ? slow.Min(f => f.Since) + patience : null;
        isSettled = orders.Count == 0;
        return orders.ToImmutable();
    }

    private bool CanBeTold(Follower follower, TimeSpan now) => follower.Pending is null || IsOverdue(follower, now);

    private bool IsOverdue(Follower follower, TimeSpan now) => follower.Pending is not null && now - follower.Since >= patience;

    /// <summary>Whether anything may go over a port. Of who takes too long it is believed that it does as it was told.</summary>
    private bool MayBeOpen(Follower follower, PortNumber port, TimeSpan now) =>
        !follower.Shut.Contains(port) && !(IsOverdue(follower, now) && follower.Told.Contains(port));

    /// <summary>The ports that need not be blocked any more and make no circle, each beside those before it.</summary>
    private HashSet<LinkEnd> Openable(TimeSpan now)
    {
        var opened = new HashSet<LinkEnd>();
        var wanted = followers.Values.Where(f => CanBeTold(f, now)).SelectMany(f => f.Told.Except(f.Wanted).Order().Select(p => new LinkEnd(f.Id, p))).ToList();
        if (wanted.Count == 0)
        {
            return opened;
        }

        // Switches and cables are what an open port joins.
        var islands = new Islands();
        var cables = new Dictionary<LinkEnd, IReadOnlyList<LinkEnd>>();
        foreach (var cable in tree.Cables)
        {
            foreach (var end in cable)
            {
                cables.Add(end, cable);
                if (followers.TryGetValue(end.Switch.Value, out var follower) && MayBeOpen(follower, end.Port, now))
                {
                    islands.Join(end.Switch, cable);
                }
            }
        }

        foreach (var end in wanted)
        {
            if (!cables.TryGetValue(end, out var cable) || islands.Join(end.Switch, cable))
            {
                opened.Add(end);
            }
        }

        return opened;
    }

    private sealed class Follower(DatapathId id)
    {
        public DatapathId Id => id;

        public bool IsNew { get; private set; } = true;

        public HashSet<PortNumber> Outdated { get; } = [];

        public FrozenSet<PortNumber> Wanted { get; private set; } = [];

        /// <summary>What it was told to block, and what of that it certainly does.</summary>
        public FrozenSet<PortNumber> Told { get; private set; } = [];

        public FrozenSet<PortNumber> Shut { get; set; } = [];

        public TreeOrder? Pending { get; set; }

        public TimeSpan Since { get; private set; }

        public void Want(SpanningTree tree) => Wanted = tree.BlockedAt(id);

        public TreeOrder Tell(FrozenSet<PortNumber> blocked, TimeSpan now)
        {
            Pending = new(id, blocked, Outdated.ToFrozenSet());
            (Told, Since, IsNew) = (blocked, now, false);
            Shut = Shut.Intersect(blocked).ToFrozenSet();
            Outdated.Clear();
            return Pending;
        }
    }

    /// <summary>Things that are joined, by union and find.</summary>
    private sealed class Islands
    {
        private readonly Dictionary<object, object> up = [];

        /// <summary>False when they were joined before.</summary>
        public bool Join(object one, object other)
        {
            var (a, b) = (RootOf(one), RootOf(other));
            up[a] = b;
            return !a.Equals(b);
        }

        private object RootOf(object thing)
        {
            var root = thing;
            while (up.TryGetValue(root, out var next) && !next.Equals(root))
            {
                root = next;
            }

            up[thing] = root;
            return root;
        }
    }
}
