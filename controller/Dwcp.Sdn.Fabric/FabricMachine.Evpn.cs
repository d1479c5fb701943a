using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Evpn;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Fabric.Planning;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric;

/// <summary>The fabric's second layer and the BGP speaker: what ports and networks announce, and what is learned from peers.</summary>
public sealed partial class FabricMachine
{
    private static readonly ObjectRef SpeakerRef = new(ResourceKind.BgpSpeaker, BgpSpeakerIntent.OnlyId);

    private readonly RouteExports exports = new();
    private readonly LearnedRoutes learned = new();
    private readonly DuplicateMacs duplicates = new();
    private readonly Dictionary<string, PortMoves> moves = [];
    private readonly HashSet<string> storedMoves = [];
    private readonly HashSet<string> movesToStore = [];
    private readonly HashSet<string> networksToRoute = [];
    private readonly HashSet<string> unsynchronised = [];
    private readonly Dictionary<string, string> lingering = [];
    private bool wakeBgp;

    /// <summary>Peers whose routes of before the start may still come again: until then nothing that they may have announced is taken from a switch.</summary>
    public IReadOnlyCollection<string> Unsynchronised => unsynchronised;

    /// <summary>What the speaker's loop has to do.</summary>
    /// <param name="anew">It knows nothing, such as after the start or as another speaker.</param>
    public BgpWork TakeBgp(bool anew) =>
        new(Intent.BgpSpeaker, Intent.BgpPeers, learned.Targets, anew ? exports.TakeAll() : exports.Take());

    /// <summary>Peers announced or withdrew what networks here import.</summary>
    public void RoutesLearned(IReadOnlyList<RouteChange> changes)
    {
        foreach (var change in changes)
        {
            learned.Apply(change);
        }

        dirty.Add(SpeakerRef);
    }

    /// <summary>The speaker has ended, and what it delivered is no longer known.</summary>
    public void RoutesForgotten()
    {
        learned.Clear();
        sessions.Clear();
        dirty.Add(SpeakerRef);
        dirty.UnionWith(Intent.BgpPeers.Keys.Select(PeerRef));
    }

    /// <summary>A peer has announced all that it has, or will not be waited for any longer.</summary>
    public void PeerSynchronised(string peer) => unsynchronised.Remove(peer);

    /// <summary>Once all is known, switches let go of what nobody announced again: not before their needs hold what was learned, since they may be taken at any moment.</summary>
    private void LetGo()
    {
        if (planner.IsHolding && unsynchronised.Count == 0)
        {
            planner.StopHolding();
            toWake.UnionWith(sightings.Keys);
        }
    }

    private static ObjectRef PeerRef(string id) => new(ResourceKind.BgpPeer, id);

    private void RestoreEvpn(ImmutableArray<PortMoves> restored)
    {
        foreach (var move in restored)
        {
            moves.Add(move.Port, move);
            storedMoves.Add(move.Port);
        }

        if (Intent.BgpSpeaker is not null)
        {
            unsynchronised.UnionWith(Intent.BgpPeers.Values.Where(p => !p.IsShutDown).Select(p => p.Id));
            if (unsynchronised.Count > 0)
            {
                planner.StartHolding();
            }
        }

        SpeakerChanged();
        dirty.UnionWith(Intent.BgpPeers.Keys.Select(PeerRef));
    }

    private void SpeakerChanged()
    {
        exports.Clear();
        lingering.Clear();
        networksToRoute.UnionWith(Intent.Networks.Keys);
        foreach (var network in Intent.Networks.Keys)
        {
            planner.News.Ports.UnionWith(Intent.PortsOf(network));
            planner.News.Carriers.UnionWith(planner.CarriersOf(network).Select(h => (network, h)));
        }

        foreach (var route in Intent.EvpnRoutes.Values)
        {
            Inject(route.Id);
        }

        dirty.Add(SpeakerRef);
        dirty.UnionWith(Intent.BgpPeers.Keys.Select(PeerRef));
        wakeBgp = true;
    }

    private void Inject(string id)
    {
        var subject = new ObjectRef(ResourceKind.EvpnRoute, id);
        dirty.Add(subject);
        exports.Set(
            subject.ToString(),
            Intent.BgpSpeaker is { } speaker && Intent.EvpnRoutes.TryGetValue(id, out var route) ? [route.ToRoute(speaker.LocalAs)] : []);
    }

    /// <summary>Objects have changed, among them networks whose ports are planned again.</summary>
    private void EvpnCommitted(IReadOnlyCollection<ObjectRef> subjects, IReadOnlyCollection<string> replanned)
    {
        networksToRoute.UnionWith(replanned);
        foreach (var network in replanned)
        {
            planner.News.Carriers.UnionWith(planner.CarriersOf(network).Select(h => (network, h)));
        }

        foreach (var subject in subjects)
        {
            dirty.Add(subject);
            switch (subject.Kind)
            {
                case ResourceKind.BgpSpeaker:
                    SpeakerChanged();
                    break;
                case ResourceKind.BgpPeer:
                    wakeBgp = true;
                    if (Intent.BgpPeers.GetValueOrDefault(subject.Id) is null or { IsShutDown: true })
                    {
                        PeerSynchronised(subject.Id);
                    }

                    break;
                case ResourceKind.EvpnRoute:
                    Inject(subject.Id);
                    break;
                case ResourceKind.Port:
                    planner.News.Ports.Add(subject.Id);
                    break;
            }
        }
    }

    /// <summary>Brings needs and announcements up to date with all that has changed; before the planner settles.</summary>
    private void SettleEvpn(DateTimeOffset now)
    {
        var ports = planner.News.Ports.ToHashSet();
        Import();
        if (planner.News.Vteps)
        {
            learned.TouchAll();
        }

        foreach (var (network, mac) in learned.Hosts)
        {
            if (Intent.OwnerOf(network, mac) is { } owner)
            {
                ports.Add(owner);
            }
            else
            {
                SettleHost(network, mac, now);
            }
        }

        foreach (var network in learned.Floods)
        {
            planner.SetFloods(network, [.. learned.FloodsOf(network).Where(v => !planner.IsOurs(v))]);
        }

        learned.Hosts.Clear();
        learned.Floods.Clear();
        foreach (var port in ports)
        {
            SettlePort(port, now);
        }

        Export(ports);
        wakeBgp |= exports.HasNews;
    }

    /// <summary>Networks that changed import what their targets say now.</summary>
    private void Import()
    {
        foreach (var id in networksToRoute)
        {
            if (Intent.BgpSpeaker is { } speaker && Intent.Networks.TryGetValue(id, out var network))
            {
                learned.Import(id, network.Vni, network.ImportTargets(speaker.LocalAs));
            }
            else
            {
                learned.Import(id, default, []);
            }

            learned.Touch(id);
            wakeBgp = true;
        }

        networksToRoute.Clear();
    }

    private void Export(HashSet<string> ports)
    {
        if (Intent.BgpSpeaker is not { } speaker)
        {
            return;
        }

        foreach (var id in ports)
        {
            Linger(id);
            exports.Set(
                RouteExports.OwnerOf(id),
                planner.PlacementOf(id) is { } placement
                    ? RouteExports.OfPort(placement, Intent.Networks[placement.Network], speaker.LocalAs, moves.GetValueOrDefault(id)?.Sequence ?? 0)
                    : []);
        }

        foreach (var (id, host) in planner.News.Carriers)
        {
            exports.Set(
                RouteExports.OwnerOf(id, host),
                planner.CarriersOf(id).Contains(host) && Intent.Networks.TryGetValue(id, out var network)
                    ? RouteExports.OfCarrier(planner.MemberOf(host)!.Vtep!.Value, network, speaker.LocalAs)
                    : []);
        }
    }

    /// <summary>
    /// While a former host passes frames on, its routes stay beside those of the new one, which have the higher sequence: a leaf
    /// that heard the withdrawal together with them could have the MAC nowhere for a moment, as FRR does.
    /// </summary>
    private void Linger(string port)
    {
        if (planner.FormerHostOf(port) is not { } host)
        {
            if (lingering.Remove(port, out var ended))
            {
                exports.Set(ended, []);
            }
        }
        else if (RouteExports.OwnerOfFormer(port, host) is var owner && lingering.GetValueOrDefault(port) != owner)
        {
            exports.Set(lingering.GetValueOrDefault(port, owner), []);
            lingering[port] = owner;
            exports.Share(RouteExports.OwnerOf(port), owner);
        }
    }

    /// <summary>A MAC address that is no port's is where peers say, unless they contradict one another too often.</summary>
    private void SettleHost(string network, MacAddress mac, DateTimeOffset now)
    {
        var best = learned.Best(network, mac, planner.IsOurs);
        if (planner.LearnedOf(network, mac) is { } known && best is not null && best.Vtep != known.Vtep)
        {
            if (!duplicates.IsFrozen(network, mac) && duplicates.Moved(network, mac, now))
            {
                Happened("DuplicateMac", new ObjectRef(ResourceKind.Network, network), $"{mac} moved {DuplicateMacs.Moves} times within {DuplicateMacs.Window.TotalSeconds:0} s between VTEPs of others, last to {best.Vtep}; it stays at {known.Vtep}");
            }

            if (duplicates.IsFrozen(network, mac))
            {
                best = learned.Best(network, mac, planner.IsOurs, known.Vtep) ?? best;
            }
        }

        if (duplicates.IsFrozen(network, mac) && learned.ClaimantsOf(network, mac, planner.IsOurs) <= 1)
        {
            duplicates.Thaw(network, mac);
        }

        Learn(network, mac, best);
    }

    private void Learn(string network, MacAddress mac, LearnedHost? host)
    {
        var need = host is not null && Intent.Networks.TryGetValue(network, out var found) && !IsGateway(network, mac, null)
            ? new RemoteHostNeed(
                found.BridgeDomain,
                mac,
                host.Addresses.Items.Where(a => !IsGateway(network, null, a)).ToEquatableArray(),
                host.Vtep,
                found.Vni,
                found.ArpSuppression)
            : null;
        planner.SetLearned(network, mac, need, PeerRef(host?.Peer ?? ""));
    }

    /// <summary>The anycast gateway is on every host, and nobody else speaks for it.</summary>
    private bool IsGateway(string network, MacAddress? mac, IpAddress? address) => Intent.SubnetsOf(network)
        .Select(s => Intent.Subnets[s])
        .Any(s => s.Gateway is { } gateway && (gateway == address || s.GatewayMac == mac));

    /// <summary>
    /// Decides where a port is: where an interface of ours claims it, or where a peer says. A binding always wins over what was
    /// heard before it, and a peer that announces a higher sequence wins over an older binding (RFC 7432 §15).
    /// </summary>
    private void SettlePort(string id, DateTimeOffset now)
    {
        if (!Intent.Ports.TryGetValue(id, out var port) || Intent.BgpSpeaker is null)
        {
            planner.SetElsewhere(id, false);
            if (moves.Remove(id))
            {
                movesToStore.Add(id);
            }

            return;
        }

        var best = learned.Best(port.NetworkId, port.Mac, planner.IsOurs);
        var before = moves.GetValueOrDefault(id);
        if (planner.BoundBy(id) is not { } claim)
        {
            Remember(before is null || best is null ? before : before with { Heard = Math.Max(before.Heard ?? 0, best.Mobility.Sequence), IsElsewhere = false }, id);
            planner.SetElsewhere(id, false);
            Learn(port.NetworkId, port.Mac, best);
            return;
        }

        var after = Judged(port, claim, before, best, now);
        Remember(after, id);
        if (after.IsElsewhere)
        {
            planner.SetElsewhere(id, true);
            Learn(port.NetworkId, port.Mac, best);
        }
        else
        {
            Learn(port.NetworkId, port.Mac, null);
            planner.SetElsewhere(id, false);
        }
    }

    /// <summary>The sequence number of a move; there is none after the last (RFC 7432 §15).</summary>
    private static uint After(uint sequence) => sequence == uint.MaxValue ? sequence : sequence + 1;

    private PortMoves Judged(Port port, Claim claim, PortMoves? before, LearnedHost? best, DateTimeOffset now)
    {
        var subject = new ObjectRef(ResourceKind.Port, port.Id);
        if (before is null)
        {
            duplicates.Thaw(port.NetworkId, port.Mac); // Another port had it then.
            return new PortMoves(port.Id, best is null ? 0 : After(best.Mobility.Sequence), claim.Host, claim.Interface.Since);
        }

        if ((before.Host, before.Since) != (claim.Host, claim.Interface.Since))
        {
            var moved = before.Host != claim.Host || before.Heard is not null;
            var sequence = moved ? After(Math.Max(before.Sequence, before.Heard ?? 0)) : before.Sequence;
            if (duplicates.Thaw(port.NetworkId, port.Mac))
            {
                dirty.Add(subject);
            }

            return new PortMoves(port.Id, best is null ? sequence : Math.Max(sequence, After(best.Mobility.Sequence)), claim.Host, claim.Interface.Since);
        }

        if (before.IsElsewhere)
        {
            return best is null
                ? before with { Sequence = After(Math.Max(before.Sequence, before.Heard ?? 0)), Heard = null, IsElsewhere = false }
                : before with { Heard = Math.Max(before.Heard ?? 0, best.Mobility.Sequence) };
        }

        if (best is null)
        {
            if (duplicates.Thaw(port.NetworkId, port.Mac))
            {
                dirty.Add(subject);
            }

            return before;
        }

        if (duplicates.IsFrozen(port.NetworkId, port.Mac)
            || !LearnedHost.IsBetter(best.Mobility, best.Vtep, new MacMobility(before.Sequence, false), planner.MemberOf(claim.Host)!.Vtep!.Value))
        {
            return before;
        }

        dirty.Add(subject);
        if (duplicates.Moved(port.NetworkId, port.Mac, now))
        {
            Happened("DuplicateMac", subject, $"{port.Mac} moved {DuplicateMacs.Moves} times within {DuplicateMacs.Window.TotalSeconds:0} s without a binding, last to {best.Vtep} by peer '{best.Peer}'; it stays on {claim.Host}");
            return before;
        }

        Happened("PortMovedAway", subject, $"peer '{best.Peer}' announces {port.Mac} at {best.Vtep} with sequence {best.Mobility.Sequence}, here it has {before.Sequence}");
        return before with { Heard = best.Mobility.Sequence, IsElsewhere = true };
    }

    private void Remember(PortMoves? now, string id)
    {
        if (now is null || moves.GetValueOrDefault(id) == now)
        {
            return;
        }

        moves[id] = now;
        movesToStore.Add(id);
    }

    /// <summary>A port that never moved is not stored: what is stored of hosts says where it is.</summary>
    private void StoreMoves(ImmutableArray<StorePut>.Builder puts, ImmutableArray<string>.Builder deletes)
    {
        foreach (var id in movesToStore)
        {
            if (moves.TryGetValue(id, out var now) && now.Sequence > 0)
            {
                storedMoves.Add(id);
                puts.Add(new StorePut(Records.KeyOfMove(id), Records.Write(now)));
            }
            else if (storedMoves.Remove(id))
            {
                deletes.Add(Records.KeyOfMove(id));
            }
        }

        movesToStore.Clear();
    }
}
