using System.CommandLine;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Files;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows what applying files would change.</summary>
internal sealed class DiffCommand : ManifestCommand
{
    private const int Context = 2;

    private readonly Option<string[]> _files = CommonOptions.Files(required: true);
    private readonly Option<bool> _exitCode = new("--exit-code") { Description = "End with 1 when there are differences" };

    public DiffCommand(CommandLine cli)
        : base(cli, "diff", "Show what applying files would change")
    {
        Add(_files);
        Add(_exitCode);
        Details = "The controller is asked what each document would become, so that defaults and what it has allocated are no differences.";
        Examples = [new("dwcpctl diff -f fabric.yaml", "what is not as the file says")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        using var client = Connect(parse);
        var manifest = Manifest.Read(parse.GetValue(_files)!, Shell);
        var (created, changed, same) = (0, 0, 0);
        foreach (var (document, result) in await JudgeAsync(manifest, client, stop))
        {
            var current = await client.FindAsync(document.Path, stop);
            var lines = LineDiff.Of(current is null ? "" : TextOf(document, current), TextOf(document, result), Context).Where(l => current is not null || l.Mark != '-').ToArray();
            if (lines.Length == 0)
            {
                same++;
                continue;
            }

            created += current is null ? 1 : 0;
            changed += current is null ? 0 : 1;
            Print(document, lines, current is null);
        }

        if (manifest.Problems.Count > 0)
        {
            return Refuse(manifest, "the other documents were compared");
        }

        Shell.Out.WriteLine($"{created} new, {changed} changed, {same} unchanged");
        return parse.GetValue(_exitCode) && created + changed > 0 ? ExitCode.Refused : ExitCode.Done;
    }

    private static string TextOf(ManifestDocument document, JsonObject item)
    {
        var wanted = Objects.Wanted(document.Kind, item);
        wanted.Remove(Objects.KindField);
        wanted.Remove("id");
        foreach (var empty in wanted.Where(m => m.Value is null or JsonArray { Count: 0 }).Select(m => m.Key).ToArray())
        {
            wanted.Remove(empty);
        }

        return YamlText.Of(wanted);
    }

    private void Print(ManifestDocument document, DiffLine[] lines, bool isNew)
    {
        var style = new Style(Shell.HasColours);
        Shell.Out.WriteLine(style.Strong($"{document.Ref}{(isNew ? " (new)" : "")}"));
        foreach (var (mark, text) in lines)
        {
            var line = $"{mark} {text}";
            Shell.Out.WriteLine(mark switch { '+' => style.Good(line), '-' => style.Bad(line), _ => line });
        }
    }
}
