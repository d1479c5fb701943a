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
