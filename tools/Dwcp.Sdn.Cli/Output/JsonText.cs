using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>JSON values as text.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A member as a person reads it: a string without quotes, nothing for what is absent.</summary>
    public static string Text(this JsonObject json, string name) => Plain(json[name]);

    public static string Plain(JsonNode? node) => node switch
    {
        null => "",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonArray array => string.Join(',', array.Select(Plain)),
        JsonObject { Count: > 0 } map when map.All(m => m.Value is JsonValue) => string.Join(',', map.Select(m => $"{m.Key}={Plain(m.Value)}")),
        JsonObject { Count: 0 } => "",
        _ => Line(node),
    };

    public static string Line(JsonNode node) => node.ToJsonString(OneLine);

    public static string Pretty(JsonNode node) => node.ToJsonString(Indented);
}
