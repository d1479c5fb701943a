using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>A peer as the RIB sees it: what was agreed on, what it is sent, what it has announced.</summary>
internal sealed class RibPeer(ushort slot, PeerSettings settings, OutQueue output)
{
    public ushort Slot => slot;

    public PeerSettings Settings { get; set; } = settings;

    /// <summary>Of the connection that carries its session.</summary>
    public OutQueue Output { get; set; } = output;

    /// <summary>Sends what waits in <see cref="Output"/>; none while the session is down.</summary>
    public Action? Pump { get; set; }

    /// <summary>None while the session is down and its routes are kept.</summary>
    public Agreement? Agreement { get; set; }

    public UpdateRules Rules { get; set; }

    public bool External { get; set; }

    public uint RouterId { get; set; }

    public IpAddress Address { get; set; }

    /// <summary>This side's address of its connection.</summary>
    public IpAddress Local { get; set; }

    /// <summary>The group that formats for it; none while it is down.</summary>
    public UpdateGroup? Group { get; set; }

    /// <summary>Messages that go out once all routes that are due were formatted: End-of-RIB and the end of a refresh.</summary>
    public List<byte[]> AfterSync { get; } = [];

    /// <summary>What it was told of each entry in families with add-path; the identifier is one more than the number of the path.</summary>
    public Dictionary<int, List<ToldPath>> ToldPaths { get; } = [];

    /// <summary>Families that it is to be told again.</summary>
    public FamilySet Asked { get; set; }

    /// <summary>Whose routes it wants, once RT constraint was agreed on (RFC 4684).</summary>
    public TargetFilter? Filter { get; set; }

    /// <summary>Families from which it has sent its End-of-RIB.</summary>
    public FamilySet Synchronised { get; set; }

    /// <summary>Paths that it has in the table.</summary>
    public int Paths { get; set; }

    /// <summary>Some of them may be stale.</summary>
    public bool HasStale { get; set; }

    /// <summary>NLRI that no reader accepted.</summary>
    public long Malformed { get; set; }

    public long AttributesDiscarded { get; set; }

    /// <summary>UPDATEs whose routes were taken as withdrawn (RFC 7606 §2).</summary>
    public long TakenAsWithdrawn { get; set; }

    /// <summary>Routes of such UPDATEs, and those that are malformed beyond their identity.</summary>
    public long RoutesTakenAsWithdrawn { get; set; }

    /// <summary>NLRI that the peer's import rules did not let in.</summary>
    public long Refused { get; set; }

    /// <summary>Observers know that its session stands.</summary>
    public bool IsTold { get; set; }

    /// <summary>Routes that had been here before (AS path, ORIGINATOR_ID, CLUSTER_LIST).</summary>
    public long Looped { get; set; }

    public bool Warned { get; set; }

    public bool IsClient => Settings.RouteReflectorClient;
}

/// <summary>A path as a peer with add-path was told of it.</summary>
/// <param name="Set">None when it is to be told again.</param>
/// <param name="From">Another peer's path with the same attributes has another originator.</param>
internal readonly record struct ToldPath(uint Id, AttributeSet? Set, RouteBody Body, bool LongLived, RibPeer? From);

/// <summary>The targets that a peer asks for, RFC 4684 §6. Before the peer has said all, nothing passes.</summary>
internal sealed class TargetFilter
{
    private readonly HashSet<RouteKey> wishes = [];

    /// <summary>How many wishes name just this target: several ASes may.</summary>
    private readonly Dictionary<ulong, int> exact = [];

    /// <summary>The few that name a range of targets.</summary>
    private readonly HashSet<RouteKey> ranges = [];

    /// <summary>The peer's first End-of-RIB of the family came, or took too long.</summary>
    public bool Ready { get; set; }

    public bool Add(in RouteKey wish)
    {
        if (!wishes.Add(wish))
        {
            return false;
        }

        if (wish.PrefixLength == 96)
        {
            exact[wish.A] = exact.GetValueOrDefault(wish.A) + 1;
        }
        else
        {
            ranges.Add(wish);
        }

        return true;
    }

    public bool Remove(in RouteKey wish)
    {
        if (!wishes.Remove(wish))
        {
            return false;
        }

        if (!ranges.Remove(wish) && --exact[wish.A] == 0)
        {
            exact.Remove(wish.A);
        }

        return true;
    }

    public bool Passes(ReadOnlySpan<ulong> targets)
    {
        if (!Ready)
        {
            return false;
        }

        foreach (var target in targets)
        {
            if (exact.ContainsKey(target))
            {
                return true;
            }

            foreach (var range in ranges)
            {
                if (Covers(range, target))
                {
                    return true;
                }
            }
        }

        return ranges.Count > 0 && ranges.Any(r => r.PrefixLength <= 32); // Everything, also what has no target.
    }

    private static bool Covers(in RouteKey wish, ulong target) =>
        wish.PrefixLength <= 32 || ((wish.A ^ target) >> (96 - wish.PrefixLength)) == 0;
}
