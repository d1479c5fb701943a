using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>Fields of objects as text.</summary>
internal static class Fields
{
    /// <summary>What a path of names leads to, or null.</summary>
    public static JsonNode? At(this JsonObject item, string path)
    {
        JsonNode? at = item;
        foreach (var name in path.Split('.'))
        {
            at = (at as JsonObject)?[name];
        }

        return at;
    }

    public static string Text(this JsonObject item, string path) => TextOf(item.At(path));

    public static string TextOf(JsonNode? node) => node switch
    {
        null => "",
        JsonArray array => string.Join(",", array.Select(TextOf)),
        JsonObject map => string.Join(",", map.Select(p => $"{p.Key}={TextOf(p.Value)}")),
        _ => node.ToString(),
    };

    public static int Count(this JsonObject item, string path) => (item.At(path) as JsonArray)?.Count ?? 0;

    public static JsonObject? Condition(this JsonObject item, string type)
        => (item.At("status.conditions") as JsonArray)?.Select(c => c!.AsObject()).FirstOrDefault(c => (string?)c["type"] == type);

    /// <summary>A condition in a cell: its status, and its reason unless it is as one wishes.</summary>
    public static string ConditionText(this JsonObject item, string type)
    {
        var condition = item.Condition(type);
        var status = (string?)condition?["status"] ?? "";
        return status == (type == "Degraded" ? "False" : "True") || condition is null ? status : $"{status} ({condition["reason"]})";
    }
}
