using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.CommandLine;

/// <summary>What may stand where the cursor is. The shells' scripts ask for it through a hidden command, so that all three know the same.</summary>
internal static class Completion
{
    /// <summary>The hidden command; the words of the line follow it, the last of them begun or empty.</summary>
    public const string Verb = "__complete";

    // The names of objects must not make a shell wait.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static string Script(string shell) => shell switch
    {
        "bash" => """
            _dwcpctl() {
                local IFS=$'\n'
                COMPREPLY=($(dwcpctl __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
            }
            complete -o default -F _dwcpctl dwcpctl

            """,
        "zsh" => """
            #compdef dwcpctl
            _dwcpctl() {
                local -a candidates
                candidates=("${(@f)$(dwcpctl __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
                if (( ${#candidates} )) && [[ -n ${candidates[1]} ]]; then compadd -a candidates; else _files; fi
            }
            compdef _dwcpctl dwcpctl

            """,
        "fish" => """
            complete -c dwcpctl -f -a '(dwcpctl __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
            complete -c dwcpctl -s f -l filename -r -F

            """,
        _ => throw new UsageException($"'{shell}' is not bash, zsh or fish"),
    };

    public static async Task<IEnumerable<string>> CandidatesAsync(IReadOnlyList<string> words, Terminal terminal, CancellationToken stop)
    {
        var (before, begun) = (words.SkipLast(1).ToArray(), words.Count == 0 ? "" : words[^1]);
        var all = await AllAsync(before, begun, terminal, stop);
        return all.Where(c => c.StartsWith(begun, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    private static async Task<IEnumerable<string>> AllAsync(string[] before, string begun, Terminal terminal, CancellationToken stop)
    {
        var command = before.Select(w => CommandTable.All.FirstOrDefault(c => c.Name == w)).FirstOrDefault(c => c is not null);
        Option[] options = [.. CommandTable.Global, .. command?.Options ?? []];
        if (before.Length > 0 && OptionOf(before[^1], options) is { Value: not null, Bare: null } awaiting)
        {
            return awaiting.Choices;
        }

        if (begun.StartsWith('-'))
        {
            var equals = begun.IndexOf('=', StringComparison.Ordinal);
            return equals > 0 && OptionOf(begun[..equals], options) is { } option
                ? option.Choices.Select(c => $"--{option.Name}={c}")
                : options.Select(o => $"--{o.Name}");
        }

        if (command is null)
        {
            return CommandTable.All.Select(c => c.Name);
        }

        Call call;
        try
        {
            call = Parser.Parse(before, terminal);
        }
        catch (UsageException)
        {
            return [];
        }

        if (command.Arguments.Length == 0)
        {
            return [];
        }

        return command.Arguments[Math.Min(call.Arguments.Count, command.Arguments.Length - 1)] switch
        {
            Argument.Kind => Kind.All.Select(k => k.Name),
            Argument.Field => Kind.All.SelectMany(k => k.Message.Fields.InDeclarationOrder().Select(f => $"{k.Name}.{f.JsonName}").Prepend(k.Name)),
            Argument.Word => command.Words,
            _ => await IdsAsync(call, stop),
        };
    }

    private static async Task<IEnumerable<string>> IdsAsync(Call call, CancellationToken stop)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            using var remote = call.Connect();
            var list = await remote.ListAsync(Kind.Find(call.Arguments[0]), "", limit.Token);
            return list.Items.Select(i => (string)i["id"]!).Except(call.Arguments.Skip(1));
        }
        catch (Exception e) when (e is UsageException or RemoteException or UnreachableException or OperationCanceledException)
        {
            return [];
        }
    }

    private static Option? OptionOf(string word, Option[] options) => word.StartsWith("--", StringComparison.Ordinal)
        ? options.FirstOrDefault(o => o.Name == word[2..])
        : word.Length == 2 && word[0] == '-' ? options.FirstOrDefault(o => o.Short == word[1]) : null;
}
