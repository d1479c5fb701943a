using System.Text.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>Objects in the form that the caller asked for.</summary>
internal sealed class Printer
{
    private const string PathPrefix = "jsonpath=";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly TextWriter _to;
    private readonly string _format;

    /// <exception cref="UsageException">There is no such form.</exception>
    public Printer(Call call)
    {
        _to = call.Out;
        _format = call.Value(CommandTable.Output) ?? "table";
        if (_format is not ("table" or "wide" or "json" or "yaml" or "name") && !_format.StartsWith(PathPrefix, StringComparison.Ordinal))
        {
            throw new UsageException($"'{_format}' is not table, wide, json, yaml, name or jsonpath=TEMPLATE");
        }
    }

    public bool IsTable => _format is "table" or "wide";

    public Column[] ColumnsOf(Kind kind) => Column.Of(kind, _format == "wide");

    public void Write(Kind kind, IReadOnlyList<JsonObject> items)
    {
        switch (_format)
        {
            case "table" or "wide" when items.Count == 0:
                _to.WriteLine($"There are no {kind.Plural}.");
                break;
            case "table" or "wide":
                var columns = ColumnsOf(kind);
                Table.Write(_to, [.. columns.Select(c => c.Heading)], items.Select(i => columns.Select(c => c.Text(i)).ToArray()));
                break;
            case "name":
                foreach (var item in items)
                {
                    _to.WriteLine($"{kind.Name}/{item["id"]}");
                }

                break;
            default:
                WriteNode(new JsonObject { ["items"] = new JsonArray([.. items.Select(i => WithKind(kind, i))]) });
                break;
        }
    }

    public void Write(Kind kind, JsonObject item)
    {
        if (IsTable || _format == "name")
        {
            Write(kind, [item]);
        }
        else
        {
            WriteNode(WithKind(kind, item));
        }
    }

    /// <summary>One change of a watch: a row, or one line of JSON, or a document.</summary>
    public void Write(Kind kind, Change change)
    {
        var item = WithKind(kind, change.Item!);
        switch (_format)
        {
            case "json":
                _to.WriteLine(new JsonObject { ["event"] = change.Event, ["item"] = item }.ToJsonString());
                break;
            case "yaml":
                _to.WriteLine("---");
                _to.Write(YamlText.Of(new JsonObject { ["event"] = change.Event, ["item"] = item }));
                break;
            case "name":
                _to.WriteLine($"{change.Event} {kind.Name}/{change.Item!["id"]}");
                break;
            default:
                WriteNode(item);
                break;
        }
    }

    /// <summary>Everything that is wrong with a request, and what helps.</summary>
    public static void WriteProblem(TextWriter to, string subject, ProblemDetails details)
    {
        if (details.Errors.Count == 0)
        {
            to.WriteLine($"{subject}: {details.Detail}");
        }

        foreach (var problem in details.Errors)
        {
            to.WriteLine($"{subject}: {(problem.Field.Length == 0 ? "" : problem.Field + ": ")}{problem.Message}");
            to.WriteLine($"    {problem.Remedy}");
        }
    }

    private static JsonObject WithKind(Kind kind, JsonObject item)
        => new(item.Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())).Prepend(KeyValuePair.Create<string, JsonNode?>("kind", kind.Name)));

    private void WriteNode(JsonObject node)
    {
        if (_format == "json")
        {
            _to.WriteLine(node.ToJsonString(Indented));
        }
        else if (_format == "yaml")
        {
            _to.Write(YamlText.Of(node));
        }
        else
        {
            var text = JsonPath.Evaluate(_format[PathPrefix.Length..], node);
            _to.Write(text.EndsWith('\n') ? text : text + "\n");
        }
    }
}
