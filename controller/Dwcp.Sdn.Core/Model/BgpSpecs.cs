namespace Dwcp.Sdn.Core.Model;

/// <summary>Who the controller's BGP speaker is; there is one at most.</summary>
public sealed record BgpSpeakerSpec : ResourceSpec
{
    public uint? LocalAs { get; init; }

    /// <summary>An IPv4 address that no other speaker has as its id.</summary>
    public string? RouterId { get; init; }

    /// <summary>Of the route reflector, RFC 4456 §7; the router id when absent.</summary>
    public string? ClusterId { get; init; }

    /// <summary>Of peers that name none: 0, or at least 3.</summary>
    public uint? HoldTimeSeconds { get; init; }

    /// <summary>Stations that are told what peers say, RFC 7854.</summary>
    public EquatableArray<BmpStationSpec> Bmp { get; init; }

    public MrtSpec? Mrt { get; init; }
}

/// <summary>A BMP station.</summary>
/// <param name="Station">Where it listens, as ADDR:PORT.</param>
/// <param name="PostPolicy">Also tell it what the policies of each peer let in.</param>
/// <param name="StatisticsSeconds">Between two counts of each peer; 0 for none.</param>
public sealed record BmpStationSpec(string? Station, bool? PostPolicy, uint? StatisticsSeconds);

/// <summary>MRT files in the data directory, RFC 6396.</summary>
public sealed record MrtSpec
{
    /// <summary>Record what peers send.</summary>
    public bool? Messages { get; init; }

    /// <summary>Between two dumps of the table; 0 for none.</summary>
    public uint? TableSeconds { get; init; }

    public uint? RotateSeconds { get; init; }

    public uint? MaxMegabytes { get; init; }

    /// <summary>How many files of each kind stay.</summary>
    public uint? KeepFiles { get; init; }
}

/// <summary>A router with which the speaker exchanges routes, or a range of them.</summary>
public sealed record BgpPeerSpec : ResourceSpec
{
    public string? Address { get; init; }

    /// <summary>A prefix: whoever connects from it is a peer with these settings.</summary>
    public string? ListenRange { get; init; }

    public uint? RemoteAs { get; init; }

    public uint? Port { get; init; }

    public uint? LocalAs { get; init; }

    public string? LocalAddress { get; init; }

    /// <summary>Of TCP MD5 (RFC 2385). A secret: it is stored and never shown.</summary>
    public string? Password { get; init; }

    public bool? Passive { get; init; }

    /// <summary>How many hops away the peer is at most, RFC 5082.</summary>
    public uint? TtlSecurity { get; init; }

    public uint? HoldTimeSeconds { get; init; }

    public BfdSpec? Bfd { get; init; }

    public GracefulRestartSpec? GracefulRestart { get; init; }

    public bool? AddPath { get; init; }

    public PrefixLimitSpec? PrefixLimit { get; init; }

    public bool? RouteReflectorClient { get; init; }

    public bool? NextHopSelf { get; init; }

    public EquatableArray<BgpPolicySpec> Policies { get; init; }

    public bool? Shutdown { get; init; }

    /// <summary>What the peer is told of the shutdown, RFC 9003.</summary>
    public string? ShutdownMessage { get; init; }

    /// <summary>L2VPN_EVPN (default), RT_CONSTRAINT, IPV4_UNICAST and IPV6_UNICAST.</summary>
    public EquatableArray<string> Families { get; init; }
}

/// <summary>Fast detection of a dead peer, RFC 5882.</summary>
public sealed record BfdSpec
{
    public bool? Enabled { get; init; }

    public uint? IntervalMilliseconds { get; init; }

    public uint? Multiplier { get; init; }
}

/// <summary>How routes outlive a session, RFC 4724 and RFC 9494.</summary>
public sealed record GracefulRestartSpec
{
    public bool? Enabled { get; init; }

    public uint? RestartSeconds { get; init; }

    public uint? LongLivedSeconds { get; init; }
}

/// <summary>How many routes a peer may announce.</summary>
public sealed record PrefixLimitSpec
{
    public uint? Max { get; init; }

    public uint? WarnPercent { get; init; }

    /// <summary>After which the session may come back; absent: when the operator asks for it.</summary>
    public uint? RestartSeconds { get; init; }
}

/// <summary>A rule of a peer: every part that is given has to match, and the first rule that matches decides.</summary>
/// <param name="Direction">IMPORT or EXPORT.</param>
/// <param name="Action">ACCEPT or REJECT.</param>
/// <param name="Targets">One of these route targets.</param>
/// <param name="Communities">One of these communities, such as 65000:7.</param>
/// <param name="ThroughAs">Somewhere in the AS path.</param>
/// <param name="Type">The number of an EVPN route type.</param>
public sealed record BgpPolicySpec(
    string? Direction, string? Action, EquatableArray<string> Targets, EquatableArray<string> Communities, uint? ThroughAs, uint? Type, uint? Vni);

/// <summary>An EVPN route that a caller wants announced.</summary>
public sealed record EvpnRouteSpec : ResourceSpec
{
    /// <summary>The number of the route type: 1 to 5.</summary>
    public uint? Type { get; init; }

    public string? Rd { get; init; }

    public string? Esi { get; init; }

    public uint? EthernetTag { get; init; }

    public string? Mac { get; init; }

    public string? Ip { get; init; }

    public string? Prefix { get; init; }

    public string? GatewayIp { get; init; }

    public uint? Vni { get; init; }

    public uint? L3Vni { get; init; }

    public string? NextHop { get; init; }

    public string? RouterMac { get; init; }

    public EquatableArray<string> ExportTargets { get; init; }

    public uint? Sequence { get; init; }

    public bool? Sticky { get; init; }

    public bool? SingleActive { get; init; }

    public uint? EsiLabel { get; init; }

    public string? EsImport { get; init; }
}
