using System.Diagnostics.CodeAnalysis;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>One entry of a match as it stands in the message.</summary>
internal readonly ref struct OxmEntry
{
    public OxmCode? Code { get; init; }

    public UInt128 Value { get; init; }

    public UInt128? Mask { get; init; }

    /// <summary>Head and payload.</summary>
    public ReadOnlySpan<byte> Whole { get; init; }
}

/// <summary>Walks over OXM entries without allocating.</summary>
internal ref struct OxmEntries(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private WireReader reader = new(bytes);

    /// <exception cref="WireException">An entry is cut short, or has not its field's length, or a value wider than the field.</exception>
    public bool Next([MaybeNullWhen(false)] out OxmEntry entry)
    {
        if (reader.Remaining == 0)
        {
            entry = default;
            return false;
        }

        var start = reader.Position;
        var head = Oxm.ReadHead(ref reader);
        var payload = reader.Take(head.Length);
        var whole = bytes[start..reader.Position];
        if (head.Code is not { } code)
        {
            entry = new OxmEntry { Whole = whole };
            return true;
        }

        if (payload.Length != (head.HasMask ? 2 * code.Bytes : code.Bytes))
        {
            throw new WireException($"{code.Field} of {payload.Length} octets");
        }

        var value = Oxm.ReadNumber(payload[..code.Bytes]);
        var mask = head.HasMask ? Oxm.ReadNumber(payload[code.Bytes..]) : (UInt128?)null;
        if ((value & ~code.Field.Ones) != UInt128.Zero)
        {
            throw new WireException($"{code.Field} has {code.Field.Bits} bits, its value more");
        }

        // A mask may have ones where the field has no bits: IPv6 labels and VLAN ids are sent so.
        entry = new OxmEntry { Code = code, Value = value, Mask = mask & code.Field.Ones, Whole = whole };
        return true;
    }
}

/// <summary>
/// A match (OpenFlow 1.3.5 §7.2.3): fields in the order of the catalogue, then those that it lacks. A field is read under any of its codes. Bits outside a mask and
/// fields with an empty mask are dropped when read.
/// </summary>
internal static class OxmMatch
{
    // 2 type (1: OXM) | 2 length of head and entries | entries | to 8
    public static ReadOnlySpan<byte> Entries(scoped ref WireReader r)
    {
        var type = r.U16();
        var length = r.U16();
        if (type != 1 || length < 4)
        {
            throw new WireException($"match of type {type} with {length} octets");
        }

        var entries = r.Take(length - 4);
        r.Skip((8 - (length & 7)) & 7);
        return entries;
    }

    public static Match Read(ref WireReader r) => Parse(Entries(ref r));

    public static Match Parse(ReadOnlySpan<byte> entries)
    {
        var fields = new List<FieldMatch>();
        var opaque = new List<byte>();
        var walk = new OxmEntries(entries);
        while (walk.Next(out var entry))
        {
            if (entry.Code is not { Field: var field })
            {
                opaque.AddRange(entry.Whole);
                continue;
            }

            if (entry.Mask is { } mask && mask != field.Ones && mask != UInt128.Zero && field.Mask == FieldMask.Exact)
            {
                throw new WireException($"{field} cannot be masked");
            }

            foreach (var f in fields)
            {
                if (f.Field == field)
                {
                    throw new WireException($"{field} stands twice");
                }
            }

            if (entry.Mask != UInt128.Zero)
            {
                fields.Add(new FieldMatch(field, entry.Value, entry.Mask));
            }
        }

        return Match.Of(fields.ToArray(), [.. opaque]);
    }

    public static void Write(WireWriter w, Match match)
    {
        var start = w.Length;
        w.U16(1);
        w.U16(0);
        WriteEntries(w, match);
        w.PatchU16(start + 2, w.Length - start);
        w.PadTo8(start);
    }

    public static void WriteEntries(WireWriter w, Match match)
    {
        foreach (var f in match.Fields)
        {
            WriteEntry(w, f.Field, f.Value, f.IsExact ? null : f.Mask);
        }

        w.Bytes(match.Opaque.AsSpan());
    }

    public static void WriteEntry(WireWriter w, Field field, UInt128 value, UInt128? mask) => WriteEntry(w, Oxm.Of(field), value, mask);

    public static void WriteEntry(WireWriter w, OxmCode code, UInt128 value, UInt128? mask)
    {
        Oxm.WriteHead(w, code, mask is not null);
        Oxm.WriteNumber(w, value, code.Bytes);
        if (mask is { } m)
        {
            Oxm.WriteNumber(w, m, code.Bytes);
        }
    }
}
