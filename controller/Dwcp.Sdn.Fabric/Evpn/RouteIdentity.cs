using Dwcp.Sdn.Core.Evpn;

namespace Dwcp.Sdn.Fabric.Evpn;

/// <summary>What makes two announcements the same route: labels and segments do not (RFC 7432 §7.2).</summary>
public static class RouteIdentity
{
    /// <summary>Equal for announcements and withdrawals of the same route.</summary>
    public static object Of(Route route) => route switch
    {
        MacIpRoute r => r.Key,
        MulticastRoute r => r.Key,
        IpPrefixRoute r => r.Key,
        AutoDiscoveryRoute r => r.Key,
        SegmentRoute r => r.Key,
        _ => route,
    };
}
