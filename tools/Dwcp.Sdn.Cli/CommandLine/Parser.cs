using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.CommandLine;

/// <summary>Words into a call, in the GNU form: options anywhere, <c>--name=value</c>, <c>-n value</c>, <c>-nvalue</c>, and <c>--</c> ends them.</summary>
internal static class Parser
{
    /// <exception cref="UsageException">There is no such command or option, or its value is missing.</exception>
    public static Call Parse(IReadOnlyList<string> words, Terminal terminal)
    {
        var (options, arguments) = (new Dictionary<string, List<string>>(), new List<string>());
        Command? command = null;
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                arguments.AddRange(words.Skip(i + 1));
                break;
            }

            if (word.Length > 1 && word[0] == '-')
            {
                var (option, given) = Find(word, [.. CommandTable.Global, .. command?.Options ?? []], command);
                if (option.Value is null && given is not null)
                {
                    throw new UsageException($"--{option.Name} takes no value");
                }

                var value = option.Value is null ? ""
                    : given ?? option.Bare ?? (i + 1 < words.Count ? words[++i] : throw new UsageException($"--{option.Name} needs a value: {option.Usage}"));
                if (!options.TryGetValue(option.Name, out var values))
                {
                    options.Add(option.Name, values = []);
                }
                else if (!option.Repeats)
                {
                    throw new UsageException($"--{option.Name} is given twice");
                }

                values.Add(value);
            }
            else if (command is null)
            {
                command = CommandTable.Find(word);
            }
            else
            {
                arguments.Add(word);
            }
        }

        return new(command ?? CommandTable.Help, options, arguments, terminal);
    }

    private static (Option Option, string? Value) Find(string word, Option[] known, Command? command)
    {
        if (word.StartsWith("--", StringComparison.Ordinal))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? word[2..] : word[2..equals];
            return (known.FirstOrDefault(o => o.Name == name) ?? throw Unknown($"--{name}", command), equals < 0 ? null : word[(equals + 1)..]);
        }

        var value = word.Length == 2 ? null : word[2] == '=' ? word[3..] : word[2..];
        return (known.FirstOrDefault(o => o.Short == word[1]) ?? throw Unknown(word[..2], command), value);
    }

    private static UsageException Unknown(string option, Command? command) => new(
        command is null ? $"{option} is no option; those of a command stand after it" : $"{command.Name} has no option {option}");
}
