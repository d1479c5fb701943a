using System.Collections.Immutable;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What stands on the command line: <c>--name VALUE</c> or <c>--name=VALUE</c>, and a flag alone for true.</summary>
internal static class CommandLine
{
    public const string Help = "--help";
    public const string Version = "--version";

    /// <summary>Adds what is given to <paramref name="settings"/> and what cannot be to <paramref name="problems"/>.</summary>
    public static void Read(IReadOnlyList<string> args, List<Setting> settings, List<ConfigurationProblem> problems)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (Options.All.FirstOrDefault(o => o.Flag == name) is not { } option)
            {
                problems.Add(Unknown(name));
                if (name.StartsWith("--", StringComparison.Ordinal) && equals < 0 && HasValue(args, i))
                {
                    i++; // Its value is no second problem.
                }

                continue;
            }

            string text;
            if (equals >= 0)
            {
                text = args[i][(equals + 1)..];
            }
            else if (option.IsFlag)
            {
                text = "true";
            }
            else if (HasValue(args, i))
            {
                text = args[++i];
            }
            else
            {
                text = "";
            }

            if (text.Length == 0)
            {
                problems.Add(new(name, "needs a value", $"Write {name} {option.Placeholder}"));
            }
            else if (settings.Find(s => s.Source == SettingSource.CommandLine && s.Option == option) is { } first)
            {
                problems.Add(new(name, $"given twice, as '{first.Text}' and as '{text}'", "Keep one of them"));
            }
            else
            {
                settings.Add(new(option, text, SettingSource.CommandLine, name));
            }
        }
    }

    private static bool HasValue(IReadOnlyList<string> args, int i) =>
        i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal);

    private static ConfigurationProblem Unknown(string name)
    {
        if (!name.StartsWith('-'))
        {
            return new($"'{name}'", "the controller takes options only", $"Put the option's name before it; {Help} lists them");
        }

        ImmutableArray<string> flags = [.. Options.All.Select(o => o.Flag), Help, Version];
        var meant = NearestName.Of(name, flags);
        return new(name, "no such option", meant is null ? $"{Help} lists all of them" : $"Did you mean {meant}?");
    }
}
