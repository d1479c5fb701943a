using System.CommandLine;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>The command of which all others are parts.</summary>
internal sealed class DwcpctlCommand : RootCommand
{
    public DwcpctlCommand(CommandLine cli)
        : base("The command line of a Dwcp.Sdn controller")
    {
        Add(new StatusCommand(cli));
        Add(new GetCommand(cli));
        Add(new DescribeCommand(cli));
        Add(new ApplyCommand(cli));
        Add(new DiffCommand(cli));
        Add(new DeleteCommand(cli));
        Add(new WatchCommand(cli));
        Add(new EventsCommand(cli));
        Add(new FlowsCommand(cli));
        Add(new BgpCommand(cli));
        Add(new SetCommand(cli));
        Add(new UnsetCommand(cli));
        Add(new ExplainCommand(cli));
        Add(new DecodeCommand(cli));
        Add(new PkiCommand(cli));
        Add(new ConfigCommand(cli));
        Add(new CompletionCommand(cli));
        Add(new ManCommand(cli));
        Add(new VersionCommand(cli));
        Add(new CompleteCommand(cli));
    }
}
