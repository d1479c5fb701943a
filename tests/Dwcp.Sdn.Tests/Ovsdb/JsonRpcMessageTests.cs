using System.Buffers;
using System.Text;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Tests.Ovsdb;

public sealed class JsonRpcMessageTests
{
    [Theory]
    [InlineData("""{"id":7,"method":"transact","params":["Open_vSwitch",{"op":"comment"}]}""", typeof(JsonRpcRequest))]
    [InlineData("""{"id":"echo","method":"echo","params":[]}""", typeof(JsonRpcRequest))]
    [InlineData("""{"id":null,"method":"update2","params":["m",{}]}""", typeof(JsonRpcNotification))]
    [InlineData("""{"id":7,"result":[{"count":1},null],"error":null}""", typeof(JsonRpcResponse))]
    [InlineData("""{"id":[1,{}],"result":null,"error":{"error":"unknown database","details":"x"}}""", typeof(JsonRpcResponse))]
    public void A_message_is_written_as_it_was_read(string text, Type kind)
    {
        var message = JsonRpcMessage.Read(Encoding.UTF8.GetBytes(text));
        var written = new ArrayBufferWriter<byte>();
        message.Write(written);

        Assert.IsType(kind, message);
        Assert.Equal(text, Encoding.UTF8.GetString(written.WrittenSpan));
    }

    [Fact]
    public void An_error_may_come_without_a_result_as_ovs_sends_it()
    {
        var response = Assert.IsType<JsonRpcResponse>(JsonRpcMessage.Read("{\"id\":1,\"error\":\"unknown method\"}"u8));

        Assert.Equal("unknown method", response.Error.GetString());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{]")]
    [InlineData("""{"id":1}""")]
    [InlineData("""{"result":[],"error":null}""")]
    [InlineData("""{"id":null,"result":[],"error":null}""")]
    [InlineData("""{"id":1,"error":null}""")]
    [InlineData("""{"id":1,"method":"echo"}""")]
    [InlineData("""{"id":1,"method":"echo","params":{}}""")]
    [InlineData("""{"id":1,"method":7,"params":[]}""")]
    [InlineData("""{"id":1,"id":2,"result":[]}""")]
    [InlineData("""{"id":1,"result":01}""")]
    [InlineData("""{"id":1,"result":"\ud800"}""")]
    [InlineData("""{"id":1,"result":"\udc00\ud800"}""")]
    [InlineData("""{"id":1,"result":"\ud800x\udc00"}""")]
    [InlineData("""{"id":1,"result":"\ud800\ud800\udc00"}""")]
    [InlineData("""{"\ud800":1,"id":1,"result":[]}""")]
    public void Nonsense_is_refused(string text) =>
        Assert.Throws<WireException>(() => JsonRpcMessage.Read(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Bytes_that_are_not_utf_8_are_refused() =>
        Assert.Throws<WireException>(() => JsonRpcMessage.Read([.. "{\"id\":1,\"result\":\""u8, 0xc3, 0x28, .. "\"}"u8]));

    [Fact]
    public void Escaped_pairs_of_surrogates_and_escaped_backslashes_are_text()
    {
        var response = Assert.IsType<JsonRpcResponse>(JsonRpcMessage.Read("""{"id":1,"result":"\ud83d\ude00 \\ud800 \n\ud83d\ude01"}"""u8));

        Assert.Equal("😀 \\ud800 \n😁", response.Result.GetString());
    }
}
