namespace Dwcp.Sdn.Bgp;

/// <summary>Something an operator would want to know of a peer.</summary>
/// <param name="Peer">The id of the peer.</param>
public abstract record BgpEvent(string Peer)
{
    public sealed record Up(string Peer) : BgpEvent(Peer);

    /// <param name="Kept">Its routes stay while it restarts.</param>
    public sealed record Down(string Peer, string Reason, bool Kept) : BgpEvent(Peer);

    /// <summary>A peer that should connect could not be reached.</summary>
    public sealed record Unreachable(string Peer, string Reason) : BgpEvent(Peer);

    /// <summary>Its BFD session came up or went down.</summary>
    public sealed record Detected(string Peer, bool Alive) : BgpEvent(Peer);

    /// <summary>The peer comes near its limit of routes.</summary>
    public sealed record ManyRoutes(string Peer, int Count, int Max) : BgpEvent(Peer);

    /// <summary>Routes that no reader accepted were left out or withdrawn; the session goes on (RFC 7606).</summary>
    public sealed record MalformedRoutes(string Peer, long Total) : BgpEvent(Peer);

    /// <summary>A connection from an address that is no peer's.</summary>
    /// <param name="Crowded">It is one of a range, and ranges have as many peers as they may.</param>
    public sealed record Stranger(string Peer, bool Crowded = false) : BgpEvent(Peer);
}
