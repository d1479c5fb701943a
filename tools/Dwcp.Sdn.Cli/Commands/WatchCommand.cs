using System.CommandLine;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows the objects of a kind and then each change of them, until it is stopped.</summary>
internal sealed class WatchCommand : CliCommand
{
    private readonly Argument<string> _kind = CommonOptions.Kind(k => k.IsWatchable);
    private readonly Option<string?> _output = CommonOptions.Output();
    private readonly Option<string[]> _selector = CommonOptions.Selector();
    private readonly Option<string[]> _filter = CommonOptions.Filter();

    public WatchCommand(CommandLine cli)
        : base(cli, "watch", "Show objects and then each change, until Ctrl-C")
    {
        Add(_kind);
        Add(_output);
        Add(_selector);
        Add(_filter);
        Details = "It outlives restarts of the controller. With -o json each line is one change.";
        Examples = [new("dwcpctl watch ports", "ports as they come, move and go"), new("dwcpctl watch ports -o json | jq -c .item.status", "for programs")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var kind = KindCatalogue.Find(parse.GetValue(_kind)!);
        if (!kind.IsWatchable)
        {
            throw new CliException(ExitCode.Usage, $"{kind.Plural} cannot be watched");
        }

        using var client = Connect(parse);
        await ShowAsync(Shell, client, kind, OutputFormat.Parse(parse.GetValue(_output)), since: null, CommonOptions.FilterOf(parse.GetValue(_selector), parse.GetValue(_filter)), stop);
        return ExitCode.Done;
    }

    /// <summary>Prints changes without end. The columns are as wide as what is there at the start, and get wider when they must.</summary>
    public static async Task ShowAsync(Shell shell, ControllerClient client, Kind kind, OutputFormat format, string? since, string filter, CancellationToken stop)
    {
        var printer = new ChangePrinter(shell, kind, format);
        var watcher = new Watcher(client, shell.Clock, text => shell.Error.WriteLine($"{CommandLine.Name}: {text}"));
        await foreach (var changes in watcher.ChangesAsync(kind, since, filter, stop))
        {
            printer.Write(changes);
            await shell.Out.FlushAsync(stop);
        }
    }
}
