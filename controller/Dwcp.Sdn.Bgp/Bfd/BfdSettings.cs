namespace Dwcp.Sdn.Bgp;

/// <summary>The state of a BFD session, RFC 5880 §4.1.</summary>
public enum BfdState : byte
{
    AdminDown,
    Down,
    Init,
    Up,
}

/// <summary>Detection of a dead link or peer, RFC 5880 and RFC 5881: single hop, without echo and authentication.</summary>
/// <param name="Interval">Between packets, in both directions; the peer may ask for more.</param>
/// <param name="Multiplier">After how many intervals of silence the session is down; at least 1.</param>
public sealed record BfdSettings(TimeSpan Interval, int Multiplier = 3);

/// <summary>A BFD session as it is now.</summary>
/// <param name="Peer">What the peer said last of its own end; AdminDown is no sign of a dead link (RFC 5882 §3.2).</param>
/// <param name="Interval">Between packets of ours, at most.</param>
/// <param name="Detection">After how much silence the peer is taken for dead.</param>
/// <param name="Diagnostic">Why it was last not up, RFC 5880 §4.1: 1 silence, 3 the peer said so.</param>
public sealed record BfdStatus(BfdState State, BfdState Peer, TimeSpan Interval, TimeSpan Detection, byte Diagnostic);
