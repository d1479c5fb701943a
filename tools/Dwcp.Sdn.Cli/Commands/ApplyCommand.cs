using System.CommandLine;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Files;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Makes objects as files say, once all of them have been found good.</summary>
internal sealed class ApplyCommand : ManifestCommand
{
    private readonly Option<string[]> _files = CommonOptions.Files(required: true);
    private readonly Option<bool> _validateOnly = new("--validate-only") { Description = "Say what is wrong, and change nothing" };
    private readonly Waiting _waiting;

    public ApplyCommand(CommandLine cli)
        : base(cli, "apply", "Make or change objects as files say")
    {
        Add(_files);
        Add(_validateOnly);
        _waiting = new(this);
        Details = "A file has documents with kind, id and the fields that dwcpctl explain shows, in any order. All are checked first: when one is wrong, nothing is changed. "
            + "The same file twice changes nothing.";
        Examples =
        [
            new("dwcpctl apply -f fabric.yaml", "what the file says"),
            new("dwcpctl apply -f fabric.yaml --wait=Programmed --timeout 1m", "and wait until every switch has confirmed it"),
            new("dwcpctl get networks -o yaml | ssh b dwcpctl apply -f -", "copy networks to another controller"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var target = _waiting.TargetOf(parse);
        using var client = Connect(parse);
        var manifest = Manifest.Read(parse.GetValue(_files)!, Shell);
        if (manifest.Documents.Count + manifest.Problems.Count == 0)
        {
            Shell.Error.WriteLine($"no documents in {string.Join(", ", parse.GetValue(_files)!)}");
        }

        await JudgeAsync(manifest, client, stop);
        if (manifest.Problems.Count > 0)
        {
            return Refuse(manifest, "nothing was changed");
        }

        if (parse.GetValue(_validateOnly))
        {
            Shell.Out.WriteLine($"{Count(manifest.Documents.Count)} good; nothing was changed");
            return ExitCode.Done;
        }

        await ApplyAsync(manifest, client, stop);
        if (manifest.Problems.Count > 0)
        {
            return Refuse(manifest, "the other documents were applied");
        }

        if (target is not null && manifest.Documents.Count > 0)
        {
            Shell.Out.Flush();
            await Waiting.UntilAsync(target, client, [.. manifest.Documents.Select(d => (d.Kind, d.Id))], Shell, stop);
            Shell.Out.WriteLine($"{Count(manifest.Documents.Count)} {target}");
        }

        return ExitCode.Done;
    }

    private async Task ApplyAsync(Manifest manifest, ControllerClient client, CancellationToken stop)
    {
        var before = await VersionsAsync(manifest, client, stop);
        using var progress = new Progress(Shell);
        var done = 0;
        foreach (var document in manifest.Documents)
        {
            progress.Show(done++, manifest.Documents.Count, $"applying {document.Ref}");
            try
            {
                var (item, created) = await client.PutAsync(document.Path, document.Body, validateOnly: false, stop);
                var unchanged = before.GetValueOrDefault(document.Ref) == item.Text("resourceVersion");
                progress.Print($"{document.Ref} {(created ? "created" : unchanged ? "unchanged" : "changed")}");
            }
            catch (RefusedException e)
            {
                manifest.Problems.AddRange(ProblemsOf(document, e));
            }
        }
    }

    private static async Task<Dictionary<string, string>> VersionsAsync(Manifest manifest, ControllerClient client, CancellationToken stop)
    {
        var versions = new Dictionary<string, string>();
        foreach (var kind in manifest.Documents.Select(d => d.Kind).Distinct())
        {
            foreach (var item in kind.IsListed ? (await client.ListAsync(kind, null, stop)).Items : await FindAsync(manifest.Documents.Where(d => d.Kind == kind), client, stop))
            {
                versions[kind.Ref(item.Text("id"))] = item.Text("resourceVersion");
            }
        }

        return versions;
    }

    private static async Task<List<JsonObject>> FindAsync(IEnumerable<ManifestDocument> documents, ControllerClient client, CancellationToken stop)
    {
        var found = new List<JsonObject>();
        foreach (var document in documents)
        {
            if (await client.FindAsync(document.Path, stop) is { } item)
            {
                found.Add(item);
            }
        }

        return found;
    }

    private static string Count(int documents) => documents == 1 ? "1 document is" : $"{documents} documents are";
}
