using System.Reflection;
using System.Text;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>The table of options as text: for <c>--help</c>, and for the documentation.</summary>
internal static class Usage
{
    public const string Program = "dwcp-controller";

    private const int Width = 100;

    public static string Version() =>
        $"{Program} {typeof(Usage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}\n";

    public static string Help()
    {
        var text = new StringBuilder($"""
            Usage: {Program} [OPTION]...

            Controls a fabric of Open vSwitch hosts: hosts join over OVSDB, switches are programmed over
            OpenFlow 1.3, operators and orchestrators ask over REST.

            Every option can also stand in the environment (DWCP_ and its name in capitals, DWCP_INSECURE_HTTP)
            or in a YAML file (insecure-http: true). The command line outweighs the environment, and that the file.


            """);
        foreach (var option in Options.All)
        {
            Append(text, option.IsFlag ? option.Flag : $"{option.Flag} {option.Placeholder}", option.Help + Remark(option));
        }

        Append(text, CommandLine.Help, "Print this and exit");
        Append(text, CommandLine.Version, "Print the version and exit");
        return text.Append("\nSIGTERM ends it with exit code 0; SIGHUP reads again what can change while it runs.\nExit code 2 means a bad configuration.\n").ToString();
    }

    /// <summary>The rows of docs/configuration.md, in Markdown.</summary>
    public static string Table()
    {
        var text = new StringBuilder("| option | environment | in the file | value | default | what it does |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach (var o in Options.All)
        {
            var placeholder = o.Placeholder.Replace("|", "\\|", StringComparison.Ordinal);
            text.Append($"| `{o.Flag}` | `{o.Variable}` | {(o.InFile ? $"`{o.Name}`" : "–")} | `{placeholder}` | {(o.Default is null ? "–" : $"`{o.Default}`")} | {o.Help} |\n");
        }

        return text.ToString();
    }

    private static string Remark(Option option) =>
        (option.Default is null || option.IsFlag ? "" : $" [{option.Default}]");

    private static void Append(StringBuilder text, string left, string right)
    {
        const int Column = 34;
        text.Append("  ").Append(left.PadRight(Column - 2));
        if (left.Length > Column - 4)
        {
            text.Append('\n').Append(' ', Column);
        }

        var at = Column;
        foreach (var word in right.Split(' '))
        {
            if (at + word.Length > Width)
            {
                text.Length--;
                text.Append('\n').Append(' ', Column);
                at = Column;
            }

            text.Append(word).Append(' ');
            at += word.Length + 1;
        }

        text.Length--;
        text.Append('\n');
    }
}
