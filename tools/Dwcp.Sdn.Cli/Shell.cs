using System.Collections;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Dwcp.Sdn.Cli;

/// <summary>What surrounds a run of dwcpctl: its streams, whether a person looks at them, its environment and the time.</summary>
internal sealed class Shell
{
    public required TextReader In { get; init; }

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal; <see cref="int.MaxValue"/> when the output goes elsewhere.</summary>
    public int Width { get; init; } = int.MaxValue;

    /// <summary>Columns of the terminal that errors go to, likewise.</summary>
    public int ErrorWidth { get; init; } = int.MaxValue;

    /// <summary>Colours are for terminals, and for those who have not said no (no-color.org).</summary>
    public bool HasColours => OutIsTerminal && Variable("NO_COLOR") is null && Variable("TERM") != "dumb";

    public static Shell OfProcess()
    {
        var environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
        var (outIsTerminal, errorIsTerminal) = (!Console.IsOutputRedirected, !Console.IsErrorRedirected);
        var width = outIsTerminal || errorIsTerminal ? WidthOf(environment) : int.MaxValue;
        return new()
        {
            In = Console.In,
            Out = new StreamWriter(OpenOutput(outIsTerminal), bufferSize: 16 * 1024) { AutoFlush = false },
            Error = Console.Error,
            Environment = environment,
            OutIsTerminal = outIsTerminal,
            ErrorIsTerminal = errorIsTerminal,
            Width = outIsTerminal ? width : int.MaxValue,
            ErrorWidth = errorIsTerminal ? width : int.MaxValue,
        };
    }

    /// <summary>A variable of the environment; an empty one counts as absent.</summary>
    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    // The console's stream does not tell that nobody reads a pipe any more, and a watch would never end. Only a pipe may be opened
    // so: of a file, a FileStream keeps a position of its own, and the next program would write over what this one has written.
    private static Stream OpenOutput(bool isTerminal)
    {
        if (!isTerminal)
        {
            var file = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!file.CanSeek)
            {
                return file;
            }
        }

        return Console.OpenStandardOutput();
    }

    private static int WidthOf(Dictionary<string, string> environment)
    {
        if (environment.TryGetValue("COLUMNS", out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var columns) && columns > 0)
        {
            return columns;
        }

        return Console.WindowWidth is > 0 and var width ? width : 80;
    }
}
