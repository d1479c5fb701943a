using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>JSON values as YAML, and YAML documents as JSON values (the core schema of YAML 1.2).</summary>
internal static class YamlText
{
    private static readonly ISerializer Serializer = new SerializerBuilder().WithQuotingNecessaryStrings().WithIndentedSequences().Build();

    public static string Of(JsonNode? node) => Serializer.Serialize(Plain(node) ?? "");

    /// <summary>The documents of a text, each with the line that it begins at. JSON is YAML too.</summary>
    /// <exception cref="YamlException">It is no YAML.</exception>
    public static IEnumerable<(JsonNode? Document, long Line)> Read(TextReader text)
    {
        var stream = new YamlStream();
        stream.Load(text);
        foreach (var document in stream.Documents)
        {
            yield return (Node(document.RootNode), document.RootNode.Start.Line);
        }
    }

    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => map.ToDictionary(p => p.Key, p => Plain(p.Value)),
        JsonArray array => array.Select(Plain).ToList(),
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => value.ToString() is var text && long.TryParse(text, out var number) ? number : double.Parse(text, CultureInfo.InvariantCulture),
            _ => value.ToString(),
        },
        _ => throw new InvalidOperationException($"No YAML is known for {node.GetType().Name}"),
    };

    private static JsonNode? Node(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(p => KeyValuePair.Create(((YamlScalarNode)p.Key).Value!, Node(p.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Node)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Scalar(plain.Value ?? ""),
        YamlScalarNode quoted => JsonValue.Create(quoted.Value),
        _ => throw new YamlException(node.Start, node.End, "this has no meaning here"),
    };

    private static JsonNode? Scalar(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ when decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
