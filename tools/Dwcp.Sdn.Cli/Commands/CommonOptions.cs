using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Arguments and options that several commands take.</summary>
internal static class CommonOptions
{
    private static readonly TimeSpan CompleteWithin = TimeSpan.FromSeconds(1);

    public static Argument<string> Kind(Func<Kind, bool>? takes = null)
        => Completing<string>(new("KIND") { Description = "Such as networks, or network" }, _ => KindCatalogue.All.Where(takes ?? (_ => true)).Select(k => k.Plural));

    public static Argument<string[]> Ids(CommandLine cli, Argument<string> kind, bool required = false)
        => Completing<string[]>(
            new("ID") { Description = "Which of them", Arity = required ? ArgumentArity.OneOrMore : ArgumentArity.ZeroOrMore },
            parse => IdsOf(cli, parse, KindCatalogue.TryFind(parse.GetValue(kind) ?? "")));

    public static Argument<string> SwitchId(CommandLine cli)
        => Completing<string>(new("SWITCH") { Description = "The switch's id" }, parse => IdsOf(cli, parse, KindCatalogue.Switches));

    public static Option<string?> Output()
    {
        var option = new Option<string?>("--output", "-o") { HelpName = "FORM", Description = $"{OutputFormat.Help} [table]" };
        option.CompletionSources.Add("table", "wide", "json", "yaml", "name", "jsonpath=");
        return option;
    }

    public static Option<string[]> Selector() => new("--selector", "-l") { HelpName = "LABEL=VALUE", Description = "Only those that have the label; several must all hold" };

    public static Option<string[]> Filter() => new("--filter") { HelpName = "FIELD=VALUE", Description = "Only those whose field has the value, such as network=blue; several must all hold" };

    public static Option<string[]> Files(bool required)
        => new("--filename", "-f") { HelpName = "FILE", Description = "A YAML or JSON file, or - for standard input; may be given several times", Required = required };

    /// <summary>An option whose value is a whole number, and which says so itself when it is none.</summary>
    public static Option<int?> Number(Option<int?> option)
    {
        option.CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            result.AddError($"{option.Name}: '{text}' is no whole number");
            return null;
        };
        return option;
    }

    /// <summary>The filter of the API that selectors and filters make.</summary>
    public static string FilterOf(string[]? labels, string[]? fields) => string.Join(',', [.. (labels ?? []).SelectMany(Terms).Select(t => $"label.{t}"), .. (fields ?? []).SelectMany(Terms)]);

    private static IEnumerable<string> Terms(string text)
        => text.Split(',').Select(t => t.Contains('=', StringComparison.Ordinal) ? t : throw new CliException(ExitCode.Usage, $"'{t}' selects nothing", "Write NAME=VALUE"));

    private static Argument<T> Completing<T>(Argument<T> argument, Func<ParseResult, IEnumerable<string>> words)
    {
        argument.CompletionSources.Add(context => IsFull(argument, context) ? [] : words(context.ParseResult).Select(w => new CompletionItem(w)));
        return argument;
    }

    // One that has its word already does not want the next.
    private static bool IsFull(Argument argument, CompletionContext context)
        => argument.Arity.MaximumNumberOfValues == 1 && context.ParseResult.GetResult(argument) is { Tokens: [.., var last] } && last.Value != context.WordToComplete;

    /// <summary>The ids of a kind, for completion.</summary>
    public static IEnumerable<string> IdsOf(CommandLine cli, ParseResult parse, Kind? kind) => kind is null or { IsSingle: true }
        ? []
        : Ask(cli, parse, async (client, stop) => (await client.ListAsync(kind, null, stop)).Items).Select(i => i.Text("id")).Where(i => i.Length > 0);

    /// <summary>The options of the controller, for completion.</summary>
    public static IEnumerable<JsonObject> OptionsOf(CommandLine cli, ParseResult parse)
        => Ask(cli, parse, async (client, stop) => [.. (await client.GetAsync(KindCatalogue.Configuration.ListPath, stop))["options"]!.AsArray().Select(o => o!.AsObject())]);

    // A shell waits for this at each press of the Tab key, and an error would end up in the command line.
    private static List<JsonObject> Ask(CommandLine cli, ParseResult parse, Func<Client.ControllerClient, CancellationToken, Task<List<JsonObject>>> ask)
    {
        try
        {
            using var limit = new CancellationTokenSource(CompleteWithin);
            using var client = cli.Connect(parse);
            return ask(client, limit.Token).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is CliException or Client.RefusedException or OperationCanceledException)
        {
            return [];
        }
    }
}
