using System.Collections.Immutable;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Model;

/// <summary>What is true of the BGP speaker.</summary>
/// <param name="Endpoint">Where it listens, as ADDR:PORT; null when it does not.</param>
/// <param name="Established">How many sessions stand.</param>
/// <param name="Routes">How many routes it holds.</param>
/// <param name="Paths">How many paths these have.</param>
/// <param name="Announced">Routes of the fabric and injected ones.</param>
/// <param name="Imported">Routes of peers that networks here import.</param>
/// <param name="Bmp">One for each station.</param>
/// <param name="Mrt">Null when no files are written.</param>
public sealed record BgpSpeakerStatus(
    EquatableArray<Condition> Conditions, long ObservedGeneration, string? Endpoint, int Established, int Routes, int Paths, int Announced, int Imported,
    EquatableArray<BmpStationStatus> Bmp = default, MrtStatusView? Mrt = null)
    : ResourceStatus(Conditions, ObservedGeneration);

/// <summary>A BMP station.</summary>
/// <param name="Synchronised">It has been told all that was there when it was connected.</param>
/// <param name="CutOff">How often it fell too far behind and was told everything anew.</param>
public sealed record BmpStationStatus(string Station, bool Connected, bool Synchronised, uint CutOff, string? LastError);

/// <summary>The MRT files.</summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Dropped">Records that the disk was too slow for, or that could not be written.</param>
public sealed record MrtStatusView(string Directory, long Dropped, string? LastError);

/// <summary>A session with a peer.</summary>
/// <param name="Address">The peer's.</param>
/// <param name="State">As RFC 4271 §8.2.2 calls it, in capitals.</param>
/// <param name="EstablishedAt">Null while it does not stand.</param>
/// <param name="Malformed">Routes that were left out or withdrawn, RFC 7606.</param>
/// <param name="Stale">Its routes are kept while it restarts.</param>
/// <param name="Bfd">Null when the peer is not watched, or no session has stood yet.</param>
public sealed record BgpSession(
    string? Address,
    string State,
    DateTimeOffset? EstablishedAt,
    string? RouterId,
    EquatableArray<string> Families,
    int Routes,
    long Malformed,
    bool Stale,
    string? LastError,
    BfdSessionStatus? Bfd = null);

/// <summary>A BFD session, RFC 5880.</summary>
/// <param name="State">ADMINDOWN, DOWN, INIT or UP.</param>
/// <param name="RemoteState">What the peer said last of its own end.</param>
/// <param name="IntervalMilliseconds">Between packets of ours, at most.</param>
/// <param name="DetectionMilliseconds">After how much silence the peer is taken for dead.</param>
/// <param name="Diagnostic">The number that says why it was last not up; 0 when it never was.</param>
public sealed record BfdSessionStatus(string State, string RemoteState, uint IntervalMilliseconds, uint DetectionMilliseconds, uint Diagnostic);

/// <summary>What is true of a peer: one session, or of a range as many as came.</summary>
public sealed record BgpPeerStatus(
    EquatableArray<Condition> Conditions, long ObservedGeneration, bool PasswordSet, EquatableArray<BgpSession> Sessions)
    : ResourceStatus(Conditions, ObservedGeneration);

/// <summary>What is true of an injected route.</summary>
public sealed record EvpnRouteStatus(EquatableArray<Condition> Conditions, long ObservedGeneration)
    : ResourceStatus(Conditions, ObservedGeneration);

/// <summary>Which of the speaker's routes to read.</summary>
/// <param name="From">What <see cref="HeldRoutes.Next"/> of the part before said.</param>
/// <param name="Address">Of a host, or within a prefix.</param>
public sealed record HeldRouteQuery(int From, int Limit, byte? Type, Vni? Vni, MacAddress? Mac, IpAddress? Address, string? Peer, bool BestOnly);

/// <summary>A path of a route that the speaker holds.</summary>
/// <param name="Peer">Whose it is; null for one of our own.</param>
/// <param name="Object">What asked for it, if it is our own, such as <c>ports/vm1</c>.</param>
/// <param name="Decided">The step of route selection that told it from the next best, or from the best.</param>
public sealed record HeldRoute(Route Route, PathAttributes Attributes, string? Peer, string? Object, bool Best, string Decided, bool Stale);

/// <summary>A part of the speaker's routes.</summary>
/// <param name="Next">Where the next part begins; null at the end.</param>
public sealed record HeldRoutes(ImmutableArray<HeldRoute> Items, int? Next);
