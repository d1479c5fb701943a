using System.Text.Json;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>What an atom is, RFC 7047 §5.1.</summary>
public enum OvsdbAtomKind : byte
{
    Text,
    Integer,
    Real,
    Boolean,
    Uuid,

    /// <summary>A row that the same transaction inserts under this name.</summary>
    NamedUuid,
}

/// <summary>An atom, RFC 7047 §5.1: a string, an integer, a real, a boolean, or the id of a row.</summary>
public readonly record struct OvsdbAtom
{
    private readonly string? text;
    private readonly long number;   // the integer, the bits of the real, 0 or 1
    private readonly Guid uuid;

    private OvsdbAtom(OvsdbAtomKind kind, string? text = null, long number = 0, Guid uuid = default)
    {
        Kind = kind;
        this.text = text;
        this.number = number;
        this.uuid = uuid;
    }

    public OvsdbAtomKind Kind { get; }

    public static OvsdbAtom Of(string text) => new(OvsdbAtomKind.Text, text);

    public static OvsdbAtom Of(long number) => new(OvsdbAtomKind.Integer, number: number);

    public static OvsdbAtom Of(double number) => new(OvsdbAtomKind.Real, number: BitConverter.DoubleToInt64Bits(number));

    public static OvsdbAtom Of(bool value) => new(OvsdbAtomKind.Boolean, number: value ? 1 : 0);

    public static OvsdbAtom Of(Guid row) => new(OvsdbAtomKind.Uuid, uuid: row);

    public static OvsdbAtom Named(string name) => new(OvsdbAtomKind.NamedUuid, name);

    public string AsText(string what) => Expect(OvsdbAtomKind.Text, what).text!;

    public long AsInteger(string what) => Expect(OvsdbAtomKind.Integer, what).number;

    public int AsInt32(string what) => AsInteger(what) is >= int.MinValue and <= int.MaxValue ? (int)number : throw new WireException($"{what}: {number}, beyond 32 bits");

    public uint AsUInt32(string what) => AsInteger(what) is >= 0 and <= uint.MaxValue ? (uint)number : throw new WireException($"{what}: {number}, beyond 32 bits without a sign");

    /// <summary>An integer is written for a real that is whole.</summary>
    public double AsReal(string what) => Kind == OvsdbAtomKind.Integer ? number : BitConverter.Int64BitsToDouble(Expect(OvsdbAtomKind.Real, what).number);

    public bool AsBoolean(string what) => Expect(OvsdbAtomKind.Boolean, what).number != 0;

    public Guid AsUuid(string what) => Expect(OvsdbAtomKind.Uuid, what).uuid;

    public static OvsdbAtom Read(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => Of(WithoutNul(json.Text("a string"))),
        JsonValueKind.True => Of(true),
        JsonValueKind.False => Of(false),
        JsonValueKind.Number => json.TryGetInt64(out var integer) ? Of(integer) : Of(Finite(json)),
        JsonValueKind.Array => ReadReference(json.Tuple(2, "a row's id")),
        _ => throw new WireException($"an OVSDB atom: {json.ValueKind}"),
    };

    // RFC 7047 §3.1 leaves a NUL in a string to us; no name of anything has one.
    private static string WithoutNul(string text) => text.Contains('\0') ? throw new WireException("a string with a NUL in it") : text;

    private static double Finite(JsonElement json) =>
        json.GetDouble() is var real && double.IsFinite(real) ? real : throw new WireException($"a number beyond all bounds: {json.GetRawText()}");

    private static OvsdbAtom ReadReference(JsonElement pair) => (pair[0].Text("a row's id"), pair[1].Text("a row's id")) switch
    {
        ("uuid", var id) when Guid.TryParseExact(id, "D", out var row) => Of(row),
        ("named-uuid", var name) => Named(name),
        var (kind, id) => throw new WireException($"an OVSDB atom: [\"{kind}\", \"{id}\"]"),
    };

    public void Write(Utf8JsonWriter json)
    {
        switch (Kind)
        {
            case OvsdbAtomKind.Text: json.WriteStringValue(text); break;
            case OvsdbAtomKind.Integer: json.WriteNumberValue(number); break;
            case OvsdbAtomKind.Real: json.WriteNumberValue(BitConverter.Int64BitsToDouble(number)); break;
            case OvsdbAtomKind.Boolean: json.WriteBooleanValue(number != 0); break;
            default:
                json.WriteStartArray();
                json.WriteStringValue(Kind == OvsdbAtomKind.Uuid ? "uuid" : "named-uuid");
                json.WriteStringValue(text ?? uuid.ToString());
                json.WriteEndArray();
                break;
        }
    }

    public override string ToString() => Kind switch
    {
        OvsdbAtomKind.Text or OvsdbAtomKind.NamedUuid => text!,
        OvsdbAtomKind.Integer => $"{number}",
        OvsdbAtomKind.Real => $"{BitConverter.Int64BitsToDouble(number)}",
        OvsdbAtomKind.Boolean => number != 0 ? "true" : "false",
        _ => uuid.ToString(),
    };

    private OvsdbAtom Expect(OvsdbAtomKind kind, string what) =>
        Kind == kind ? this : throw new WireException($"{what}: {Kind}, expected {kind}");
}

/// <summary>The value of a column, RFC 7047 §5.1: a set of atoms (one atom is a set of one), or a map from atoms to atoms.</summary>
public abstract record OvsdbValue
{
    // <atom> | ["set", [<atom>*]] | ["map", [[<atom>, <atom>]*]]
    public static OvsdbValue Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array && json.GetArrayLength() == 2 && json[1].ValueKind == JsonValueKind.Array)
        {
            return json[0].Text("an OVSDB value") switch
            {
                "set" => ReadSet(json[1]),
                "map" => ReadMap(json[1]),
                var other => throw new WireException($"an OVSDB value: \"{other}\""),
            };
        }

        return new OvsdbSet([OvsdbAtom.Read(json)]);
    }

    private static OvsdbSet ReadSet(JsonElement json)
    {
        EquatableArray<OvsdbAtom> atoms = [.. json.EnumerateArray().Select(OvsdbAtom.Read)];
        return atoms.Count < 2 || atoms.Distinct().Count() == atoms.Count ? new OvsdbSet(atoms) : throw new WireException("an OVSDB set: an atom comes twice");
    }

    private static OvsdbMap ReadMap(JsonElement json)
    {
        var pairs = new Dictionary<OvsdbAtom, OvsdbAtom>();
        foreach (var item in json.EnumerateArray())
        {
            var pair = item.Tuple(2, "a pair of an OVSDB map");
            if (!pairs.TryAdd(OvsdbAtom.Read(pair[0]), OvsdbAtom.Read(pair[1])))
            {
                throw new WireException($"an OVSDB map: the key {pair[0]} comes twice");
            }
        }

        return new OvsdbMap([.. pairs]);
    }

    public abstract void Write(Utf8JsonWriter json);
}

/// <summary>A set, in the order in which the database gave it. A set of one is written as its atom.</summary>
public sealed record OvsdbSet(EquatableArray<OvsdbAtom> Atoms) : OvsdbValue
{
    public static readonly OvsdbSet Empty = new([]);

    public static OvsdbSet Of(string text) => new([OvsdbAtom.Of(text)]);

    /// <summary>What is in exactly one of the two, which is how <c>update2</c> tells a change.</summary>
    public OvsdbSet Toggle(OvsdbSet change)
    {
        var both = Atoms.Intersect(change.Atoms).ToHashSet();
        return new([.. Atoms.Concat(change.Atoms).Where(atom => !both.Contains(atom))]);
    }

    public override void Write(Utf8JsonWriter json)
    {
        if (Atoms.Count == 1)
        {
            Atoms[0].Write(json);
            return;
        }

        json.WriteStartArray();
        json.WriteStringValue("set");
        json.WriteStartArray();
        foreach (var atom in Atoms)
        {
            atom.Write(json);
        }

        json.WriteEndArray();
        json.WriteEndArray();
    }
}

/// <summary>A map, in the order in which the database gave it.</summary>
public sealed record OvsdbMap(EquatableArray<KeyValuePair<OvsdbAtom, OvsdbAtom>> Pairs) : OvsdbValue
{
    public static readonly OvsdbMap Empty = new([]);

    /// <summary>Applies a change of <c>update2</c>: a pair that is there goes, a key that is there gets the new value, another pair is added.</summary>
    public OvsdbMap Toggle(OvsdbMap change)
    {
        var pairs = Pairs.ToDictionary(pair => pair.Key, pair => pair.Value);
        foreach (var (key, value) in change.Pairs)
        {
            if (pairs.TryGetValue(key, out var old) && old == value)
            {
                pairs.Remove(key);
            }
            else
            {
                pairs[key] = value;
            }
        }

        return new([.. pairs]);
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        json.WriteStringValue("map");
        json.WriteStartArray();
        foreach (var (key, value) in Pairs)
        {
            json.WriteStartArray();
            key.Write(json);
            value.Write(json);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndArray();
    }
}
