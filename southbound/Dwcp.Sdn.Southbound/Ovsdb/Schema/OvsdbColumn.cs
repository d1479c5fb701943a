using System.Text.Json;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>How <c>update2</c> tells that a column has changed: a set of at most one by its new value, the others by what differs.</summary>
public enum OvsdbColumnKind : byte
{
    /// <summary>At most one atom.</summary>
    Single,
    Set,
    Map,
}

/// <summary>What one side of a column holds, RFC 7047 §3.2 (base-type), with its limits.</summary>
public sealed record OvsdbBaseType(OvsdbAtomKind Kind)
{
    /// <summary>The only values that it may have; empty for no such limit.</summary>
    public EquatableArray<OvsdbAtom> Enum { get; init; } = [];

    /// <summary>The lowest integer or real, or the fewest characters of a string.</summary>
    public double? Lowest { get; init; }

    /// <summary>The highest integer or real, or the most characters of a string.</summary>
    public double? Highest { get; init; }

    /// <summary>The table whose rows it refers to; null without one.</summary>
    public string? RefTable { get; init; }

    /// <summary>The reference does not keep the row, and goes with it.</summary>
    public bool IsWeak { get; init; }

    // <atomic type> | {"type": …, "enum": …, "minInteger": …, "maxInteger": …, "minReal": …, "maxReal": …, "minLength": …, "maxLength": …, "refTable": …, "refType": …}
    internal static OvsdbBaseType Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
        {
            return new(KindOf(json));
        }

        return new(KindOf(json.Member("type", "a column's base type")))
        {
            Enum = !json.TryGetProperty("enum", out var words) ? []
                : OvsdbValue.Read(words) is OvsdbSet set ? set.Atoms
                : throw new WireException("a column's enum is a map"),
            Lowest = Number(json, "minInteger") ?? Number(json, "minReal") ?? Number(json, "minLength"),
            Highest = Number(json, "maxInteger") ?? Number(json, "maxReal") ?? Number(json, "maxLength"),
            RefTable = json.TryGetProperty("refTable", out var table) ? table.Text("a column's refTable") : null,
            IsWeak = json.TryGetProperty("refType", out var reference) && reference.Text("a column's refType") == "weak",
        };
    }

    /// <summary>Why it cannot have a value; null when it can.</summary>
    internal string? Check(OvsdbAtom atom)
    {
        var isKind = atom.Kind == Kind
            || (Kind == OvsdbAtomKind.Uuid && atom.Kind == OvsdbAtomKind.NamedUuid)
            || (Kind == OvsdbAtomKind.Real && atom.Kind == OvsdbAtomKind.Integer);
        if (!isKind)
        {
            return $"{atom} is {atom.Kind}, expected {Kind}";
        }

        if (!Enum.IsEmpty && !Enum.Items.Contains(atom))
        {
            return $"{atom} is none of {string.Join(", ", Enum)}";
        }

        double? measure = Kind switch
        {
            OvsdbAtomKind.Integer => atom.AsInteger("an integer"),
            OvsdbAtomKind.Real => atom.AsReal("a real"),
            OvsdbAtomKind.Text => atom.AsText("a string").EnumerateRunes().Count(),
            _ => null,
        };
        return measure < Lowest ? $"{atom} is below {Lowest}" : measure > Highest ? $"{atom} is above {Highest}" : null;
    }

    private static OvsdbAtomKind KindOf(JsonElement type) => type.Text("an atomic type") switch
    {
        "integer" => OvsdbAtomKind.Integer,
        "real" => OvsdbAtomKind.Real,
        "boolean" => OvsdbAtomKind.Boolean,
        "string" => OvsdbAtomKind.Text,
        "uuid" => OvsdbAtomKind.Uuid,
        var other => throw new WireException($"an atomic type '{other}'"),
    };

    private static double? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var number)
            ? number.ValueKind == JsonValueKind.Number ? number.GetDouble() : throw new WireException($"{name}: {number.ValueKind}, expected a number")
            : null;
}

/// <summary>A column, RFC 7047 §3.2: what its keys are, its values if it is a map, and how many it may have.</summary>
public sealed record OvsdbColumn(OvsdbBaseType Key, OvsdbBaseType? Value)
{
    /// <summary>0 or 1.</summary>
    public int Min { get; init; } = 1;

    /// <summary><see cref="int.MaxValue"/> for "unlimited".</summary>
    public int Max { get; init; } = 1;

    public bool IsMutable { get; init; } = true;

    /// <summary>It is not kept on disk.</summary>
    public bool IsEphemeral { get; init; }

    public OvsdbColumnKind Kind => Value is not null ? OvsdbColumnKind.Map : Max > 1 ? OvsdbColumnKind.Set : OvsdbColumnKind.Single;

    // {"type": <atomic type> | {"key": …, "value": …, "min": 0 or 1, "max": a number or "unlimited"}, "ephemeral": …, "mutable": …}
    internal static OvsdbColumn Read(JsonElement json)
    {
        var type = json.Member("type", "a column's schema");
        var column = type.ValueKind == JsonValueKind.String
            ? new OvsdbColumn(OvsdbBaseType.Read(type), null)
            : new OvsdbColumn(OvsdbBaseType.Read(type.Member("key", "a column's type")), type.TryGetProperty("value", out var value) ? OvsdbBaseType.Read(value) : null)
            {
                Min = type.TryGetProperty("min", out var min) ? Count(min) : 1,
                Max = !type.TryGetProperty("max", out var max) ? 1 : max.ValueKind == JsonValueKind.Number ? Count(max) : int.MaxValue,
            };
        return column with
        {
            IsMutable = !json.TryGetProperty("mutable", out var mutable) || mutable.ValueKind != JsonValueKind.False,
            IsEphemeral = json.TryGetProperty("ephemeral", out var ephemeral) && ephemeral.ValueKind == JsonValueKind.True,
        };
    }

    /// <summary>Why it cannot have a value; null when it can.</summary>
    internal string? Check(OvsdbValue value)
    {
        var (count, keys, values) = value switch
        {
            OvsdbSet set => (set.Atoms.Count, (IEnumerable<OvsdbAtom>)set.Atoms, (IEnumerable<OvsdbAtom>)[]),
            OvsdbMap map => (map.Pairs.Count, map.Pairs.Select(pair => pair.Key), map.Pairs.Select(pair => pair.Value)),
            _ => throw new InvalidOperationException($"a value of the type {value.GetType().Name}"),
        };
        if (value is OvsdbMap != (Value is not null) && count > 0)
        {
            return Value is null ? "a map, expected a set" : "a set, expected a map";
        }

        return count < Min || count > Max
            ? $"{count} values, expected {Min} to {(Max == int.MaxValue ? "any number" : Max)}"
            : keys.Select(Key.Check).Concat(values.Select(atom => Value?.Check(atom))).FirstOrDefault(fault => fault is not null);
    }

    private static int Count(JsonElement number) =>
        number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var count) && count >= 0 ? count : throw new WireException($"a column's count: {number}");
}
