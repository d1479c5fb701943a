namespace Dwcp.Sdn.Core.Evpn;

/// <summary>A route that a peer announced and that this speaker chose.</summary>
/// <param name="Peer">The id of the peer it came from.</param>
public sealed record LearnedRoute(Route Route, PathAttributes Attributes, string Peer);

/// <summary>A route to take in, or one that is no longer there: then <see cref="Learned"/> is null.</summary>
public readonly record struct RouteChange(Route Route, LearnedRoute? Learned);

/// <summary>Takes the routes whose targets are imported. It is called by the speaker's loop and must not wait.</summary>
public interface IRouteSink
{
    /// <summary>Changes in the order in which they count; of several changes of one route only the last is delivered.</summary>
    void Deliver(IReadOnlyList<RouteChange> changes);

    /// <summary>The peer has sent all it had (End-of-RIB), or is known to send no such mark: what it has not announced by now is not there.</summary>
    void PeerSynchronised(string peer);
}

/// <summary>A route that the speaker announces for others: its attributes, and which object asked for it.</summary>
public sealed record OriginatedRoute(Route Route, PathAttributes Attributes, string Object);
