using System.Collections.Immutable;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>A need that a switch has from now on, or (null) has no more.</summary>
public readonly record struct NeedChange(NeedKey Key, Need? Need);

/// <summary>How much a switch holds, as a barrier confirmed it.</summary>
public readonly record struct SwitchHolding(int Flows, int Groups, int Meters);

/// <summary>The needs of one switch: which of them its reconcile loop has not been told, and for which objects no barrier has confirmed the last change.</summary>
public sealed class SwitchNeeds
{
    private readonly string host;
    private readonly PlanNews news;
    private readonly Dictionary<NeedKey, (Need Need, ObjectRef Owner)> needs;
    private readonly Dictionary<NeedKey, Need?> untold = [];
    private readonly Dictionary<ObjectRef, long> pending = [];
    private HashSet<Cookie>? dropped;

    internal SwitchNeeds(string host, PlanNews news)
        : this(host, news, [], 0)
    {
    }

    private SwitchNeeds(string host, PlanNews news, Dictionary<NeedKey, (Need Need, ObjectRef Owner)> needs, long generation)
    {
        (this.host, this.news, this.needs, Generation) = (host, news, needs, generation);
        news.Hosts.Add(host);
    }

    /// <summary>Counts the changes; the switch is as it should be when this number is confirmed.</summary>
    public long Generation { get; private set; }

    /// <summary>The highest generation that a barrier confirmed; -1 before the first.</summary>
    public long Confirmed { get; private set; } = -1;

    public SwitchHolding Holding { get; private set; }

    /// <summary>Whether the switch still has to confirm something of the object.</summary>
    public bool IsPending(ObjectRef subject) => Confirmed < 0 || pending.ContainsKey(subject);

    /// <summary>The same, but what has never been confirmed at all does not count.</summary>
    public bool IsWaitingFor(ObjectRef subject) => pending.ContainsKey(subject);

    /// <summary>
    /// While not all is known that the switch needs: whose rules may belong to what is not yet known. What was cleared since is
    /// known to be gone. Null when everything is known. The answer holds for now and may be used by another thread.
    /// </summary>
    public Predicate<Cookie>? IsUnknownYet
    {
        get
        {
            if (dropped is null)
            {
                return null;
            }

            var gone = dropped.ToHashSet();
            return cookie => cookie.Kind is NeedKind.RemoteHost or NeedKind.Vtep or NeedKind.LocalFlood or NeedKind.RemoteFlood && !gone.Contains(cookie);
        }
    }

    /// <summary>From now on not all is known, or again all.</summary>
    internal void Hold(bool holds) => dropped = holds ? dropped ?? [] : null;

    /// <summary>The same needs for another bridge in place of the former: it has been told nothing and has confirmed nothing.</summary>
    internal SwitchNeeds ForAnotherBridge() => new(host, news, needs, Generation) { dropped = dropped is null ? null : [] };

    /// <summary>Sets a need that an object owns, on behalf of others too.</summary>
    internal void Set(Need need, ObjectRef owner, params ReadOnlySpan<ObjectRef> others)
    {
        dropped?.Remove(need.Cookie);
        if (!needs.TryGetValue(need.Key, out var old) || !old.Need.Equals(need))
        {
            needs[need.Key] = (need, owner);
            Tell(need.Key, need, owner, others);
        }
        else if (old.Owner != owner)
        {
            // Nothing changes on the switch, but the new owner waits for what the former one still waited for.
            needs[need.Key] = (need, owner);
            if (pending.TryGetValue(old.Owner, out var generation))
            {
                Wait(owner, Math.Max(generation, pending.GetValueOrDefault(owner)));
            }
        }
    }

    /// <summary>Drops exactly this need if the object still owns it. Another one under its key stays, and so does one that another object has taken over.</summary>
    internal void Clear(Need need, ObjectRef owner, params ReadOnlySpan<ObjectRef> others)
    {
        if (needs.TryGetValue(need.Key, out var old) && old.Owner == owner && old.Need.Equals(need))
        {
            needs.Remove(need.Key);
            dropped?.Add(need.Cookie);
            Tell(need.Key, null, owner, others);
        }
    }

    /// <summary>What changed since the last call, and the generation that this leads to.</summary>
    public (long Generation, ImmutableArray<NeedChange> Changes) Take()
    {
        var changes = untold.Select(c => new NeedChange(c.Key, c.Value)).ToImmutableArray();
        untold.Clear();
        return (Generation, changes);
    }

    /// <summary>All needs, for a loop that knows nothing yet.</summary>
    public (long Generation, ImmutableArray<NeedChange> Changes) TakeAll()
    {
        untold.Clear();
        return (Generation, [.. needs.Select(n => new NeedChange(n.Key, n.Value.Need))]);
    }

    /// <summary>The object that each need serves, by the cookie of its rules; what every switch has serves none.</summary>
    public IReadOnlyDictionary<ulong, string> NamesOfCookies()
    {
        var names = new Dictionary<ulong, string>();
        foreach (var (need, owner) in needs.Values)
        {
            if (need is not BaseNeed)
            {
                names.TryAdd(need.Cookie.Value, owner.ToString());
            }
        }

        return names;
    }

    /// <summary>A barrier confirmed everything up to a generation. Returns the objects that wait for nothing more here.</summary>
    public ImmutableArray<ObjectRef> Confirm(long generation, SwitchHolding holding)
    {
        Holding = holding;
        Confirmed = Math.Max(Confirmed, generation);
        var done = pending.Where(p => p.Value <= generation).Select(p => p.Key).ToImmutableArray();
        foreach (var subject in done)
        {
            pending.Remove(subject);
        }

        return done;
    }

    private void Tell(NeedKey key, Need? need, ObjectRef owner, ReadOnlySpan<ObjectRef> others)
    {
        untold[key] = need;
        Generation++;
        news.Hosts.Add(host);
        Wait(owner, Generation);
        foreach (var other in others)
        {
            Wait(other, Generation);
        }
    }

    private void Wait(ObjectRef subject, long generation)
    {
        pending[subject] = generation;
        news.Objects.Add(subject);
    }
}
