namespace Dwcp.Sdn.Fabric.Evpn;

/// <summary>How often a port has moved, and where it was bound last. Stored once it has moved, so that peers never hear of a lower number.</summary>
/// <param name="Sequence">Of MAC mobility, RFC 7432 §7.7.</param>
/// <param name="Since">Of the claim by which it was bound.</param>
public sealed record PortMoves(string Port, uint Sequence, string Host, long Since)
{
    /// <summary>The highest sequence that peers have announced for its MAC while it was not here; null when they have not.</summary>
    public uint? Heard { get; init; }

    /// <summary>A peer says that it is elsewhere now, and is believed although an interface here claims it.</summary>
    public bool IsElsewhere { get; init; }
}
