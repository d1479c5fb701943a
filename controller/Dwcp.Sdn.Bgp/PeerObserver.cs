using System.Net;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp;

/// <summary>The connection of a session that stands or stood, and the OPENs that made it, as whole messages.</summary>
internal sealed record SessionEnds(IPEndPoint Local, IPEndPoint Remote, byte[] SentOpen, byte[] ReceivedOpen);

/// <summary>Is told on the loop what happens between the speaker and its peers: outputs for other people's tools.</summary>
internal interface IPeerObserver
{
    void Moved(PeerSession peer, BgpPhase before, BgpPhase after);

    void Up(PeerSession peer);

    /// <param name="message">With its header; whatever came, also before the session stood.</param>
    /// <param name="local">This side's address of the connection.</param>
    void Received(PeerSession peer, IpAddress local, ReadOnlySpan<byte> message);

    void Down(PeerSession peer, PeerAction.Down how);
}

/// <summary>Is told on the loop what the rules of peers made of their routes.</summary>
internal interface IRouteObserver
{
    void Accepted(RibPeer peer, BgpFamily family, AttributeSet set, in Nlri nlri, ReadOnlySpan<byte> octets);

    /// <param name="silently">No message of the peer said so, only that it has not said it again; a rule of ours may also refuse it now.</param>
    void Gone(RibPeer peer, in RouteKey key, ReadOnlySpan<byte> octets, uint pathId, bool silently);

    /// <summary>What belongs together has been told.</summary>
    void Finished();
}
