using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

public sealed class TableFeatureTests
{
    [Theory]
    [InlineData("0000 0009 0001000401 000000 00000000", "Instructions: 2 octets wanted at 4, 1 left")]
    [InlineData("0000 0009 0001000500 000000 00000000", "Instructions: type 1 of 5 octets")]
    [InlineData("0001 000c 0001000800000000 00000000", "InstructionsMiss: type 1 of 8 octets")]
    [InlineData("0004 0008 ffff0004", "WriteActions: type 65535 of 4 octets")]
    [InlineData("0006 000c ffff000c00002320 00000000", "ApplyActions: 4 octets wanted at 8, 0 left")]
    [InlineData("0002 0006 01ff 0000", "NextTables: a next table 255, of which there is none")]
    [InlineData("0008 0008 80000605", "Match: eth_dst of 5 octets")]
    [InlineData("000a 0008 8000060c", "Wildcards: eth_dst of 12 octets")]
    [InlineData("000c 0008 ffff5503", "WriteSetField: an experimenter's field of 3 octets")]
    [InlineData("000e 0008 ffff5506", "ApplySetField: 4 octets wanted at 4, 0 left")]
    [InlineData("fffe 0008 00002320", "Experimenter: 4 octets wanted at 4, 0 left")]
    [InlineData("0000 0003 00000000", "Instructions: -1 octets wanted at 66, 4 left")]
    [InlineData("0000 0010 00010004", "Instructions: 12 octets wanted at 66, 4 left")]
    [InlineData("0000 0005 01", "Instructions: 3 octets wanted at 67, 0 left")]
    public void A_property_that_is_wrong_is_refused_by_its_name(string property, string wrong)
    {
        var thrown = Assert.Throws<WireException>(() => OfCodec.Read(Message(property), out _));
        Assert.Equal($"MultipartReply: TableFeatures: table 5: {wrong}", thrown.Message);
    }

    [Fact]
    public void What_ofp_print_does_not_know_stands_last()
    {
        var features = new TableFeatures(
        [
            new(0, "", 0, 0, 0, 0,
            [
                new TableInstructions(TablePropertyType.Instructions, [new(0xffff, 0x2320, [7]), new(1)]),
                new TableActions(TablePropertyType.WriteActions, [new(26), new(0)]),
                new TableFields(TablePropertyType.Match, [OxmId.Of(Core.Flows.Fields.PbbIsid), new(0x1234, 5, false, 2), OxmId.Of(Core.Flows.Fields.InPort)]),
            ]),
        ]);
        Assert.EndsWith(
            "table 0: instructions (table miss and others): instructions: goto_table experimenter(0x2320,0x07) Write-Actions features: actions: output 26 "
            + "Apply-Actions features: matching: must exact match: in_port_oxm pbb_isid oxm(0x1234,5)",
            OfText.Of(new(OfHeader.Version13, OfType.MultipartReply, 0, 1), new MultipartReply(features)), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_share_two_words_are_told_whole()
    {
        var fields = new TableFields(TablePropertyType.Match, [.. new[] { Core.Flows.Fields.TunIpv6Src, Core.Flows.Fields.TunIpv6Dst, Core.Flows.Fields.TunFlags }.Select(f => OxmId.Of(f))]);
        Assert.EndsWith(
            "must exact match: tun_{ipv6_{src,dst},flags}",
            OfText.Of(new(OfHeader.Version13, OfType.MultipartReply, 0, 1), new MultipartReply(new TableFeatures([new(0, "", 0, 0, 0, 0, [fields])]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_says_of_which_type_a_property_an_action_and_a_group_are()
    {
        var features = new TableFeatures([new(0, "", 0, 0, 0, 0, [new TableActions(TablePropertyType.ApplyActionsMiss, [new(22)]), new TableFields(TablePropertyType.Match, [OxmId.Of(Core.Flows.Fields.InPort)])])]);
        Assert.Contains("""{"ids":[{"type":22,"experimenter":null,"data":""}],"type":"ApplyActionsMiss"}""", Json(new MultipartReply(features)), StringComparison.Ordinal);
        Assert.Contains("""{"class":32768,"code":0,"hasMask":false,"length":4,"experimenter":null,"field":"in_port"}""", Json(new MultipartReply(features)), StringComparison.Ordinal);
        Assert.Contains("\"type\":\"FastFailover\"", Json(new GroupMod(GroupModCommand.Add, new(1, Core.Flows.GroupType.FastFailover, []))), StringComparison.Ordinal);

        static string Json(OfMessage message) => OfJson.Of(new(OfHeader.Version13, message.Type, 0, 1), message).ToJsonString();
    }

    private static byte[] Message(string property)
    {
        var bytes = Convert.FromHexString(property.Replace(" ", "", StringComparison.Ordinal));
        var w = new WireWriter();
        OfCodec.Write(w, 1, new MultipartReply(new TableFeatures([new(5, "t", 0, 0, 0, 0, [])])));
        w.Bytes(bytes);
        w.PatchU16(2, w.Length);
        w.PatchU16(16, 64 + bytes.Length);
        return w.ToArray();
    }
}
