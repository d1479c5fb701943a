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
    private readonly Dictionary<NeedKey, (Need Need, ObjectRef Subject)> needs = [];
    private readonly Dictionary<NeedKey, Need?> untold = [];
    private readonly Dictionary<ObjectRef, long> pending = [];

    /// <summary>Counts the changes; the switch is as it should be when this number is confirmed.</summary>
    public long Generation { get; private set; }

    /// <summary>The highest generation that a barrier confirmed; -1 before the first.</summary>
    public long Confirmed { get; private set; } = -1;

    public SwitchHolding Holding { get; private set; }

    public bool HasUntold => untold.Count > 0;

    /// <summary>Whether the switch still has to confirm something of the object.</summary>
    public bool IsPending(ObjectRef subject) => Confirmed < 0 || pending.ContainsKey(subject);

    /// <summary>Sets a need on behalf of objects, of which the last gives it its name.</summary>
    public void Set(Need need, params IEnumerable<ObjectRef> subjects)
    {
        if (!needs.TryGetValue(need.Key, out var old) || !old.Need.Equals(need))
        {
            needs[need.Key] = (need, subjects.Last());
            Tell(need.Key, need, subjects);
        }
    }

    /// <summary>Drops exactly this need; another one under its key stays.</summary>
    public void Clear(Need need, params IEnumerable<ObjectRef> subjects)
    {
        if (needs.TryGetValue(need.Key, out var old) && old.Need.Equals(need))
        {
            needs.Remove(need.Key);
            Tell(need.Key, null, subjects);
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

    /// <summary>The object that each need serves, by the cookie of its rules.</summary>
    public IReadOnlyDictionary<ulong, string> NamesOfCookies()
    {
        var names = new Dictionary<ulong, string>();
        foreach (var (need, subject) in needs.Values)
        {
            names.TryAdd(need.Cookie.Value, subject.ToString());
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

    private void Tell(NeedKey key, Need? need, IEnumerable<ObjectRef> subjects)
    {
        untold[key] = need;
        Generation++;
        foreach (var subject in subjects)
        {
            pending[subject] = Generation;
        }
    }
}
