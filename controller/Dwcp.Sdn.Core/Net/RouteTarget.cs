using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dwcp.Sdn.Core.Net;

/// <summary>A route target, RFC 4360 §4: the extended community that says which tenants import a route.</summary>
public readonly record struct RouteTarget(ulong Value) : IComparable<RouteTarget>
{
    /// <summary>What FRR derives when none is configured: the low 16 bits of the AS, and the VNI (RFC 8365 §5.1.2.1 without its flag bits).</summary>
    public static RouteTarget Automatic(Asn asn, Vni vni) => new(0x0002_0000_0000_0000 | ((ulong)(asn.Value & 0xffff) << 32) | vni.Value);

    public static bool TryParse([NotNullWhen(true)] string? text, out RouteTarget target)
    {
        var ok = AdministratorNumber.TryParse(text, out var type, out var value);
        target = new(((ulong)type << 56) | 0x0002_0000_0000_0000 | value);
        return ok;
    }

    /// <exception cref="FormatException">The text is not administrator:number.</exception>
    public static RouteTarget Parse(string text) =>
        TryParse(text, out var target) ? target : throw new FormatException($"'{text}' is not a route target such as 65000:100");

    public int CompareTo(RouteTarget other) => Value.CompareTo(other.Value);

    public override string ToString() => (Value >> 48) switch
    {
        0x0002 or 0x0102 or 0x0202 => AdministratorNumber.Format((int)(Value >> 56), Value & 0xffff_ffff_ffff),
        _ => "0x" + Value.ToString("x16", CultureInfo.InvariantCulture),
    };
}
