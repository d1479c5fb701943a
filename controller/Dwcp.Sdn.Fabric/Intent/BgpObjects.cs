using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>The BGP speaker as it was judged.</summary>
public sealed record BgpSpeakerIntent(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation, BgpSpeakerSpec Spec)
    : FabricObject(Id, Labels, Version, Generation)
{
    /// <summary>There is one speaker, and it has one id.</summary>
    public const string OnlyId = "speaker";

    public static readonly TimeSpan DefaultHoldTime = TimeSpan.FromSeconds(90);

    public const uint DefaultStatisticsSeconds = 60;

    /// <summary>Of the files of messages, in seconds, megabytes and files.</summary>
    public static readonly (uint Rotate, uint Megabytes, uint Keep) DefaultMrt = (3600, 64, 24);

    public Asn LocalAs => new(Spec.LocalAs!.Value);

    public IpAddress RouterId => IpAddress.Parse(Spec.RouterId!);

    public IpAddress? ClusterId => Spec.ClusterId is { } id ? IpAddress.Parse(id) : null;

    public TimeSpan HoldTime => Spec.HoldTimeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultHoldTime;
}

/// <summary>A BGP peer as it was judged.</summary>
public sealed record BgpPeerIntent(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation, BgpPeerSpec Spec)
    : FabricObject(Id, Labels, Version, Generation)
{
    public const uint DefaultRestartSeconds = 120;
    public const uint DefaultBfdMilliseconds = 300;
    public const uint DefaultBfdMultiplier = 3;

    public IpAddress? Address => Spec.Address is { } address ? IpAddress.Parse(address) : null;

    public IpPrefix? ListenRange => Spec.ListenRange is { } range ? IpPrefix.Parse(range) : null;

    public bool IsShutDown => Spec.Shutdown ?? false;

    /// <summary>How long what the peer announced before a restart of ours may take to come again; zero without graceful restart.</summary>
    public TimeSpan RestartTime => Spec.GracefulRestart?.Enabled == false
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Spec.GracefulRestart?.RestartSeconds ?? DefaultRestartSeconds);
}

/// <summary>A route that a caller wants announced, as it was judged.</summary>
public sealed record EvpnRouteIntent(string Id, ImmutableSortedDictionary<string, string> Labels, long Version, long Generation, EvpnRouteSpec Spec)
    : FabricObject(Id, Labels, Version, Generation)
{
    /// <summary>The route as the speaker of an AS announces it.</summary>
    public OriginatedRoute ToRoute(Asn local)
    {
        var rd = RouteDistinguisher.Parse(Spec.Rd!);
        var tag = Spec.EthernetTag ?? 0;
        var vni = new Vni(Spec.Vni ?? 0);
        var nextHop = IpAddress.Parse(Spec.NextHop!);
        var segment = Spec.Esi is not null && EthernetSegment.TryParse(Spec.Esi, out var parsed) ? parsed : EthernetSegment.None;
        Route route = Spec.Type switch
        {
            1 => new AutoDiscoveryRoute(new AutoDiscoveryKey(rd, segment, tag), vni),
            2 => new MacIpRoute(
                new MacIpKey(rd, tag, MacAddress.Parse(Spec.Mac!), Spec.Ip is { } ip ? IpAddress.Parse(ip) : null),
                segment,
                vni,
                Spec.L3Vni is { } l3 ? new Vni(l3) : null),
            3 => new MulticastRoute(new MulticastKey(rd, tag, nextHop)),
            4 => new SegmentRoute(new SegmentKey(rd, segment, nextHop)),
            _ => new IpPrefixRoute(
                new IpPrefixKey(rd, tag, IpPrefix.Parse(Spec.Prefix!)), segment, Spec.GatewayIp is { } gateway ? IpAddress.Parse(gateway) : null, vni),
        };
        ImmutableArray<RouteTarget> targets = Spec.Type == 4 ? [] : Spec.ExportTargets.IsEmpty ? [RouteTarget.Automatic(local, vni)] : [.. Spec.ExportTargets.Items.Select(RouteTarget.Parse).Order()];
        var communities = targets.Select(ExtendedCommunity.Of).Append(ExtendedCommunity.Of(TunnelEncapsulation.Vxlan));
        if (Spec.Sequence is not null || Spec.Sticky == true)
        {
            communities = communities.Append(ExtendedCommunity.Mobility(new MacMobility(Spec.Sequence ?? 0, Spec.Sticky ?? false)));
        }

        if (Spec.RouterMac is { } mac)
        {
            communities = communities.Append(ExtendedCommunity.RouterMac(MacAddress.Parse(mac)));
        }

        if (Spec is { Type: 1, EthernetTag: AutoDiscoveryKey.WholeSegment })
        {
            communities = communities.Append(ExtendedCommunity.EsiLabel(Spec.SingleActive ?? false, new Vni(Spec.EsiLabel ?? 0)));
        }

        if (Spec.Type == 4)
        {
            communities = communities.Append(ExtendedCommunity.EsImport(Spec.EsImport is { } target ? MacAddress.Parse(target) : segment.ImportTarget));
        }

        return new OriginatedRoute(
            route,
            new PathAttributes
            {
                NextHop = nextHop,
                ExtendedCommunities = communities.ToEquatableArray(),
                Pmsi = Spec.Type == 3 ? PmsiTunnel.IngressReplication(vni, nextHop) : null,
            },
            new ObjectRef(ResourceKind.EvpnRoute, Id).ToString());
    }
}
