using System.CommandLine;
using Dwcp.Sdn.Cli.Documents;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Prints the script that completes command lines in a shell.</summary>
internal sealed class CompletionCommand : CliCommand
{
    private readonly Argument<string> _shell = new("SHELL") { Description = string.Join(", ", CompletionScript.Shells) };

    public CompletionCommand(CommandLine cli)
        : base(cli, "completion", "Print the script that completes command lines in bash, zsh or fish")
    {
        _shell.AcceptOnlyFromAmong(CompletionScript.Shells);
        Add(_shell);
        Details = "Kinds, ids, options and their values are completed; ids come from the controller.";
        Examples = [new("source <(dwcpctl completion bash)", "in ~/.bashrc")];
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        Shell.Out.Write(CompletionScript.Of(parse.GetValue(_shell)!));
        return Task.FromResult(ExitCode.Done);
    }
}
