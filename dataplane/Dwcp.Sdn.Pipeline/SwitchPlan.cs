using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline;

/// <summary>
/// What one switch should hold: the needs set so far and their rules. A change recompiles one need and touches only its rules.
/// Where needs say different things of one key, the lowest cookie wins, so the result does not depend on the order in which
/// needs came. It has one owner; it is not safe for several threads.
/// </summary>
public sealed class SwitchPlan
{
    private readonly Dictionary<NeedKey, (Need Need, Compiled Compiled)> needs = [];
    private readonly Contributions<FlowKey, FlowRule> flows = new(rule => rule.Cookie);
    private readonly Contributions<uint, Group> groups = new(_ => 0);
    private readonly Contributions<uint, Meter> meters = new(_ => 0);

    private readonly List<(FlowKey? Flow, uint? Group, uint? Meter)> log = [];
    private long logStart;

    /// <summary>Grows by one with every rule, group or meter that changes.</summary>
    public long Generation => logStart + log.Count;

    public IReadOnlyDictionary<FlowKey, FlowRule> Flows => flows.Winners;

    public IReadOnlyDictionary<uint, Group> Groups => groups.Winners;

    public IReadOnlyDictionary<uint, Meter> Meters => meters.Winners;

    public IEnumerable<Need> Needs => needs.Values.Select(n => n.Need);

    /// <summary>Adds a need or replaces the one of its key; false when an equal one was there.</summary>
    public bool Set(Need need)
    {
        var key = need.Key;
        var known = needs.TryGetValue(key, out var old);
        if (known && old.Need == need)
        {
            return false;
        }

        var compiled = Compiled.From(need);
        Replace(known ? old.Compiled : null, compiled);
        needs[key] = (need, compiled);
        return true;
    }

    /// <summary>Takes a need away; false when there was none.</summary>
    public bool Remove(NeedKey key)
    {
        if (!needs.Remove(key, out var old))
        {
            return false;
        }

        Replace(old.Compiled, null);
        return true;
    }

    /// <summary>The need of that key, or null.</summary>
    public Need? Find(NeedKey key) => needs.TryGetValue(key, out var found) ? found.Need : null;

    /// <summary>What changed after a generation, each key once; null when that is longer ago than is remembered, and everything has to be compared.</summary>
    public ChangedKeys? Since(long generation)
    {
        if (generation < logStart)
        {
            return null;
        }

        var changed = new ChangedKeys([], [], []);
        foreach (var (flow, group, meter) in log.Skip((int)(generation - logStart)))
        {
            if (flow is { } f)
            {
                changed.Flows.Add(f);
            }
            else if (group is { } g)
            {
                changed.Groups.Add(g);
            }
            else
            {
                changed.Meters.Add(meter!.Value);
            }
        }

        return changed;
    }

    private void Replace(Compiled? old, Compiled? now)
    {
        flows.Replace(old is null ? [] : old.Flows.Items, now is null ? [] : now.Flows.Items, r => r.Key, key => log.Add((key, null, null)));
        groups.Replace(old is null ? [] : old.Groups.Items, now is null ? [] : now.Groups.Items, g => g.Id, id => log.Add((null, id, null)));
        meters.Replace(old is null ? [] : old.Meters.Items, now is null ? [] : now.Meters.Items, m => m.Id, id => log.Add((null, null, id)));

        // Remembering more than a full comparison looks at would be no help.
        if (log.Count > 1024 + (2 * (Flows.Count + Groups.Count + Meters.Count)))
        {
            logStart += log.Count;
            log.Clear();
        }
    }
}

/// <summary>Keys of rules, groups and meters that may have changed.</summary>
public sealed record ChangedKeys(HashSet<FlowKey> Flows, HashSet<uint> Groups, HashSet<uint> Meters);
