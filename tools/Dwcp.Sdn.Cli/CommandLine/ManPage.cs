using System.Text;

namespace Dwcp.Sdn.Cli.CommandLine;

/// <summary>The table of commands as a man page, in the macros of man(7).</summary>
internal static class ManPage
{
    public static string Text(string version)
    {
        var page = new StringBuilder($"""
            .TH DWCPCTL 1 "" "Dwcp.Sdn {version}" "Dwcp.Sdn"
            .SH NAME
            dwcpctl \- ask and tell a Dwcp.Sdn controller
            .SH SYNOPSIS
            .B dwcpctl
            .RI [ option "]... " command " [" argument ]...
            .SH DESCRIPTION
            Shows and changes networks, subnets, ports and switches of a fabric.
            Without any configuration it speaks to the controller on this machine.
            .SH COMMANDS

            """);
        foreach (var command in CommandTable.All)
        {
            page.Append(".SS \"dwcpctl ").Append(Escape($"{command.Name} {command.Usage}".TrimEnd())).Append("\"\n");
            page.Append(Line(command.Summary));
            foreach (var paragraph in command.Details.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                page.Append(".PP\n").Append(Line(paragraph));
            }

            Options(page, command.Options);
            foreach (var (line, does) in command.Examples)
            {
                page.Append(".PP\n").Append(Line(does + ":")).Append(".RS\n.EX\n").Append(Line("dwcpctl " + line)).Append(".EE\n.RE\n");
            }
        }

        page.Append(".SH OPTIONS\n");
        Options(page, CommandTable.Global);
        return page.Append("""
            .SH EXIT STATUS
            .TP
            .B 0
            Done.
            .TP
            .B 1
            The controller refused, or there is no such object; of diff: something differs.
            .TP
            .B 2
            The command line is wrong.
            .TP
            .B 3
            No controller answers.
            .TP
            .B 4
            What \-\-wait waits for did not come about within \-\-timeout.
            .SH ENVIRONMENT
            .TP
            .B DWCP_SERVER
            The controller to speak to, unless \-\-server or \-\-context names one.
            .TP
            .B XDG_CONFIG_HOME
            Where the folder dwcpctl with the contexts is; .config in the home folder unless given.
            .SH FILES
            .TP
            .I ~/.config/dwcpctl/contexts.yaml
            The contexts, written by dwcpctl context.

            """).ToString();
    }

    private static void Options(StringBuilder page, Option[] options)
    {
        foreach (var option in options)
        {
            page.Append(".TP\n.B ").Append(Escape(option.Usage)).Append('\n').Append(Line(option.Help));
        }
    }

    private static string Line(string text)
    {
        var escaped = Escape(text);
        return (escaped[0] is '.' or '\'' ? "\\&" : "") + escaped + "\n";
    }

    private static string Escape(string text) => text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).Replace("\"", "\\(dq", StringComparison.Ordinal);
}
