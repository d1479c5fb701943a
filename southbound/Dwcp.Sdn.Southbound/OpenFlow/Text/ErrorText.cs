using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>A refusal in the words of ovs-ofctl(8): its name there, and what it quotes.</summary>
internal static class ErrorText
{
    /// <summary>Messages inside of messages that are told; what lies deeper is shown as octets.</summary>
    private const int MaxDepth = 4;

    /// <summary>Names of Open vSwitch where they are not those of the standard.</summary>
    private static readonly Dictionary<string, string> Otherwise = new()
    {
        ["OFPBRC_BAD_MULTIPART"] = "OFPBRC_BAD_STAT",
        ["OFPBRC_BAD_EXPERIMENTER"] = "OFPBRC_BAD_VENDOR",
        ["OFPBRC_BAD_EXP_TYPE"] = "OFPBRC_BAD_SUBTYPE",
        ["OFPBRC_IS_SLAVE"] = "OFPBRC_IS_SECONDARY",
        ["OFPBAC_BAD_EXPERIMENTER"] = "OFPBAC_BAD_VENDOR",
        ["OFPBAC_BAD_EXP_TYPE"] = "OFPBAC_BAD_VENDOR_TYPE",
        ["OFPTFFC_BAD_TYPE"] = "OFPBPC_BAD_TYPE",
        ["OFPTFFC_BAD_LEN"] = "OFPBPC_BAD_LEN",
        ["OFPTFFC_BAD_ARGUMENT"] = "OFPBPC_BAD_VALUE",
    };

    private static readonly Dictionary<(uint Experimenter, uint Kind), string> ExperimenterNames = new()
    {
        [(Experimenter.Onf, BundleControl.Kind)] = "ONFT_BUNDLE_CONTROL",
        [(Experimenter.Onf, BundleAdd.Kind)] = "ONFT_BUNDLE_ADD_MESSAGE",
        [(Experimenter.Nicira, CtFlush.Kind)] = "NXT_CT_FLUSH",
        [(Experimenter.Nicira, TlvTableMod.Kind)] = "NXT_TLV_TABLE_MOD",
        [(Experimenter.Nicira, PacketIn2.ResumeKind)] = "NXT_RESUME",
    };

    public static string Of(OfError error, int depth) =>
        $"{Otherwise.GetValueOrDefault(error.Name) ?? error.Name} {(error.ErrorType == ErrorNames.HelloFailed ? Text(error.Data.AsSpan()) : Quoted(OfMessage(error), depth))}".TrimEnd();

    /// <summary>An experimenter's error names the experimenter first.</summary>
    private static ReadOnlySpan<byte> OfMessage(OfError error) =>
        error.ErrorType == ErrorNames.ExperimenterType && error.Data.Count >= 4 ? error.Data.AsSpan()[4..] : error.Data.AsSpan();

    private static string Text(ReadOnlySpan<byte> data) =>
        string.Concat(System.Text.Encoding.Latin1.GetString(data).Select(c => char.IsControl(c) ? '.' : c));

    /// <summary>The message that was refused, or as much of it as is quoted.</summary>
    private static string Quoted(ReadOnlySpan<byte> data, int depth)
    {
        if (data.IsEmpty)
        {
            return "OpenFlow message is empty";
        }

        if (data.Length < OfHeader.Size)
        {
            return $"OpenFlow packet too short (only {data.Length} bytes): {OfText.Dump(data)}";
        }

        try
        {
            var header = OfHeader.Read(data);
            return header.Length > data.Length ? $"{Name(header, data)}(***truncated to {data.Length} bytes from {header.Length}***) {OfText.Dump(data)}"
                : header.Length < data.Length ? $"(***only uses {header.Length} bytes out of {data.Length}***) {OfText.Dump(data)}"
                : depth == MaxDepth ? OfText.Dump(data)
                : OfText.Of(header, OfCodec.Read(data, out _), depth + 1);
        }
        catch (WireException)
        {
            return OfText.Dump(data);
        }
    }

    /// <summary>What a message that is not whole is called, as far as its start says so.</summary>
    private static string Name(OfHeader header, ReadOnlySpan<byte> data)
    {
        var r = new WireReader(data[OfHeader.Size..]);
        var name = header.Type switch
        {
            OfType.Experimenter => r.Remaining >= 8 ? ExperimenterNames.GetValueOrDefault((r.U32(), r.U32())) : null,
            OfType.MultipartRequest or OfType.MultipartReply => r.Remaining >= 8 && (MultipartType)r.U16() is var type && Enum.IsDefined(type) && type != MultipartType.Experimenter
                ? $"OFPST_{OfText.MultipartName(type)} {(header.Type == OfType.MultipartRequest ? "request" : "reply")}"
                : null,
            var type => Enum.IsDefined(type) ? $"OFPT_{OfText.Capitals(type)}" : null,
        };
        return name is null ? "" : OfText.Head(name, header) + " ";
    }
}
