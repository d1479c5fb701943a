using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>What setting options of the controller and taking them back have in common: one request, and then what holds.</summary>
internal abstract class SettingCommand(CommandLine cli, string name, string description) : CliCommand(cli, name, description)
{
    /// <summary>Makes the change as one, and tells of each option what holds now and what holds later.</summary>
    protected async Task<int> ChangeAsync(ControllerClient client, JsonObject settings, CancellationToken stop)
    {
        JsonObject result;
        try
        {
            result = await client.PatchAsync(KindCatalogue.Configuration.ListPath, new() { ["settings"] = settings }, stop);
        }
        catch (RefusedException e) when (e.Problems.Count > 0)
        {
            foreach (var problem in e.Problems)
            {
                Shell.Error.WriteLine($"{CommandLine.Name}: {problem.Field.Replace("settings.", "", StringComparison.Ordinal)}: {problem.Message}");
                TextWrap.Write(Shell.Error, problem.Remedy, 2, Shell.ErrorWidth);
            }

            return ExitCode.Refused;
        }

        var options = result["options"]!.AsArray().Select(o => o!.AsObject()).ToDictionary(o => o.Text("name"));
        foreach (var (name, wanted) in settings)
        {
            Shell.Out.WriteLine($"{name}: {(options.TryGetValue(name, out var option) ? Words(option, JsonText.Plain(wanted)) : "no option any more")}");
        }

        return ExitCode.Done;
    }

    /// <summary>The names of the options that can be set, for completion.</summary>
    protected void Complete(Argument<string[]> names, string suffix) => names.CompletionSources.Add(context =>
        CommonOptions.OptionsOf(Cli, context.ParseResult).Where(o => o["settable"]?.GetValue<bool>() == true).Select(o => new CompletionItem(o.Text("name") + suffix, documentation: o.Text("description"))));

    private static string Words(JsonObject option, string wanted)
    {
        var (value, source) = (option.Text("value"), option.Text("source"));
        var from = source.Replace('_', ' ').ToLowerInvariant();
        return option["afterRestart"] is { } later ? $"{JsonText.Plain(later)} after a restart of the controller, until then {value}"
            : wanted.Length > 0 && source != "API" ? $"still {value}: the {from} weighs more"
            : source == "API" ? value
            : $"{value} ({from})";
    }
}

/// <summary>Sets options of the controller while it runs.</summary>
internal sealed class SetCommand : SettingCommand
{
    private readonly Argument<string[]> _settings = new("NAME=VALUE") { Description = "An option by its name on the controller's command line", Arity = ArgumentArity.OneOrMore };

    public SetCommand(CommandLine cli)
        : base(cli, "set", "Set options of the controller while it runs")
    {
        Add(_settings);
        Complete(_settings, "=");
        Details = "What is set is stored and outlives restarts. The controller's command line, environment and file weigh more. dwcpctl get configuration shows what holds.";
        Examples = [new("dwcpctl set log=debug", "see more in the controller's log"), new("dwcpctl set max-watches=10000 events-kept=48h", "several at once, or none of them")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var settings = new JsonObject();
        foreach (var word in parse.GetValue(_settings)!)
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            settings[equals > 0 ? word[..equals] : throw new CliException(ExitCode.Usage, $"'{word}' sets nothing", "Write NAME=VALUE; dwcpctl unset NAME takes a setting back")] = word[(equals + 1)..];
        }

        using var client = Connect(parse);
        return await ChangeAsync(client, settings, stop);
    }
}

/// <summary>Takes back what was set of the controller's options.</summary>
internal sealed class UnsetCommand : SettingCommand
{
    private readonly Argument<string[]> _names = new("NAME") { Description = "An option by its name on the controller's command line", Arity = ArgumentArity.OneOrMore };

    public UnsetCommand(CommandLine cli)
        : base(cli, "unset", "Take back what was set of the controller's options")
    {
        Add(_names);
        Complete(_names, "");
        Examples = [new("dwcpctl unset log", "the log level is again what the command line, the file or the default says")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        using var client = Connect(parse);
        var names = parse.GetValue(_names)!.Distinct().ToArray();
        var configuration = await client.GetAsync(KindCatalogue.Configuration.ListPath, stop);
        string[] options = [.. configuration["options"]!.AsArray().Select(o => o!.AsObject().Text("name"))];
        if (names.FirstOrDefault(n => !options.Contains(n) && configuration["settings"]?[n] is null) is { } unknown)
        {
            throw new CliException(ExitCode.Refused, $"{unknown}: No such option", NearestName.Of(unknown, options) is { } near ? $"Did you mean {near}?" : $"The options are {string.Join(", ", options)}");
        }

        return await ChangeAsync(client, new([.. names.Select(n => KeyValuePair.Create(n, (JsonNode?)null))]), stop);
    }
}
