using System.CommandLine;
using System.CommandLine.Invocation;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Documents;

/// <summary>--help: the command on one screen.</summary>
internal sealed class HelpPage(Shell shell) : SynchronousCommandLineAction
{
    private const int Indent = 2;
    private const int WidestTerm = 28;

    private readonly Style _style = new(shell.HasColours);

    public override bool ClearsParseErrors => true;

    private int Width => Math.Min(shell.Width, 100);

    public override int Invoke(ParseResult parseResult)
    {
        var facts = new CommandFacts(parseResult.CommandResult.Command);
        shell.Out.WriteLine(facts.Command.Description);
        if (facts.Details.Length > 0)
        {
            shell.Out.WriteLine();
            TextWrap.Write(shell.Out, facts.Details, 0, Width);
        }

        Heading("Usage");
        shell.Out.WriteLine($"  {facts.Usage}");
        Section("Commands", facts.Subcommands.Select(c => (c.Command.Name, c.Command.Description ?? "")));
        Section("Arguments", facts.Arguments);
        Section("Options", facts.Options);
        if (facts.Command is not RootCommand)
        {
            var root = new CommandFacts(parseResult.RootCommandResult.Command);
            Section("Options of every command", root.Options);
        }

        Examples(facts);
        if (facts.Command is RootCommand)
        {
            Section("Exit codes", ExitCode.Meanings.Select(m => ($"{m.Code}", m.Meaning)));
        }

        return ExitCode.Done;
    }

    private void Examples(CommandFacts facts)
    {
        if (facts.Examples.Count > 0)
        {
            Heading("Examples");
            foreach (var (line, purpose) in facts.Examples)
            {
                shell.Out.WriteLine($"  {line}");
                TextWrap.Write(shell.Out, purpose, 3 * Indent, Width);
            }
        }
    }

    private void Heading(string text) => shell.Out.WriteLine($"\n{_style.Strong(text)}");

    private void Section(string heading, IEnumerable<(string Term, string Description)> rows)
    {
        var all = rows.ToArray();
        if (all.Length == 0)
        {
            return;
        }

        Heading(heading);
        var width = Math.Min(WidestTerm, all.Max(r => r.Term.Length));
        foreach (var (term, description) in all)
        {
            var lines = TextWrap.Lines(description, Width - Indent - width - Indent);
            var beside = term.Length <= width;
            shell.Out.WriteLine($"  {(beside ? $"{term.PadRight(width)}  {lines[0]}" : term)}".TrimEnd());
            foreach (var line in lines.Skip(beside ? 1 : 0))
            {
                shell.Out.WriteLine(new string(' ', Indent + width + Indent) + line);
            }
        }
    }
}
