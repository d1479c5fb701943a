using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Southbound.Tls;

/// <summary>A connection whose other end has shown who it is.</summary>
/// <param name="Stream">What is said over it; whoever has it disposes it.</param>
/// <param name="Peer">Who the other end is.</param>
/// <param name="Why">Why the other end may not be that any more, once it may not.</param>
/// <param name="Disbelieved">Cancelled then.</param>
public sealed record Secured(Stream Stream, PeerIdentity Peer, Func<string> Why, CancellationToken Disbelieved)
{
    /// <summary>Calls with the reason when the other end may not be that any more.</summary>
    public CancellationTokenRegistration WhenDisbelieved(Action<string> end) => Disbelieved.Register(() => end(Why()));
}
