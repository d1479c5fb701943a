using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dwcp.Sdn.Core.Net;

/// <summary>An IEEE 802 MAC address, kept in the low 48 bits of a number: the first octet on the wire is the highest.</summary>
public readonly record struct MacAddress : IComparable<MacAddress>, ISpanParsable<MacAddress>
{
    /// <summary>Six octets of ones.</summary>
    public static readonly MacAddress Broadcast = new(0xffff_ffff_ffff);

    /// <param name="value">48 bits; higher bits are refused with <see cref="ArgumentOutOfRangeException"/>.</param>
    public MacAddress(ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 0xffff_ffff_fffful);
        Value = value;
    }

    public ulong Value { get; }

    /// <summary>The I/G bit: multicast or broadcast.</summary>
    public bool IsMulticast => (Value & 0x0100_0000_0000) != 0;

    public static MacAddress Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var mac) ? mac : throw new FormatException($"'{s}' is not a MAC address such as 02:00:00:00:00:11");

    public static MacAddress Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan(), provider);

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out MacAddress result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <summary>Reads six two-digit hexadecimal octets with colons between them.</summary>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out MacAddress result)
    {
        result = default;
        if (s.Length != 17)
        {
            return false;
        }

        var value = 0ul;
        for (var i = 0; i < 6; i++)
        {
            if (!byte.TryParse(s.Slice(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)
                || (i < 5 && s[(i * 3) + 2] != ':'))
            {
                return false;
            }

            value = (value << 8) | octet;
        }

        result = new MacAddress(value);
        return true;
    }

    public int CompareTo(MacAddress other) => Value.CompareTo(other.Value);

    public static bool operator <(MacAddress left, MacAddress right) => left.Value < right.Value;

    public static bool operator >(MacAddress left, MacAddress right) => left.Value > right.Value;

    public static bool operator <=(MacAddress left, MacAddress right) => left.Value <= right.Value;

    public static bool operator >=(MacAddress left, MacAddress right) => left.Value >= right.Value;

    public override string ToString() => string.Create(17, Value, static (text, value) =>
    {
        const string Digits = "0123456789abcdef";
        for (var i = 0; i < 6; i++)
        {
            var octet = (int)(value >> (40 - (8 * i))) & 0xff;
            text[i * 3] = Digits[octet >> 4];
            text[(i * 3) + 1] = Digits[octet & 15];
            if (i < 5)
            {
                text[(i * 3) + 2] = ':';
            }
        }
    });
}
