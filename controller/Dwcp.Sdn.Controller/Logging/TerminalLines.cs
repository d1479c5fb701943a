using System.Collections.Immutable;
using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace Dwcp.Sdn.Controller.Logging;

/// <summary>One event, one line for people: local time, level, the last part of the source, message; an exception follows, indented.</summary>
internal sealed class TerminalLines(bool colour) : ITextFormatter
{
    // Strings without quotes: "h1: 3 rules added".
    private static readonly MessageTemplateTextFormatter Message = new("{Message:l}");

    // By Serilog's level, Verbose to Fatal: the word and its ANSI colour.
    private static readonly ImmutableArray<(string Word, string Colour)> Levels =
        [("trace", "90"), ("debug", "90"), ("info ", "32"), ("warn ", "33"), ("error", "31"), ("crit ", "97;41")];

    public void Format(LogEvent logEvent, TextWriter output)
    {
        var (word, code) = Levels[(int)logEvent.Level];
        output.Write(logEvent.Timestamp.ToLocalTime().ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        output.Write(colour ? $"\e[{code}m{word}\e[0m " : word + " ");
        if (logEvent.Properties.GetValueOrDefault("SourceContext") is ScalarValue { Value: string source })
        {
            output.Write(source[(source.LastIndexOf('.') + 1)..]);
            output.Write(": ");
        }

        using var message = new StringWriter(CultureInfo.InvariantCulture);
        Message.Format(logEvent, message);
        WritePrintable(message.ToString(), output);
        output.WriteLine();
        foreach (var line in logEvent.Exception?.ToString().Split('\n') ?? [])
        {
            output.Write("    ");
            WritePrintable(line.TrimEnd('\r'), output);
            output.WriteLine();
        }
    }

    // A name that a host or a peer chose must not forge lines or steer the operator's terminal.
    private static void WritePrintable(string text, TextWriter output)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                output.Write($"\\u{(int)c:x4}");
            }
            else
            {
                output.Write(c);
            }
        }
    }
}
