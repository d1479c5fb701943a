using System.Text;
using Dwcp.Sdn.Cli.Commands;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Documents;

/// <summary>The manual page, in the man macros of roff, from the same commands that --help shows.</summary>
internal sealed class ManPage
{
    private const int SourceWidth = 78;
    private readonly StringBuilder _text = new();

    public static string Of(CommandLine cli)
    {
        var page = new ManPage();
        page.WriteAll(new(cli.Root));
        return page._text.ToString();
    }

    private void WriteAll(CommandFacts root)
    {
        Macro($".TH DWCPCTL 1 \"\" \"Dwcp.Sdn {VersionCommand.Own}\" \"User Commands\"");
        Macro(".SH NAME");
        Text($"dwcpctl - {Lower(root.Command.Description!)}");
        Macro(".SH SYNOPSIS");
        Macro($".B {CommandLine.Name}");
        Text("COMMAND [arguments] [options]");
        Macro(".SH DESCRIPTION");
        Text("dwcpctl shows and changes what a Dwcp.Sdn controller is asked for, and shows what has become of it. It speaks to the controller's REST API. "
            + "Without any configuration it speaks to the controller on this machine.");
        Macro(".SH COMMANDS");
        foreach (var command in root.Leaves)
        {
            Write(command);
        }

        Macro(".SH OPTIONS");
        Text("Every command takes these:");
        Terms(root.Options);
        Macro(".SH \"EXIT STATUS\"");
        Terms(ExitCode.Meanings.Select(m => ($"{m.Code}", m.Meaning)));
        Macro(".SH ENVIRONMENT");
        Terms(
        [
            ("DWCP_SERVER", "The controller's URL; --server and --context weigh more, the current context weighs less"),
            ("NO_COLOR", "If set, nothing is coloured"),
            ("COLUMNS", "The width of the terminal, if it does not tell"),
            ("XDG_CONFIG_HOME", "Where the folder of the configuration file is, instead of ~/.config"),
        ]);
        Macro(".SH FILES");
        Terms([("~/.config/dwcp/config.yaml", "The contexts: controllers by name, and which of them is the current one")]);
        Macro(".SH EXAMPLES");
        foreach (var example in root.Leaves.SelectMany(c => c.Examples))
        {
            Macro(".TP");
            Macro($".B {Escape(example.Line)}");
            Text(example.Purpose);
        }
    }

    private void Write(CommandFacts command)
    {
        Macro($".SS \"{Escape(command.Usage[(CommandLine.Name.Length + 1)..])}\"");
        Text($"{command.Command.Description}. {command.Details}".TrimEnd());
        Terms(command.Options);
    }

    private void Terms(IEnumerable<(string Term, string Description)> rows)
    {
        foreach (var (term, description) in rows)
        {
            Macro(".TP");
            Macro($".B {Escape(term)}");
            Text(description);
        }
    }

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];

    private void Macro(string line) => _text.Append(line).Append('\n');

    // A line that begins with a dot or a quote would be a command to roff.
    private void Text(string text)
    {
        foreach (var line in TextWrap.Lines(Escape(text), SourceWidth))
        {
            _text.Append(line is ['.' or '\'', ..] ? "\\&" : "").Append(line).Append('\n');
        }
    }

    private static string Escape(string text) => text
        .Replace("\\", "\\e", StringComparison.Ordinal)
        .Replace("-", "\\-", StringComparison.Ordinal)
        .Replace("…", "...", StringComparison.Ordinal)
        .Replace("\"", "\\(dq", StringComparison.Ordinal);
}
