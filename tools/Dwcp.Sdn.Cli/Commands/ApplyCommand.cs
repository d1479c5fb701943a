using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Makes things as files say, shows what that would change, and takes them away again.</summary>
internal static class ApplyCommand
{
    // Fewer are done before a bar could be read.
    private const int WorthABar = 20;

    public static async Task<int> ApplyAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(0);
        var documents = Required(call);
        var wait = Waiting.Read(call);
        var dryRun = call.Has(CommandTable.DryRun);
        using var remote = call.Connect();
        var applied = new List<(Document, JsonObject)>();
        var result = await EachAsync(documents, call, async document =>
        {
            var before = await FindAsync(remote, document.Kind, document.Id, stop);
            var after = await remote.PutAsync(document.Kind, document.Id, document.Body, dryRun, stop);
            applied.Add((document, after));
            var what = before is null ? "created" : Spec(before) == Spec(after) && Version(before, after, dryRun) ? "unchanged" : "configured";
            return $"{document.Subject} {what}{(dryRun ? " (dry run)" : "")}";
        });
        return wait is null || dryRun || result != ExitCode.Done ? result : await wait.RunAsync(remote, applied, stop);
    }

    public static async Task<int> DiffAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(0);
        var documents = Required(call);
        using var remote = call.Connect();
        var differs = false;
        var result = await EachAsync(documents, call, async document =>
        {
            var before = await FindAsync(remote, document.Kind, document.Id, stop);
            var after = await remote.PutAsync(document.Kind, document.Id, document.Body, validateOnly: true, stop);
            var (left, right) = (before is null ? "" : Spec(before), Spec(after));
            if (left == right)
            {
                return null;
            }

            differs = true;
            return $"{document.Subject}\n{string.Join('\n', LineDiff.Between(left, right))}";
        });
        return result != ExitCode.Done ? result : differs ? ExitCode.Refused : ExitCode.Done;
    }

    public static async Task<int> DeleteAsync(Call call, CancellationToken stop)
    {
        var (named, files) = (call.Arguments.Count > 0, call.Has(CommandTable.Files));
        if (named == files)
        {
            throw new UsageException("delete takes either KIND ID... or -f FILE");
        }

        var kind = named ? Kind.Find(call.Arguments[0]) : null;
        List<Document> documents = kind is null ? [.. Documents.Read(call).AsEnumerable().Reverse()] : [.. call.Arguments.Skip(1).Select(id => new Document(kind, id, [], ""))];
        if (documents.Count == 0)
        {
            throw new UsageException(named ? "ID is missing" : "the files ask for nothing");
        }

        var dryRun = call.Has(CommandTable.DryRun);
        using var remote = call.Connect();
        return await EachAsync(documents, call, async document =>
        {
            var before = await FindAsync(remote, document.Kind, document.Id, stop);
            await remote.DeleteAsync(document.Kind, document.Id, dryRun, stop);
            return $"{document.Subject} {(before is null ? "was not there" : "deleted")}{(dryRun ? " (dry run)" : "")}";
        });
    }

    private static List<Document> Required(Call call) => Documents.Read(call) is { Count: > 0 } documents
        ? documents
        : throw new UsageException(call.Has(CommandTable.Files) ? "the files ask for nothing" : "-f FILE is missing; - reads from the input");

    /// <summary>Goes on after one was refused, so that all faults of the files are known at once.</summary>
    private static async Task<int> EachAsync(List<Document> documents, Call call, Func<Document, Task<string?>> work)
    {
        var result = ExitCode.Done;
        using var bar = new ProgressBar(call.Terminal, documents.Count >= WorthABar ? documents.Count : 0);
        foreach (var document in documents)
        {
            try
            {
                if (await work(document) is { } line)
                {
                    bar.Aside(() => call.Out.WriteLine(line));
                }
            }
            catch (RemoteException e)
            {
                bar.Aside(() => Printer.WriteProblem(call.Terminal.Error, document.Place.Length == 0 ? document.Subject : $"{document.Place}: {document.Subject}", e.Details));
                result = ExitCode.Refused;
            }

            bar.Advance();
        }

        return result;
    }

    private static async Task<JsonObject?> FindAsync(IRemote remote, Kind kind, string id, CancellationToken stop)
    {
        try
        {
            return await remote.GetAsync(kind, id, stop);
        }
        catch (RemoteException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    // What a dry run would store has no version yet.
    private static bool Version(JsonObject before, JsonObject after, bool dryRun) => dryRun || (string?)before["resourceVersion"] == (string?)after["resourceVersion"];

    private static string Spec(JsonObject item)
        => YamlText.Of(new JsonObject(item.Where(p => p.Key is not ("resourceVersion" or "generation" or "status")).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))));
}
