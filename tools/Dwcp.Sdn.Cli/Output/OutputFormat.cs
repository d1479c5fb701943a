using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Kinds;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>The forms of -o.</summary>
internal enum OutputForm
{
    Table,
    Wide,
    Json,
    Yaml,
    Name,
    JsonPath,
}

/// <summary>What -o asks for, and how objects are printed so.</summary>
internal sealed record OutputFormat(OutputForm Form, JsonPath? Path = null)
{
    public const string Help = "table|wide|json|yaml|name|jsonpath=TEMPLATE";
    private const string PathPrefix = "jsonpath=";

    /// <exception cref="CliException">No such form, or a faulty path.</exception>
    public static OutputFormat Parse(string? text) => text switch
    {
        null or "table" => new(OutputForm.Table),
        "wide" => new(OutputForm.Wide),
        "json" => new(OutputForm.Json),
        "yaml" => new(OutputForm.Yaml),
        "name" => new(OutputForm.Name),
        _ when text.StartsWith(PathPrefix, StringComparison.Ordinal) => new(OutputForm.JsonPath, JsonPath.Parse(text[PathPrefix.Length..])),
        _ => throw new CliException(ExitCode.Usage, $"there is no output '{text}'", $"Use one of {Help}"),
    };

    /// <summary>Prints one object, or a list of them.</summary>
    public void Write(Shell shell, Kind kind, IReadOnlyList<JsonObject> items, bool isList)
    {
        switch (Form)
        {
            case OutputForm.Table or OutputForm.Wide:
                TableOf(kind, items).WriteTo(shell.Out, shell.Width, new(shell.HasColours));
                break;
            case OutputForm.Json:
                shell.Out.WriteLine(JsonText.Pretty(Whole(kind, items, isList)));
                break;
            case OutputForm.Yaml:
                shell.Out.Write(string.Join("---\n", items.Select(i => YamlText.Of(Objects.Ordered(kind, i)))));
                break;
            case OutputForm.Name:
                // A route of a peer has no id, and so no name by which it could be asked for.
                foreach (var item in items.Where(i => i.Text("id").Length > 0))
                {
                    shell.Out.WriteLine(kind.Ref(item.Text("id")));
                }

                break;
            default:
                var text = Path!.Evaluate(Whole(kind, items, isList));
                shell.Out.Write(text.EndsWith('\n') || text.Length == 0 ? text : text + "\n");
                break;
        }
    }

    private Table TableOf(Kind kind, IReadOnlyList<JsonObject> items)
    {
        var wide = Form == OutputForm.Wide;
        var (columns, rows) = kind == KindCatalogue.Configuration
            ? (Columns.OfOptions(wide), items.SelectMany(i => i["options"]!.AsArray().Select(o => o!.AsObject())))
            : (Columns.Of(kind, wide), items);
        var table = new Table([.. columns.Select(c => c.Header)]) { Right = [.. columns.Where(c => c.Right).Select(c => c.Header)] };
        foreach (var item in rows)
        {
            table.Add([.. columns.Select(c => c.Value(item))]);
        }

        return table;
    }

    private static JsonObject Whole(Kind kind, IReadOnlyList<JsonObject> items, bool isList)
        => isList ? new JsonObject { ["items"] = new JsonArray([.. items.Select(i => Objects.Ordered(kind, i))]) } : Objects.Ordered(kind, items[0]);
}
