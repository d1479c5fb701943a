using System.Globalization;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Evpn;

/// <summary>How a frame crosses the underlay, RFC 9012 §4.1 and the IANA list of tunnel types.</summary>
public enum TunnelEncapsulation : ushort
{
    Gre = 2,
    Vxlan = 8,
    NvGre = 9,
    Mpls = 10,
    Geneve = 19,
}

/// <summary>An extended community, RFC 4360: eight octets that pass unchanged, with names for those that EVPN uses.</summary>
public readonly record struct ExtendedCommunity(ulong Value) : IComparable<ExtendedCommunity>
{
    /// <summary>Type and sub-type, the first two octets.</summary>
    public ushort Kind => (ushort)(Value >> 48);

    public bool IsRouteTarget => Kind is 0x0002 or 0x0102 or 0x0202;

    public static ExtendedCommunity Of(RouteTarget target) => new(target.Value);

    public static ExtendedCommunity Of(TunnelEncapsulation encapsulation) => new(0x030c_0000_0000_0000 | (ulong)encapsulation);

    /// <summary>RFC 9135 §8.1: the MAC address of the VTEP in symmetric IRB.</summary>
    public static ExtendedCommunity RouterMac(MacAddress mac) => new(0x0603_0000_0000_0000 | mac.Value);

    /// <summary>RFC 7432 §7.7.</summary>
    public static ExtendedCommunity Mobility(MacMobility mobility) =>
        new(0x0600_0000_0000_0000 | (mobility.Sticky ? 1ul << 40 : 0) | mobility.Sequence);

    /// <summary>RFC 7432 §7.5: the label of the split-horizon check, and whether only one switch of the segment forwards.</summary>
    public static ExtendedCommunity EsiLabel(bool singleActive, Vni label) =>
        new(0x0601_0000_0000_0000 | (singleActive ? 1ul << 40 : 0) | label.Value);

    /// <summary>RFC 7432 §7.6.</summary>
    public static ExtendedCommunity EsImport(MacAddress target) => new(0x0602_0000_0000_0000 | target.Value);

    public int CompareTo(ExtendedCommunity other) => Value.CompareTo(other.Value);

    public override string ToString() => Kind switch
    {
        0x0002 or 0x0102 or 0x0202 => $"rt:{new RouteTarget(Value)}",
        0x0600 => string.Create(CultureInfo.InvariantCulture, $"mobility:{(uint)Value}{((Value >> 40 & 1) != 0 ? ":sticky" : "")}"),
        0x0601 => string.Create(CultureInfo.InvariantCulture, $"esi-label:{(uint)Value & Vni.Max}{((Value >> 40 & 1) != 0 ? ":single-active" : "")}"),
        0x0602 => $"es-import:{new MacAddress(Value & 0xffff_ffff_ffff)}",
        0x0603 => $"router-mac:{new MacAddress(Value & 0xffff_ffff_ffff)}",
        0x030c => string.Create(CultureInfo.InvariantCulture, $"encapsulation:{(TunnelEncapsulation)(ushort)Value}"),
        0x030d => "default-gateway",
        _ => "0x" + Value.ToString("x16", CultureInfo.InvariantCulture),
    };
}

/// <summary>How often a MAC address moved, RFC 7432 §7.7; a sticky one never moves.</summary>
public readonly record struct MacMobility(uint Sequence, bool Sticky);
