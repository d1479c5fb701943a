using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows objects, and their changes.</summary>
internal static class GetCommand
{
    public static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var kind = Kind.Find(call.Required(0, "KIND"));
        var printer = new Printer(call);
        using var remote = call.Connect();
        if (call.Arguments.Count == 1)
        {
            printer.Write(kind, (await remote.ListAsync(kind, FilterOf(call), stop)).Items);
            return ExitCode.Done;
        }

        var found = new List<JsonObject>();
        var result = ExitCode.Done;
        foreach (var id in call.Arguments.Skip(1))
        {
            try
            {
                found.Add(await remote.GetAsync(kind, id, stop));
            }
            catch (RemoteException e)
            {
                Printer.WriteProblem(call.Terminal.Error, $"{kind.Name}/{id}", e.Details);
                result = ExitCode.Refused;
            }
        }

        if (call.Arguments.Count == 2 && found is [var only])
        {
            printer.Write(kind, only);
        }
        else if (found.Count > 0)
        {
            printer.Write(kind, found);
        }

        return result;
    }

    public static async Task<int> WatchAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(2);
        var kind = Kind.Find(call.Required(0, "KIND"));
        var id = call.Arguments.Count == 2 ? call.Arguments[1] : null;
        var printer = new Printer(call);
        using var remote = call.Connect();
        await Following.RunAsync(remote, kind, FilterOf(call), change => Show(change, kind, id, printer, call), stop);
        return ExitCode.Done;
    }

    public static async Task<int> EventsAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(1);
        var kind = Kind.Find("event");
        var printer = new Printer(call);
        var filter = call.Arguments is [var subject] ? $"subject={SubjectOf(subject)}" : "";
        using var remote = call.Connect();
        if (call.Has(CommandTable.Follow))
        {
            await Following.RunAsync(remote, kind, filter, change => Show(change, kind, null, printer, call), stop);
            return ExitCode.Done;
        }

        var events = (await remote.ListAsync(kind, filter, stop)).Items;
        printer.Write(kind, [.. events.Skip(Math.Max(0, events.Count - Limit(call)))]);
        return ExitCode.Done;
    }

    /// <summary>The filter of the API that -l and --filter ask for.</summary>
    private static string FilterOf(Call call)
        => string.Join(',', call.Values(CommandTable.Label).Select(l => $"label.{l}").Concat(call.Values(CommandTable.Filter)));

    private static int Limit(Call call)
    {
        var text = call.Value(CommandTable.Last) ?? "50";
        return int.TryParse(text, out var limit) && limit > 0 ? limit : throw new UsageException($"--last: '{text}' is no number above zero");
    }

    // Events name their subject as paths do: ports/p1. A person may write port/p1 as everywhere else.
    private static string SubjectOf(string text)
        => text.Split('/', 2) is [var kind, var id] ? $"{Kind.Find(kind).Plural}/{id}" : throw new UsageException($"'{text}' is not KIND/ID");

    private static bool Show(Change change, Kind kind, string? id, Printer printer, Call call)
    {
        if (change.Item is not { } item || (id is not null && (string?)item["id"] != id))
        {
            return true;
        }

        if (printer.IsTable)
        {
            var columns = printer.ColumnsOf(kind);
            Table.WriteRow(call.Out, [change.Event, .. columns.Select(c => c.Text(item))], [8, .. columns.Select(c => Math.Max(12, c.Heading.Length))]);
        }
        else
        {
            printer.Write(kind, change);
        }

        call.Out.Flush();
        return true;
    }
}
