using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>What ovs-ofctl(8) calls fields: in actions by the name of their code, such as NXM_NX_REG1.</summary>
internal static class FieldNames
{
    // Where the code's name is not that of the field in capitals.
    private static readonly Dictionary<Field, string> Others = new()
    {
        [Fields.Ipv4Src] = "IP_SRC",
        [Fields.Ipv4Dst] = "IP_DST",
        [Fields.TunSrc] = "TUN_IPV4_SRC",
        [Fields.TunDst] = "TUN_IPV4_DST",
        [Fields.IpTtl] = "IP_TTL",
        [Fields.InPort16] = "IN_PORT",
    };

    private static readonly Dictionary<Field, string> Plains = new()
    {
        [Fields.Ipv4Src] = "ip_src",
        [Fields.Ipv4Dst] = "ip_dst",
        [Fields.InPort] = "in_port_oxm",
        [Fields.InPort16] = "in_port",
        [Fields.IpProto] = "nw_proto",
        [Fields.IpEcn] = "nw_ecn",
    };

    private static readonly Field[] Decimal = [Fields.InPort16, Fields.TunGbpId, Fields.MplsTc, Fields.MplsTtl, Fields.NdReserved, Fields.NdOptionsType, Fields.NshFlags, Fields.NshTtl, Fields.NshMdType, Fields.NshNp, Fields.NshSi];

    /// <summary>Bits of a field in Open vSwitch's own actions.</summary>
    public static string Of(FieldBits bits)
    {
        var place = IsWhole(bits) ? "" : bits.Bits == 1 ? $"{bits.Offset}" : $"{bits.Offset}..{bits.Offset + bits.Bits - 1}";
        return $"{CodeName(bits.Field)}[{place}]";
    }

    /// <summary>Whether these are all bits of their field; of tunnel metadata, whose width ovs-ofctl does not know, all that there can be.</summary>
    public static bool IsWhole(FieldBits bits) => bits.Bits == (bits.Field.TunMetadata is null ? bits.Field.Bits : 8 * TunMetadata.MostOctets);

    /// <summary>The field as set_field, learn and the features of tables name it.</summary>
    public static string Plain(Field field) => Plains.GetValueOrDefault(field) ?? field.Name;

    /// <summary>A value as set_field shows it.</summary>
    public static string Value(Field field, UInt128 value) => field == Fields.VlanVid || Decimal.Contains(field) ? $"{value}"
        : field == Fields.TunFlags ? MatchText.FlagWords((uint)value, MatchText.TunFlags)
        : FlowText.Value(field, value) is var text && text == "0x0" ? "0" : text;

    public static string Port(PortNumber port) => port.ToString();

    private static string CodeName(Field field)
    {
        var code = Oxm.InAction(field);
        var family = code switch { { Class: 0 } => "NXM_OF_", { Class: 1 } => "NXM_NX_", { Experimenter: Experimenter.Nsh } => "NXOXM_", _ => "OXM_OF_" };
        var wide = Fields.XReg.IndexOf(field);
        return family + (wide >= 0 ? $"PKT_REG{wide}" : Others.GetValueOrDefault(field) ?? field.Name.ToUpperInvariant());
    }
}
