using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>One field of a match: the bits under the mask must equal the value's.</summary>
public readonly record struct FieldMatch
{
    /// <param name="field">The field.</param>
    /// <param name="value">Bits outside the mask are dropped, as a switch does.</param>
    /// <param name="mask">Null for the whole field.</param>
    /// <exception cref="ArgumentException">Value or mask is wider than the field, or the field cannot be masked so, or is tunnel metadata.</exception>
    public FieldMatch(Field field, UInt128 value, UInt128? mask = null)
    {
        if (field.TunMetadata is not null)
        {
            throw new ArgumentException($"{field} is no row of the catalogue", nameof(field));
        }

        var bits = mask ?? field.Ones;
        if ((bits & ~field.Ones) != UInt128.Zero || (value & ~field.Ones) != UInt128.Zero)
        {
            throw new ArgumentException($"{field} has {field.Bits} bits", nameof(value));
        }

        if (field.Mask == FieldMask.Exact && bits != field.Ones)
        {
            throw new ArgumentException($"{field} cannot be masked", nameof(mask));
        }

        Field = field;
        Value = value & bits;
        Mask = bits;
    }

    public Field Field { get; }

    public UInt128 Value { get; }

    public UInt128 Mask { get; }

    public bool IsExact => Mask == Field.Ones;

    public bool Covers(UInt128 value) => (value & Mask) == Value;

    public override string ToString() => IsExact ? $"{Field}={FlowText.Value(Field, Value)}" : $"{Field}={FlowText.Value(Field, Value)}/{FlowText.Mask(Field, Mask)}";
}

/// <summary>
/// What a flow matches: fields in the order of the catalogue, each once and never with an empty mask, so that two matches
/// which select the same packets by the same bits are equal. Fields that we do not know are kept as their bytes.
/// </summary>
public sealed class Match : IEquatable<Match>
{
    /// <summary>Matches every packet.</summary>
    public static readonly Match All = new([], []);

    private readonly int hash;

    private Match(ImmutableArray<FieldMatch> fields, EquatableArray<byte> opaque)
    {
        Fields = fields;
        Opaque = opaque;
        var h = new HashCode();
        foreach (var f in fields)
        {
            h.Add(f.Field.Index);
            h.Add(f.Value);
            h.Add(f.Mask);
        }

        h.Add(opaque);
        hash = h.ToHashCode();
    }

    public ImmutableArray<FieldMatch> Fields { get; }

    /// <summary>Whole OXM entries (header and payload) of fields that the catalogue lacks, as they came.</summary>
    public EquatableArray<byte> Opaque { get; }

    /// <summary>Builds a match. Fields with an empty mask are left out.</summary>
    /// <exception cref="ArgumentException">A field stands twice.</exception>
    public static Match Of(params ReadOnlySpan<FieldMatch> fields) => Of(fields, []);

    /// <summary>Builds a match with entries of unknown fields.</summary>
    /// <exception cref="ArgumentException">A field stands twice.</exception>
    public static Match Of(ReadOnlySpan<FieldMatch> fields, EquatableArray<byte> opaque)
    {
        var sorted = new FieldMatch[fields.Length];
        var count = 0;
        foreach (var f in fields)
        {
            if (f.Mask != UInt128.Zero)
            {
                sorted[count++] = f;
            }
        }

        Array.Sort(sorted, 0, count, Comparer<FieldMatch>.Create((a, b) => a.Field.Index.CompareTo(b.Field.Index)));
        for (var i = 1; i < count; i++)
        {
            if (sorted[i].Field == sorted[i - 1].Field)
            {
                throw new ArgumentException($"{sorted[i].Field} stands twice in a match", nameof(fields));
            }
        }

        return new Match(ImmutableArray.Create(sorted, 0, count), opaque);
    }

    /// <summary>This match and one more field.</summary>
    public Match With(Field field, UInt128 value, UInt128? mask = null) =>
        Of([.. Fields.AsSpan(), new FieldMatch(field, value, mask)], Opaque);

    /// <summary>What is matched of a field, or null.</summary>
    public FieldMatch? Find(Field field)
    {
        foreach (var f in Fields)
        {
            if (f.Field == field)
            {
                return f;
            }
        }

        return null;
    }

    /// <summary>The first field whose prerequisite is not matched, with what is missing; null when all is well (OpenFlow 1.3.5 §7.2.3.6).</summary>
    public string? MissingPrerequisite()
    {
        foreach (var f in Fields)
        {
            if ((Unmet(f.Field.Requires) ?? Unmet(f.Field.RequiresToo)) is { } missing)
            {
                return $"{f.Field} needs {missing}";
            }
        }

        return null;
    }

    /// <summary>The alternatives, when none of them is matched.</summary>
    private string? Unmet(ImmutableArray<FieldRequirement> alternatives)
    {
        foreach (var r in alternatives)
        {
            if (Find(r.Field) is { } found && r.IsMetBy(found))
            {
                return null;
            }
        }

        return alternatives.IsEmpty ? null : string.Join(" or ", alternatives);
    }

    public bool Equals(Match? other) =>
        other is not null && hash == other.hash && Fields.AsSpan().SequenceEqual(other.Fields.AsSpan()) && Opaque == other.Opaque;

    public override bool Equals(object? obj) => Equals(obj as Match);

    public override int GetHashCode() => hash;

    public override string ToString() => string.Join(',', Fields);
}
