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

    /// <summary>The group that formats for it; none while it is down.</summary>
    public UpdateGroup? Group { get; set; }

    /// <summary>Messages that go out once all routes that are due were formatted: End-of-RIB and the end of a refresh.</summary>
    public List<byte[]> AfterSync { get; } = [];

    /// <summary>Whose routes it wants, once RT constraint was agreed on (RFC 4684).</summary>
    public TargetFilter? Filter { get; set; }

    /// <summary>Families from which it has sent its End-of-RIB.</summary>
    public FamilySet Synchronised { get; set; }

    /// <summary>Paths that it has in the table.</summary>
    public int Paths { get; set; }

    /// <summary>NLRI that no reader accepted.</summary>
    public long Malformed { get; set; }

    public long AttributesDiscarded { get; set; }

    /// <summary>UPDATEs whose routes were taken as withdrawn (RFC 7606 §2).</summary>
    public long TakenAsWithdrawn { get; set; }

    /// <summary>Routes that had been here before (AS path, ORIGINATOR_ID, CLUSTER_LIST).</summary>
    public long Looped { get; set; }

    public bool Warned { get; set; }

    public bool IsClient => Settings.RouteReflectorClient;
}

/// <summary>The targets that a peer asks for, RFC 4684 §6. Before the peer has said all, nothing passes.</summary>
internal sealed class TargetFilter
{
    private readonly Dictionary<RouteKey, ulong> wishes = [];
    private readonly HashSet<ulong> exact = [];
    private bool partial;

    /// <summary>The peer's first End-of-RIB of the family came, or took too long.</summary>
    public bool Ready { get; set; }

    public bool Add(in RouteKey wish)
    {
        var added = wishes.TryAdd(wish, wish.A);
        Recount();
        return added;
    }

    public bool Remove(in RouteKey wish)
    {
        var removed = wishes.Remove(wish);
        Recount();
        return removed;
    }

    public bool Passes(ReadOnlySpan<ulong> targets)
    {
        if (!Ready)
        {
            return false;
        }

        foreach (var target in targets)
        {
            if (exact.Contains(target) || (partial && wishes.Keys.Any(w => Covers(w, target))))
            {
                return true;
            }
        }

        return partial && wishes.Keys.Any(w => w.PrefixLength <= 32);
    }

    private void Recount()
    {
        exact.Clear();
        partial = false;
        foreach (var wish in wishes.Keys)
        {
            if (wish.PrefixLength == 96)
            {
                exact.Add(wish.A);
            }
            else
            {
                partial = true;
            }
        }
    }

    private static bool Covers(in RouteKey wish, ulong target) =>
        wish.PrefixLength <= 32 || ((wish.A ^ target) >> (96 - wish.PrefixLength)) == 0;
}
