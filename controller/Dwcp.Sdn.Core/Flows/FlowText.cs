using System.Globalization;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>Writes values of fields the way ovs-ofctl(8) does: MACs, addresses and ports in their own form, other numbers in hexadecimal.</summary>
public static class FlowText
{
    public static string Value(Field field, UInt128 value)
    {
        if (IsMac(field))
        {
            return new MacAddress((ulong)value).ToString();
        }

        if (IsIpv4(field))
        {
            return IpAddress.V4((uint)value).ToString();
        }

        if (IsIpv6(field))
        {
            return IpAddress.V6(value).ToString();
        }

        if (field == Fields.InPort)
        {
            return new PortNumber((uint)value).ToString();
        }

        return IsDecimal(field) ? value.ToString(CultureInfo.InvariantCulture) : "0x" + value.ToString("x", CultureInfo.InvariantCulture);
    }

    /// <summary>A mask; of an address field a prefix length where it is one.</summary>
    public static string Mask(Field field, UInt128 mask)
    {
        if (IsIpv4(field) || IsIpv6(field))
        {
            var ones = (int)UInt128.PopCount(mask);
            if (mask == (field.Ones & ~((UInt128.One << (field.Bits - ones)) - 1)))
            {
                return ones.ToString(CultureInfo.InvariantCulture);
            }
        }

        return IsMac(field) || IsIpv4(field) || IsIpv6(field) ? Value(field, mask) : "0x" + mask.ToString("x", CultureInfo.InvariantCulture);
    }

    private static bool IsMac(Field f) => f.Bits == 48;

    private static bool IsIpv4(Field f) =>
        f == Fields.Ipv4Src || f == Fields.Ipv4Dst || f == Fields.ArpSpa || f == Fields.ArpTpa
        || f == Fields.TunSrc || f == Fields.TunDst || f == Fields.CtNwSrc || f == Fields.CtNwDst;

    private static bool IsIpv6(Field f) =>
        f == Fields.Ipv6Src || f == Fields.Ipv6Dst || f == Fields.NdTarget || f == Fields.TunIpv6Src || f == Fields.TunIpv6Dst
        || f == Fields.CtIpv6Src || f == Fields.CtIpv6Dst;

    private static bool IsDecimal(Field f) =>
        f == Fields.IpProto || f == Fields.IpTtl || f == Fields.IpDscp || f == Fields.IpEcn || f == Fields.ArpOp
        || f == Fields.TcpSrc || f == Fields.TcpDst || f == Fields.UdpSrc || f == Fields.UdpDst || f == Fields.SctpSrc || f == Fields.SctpDst
        || f == Fields.Icmpv4Type || f == Fields.Icmpv4Code || f == Fields.Icmpv6Type || f == Fields.Icmpv6Code
        || f == Fields.CtZone || f == Fields.ConjId || f == Fields.VlanPcp || f == Fields.MplsLabel;
}
