using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Southbound.Tls;

/// <summary>A connection whose other end has shown who it is.</summary>
/// <param name="Stream">What is said over it; whoever has it disposes it.</param>
/// <param name="Peer">Who the other end is.</param>
/// <param name="Revoked">Cancelled when the other end may not be that any more.</param>
public sealed record Secured(Stream Stream, PeerIdentity Peer, CancellationToken Revoked);
