using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline;

/// <summary>
/// The difference between what a switch should hold and what it holds. Everything on <c>br-int</c> is ours but for the side
/// tables; what nobody wants goes, unless it may belong to something that is not yet known.
/// </summary>
public static class FlowPlan
{
    /// <summary>Compares everything: after a connect, and whenever what changed is not remembered.</summary>
    /// <param name="actual">What the switch holds.</param>
    /// <param name="wanted">What it should hold.</param>
    /// <param name="isUnknownYet">Whether what there is under a cookie is not yet known in full: its rules are added to and not deleted.</param>
    public static TablesChange Between(KnownTables actual, SwitchPlan wanted, Predicate<Cookie>? isUnknownYet = null)
    {
        var plan = new Pass(actual, wanted, isUnknownYet ?? (_ => false));
        foreach (var key in wanted.Flows.Keys)
        {
            plan.Compare(key);
        }

        foreach (var key in actual.Flows.Keys)
        {
            if (!wanted.Flows.ContainsKey(key))
            {
                plan.Compare(key);
            }
        }

        plan.KeepWhatIsUsed();
        plan.CompareGroups(wanted.Groups.Keys.Union(actual.Groups.Keys));
        plan.CompareMeters(wanted.Meters.Keys.Union(actual.Meters.Keys));
        return plan.ToChange();
    }

    /// <summary>Compares what has changed since the two were equal: the cost is that of the change.</summary>
    /// <param name="actual">What the switch is known to hold.</param>
    /// <param name="wanted">What it should hold.</param>
    /// <param name="changed">From <see cref="SwitchPlan.Since"/>.</param>
    /// <param name="isUnknownYet">As in <see cref="Between"/>. Once something becomes known, <see cref="Between"/> finds what had been held.</param>
    public static TablesChange Of(KnownTables actual, SwitchPlan wanted, ChangedKeys changed, Predicate<Cookie>? isUnknownYet = null)
    {
        var plan = new Pass(actual, wanted, isUnknownYet ?? (_ => false));
        foreach (var key in changed.Flows)
        {
            plan.Compare(key);
        }

        plan.CompareGroups(changed.Groups);
        plan.CompareMeters(changed.Meters);
        return plan.ToChange();
    }

    private sealed class Pass(KnownTables actual, SwitchPlan wanted, Predicate<Cookie> isUnknownYet)
    {
        private readonly List<FlowRule> add = [];
        private readonly List<FlowKey> delete = [];
        private readonly List<Group> addGroups = [];
        private readonly List<Group> modifyGroups = [];
        private readonly List<uint> deleteGroups = [];
        private readonly List<Meter> addMeters = [];
        private readonly List<Meter> modifyMeters = [];
        private readonly List<uint> deleteMeters = [];
        private readonly HashSet<uint> usedGroups = [];
        private readonly HashSet<uint> usedMeters = [];

        /// <summary>Groups and meters of flows that stay although nobody wants them stay too: deleting one would delete its flows.</summary>
        public void KeepWhatIsUsed()
        {
            foreach (var flow in actual.Flows.Values)
            {
                if (wanted.Flows.ContainsKey(flow.Key) || (Tables.IsOwned(flow.Table) && !IsHeld(flow.Cookie)))
                {
                    continue;
                }

                if (flow.Meter is { } meter)
                {
                    usedMeters.Add(meter);
                }

                Use(flow.Apply);
                Use(flow.Write);
            }
        }

        public void Compare(FlowKey key)
        {
            var present = actual.Flows.GetValueOrDefault(key);
            if (wanted.Flows.TryGetValue(key, out var should))
            {
                if (should != present)
                {
                    add.Add(should);
                }
            }
            else if (present is not null && Tables.IsOwned(key.Table) && !IsHeld(present.Cookie))
            {
                delete.Add(key);
            }
        }

        public void CompareGroups(IEnumerable<uint> ids)
        {
            foreach (var id in ids)
            {
                var held = IsHeldGroup(id);
                var present = actual.Groups.GetValueOrDefault(id);
                if (wanted.Groups.TryGetValue(id, out var should))
                {
                    if (present is null)
                    {
                        addGroups.Add(should);
                    }
                    else if ((held ? Join(should, present) : should) is var joined && joined != present)
                    {
                        modifyGroups.Add(joined);
                    }
                }
                else if (present is not null && !held && !usedGroups.Contains(id))
                {
                    deleteGroups.Add(id);
                }
            }
        }

        public void CompareMeters(IEnumerable<uint> ids)
        {
            foreach (var id in ids.Where(Numbering.IsOrdinaryMeter))
            {
                var present = actual.Meters.GetValueOrDefault(id);
                if (wanted.Meters.TryGetValue(id, out var should))
                {
                    if (present is null)
                    {
                        addMeters.Add(should);
                    }
                    else if (should != present)
                    {
                        modifyMeters.Add(should);
                    }
                }
                else if (present is not null && !usedMeters.Contains(id) && !isUnknownYet(Numbering.OwnerOfMeter(id)))
                {
                    deleteMeters.Add(id);
                }
            }
        }

        /// <summary>Ordered by key, so that equal states give equal messages.</summary>
        public TablesChange ToChange() => new()
        {
            MetersToAdd = [.. addMeters.OrderBy(m => m.Id)],
            MetersToModify = [.. modifyMeters.OrderBy(m => m.Id)],
            GroupsToAdd = [.. addGroups.OrderBy(g => g.Id)],
            GroupsToModify = [.. modifyGroups.OrderBy(g => g.Id)],
            FlowsToAddOrModify = [.. add.OrderBy(f => f.Table).ThenByDescending(f => f.Priority)],
            FlowsToDeleteStrict = [.. delete.OrderBy(k => k.Table).ThenByDescending(k => k.Priority)],
            GroupsToDelete = [.. deleteGroups.Order()],
            MetersToDelete = [.. deleteMeters.Order()],
        };

        private void Use(EquatableArray<FlowAction> actions)
        {
            foreach (var action in actions)
            {
                if (action is CloneAction clone)
                {
                    Use(clone.Actions);
                }
                else if (action is GroupAction { Group: var id } && usedGroups.Add(id) && actual.Groups.TryGetValue(id, out var group))
                {
                    foreach (var bucket in group.Buckets)
                    {
                        Use(bucket.Actions);
                    }
                }
            }
        }

        /// <summary>A network's flows to both groups are those of its flood need: while that is unknown, both stay.</summary>
        private bool IsHeldGroup(uint id)
        {
            var owner = Numbering.OwnerOfGroup(id);
            return isUnknownYet(owner) || isUnknownYet(owner with { Kind = NeedKind.LocalFlood });
        }

        private bool IsHeld(ulong value) => Cookie.TryRead(value, out var cookie) && isUnknownYet(cookie);

        /// <summary>What is wanted, and of what is there the buckets that may yet be wanted. What is there already comes first, so that nothing new changes nothing.</summary>
        private static Group Join(Group should, Group present) => should.Type != present.Type
            ? should
            : present with { Buckets = [.. present.Buckets.Union(should.Buckets)] };
    }
}
