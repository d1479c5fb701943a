using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>How a match on a field may be masked.</summary>
public enum FieldMask
{
    /// <summary>The whole field or nothing.</summary>
    Exact,

    /// <summary>Any bits of it.</summary>
    Any,
}

/// <summary>
/// A field of a packet or of its metadata that flows match and change: the row of the catalogue that planner, interpreter
/// and codecs share. Sources: OpenFlow 1.3.5 §7.2.3.7 and ovs-fields(7).
/// </summary>
public sealed class Field : IComparable<Field>
{
    private Field(int index, string name, int bits, FieldMask mask, bool writable, FieldRequirement[] requires, FieldRequirement[] also, int? tunMetadata)
    {
        Index = index;
        TunMetadata = tunMetadata;
        Name = name;
        Bits = bits;
        Mask = mask;
        IsWritable = writable;
        Requires = [.. requires];
        RequiresToo = [.. also];
    }

    /// <summary>The place in <see cref="Fields.All"/>; matches are kept in this order, which puts every prerequisite before its user.</summary>
    public int Index { get; }

    /// <summary>The name that ovs-ofctl(8) uses, such as <c>eth_dst</c> or <c>reg1</c>.</summary>
    public string Name { get; }

    /// <summary>1 to 128; of tunnel metadata up to 992.</summary>
    public int Bits { get; }

    /// <summary>0 to 63 of tunnel metadata (<see cref="Fields.TunMetadata"/>), which is no row of the catalogue; else null.</summary>
    public int? TunMetadata { get; }

    public FieldMask Mask { get; }

    /// <summary>Whether set_field, load and move may change it.</summary>
    public bool IsWritable { get; }

    /// <summary>Alternatives of which one must be matched too; empty when the field stands alone.</summary>
    public ImmutableArray<FieldRequirement> Requires { get; }

    /// <summary>Further alternatives of which one must be matched as well.</summary>
    public ImmutableArray<FieldRequirement> RequiresToo { get; }

    /// <summary>As many ones as the field has bits, 128 at most.</summary>
    public UInt128 Ones => Bits >= 128 ? UInt128.MaxValue : (UInt128.One << Bits) - 1;

    /// <summary>Octets of the value on the wire.</summary>
    public int Bytes => (Bits + 7) / 8;

    public int CompareTo(Field? other) => Index.CompareTo(other?.Index ?? -1);

    public override string ToString() => Name;

    internal static Field Make(int index, string name, int bits, FieldMask mask, bool writable, FieldRequirement[] requires, FieldRequirement[] also, int? tunMetadata = null) =>
        new(index, name, bits, mask, writable, requires, also, tunMetadata);
}

/// <summary>A prerequisite: this field with this value, or these bits of it, must be matched as well (OpenFlow 1.3.5 §7.2.3.6).</summary>
public readonly record struct FieldRequirement(Field Field, UInt128 Value, UInt128? Mask = null)
{
    /// <summary>Whether what is matched of the field lets only packets through that have it.</summary>
    public bool IsMetBy(FieldMatch match)
    {
        var mask = Mask ?? Field.Ones;
        return match.Field == Field && (match.Mask & mask) == mask && (match.Value & mask) == Value;
    }

    public override string ToString() => Mask is { } mask
        ? $"{Field}={FlowText.Value(Field, Value)}/{FlowText.Mask(Field, mask)}"
        : $"{Field}={FlowText.Value(Field, Value)}";
}
