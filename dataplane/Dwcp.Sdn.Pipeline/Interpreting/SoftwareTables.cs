using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>
/// The flows, groups and meters of a switch in memory, changed as Open vSwitch changes its own: a replaced flow starts to
/// count anew, deleting a group or a meter deletes the flows that use it, and a bundle takes effect whole or not at all.
/// </summary>
public sealed class SoftwareTables
{
    private readonly Dictionary<FlowKey, FlowEntry> flows = [];
    private readonly Dictionary<uint, Group> groups = [];
    private readonly Dictionary<uint, Meter> meters = [];
    private readonly TupleSpace[] tables = [.. Enumerable.Range(0, 255).Select(_ => new TupleSpace())];
    private readonly Stack<Action> undo = new();

    public IReadOnlyDictionary<FlowKey, FlowEntry> Flows => flows;

    public IReadOnlyDictionary<uint, Group> Groups => groups;

    public IReadOnlyDictionary<uint, Meter> Meters => meters;

    /// <summary>Carries out one change; null when it was done.</summary>
    public RefusedMod? Apply(TableMod mod) => ApplyBundle([mod]);

    /// <summary>Carries out changes in their order, all or none; the first that is refused when none was. A meter change in a bundle is a mistake of the caller (ONF extension 230 allows none).</summary>
    public RefusedMod? ApplyBundle(IReadOnlyList<TableMod> mods)
    {
        if (mods.Count > 1 && mods.Any(m => m is MeterMod))
        {
            throw new ArgumentException("a meter cannot be changed in a bundle", nameof(mods));
        }

        undo.Clear();
        foreach (var mod in mods)
        {
            var error = mod switch
            {
                FlowMod flow => Apply(flow),
                GroupMod group => Apply(group),
                MeterMod meter => Apply(meter),
                _ => throw new ArgumentException($"{mod.GetType().Name} is no change that this switch knows", nameof(mods)),
            };
            if (error is { } why)
            {
                while (undo.TryPop(out var back))
                {
                    back();
                }

                return new RefusedMod(mod, why);
            }
        }

        return null;
    }

    /// <summary>Carries out a planned change in the order of <see cref="ISwitchTables.ApplyAsync"/>.</summary>
    public RefusedMod? Apply(TablesChange change)
    {
        var before = change.MetersToAdd.Select(m => new MeterMod(TableCommand.Add, m))
            .Concat(change.MetersToModify.Select(m => new MeterMod(TableCommand.Modify, m)));
        TableMod[] bundle =
        [
            .. change.GroupsToAdd.Select(g => new GroupMod(TableCommand.Add, g)),
            .. change.GroupsToModify.Select(g => new GroupMod(TableCommand.Modify, g)),
            .. change.FlowsToAddOrModify.Select(f => new FlowMod(FlowCommand.Add, f)),
            .. change.FlowsToDeleteStrict.Select(k => new FlowMod(FlowCommand.DeleteStrict, new FlowRule(k, 0))),
            .. change.GroupsToDelete.Select(id => new GroupMod(TableCommand.Delete, new Group(id, GroupType.All, []))),
        ];
        var after = change.MetersToDelete.Select(id => new MeterMod(TableCommand.Delete, new Meter(id, MeterFlags.None, [])));

        foreach (var step in before.Select(m => (TableMod[])[m]).Append(bundle).Concat(after.Select(m => (TableMod[])[m])))
        {
            if (ApplyBundle(step) is { } refused)
            {
                return refused;
            }
        }

        return null;
    }

    /// <summary>What the switch holds, as a controller reads it.</summary>
    public SwitchTables Read() => new(
        [.. flows.Values.Select(e => e.Rule)],
        [.. groups.Values],
        [.. meters.Values]);

    /// <summary>The flow of the highest priority that matches the packet, or null.</summary>
    internal FlowEntry? Find(byte table, Packet packet) => tables[table].Find(packet);

    private ModError? Apply(FlowMod mod)
    {
        var rule = FlowNormal.Of(mod.Rule);
        if (!rule.Match.Opaque.IsEmpty)
        {
            return ModError.BadField;
        }

        if (rule.Match.MissingPrerequisite() is not null)
        {
            return ModError.BadPrerequisite;
        }

        if (mod.Command is FlowCommand.Delete or FlowCommand.DeleteStrict)
        {
            foreach (var entry in Selected(mod, rule))
            {
                Remove(entry);
            }

            return null;
        }

        if (Check(rule) is { } error)
        {
            return error;
        }

        if (mod.Command == FlowCommand.Add)
        {
            return Add(mod, rule);
        }

        foreach (var entry in Selected(mod, rule))
        {
            var old = entry.Rule;
            entry.Rule = rule with { Key = old.Key, Cookie = old.Cookie, IdleTimeout = old.IdleTimeout, HardTimeout = old.HardTimeout, Flags = old.Flags };
            undo.Push(() => entry.Rule = old);
        }

        return null;
    }

    private ModError? Add(FlowMod mod, FlowRule rule)
    {
        if (mod.Rule.Flags.HasFlag(FlowFlags.CheckOverlap)
            && flows.Values.Any(e => e.Rule.Table == rule.Table && e.Rule.Priority == rule.Priority && e.Rule.Key != rule.Key && Overlap(e.Rule.Match, rule.Match)))
        {
            return ModError.Overlap;
        }

        if (flows.TryGetValue(rule.Key, out var old))
        {
            Remove(old);
        }

        Insert(new FlowEntry(rule));
        return null;
    }

    private ModError? Apply(GroupMod mod)
    {
        var group = FlowNormal.Of(mod.Group);
        switch (mod.Command)
        {
            case TableCommand.Add when groups.ContainsKey(group.Id):
                return ModError.GroupExists;
            case TableCommand.Modify when !groups.ContainsKey(group.Id):
                return ModError.UnknownGroup;
            case TableCommand.Delete:
                foreach (var id in group.Id == GroupMod.All ? [.. groups.Keys] : (uint[])[group.Id])
                {
                    Delete(id);
                }

                return null;
        }

        foreach (var bucket in group.Buckets)
        {
            if (Check(bucket.Actions) is { } error)
            {
                return error;
            }
        }

        var old = groups.GetValueOrDefault(group.Id);
        groups[group.Id] = group;
        undo.Push(() => Restore(groups, group.Id, old));
        return Reaches(group, group.Id, []) ? ModError.GroupLoop : null;
    }

    private ModError? Apply(MeterMod mod)
    {
        var id = mod.Meter.Id;
        if (mod.Command == TableCommand.Delete)
        {
            foreach (var one in id == MeterMod.All ? [.. meters.Keys] : (uint[])[id])
            {
                foreach (var entry in flows.Values.Where(e => e.Rule.Meter == one).ToArray())
                {
                    Remove(entry);
                }

                meters.Remove(one);
            }

            return null;
        }

        if (id is 0 or > 0xffff_0000 and not (Meter.Slowpath or Meter.Controller))
        {
            return ModError.InvalidMeter;
        }

        if (meters.ContainsKey(id) != (mod.Command == TableCommand.Modify))
        {
            return mod.Command == TableCommand.Modify ? ModError.UnknownMeter : ModError.MeterExists;
        }

        meters[id] = mod.Meter;
        return null;
    }

    private void Delete(uint id)
    {
        if (!groups.Remove(id, out var old))
        {
            return;
        }

        undo.Push(() => groups[id] = old);
        foreach (var entry in flows.Values.Where(e => Uses(e.Rule.Apply, id) || Uses(e.Rule.Write, id)).ToArray())
        {
            Remove(entry);
        }
    }

    private FlowEntry[] Selected(FlowMod mod, FlowRule rule)
    {
        IEnumerable<FlowEntry> found = mod.Command is FlowCommand.ModifyStrict or FlowCommand.DeleteStrict
            ? flows.TryGetValue(rule.Key, out var one) ? [one] : []
            : flows.Values.Where(e => (mod.AllTables || e.Rule.Table == rule.Table) && IsWithin(e.Rule.Match, rule.Match));
        return [.. found.Where(e =>
            ((e.Rule.Cookie ^ rule.Cookie) & mod.CookieMask) == 0
            && (mod.OutGroup is not { } group || Uses(e.Rule.Apply, group) || Uses(e.Rule.Write, group)))];
    }

    private ModError? Check(FlowRule rule)
    {
        if (!rule.OpaqueInstructions.IsEmpty)
        {
            return ModError.UnknownInstruction;
        }

        if (rule.Table > 254 || rule.Goto <= rule.Table || rule.Goto > 254)
        {
            return ModError.BadTable;
        }

        if (rule.Meter is { } meter && !meters.ContainsKey(meter))
        {
            return ModError.UnknownMeter;
        }

        return Check(rule.Apply) ?? Check(rule.Write);
    }

    private ModError? Check(IEnumerable<FlowAction> actions)
    {
        foreach (var action in actions)
        {
            ModError? error = action switch
            {
                GroupAction group when !groups.ContainsKey(group.Group) => ModError.BadOutGroup,
                SetFieldAction { Field.IsWritable: false } => ModError.BadSetArgument,
                MoveAction { To.Field.IsWritable: false } => ModError.BadSetArgument,
                ControllerAction { Meter: { } meter } when !meters.ContainsKey(meter) => ModError.UnknownMeter,
                CloneAction clone => Check(clone.Actions),
                _ => null,
            };
            if (error is not null)
            {
                return error;
            }
        }

        return null;
    }

    private bool Reaches(Group from, uint target, HashSet<uint> seen)
    {
        foreach (var action in from.Buckets.SelectMany(b => b.Actions).OfType<GroupAction>())
        {
            if (action.Group == target || (seen.Add(action.Group) && Reaches(groups[action.Group], target, seen)))
            {
                return true;
            }
        }

        return false;
    }

    private void Insert(FlowEntry entry)
    {
        flows[entry.Rule.Key] = entry;
        tables[entry.Rule.Table].Add(entry);
        undo.Push(() => Take(entry));
    }

    private void Remove(FlowEntry entry)
    {
        Take(entry);
        undo.Push(() =>
        {
            flows[entry.Rule.Key] = entry;
            tables[entry.Rule.Table].Add(entry);
        });
    }

    private void Take(FlowEntry entry)
    {
        flows.Remove(entry.Rule.Key);
        tables[entry.Rule.Table].Remove(entry);
    }

    private static bool Uses(IEnumerable<FlowAction> actions, uint group) =>
        actions.Any(a => a is GroupAction g ? g.Group == group : a is CloneAction c && Uses(c.Actions, group));

    /// <summary>Whether every packet of the one is a packet of the other (OpenFlow 1.3.5 §6.4, non-strict).</summary>
    internal static bool IsWithin(Match inner, Match outer) => outer.Fields.All(o =>
        inner.Find(o.Field) is { } i && (i.Mask & o.Mask) == o.Mask && (i.Value & o.Mask) == o.Value);

    private static bool Overlap(Match one, Match other) => one.Fields.All(a =>
        other.Find(a.Field) is not { } b || ((a.Value ^ b.Value) & a.Mask & b.Mask) == UInt128.Zero);

    private static void Restore<T>(Dictionary<uint, T> map, uint id, T? old)
        where T : class
    {
        if (old is null)
        {
            map.Remove(id);
        }
        else
        {
            map[id] = old;
        }
    }
}
