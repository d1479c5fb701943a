using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Files;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>A command that reads wanted objects from files, and shows what is wrong with them all at once.</summary>
internal abstract class ManifestCommand(CommandLine cli, string name, string description) : CliCommand(cli, name, description)
{
    /// <summary>What the controller would make of each document; it changes nothing.</summary>
    protected async Task<List<(ManifestDocument Document, System.Text.Json.Nodes.JsonObject Result)>> JudgeAsync(Manifest manifest, ControllerClient client, CancellationToken stop)
    {
        var judged = new List<(ManifestDocument, System.Text.Json.Nodes.JsonObject)>();
        using var progress = new Progress(Shell);
        foreach (var document in manifest.Documents)
        {
            progress.Show(judged.Count, manifest.Documents.Count, $"checking {document.Ref}");
            try
            {
                judged.Add((document, (await client.PutAsync(document.Path, document.Body, validateOnly: true, stop)).Object));
            }
            catch (RefusedException e)
            {
                manifest.Problems.AddRange(ProblemsOf(document, e));
            }
        }

        return judged;
    }

    protected static IEnumerable<FileProblem> ProblemsOf(ManifestDocument document, RefusedException e)
        => e.Problems.Count > 0 ? e.Problems.Select(document.At) : [new(document.File, document.Line, document.Ref, "", e.Message, "")];

    /// <summary>Prints every problem with its place and remedy, as compilers do.</summary>
    protected int Refuse(Manifest manifest, string consequence)
    {
        Shell.Out.Flush();
        foreach (var problem in manifest.Problems.OrderBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line))
        {
            var place = string.Join(": ", new[] { $"{problem.File}:{problem.Line}", problem.Subject, problem.Field, problem.Message }.Where(t => t.Length > 0));
            TextWrap.Write(Shell.Error, place, 0, Shell.ErrorWidth);
            if (problem.Remedy.Length > 0)
            {
                TextWrap.Write(Shell.Error, problem.Remedy, 4, Shell.ErrorWidth);
            }
        }

        var count = manifest.Problems.Count;
        Shell.Error.WriteLine($"{CommandLine.Name}: {(count == 1 ? "1 problem" : $"{count} problems")}; {consequence}");
        return ExitCode.Refused;
    }
}
