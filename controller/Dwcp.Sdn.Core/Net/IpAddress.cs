using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Dwcp.Sdn.Core.Net;

/// <summary>An IPv4 or IPv6 address without a scope: a number of 32 or 128 bits and its kind.</summary>
public readonly record struct IpAddress : IComparable<IpAddress>, ISpanParsable<IpAddress>
{
    private readonly UInt128 value;
    private readonly bool six;

    private IpAddress(UInt128 value, bool six)
    {
        this.value = value;
        this.six = six;
    }

    /// <summary>The address as a number, the first octet highest; for IPv4 in the low 32 bits.</summary>
    public UInt128 Value => value;

    public bool IsV6 => six;

    public bool IsV4 => !six;

    /// <summary>32 or 128.</summary>
    public int Bits => six ? 128 : 32;

    public bool IsMulticast => six ? (byte)(value >> 120) == 0xff : ((uint)value >> 28) == 0xe;

    /// <summary>fe80::/10 or 169.254.0.0/16.</summary>
    public bool IsLinkLocal => six ? (uint)(value >> 118) == 0x3fa : ((uint)value >> 16) == 0xa9fe;

    public bool IsUnspecified => value == UInt128.Zero;

    public static IpAddress V4(uint value) => new(value, false);

    public static IpAddress V6(UInt128 value) => new(value, true);

    /// <summary>Reads 4 or 16 octets in network order; any other length throws <see cref="ArgumentException"/>.</summary>
    public static IpAddress FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        4 => V4(BinaryPrimitives.ReadUInt32BigEndian(bytes)),
        16 => V6(BinaryPrimitives.ReadUInt128BigEndian(bytes)),
        _ => throw new ArgumentException($"an IP address has 4 or 16 octets, not {bytes.Length}", nameof(bytes)),
    };

    public static IpAddress From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return FromBytes(bytes[..written]);
    }

    public IPAddress ToIPAddress() => new(ToBytes());

    public byte[] ToBytes()
    {
        var bytes = new byte[six ? 16 : 4];
        Write(bytes);
        return bytes;
    }

    /// <summary>Writes 4 or 16 octets to the front of <paramref name="to"/> and returns how many.</summary>
    public int Write(Span<byte> to)
    {
        if (six)
        {
            BinaryPrimitives.WriteUInt128BigEndian(to, value);
            return 16;
        }

        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)value);
        return 4;
    }

    public static IpAddress Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var address) ? address : throw new FormatException($"'{s}' is not an IPv4 or IPv6 address");

    public static IpAddress Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan(), provider);

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out IpAddress result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <summary>Reads four decimal octets or RFC 4291 text. Short forms of IPv4 (10.1), leading zeros and scopes are refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out IpAddress result)
    {
        result = default;
        if (s.Contains('%') || s.Contains('[') || !IPAddress.TryParse(s, out var address))
        {
            return false;
        }

        result = From(address);
        return address.AddressFamily == AddressFamily.InterNetworkV6 || s.SequenceEqual(result.ToString());
    }

    /// <summary>IPv4 before IPv6, then by number.</summary>
    public int CompareTo(IpAddress other) => six != other.six ? (six ? 1 : -1) : value.CompareTo(other.value);

    public static bool operator <(IpAddress left, IpAddress right) => left.CompareTo(right) < 0;

    public static bool operator >(IpAddress left, IpAddress right) => left.CompareTo(right) > 0;

    public static bool operator <=(IpAddress left, IpAddress right) => left.CompareTo(right) <= 0;

    public static bool operator >=(IpAddress left, IpAddress right) => left.CompareTo(right) >= 0;

    public override string ToString() => ToIPAddress().ToString();
}
