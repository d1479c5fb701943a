using Dwcp.Sdn.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What a configuration file says: one mapping of options' names to plain values.</summary>
internal static class YamlFile
{
    /// <summary>Adds what the file sets to <paramref name="settings"/> and all that is wrong, by line, to <paramref name="problems"/>.</summary>
    public static void Read(string path, string text, List<Setting> settings, List<ConfigurationProblem> problems)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                return; // Nothing but comments, or nothing at all.
            }

            if (parser.TryConsume<MappingStart>(out _))
            {
                var lines = new Dictionary<Option, long>();
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    ReadEntry(path, parser, lines, settings, problems);
                }
            }
            else
            {
                var at = parser.Current!.Start.Line;
                if (parser.Current is not Scalar { Value: "", Style: ScalarStyle.Plain })
                {
                    problems.Add(new($"{path}:{at}", "not a list of options", "Write one option per line, such as 'http: 127.0.0.1:8080'"));
                }

                parser.SkipThisAndNestedEvents();
            }

            parser.Consume<DocumentEnd>();
            if (parser.TryConsume<DocumentStart>(out var second))
            {
                problems.Add(new($"{path}:{second.Start.Line}", "a second document begins here", "Keep one, and remove the line '---'"));
            }
        }
        catch (YamlException e)
        {
            problems.Add(new($"{path}:{e.End.Line}", $"not YAML ({e.Message.TrimEnd('.')})", "Write one option per line as 'name: value', and quote a value with brackets, such as \"[::1]:8080\""));
        }
    }

    private static void ReadEntry(string path, Parser parser, Dictionary<Option, long> lines, List<Setting> settings, List<ConfigurationProblem> problems)
    {
        if (!parser.TryConsume<Scalar>(out var key))
        {
            problems.Add(new($"{path}:{parser.Current!.Start.Line}", "a key is a list or a mapping", "Write an option's name"));
            parser.SkipThisAndNestedEvents();
            parser.SkipThisAndNestedEvents();
            return;
        }

        var place = $"{path}:{key.Start.Line}: {key.Value}";
        var scalar = parser.Current as Scalar;
        parser.SkipThisAndNestedEvents();

        if (Options.All.FirstOrDefault(o => o.InFile && o.Name == key.Value) is not { } option)
        {
            problems.Add(Unknown(place, key.Value));
        }
        else if (!lines.TryAdd(option, key.Start.Line))
        {
            problems.Add(new(place, $"given before, in line {lines[option]}", "Keep one of them"));
        }
        else if (scalar is null)
        {
            problems.Add(new(place, "holds a list or a mapping and wants one value", $"Write '{key.Value}: {option.Placeholder}', in quotes if the value begins with a bracket"));
        }
        else if (scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" } or { Value: "" })
        {
            problems.Add(new(place, "has no value", "Give one, or remove the line"));
        }
        else
        {
            settings.Add(new(option, scalar.Value, SettingSource.File, place));
        }
    }

    private static ConfigurationProblem Unknown(string place, string name)
    {
        if (Options.All.Any(o => o.Name == name))
        {
            return new(place, "has no effect in a file", "Give it on the command line or in the environment");
        }

        var known = Options.All.Where(o => o.InFile).Select(o => o.Name);
        var meant = NearestName.Of(name, known);
        return new(place, "no such option", meant is null ? $"The options are {string.Join(", ", known)}" : $"Did you mean {meant}?");
    }
}
