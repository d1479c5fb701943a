namespace Dwcp.Sdn.Core.Flows;

/// <summary>
/// The one form of rules, groups and actions that do the same: a switch keeps a rule in its own form (Open vSwitch returns
/// wide registers as 32-bit ones, a VLAN TCI as VID and PCP, a masked set_field as loads, of tunnel metadata no zeros in front), so
/// what was sent and what was read back are compared in this form. Normalising twice changes nothing.
/// </summary>
public static class FlowNormal
{
    public static FlowRule Of(FlowRule rule) => rule with
    {
        Key = Of(rule.Key),
        Apply = Of(rule.Apply),
        Write = Of(rule.Write),
        Metadata = rule.Metadata is { } m ? new MetadataWrite(m.Value & m.Mask, m.Mask) : null,

        // Said once, when a flow is added; some switches return them, some do not. OpenFlow 1.3 has no importance.
        Flags = rule.Flags & ~(FlowFlags.CheckOverlap | FlowFlags.ResetCounts),
        Importance = 0,
    };

    public static FlowKey Of(FlowKey key) => key with { Match = Of(key.Match) };

    /// <summary>Wide registers become the 32-bit ones that they consist of, a VLAN TCI becomes VID and PCP.</summary>
    public static Match Of(Match match)
    {
        foreach (var f in match.Fields)
        {
            if (f.Field == Fields.VlanTci || f.Field.Width() > 1)
            {
                return Split(match);
            }
        }

        return match;
    }

    public static Group Of(Group group) => group with
    {
        Buckets = group.Buckets.Select(b => b with
        {
            Actions = Of(b.Actions),
            Weight = group.Type == GroupType.Select ? b.Weight : (ushort)0, // Has a meaning in select groups alone (§7.3.4.2).
        }).ToEquatableArray(),
    };

    /// <summary>A band without a burst of its own is the same as one with a burst of zero: the flag decides (§7.3.4.4).</summary>
    public static Meter Of(Meter meter) => meter with
    {
        Bands = meter.Bands.Select(b => (meter.Flags & MeterFlags.Burst) != 0 ? b : b with { Burst = 0 }).ToEquatableArray(),
    };

    /// <summary>Loads (but of the in-port) become set_field with a mask, neighbours that set the same field become one, and lengths that no controller sees are dropped.</summary>
    public static EquatableArray<FlowAction> Of(EquatableArray<FlowAction> actions)
    {
        var normal = new List<FlowAction>(actions.Count);
        foreach (var action in actions)
        {
            var next = Of(action);
            if (next is SetFieldAction set && normal is [.., SetFieldAction last] && last.Field == set.Field)
            {
                normal[^1] = Join(last, set);
            }
            else
            {
                normal.Add(next);
            }
        }

        return [.. normal];
    }

    private static FlowAction Of(FlowAction action) => action switch
    {
        // OFPAT_SET_FIELD may not set the in-port (OpenFlow 1.3.5 §7.2.5); Open vSwitch loads it.
        SetFieldAction { Field: var f, Mask: null } set when f == Fields.InPort => new LoadAction(f, (ulong)set.Value),
        LoadAction load when load.Target.Field == Fields.InPort => load,
        LoadAction { Target.Field.TunMetadata: { } index } load => SetTunMetadata(index, load),
        SetTunMetadataAction set => Shortest(set),
        LoadAction load => SetField(load.Target.Field, (UInt128)load.Value << load.Target.Offset, BitsOf(load.Target)),
        SetFieldAction { Mask: { } mask } set => SetField(set.Field, set.Value, mask),
        OutputAction output when output.Port != Net.PortNumber.Controller => output with { MaxLength = 0xffff },
        ControllerAction { ControllerId: 0, Reason: 1, UserData.IsEmpty: true, Pause: false, Meter: null } c =>
            new OutputAction(Net.PortNumber.Controller, c.MaxLength),
        CloneAction clone => new CloneAction(Of(clone.Actions)),
        _ => action,
    };

    /// <summary>As many octets as the field has; a load of all of it has no mask.</summary>
    private static SetTunMetadataAction SetTunMetadata(int index, LoadAction load)
    {
        var (target, octets) = (load.Target, load.Target.Field.Bytes);
        var value = Shifted(load.Value);
        var isAll = target.Bits == target.Field.Bits;
        return Shortest(new(index, value, isAll ? null : Shifted(target.Bits == 64 ? ulong.MaxValue : (1ul << target.Bits) - 1)));

        EquatableArray<byte> Shifted(ulong number) => Enumerable.Range(0, octets)
            .Select(i => (octets - 1 - i) * 8 - target.Offset)
            .Select(shift => (byte)(shift is <= -8 or >= 64 ? 0 : shift < 0 ? number << -shift : number >> shift))
            .ToEquatableArray();
    }

    /// <summary>Without the octets in front that are zero in both value and mask, as Open vSwitch returns it.</summary>
    private static SetTunMetadataAction Shortest(SetTunMetadataAction set)
    {
        var mask = set.Mask;
        var value = mask is { } bits ? set.Value.Select((octet, i) => (byte)(octet & bits[i])).ToEquatableArray() : set.Value;
        var skip = 0;
        while (skip < value.Count - 1 && value[skip] == 0 && (mask is null || mask.Value[skip] == 0))
        {
            skip++;
        }

        return new(set.Index, value.Skip(skip).ToEquatableArray(), mask?.Skip(skip).ToEquatableArray());
    }

    private static UInt128 BitsOf(FieldBits target) =>
        (target.Bits == 128 ? UInt128.MaxValue : (UInt128.One << target.Bits) - 1) << target.Offset;

    private static SetFieldAction SetField(Field field, UInt128 value, UInt128 mask) =>
        new(field, value & mask, mask == field.Ones ? null : mask);

    private static SetFieldAction Join(SetFieldAction first, SetFieldAction then)
    {
        var mask = then.Mask ?? then.Field.Ones;
        return SetField(then.Field, (first.Value & ~mask) | (then.Value & mask), (first.Mask ?? first.Field.Ones) | mask);
    }

    private static Match Split(Match match)
    {
        var parts = new Dictionary<Field, FieldMatch>();
        foreach (var f in match.Fields)
        {
            if (f.Field == Fields.VlanTci)
            {
                Add(parts, Fields.VlanVid, f.Value & 0x1fff, f.Mask & 0x1fff);
                if ((f.Value & 0x1fff) != UInt128.Zero)
                {
                    Add(parts, Fields.VlanPcp, f.Value >> 13, f.Mask >> 13); // Without a tag there is no priority to match.
                }

                continue;
            }

            var width = f.Field.Width();
            for (var i = 0; i < width; i++)
            {
                // The highest bits of a wide register are those of its first 32-bit register (ovs-fields(7), "Registers").
                var shift = 32 * (width - 1 - i);
                Add(parts, Fields.Reg[f.Field.FirstRegister() + i], (f.Value >> shift) & uint.MaxValue, (f.Mask >> shift) & uint.MaxValue);
            }

            if (width == 0)
            {
                Add(parts, f.Field, f.Value, f.Mask);
            }
        }

        return Match.Of(parts.Values.ToArray(), match.Opaque);
    }

    private static void Add(Dictionary<Field, FieldMatch> parts, Field field, UInt128 value, UInt128 mask)
    {
        if (mask != UInt128.Zero)
        {
            parts[field] = parts.TryGetValue(field, out var other)
                ? new FieldMatch(field, value | other.Value, mask | other.Mask)
                : new FieldMatch(field, value, field.Mask == FieldMask.Exact ? null : mask);
        }
    }

    /// <summary>How many 32-bit registers a register field consists of; 0 for other fields.</summary>
    private static int Width(this Field field) => IsIn(field, Fields.Reg) ? 1 : IsIn(field, Fields.XReg) ? 2 : IsIn(field, Fields.XxReg) ? 4 : 0;

    private static int FirstRegister(this Field field) => field.Width() switch
    {
        1 => field.Index - Fields.Reg[0].Index,
        2 => 2 * (field.Index - Fields.XReg[0].Index),
        _ => 4 * (field.Index - Fields.XxReg[0].Index),
    };

    private static bool IsIn(Field field, System.Collections.Immutable.ImmutableArray<Field> fields) =>
        field.Index >= fields[0].Index && field.Index <= fields[^1].Index;
}
