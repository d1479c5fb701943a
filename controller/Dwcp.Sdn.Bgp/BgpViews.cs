using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp;

/// <summary>The phase that an operator sees, RFC 4271 §8.2.2.</summary>
public enum BgpPhase
{
    Idle,
    Connect,
    Active,
    OpenSent,
    OpenConfirm,
    Established,
}

/// <summary>The step of route selection that told two paths apart.</summary>
public enum SelectionStep
{
    OnlyPath,
    LongLivedStale,
    StickyMac,
    MobilitySequence,
    LowerVtep,
    LocalPreference,
    Originated,
    AsPathLength,
    Origin,
    Med,
    ExternalPeer,
    RouterId,
    ClusterList,
    PeerAddress,
    PathId,
}

/// <summary>A peer as it is now.</summary>
/// <param name="Since">How long the session has stood; none while it does not.</param>
/// <param name="Routes">Paths of it in the table.</param>
/// <param name="Malformed">NLRI that were left out or withdrawn (RFC 7606).</param>
/// <param name="LastError">Why the last session ended, or why none came about.</param>
public sealed record PeerStatus(
    PeerSettings Settings, IpAddress? Address, BgpPhase Phase, TimeSpan? Since, IpAddress? RouterId, EquatableArray<BgpFamily> Families,
    int Routes, long Malformed, long AttributesDiscarded, long TakenAsWithdrawn, long Looped, int OctetsWaiting, bool Stale, string? LastError)
{
    /// <summary>None when it is not asked for, or no session has stood yet.</summary>
    public BfdStatus? Bfd { get; init; }
}

/// <summary>A path of a route that the speaker holds.</summary>
/// <param name="Peer">Whose it is; none for one of our own.</param>
/// <param name="Object">What asked for it, if it is our own.</param>
/// <param name="Decided">The step of route selection that put it behind the best path, or the best one before the next.</param>
public sealed record RouteView(
    Route Route, PathAttributes Attributes, string? Peer, string? Object, bool Best, SelectionStep Decided, bool Stale);

/// <summary>Which routes to list.</summary>
public sealed record RouteQuery
{
    /// <summary>The number of an EVPN route type.</summary>
    public byte? Type { get; init; }

    public BgpFamily? Family { get; init; }

    public string? Peer { get; init; }

    public Vni? Vni { get; init; }

    public MacAddress? Mac { get; init; }

    /// <summary>Of the host, or a prefix that covers it.</summary>
    public IpAddress? Address { get; init; }

    public bool BestOnly { get; init; }
}

/// <summary>A part of a list of routes.</summary>
/// <param name="Next">Where the next part begins; none at the end.</param>
public sealed record RoutePage(IReadOnlyList<RouteView> Items, int? Next);
