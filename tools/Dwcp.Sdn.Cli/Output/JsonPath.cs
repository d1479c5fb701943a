using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>
/// A template for -o jsonpath: text in which {…} stands for values. In the braces a path of .name, ['name'], [0], [-1], [*] and
/// [?(@.path=="value")], or a string in quotes; what stands between {range PATH} and {end} is made once for each value. A template
/// without braces is one path. Values are parted by spaces.
/// </summary>
internal sealed class JsonPath
{
    private const string Range = "range ";

    private delegate IEnumerable<JsonNode?> Step(JsonNode? node);

    private readonly List<Func<JsonNode, string>> _parts = [];

    private JsonPath()
    {
    }

    /// <exception cref="CliException">The template cannot be read; the message says where.</exception>
    public static JsonPath Parse(string template)
    {
        var path = new JsonPath();
        var ranges = new Stack<(JsonPath Outer, List<Step> Over, int Open)>();
        if (!template.Contains('{', StringComparison.Ordinal))
        {
            path.AddExpression(template, template, 0);
            return path;
        }

        for (var at = 0; at < template.Length;)
        {
            var open = template.IndexOf('{', at);
            var text = template[at..(open < 0 ? template.Length : open)];
            path._parts.Add(_ => text);
            if (open < 0)
            {
                break;
            }

            var close = ClosingBrace(template, open);
            at = close + 1;
            var expression = template[(open + 1)..close].Trim();
            if (expression.StartsWith(Range, StringComparison.Ordinal))
            {
                ranges.Push((path, Steps(expression[Range.Length..].Trim(), template, open + 1 + Range.Length), open));
                path = new();
            }
            else if (expression == "end")
            {
                var (outer, over, _) = ranges.Count > 0 ? ranges.Pop() : throw Fault(template, open, "this {end} has no {range}");
                var each = path;
                outer._parts.Add(root => string.Concat(Walk(root, over).OfType<JsonNode>().Select(each.Evaluate)));
                path = outer;
            }
            else
            {
                path.AddExpression(expression, template, open + 1);
            }
        }

        return ranges.Count == 0 ? path : throw Fault(template, ranges.Peek().Open, "this {range} has no {end}");
    }

    public string Evaluate(JsonNode root) => string.Concat(_parts.Select(p => p(root)));

    private void AddExpression(string expression, string template, int offset)
    {
        if (expression is ['"' or '\'', .., '"' or '\''] && expression[0] == expression[^1])
        {
            var literal = expression[1..^1].Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);
            _parts.Add(_ => literal);
            return;
        }

        var steps = Steps(expression, template, offset);
        _parts.Add(root => string.Join(' ', Walk(root, steps).Select(JsonText.Plain)));
    }

    private static IEnumerable<JsonNode?> Walk(JsonNode? root, IEnumerable<Step> steps)
        => steps.Aggregate((IEnumerable<JsonNode?>)[root], (nodes, step) => nodes.SelectMany(n => step(n)));

    private static List<Step> Steps(string path, string template, int offset)
    {
        var steps = new List<Step>();
        var at = path.StartsWith('$') || path.StartsWith('@') ? 1 : 0;
        while (at < path.Length)
        {
            if (path[at] == '[')
            {
                var close = ClosingBracket(path, at);
                if (close < 0)
                {
                    throw Fault(template, offset + at, "this [ has no ]");
                }

                steps.Add(InBrackets(path[(at + 1)..close], template, offset + at + 1));
                at = close + 1;
                continue;
            }

            var name = new StringBuilder();
            at += path[at] == '.' ? 1 : at == 0 ? 0 : throw Fault(template, offset + at, "a . or a [ is missing");
            for (; at < path.Length && path[at] is not ('.' or '['); at++)
            {
                at += path[at] == '\\' && at + 1 < path.Length ? 1 : 0;
                name.Append(path[at]);
            }

            if (name.Length == 0)
            {
                // {.} is the whole, and .[0] is [0].
                if (at < path.Length && path[at] == '.')
                {
                    throw Fault(template, offset + at, "a name is missing");
                }

                continue;
            }

            if (name.ToString().Contains(' ', StringComparison.Ordinal))
            {
                throw Fault(template, offset + at - name.Length, "a name with a space stands in ['…']");
            }

            steps.Add(name.ToString() == "*" ? Children : Member(name.ToString()));
        }

        return steps;
    }

    private static Step InBrackets(string inside, string template, int offset)
    {
        if (inside == "*")
        {
            return Children;
        }

        if (inside is ['\'' or '"', .., '\'' or '"'])
        {
            return Member(inside[1..^1]);
        }

        if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            return node => node is JsonArray array && index < array.Count && index >= -array.Count ? [array[index < 0 ? array.Count + index : index]] : [];
        }

        return inside.StartsWith("?(", StringComparison.Ordinal) && inside.EndsWith(')')
            ? Filter(inside[2..^1], template, offset + 2)
            : throw Fault(template, offset, "expected a number, a name in quotes, * or ?(@.name==\"value\")");
    }

    private static Step Filter(string condition, string template, int offset)
    {
        var not = condition.IndexOf("!=", StringComparison.Ordinal);
        var equals = not >= 0 ? not : condition.IndexOf("==", StringComparison.Ordinal);
        if (equals < 0)
        {
            var exists = Steps(condition.Trim(), template, offset);
            return node => Each(node).Where(item => Walk(item, exists).Any());
        }

        var steps = Steps(condition[..equals].Trim(), template, offset);
        var value = condition[(equals + 2)..].Trim().Trim('"', '\'');
        return node => Each(node).Where(item => Walk(item, steps).Any(v => JsonText.Plain(v) == value) != (not >= 0));
    }

    private static Step Member(string name) => node => node is JsonObject map && map.TryGetPropertyValue(name, out var value) ? [value] : [];

    private static IEnumerable<JsonNode?> Children(JsonNode? node) => node is JsonObject map ? map.Select(m => m.Value) : Each(node);

    private static IEnumerable<JsonNode?> Each(JsonNode? node) => node is JsonArray array ? array : [];

    private static int ClosingBrace(string template, int open)
    {
        var quote = '\0';
        for (var i = open + 1; i < template.Length; i++)
        {
            if (quote != '\0')
            {
                quote = template[i] == quote ? '\0' : quote;
            }
            else if (template[i] is '"' or '\'')
            {
                quote = template[i];
            }
            else if (template[i] == '}')
            {
                return i;
            }
        }

        throw Fault(template, open, "this { has no }");
    }

    private static int ClosingBracket(string path, int open)
    {
        var (depth, quote) = (0, '\0');
        for (var i = open; i < path.Length; i++)
        {
            if (quote != '\0')
            {
                quote = path[i] == quote ? '\0' : quote;
            }
            else if (path[i] is '"' or '\'')
            {
                quote = path[i];
            }
            else if (path[i] is '[' or ']' && (depth += path[i] == '[' ? 1 : -1) == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static CliException Fault(string template, int at, string what) => new(
        ExitCode.Usage,
        $"-o jsonpath: {what}, at character {at + 1} of {template}",
        "Write paths such as {.items[*].id} or {.status.conditions[?(@.type==\"Programmed\")].status}");
}
