using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dwcp.Sdn.Core.Net;

/// <summary>An IP prefix whose host bits are zero (RFC 4632, RFC 4291 §2.3).</summary>
public readonly record struct IpPrefix : ISpanParsable<IpPrefix>
{
    /// <param name="address">Host bits must be zero.</param>
    /// <param name="length">0 to 32 or 128.</param>
    /// <exception cref="ArgumentException">A length out of range, or host bits that are not zero.</exception>
    public IpPrefix(IpAddress address, int length)
    {
        if (length < 0 || length > address.Bits)
        {
            throw new ArgumentException($"a prefix length of {address} is 0 to {address.Bits}, not {length}", nameof(length));
        }

        if ((address.Value & ~MaskOf(address.Bits, length)) != UInt128.Zero)
        {
            throw new ArgumentException($"{address}/{length} has bits beyond its length", nameof(address));
        }

        Address = address;
        Length = length;
    }

    public IpAddress Address { get; }

    public int Length { get; }

    public bool IsV6 => Address.IsV6;

    /// <summary>The mask as a number of 32 or 128 bits.</summary>
    public UInt128 Mask => MaskOf(Address.Bits, Length);

    public IpAddress Last => Make(Address.Value | ((IsV6 ? UInt128.MaxValue : uint.MaxValue) & ~Mask));

    public bool Contains(IpAddress address) => address.IsV6 == IsV6 && (address.Value & Mask) == Address.Value;

    public bool Overlaps(IpPrefix other) => Contains(other.Address) || other.Contains(Address);

    /// <summary>The address <paramref name="offset"/> after the first.</summary>
    public IpAddress At(UInt128 offset) => Make(Address.Value + offset);

    public static IpPrefix Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var prefix) ? prefix : throw new FormatException($"'{s}' is not a prefix such as 10.1.0.0/24 with zero host bits");

    public static IpPrefix Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan(), provider);

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out IpPrefix result) =>
        TryParse(s.AsSpan(), provider, out result);

    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out IpPrefix result)
    {
        result = default;
        var slash = s.IndexOf('/');
        if (slash < 0
            || !IpAddress.TryParse(s[..slash], provider, out var address)
            || !int.TryParse(s[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > address.Bits
            || (address.Value & ~MaskOf(address.Bits, length)) != UInt128.Zero)
        {
            return false;
        }

        result = new IpPrefix(address, length);
        return true;
    }

    public override string ToString() => $"{Address}/{Length}";

    private IpAddress Make(UInt128 value) => IsV6 ? IpAddress.V6(value) : IpAddress.V4((uint)value);

    private static UInt128 MaskOf(int bits, int length)
    {
        var all = bits == 128 ? UInt128.MaxValue : uint.MaxValue;
        return length == 0 ? UInt128.Zero : all & (all << (bits - length));
    }
}
