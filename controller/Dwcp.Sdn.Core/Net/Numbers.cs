using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Dwcp.Sdn.Core.Net;

/// <summary>A VXLAN network identifier, RFC 7348 §5: 24 bits.</summary>
public readonly record struct Vni(uint Value) : IComparable<Vni>
{
    /// <summary>The highest VNI.</summary>
    public const uint Max = 0xff_ffff;

    public int CompareTo(Vni other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>An autonomous system number of four octets, RFC 6793.</summary>
public readonly record struct Asn(uint Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>An OpenFlow port number, OpenFlow 1.3.5 §7.2.1: an ordinary port up to 0xffffff00, or a reserved one.</summary>
public readonly record struct PortNumber(uint Value) : IComparable<PortNumber>
{
    public static readonly PortNumber InPort = new(0xffff_fff8);
    public static readonly PortNumber Table = new(0xffff_fff9);
    public static readonly PortNumber Normal = new(0xffff_fffa);
    public static readonly PortNumber Flood = new(0xffff_fffb);
    public static readonly PortNumber All = new(0xffff_fffc);
    public static readonly PortNumber Controller = new(0xffff_fffd);
    public static readonly PortNumber Local = new(0xffff_fffe);
    public static readonly PortNumber Any = new(0xffff_ffff);

    public int CompareTo(PortNumber other) => Value.CompareTo(other.Value);

    public override string ToString() => Value switch
    {
        0xffff_fff8 => "IN_PORT",
        0xffff_fff9 => "TABLE",
        0xffff_fffa => "NORMAL",
        0xffff_fffb => "FLOOD",
        0xffff_fffc => "ALL",
        0xffff_fffd => "CONTROLLER",
        0xffff_fffe => "LOCAL",
        0xffff_ffff => "ANY",
        _ => Value.ToString(CultureInfo.InvariantCulture),
    };
}

/// <summary>The identity of an OpenFlow datapath: 64 bits, written as 16 hexadecimal digits (OpenFlow 1.3.5 §7.3.1).</summary>
public readonly record struct DatapathId(ulong Value)
{
    /// <summary>The datapath id of the bridge that we make on a host: derived from the host's name, so that a bridge made anew is the same switch.</summary>
    public static DatapathId OfHost(string systemId)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(systemId), hash);
        return new DatapathId((BinaryPrimitives.ReadUInt64BigEndian(hash) & 0xffff_ffff_ffff) | 0xd3c9_0000_0000_0000);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out DatapathId id)
    {
        id = default;
        if (text is not { Length: 16 } || !ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        id = new DatapathId(value);
        return true;
    }

    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
