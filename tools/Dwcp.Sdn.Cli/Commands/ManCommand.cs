using System.CommandLine;
using Dwcp.Sdn.Cli.Documents;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Prints the manual page.</summary>
internal sealed class ManCommand : CliCommand
{
    public ManCommand(CommandLine cli)
        : base(cli, "man", "Print the manual page, in roff")
    {
        Examples = [new("dwcpctl man | man -l -", "read it"), new("dwcpctl man > /usr/local/share/man/man1/dwcpctl.1", "install it")];
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        Shell.Out.Write(ManPage.Of(Cli));
        return Task.FromResult(ExitCode.Done);
    }
}
