using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Google.Protobuf.WellKnownTypes;
using V1 = Dwcp.Sdn.Api.V1;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The speaker, its peers and routes as messages and back, field by field.</summary>
internal static class BgpMapping
{
    private static readonly (V1.BgpPeer.Types.Family Value, string Word)[] Families =
    [
        (V1.BgpPeer.Types.Family.L2VpnEvpn, "L2VPN_EVPN"),
        (V1.BgpPeer.Types.Family.RtConstraint, "RT_CONSTRAINT"),
        (V1.BgpPeer.Types.Family.Ipv4Unicast, "IPV4_UNICAST"),
        (V1.BgpPeer.Types.Family.Ipv6Unicast, "IPV6_UNICAST"),
    ];

    public static BgpSpeakerSpec ToSpec(V1.BgpSpeaker m) => new()
    {
        LocalAs = m.HasLocalAs ? m.LocalAs : null,
        RouterId = m.HasRouterId ? m.RouterId : null,
        ClusterId = m.HasClusterId ? m.ClusterId : null,
        HoldTimeSeconds = m.HasHoldTimeSeconds ? m.HoldTimeSeconds : null,
        Bmp =
        [
            .. m.Bmp.Select(b => new BmpStationSpec(
                b.HasStation ? b.Station : null,
                b.HasPostPolicy ? b.PostPolicy : null,
                b.HasStatisticsSeconds ? b.StatisticsSeconds : null)),
        ],
        Mrt = m.Mrt is { } mrt
            ? new()
            {
                Messages = mrt.HasMessages ? mrt.Messages : null,
                TableSeconds = mrt.HasTableSeconds ? mrt.TableSeconds : null,
                RotateSeconds = mrt.HasRotateSeconds ? mrt.RotateSeconds : null,
                MaxMegabytes = mrt.HasMaxMegabytes ? mrt.MaxMegabytes : null,
                KeepFiles = mrt.HasKeepFiles ? mrt.KeepFiles : null,
            }
            : null,
    };

    public static V1.BgpSpeaker ToSpeaker(Resource resource)
    {
        var spec = (BgpSpeakerSpec)resource.Spec;
        var status = (BgpSpeakerStatus)resource.Status;
        var m = new V1.BgpSpeaker
        {
            Status = new()
            {
                Conditions = { Mapping.Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                Endpoint = status.Endpoint ?? "",
                Established = status.Established,
                Routes = status.Routes,
                Paths = status.Paths,
                Announced = status.Announced,
                Imported = status.Imported,
                Bmp =
                {
                    status.Bmp.Select(b => new V1.BmpStationStatus
                    {
                        Station = b.Station,
                        Connected = b.Connected,
                        Synchronised = b.Synchronised,
                        CutOff = b.CutOff,
                        LastError = b.LastError ?? "",
                    }),
                },
                Mrt = status.Mrt is { } files
                    ? new() { Directory = files.Directory, Dropped = files.Dropped, LastError = files.LastError ?? "" }
                    : null,
            },
            Bmp = { spec.Bmp.Select(ToStation) },
            Mrt = ToMrt(spec.Mrt),
        };
        Mapping.Set(spec.LocalAs, v => m.LocalAs = v);
        Mapping.Set(spec.RouterId, v => m.RouterId = v);
        Mapping.Set(spec.ClusterId, v => m.ClusterId = v);
        Mapping.Set(spec.HoldTimeSeconds, v => m.HoldTimeSeconds = v);
        return m;
    }

    private static V1.BmpStation ToStation(BmpStationSpec spec)
    {
        var m = new V1.BmpStation();
        Mapping.Set(spec.Station, v => m.Station = v);
        Mapping.Set(spec.PostPolicy, v => m.PostPolicy = v);
        Mapping.Set(spec.StatisticsSeconds, v => m.StatisticsSeconds = v);
        return m;
    }

    private static V1.Mrt? ToMrt(MrtSpec? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var m = new V1.Mrt();
        Mapping.Set(spec.Messages, v => m.Messages = v);
        Mapping.Set(spec.TableSeconds, v => m.TableSeconds = v);
        Mapping.Set(spec.RotateSeconds, v => m.RotateSeconds = v);
        Mapping.Set(spec.MaxMegabytes, v => m.MaxMegabytes = v);
        Mapping.Set(spec.KeepFiles, v => m.KeepFiles = v);
        return m;
    }

    public static BgpPeerSpec ToSpec(V1.BgpPeer m) => new()
    {
        Address = m.HasAddress ? m.Address : null,
        ListenRange = m.HasListenRange ? m.ListenRange : null,
        RemoteAs = m.HasRemoteAs ? m.RemoteAs : null,
        Port = m.HasPort ? m.Port : null,
        LocalAs = m.HasLocalAs ? m.LocalAs : null,
        LocalAddress = m.HasLocalAddress ? m.LocalAddress : null,
        Password = m.HasPassword ? m.Password : null,
        Passive = m.HasPassive ? m.Passive : null,
        TtlSecurity = m.HasTtlSecurity ? m.TtlSecurity : null,
        HoldTimeSeconds = m.HasHoldTimeSeconds ? m.HoldTimeSeconds : null,
        Bfd = m.Bfd is { } bfd
            ? new()
            {
                Enabled = bfd.HasEnabled ? bfd.Enabled : null,
                IntervalMilliseconds = bfd.HasIntervalMilliseconds ? bfd.IntervalMilliseconds : null,
                Multiplier = bfd.HasMultiplier ? bfd.Multiplier : null,
            }
            : null,
        GracefulRestart = m.GracefulRestart is { } restart
            ? new()
            {
                Enabled = restart.HasEnabled ? restart.Enabled : null,
                RestartSeconds = restart.HasRestartSeconds ? restart.RestartSeconds : null,
                LongLivedSeconds = restart.HasLongLivedSeconds ? restart.LongLivedSeconds : null,
            }
            : null,
        AddPath = m.HasAddPath ? m.AddPath : null,
        PrefixLimit = m.PrefixLimit is { } limit
            ? new()
            {
                Max = limit.HasMax ? limit.Max : null,
                WarnPercent = limit.HasWarnPercent ? limit.WarnPercent : null,
                RestartSeconds = limit.HasRestartSeconds ? limit.RestartSeconds : null,
            }
            : null,
        RouteReflectorClient = m.HasRouteReflectorClient ? m.RouteReflectorClient : null,
        NextHopSelf = m.HasNextHopSelf ? m.NextHopSelf : null,
        Policies =
        [
            .. m.Policies.Select(p => new BgpPolicySpec(
                p.HasDirection ? p.Direction : null,
                p.HasAction ? p.Action : null,
                [.. p.Targets],
                [.. p.Communities],
                p.HasThroughAs ? p.ThroughAs : null,
                p.HasType ? p.Type : null,
                p.HasVni ? p.Vni : null)),
        ],
        Shutdown = m.HasShutdown ? m.Shutdown : null,
        ShutdownMessage = m.HasShutdownMessage ? m.ShutdownMessage : null,
        Families = [.. m.Families.Select(f => Families.FirstOrDefault(known => known.Value == f).Word ?? f.ToString("D"))],
    };

    public static V1.BgpPeer ToPeer(Resource resource)
    {
        var spec = (BgpPeerSpec)resource.Spec;
        var status = (BgpPeerStatus)resource.Status;
        var m = new V1.BgpPeer
        {
            Bfd = ToBfd(spec.Bfd),
            GracefulRestart = ToRestart(spec.GracefulRestart),
            PrefixLimit = ToLimit(spec.PrefixLimit),
            Policies = { spec.Policies.Select(ToPolicy) },
            Families = { spec.Families.Select(ToFamily) },
            Status = new()
            {
                Conditions = { Mapping.Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                PasswordSet = status.PasswordSet,
                Sessions = { status.Sessions.Select(ToSession) },
            },
        };
        Mapping.Set(spec.Address, v => m.Address = v);
        Mapping.Set(spec.ListenRange, v => m.ListenRange = v);
        Mapping.Set(spec.RemoteAs, v => m.RemoteAs = v);
        Mapping.Set(spec.Port, v => m.Port = v);
        Mapping.Set(spec.LocalAs, v => m.LocalAs = v);
        Mapping.Set(spec.LocalAddress, v => m.LocalAddress = v);
        Mapping.Set(spec.Password, v => m.Password = v);
        Mapping.Set(spec.Passive, v => m.Passive = v);
        Mapping.Set(spec.TtlSecurity, v => m.TtlSecurity = v);
        Mapping.Set(spec.HoldTimeSeconds, v => m.HoldTimeSeconds = v);
        Mapping.Set(spec.AddPath, v => m.AddPath = v);
        Mapping.Set(spec.RouteReflectorClient, v => m.RouteReflectorClient = v);
        Mapping.Set(spec.NextHopSelf, v => m.NextHopSelf = v);
        Mapping.Set(spec.Shutdown, v => m.Shutdown = v);
        Mapping.Set(spec.ShutdownMessage, v => m.ShutdownMessage = v);
        return m;
    }

    /// <summary>What is shown to callers has no password; whether there is one stands in the status.</summary>
    public static void HideSecrets(V1.BgpPeer peer) => peer.ClearPassword();

    public static EvpnRouteSpec ToSpec(V1.EvpnRoute m) => new()
    {
        Type = m.HasType ? m.Type : null,
        Rd = m.HasRd ? m.Rd : null,
        Esi = m.HasEsi ? m.Esi : null,
        EthernetTag = m.HasEthernetTag ? m.EthernetTag : null,
        Mac = m.HasMac ? m.Mac : null,
        Ip = m.HasIp ? m.Ip : null,
        Prefix = m.HasPrefix ? m.Prefix : null,
        GatewayIp = m.HasGatewayIp ? m.GatewayIp : null,
        Vni = m.HasVni ? m.Vni : null,
        L3Vni = m.HasL3Vni ? m.L3Vni : null,
        NextHop = m.HasNextHop ? m.NextHop : null,
        RouterMac = m.HasRouterMac ? m.RouterMac : null,
        ExportTargets = [.. m.ExportTargets],
        Sequence = m.HasSequence ? m.Sequence : null,
        Sticky = m.HasSticky ? m.Sticky : null,
        SingleActive = m.HasSingleActive ? m.SingleActive : null,
        EsiLabel = m.HasEsiLabel ? m.EsiLabel : null,
        EsImport = m.HasEsImport ? m.EsImport : null,
    };

    public static V1.EvpnRoute ToRoute(Resource resource)
    {
        var spec = (EvpnRouteSpec)resource.Spec;
        var m = new V1.EvpnRoute
        {
            ExportTargets = { spec.ExportTargets },
            Status = new()
            {
                Conditions = { Mapping.Conditions(resource.Status) },
                ObservedGeneration = resource.Status.ObservedGeneration,
                Origin = $"evpn-routes/{resource.Id}",
            },
        };
        Mapping.Set(spec.Type, v => m.Type = v);
        Mapping.Set(spec.Rd, v => m.Rd = v);
        Mapping.Set(spec.Esi, v => m.Esi = v);
        Mapping.Set(spec.EthernetTag, v => m.EthernetTag = v);
        Mapping.Set(spec.Mac, v => m.Mac = v);
        Mapping.Set(spec.Ip, v => m.Ip = v);
        Mapping.Set(spec.Prefix, v => m.Prefix = v);
        Mapping.Set(spec.GatewayIp, v => m.GatewayIp = v);
        Mapping.Set(spec.Vni, v => m.Vni = v);
        Mapping.Set(spec.L3Vni, v => m.L3Vni = v);
        Mapping.Set(spec.NextHop, v => m.NextHop = v);
        Mapping.Set(spec.RouterMac, v => m.RouterMac = v);
        Mapping.Set(spec.Sequence, v => m.Sequence = v);
        Mapping.Set(spec.Sticky, v => m.Sticky = v);
        Mapping.Set(spec.SingleActive, v => m.SingleActive = v);
        Mapping.Set(spec.EsiLabel, v => m.EsiLabel = v);
        Mapping.Set(spec.EsImport, v => m.EsImport = v);
        return m;
    }

    /// <summary>A path that the speaker holds.</summary>
    public static V1.EvpnRoute ToRoute(HeldRoute held)
    {
        const string injected = "evpn-routes/";
        var attributes = held.Attributes;
        var m = new V1.EvpnRoute
        {
            Id = held.Object?.StartsWith(injected, StringComparison.Ordinal) == true ? held.Object[injected.Length..] : "",
            NextHop = attributes.NextHop.ToString(),
            ExportTargets = { attributes.RouteTargets.Select(t => t.ToString()) },
            Status = new()
            {
                Origin = held.Object ?? $"bgp-peers/{held.Peer}",
                Best = held.Best,
                Decided = held.Decided,
                Stale = held.Stale,
                Text = held.Route.ToString(),
                Communities = { attributes.ExtendedCommunities.Select(c => c.ToString()) },
                AsPath = string.Join(' ', attributes.AsPath.SelectMany(s => s.Numbers)),
            },
        };
        if (held.Route is EvpnRoute route)
        {
            m.Type = route.Type;
        }

        switch (held.Route)
        {
            case MacIpRoute r:
                (m.Rd, m.EthernetTag, m.Mac, m.Vni) = (r.Key.Rd.ToString(), r.Key.Tag, r.Key.Mac.ToString(), r.L2.Value);
                Mapping.Set(r.Key.Ip?.ToString(), v => m.Ip = v);
                Mapping.Set(r.L3?.Value, v => m.L3Vni = v);
                ShowSegment(m, r.Segment);
                break;
            case MulticastRoute r:
                (m.Rd, m.EthernetTag) = (r.Key.Rd.ToString(), r.Key.Tag);
                Mapping.Set(attributes.Pmsi?.Label.Value, v => m.Vni = v);
                break;
            case IpPrefixRoute r:
                (m.Rd, m.EthernetTag, m.Prefix, m.Vni) = (r.Key.Rd.ToString(), r.Key.Tag, r.Key.Prefix.ToString(), r.Label.Value);
                Mapping.Set(r.Gateway?.ToString(), v => m.GatewayIp = v);
                ShowSegment(m, r.Segment);
                break;
            case AutoDiscoveryRoute r:
                (m.Rd, m.EthernetTag, m.Vni) = (r.Key.Rd.ToString(), r.Key.Tag, r.Label.Value);
                ShowSegment(m, r.Key.Segment);
                break;
            case SegmentRoute r:
                m.Rd = r.Key.Rd.ToString();
                ShowSegment(m, r.Key.Segment);
                break;
            case UnicastRoute r:
                m.Prefix = r.Prefix.ToString();
                break;
        }

        Mapping.Set(attributes.RouterMac?.ToString(), v => m.RouterMac = v);
        if (attributes.Mobility is { } mobility)
        {
            (m.Sequence, m.Sticky) = (mobility.Sequence, mobility.Sticky);
        }

        if (attributes.EsiLabel is { } label)
        {
            (m.SingleActive, m.EsiLabel) = (label.SingleActive, label.Label.Value);
        }

        Mapping.Set(attributes.EsImport?.ToString(), v => m.EsImport = v);

        return m;
    }

    private static void ShowSegment(V1.EvpnRoute m, EthernetSegment segment)
    {
        if (!segment.IsNone)
        {
            m.Esi = segment.ToString();
        }
    }

    private static V1.BgpPeer.Types.Family ToFamily(string word) => Families.First(f => f.Word == word).Value;

    private static V1.Bfd? ToBfd(BfdSpec? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var m = new V1.Bfd();
        Mapping.Set(spec.Enabled, v => m.Enabled = v);
        Mapping.Set(spec.IntervalMilliseconds, v => m.IntervalMilliseconds = v);
        Mapping.Set(spec.Multiplier, v => m.Multiplier = v);
        return m;
    }

    private static V1.GracefulRestart? ToRestart(GracefulRestartSpec? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var m = new V1.GracefulRestart();
        Mapping.Set(spec.Enabled, v => m.Enabled = v);
        Mapping.Set(spec.RestartSeconds, v => m.RestartSeconds = v);
        Mapping.Set(spec.LongLivedSeconds, v => m.LongLivedSeconds = v);
        return m;
    }

    private static V1.PrefixLimit? ToLimit(PrefixLimitSpec? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var m = new V1.PrefixLimit();
        Mapping.Set(spec.Max, v => m.Max = v);
        Mapping.Set(spec.WarnPercent, v => m.WarnPercent = v);
        Mapping.Set(spec.RestartSeconds, v => m.RestartSeconds = v);
        return m;
    }

    private static V1.BgpPolicy ToPolicy(BgpPolicySpec spec)
    {
        var m = new V1.BgpPolicy { Targets = { spec.Targets }, Communities = { spec.Communities } };
        Mapping.Set(spec.Direction, v => m.Direction = v);
        Mapping.Set(spec.Action, v => m.Action = v);
        Mapping.Set(spec.ThroughAs, v => m.ThroughAs = v);
        Mapping.Set(spec.Type, v => m.Type = v);
        Mapping.Set(spec.Vni, v => m.Vni = v);
        return m;
    }

    private static V1.BgpSession ToSession(BgpSession session) => new()
    {
        Address = session.Address ?? "",
        State = session.State,
        EstablishedAt = session.EstablishedAt?.ToTimestamp(),
        RouterId = session.RouterId ?? "",
        Families = { session.Families.Select(ToFamily) },
        Routes = session.Routes,
        Malformed = session.Malformed,
        Stale = session.Stale,
        LastError = session.LastError ?? "",
        Bfd = session.Bfd is { } bfd
            ? new()
            {
                State = bfd.State,
                RemoteState = bfd.RemoteState,
                IntervalMilliseconds = bfd.IntervalMilliseconds,
                DetectionMilliseconds = bfd.DetectionMilliseconds,
                Diagnostic = bfd.Diagnostic,
            }
            : null,
    };
}
