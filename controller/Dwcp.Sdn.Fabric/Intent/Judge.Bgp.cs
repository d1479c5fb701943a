using System.Collections.Immutable;
using System.Net;
using System.Text;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>The rules of the speaker, its peers and injected routes.</summary>
public static partial class Judge
{
    private static readonly ImmutableArray<string> FamilyWords = ["L2VPN_EVPN", "RT_CONSTRAINT", "IPV4_UNICAST", "IPV6_UNICAST"];

    private static BgpSpeakerIntent? OfBgpSpeaker(PutCommand put, BgpSpeakerSpec spec, long generation, Problems problems)
    {
        AsNumber("localAs", spec.LocalAs, required: true, problems);
        if (spec.RouterId is null)
        {
            problems.Required("routerId", "give an IPv4 address that no other speaker has as its id");
        }

        RouterNumber("routerId", spec.RouterId, problems);
        RouterNumber("clusterId", spec.ClusterId, problems);
        HoldTime(spec.HoldTimeSeconds, problems);
        foreach (var (i, station) in spec.Bmp.Index())
        {
            Station($"bmp[{i}]", station, problems);
            if (spec.Bmp.Items.Take(i).Any(s => s.Station == station.Station))
            {
                problems.Add($"bmp[{i}].station", ProblemCodes.Invalid, $"{Problems.Short(station.Station ?? "")} stands twice", "give each station once");
            }
        }

        if (spec.Bmp.Count > 16)
        {
            problems.Add("bmp", ProblemCodes.OutOfRange, $"{spec.Bmp.Count} stations", "keep to 16");
        }

        if (spec.Mrt is { } mrt)
        {
            problems.Range("mrt.tableSeconds", mrt.TableSeconds, 0, 604_800);
            problems.Range("mrt.rotateSeconds", mrt.RotateSeconds, 60, 604_800);
            problems.Range("mrt.maxMegabytes", mrt.MaxMegabytes, 1, 4096);
            problems.Range("mrt.keepFiles", mrt.KeepFiles, 1, 1000);
        }

        return problems.Any ? null : new BgpSpeakerIntent(put.Id, put.Labels, 0, generation, spec);
    }

    private static void Station(string field, BmpStationSpec station, Problems problems)
    {
        if (station.Station is not { } at)
        {
            problems.Required($"{field}.station", "give where it listens, such as 192.0.2.9:11019");
        }
        else if (!IPEndPoint.TryParse(at, out var end) || end.Port == 0)
        {
            problems.Add($"{field}.station", ProblemCodes.Invalid, $"'{Problems.Short(at)}' is not ADDR:PORT", "write it as 192.0.2.9:11019 or [2001:db8::9]:11019");
        }

        problems.Range($"{field}.statisticsSeconds", station.StatisticsSeconds, 0, 86_400);
    }

    private static BgpPeerIntent? OfBgpPeer(FabricIntent intent, PutCommand put, BgpPeerSpec spec, long generation, Problems problems)
    {
        var address = problems.Address("address", spec.Address);
        if (spec.Address is null == spec.ListenRange is null)
        {
            problems.Add("address", spec.Address is null ? ProblemCodes.Required : ProblemCodes.Invalid, "a peer has either an address or a listenRange", "give one of the two");
        }
        else if (address is { } own && intent.BgpPeers.Values.FirstOrDefault(p => p.Id != put.Id && p.Address == own) is { } other)
        {
            problems.Conflict("address", $"{own} is the address of peer '{other.Id}'", "change that peer, or delete it first");
        }

        if (spec.ListenRange is { } range)
        {
            if (!IpPrefix.TryParse(range, null, out var parsed))
            {
                problems.Add("listenRange", ProblemCodes.Invalid, $"'{Problems.Short(range)}' is not a prefix with zero host bits", "write it as 192.0.2.0/24 or 2001:db8::/64");
            }
            else if (intent.BgpPeers.Values.FirstOrDefault(p => p.Id != put.Id && p.ListenRange == parsed) is { } same)
            {
                problems.Conflict("listenRange", $"{parsed} is the range of '{same.Id}'", "change that one, or delete it first");
            }
        }

        AsNumber("remoteAs", spec.RemoteAs, required: true, problems);
        AsNumber("localAs", spec.LocalAs, required: false, problems);
        problems.Range("port", spec.Port, 1, ushort.MaxValue);
        problems.Address("localAddress", spec.LocalAddress);
        if (spec.Password is { } password && (password.Length == 0 || Encoding.UTF8.GetByteCount(password) > 80))
        {
            problems.Add("password", ProblemCodes.OutOfRange, "a password of TCP MD5 has 1 to 80 octets", "use another, or leave it out");
        }

        problems.Range("ttlSecurity", spec.TtlSecurity, 1, 254);
        HoldTime(spec.HoldTimeSeconds, problems);
        problems.Range("bfd.intervalMilliseconds", spec.Bfd?.IntervalMilliseconds, 50, 60_000);
        problems.Range("bfd.multiplier", spec.Bfd?.Multiplier, 1, 255);
        problems.Range("gracefulRestart.restartSeconds", spec.GracefulRestart?.RestartSeconds, 1, 4095);
        problems.Range("gracefulRestart.longLivedSeconds", spec.GracefulRestart?.LongLivedSeconds, 0, 0xff_ffff);
        if (spec.PrefixLimit is { } limit)
        {
            if (limit.Max is null)
            {
                problems.Required("prefixLimit.max", "give the number of routes that the peer may announce");
            }

            problems.Range("prefixLimit.max", limit.Max, 1, int.MaxValue);
            problems.Range("prefixLimit.warnPercent", limit.WarnPercent, 1, 100);
            problems.Range("prefixLimit.restartSeconds", limit.RestartSeconds, 1, 86_400);
        }

        foreach (var (i, policy) in spec.Policies.Index())
        {
            Policy($"policies[{i}]", policy, problems);
        }

        if (spec.ShutdownMessage is { } message && Encoding.UTF8.GetByteCount(message) > 255)
        {
            problems.Add("shutdownMessage", ProblemCodes.OutOfRange, "the message has more than 255 octets", "shorten it (RFC 9003)");
        }

        foreach (var (i, family) in spec.Families.Index())
        {
            problems.Word($"families[{i}]", family, FamilyWords, []);
            if (spec.Families.Items.IndexOf(family) < i)
            {
                problems.Add($"families[{i}]", ProblemCodes.Invalid, $"{Problems.Short(family)} stands twice", "give each family once");
            }
        }

        return problems.Any ? null : new BgpPeerIntent(put.Id, put.Labels, 0, generation, spec);
    }

    private static void Policy(string field, BgpPolicySpec policy, Problems problems)
    {
        if (policy.Direction is null)
        {
            problems.Required($"{field}.direction", "say IMPORT or EXPORT");
        }

        if (policy.Action is null)
        {
            problems.Required($"{field}.action", "say ACCEPT or REJECT");
        }

        problems.Word($"{field}.direction", policy.Direction, ["IMPORT", "EXPORT"], []);
        problems.Word($"{field}.action", policy.Action, ["ACCEPT", "REJECT"], []);
        problems.Targets($"{field}.targets", policy.Targets);
        foreach (var (i, text) in policy.Communities.Index())
        {
            if (!TryReadCommunity(text, out _))
            {
                problems.Add($"{field}.communities[{i}]", ProblemCodes.Invalid, $"'{Problems.Short(text)}' is not a community", "write it as 65000:7");
            }
        }

        AsNumber($"{field}.throughAs", policy.ThroughAs, required: false, problems);
        problems.Range($"{field}.type", policy.Type, 1, 255);
        problems.Range($"{field}.vni", policy.Vni, 1, Vni.Max);
    }

    /// <summary>A community of RFC 1997: two numbers of 16 bits with a colon between them.</summary>
    public static bool TryReadCommunity(string text, out uint community)
    {
        community = 0;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !ushort.TryParse(text.AsSpan(0, colon), out var high) || !ushort.TryParse(text.AsSpan(colon + 1), out var low))
        {
            return false;
        }

        community = ((uint)high << 16) | low;
        return true;
    }

    private static EvpnRouteIntent? OfEvpnRoute(PutCommand put, EvpnRouteSpec spec, long generation, Problems problems)
    {
        var whole = spec is { Type: 1, EthernetTag: AutoDiscoveryKey.WholeSegment };
        if (spec.Type is null)
        {
            problems.Required("type", "give the number of the route type: 1 to 5");
        }
        else if (spec.Type is 0 or > 5)
        {
            problems.Add("type", ProblemCodes.Invalid, $"{spec.Type} is not a route type that can be injected", "use 1 to 5");
        }

        if (spec.Rd is null)
        {
            problems.Required("rd", "give a route distinguisher such as 10.0.0.1:100");
        }
        else if (!RouteDistinguisher.TryParse(spec.Rd, out _))
        {
            problems.Add("rd", ProblemCodes.Invalid, $"'{Problems.Short(spec.Rd)}' is not a route distinguisher", "write it as 10.0.0.1:100 or 65000:100");
        }

        if (spec.NextHop is null)
        {
            problems.Required("nextHop", "give the VTEP that takes the frames");
        }

        if (spec.Vni is null && spec.Type != 4 && !whole)
        {
            problems.Required("vni", "give the VNI that the frames carry");
        }
        else if (spec.Vni is not null && (spec.Type == 4 || whole))
        {
            problems.Add("vni", ProblemCodes.Invalid, "a route of a segment as a whole has no VNI", "leave it out");
        }

        problems.Address("nextHop", spec.NextHop);
        problems.Range("vni", spec.Vni, 1, Vni.Max);
        problems.Range("l3vni", spec.L3Vni, 1, Vni.Max);
        problems.Mac("routerMac", spec.RouterMac);
        problems.Targets("exportTargets", spec.ExportTargets);
        if (spec.Esi is not null && !EthernetSegment.TryParse(spec.Esi, out _))
        {
            problems.Add("esi", ProblemCodes.Invalid, $"'{Problems.Short(spec.Esi)}' is not an Ethernet segment", "write ten octets with colons between them");
        }

        if (spec.Type is 1 or 4 && (spec.Esi is null || (EthernetSegment.TryParse(spec.Esi, out var segment) && segment.IsNone)))
        {
            problems.Required("esi", $"a route of type {spec.Type} names an Ethernet segment, which is not zero");
        }

        if (whole && spec.ExportTargets.IsEmpty)
        {
            problems.Required("exportTargets", "give the targets of all networks of the segment");
        }

        if (spec.Type == 4 && !spec.ExportTargets.IsEmpty)
        {
            problems.Add("exportTargets", ProblemCodes.Invalid, "routes of type 4 are taken in by esImport", "leave them out");
        }

        if (spec.Type == 4 && spec.EthernetTag is not null)
        {
            problems.Add("ethernetTag", ProblemCodes.Invalid, "routes of type 4 have none", "leave it out");
        }

        if (!whole && (spec.SingleActive is not null || spec.EsiLabel is not null))
        {
            problems.Add(
                spec.EsiLabel is null ? "singleActive" : "esiLabel", ProblemCodes.Invalid, "it belongs to routes of type 1 for a segment as a whole", $"leave it out, or give ethernetTag {AutoDiscoveryKey.WholeSegment}");
        }

        problems.Range("esiLabel", spec.EsiLabel, 0, Vni.Max);
        OfType(spec, 4, "esImport", spec.EsImport, required: false, problems);
        problems.Mac("esImport", spec.EsImport);
        OfType(spec, 2, "mac", spec.Mac, required: true, problems);
        OfType(spec, 2, "ip", spec.Ip, required: false, problems);
        OfType(spec, 2, "l3vni", spec.L3Vni, required: false, problems);
        OfType(spec, 2, "sequence", spec.Sequence, required: false, problems);
        OfType(spec, 2, "sticky", spec.Sticky, required: false, problems);
        OfType(spec, 5, "prefix", spec.Prefix, required: true, problems);
        OfType(spec, 5, "gatewayIp", spec.GatewayIp, required: false, problems);
        problems.Mac("mac", spec.Mac);
        problems.Address("ip", spec.Ip);
        problems.Address("gatewayIp", spec.GatewayIp);
        if (spec.Prefix is not null && !IpPrefix.TryParse(spec.Prefix, null, out _))
        {
            problems.Add("prefix", ProblemCodes.Invalid, $"'{Problems.Short(spec.Prefix)}' is not a prefix with zero host bits", "write it as 10.1.0.0/24 or 2001:db8:1::/64");
        }

        return problems.Any ? null : new EvpnRouteIntent(put.Id, put.Labels, 0, generation, spec);
    }

    /// <summary>A field belongs to routes of one type, and these may need it.</summary>
    private static void OfType(EvpnRouteSpec spec, uint type, string field, object? given, bool required, Problems problems)
    {
        if (spec.Type == type && given is null && required)
        {
            problems.Required(field, $"a route of type {type} has one");
        }
        else if (spec.Type != type && given is not null)
        {
            problems.Add(field, ProblemCodes.Invalid, $"{field} belongs to routes of type {type}", "leave it out");
        }
    }

    private static void AsNumber(string field, uint? given, bool required, Problems problems)
    {
        if (given is null && required)
        {
            problems.Required(field, "give an autonomous system number such as 65000");
        }
        else if (given is 0 or 23456 or 65535 or uint.MaxValue)
        {
            problems.Add(field, ProblemCodes.OutOfRange, $"{given} is no number of an AS (RFC 7607, RFC 6793, RFC 7300)", "use another, such as 64512 to 65534");
        }
    }

    private static void RouterNumber(string field, string? given, Problems problems)
    {
        if (given is not null && !(IpAddress.TryParse(given, null, out var id) && id.IsV4 && !id.IsUnspecified))
        {
            problems.Add(field, ProblemCodes.Invalid, $"'{Problems.Short(given)}' is not a router id", "write it as an IPv4 address, such as 192.0.2.1");
        }
    }

    private static void HoldTime(uint? given, Problems problems)
    {
        if (given is 1 or 2 or > ushort.MaxValue)
        {
            problems.Add("holdTimeSeconds", ProblemCodes.OutOfRange, $"{given} is not a hold time", "use 0 or 3 to 65535");
        }
    }
}
