using System.CommandLine;
using Dwcp.Sdn.Cli.Commands;

namespace Dwcp.Sdn.Cli.Documents;

/// <summary>What help, manual and completion all tell of a command, read from the command itself.</summary>
internal sealed record CommandFacts(Command Command)
{
    public string Path => CliCommand.PathOf(Command);

    public string Details => (Command as CliCommand)?.Details ?? "";

    public IReadOnlyList<Example> Examples => (Command as CliCommand)?.Examples ?? [];

    public IEnumerable<CommandFacts> Subcommands => Command.Subcommands.Where(c => !c.Hidden).Select(c => new CommandFacts(c));

    /// <summary>Commands that do something, in the order of the tree.</summary>
    public IEnumerable<CommandFacts> Leaves => Command.Subcommands.Count == 0 ? [this] : Subcommands.SelectMany(c => c.Leaves);

    public IEnumerable<(string Term, string Description)> Arguments => Command.Arguments.Select(a => (a.Name, a.Description ?? ""));

    public IEnumerable<(string Term, string Description)> Options => Command.Options.Where(o => !o.Hidden).Select(o => (TermOf(o), o.Description ?? ""));

    /// <summary>The command and what may follow it.</summary>
    public string Usage
    {
        get
        {
            var parts = new List<string> { Path };
            parts.AddRange(Command.Options.Where(o => o.Required).Select(o => $"{Shortest(o)} {o.HelpName}"));
            parts.AddRange(Command.Arguments.Select(a => UsageOf(a)));
            parts.Add(Command.Subcommands.Count > 0 ? "COMMAND" : Command.Options.Any(o => !o.Required && !o.Hidden) ? "[options]" : "");
            return string.Join(' ', parts.Where(p => p.Length > 0));
        }
    }

    private static string UsageOf(Argument argument)
    {
        var words = argument.Arity.MaximumNumberOfValues > 1 ? $"{argument.Name}…" : argument.Name;
        return argument.Arity.MinimumNumberOfValues > 0 ? words : $"[{words}]";
    }

    private static string TermOf(Option option)
    {
        var names = string.Join(", ", option.Aliases.Append(option.Name).OrderBy(n => n.Length));
        return option.HelpName is not { } value ? names : option.Arity.MinimumNumberOfValues == 0 ? $"{names}[={value}]" : $"{names} {value}";
    }

    private static string Shortest(Option option) => option.Aliases.Append(option.Name).MinBy(n => n.Length)!;
}
