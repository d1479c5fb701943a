using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp;

/// <summary>Who this speaker is. A change of any of it is another speaker.</summary>
/// <param name="ClusterId">Of the route reflector, RFC 4456 §7; none takes the router id.</param>
public sealed record SpeakerSettings(Asn LocalAs, IpAddress RouterId, IpAddress? ClusterId = null)
{
    /// <summary>In which the speaker that has restarted waits for its peers' routes before it announces its own choice (RFC 4724 §4.1).</summary>
    public TimeSpan DeferralTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Set when the speaker comes back and the fabric kept forwarding: peers that keep its routes are told so (RFC 4724 §4.1).</summary>
    public bool Restarting { get; init; }

    /// <summary>How many peers all ranges together may have.</summary>
    internal int MembersOfRanges { get; init; } = 4096;

    internal IpAddress Cluster => ClusterId ?? RouterId;
}

/// <summary>How a peer's routes outlive its session, RFC 4724 and RFC 9494.</summary>
/// <param name="RestartTime">What this side asks for, at most 4095 s.</param>
/// <param name="LongLivedTime">How long stale routes live on after that; zero is no long-lived restart.</param>
public sealed record RestartSettings(TimeSpan RestartTime, TimeSpan LongLivedTime)
{
    public static readonly RestartSettings Default = new(TimeSpan.FromSeconds(120), TimeSpan.Zero);
}

/// <summary>How many routes a peer may announce.</summary>
/// <param name="WarnPercent">From which part of the limit on there is a warning.</param>
/// <param name="RestartAfter">After which the session may come back; none leaves it down.</param>
public sealed record PrefixLimit(int Max, int WarnPercent = 75, TimeSpan? RestartAfter = null);

/// <summary>A peer as an operator describes it.</summary>
public sealed record PeerSettings
{
    public required string Id { get; init; }

    /// <summary>Of the peer; none when <see cref="ListenRange"/> says from where peers may come.</summary>
    public IpAddress? Address { get; init; }

    /// <summary>Every address in it may connect and becomes a peer with these settings.</summary>
    public IpPrefix? ListenRange { get; init; }

    public required Asn RemoteAs { get; init; }

    public ushort Port { get; init; } = 179;

    /// <summary>Instead of the speaker's own, towards this peer alone.</summary>
    public Asn? LocalAs { get; init; }

    public IpAddress? LocalAddress { get; init; }

    /// <summary>Of the TCP MD5 signature, RFC 2385; at most 80 octets.</summary>
    public string? Password { get; init; }

    /// <summary>Waits for the peer to connect.</summary>
    public bool Passive { get; init; }

    /// <summary>How many hops away the peer is at most, RFC 5082; none switches the check off.</summary>
    public int? TtlSecurity { get; init; }

    /// <summary>Zero, or at least three seconds.</summary>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long the peer may take nothing of what waits for it (RFC 9687); none is 8 minutes, or twice the hold time when that is longer.</summary>
    public TimeSpan? SendHoldTime { get; init; }

    /// <summary>How long an accepted connection waits for the peer's OPEN before ours is sent (RFC 4271 §8.1.1).</summary>
    public TimeSpan DelayOpen { get; init; }

    /// <summary>The longest pause between two attempts to connect.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Ends the session when the link or the peer is dead; none waits for the hold time.</summary>
    public BfdSettings? Bfd { get; init; }

    /// <summary>None switches graceful restart off.</summary>
    public RestartSettings? GracefulRestart { get; init; } = RestartSettings.Default;

    /// <summary>Takes and announces several paths of one route, RFC 7911.</summary>
    public bool AddPath { get; init; }

    public PrefixLimit? PrefixLimit { get; init; }

    /// <summary>RFC 4456 §6: routes of clients go to all, those of others to clients.</summary>
    public bool RouteReflectorClient { get; init; }

    /// <summary>Announces this speaker as next hop; otherwise it stays as it came (RFC 8365 §5.1.3).</summary>
    public bool NextHopSelf { get; init; }

    /// <summary>Rules in order; the first that matches decides, and without one a route passes.</summary>
    public EquatableArray<RouteRule> ImportRules { get; init; }

    public EquatableArray<RouteRule> ExportRules { get; init; }

    /// <summary>Closed by the operator, with the reason that the peer is told (RFC 9003).</summary>
    public bool Shutdown { get; init; }

    public string? ShutdownReason { get; init; }

    public EquatableArray<BgpFamily> Families { get; init; } = [BgpFamily.L2VpnEvpn];

    /// <summary>All that the other differs in can change while the session stands.</summary>
    internal bool DiffersSoftly(PeerSettings other) => this == other with
    {
        ImportRules = ImportRules,
        ExportRules = ExportRules,
        PrefixLimit = PrefixLimit,
        RouteReflectorClient = RouteReflectorClient,
        NextHopSelf = NextHopSelf,
        LongestRetry = LongestRetry,
        Bfd = Bfd,
        SendHoldTime = SendHoldTime,
    };
}

/// <summary>A rule of a peer's policy: every part that is set has to match.</summary>
public sealed record RouteRule
{
    /// <summary>One of these targets.</summary>
    public EquatableArray<RouteTarget> Targets { get; init; }

    /// <summary>One of these communities of RFC 1997.</summary>
    public EquatableArray<uint> Communities { get; init; }

    /// <summary>Somewhere in the AS path.</summary>
    public Asn? Through { get; init; }

    /// <summary>The number of an EVPN route type.</summary>
    public byte? Type { get; init; }

    /// <summary>The first or the second label.</summary>
    public Vni? Vni { get; init; }

    /// <summary>What a match decides.</summary>
    public required bool Accept { get; init; }
}
