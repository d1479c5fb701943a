using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>Prints changes one by one, in the form that -o asks for.</summary>
internal sealed class ChangePrinter(Shell shell, Kind kind, OutputFormat format)
{
    private Table? _table;

    public void Write(IReadOnlyList<WatchMessage> changes)
    {
        if (format.Form is OutputForm.Table or OutputForm.Wide)
        {
            WriteRows(changes);
            return;
        }

        foreach (var (name, version, item) in changes)
        {
            var shown = Objects.Ordered(kind, item);
            shell.Out.WriteLine(format.Form switch
            {
                OutputForm.Name => $"{name} {kind.Ref(item.Text("id"))}",
                OutputForm.Yaml => $"---\n# {name}\n{YamlText.Of(shown).TrimEnd('\n')}",
                OutputForm.JsonPath => $"{name} {format.Path!.Evaluate(shown)}",
                _ => JsonText.Line(new JsonObject { ["event"] = name, ["resourceVersion"] = version, ["item"] = shown }),
            });
        }
    }

    private void WriteRows(IReadOnlyList<WatchMessage> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var columns = Columns.Of(kind, format.Form == OutputForm.Wide);
        var isFirst = _table is null;
        _table ??= new(["EVENT", .. columns.Select(c => c.Header)]) { Right = [.. columns.Where(c => c.Right).Select(c => c.Header)] };
        foreach (var (name, _, item) in changes)
        {
            _table.Add([name.PadRight("MODIFIED".Length), .. columns.Select(c => c.Value(item))]);
        }

        var style = new Style(shell.HasColours);
        if (isFirst)
        {
            _table.WriteTo(shell.Out, shell.Width, style);
        }
        else
        {
            _table.WriteRows(shell.Out, shell.Width, style);
        }
    }
}
