using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dwcp.Sdn.Core.Net;

/// <summary>A route distinguisher, RFC 4364 §4.2: eight octets that keep equal addresses of different tenants apart.</summary>
public readonly record struct RouteDistinguisher(ulong Value) : IComparable<RouteDistinguisher>
{
    /// <summary>Type 1: an IPv4 address and a 16-bit number, the form that the fabric gives each VTEP.</summary>
    /// <exception cref="ArgumentException">The address is not IPv4.</exception>
    public static RouteDistinguisher Of(IpAddress address, ushort number) => address.IsV4
        ? new(0x0001_0000_0000_0000 | ((ulong)address.Value << 16) | number)
        : throw new ArgumentException($"a route distinguisher of type 1 takes an IPv4 address, not {address}", nameof(address));

    public static bool TryParse([NotNullWhen(true)] string? text, out RouteDistinguisher rd)
    {
        var ok = AdministratorNumber.TryParse(text, out var type, out var value);
        rd = new(((ulong)type << 48) | value);
        return ok;
    }

    /// <exception cref="FormatException">The text is not administrator:number.</exception>
    public static RouteDistinguisher Parse(string text) =>
        TryParse(text, out var rd) ? rd : throw new FormatException($"'{text}' is not a route distinguisher such as 10.0.0.1:100");

    public int CompareTo(RouteDistinguisher other) => Value.CompareTo(other.Value);

    public override string ToString() => (Value >> 48) switch
    {
        <= 2 => AdministratorNumber.Format((int)(Value >> 48), Value & 0xffff_ffff_ffff),
        _ => "0x" + Value.ToString("x16", CultureInfo.InvariantCulture),
    };
}

/// <summary>The text that route distinguishers and route targets share: an administrator and its number, in one of three layouts of 48 bits.</summary>
internal static class AdministratorNumber
{
    /// <summary>Types 0 (two-octet AS), 1 (IPv4) and 2 (four-octet AS), RFC 4364 §4.2.</summary>
    public static string Format(int type, ulong value) => type switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $"{value >> 32}:{(uint)value}"),
        1 => string.Create(CultureInfo.InvariantCulture, $"{IpAddress.V4((uint)(value >> 16))}:{(ushort)value}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value >> 16}:{(ushort)value}"),
    };

    public static bool TryParse(string? text, out int type, out ulong value)
    {
        type = 0;
        value = 0;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0 || !uint.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var administrator = text.AsSpan(0, colon);
        if (uint.TryParse(administrator, NumberStyles.None, CultureInfo.InvariantCulture, out var asn))
        {
            type = asn <= ushort.MaxValue ? 0 : 2;
            value = type == 0 ? ((ulong)asn << 32) | number : ((ulong)asn << 16) | number;
            return type == 0 || number <= ushort.MaxValue;
        }

        type = 1;
        if (!IpAddress.TryParse(administrator, null, out var address) || address.IsV6 || number > ushort.MaxValue)
        {
            return false;
        }

        value = ((ulong)address.Value << 16) | number;
        return true;
    }
}
