using System.CommandLine;
using System.CommandLine.Completions;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>What completion scripts call: the command line up to the cursor comes in, one completion a line comes out, with its meaning behind a tab.</summary>
internal sealed class CompleteCommand : CliCommand
{
    private readonly Argument<string> _line = new("LINE");
    private readonly Option<bool> _whole = new("--whole") { Description = "Print --wait=Programmed, not only what is behind the =" };

    public CompleteCommand(CommandLine cli)
        : base(cli, "__complete", "Complete a command line")
    {
        Hidden = true;
        Add(_line);
        Add(_whole);
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        // Shells take the part behind the = of --wait=… for a word of its own.
        var line = parse.GetValue(_line)!;
        var word = line[(line.LastIndexOf(' ') + 1)..];
        var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        var before = equals > 0 && parse.GetValue(_whole) ? word[..(equals + 1)] : "";
        if (equals > 0)
        {
            line = $"{line[..^word.Length]}{word[..equals]} {word[(equals + 1)..]}";
            word = word[(equals + 1)..];
        }

        var asksForOptions = word.StartsWith('-');
        foreach (var item in Cli.Root.Parse(line).GetCompletions(line.Length).DistinctBy(i => i.Label))
        {
            if (item.Label.StartsWith('-') == asksForOptions && item.Label.StartsWith(word, StringComparison.Ordinal))
            {
                Shell.Out.WriteLine(before + (DescriptionOf(item) is { Length: > 0 } text ? $"{item.Label}\t{text}" : item.Label));
            }
        }

        return Task.FromResult(ExitCode.Done);
    }

    private static string DescriptionOf(CompletionItem item) => item.Documentation ?? item.Detail ?? "";
}
