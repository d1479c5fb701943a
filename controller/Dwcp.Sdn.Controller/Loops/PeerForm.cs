using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>A peer as the fabric stores it, in the words of the speaker.</summary>
internal static class PeerForm
{
    private const uint WarnPercent = 75;

    private static readonly (string Word, BgpFamily Family)[] Families =
    [
        ("L2VPN_EVPN", BgpFamily.L2VpnEvpn),
        ("RT_CONSTRAINT", BgpFamily.RtConstraint),
        ("IPV4_UNICAST", BgpFamily.Ipv4Unicast),
        ("IPV6_UNICAST", BgpFamily.Ipv6Unicast),
    ];

    public static string WordOf(BgpFamily family) => Families.First(f => f.Family == family).Word;

    public static PeerSettings Of(BgpPeerIntent peer, BgpSpeakerIntent speaker)
    {
        var spec = peer.Spec;
        var settings = new PeerSettings
        {
            Id = peer.Id,
            Address = peer.Address,
            ListenRange = peer.ListenRange,
            RemoteAs = new Asn(spec.RemoteAs!.Value),
            Port = (ushort)(spec.Port ?? 179),
            LocalAs = spec.LocalAs is { } local ? new Asn(local) : null,
            LocalAddress = spec.LocalAddress is { } from ? IpAddress.Parse(from) : null,
            Password = spec.Password,
            Passive = spec.Passive ?? false,
            TtlSecurity = (int?)spec.TtlSecurity,
            HoldTime = spec.HoldTimeSeconds is { } hold ? TimeSpan.FromSeconds(hold) : speaker.HoldTime,
            Bfd = spec.Bfd is { Enabled: not false } bfd
                ? new BfdSettings(
                    TimeSpan.FromMilliseconds(bfd.IntervalMilliseconds ?? BgpPeerIntent.DefaultBfdMilliseconds), (int)(bfd.Multiplier ?? BgpPeerIntent.DefaultBfdMultiplier))
                : null,
            GracefulRestart = spec.GracefulRestart?.Enabled == false
                ? null
                : new RestartSettings(peer.RestartTime, TimeSpan.FromSeconds(spec.GracefulRestart?.LongLivedSeconds ?? 0)),
            AddPath = spec.AddPath ?? false,
            PrefixLimit = spec.PrefixLimit is { } limit
                ? new PrefixLimit((int)limit.Max!.Value, (int)(limit.WarnPercent ?? WarnPercent), limit.RestartSeconds is { } after ? TimeSpan.FromSeconds(after) : null)
                : null,
            RouteReflectorClient = spec.RouteReflectorClient ?? false,
            NextHopSelf = spec.NextHopSelf ?? false,
            ImportRules = Rules(spec.Policies, "IMPORT"),
            ExportRules = Rules(spec.Policies, "EXPORT"),
            Shutdown = peer.IsShutDown,
            ShutdownReason = spec.ShutdownMessage,
        };
        return spec.Families.IsEmpty
            ? settings
            : settings with { Families = Families.Where(f => spec.Families.Items.Contains(f.Word)).Select(f => f.Family).ToEquatableArray() };
    }

    public static BfdSessionStatus Of(BfdStatus bfd) => new(
        Word(bfd.State), Word(bfd.Peer), (uint)bfd.Interval.TotalMilliseconds, (uint)bfd.Detection.TotalMilliseconds, bfd.Diagnostic);

    private static string Word(BfdState state) => state.ToString().ToUpperInvariant();

    private static EquatableArray<RouteRule> Rules(EquatableArray<BgpPolicySpec> policies, string direction) => policies.Items
        .Where(p => p.Direction == direction)
        .Select(p => new RouteRule
        {
            Targets = p.Targets.Items.Select(RouteTarget.Parse).ToEquatableArray(),
            Communities = p.Communities.Items.Select(c => Judge.TryReadCommunity(c, out var community) ? community : throw new InvalidOperationException($"community '{c}' was judged to be one")).ToEquatableArray(),
            Through = p.ThroughAs is { } asn ? new Asn(asn) : null,
            Type = (byte?)p.Type,
            Vni = p.Vni is { } vni ? new Vni(vni) : null,
            Accept = p.Action == "ACCEPT",
        })
        .ToEquatableArray();
}
