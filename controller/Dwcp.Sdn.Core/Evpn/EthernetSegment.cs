using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Evpn;

/// <summary>An Ethernet segment identifier, RFC 7432 §5: ten octets, the first of which is its type; zero is a single-homed site.</summary>
public readonly record struct EthernetSegment(ushort High, ulong Low)
{
    /// <summary>A site with one link.</summary>
    public static readonly EthernetSegment None;

    public bool IsNone => High == 0 && Low == 0;

    /// <summary>By which those that are attached to it find one another: the first six octets of its value (RFC 7432 §7.6).</summary>
    public MacAddress ImportTarget => new(((ulong)(High & 0xff) << 40) | (Low >> 24));

    /// <summary>Ten two-digit hexadecimal octets with colons between them.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EthernetSegment segment)
    {
        segment = default;
        if (text is not { Length: 29 })
        {
            return false;
        }

        UInt128 value = 0;
        for (var i = 0; i < 10; i++)
        {
            if (!byte.TryParse(text.AsSpan(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)
                || (i < 9 && text[(i * 3) + 2] != ':'))
            {
                return false;
            }

            value = (value << 8) | octet;
        }

        segment = new((ushort)(value >> 64), (ulong)value);
        return true;
    }

    public override string ToString()
    {
        var hex = High.ToString("x4", CultureInfo.InvariantCulture) + Low.ToString("x16", CultureInfo.InvariantCulture);
        return string.Join(':', Enumerable.Range(0, 10).Select(i => hex.Substring(i * 2, 2)));
    }
}
