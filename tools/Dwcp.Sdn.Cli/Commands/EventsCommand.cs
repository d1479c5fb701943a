using System.CommandLine;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows what happened to whom and why.</summary>
internal sealed class EventsCommand : CliCommand
{
    private readonly Option<string?> _output = CommonOptions.Output();
    private readonly Option<string[]> _filter = CommonOptions.Filter();
    private readonly Option<int?> _last = CommonOptions.Number(new("--last") { HelpName = "N", Description = "Only the last N" });
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Go on with what happens, until Ctrl-C" };

    public EventsCommand(CommandLine cli)
        : base(cli, "events", "Show what happened to whom and why")
    {
        Add(_output);
        Add(_filter);
        Add(_last);
        Add(_watch);
        Examples =
        [
            new("dwcpctl events --last 20 --watch", "the last 20, and what comes"),
            new("dwcpctl events --filter subject=ports/vm1", "the history of one port"),
            new("dwcpctl events --filter name=SwitchDisconnected", "when switches went away"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var (kind, format, filter) = (KindCatalogue.Events, OutputFormat.Parse(parse.GetValue(_output)), CommonOptions.FilterOf(null, parse.GetValue(_filter)));
        if (parse.GetValue(_last) is < 1 and var none)
        {
            throw new CliException(ExitCode.Usage, $"--last: {none} is no number of events", "Give 1 or more");
        }

        using var client = Connect(parse);
        var (items, version) = await client.ListAsync(kind.ListPath, filter, stop);
        if (parse.GetValue(_last) is { } last)
        {
            items = [.. items.TakeLast(last)];
        }

        if (items.Count > 0 || !(format.Form is OutputForm.Table or OutputForm.Wide))
        {
            format.Write(Shell, kind, items, isList: true);
        }
        else if (!parse.GetValue(_watch))
        {
            Shell.Error.WriteLine("no events");
        }

        if (parse.GetValue(_watch))
        {
            await Shell.Out.FlushAsync(stop);
            await WatchCommand.ShowAsync(Shell, client, kind, format, version, filter, stop);
        }

        return ExitCode.Done;
    }
}
