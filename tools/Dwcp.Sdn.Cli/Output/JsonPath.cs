using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>
/// Templates such as <c>{.status.host}</c>, <c>{.items[*].id}</c> or <c>{range .items[*]}{.id}{"\n"}{end}</c>. Several values
/// stand side by side with a space between them; a path that leads nowhere is empty.
/// </summary>
internal static class JsonPath
{
    /// <exception cref="UsageException">The template cannot be read.</exception>
    public static string Evaluate(string template, JsonNode root)
    {
        var at = 0;
        var parts = Parse(template, ref at, within: false);
        var text = new StringBuilder();
        Write(parts, root, text);
        return text.ToString();
    }

    private static List<Part> Parse(string template, ref int at, bool within)
    {
        var parts = new List<Part>();
        while (at < template.Length)
        {
            var open = template.IndexOf('{', at);
            if (open != at)
            {
                parts.Add(new Literal(template[at..(open < 0 ? template.Length : open)]));
                at = open < 0 ? template.Length : open;
                continue;
            }

            var close = EndOf(template, open);
            var inside = template[(open + 1)..close].Trim();
            at = close + 1;
            if (inside == "end")
            {
                return within ? parts : throw new UsageException("jsonpath: {end} without {range}");
            }

            if (inside.StartsWith("range ", StringComparison.Ordinal))
            {
                var path = Steps(inside[6..].Trim());
                parts.Add(new Range(path, Parse(template, ref at, within: true)));
            }
            else if (inside.StartsWith('"'))
            {
                parts.Add(new Literal(Unescape(inside.Trim('"'))));
            }
            else
            {
                parts.Add(new Value(Steps(inside)));
            }
        }

        return within ? throw new UsageException("jsonpath: {range} without {end}") : parts;
    }

    private static int EndOf(string template, int open)
    {
        var quoted = false;
        for (var i = open + 1; i < template.Length; i++)
        {
            quoted ^= template[i] == '"';
            if (template[i] == '}' && !quoted)
            {
                return i;
            }
        }

        throw new UsageException("jsonpath: a { is not closed");
    }

    private static string Unescape(string text) => text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);

    // A step is a name, the number of an item, or * for all.
    private static List<string> Steps(string path)
    {
        var steps = new List<string>();
        var at = path.StartsWith('$') ? 1 : 0;
        while (at < path.Length)
        {
            if (path[at] == '[')
            {
                var close = path.IndexOf(']', at);
                if (close < 0)
                {
                    throw new UsageException($"jsonpath: a [ is not closed in {path}");
                }

                steps.Add(path[(at + 1)..close].Trim('\'', '"'));
                at = close + 1;
                continue;
            }

            at += path[at] == '.' ? 1 : 0;
            var end = path.AsSpan(at).IndexOfAny('.', '[');
            var name = end < 0 ? path[at..] : path.Substring(at, end);
            if (name.Length > 0)
            {
                steps.Add(name);
            }

            at += name.Length;
        }

        return steps;
    }

    private static void Write(List<Part> parts, JsonNode? root, StringBuilder text)
    {
        foreach (var part in parts)
        {
            switch (part)
            {
                case Literal literal:
                    text.Append(literal.Text);
                    break;
                case Value value:
                    text.AppendJoin(' ', Follow(value.Path, root).Select(v => v is JsonObject or JsonArray ? v.ToJsonString() : v.ToString()));
                    break;
                case Range range:
                    foreach (var item in Follow(range.Path, root))
                    {
                        Write(range.Inner, item, text);
                    }

                    break;
            }
        }
    }

    private static IEnumerable<JsonNode> Follow(List<string> steps, JsonNode? root)
    {
        IEnumerable<JsonNode?> found = [root];
        foreach (var step in steps)
        {
            found = found.SelectMany(n => Step(n, step)).ToArray();
        }

        return found.OfType<JsonNode>();
    }

    private static IEnumerable<JsonNode?> Step(JsonNode? node, string step) => (node, step) switch
    {
        (JsonArray array, "*") => array,
        (JsonObject map, "*") => map.Select(p => p.Value),
        (JsonArray array, _) when int.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)
            => (index < 0 ? index + array.Count : index) is var at && at >= 0 && at < array.Count ? [array[at]] : [],
        (JsonObject map, _) => [map[step]],
        _ => [],
    };

    private abstract record Part;

    private sealed record Literal(string Text) : Part;

    private sealed record Value(List<string> Path) : Part;

    private sealed record Range(List<string> Path, List<Part> Inner) : Part;
}
