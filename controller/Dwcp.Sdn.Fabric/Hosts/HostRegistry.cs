using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>A session with a host's OVSDB.</summary>
public sealed class HostSession(long number, string peer, PeerIdentity? identity)
{
    public long Number { get; } = number;

    public string Peer { get; } = peer;

    /// <summary>Who the other end has shown itself to be; null without TLS.</summary>
    public PeerIdentity? Identity { get; } = identity;

    /// <summary>Why the session may not be the host that it says it is, or null.</summary>
    public string? Doubt { get; internal set; }

    /// <summary>The host that the session speaks for; null while it has no usable name, or another session has it.</summary>
    public string? Host { get; internal set; }

    public HostInventory Inventory { get; internal set; } = new();
}

/// <summary>
/// Which host is which: names, sessions and VTEP addresses. Of two hosts with one name or one VTEP the first stays; the second
/// is refused until the first gives it up.
/// </summary>
public sealed class HostRegistry(Identities identities)
{
    private readonly Dictionary<long, HostSession> sessions = [];
    private readonly Dictionary<string, KnownHost> known = [];
    private readonly Dictionary<string, HostSession> speakers = [];
    private readonly Dictionary<DatapathId, List<string>> byDatapath = [];
    private readonly Dictionary<IpAddress, List<string>> byVtep = [];
    private long clock;

    public IReadOnlyDictionary<string, KnownHost> Known => known;

    /// <summary>What a claim that the last inventory made for the first time has as its <see cref="KnownInterface.Since"/>.</summary>
    public long Now => clock;

    /// <summary>The session that speaks for a host, or null while it is away.</summary>
    public HostSession? SpeakerOf(string host) => speakers.GetValueOrDefault(host);

    public HostSession? Session(long number) => sessions.GetValueOrDefault(number);

    /// <summary>Takes up what the store remembers.</summary>
    public void Restore(KnownHost host)
    {
        Know(host.Id, host);
        clock = Math.Max(clock, Math.Max(host.VtepSince, host.Interfaces.Items.Select(i => i.Since).DefaultIfEmpty().Max()));
    }

    /// <summary>A session shows an inventory. Returns the hosts that it touched, each with what was known of it before.</summary>
    public IReadOnlyDictionary<string, KnownHost?> Seen(long number, string peer, HostInventory inventory, PeerIdentity? identity)
    {
        if (!sessions.TryGetValue(number, out var session))
        {
            sessions.Add(number, session = new HostSession(number, peer, identity));
        }

        session.Inventory = inventory;
        var touched = new Dictionary<string, KnownHost?>();
        if (session.Host is { } before && before != inventory.SystemId)
        {
            // The host has another name now: the old one is nobody, and takes its ports with it.
            touched.Add(before, known.GetValueOrDefault(before));
            Know(before, null);
            Release(session, touched);
        }

        session.Doubt = null;
        if (inventory.SystemId is { } id && ObjectRef.IsId(id))
        {
            session.Doubt = identities.DoubtHost(id, identity);
            if (session.Doubt is null)
            {
                Speak(session, id);
            }
        }

        Learn(session, touched);
        return touched;
    }

    /// <summary>A session ended. What is known of its host stays if it had announced itself. Returns the hosts that it touched, each with what was known of it before.</summary>
    public IReadOnlyDictionary<string, KnownHost?> Gone(long number)
    {
        var touched = new Dictionary<string, KnownHost?>();
        if (sessions.Remove(number, out var session))
        {
            Release(session, touched);
        }

        return touched;
    }

    /// <summary>Forgets a host that has no session; false when it has one or is unknown.</summary>
    public bool Forget(string host)
    {
        if (speakers.ContainsKey(host) || !known.ContainsKey(host))
        {
            return false;
        }

        Know(host, null);
        return true;
    }

    /// <summary>A host that is away has a port no more: it has been seen elsewhere since. Returns the host with what was known of it before.</summary>
    public IReadOnlyDictionary<string, KnownHost?> Yield(string host, string port)
    {
        var before = known[host];
        Know(host, before with { Interfaces = before.Interfaces.Where(i => i.PortId != port).ToEquatableArray() });
        return new Dictionary<string, KnownHost?> { [host] = before };
    }

    /// <summary>The first host that announced a VTEP address, when it is not this one.</summary>
    public KnownHost? RivalOf(KnownHost host)
    {
        var first = HostsAt(host.Vtep).Select(id => known[id]).MinBy(h => (h.VtepSince, h.Id));
        return first is null || first.Id == host.Id ? null : first;
    }

    /// <summary>The hosts that announce a VTEP address.</summary>
    public IReadOnlyCollection<string> HostsAt(IpAddress? vtep) => vtep is { } address && byVtep.TryGetValue(address, out var found) ? found : [];

    /// <summary>The first session that claims a host which another session speaks for.</summary>
    public HostSession? PretenderOf(string host) =>
        sessions.Values.Where(s => s.Host is null && s.Doubt is null && s.Inventory.SystemId == host).MinBy(s => s.Number);

    /// <summary>
    /// The host of a datapath, or null. Of several that were seen with it, one that speaks now, the first of these; while none
    /// of them does nobody knows, and the switch is left as it is.
    /// </summary>
    public KnownHost? OwnerOf(DatapathId datapath)
    {
        var hosts = HostsOf(datapath).Where(h => identities.MayOwn(h, datapath)).ToList();
        return hosts.Count == 1
            ? known[hosts[0]]
            : hosts.Where(speakers.ContainsKey).Select(id => known[id]).MinBy(h => (h.VtepSince, h.Id));
    }

    /// <summary>The hosts that were seen with a datapath.</summary>
    public IReadOnlyCollection<string> HostsOf(DatapathId datapath) => byDatapath.TryGetValue(datapath, out var found) ? found : [];

    private void Speak(HostSession session, string id)
    {
        if (speakers.TryGetValue(id, out var speaker) && speaker != session)
        {
            if (session.Identity is not null && speaker.Identity is null)
            {
                speaker.Host = null;
                speaker.Doubt = "a host with a certificate has its system-id";
                session.Host = id;
                speakers[id] = session;
                return;
            }

            if (speaker.Number > session.Number
                || (speaker.Identity is not null && session.Identity is null)
                || speaker.Inventory.RemoteAddress is null
                || speaker.Inventory.RemoteAddress != session.Inventory.RemoteAddress)
            {
                return;
            }

            // The same machine has come back before we noticed that its old session is dead.
            speaker.Host = null;
            sessions.Remove(speaker.Number);
        }

        session.Host = id;
        speakers[id] = session;
    }

    private void Know(string id, KnownHost? host)
    {
        var before = known.GetValueOrDefault(id);
        Index(byDatapath, id, before?.DatapathId, host?.DatapathId);
        Index(byVtep, id, before?.Vtep, host?.Vtep);
        if (host is null)
        {
            known.Remove(id);
        }
        else
        {
            known[id] = host;
        }
    }

    private static void Index<T>(Dictionary<T, List<string>> index, string id, T? before, T? now)
        where T : struct
    {
        if (Nullable.Equals(before, now))
        {
            return;
        }

        if (before is { } old)
        {
            var rest = index[old];
            rest.Remove(id);
            if (rest.Count == 0)
            {
                index.Remove(old);
            }
        }

        if (now is { } next)
        {
            if (!index.TryGetValue(next, out var ids))
            {
                index.Add(next, ids = []);
            }

            ids.Add(id);
        }
    }

    private void Learn(HostSession session, Dictionary<string, KnownHost?> touched)
    {
        if (session.Host is not { } id)
        {
            return;
        }

        var before = known.GetValueOrDefault(id);
        touched.TryAdd(id, before);
        Know(id, KnownHost.From(id, session.Inventory, before, ++clock));
    }

    private void Release(HostSession session, Dictionary<string, KnownHost?> touched)
    {
        if (session.Host is not { } id)
        {
            return;
        }

        session.Host = null;
        speakers.Remove(id);
        touched.TryAdd(id, known.GetValueOrDefault(id));
        if (PretenderOf(id) is { } next)
        {
            Speak(next, id);
            Learn(next, touched);
        }
        else if (known.GetValueOrDefault(id) is { Vtep: null })
        {
            Know(id, null);
        }
    }
}
