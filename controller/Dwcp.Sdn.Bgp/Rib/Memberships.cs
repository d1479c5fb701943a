using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>The wishes of this speaker, RFC 4684 §4: the targets that it imports, and everything while some peer cannot say what it wants.</summary>
/// <remarks>They are routes of our own, and there while a peer takes such routes.</remarks>
internal sealed class Memberships(SpeakerSettings speaker, RouteBase routes)
{
    private readonly HashSet<RibPeer> listening = [];

    /// <summary>Peers that take EVPN routes and do not know RT constraint: whatever there is may be for them.</summary>
    private readonly HashSet<RibPeer> silent = [];

    private HashSet<TargetMembership> wanted = [];
    private HashSet<TargetMembership> announced = [];

    public void Want(IEnumerable<RouteTarget> targets)
    {
        wanted = [.. targets.Select(t => new TargetMembership(speaker.LocalAs, t, 96))];
        Settle();
    }

    public void Stands(RibPeer peer)
    {
        var families = peer.Agreement!.Families;
        if (families.Has(BgpFamily.RtConstraint))
        {
            listening.Add(peer);
        }
        else if (families.Has(BgpFamily.L2VpnEvpn))
        {
            silent.Add(peer);
        }

        Settle();
    }

    public void Gone(RibPeer peer)
    {
        listening.Remove(peer);
        silent.Remove(peer);
        Settle();
    }

    private void Settle()
    {
        HashSet<TargetMembership> due = listening.Count == 0 ? [] : silent.Count == 0 ? [.. wanted] : [.. wanted, new(default, default, 0)];
        foreach (var gone in announced.Except(due))
        {
            routes.Withdraw(gone, first: true);
        }

        foreach (var wish in due.Except(announced))
        {
            routes.Originate(new(wish, new PathAttributes { NextHop = speaker.RouterId }, wish.Bits == 0 ? "peers without RT constraint" : "import"), first: true);
        }

        announced = due;
    }
}
