using System.CommandLine;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Files;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Deletes objects that are named, or that files have.</summary>
internal sealed class DeleteCommand : ManifestCommand
{
    private readonly Argument<string> _kind = CommonOptions.Kind(k => k is { IsWritable: true, IsLasting: false });
    private readonly Argument<string[]> _ids;
    private readonly Option<string[]> _files = CommonOptions.Files(required: false);
    private readonly Waiting _waiting;

    public DeleteCommand(CommandLine cli)
        : base(cli, "delete", "Delete objects")
    {
        _kind.Arity = ArgumentArity.ZeroOrOne;
        Add(_kind);
        Add(_ids = CommonOptions.Ids(cli, _kind));
        Add(_files);
        _waiting = new(this);
        Details = "Files are taken from their end to their beginning. With --wait it ends when every switch that can be reached has confirmed that it has forgotten the objects.";
        Examples = [new("dwcpctl delete port vm1", "one port"), new("dwcpctl delete -f fabric.yaml", "all that a file has made")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var files = parse.GetValue(_files) ?? [];
        var word = parse.GetValue(_kind);
        if (word is null == (files.Length == 0))
        {
            throw new CliException(ExitCode.Usage, word is null ? "nothing is named" : "KIND and -f exclude each other", "Write dwcpctl delete KIND ID…, or dwcpctl delete -f FILE");
        }

        var target = _waiting.TargetOf(parse);
        using var client = Connect(parse);
        var objects = word is null ? FromFiles(files) : FromWords(word, parse.GetValue(_ids)!);
        if (objects is null)
        {
            return ExitCode.Refused;
        }

        var deleted = await DeleteAsync(objects, client, isNamed: word is not null, stop);
        if (target is not null)
        {
            var switches = KindCatalogue.Switches;
            var connected = (await client.ListAsync(switches.ListPath, "status.connected=true", stop)).Items.Where(s => Verdict.Of(s) is not { Health: Health.Waiting, Word: "Observed" or "NotAnnounced" or "NoHost" });
            await Waiting.UntilAsync(target, client, [.. connected.Select(s => (switches, s.Text("id")))], Shell, stop);
        }

        return deleted ? ExitCode.Done : ExitCode.Refused;
    }

    private static List<(Kind Kind, string Id)> FromWords(string word, string[] named)
    {
        var (kind, ids) = ObjectRefs.Parse(word, named);
        if (kind.IsLasting)
        {
            throw new CliException(ExitCode.Usage, $"the {kind.Singular} is always there", "dwcpctl unset NAME takes a setting back");
        }

        return ids.Count == 0 && !kind.IsSingle
            ? throw new CliException(ExitCode.Usage, $"which {kind.Plural}?", $"Write dwcpctl delete {kind.Singular} ID…")
            : [.. (kind.IsSingle ? [kind.Singular] : ids).Select(id => (kind, id))];
    }

    private List<(Kind Kind, string Id)>? FromFiles(string[] files)
    {
        var manifest = Manifest.Read(files, Shell);
        if (manifest.Problems.Count > 0)
        {
            Refuse(manifest, "nothing was deleted");
            return null;
        }

        return [.. manifest.Documents.Where(d => !d.Kind.IsLasting).Select(d => (d.Kind, d.Id)).Reverse()];
    }

    /// <summary>What a person names and is not there, is told and is a refusal; a file only says what should not be.</summary>
    private async Task<bool> DeleteAsync(List<(Kind Kind, string Id)> objects, ControllerClient client, bool isNamed, CancellationToken stop)
    {
        var all = true;
        using var progress = new Progress(Shell);
        for (var i = 0; i < objects.Count; i++)
        {
            var (kind, id) = objects[i];
            progress.Show(i, objects.Count, $"deleting {kind.Ref(id)}");
            if (await client.FindAsync(kind.PathOf(id), stop) is null)
            {
                progress.Hide();
                all &= !isNamed;
                (isNamed ? Shell.Error : Shell.Out).WriteLine($"{(isNamed ? $"{CommandLine.Name}: there is no {kind.Ref(id)}" : $"{kind.Ref(id)} absent")}");
                continue;
            }

            try
            {
                await client.DeleteAsync(kind.PathOf(id), stop);
                progress.Print($"{kind.Ref(id)} deleted");
            }
            catch (RefusedException e)
            {
                all = false;
                progress.Hide();
                Shell.Error.WriteLine($"{CommandLine.Name}: {kind.Ref(id)}: {e.Message}");
                e.Problems.Select(p => p.Remedy).Where(r => r.Length > 0).Distinct().ToList().ForEach(r => TextWrap.Write(Shell.Error, r, 2, Shell.ErrorWidth));
            }
        }

        return all;
    }
}
