using System.Text;

namespace Dwcp.Sdn.Cli.CommandLine;

/// <summary>The table of commands as text for a terminal.</summary>
internal static class HelpText
{
    private const int Width = 100;

    public static string Overview()
    {
        var text = new StringBuilder("Usage: dwcpctl [OPTION]... COMMAND [ARGUMENT]...\n\nAsks and tells a Dwcp.Sdn controller; without any configuration the one on this machine.\n\nCommands:\n");
        foreach (var command in CommandTable.All)
        {
            Row(text, command.Name, command.Summary, 14);
        }

        Options(text, "Options of all commands:", CommandTable.Global);
        return text.Append("\nExit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 no controller answers,\n4 --wait took longer than --timeout.\n'dwcpctl help COMMAND' tells more.\n").ToString();
    }

    public static string Of(Command command)
    {
        var text = new StringBuilder($"Usage: dwcpctl {command.Name} {command.Usage}".TrimEnd()).Append("\n\n");
        Wrap(text, command.Summary, 0);
        foreach (var paragraph in command.Details.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append('\n');
            Wrap(text, paragraph, 0);
        }

        Options(text, "Options:", command.Options);
        if (command.Examples.Length > 0)
        {
            text.Append("\nExamples:\n");
            foreach (var (line, does) in command.Examples)
            {
                text.Append("  # ").Append(does).Append("\n  dwcpctl ").Append(line).Append('\n');
            }
        }

        Options(text, "Options of all commands:", CommandTable.Global);
        return text.ToString();
    }

    private static void Options(StringBuilder text, string heading, Option[] options)
    {
        if (options.Length > 0)
        {
            text.Append('\n').Append(heading).Append('\n');
            foreach (var option in options)
            {
                Row(text, option.Usage, option.Help, 26);
            }
        }
    }

    private static void Row(StringBuilder text, string name, string help, int column)
    {
        text.Append("  ").Append(name.PadRight(column));
        if (name.Length >= column)
        {
            text.Append('\n').Append(' ', column + 2);
        }

        Wrap(text, help, column + 2);
    }

    private static void Wrap(StringBuilder text, string paragraph, int indent)
    {
        var length = indent;
        foreach (var word in paragraph.Split(' '))
        {
            if (length + word.Length > Width && length > indent)
            {
                text.Append('\n').Append(' ', indent);
                length = indent;
            }
            else if (length > indent)
            {
                text.Append(' ');
                length++;
            }

            text.Append(word);
            length += word.Length;
        }

        text.Append('\n');
    }
}
