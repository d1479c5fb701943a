using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>What an UPDATE did, beyond its routes.</summary>
/// <param name="Fault">The session has to end with it.</param>
/// <param name="EndOfRib">The family whose routes are all there.</param>
internal readonly record struct UpdateOutcome(Notification? Fault, BgpFamily? EndOfRib);

/// <summary>The RIB: takes UPDATEs and own routes in, chooses, and keeps for every update group what it has yet to be told.</summary>
/// <remarks>It belongs to one loop and touches no socket and no clock.</remarks>
internal sealed class RouteBase
{
    private readonly List<RibPeer?> peers = [null];
    private readonly UpdateReader reader = new();
    private readonly ChunkPool pool = new();
    private readonly Dictionary<RouteKey, string> objects = [];
    private readonly List<RouteKey> wished = [];
    private readonly Memberships memberships;

    public RouteBase(SpeakerSettings speaker)
    {
        memberships = new(speaker, this);
        Attributes = new(speaker);
        Table = new(Attributes, Order = new(Attributes, peers));
        Groups = new(speaker, Table, Attributes, peers, pool);
        Imports = new(Table, Attributes, peers);
    }

    public AttributeStore Attributes { get; }

    public PathOrder Order { get; }

    public RouteTable Table { get; }

    public UpdateGroups Groups { get; }

    public ImportTable Imports { get; }

    /// <summary>Is told what the rules of peers make of their routes; none costs nothing.</summary>
    public IRouteObserver? Observer { get; set; }

    /// <summary>A queue for a connection; what is shared among several is formatted once.</summary>
    public OutQueue NewQueue() => new(pool);

    /// <summary>None for the slot of our own routes.</summary>
    public RibPeer? PeerAt(ushort slot) => peers[slot];

    public IEnumerable<RibPeer> Peers => peers.OfType<RibPeer>();

    /// <summary>Makes a peer that has no session yet.</summary>
    public RibPeer Add(PeerSettings settings)
    {
        var slot = peers.IndexOf(null, 1);
        if (slot < 0)
        {
            slot = peers.Count;
            peers.Add(null);
        }

        var peer = new RibPeer(checked((ushort)slot), settings, new OutQueue(pool));
        peers[slot] = peer;
        return peer;
    }

    /// <summary>Forgets a peer and all it has announced.</summary>
    public void Remove(RibPeer peer)
    {
        Groups.Leave(peer);
        memberships.Gone(peer);
        Purge(peer, _ => true);
        peers[peer.Slot] = null;
    }

    /// <summary>The session stands: from now on the peer is told all routes, and what it had announced before is stale until it says it again.</summary>
    public void Up(RibPeer peer, Agreement agreement, IpAddress local, OutQueue output)
    {
        peer.Output = output;
        peer.Agreement = agreement;
        peer.External = agreement.External;
        peer.RouterId = (uint)agreement.PeerId.Value;
        peer.Rules = new(agreement.External, agreement.As4, agreement.Families, agreement.AddPathReceived);
        peer.Synchronised = default;
        peer.Warned = false;
        peer.Filter = agreement.Families.Has(BgpFamily.RtConstraint) ? new() : null;

        // What the peer does not say it kept is gone.
        var (kept, keptLong) = (agreement.RestartKept, agreement.LongLivedKept);
        Purge(peer, path => (path.Flags & PathFlags.Stale) != 0
            && !((path.Flags & PathFlags.LongLived) != 0 ? keptLong : kept).Has(Table[path.Entry].Key.Family));
        Groups.Join(peer, agreement, local);
        memberships.Stands(peer);
    }

    /// <summary>Takes settings that need no new session.</summary>
    /// <returns>True when routes may be missing that were refused before: the peer has to say them again.</returns>
    public bool Change(RibPeer peer, PeerSettings settings)
    {
        var before = peer.Settings;
        peer.Settings = settings;
        Groups.Regroup(peer);
        if (before.RouteReflectorClient != settings.RouteReflectorClient)
        {
            ForPaths(peer, at => Changed(Table.Path(at).Entry, first: false)); // Others are told of them now, or no longer.
        }

        if (before.ImportRules == settings.ImportRules)
        {
            return false;
        }

        Purge(
            peer,
            path => !settings.ImportRules.IsEmpty && !RouteRules.Pass(settings.ImportRules, Table[path.Entry].Key, path.Body, Attributes[path.Attributes]),
            silently: false);
        return !before.ImportRules.IsEmpty;
    }

    /// <summary>The session is gone. Routes of families in <paramref name="kept"/> stay, stale; all others go.</summary>
    public void Down(RibPeer peer, FamilySet kept)
    {
        Groups.Leave(peer);
        memberships.Gone(peer);
        peer.Agreement = null;
        peer.Output = new OutQueue(pool);
        peer.AfterSync.Clear();
        MarkStale(peer, kept);
        Purge(peer, path => (path.Flags & PathFlags.Stale) == 0 || !kept.Has(Table[path.Entry].Key.Family));
    }

    /// <summary>From now on routes of these families have to come again or go.</summary>
    public void MarkStale(RibPeer peer, FamilySet families) => ForPaths(peer, at =>
    {
        ref var path = ref Table.Path(at);
        if (families.Has(Table[path.Entry].Key.Family))
        {
            path.Flags |= PathFlags.Stale;
            peer.HasStale = true;
        }
    });

    /// <summary>Takes away what is still stale.</summary>
    public void Sweep(RibPeer peer, FamilySet families)
    {
        if (peer.HasStale)
        {
            peer.HasStale = false;
            Purge(peer, path =>
            {
                var stale = (path.Flags & PathFlags.Stale) != 0;
                var due = families.Has(Table[path.Entry].Key.Family);
                peer.HasStale |= stale && !due;
                return stale && due;
            });
        }
    }

    /// <summary>The restart time is over: what is stale becomes the last choice, or goes where the peer knows no long-lived restart (RFC 9494 §4.2).</summary>
    public void Age(RibPeer peer, FamilySet longLived)
    {
        Purge(peer, path => (path.Flags & PathFlags.Stale) != 0
            && (!longLived.Has(Table[path.Entry].Key.Family) || Attributes[path.Attributes].NoLongLived));
        ForPaths(peer, at =>
        {
            ref var path = ref Table.Path(at);
            if ((path.Flags & PathFlags.Stale) != 0)
            {
                path.Flags |= PathFlags.LongLived;
                Table.Reselect(path.Entry);
                Changed(path.Entry, first: false);
            }
        });
    }

    /// <summary>Takes in an UPDATE without its header.</summary>
    /// <param name="first">It came alone: what it changes goes out before what waits in bulk.</param>
    public UpdateOutcome Update(RibPeer peer, ReadOnlySpan<byte> body, bool first)
    {
        reader.Read(body, peer.Rules);
        if (reader.Answer == FaultAnswer.Reset)
        {
            return new(reader.Fault ?? Notification.MalformedAttributes, null);
        }

        if ((Take(peer, body, reader.Withdrawn, null, first, announced: false) ?? Take(peer, body, reader.Unreached, null, first, announced: false)) is { } fault)
        {
            return new(fault, null);
        }

        var lost = Announce(peer, body, reader.Reached, reader.ReachedNextHop, first)
            ?? Announce(peer, body, reader.Announced, reader.AnnouncedNextHop, first);
        peer.AttributesDiscarded += reader.Discarded;
        Observer?.Finished();
        return reader.Answer == FaultAnswer.Reset ? new(reader.Fault ?? Notification.MalformedAttributes, null)
            : lost is not null ? new(lost, null)
            : new(null, EndOfRib(peer, body));
    }

    /// <summary>Announces a route of an object of ours, or announces it with other attributes.</summary>
    public void Originate(OriginatedRoute originated, bool first)
    {
        var (key, body) = RouteMeaning.ToKey(originated.Route, out var opaque);
        var set = Attributes.Intern(AttributeCodec.ToKept(originated.Attributes));
        objects[key] = originated.Object;
        Changed(Table.Put(key, body, 0, opaque, set, RouteTable.Local, out _), first);
        Attributes.Drop(set);
    }

    public bool Withdraw(Route route, bool first)
    {
        var (key, _) = RouteMeaning.ToKey(route, out _);
        objects.Remove(key);
        Changed(Table.Remove(key, 0, RouteTable.Local, out var removed), first);
        return removed;
    }

    /// <summary>Takes in the routes of these targets from now on, and no others.</summary>
    public void Import(IReadOnlyCollection<RouteTarget> targets)
    {
        Imports.Set(targets);
        memberships.Want(targets);
    }

    /// <summary>Which object asked for a route of our own.</summary>
    public string? ObjectOf(in RouteKey key) => objects.GetValueOrDefault(key);

    private static BgpFamily? EndOfRib(ReadOnlySpan<byte> body, UpdateReader reader) =>
        reader.Reached.Present || reader.Announced.Present || reader.Withdrawn.Present ? null
        : reader.Unreached is { Present: true, Length: 0, Family: var family } ? family
        : body.Length == 4 ? BgpFamily.Ipv4Unicast
        : null;

    private BgpFamily? EndOfRib(RibPeer peer, ReadOnlySpan<byte> body)
    {
        if (EndOfRib(body, reader) is not { } family || !peer.Rules.Families.Has(family))
        {
            return null;
        }

        peer.Synchronised = peer.Synchronised.With(family);
        Sweep(peer, default(FamilySet).With(family));
        if (family == BgpFamily.RtConstraint)
        {
            OpenFilter(peer);
        }

        return family;
    }

    /// <summary>The peer has said what it wants, or was given time enough: its routes begin to flow (RFC 4684 §6).</summary>
    public void OpenFilter(RibPeer peer)
    {
        if (peer.Filter is { Ready: false } filter)
        {
            filter.Ready = true;
            Groups.Resend(peer, BgpFamily.L2VpnEvpn);
        }
    }

    private Notification? Announce(RibPeer peer, ReadOnlySpan<byte> body, RouteSection section, ReadOnlySpan<byte> nextHop, bool first)
    {
        if (!section.Present)
        {
            return null;
        }

        AttributeSet? set = null;
        if (reader.Answer < FaultAnswer.Withdraw)
        {
            var kept = reader.Kept(nextHop);
            set = reader.MustRewrite ? null : Attributes.Find(kept);
            if (set is null)
            {
                var valid = reader.Check(kept, peer.Rules);
                set = reader.Answer < FaultAnswer.Withdraw ? Attributes.Intern(valid) : null;
            }
        }

        if (reader.Answer == FaultAnswer.Reset)
        {
            return null; // The caller ends the session.
        }

        peer.TakenAsWithdrawn += set is null ? 1 : 0;
        if (set is { Looped: true })
        {
            peer.Looped++;
            Attributes.Drop(set);
            set = null;
        }

        if (set is null)
        {
            return Take(peer, body, section, null, first, announced: true);
        }

        set.Uses++; // One message may take a route in and away again: the set stays until its end.
        var lost = Take(peer, body, section, set, first, announced: true);
        set.Uses--;
        Attributes.Drop(set);
        return lost;
    }

    /// <param name="set">None withdraws the routes.</param>
    private Notification? Take(RibPeer peer, ReadOnlySpan<byte> body, RouteSection section, AttributeSet? set, bool first, bool announced)
    {
        if (!section.Present)
        {
            return null;
        }

        var nlris = new NlriReader(section.Family, section.Of(body), peer.Rules.AddPath.Has(section.Family));
        wished.Clear();
        while (!nlris.AtEnd)
        {
            var result = nlris.Next(out var nlri);
            if (result == NlriResult.Overrun)
            {
                peer.Malformed++;
                return section.Overrun(body);
            }

            peer.Malformed += result == NlriResult.Ok ? 0 : 1;
            if (result == NlriResult.Skip)
            {
                continue;
            }

            peer.RoutesTakenAsWithdrawn += announced && (reader.Answer >= FaultAnswer.Withdraw || result == NlriResult.Withdraw) ? 1 : 0;
            var before = peer.Paths;
            if (set is not null && result == NlriResult.Ok && Accepts(peer, nlri, set))
            {
                Changed(Table.Put(nlri.Key, nlri.Body, nlri.PathId, nlris.Octets, set, peer.Slot, out var added), first);
                peer.Paths += added ? 1 : 0;
                if (Observer is not null && peer.IsTold)
                {
                    Observer.Accepted(peer, section.Family, set, nlri, nlris.Octets);
                }

                if (section.Family == BgpFamily.RtConstraint && peer.Filter!.Add(nlri.Key))
                {
                    wished.Add(nlri.Key);
                }
            }
            else
            {
                Changed(Table.Remove(nlri.Key, nlri.PathId, peer.Slot, out var removed), first);
                peer.Paths -= removed ? 1 : 0;
                peer.Refused += set is not null && result == NlriResult.Ok ? 1 : 0;
                if (removed && Observer is not null && peer.IsTold)
                {
                    Observer.Gone(peer, nlri.Key, nlris.Octets, nlri.PathId, silently: false);
                }

                if (section.Family == BgpFamily.RtConstraint && peer.Filter!.Remove(nlri.Key))
                {
                    wished.Add(nlri.Key);
                }
            }

            if (section.Family == BgpFamily.RtConstraint && peer.Paths != before)
            {
                Changed(Table.Find(nlri.Key), first); // Some are told of a path that is not the best (RFC 4684 §3.2).
            }
        }

        Wished(peer);

        return null;
    }

    private static bool Accepts(RibPeer peer, in Nlri nlri, AttributeSet set) =>
        peer.Settings.ImportRules.IsEmpty || RouteRules.Pass(peer.Settings.ImportRules, nlri.Key, nlri.Body, set);

    /// <summary>Tells a peer what its new wishes let through, and withdraws what they no longer do.</summary>
    private void Wished(RibPeer peer)
    {
        if (wished.Count == 0 || peer.Filter is not { Ready: true })
        {
            return;
        }

        if (wished.Exists(w => w.PrefixLength < 96))
        {
            Groups.Resend(peer, BgpFamily.L2VpnEvpn);
        }
        else
        {
            Groups.Resend(peer, wished.Select(w => w.A));
        }
    }

    /// <param name="silently">Observers have heard nothing that says so.</param>
    private void Purge(RibPeer peer, Func<RoutePath, bool> which, bool silently = true)
    {
        wished.Clear();
        ForPaths(peer, at =>
        {
            var path = Table.Path(at);
            if (!which(path))
            {
                return;
            }

            var key = Table[path.Entry].Key;
            if (key.Kind == RouteKind.Membership && peer.Filter?.Remove(key) == true)
            {
                wished.Add(key);
            }

            if (Observer is not null && peer.IsTold)
            {
                Span<byte> octets = stackalloc byte[NlriWriter.Largest];
                Observer.Gone(peer, key, octets[..NlriWriter.Write(key, path.Body, Table.Opaque(path.Entry), octets)], path.PathId, silently);
            }

            peer.Paths--;
            Changed(Table.RemovePath(at), first: false);
            Changed(key.Kind == RouteKind.Membership ? Table.Find(key) : -1, first: false);
        });
        Observer?.Finished();
        Wished(peer);
    }

    private void ForPaths(RibPeer peer, Action<int> action)
    {
        for (var at = 0; peer.Paths > 0 && at < Table.PathLimit; at++)
        {
            ref var path = ref Table.Path(at);
            if (path.Peer == peer.Slot && (path.Flags & PathFlags.Used) != 0)
            {
                action(at);
            }
        }
    }

    private void Changed(int entry, bool first)
    {
        if (entry < 0 && Groups.TellsAllPaths && Table.Touched >= 0)
        {
            Groups.PushToAddPath(Table.Touched, first);
        }

        if (entry >= 0)
        {
            Groups.Push(entry, first);
            Imports.Push(entry);
            Table.Forget(entry);
        }
    }
}
