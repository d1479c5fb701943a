using System.CommandLine;
using Dwcp.Sdn.Cli.Client;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>An example of a command line and what it is for.</summary>
internal readonly record struct Example(string Line, string Purpose);

/// <summary>A command with what its help and the manual say of it.</summary>
internal abstract class CliCommand : Command
{
    protected CliCommand(CommandLine cli, string name, string description)
        : base(name, description)
    {
        Cli = cli;
        SetAction(RunAsync);
    }

    /// <summary>What one line of description leaves open.</summary>
    public string Details { get; protected init; } = "";

    public IReadOnlyList<Example> Examples { get; protected init; } = [];

    protected CommandLine Cli { get; }

    protected Shell Shell => Cli.Shell;

    /// <summary>The command as it is typed, such as "dwcpctl config use-context".</summary>
    public static string PathOf(Symbol command) => command.Parents.FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : CommandLine.Name;

    protected abstract Task<int> RunAsync(ParseResult parse, CancellationToken stop);

    protected ControllerClient Connect(ParseResult parse) => Cli.Connect(parse);
}
