using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Fabric.Planning;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>A fabric's machine with a store in memory, a clock that stands until it is moved, and a reconcile loop for each switch.</summary>
internal sealed class FabricBench(SecuredSides secured = default)
{
    private readonly SortedDictionary<string, StoreEntry> store = new(StringComparer.Ordinal);
    private readonly Dictionary<DatapathId, (SwitchNeeds Needs, Dictionary<NeedKey, Need> Held)> loops = [];
    private readonly HashSet<DatapathId> woken = [];
    private long revision;

    public FabricMachine Machine { get; private set; } = new(new StoreListing(0, []), secured: secured);

    public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>What the last <see cref="Settle"/> asked for.</summary>
    public Effects Last { get; private set; } = new([], [], [], [], false, []);

    public IReadOnlyDictionary<string, StoreEntry> Store => store;

    public StoreListing Listing => new(revision, [.. store.Values]);

    /// <summary>Judges, commits and settles a command that must be accepted.</summary>
    public Judgement Do(FabricCommand command)
    {
        var judgement = Judge.Of(Machine.Intent, command);
        Assert.Null(judgement.Refused);
        Batch(command);
        Settle();
        return judgement;
    }

    /// <summary>Judges commands one on the other and commits them as one revision, without settling.</summary>
    public void Batch(params IReadOnlyList<FabricCommand> commands)
    {
        var intent = Machine.Intent;
        var judgements = new List<Judgement>();
        foreach (var command in commands)
        {
            var judgement = Judge.Of(intent, command);
            if (judgement.Refused is null && !judgement.ChangesNothing)
            {
                judgements.Add(judgement);
                intent = judgement.Intent;
            }
        }

        Commit(judgements);
        foreach (var command in commands.OfType<DeleteCommand>().Where(c => c.Kind == ResourceKind.Switch))
        {
            Machine.Forget(command.Id);
        }
    }

    /// <summary>What to change on a session's host so that it is part of the fabric.</summary>
    public ImmutableArray<HostChange> Join(long session, Func<IpAddress?, string> target) =>
        Machine.HostPlans(session, target) is [{ Changes: var join }, ..] ? join : [];

    public ImmutableArray<Problem> Refused(FabricCommand command, OutcomeKind kind)
    {
        var judgement = Judge.Of(Machine.Intent, command);
        Assert.NotNull(judgement.Refused);
        Assert.Equal(kind, judgement.Refused.Kind);
        Assert.Same(Machine.Intent, judgement.Intent);
        return judgement.Refused.Problems;
    }

    public void Settle()
    {
        Last = Machine.Settle(Now);
        woken.UnionWith(Last.Wake);
        if (Last.Put.IsEmpty && Last.Delete.IsEmpty)
        {
            return;
        }

        revision++;
        foreach (var put in Last.Put)
        {
            Put(put.Key, put.Value);
        }

        foreach (var key in Last.Delete)
        {
            Assert.True(store.Remove(key), $"{key} was never stored");
        }
    }

    /// <summary>Settles until no host passes on what comes for a port that has left it: a controller that begins anew knows nothing of that.</summary>
    public void SettleMoves()
    {
        for (Settle(); Last.Deadline is { } deadline; Settle())
        {
            Now = deadline;
        }
    }

    /// <summary>The controller ends and begins anew with what is stored; sessions and connections are gone.</summary>
    public void Restart()
    {
        Machine = new FabricMachine(Listing, secured: secured);
        loops.Clear();
        woken.Clear();
        Settle();
    }

    /// <summary>Begins with the records of another store.</summary>
    public void Begin(StoreListing listing)
    {
        revision = listing.Revision;
        foreach (var entry in listing.Entries)
        {
            store[entry.Key] = entry;
        }

        Machine = new FabricMachine(listing, secured: secured);
        Settle();
    }

    public void HostSeen(long session, HostInventory inventory, string? peer = null, PeerIdentity? identity = null)
    {
        Machine.HostSeen(session, peer ?? $"{inventory.RemoteAddress}:{session}", inventory, identity);
        Settle();
    }

    public void HostGone(long session)
    {
        Machine.HostGone(session);
        Settle();
    }

    public void SwitchUp(DatapathId datapath, PeerIdentity? identity = null)
    {
        Machine.SwitchUp(new SwitchSighting(datapath, "192.0.2.200:40000", "Open vSwitch", identity));
        woken.Add(datapath);
        Settle();
    }

    public void SwitchDown(DatapathId datapath)
    {
        Machine.SwitchDown(datapath, "the connection ended");
        loops.Remove(datapath);
        woken.Remove(datapath);
        Settle();
    }

    /// <summary>A pass of a switch's loop up to its barrier (which may not be answered yet); what it was told, or null when the switch is not ours to program.</summary>
    public ImmutableArray<NeedChange>? Pass(DatapathId datapath, bool confirm = true)
    {
        if (confirm)
        {
            woken.Remove(datapath);
        }

        var told = loops.GetValueOrDefault(datapath);
        if (Machine.Take(datapath, told.Needs) is not { } work)
        {
            loops.Remove(datapath);
            return null;
        }

        var held = work.Needs == told.Needs ? told.Held : [];
        loops[datapath] = (work.Needs, held);
        foreach (var (key, need) in work.Changes)
        {
            if (need is null)
            {
                held.Remove(key);
            }
            else
            {
                Assert.Equal(key, need.Key);
                held[key] = need;
            }
        }

        if (confirm)
        {
            Machine.Confirmed(datapath, work.Needs, work.Generation, new SwitchHolding(held.Count, 0, 0));
            Settle();
        }

        return work.Changes;
    }

    /// <summary>Passes of the switches that were woken, until none is.</summary>
    public void PassAll()
    {
        while (woken.Count > 0)
        {
            Pass(woken.First());
        }
    }

    /// <summary>What a switch was told so far, in an order that does not depend on how it came about.</summary>
    public string[] Held(DatapathId datapath) =>
        loops.TryGetValue(datapath, out var loop) ? [.. loop.Held.Values.Select(n => n.ToString()!).Order(StringComparer.Ordinal)] : [];

    /// <summary>The needs that a switch was told.</summary>
    public IReadOnlyCollection<Need> Needs(DatapathId datapath) => loops.TryGetValue(datapath, out var loop) ? loop.Held.Values : [];

    public Resource Get(ResourceKind kind, string id) => Machine.Snapshot.Of(kind)[id];

    public Condition Condition(ResourceKind kind, string id, ConditionType type) => Get(kind, id).Status.Conditions.Single(c => c.Type == type);

    public PortStatus PortStatus(string id) => (PortStatus)Get(ResourceKind.Port, id).Status;

    public Port Port(string id) => Machine.Intent.Ports[id];

    private void Commit(IReadOnlyList<Judgement> judgements)
    {
        if (judgements.All(j => j.ChangesNothing))
        {
            return;
        }

        revision++;
        foreach (var judgement in judgements)
        {
            foreach (var value in judgement.Changed)
            {
                Put(Records.KeyOf(FabricMachine.RefOf(value).Kind, value.Id), Records.Write(value));
            }

            foreach (var (kind, id) in judgement.Removed)
            {
                store.Remove(Records.KeyOf(kind, id));
            }
        }

        Machine.Committed(revision, judgements);
    }

    private void Put(string key, ReadOnlyMemory<byte> value)
    {
        var old = store.GetValueOrDefault(key);
        store[key] = new StoreEntry(key, value, revision, old?.CreateRevision ?? revision, (old?.Version ?? 0) + 1);
    }
}
