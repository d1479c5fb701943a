using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Evpn;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Fabric;

/// <summary>What is true of the speaker, its peers and injected routes.</summary>
public sealed partial class FabricMachine
{
    private readonly Dictionary<string, EquatableArray<BgpSession>> sessions = [];
    private BgpSight? bgp;

    /// <summary>The speaker and its sessions as they are now, by the id of the peer's object.</summary>
    public void BgpSeen(BgpSight? sight, IReadOnlyDictionary<string, EquatableArray<BgpSession>> seen)
    {
        Trouble("bgp-speaker", SpeakerRef, "BgpSpeakerFailed", sight?.Trouble);
        if (bgp != sight)
        {
            bgp = sight;
            dirty.Add(SpeakerRef);
        }

        foreach (var id in sessions.Keys.Union(seen.Keys).ToList())
        {
            var now = seen.GetValueOrDefault(id);
            if (sessions.GetValueOrDefault(id) != now)
            {
                sessions[id] = now;
                dirty.Add(PeerRef(id));
                dirty.Add(SpeakerRef);
            }
        }
    }

    /// <summary>Something happened to a peer that an operator would want to know.</summary>
    public void PeerHappened(string peer, string name, string message) => Happened(name, PeerRef(peer), message);

    private Resource Describe(BgpSpeakerIntent s) => ToResource(
        ResourceKind.BgpSpeaker,
        s,
        s.Spec with
        {
            ClusterId = s.Spec.ClusterId ?? s.Spec.RouterId,
            HoldTimeSeconds = (uint)s.HoldTime.TotalSeconds,
            Bmp = s.Spec.Bmp.Select(b => b with
            {
                PostPolicy = b.PostPolicy ?? false,
                StatisticsSeconds = b.StatisticsSeconds ?? BgpSpeakerIntent.DefaultStatisticsSeconds,
            }).ToEquatableArray(),
            Mrt = s.Spec.Mrt is { } mrt
                ? mrt with
                {
                    Messages = mrt.Messages ?? true,
                    TableSeconds = mrt.TableSeconds ?? 0,
                    RotateSeconds = mrt.RotateSeconds ?? BgpSpeakerIntent.DefaultMrt.Rotate,
                    MaxMegabytes = mrt.MaxMegabytes ?? BgpSpeakerIntent.DefaultMrt.Megabytes,
                    KeepFiles = mrt.KeepFiles ?? BgpSpeakerIntent.DefaultMrt.Keep,
                }
                : null,
        },
        s.Spec,
        new BgpSpeakerStatus(
            [
                Is(ConditionType.Accepted, true, "Valid", "the speaker can be run", s.Generation),
                troubles.TryGetValue("bgp-speaker", out var trouble)
                    ? Is(ConditionType.Degraded, true, "CannotListen", trouble, s.Generation)
                    : bgp?.Bmp.FirstOrDefault(b => !b.Connected) is { } station
                        ? Is(ConditionType.Degraded, true, "StationUnreachable", $"the BMP station {station.Station} is not connected{(station.LastError is { } error ? $": {error}" : "")}", s.Generation)
                    : bgp?.Mrt?.LastError is { } disk
                        ? Is(ConditionType.Degraded, true, "CannotRecord", $"MRT files cannot be written: {disk}", s.Generation)
                    : Is(ConditionType.Degraded, false, "AsExpected", "nothing is known against it", s.Generation),
            ],
            s.Generation,
            bgp?.Endpoint,
            sessions.Values.Sum(p => p.Items.Count(x => x.EstablishedAt is not null)),
            bgp?.Routes ?? 0,
            bgp?.Paths ?? 0,
            exports.Count,
            learned.Count,
            bgp?.Bmp ?? default,
            bgp?.Mrt));

    private Resource Describe(BgpPeerIntent p)
    {
        var restart = p.Spec.GracefulRestart ?? new GracefulRestartSpec();
        var seen = sessions.GetValueOrDefault(p.Id);
        return ToResource(
            ResourceKind.BgpPeer,
            p,
            p.Spec with
            {
                Port = p.Spec.Port ?? 179,
                Passive = p.Spec.Passive ?? false,
                HoldTimeSeconds = p.Spec.HoldTimeSeconds ?? (uint)(Intent.BgpSpeaker?.HoldTime ?? BgpSpeakerIntent.DefaultHoldTime).TotalSeconds,
                Bfd = p.Spec.Bfd is { } bfd
                    ? bfd with
                    {
                        Enabled = bfd.Enabled ?? true,
                        IntervalMilliseconds = bfd.IntervalMilliseconds ?? BgpPeerIntent.DefaultBfdMilliseconds,
                        Multiplier = bfd.Multiplier ?? BgpPeerIntent.DefaultBfdMultiplier,
                    }
                    : null,
                GracefulRestart = restart with
                {
                    Enabled = restart.Enabled ?? true,
                    RestartSeconds = restart.RestartSeconds ?? BgpPeerIntent.DefaultRestartSeconds,
                    LongLivedSeconds = restart.LongLivedSeconds ?? 0,
                },
                AddPath = p.Spec.AddPath ?? false,
                RouteReflectorClient = p.Spec.RouteReflectorClient ?? false,
                NextHopSelf = p.Spec.NextHopSelf ?? false,
                Shutdown = p.IsShutDown,
                Families = p.Spec.Families.IsEmpty ? ["L2VPN_EVPN"] : p.Spec.Families,
            },
            p.Spec,
            new BgpPeerStatus(
                [NeedsSpeaker(p.Generation), PeerProgrammed(p), PeerDegraded(p, seen)],
                p.Generation,
                p.Spec.Password is not null,
                seen));
    }

    private Resource Describe(EvpnRouteIntent r) =>
        ToResource(ResourceKind.EvpnRoute, r, r.Spec, r.Spec, new EvpnRouteStatus([NeedsSpeaker(r.Generation)], r.Generation));

    private Condition NeedsSpeaker(long generation) => Intent.BgpSpeaker is not null
        ? Is(ConditionType.Accepted, true, "Valid", "the speaker acts upon it", generation)
        : Is(ConditionType.Accepted, false, "NoSpeaker", "there is no BGP speaker; make it with PUT /v1/bgp-speaker", generation);

    private Condition PeerProgrammed(BgpPeerIntent p)
    {
        var subject = PeerRef(p.Id);
        var waiting = planner.Members.Where(m => planner.NeedsOf(m)!.IsWaitingFor(subject)).Order(StringComparer.Ordinal).ToList();
        return waiting.Count == 0
            ? Is(ConditionType.Programmed, true, "Confirmed", "no switch waits for anything that it announced", p.Generation)
            : Is(ConditionType.Programmed, false, "Pending", $"waits for {string.Join(", ", waiting)}", p.Generation);
    }

    private static Condition PeerDegraded(BgpPeerIntent p, EquatableArray<BgpSession> seen)
    {
        if (p.IsShutDown)
        {
            return Is(ConditionType.Degraded, true, "ShutDown", "it is shut down by its settings", p.Generation);
        }

        if (p.Spec.ListenRange is not null)
        {
            return Is(ConditionType.Degraded, false, "AsExpected", $"{seen.Count} peers have come from its range", p.Generation);
        }

        return seen.IsEmpty || seen.Items.Any(s => s.EstablishedAt is null)
            ? Is(ConditionType.Degraded, true, "NotEstablished", (seen.IsEmpty ? null : seen[0].LastError) ?? "no session stands yet", p.Generation)
            : Is(ConditionType.Degraded, false, "AsExpected", "its session stands", p.Generation);
    }
}
