using System.Collections;
using System.Text;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>What answers look like is what the library of protobuf would write, field by field and in its order.</summary>
public sealed class MessageJsonTests
{
    private static readonly JsonFormatter Library = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    private static readonly string[] Texts = ["", "plain", "é\U0001f600", "\"\\/\b\n\t\u0001", "<a href='x'>&</a>", "\u2028", new('x', 3000)];

    private static readonly FileDescriptor[] Files =
    [
        .. typeof(Network).Assembly.GetTypes().Where(t => t.Namespace == typeof(Network).Namespace)
            .Select(t => t.GetProperty("Descriptor")?.GetValue(null)).OfType<FileDescriptor>(),
    ];

    public static TheoryData<string> Answers()
    {
        var answers = Files.SelectMany(f => f.Services).SelectMany(s => s.Methods).Select(m => m.OutputType).Where(t => t.File.Package == "dwcp.v1");
        return [.. answers.Append(ProblemDetails.Descriptor).Select(t => t.FullName).Distinct().Order(StringComparer.Ordinal)];
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Every_answer_is_written_as_the_library_would(string name)
    {
        var type = Files.SelectMany(f => f.MessageTypes).First(t => t.FullName == name);
        for (var seed = 0; seed < 100; seed++)
        {
            var message = Fill(new Random(seed), type, depth: 0);

            var written = Written(message);

            Assert.Equal(JsonNode.Parse(Library.Format(message))!.ToJsonString(), JsonNode.Parse(written)!.ToJsonString());
        }
    }

    [Theory]
    [InlineData(0, 0, "1970-01-01T00:00:00Z")]
    [InlineData(1_790_000_000, 120_000_000, "2026-09-21T14:13:20.120Z")]
    [InlineData(1_790_000_000, 120, "2026-09-21T14:13:20.000000120Z")]
    [InlineData(-1, 5_000, "1969-12-31T23:59:59.000005Z")]
    public void Times_have_as_many_digits_as_they_need(long seconds, int nanos, string text)
        => Assert.Contains($"\"{text}\"", Written(new Event { Time = new() { Seconds = seconds, Nanos = nanos } }), StringComparison.Ordinal);

    [Fact]
    public void A_number_that_no_name_stands_for_is_written_as_it_is()
        => Assert.Contains("\"type\":77,", Written(new Network { Type = (Network.Types.Type)77 }), StringComparison.Ordinal);

    private static string Written(IMessage message)
    {
        using var buffer = AnswerBuffer.Rent();
        return Encoding.UTF8.GetString(buffer.Add(message).Written.Span);
    }

    private static IMessage Fill(Random random, MessageDescriptor type, int depth)
    {
        if (type == Timestamp.Descriptor)
        {
            return new Timestamp { Seconds = random.NextInt64(-62_135_596_800, 253_402_300_800), Nanos = random.Next(4) switch { 0 => 0, 1 => 1_000_000 * random.Next(1000), 2 => 1000 * random.Next(1_000_000), _ => random.Next(1_000_000_000) } };
        }

        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InDeclarationOrder().Where(f => random.Next(3) > 0 && (depth < 5 || f.FieldType != FieldType.Message)))
        {
            if (field.IsMap)
            {
                var map = (IDictionary)field.Accessor.GetValue(message);
                foreach (var key in Texts.Where(_ => random.Next(2) == 0))
                {
                    map[key] = Value(random, field.MessageType.Fields[2], depth);
                }
            }
            else if (field.IsRepeated)
            {
                var list = (IList)field.Accessor.GetValue(message);
                for (var n = random.Next(3); n > 0; n--)
                {
                    list.Add(Value(random, field, depth));
                }
            }
            else
            {
                field.Accessor.SetValue(message, Value(random, field, depth));
            }
        }

        return message;
    }

    private static object Value(Random random, FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.String => Texts[random.Next(Texts.Length)],
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Int32 => random.Next(int.MinValue, int.MaxValue),
        FieldType.UInt32 => (uint)random.NextInt64(uint.MaxValue + 1L),
        FieldType.Int64 => random.Next(3) == 0 ? long.MinValue : random.NextInt64(),
        FieldType.UInt64 => random.Next(3) == 0 ? ulong.MaxValue : (ulong)random.NextInt64(),
        FieldType.Enum => field.EnumType.Values[random.Next(field.EnumType.Values.Count)].Number,
        _ => Fill(random, field.MessageType, depth + 1),
    };
}
