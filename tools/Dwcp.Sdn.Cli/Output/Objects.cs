using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Kinds;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>Objects as files have them: what they are first, then what is wanted of them, and at the end what the controller says.</summary>
internal static class Objects
{
    public const string KindField = "kind";
    private static readonly string[] First = ["id", "labels"];
    private static readonly string[] Last = ["resourceVersion", "generation", "status", "options"];

    /// <summary>A copy with its kind, in the order of files; empty labels are left out.</summary>
    public static JsonObject Ordered(Kind kind, JsonObject item)
    {
        var ordered = Wanted(kind, item);
        Copy(item, Last, ordered);
        return ordered;
    }

    /// <summary>The same without what the controller says.</summary>
    public static JsonObject Wanted(Kind kind, JsonObject item)
    {
        var wanted = new JsonObject { [KindField] = kind.Name };
        Copy(item, First.Skip(kind.IsSingle ? 1 : 0), wanted);
        Copy(item, item.Select(m => m.Key).Where(n => !First.Contains(n) && !Last.Contains(n)), wanted);
        if (wanted["labels"] is JsonObject { Count: 0 })
        {
            wanted.Remove("labels");
        }

        return wanted;
    }

    private static void Copy(JsonObject from, IEnumerable<string> names, JsonObject to)
    {
        foreach (var name in names)
        {
            if (from.TryGetPropertyValue(name, out var value))
            {
                to[name] = value?.DeepClone();
            }
        }
    }
}
