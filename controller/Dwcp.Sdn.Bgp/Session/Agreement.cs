using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Session;

/// <summary>What two OPENs agree on.</summary>
internal sealed record Agreement(Asn PeerAs, IpAddress PeerId, bool External, TimeSpan Hold, Capabilities Peer, Capabilities Ours)
{
    public FamilySet Families => Peer.Families.And(Ours.Families);

    public bool As4 => Peer.As4 is not null;

    public int LongestMessage => Peer.ExtendedMessages && Ours.ExtendedMessages ? BgpMessage.LongestExtended : BgpMessage.Longest;

    public bool EnhancedRefresh => Peer.EnhancedRefresh && Ours.EnhancedRefresh;

    /// <summary>Routes of the peer outlive the session in these families.</summary>
    public FamilySet RestartFamilies => Ours.Restart is null || Peer.Restart is null
        ? default
        : FamilySet.Of(Peer.Restart.Families.Select(f => f.Family)).And(Families);

    /// <summary>Families whose forwarding the peer has kept while it was away: stale routes of all others go at once (RFC 4724 §4.2).</summary>
    public FamilySet RestartKept => FamilySet.Of(Peer.Restart?.Families.Where(f => f.ForwardingKept).Select(f => f.Family) ?? []);

    /// <summary>The same for routes that have outlived the restart time; without graceful restart it counts for nothing (RFC 9494 §4.2).</summary>
    public FamilySet LongLivedKept => Peer.Restart is null ? default : FamilySet.Of(Peer.LongLived.Where(f => f.ForwardingKept).Select(f => f.Family));

    /// <summary>The peer sends an End-of-RIB (RFC 4724 §2).</summary>
    public bool SendsEndOfRib => Peer.Restart is not null;

    /// <summary>A session that ended with a NOTIFICATION also keeps its routes (RFC 8538).</summary>
    public bool OverNotification => Ours.Restart is { OverNotification: true } && Peer.Restart is { OverNotification: true };

    /// <summary>The peer may send several paths of a route.</summary>
    public FamilySet AddPathReceived => FamilySet.Of(Ours.AddPath.Where(f => (f.Mode & 1) != 0).Select(f => f.Family))
        .And(FamilySet.Of(Peer.AddPath.Where(f => (f.Mode & 2) != 0).Select(f => f.Family)));

    /// <summary>The peer takes several paths of a route.</summary>
    public FamilySet AddPathSent => FamilySet.Of(Ours.AddPath.Where(f => (f.Mode & 2) != 0).Select(f => f.Family))
        .And(FamilySet.Of(Peer.AddPath.Where(f => (f.Mode & 1) != 0).Select(f => f.Family)));

    /// <summary>Compares what the peer offers with what is expected of it.</summary>
    public static Agreement? Of(OpenMessage open, Capabilities ours, Asn localAs, IpAddress routerId, PeerSettings settings, out Notification? fault)
    {
        fault = null;
        Capabilities peer;
        try
        {
            peer = Capabilities.Of(open.List);
        }
        catch (Core.Wire.WireException)
        {
            fault = Notification.MalformedOpen;
            return null;
        }

        if (!open.List.Any(c => c.Code == 1))
        {
            peer = peer with { Families = default(FamilySet).With(BgpFamily.Ipv4Unicast) }; // What a speaker without RFC 4760 carries.
        }

        var asn = peer.As4 ?? new Asn(open.HeaderAs);
        var external = asn != localAs;
        fault = asn.Value == 0 || asn != settings.RemoteAs ? Notification.BadPeerAs
            : open.RouterId == routerId && !external ? Notification.BadRouterId // RFC 6286 §2.2
            : peer.Families.And(ours.Families).IsEmpty ? new Notification(2, 7, [.. ours.ToList().Where(c => c.Code == 1).SelectMany(c => c.ToOctets())]) // RFC 5492 §5: those that are missed
            : null;
        if (fault is not null)
        {
            return null;
        }

        var hold = TimeSpan.FromSeconds(Math.Min(open.HoldSeconds, settings.HoldTime.TotalSeconds));
        return new(asn, open.RouterId, external, hold, peer, ours);
    }
}
