using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>All that decides what a peer is told: peers with equal values get the very same octets.</summary>
/// <param name="Plane">Which 64 slots its members are of; each plane keeps one word per route of who has it.</param>
/// <param name="AddPath">Families in which they are told all paths of a route: such a peer always has a group of its own.</param>
/// <param name="Self">The next hop that replaces others, if so asked.</param>
internal sealed record GroupKey(
    int Plane, bool External, bool Client, Asn LocalAs, bool As4, int LongestMessage, FamilySet Families, FamilySet AddPath, bool LongLived,
    IpAddress? Self, EquatableArray<RouteRule> Rules);

/// <summary>Peers that are told the same at the same time: a change is formatted once for all of them.</summary>
/// <remarks>A peer that is new, asks again, or takes much longer than the others leaves for a group of its own until it has caught up.</remarks>
internal sealed class UpdateGroup(GroupKey key, bool solo)
{
    public GroupKey Key => key;

    public bool IsSolo => solo;

    public DirtyQueue Dirty { get; } = new();

    public List<RibPeer> Members { get; } = [];

    /// <summary>The members by their bits in the plane.</summary>
    public ulong Mask { get; private set; }

    public void Add(RibPeer peer)
    {
        Members.Add(peer);
        Mask |= 1ul << (peer.Slot & 63);
        peer.Group = this;
    }

    public void Remove(RibPeer peer)
    {
        Members.Remove(peer);
        Mask &= ~(1ul << (peer.Slot & 63));
        peer.Group = null;
    }

    /// <summary>RFC 4456 §6: what a peer of this AS that is no client said goes to clients and to other ASes only.</summary>
    public bool Takes(RibPeer? from) => from is null || from.External || from.IsClient || key.Client || key.External;
}
