using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows on one screen whether all is well, and for what is not the next command to type.</summary>
internal sealed class StatusCommand : CliCommand
{
    private const int Shown = 4;
    private readonly Option<bool> _exitCode = new("--exit-code") { Description = "End with 1 when something is wrong" };

    public StatusCommand(CommandLine cli)
        : base(cli, "status", "Show whether all is well, and what to do about what is not")
    {
        Add(_exitCode);
        Details = "What is wrong is red and marked with !, what is only awaited with a dot.";
        Examples = [new("dwcpctl status", "is all well?"), new("watch -c dwcpctl status", "and again every two seconds")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        using var client = Connect(parse);
        var page = new StatusPage(Shell);
        var version = await client.GetAsync("/version", stop);
        var (ready, text) = await client.ReadTextAsync("/readyz", stop);
        page.Controller(version.Text("version").Split('+')[0], client.Server.OriginalString, ready == HttpStatusCode.OK ? null : RefusedException.Of(ready, text)?.Message ?? text.Trim());
        foreach (var kind in KindCatalogue.All.Where(k => k is { IsJudged: true, IsHeld: false }).OrderByDescending(k => k == KindCatalogue.Switches))
        {
            page.Objects(kind, await ItemsAsync(client, kind, stop), Shown);
        }

        page.Drops((await client.ReadTextAsync("/metrics", stop)).Text);
        page.Finish();
        return parse.GetValue(_exitCode) && page.SomethingIsWrong ? ExitCode.Refused : ExitCode.Done;
    }

    private static async Task<List<JsonObject>> ItemsAsync(ControllerClient client, Kind kind, CancellationToken stop)
    {
        if (!kind.IsSingle)
        {
            return (await client.ListAsync(kind, null, stop)).Items;
        }

        return await client.FindAsync(kind.ListPath, stop) is { } item ? [item] : [];
    }
}
