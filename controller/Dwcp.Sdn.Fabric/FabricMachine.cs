using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Changes;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Fabric.Planning;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric;

/// <summary>An OpenFlow connection as the fabric sees it.</summary>
/// <param name="Address">The switch's end, as ADDR:PORT.</param>
/// <param name="Identity">Who it has shown itself to be; null without TLS.</param>
public sealed record SwitchSighting(DatapathId DatapathId, string Address, string Description, PeerIdentity? Identity = null);

/// <summary>What a switch's reconcile loop has to bring about.</summary>
/// <param name="Needs">Whose needs they are; another instance than before means: begin anew with all of them.</param>
/// <param name="IsUnknownYet">Whose rules may belong to what peers have yet to announce again; null when all is known.</param>
public sealed record SwitchWork(SwitchNeeds Needs, long Generation, ImmutableArray<NeedChange> Changes, Predicate<Cookie>? IsUnknownYet);

/// <summary>What the host process has to do after a step of the machine.</summary>
/// <param name="Wake">Connected switches whose needs changed, or that are ours to program now or no more.</param>
/// <param name="Join">OVSDB sessions whose host may need changes.</param>
/// <param name="Bgp">The speaker, its peers, its imports or our routes changed.</param>
/// <param name="Events">What happened in the step.</param>
public sealed record Effects(
    ImmutableArray<StorePut> Put,
    ImmutableArray<string> Delete,
    ImmutableArray<DatapathId> Wake,
    ImmutableArray<long> Join,
    bool Bgp,
    ImmutableArray<FabricEvent> Events)
{
    /// <summary>When <see cref="FabricMachine.Settle"/> has something to do of its own accord; null when never.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>
/// The fabric as a machine that touches nothing: commands, hosts and switches in; needs, host changes, records and snapshots
/// out. It has one owner, which calls <see cref="Settle"/> after a burst of inputs.
/// </summary>
public sealed partial class FabricMachine
{
    private readonly Identities identities;
    private readonly HostRegistry registry;
    private readonly FabricPlanner planner = new();
    private readonly Dictionary<DatapathId, SwitchSighting> sightings = [];
    private readonly Dictionary<string, string> troubles = [];
    private readonly HashSet<ObjectRef> dirty = [];
    private readonly HashSet<string> hostsToStore = [];
    private readonly HashSet<long> sessionsToJoin = [];
    private readonly HashSet<DatapathId> toWake = [];
    private readonly List<(string Name, string Subject, string Message)> happened = [];
    private readonly HashSet<string> stored = [];
    private readonly HashSet<DatapathId> learning = [];
    private readonly string unknownMode;
    private readonly EventJournal journal;
    private long eventSequence;
    private int eventCount;

    /// <summary>The state of a store's whole listing.</summary>
    /// <param name="listing">All records.</param>
    /// <param name="unknownMode">The mode of a switch that no host announces and no operator has decided about.</param>
    /// <exception cref="InvalidDataException">A record cannot be read; the message names it.</exception>
    /// <param name="secured">What is served over TLS.</param>
    public FabricMachine(StoreListing listing, string unknownMode = "OBSERVED", SecuredSides secured = default)
    {
        this.unknownMode = unknownMode;
        identities = new(secured);
        registry = new(identities);
        Records.Read(listing.Entries, identities);
        var (intent, hosts, moved) = Records.Read(listing.Entries);
        journal = new(listing.Entries);
        (eventSequence, eventCount) = (journal.Last, journal.PastCount);
        Snapshot = FabricSnapshot.Empty with { Events = journal.Past };
        Revision = listing.Revision;
        Intent = intent;
        planner.Use(intent);
        foreach (var host in hosts)
        {
            registry.Restore(host);
            stored.Add(host.Id);
            planner.Claim(host.Id, host.Interfaces);
            dirty.Add(SwitchRef(host.Id));
        }

        UpdateMembers(registry.Known.Keys);
        planner.ForgetTrails(); // Hosts that are taken up one by one have moved nothing.
        dirty.UnionWith(intent.Networks.Keys.Select(id => new ObjectRef(ResourceKind.Network, id)));
        dirty.UnionWith(intent.Subnets.Keys.Select(id => new ObjectRef(ResourceKind.Subnet, id)));
        dirty.UnionWith(intent.Ports.Keys.Select(id => new ObjectRef(ResourceKind.Port, id)));
        dirty.UnionWith(intent.Bridges.Keys.Select(id => new ObjectRef(ResourceKind.Bridge, id)));
        dirty.UnionWith(intent.Switches.Keys.Select(id => new ObjectRef(ResourceKind.Switch, id)));
        RestoreEvpn(moved);
    }

    public FabricIntent Intent { get; private set; }

    public long Revision { get; private set; }

    public FabricSnapshot Snapshot { get; private set; }

    /// <summary>How long events are kept, here and in the store.</summary>
    public TimeSpan EventsKeptFor { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Whether something happened that the store does not know; <see cref="StoreEvents"/> changes that.</summary>
    public bool HasNewEvents => journal.IsBehind;

    /// <summary>The store has committed what was judged: the intent moves on.</summary>
    public void Committed(long revision, IEnumerable<Judgement> judgements)
    {
        Revision = revision;
        var subjects = new HashSet<ObjectRef>();
        var replan = new HashSet<string>();
        foreach (var judgement in judgements)
        {
            var before = Intent;
            Intent = judgement.Intent;
            foreach (var subject in judgement.Removed.Select(r => new ObjectRef(r.Kind, r.Id)))
            {
                subjects.Add(subject);
                troubles.Remove(subject.ToString());
                Concerns(subject, before.Find(subject.Kind, subject.Id), replan);
                if (before.Find(subject.Kind, subject.Id) is not null)
                {
                    Changed(subject, "Deleted");
                }
            }

            foreach (var value in judgement.Changed)
            {
                var subject = RefOf(value);
                subjects.Add(subject);
                Concerns(subject, before.Find(subject.Kind, subject.Id), replan);
                Concerns(subject, value, replan);
                Changed(subject, judgement.Created && value == judgement.Changed[0] ? "Created" : "Changed");
            }
        }

        foreach (var subject in subjects)
        {
            if (Intent.Find(subject.Kind, subject.Id) is { } now)
            {
                Intent = Intent.With(now with { Version = revision });
            }
        }

        planner.Use(Intent);
        foreach (var network in replan)
        {
            planner.NetworkChanged(network);
            dirty.UnionWith(Intent.PortsOf(network).Select(p => new ObjectRef(ResourceKind.Port, p)));
        }

        foreach (var port in subjects.Where(s => s.Kind == ResourceKind.Port))
        {
            planner.PortChanged(port.Id);
        }

        foreach (var @switch in subjects.Where(s => s.Kind == ResourceKind.Switch))
        {
            SwitchIntentChanged(@switch.Id);
        }

        EvpnCommitted(subjects, replan);
    }

    /// <summary>The object as it would be after a judgement that is not carried out.</summary>
    public Resource? Preview(Judgement judgement, DateTimeOffset now)
    {
        if (judgement.Changed is not [var value, ..]
            || Describe(value with { Version = Intent.Find(RefOf(value).Kind, value.Id)?.Version ?? 0 }) is not { } described)
        {
            return null;
        }

        return described with { Status = Keep(described.Status, Snapshot.Of(described.Kind).GetValueOrDefault(described.Id)?.Status, now) };
    }

    /// <summary>Whose contribution a rule is, by its cookie, such as <c>ports/vm1</c>.</summary>
    public IReadOnlyDictionary<ulong, string> NamesOfCookies(DatapathId datapath) =>
        registry.OwnerOf(datapath) is { } host && planner.NeedsOf(host.Id) is { } needs ? needs.NamesOfCookies() : ImmutableDictionary<ulong, string>.Empty;

    /// <summary>Forgets a host that is gone for good, and the bindings that it had; one that has a session is only shown again.</summary>
    public void Forget(string host)
    {
        var known = registry.Known.GetValueOrDefault(host);
        ForgetIdentity(host);
        if (known is not null && registry.Forget(host))
        {
            Touch(new Dictionary<string, KnownHost?> { [host] = known });
            Happened("HostForgotten", SwitchRef(host), "it was deleted while it was away");
        }
    }

    /// <summary>A session with a host's OVSDB shows an inventory.</summary>
    /// <param name="identity">Who the host has shown itself to be; null without TLS.</param>
    public void HostSeen(long session, string peer, HostInventory inventory, PeerIdentity? identity = null)
    {
        var known = registry.Session(session);
        var spoke = known?.Host;
        var claimed = known?.Inventory.SystemId;
        Touch(registry.Seen(session, peer, inventory, identity));
        TakeOver(session);
        Claimed(claimed);
        Claimed(inventory.SystemId);
        sessionsToJoin.Add(session);
        if (registry.Session(session)?.Host is { } id)
        {
            HostIsKnown(id, identity);
            if (id != spoke)
            {
                Happened("HostConnected", SwitchRef(id), $"OVSDB session from {peer}");
            }
        }
        else if (known is null || spoke is not null || claimed != inventory.SystemId)
        {
            Refused(registry.Session(session)!, inventory);
        }
    }

    /// <summary>An interface that is new takes its port from a host that is away: the VM has moved, or was started anew since its host died.</summary>
    private void TakeOver(long session)
    {
        if (registry.Session(session)?.Host is not { } id || planner.MemberOf(id) is null)
        {
            return;
        }

        foreach (var port in registry.Known[id].Interfaces.Where(i => i.Since == registry.Now).Select(i => i.PortId))
        {
            foreach (var away in planner.ClaimsTo(port).Select(c => c.Host).Where(h => h != id && registry.SpeakerOf(h) is null).ToHashSet())
            {
                Touch(registry.Yield(away, port));
                Happened("PortTakenOver", new ObjectRef(ResourceKind.Port, port), $"{id} has it now; {away}, which had it, has no OVSDB session");
            }
        }
    }

    /// <summary>A session with a host's OVSDB ended; what is known of the host stays.</summary>
    public void HostGone(long session)
    {
        Claimed(registry.Session(session)?.Inventory.SystemId);
        var touched = registry.Gone(session);
        Touch(touched);
        foreach (var id in touched.Keys)
        {
            Happened("HostDisconnected", SwitchRef(id), "the OVSDB session ended; its rules and bindings stay as they were last seen");
            if (registry.SpeakerOf(id) is { } next)
            {
                sessionsToJoin.Add(next.Number);
                HostIsKnown(id, next.Identity);
                Happened("HostConnected", SwitchRef(id), $"OVSDB session from {next.Peer}, refused until now");
            }
        }
    }

    /// <summary>What to change on the host of a session, one plan after the other: first so that it is part of the fabric, then its further bridges.</summary>
    /// <param name="target">From our end of the session to the OpenFlow target, such as <c>tcp:192.0.2.9:6653</c>.</param>
    public ImmutableArray<HostPlan> HostPlans(long session, Func<IpAddress?, string> target)
    {
        if (registry.Session(session) is not { Host: { } id } found)
        {
            return [];
        }

        var join = planner.MemberOf(id) is not null ? HostJoin.Plan(id, found.Inventory, target(found.Inventory.LocalAddress)) : [];
        return [new HostPlan($"host/{id}", SwitchRef(id), join), .. BridgePlans(id, found.Inventory)];
    }

    /// <summary>
    /// What takes away the tunnel port that a session's host could not make, so that the next plan makes it anew; nothing where
    /// all is well. Open vSwitch itself tries again only when something else changes.
    /// </summary>
    public ImmutableArray<HostChange> TunnelRetry(long session) =>
        registry.Session(session) is { Host: { } id } found && planner.MemberOf(id) is not null && HostJoin.FailedTunnel(found.Inventory) is { } failed
            ? [new DeletePort(HostJoin.Bridge, failed.Name)]
            : [];

    /// <summary>What came of a plan for a session's host: null, or why it could not be carried out.</summary>
    public void HostTrouble(long session, HostPlan plan, string? message)
    {
        if (registry.Session(session)?.Host is { } id && (plan.Subject.Kind != ResourceKind.Bridge || Intent.BridgesOf(id).Contains(plan.Subject.Id)))
        {
            Trouble(plan.Key, plan.Subject, "HostChangeFailed", message);
        }
    }

    /// <summary>A switch has connected and can be programmed.</summary>
    public void SwitchUp(SwitchSighting sighting)
    {
        sightings[sighting.DatapathId] = sighting;
        dirty.UnionWith(registry.HostsOf(sighting.DatapathId).Select(SwitchRef));
        SwitchIsKnown(sighting);
        var subject = SwitchRef(sighting.DatapathId);
        Happened("SwitchConnected", subject, $"{sighting.DatapathId} from {sighting.Address}");
        SwitchChanged(subject.Id);
    }

    /// <summary>A switch's connection ended.</summary>
    public void SwitchDown(DatapathId datapath, string reason)
    {
        learning.Remove(datapath);
        if (sightings.Remove(datapath))
        {
            dirty.UnionWith(registry.HostsOf(datapath).Select(SwitchRef));
            var subject = SwitchRef(datapath);
            Happened("SwitchDisconnected", subject, reason);
            SwitchChanged(subject.Id);
        }
    }

    /// <summary>FABRIC, OBSERVED or LEARNING.</summary>
    public string ModeOf(DatapathId datapath) => ModeOf(Intent.Switches.GetValueOrDefault(SwitchRef(datapath).Id), registry.OwnerOf(datapath));

    /// <summary>A barrier confirmed that a switch asks us about every frame that it has no flow for.</summary>
    public void Learns(DatapathId datapath)
    {
        learning.Add(datapath);
        SwitchChanged(SwitchRef(datapath).Id);
    }

    /// <summary>What a switch needs that its loop has not been told; null when the switch is none of ours to program.</summary>
    /// <param name="datapath">The switch.</param>
    /// <param name="told">The needs of the last call; null for a loop that knows nothing.</param>
    public SwitchWork? Take(DatapathId datapath, SwitchNeeds? told)
    {
        if (registry.OwnerOf(datapath) is not { } host || planner.NeedsOf(host.Id) is not { } needs)
        {
            return null;
        }

        var (generation, changes) = needs == told ? needs.Take() : needs.TakeAll();
        return new SwitchWork(needs, generation, changes, needs.IsUnknownYet);
    }

    /// <summary>A barrier confirmed that a switch holds what its needs ask for.</summary>
    public void Confirmed(DatapathId datapath, SwitchNeeds needs, long generation, SwitchHolding holding)
    {
        var subject = SwitchRef(datapath);
        var first = needs.Confirmed < 0;
        var done = needs.Confirm(generation, holding);
        dirty.UnionWith(done);
        if (registry.OwnerOf(datapath) is { } host && planner.NeedsOf(host.Id) == needs)
        {
            planner.Confirmed(host.Id, done);
        }

        Trouble($"switch/{subject.Id}", subject, "ProgrammingFailed", null);
        if (first)
        {
            SwitchChanged(subject.Id);
        }

        dirty.Add(subject);
    }

    /// <summary>A switch did not take its rules.</summary>
    public void SwitchTrouble(DatapathId datapath, string message)
    {
        var subject = SwitchRef(datapath);
        Trouble($"switch/{subject.Id}", subject, "ProgrammingFailed", message);
    }

    /// <summary>A reconcile pass found on a switch what nobody asked for, or missed what somebody did, and put it right.</summary>
    public void SwitchRepaired(DatapathId datapath, string message) => Happened("SwitchRepaired", SwitchRef(datapath), message);

    /// <summary>What <see cref="Settle"/> says next is to hold the records of events, new and over.</summary>
    public void StoreEvents() => journal.Due();

    /// <summary>Finishes a burst of inputs: needs are complete, a new snapshot is visible, and the caller learns what to do.</summary>
    public Effects Settle(DateTimeOffset now)
    {
        planner.EndTrails(now);
        SettleEvpn(now);
        NameLinks();
        planner.Settle();
        LetGo();
        planner.TimeTrails(now);
        dirty.UnionWith(planner.News.Objects);
        TellRefusals(now);
        var events = Publish(now);
        var puts = ImmutableArray.CreateBuilder<StorePut>();
        var deletes = ImmutableArray.CreateBuilder<string>();
        foreach (var id in hostsToStore)
        {
            if (registry.Known.TryGetValue(id, out var host) && host.Vtep is not null)
            {
                puts.Add(new StorePut(Records.KeyOfHost(id), Records.Write(host)));
                stored.Add(id);
            }
            else if (stored.Remove(id))
            {
                deletes.Add(Records.KeyOfHost(id));
            }
        }

        hostsToStore.Clear();
        StoreIdentities(puts, deletes);
        StoreMoves(puts, deletes);
        journal.Add(events);
        journal.Write(now, EventsKeptFor, puts, deletes);
        toWake.UnionWith(planner.News.Hosts.Select(id => registry.Known.GetValueOrDefault(id)?.DatapathId).OfType<DatapathId>());
        var wake = toWake.Where(sightings.ContainsKey).ToImmutableArray();
        toWake.Clear();
        planner.News.Clear();
        var join = sessionsToJoin.ToImmutableArray();
        sessionsToJoin.Clear();
        var wakesBgp = wakeBgp;
        wakeBgp = false;
        return new Effects(puts.ToImmutable(), deletes.ToImmutable(), wake, join, wakesBgp, events) { Deadline = planner.TrailDeadline };
    }

    /// <summary>The kind and id of an object.</summary>
    public static ObjectRef RefOf(FabricObject value) => new(
        value switch
        {
            Network => ResourceKind.Network,
            Subnet => ResourceKind.Subnet,
            Port => ResourceKind.Port,
            BridgeIntent => ResourceKind.Bridge,
            BgpSpeakerIntent => ResourceKind.BgpSpeaker,
            BgpPeerIntent => ResourceKind.BgpPeer,
            EvpnRouteIntent => ResourceKind.EvpnRoute,
            _ => ResourceKind.Switch,
        },
        value.Id);

    private void Changed(ObjectRef subject, string what)
    {
        dirty.Add(subject);
        Happened($"{subject.Kind}{what}", subject, $"at revision {Revision}");
    }

    /// <summary>The network of an object shows its change; if it is a network or subnet, every port of the network is planned again.</summary>
    private void Concerns(ObjectRef subject, FabricObject? value, HashSet<string> replan)
    {
        var network = value switch
        {
            Subnet s => s.NetworkId,
            Port p => p.NetworkId,
            _ => subject.Id,
        };
        if (value is BridgeIntent bridge)
        {
            BridgesChanged(bridge.Host);
        }

        if (subject.Kind is not (ResourceKind.Network or ResourceKind.Subnet or ResourceKind.Port) || value is null)
        {
            return;
        }

        dirty.Add(new ObjectRef(ResourceKind.Network, network));
        if (subject.Kind is not ResourceKind.Port)
        {
            replan.Add(network);
        }
    }

    private void SwitchIntentChanged(string id)
    {
        dirty.Add(SwitchRef(id));
        Trouble($"switch/{id}", SwitchRef(id), "ProgrammingFailed", null); // It is programmed anew, or no longer.
        UpdateMembers([id]);
        if ((registry.Known.GetValueOrDefault(id)?.DatapathId ?? (DatapathId.TryParse(id, out var datapath) ? datapath : null)) is { } mine)
        {
            toWake.Add(mine);
        }

        BridgesChanged(id);
    }

    /// <summary>What is known of hosts has changed; with each comes what was known before.</summary>
    private void Touch(IReadOnlyDictionary<string, KnownHost?> touched)
    {
        var concerned = new HashSet<string>();
        foreach (var (id, old) in touched)
        {
            var now = registry.Known.GetValueOrDefault(id);
            dirty.Add(SwitchRef(id));
            ShowBridges(id);
            foreach (var datapath in new[] { old?.DatapathId, now?.DatapathId }.OfType<DatapathId>().Distinct())
            {
                linksToName.Add(datapath);
                // A datapath is shown under its number until a host announces that it is its; and who that is may be another now.
                var hosts = registry.HostsOf(datapath);
                dirty.Add(SwitchRef(datapath.ToString()));
                dirty.UnionWith(hosts.Select(SwitchRef));
                if (hosts.Count > 1 || old?.DatapathId != now?.DatapathId)
                {
                    toWake.Add(datapath);
                }
            }

            if (old == now)
            {
                continue;
            }

            hostsToStore.Add(id);
            Claim(id, now);
            concerned.Add(id);
            if (old?.Vtep != now?.Vtep || old?.VtepSince != now?.VtepSince)
            {
                // Another host may have waited for this address, or may have to yield it.
                concerned.UnionWith(registry.HostsAt(old?.Vtep));
                concerned.UnionWith(registry.HostsAt(now?.Vtep));
            }
        }

        UpdateMembers(concerned);
    }

    private void Claim(string host, KnownHost? now)
    {
        foreach (var port in planner.Claim(host, now?.Interfaces ?? []))
        {
            dirty.Add(new ObjectRef(ResourceKind.Port, port));
            if (Intent.Ports.TryGetValue(port, out var found))
            {
                dirty.Add(new ObjectRef(ResourceKind.Network, found.NetworkId));
            }
        }
    }

    /// <summary>Decides again which of these hosts are part of the fabric.</summary>
    private void UpdateMembers(IEnumerable<string> concerned)
    {
        var ids = concerned.ToList();
        foreach (var id in ids)
        {
            dirty.Add(SwitchRef(id));
            if (planner.MemberOf(id) is not null && !(registry.Known.TryGetValue(id, out var host) && IsMember(host)))
            {
                SwitchChanged(id);
                toWake.UnionWith(new[] { planner.MemberOf(id)?.DatapathId }.OfType<DatapathId>());
                planner.HostLeft(id);
            }
        }

        foreach (var host in ids.Select(id => registry.Known.GetValueOrDefault(id)))
        {
            if (host is null || !IsMember(host) || planner.MemberOf(host.Id) is var before && before == host)
            {
                continue;
            }

            planner.HostJoined(host);
            if (before is null || before.Vtep != host.Vtep || before.DatapathId != host.DatapathId)
            {
                SwitchChanged(host.Id);
            }

            if (registry.SpeakerOf(host.Id) is { } session)
            {
                sessionsToJoin.Add(session.Number);
            }
        }
    }

    private string ModeOf(SwitchIntent? intent, KnownHost? host) => intent?.Spec.Mode ?? (host?.Vtep is not null ? "FABRIC" : unknownMode);

    private bool IsMember(KnownHost host) =>
        host.Vtep is not null
        && ModeOf(Intent.Switches.GetValueOrDefault(host.Id), host) == "FABRIC"
        && registry.RivalOf(host) is null;

    /// <summary>A switch came, went, is another or was confirmed for the first time: that shows in all it carries and in all that waits for it.</summary>
    private void SwitchChanged(string id)
    {
        dirty.Add(SwitchRef(id));
        dirty.UnionWith((registry.Known.GetValueOrDefault(id)?.Interfaces ?? []).Select(i => new ObjectRef(ResourceKind.Port, i.PortId)));
        foreach (var network in planner.NetworksOf(id))
        {
            dirty.Add(new ObjectRef(ResourceKind.Network, network));
            dirty.UnionWith(Intent.PortsOf(network).Select(p => new ObjectRef(ResourceKind.Port, p)));
        }
    }

    private void Refused(HostSession session, HostInventory inventory)
    {
        var by = session.Identity?.Name ?? inventory.RemoteAddress?.ToString() ?? session.Peer;
        var (subject, cause, why) = inventory.SystemId switch
        {
            null => ("", $"nameless {by}", "it has no external_ids:system-id; set one"),
            { } id when !ObjectRef.IsId(id) => ("", $"no id {by}", $"its system-id '{Problems.Short(id)}' is no id; use 1 to 63 of a-z, 0-9, '-', '.' and '_'"),
            { } id when session.Doubt is { } doubt => ($"switches/{id}", doubt, doubt),
            { } id => ($"switches/{id}", "rival", $"its system-id '{id}' is that of the host at {registry.SpeakerOf(id)?.Peer}; give it another"),
        };
        hostRefusals.Add(new(subject, cause, by, $"the host at {session.Peer} is refused: {why}"));
    }

    /// <summary>A session begins or ends to say that it is this host, which may be another's name.</summary>
    private void Claimed(string? id)
    {
        if (id is not null)
        {
            dirty.Add(SwitchRef(id));
        }
    }

    private void Trouble(string key, ObjectRef subject, string name, string? message)
    {
        if (troubles.GetValueOrDefault(key) == message)
        {
            return;
        }

        dirty.Add(subject);
        if (message is null)
        {
            troubles.Remove(key);
        }
        else
        {
            troubles[key] = message;
            Happened(name, subject, message);
        }
    }

    private void Happened(string name, ObjectRef subject, string message) => happened.Add((name, subject.ToString(), message));

    private static ObjectRef SwitchRef(string id) => new(ResourceKind.Switch, id);

    private ObjectRef SwitchRef(DatapathId datapath) =>
        SwitchRef(registry.OwnerOf(datapath) is { Vtep: not null } host ? host.Id : datapath.ToString());
}
