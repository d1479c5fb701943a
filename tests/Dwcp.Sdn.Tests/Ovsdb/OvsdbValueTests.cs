using System.Buffers;
using System.Text;
using System.Text.Json;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Tests.Ovsdb;

public sealed class OvsdbValueTests
{
    [Theory]
    [InlineData("\"br-int\"")]
    [InlineData("42")]
    [InlineData("-9223372036854775808")]
    [InlineData("1.5")]
    [InlineData("true")]
    [InlineData("""["uuid","0f6ee8ac-1c5a-4c3e-8d4e-000000000001"]""")]
    [InlineData("""["named-uuid","row0"]""")]
    [InlineData("""["set",[]]""")]
    [InlineData("""["set",["OpenFlow10","OpenFlow13"]]""")]
    [InlineData("""["set",[["uuid","0f6ee8ac-1c5a-4c3e-8d4e-000000000001"],["uuid","0f6ee8ac-1c5a-4c3e-8d4e-000000000002"]]]""")]
    [InlineData("""["map",[]]""")]
    [InlineData("""["map",[["a","b"],["c",""]]]""")]
    [InlineData("""["map",[[1,["uuid","0f6ee8ac-1c5a-4c3e-8d4e-000000000001"]]]]""")]
    public void A_value_is_written_as_it_was_read(string json) => Assert.Equal(json, Write(Read(json)));

    [Fact]
    public void A_set_of_one_is_its_atom() => Assert.Equal(Read("\"a\""), Read("""["set",["a"]]"""));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""["uuid","not one"]""")]
    [InlineData("""["uuid",7]""")]
    [InlineData("""["list",[]]""")]
    [InlineData("""["set",[["set",[]]]]""")]
    [InlineData("""["set",[null]]""")]
    [InlineData("""["map",["a"]]""")]
    [InlineData("""["map",[["a"]]]""")]
    [InlineData("""["map",[["a","b"],["a","c"]]]""")]
    [InlineData("""["map",[["a",["map",[]]]]]""")]
    public void Nonsense_is_refused(string json) => Assert.Throws<WireException>(() => Read(json));

    [Theory]
    [InlineData("""["set",["a","b"]]""", """["set",["b","c"]]""", """["set",["a","c"]]""")]
    [InlineData("\"a\"", "\"a\"", """["set",[]]""")]
    [InlineData("""["set",[]]""", "\"a\"", "\"a\"")]
    public void A_change_of_a_set_is_what_is_in_one_of_the_two(string old, string change, string wanted) =>
        Assert.Equal(Read(wanted), ((OvsdbSet)Read(old)).Toggle((OvsdbSet)Read(change)));

    [Theory]
    [InlineData("""["map",[["a","1"],["b","2"]]]""", """["map",[["a","1"],["b","3"],["c","4"]]]""", """["map",[["b","3"],["c","4"]]]""")]
    [InlineData("""["map",[]]""", """["map",[["a","1"]]]""", """["map",[["a","1"]]]""")]
    public void A_change_of_a_map_removes_equal_pairs_and_sets_the_others(string old, string change, string wanted) =>
        Assert.Equivalent(((OvsdbMap)Read(wanted)).Pairs, ((OvsdbMap)Read(old)).Toggle((OvsdbMap)Read(change)).Pairs, strict: true);

    private static OvsdbValue Read(string json) => OvsdbValue.Read(JsonElement.Parse(json));

    private static string Write(OvsdbValue value)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            value.Write(json);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
