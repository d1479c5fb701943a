using System.Diagnostics;
using System.Text;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Tests.Ovsdb;

public sealed class JsonFramerTests
{
    /// <summary>One message per line; together, with nothing between them, they are a stream.</summary>
    private const string Messages = """
        {}
        {"id":1,"method":"echo","params":[]}
        {"a":"{[","b":"]}","c":"\"","d":"\\","e":"\\\"}"}
        {"nested":[[[{"x":[{"y":{}}]}]],[],{}]}
        {"escapes":"\u007b \u0022 \\u007d \/ \b"}
        {"text":"héllo ☃ 😀"}
        {"numbers":[0,-1,1.5e300,9223372036854775807]}
        {"id":null,"method":"update","params":["m",{"Bridge":{"ba8f5c4e-0000-4000-8000-000000000001":{"new":{"name":"br-int"}}}}]}
        """;

    private static readonly string[] Lines = Messages.Split('\n');

    [Fact]
    public void Messages_without_anything_between_them_are_cut_at_every_split_of_their_bytes()
    {
        var stream = Encoding.UTF8.GetBytes(string.Concat(Lines));
        for (var split = 0; split <= stream.Length; split++)
        {
            Assert.Equal(Lines, Cut([stream[..split], stream[split..]]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    public void Messages_are_cut_from_pieces_of_any_size(int size) =>
        Assert.Equal(Lines, Cut(Encoding.UTF8.GetBytes(string.Concat(Lines)).Chunk(size)));

    [Fact]
    public void White_space_between_messages_is_no_part_of_them() =>
        Assert.Equal(Lines, Cut([Encoding.UTF8.GetBytes("\r\n\t " + string.Join(" \n ", Lines) + "\n")]));

    [Theory]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("\"{}\"")]
    [InlineData("{}}")]
    [InlineData("\0")]
    [InlineData("\uFEFF{}")]
    public void What_does_not_start_as_an_object_is_refused(string text) =>
        Assert.Throws<WireException>(() => Cut([Encoding.UTF8.GetBytes(text)]));

    [Fact]
    public void Depth_is_limited_and_the_limit_itself_is_allowed()
    {
        var limits = new JsonLimits(1000, 4);

        Assert.Single(Cut(["{\"a\":[[[]]]}"u8.ToArray()], limits));
        Assert.Throws<WireException>(() => Cut(["{\"a\":[[[["u8.ToArray()], limits));
    }

    [Fact]
    public void Length_is_limited_and_the_limit_itself_is_allowed()
    {
        var limits = new JsonLimits(20, 4);

        Assert.Equal(2, Cut(["{\"a\":\"1234567890123\"}"u8[..^1].ToArray(), "}{\"a\":\"123456789012\"}"u8.ToArray()], new JsonLimits(21, 4)).Count);
        Assert.Throws<WireException>(() => Cut(["{\"a\":\"1234567890123\"}"u8.ToArray()], limits));
        Assert.Throws<WireException>(() => Cut("{\"a\":\"12345678901234567890"u8.ToArray().Chunk(1), limits));
    }

    [Fact]
    public void A_huge_message_in_small_pieces_takes_time_in_proportion_to_its_length()
    {
        // 16 MB in 160,000 pieces: looking again at what is there already would be more than 10^12 bytes.
        var text = Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', 8 << 20) + "\",\"b\":[" + string.Concat(Enumerable.Repeat("[],", 2 << 20)) + "0]}");
        var clock = Stopwatch.StartNew();

        Assert.Single(Cut(text.Chunk(100)));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_large_message_does_not_keep_its_memory()
    {
        var framer = new JsonFramer(JsonLimits.Default);
        foreach (var piece in Encoding.UTF8.GetBytes("{\"a\":\"" + new string('x', 1 << 20) + "\"}").Chunk(4096))
        {
            piece.CopyTo(framer.Free());
            framer.Received(piece.Length);
        }

        Assert.True(framer.TryTake(out var message));
        Assert.Equal((1 << 20) + 8, message.Length);
        Assert.InRange(framer.Free().Length, 1, 64 << 10);
    }

    private static List<string> Cut(IEnumerable<byte[]> pieces, JsonLimits? limits = null)
    {
        var framer = new JsonFramer(limits ?? JsonLimits.Default);
        var messages = new List<string>();
        foreach (var piece in pieces)
        {
            for (var rest = piece.AsMemory(); !rest.IsEmpty;)
            {
                var free = framer.Free();
                var count = Math.Min(free.Length, rest.Length);
                rest[..count].CopyTo(free);
                framer.Received(count);
                rest = rest[count..];
                while (framer.TryTake(out var message))
                {
                    messages.Add(Encoding.UTF8.GetString(message.Span));
                }
            }
        }

        return messages;
    }
}
