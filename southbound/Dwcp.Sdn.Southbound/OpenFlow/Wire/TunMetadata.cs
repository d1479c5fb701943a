using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>
/// A match on tun_metadata0 to 63, ovs-fields(7): 1 to 124 octets of a Geneve option, as many as its <see cref="TlvMap"/> says, or with
/// an empty mask that the packet has the option.
/// They are wider than the fields of the catalogue, so that a <see cref="Match"/> carries them among its further entries.
/// </summary>
public sealed record TunMetadata
{
    public const int Fields = 64;
    public const int MostOctets = 124;

    private const ushort NxmClass = 1;
    internal const int FirstCode = 40;

    /// <param name="index">0 to 63.</param>
    /// <param name="value">1 to 124 octets; none with an empty mask.</param>
    /// <param name="mask">As many; null: all of them count.</param>
    /// <exception cref="ArgumentException">One of these is not so.</exception>
    public TunMetadata(int index, EquatableArray<byte> value, EquatableArray<byte>? mask = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Fields);
        if (value.Count > MostOctets || (value.IsEmpty && mask is null) || (mask is { } m && m.Count != value.Count))
        {
            throw new ArgumentException($"tun_metadata{index} has 1 to {MostOctets} octets, and its mask as many", nameof(value));
        }

        (Index, Value, Mask) = (index, value, mask);
    }

    public int Index { get; }

    public EquatableArray<byte> Value { get; }

    public EquatableArray<byte>? Mask { get; }

    /// <summary>Those of a match, in the order in which they stand.</summary>
    public static EquatableArray<TunMetadata> In(Match match) => Split(match.Opaque).Known;

    /// <summary>The match with these added.</summary>
    public static Match AddTo(Match match, params ReadOnlySpan<TunMetadata> fields)
    {
        var w = new WireWriter();
        w.Bytes(match.Opaque.AsSpan());
        foreach (var field in fields)
        {
            w.U16(NxmClass);
            w.U8((byte)(((FirstCode + field.Index) << 1) | (field.Mask is null ? 0 : 1)));
            w.U8((byte)(field.Value.Count * (field.Mask is null ? 1 : 2)));
            w.Bytes(field.Value.AsSpan());
            w.Bytes((field.Mask ?? []).AsSpan());
        }

        return Match.Of(match.Fields.AsSpan(), [.. w.Written]);
    }

    /// <summary>Which of them a table names, or null.</summary>
    internal static int? IndexOf(OxmId id) => id is { Class: NxmClass, Code: >= FirstCode and < FirstCode + Fields } ? id.Code - FirstCode : null;

    /// <summary>The entries that are tunnel metadata, and the octets of all others.</summary>
    internal static (EquatableArray<TunMetadata> Known, EquatableArray<byte> Others) Split(EquatableArray<byte> opaque)
    {
        var (known, others) = (new List<TunMetadata>(), new List<byte>());
        var bytes = opaque.AsSpan();
        while (!bytes.IsEmpty)
        {
            // A match is made of whole entries, or it is none.
            var whole = bytes[..(4 + bytes[3])];
            var data = whole[4..];
            var (code, hasMask) = (whole[2] >> 1, (whole[2] & 1) != 0);
            if (whole is [0, (byte)NxmClass, ..] && code is >= FirstCode and < FirstCode + Fields && (hasMask || data.Length > 0) && (!hasMask || data.Length % 2 == 0)
                && data.Length / (hasMask ? 2 : 1) <= MostOctets)
            {
                var octets = hasMask ? data.Length / 2 : data.Length;
                known.Add(new(code - FirstCode, [.. data[..octets]], hasMask ? [.. data[octets..]] : (EquatableArray<byte>?)null));
            }
            else
            {
                others.AddRange(whole);
            }

            bytes = bytes[whole.Length..];
        }

        return (known.ToEquatableArray(), others.ToEquatableArray());
    }
}
