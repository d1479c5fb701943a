using System.Globalization;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Evpn;

/// <summary>Where a route was first known from, RFC 4271 §5.1.1; the lower is preferred.</summary>
public enum RouteOrigin : byte
{
    Igp = 0,
    Egp = 1,
    Incomplete = 2,
}

/// <summary>A run of AS numbers in an AS path, RFC 4271 §4.3 and RFC 5065.</summary>
/// <param name="Kind">1 a set, 2 a sequence, 3 and 4 the same inside a confederation.</param>
public readonly record struct AsSegment(byte Kind, EquatableArray<Asn> Numbers);

/// <summary>A community of three numbers, RFC 8092.</summary>
public readonly record struct LargeCommunity(uint Administrator, uint Data1, uint Data2)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Administrator}:{Data1}:{Data2}");
}

/// <summary>How broadcast reaches a VTEP, RFC 6514 §5 and RFC 7432 §11.2.</summary>
/// <param name="Kind">6 is ingress replication, 10 assisted replication (RFC 9574).</param>
/// <param name="Label">The raw 24 bits of the label field; with VXLAN the VNI.</param>
public sealed record PmsiTunnel(byte Flags, byte Kind, Vni Label, EquatableArray<byte> Identifier)
{
    /// <summary>Every VTEP sends its own copy to <paramref name="vtep"/>.</summary>
    public static PmsiTunnel IngressReplication(Vni vni, IpAddress vtep) => new(0, 6, vni, [.. vtep.ToBytes()]);
}

/// <summary>An attribute that is not understood here and passes as it came.</summary>
public readonly record struct OpaqueAttribute(byte Flags, byte Code, EquatableArray<byte> Value);

/// <summary>What a route says beside its identity, RFC 4271 §5: the meaning of its path attributes.</summary>
public sealed record PathAttributes
{
    public RouteOrigin Origin { get; init; } = RouteOrigin.Igp;

    public EquatableArray<AsSegment> AsPath { get; init; }

    /// <summary>The VTEP, which may be another than the speaker (RFC 8365 §5.1.3).</summary>
    public required IpAddress NextHop { get; init; }

    public uint? Med { get; init; }

    /// <summary>Higher is preferred; none counts as 100.</summary>
    public uint? LocalPreference { get; init; }

    public bool AtomicAggregate { get; init; }

    public (Asn Asn, IpAddress Router)? Aggregator { get; init; }

    public EquatableArray<uint> Communities { get; init; }

    public EquatableArray<ExtendedCommunity> ExtendedCommunities { get; init; }

    public EquatableArray<LargeCommunity> LargeCommunities { get; init; }

    /// <summary>The router that brought the route into this AS, RFC 4456 §8.</summary>
    public IpAddress? OriginatorId { get; init; }

    public EquatableArray<IpAddress> ClusterList { get; init; }

    public PmsiTunnel? Pmsi { get; init; }

    public EquatableArray<OpaqueAttribute> Others { get; init; }

    public IEnumerable<RouteTarget> RouteTargets => ExtendedCommunities.Where(c => c.IsRouteTarget).Select(c => new RouteTarget(c.Value));

    public MacAddress? RouterMac => Find(0x0603) is { } c ? new MacAddress(c & 0xffff_ffff_ffff) : null;

    /// <summary>None counts as sequence zero (RFC 7432 §7.7).</summary>
    public MacMobility? Mobility => Find(0x0600) is { } c ? new MacMobility((uint)c, (c >> 40 & 1) != 0) : null;

    /// <summary>RFC 7432 §7.5.</summary>
    public (bool SingleActive, Vni Label)? EsiLabel => Find(0x0601) is { } c ? ((c >> 40 & 1) != 0, new Vni((uint)c & Vni.Max)) : null;

    /// <summary>Who is attached to the same Ethernet segment, RFC 7432 §7.6.</summary>
    public MacAddress? EsImport => Find(0x0602) is { } c ? new MacAddress(c & 0xffff_ffff_ffff) : null;

    /// <summary>One of the encapsulations that the route names is this one, or it names none (RFC 8365 §5.1.3).</summary>
    public bool Takes(TunnelEncapsulation encapsulation) =>
        Find(0x030c) is null || ExtendedCommunities.Any(c => c.Kind == 0x030c && (ushort)c.Value == (ushort)encapsulation);

    private ulong? Find(ushort kind)
    {
        foreach (var community in ExtendedCommunities)
        {
            if (community.Kind == kind)
            {
                return community.Value;
            }
        }

        return null;
    }
}
