using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>--wait and --timeout: an object is looked at until a condition of it holds.</summary>
internal sealed class Waiting
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);
    private static readonly string[] Types = ["Accepted", "Bound", "Programmed", "Degraded"];

    private readonly Option<string?> _wait = new("--wait") { HelpName = "CONDITION", Arity = ArgumentArity.ZeroOrOne, Description = "Wait until it is true [Programmed]; Degraded=False waits until it is not" };
    private readonly Option<string> _timeout = new("--timeout") { HelpName = "DURATION", DefaultValueFactory = _ => "30s", Description = "How long --wait waits, such as 500ms, 30s or 5m [30s]" };

    public Waiting(Command command)
    {
        _wait.CompletionSources.Add([.. Types]);
        command.Add(_wait);
        command.Add(_timeout);
    }

    /// <summary>What is waited for, or null when nothing is.</summary>
    /// <exception cref="CliException">It cannot be understood.</exception>
    public Target? TargetOf(ParseResult parse)
    {
        var limit = Duration(parse.GetValue(_timeout)!);
        if (parse.GetResult(_wait) is not { Implicit: false })
        {
            return null;
        }

        var parts = (parse.GetValue(_wait) ?? "Programmed").Split('=', 2);
        var status = parts.Length == 2 ? parts[1] : "True";
        return Types.Contains(parts[0]) && status is "True" or "False" or "Unknown"
            ? new(parts[0], status, limit)
            : throw new CliException(ExitCode.Usage, $"--wait cannot wait for '{parse.GetValue(_wait)}'", $"Write --wait=CONDITION with one of {string.Join(", ", Types)}, or such as Degraded=False");
    }

    /// <summary>Waits until it holds for all of them.</summary>
    /// <exception cref="CliException">It did not in time; the message says what stood in the way of each.</exception>
    public static async Task UntilAsync(Target target, ControllerClient client, IReadOnlyList<(Kind Kind, string Id)> objects, Shell shell, CancellationToken stop)
        => await UntilAsync(target, objects.Select(o => (Func<CancellationToken, Task<string?>>)(s => LackAsync(target, client, o.Kind, o.Id, s))).ToList(), shell, stop);

    /// <summary>Waits until none of the questions has an answer, which is what is still in the way.</summary>
    public static async Task UntilAsync(Target target, List<Func<CancellationToken, Task<string?>>> lacks, Shell shell, CancellationToken stop)
    {
        var began = shell.Clock.GetTimestamp();
        using var progress = new Progress(shell);
        var total = lacks.Count;
        while (true)
        {
            var (open, words) = (new List<Func<CancellationToken, Task<string?>>>(), new List<string>());
            foreach (var lack in lacks)
            {
                if (await lack(stop) is { } word)
                {
                    open.Add(lack);
                    words.Add(word);
                }
            }

            if (open.Count == 0)
            {
                return;
            }

            if (shell.Clock.GetElapsedTime(began) >= target.Limit)
            {
                var count = total == 1 ? "" : $" {open.Count} of {total} are not.";
                throw new CliException(ExitCode.TimedOut, $"not {target} within {Text(target.Limit)}.{count}", [.. words.Take(10)]);
            }

            progress.Show(total - open.Count, total, $"waiting for {target}: {words[0]}");
            lacks = open;
            await Task.Delay(Between, shell.Clock, stop);
        }
    }

    private static async Task<string?> LackAsync(Target target, ControllerClient client, Kind kind, string id, CancellationToken stop)
    {
        var item = await client.FindAsync(kind.PathOf(id), stop) ?? throw new CliException(ExitCode.Refused, $"{kind.Ref(id)} has been deleted");
        var condition = (item["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == target.Type);
        if (condition is null)
        {
            throw new CliException(ExitCode.Usage, $"{kind.Ref(id)} has no condition {target.Type}");
        }

        var isNew = long.Parse(condition.Text("observedGeneration"), CultureInfo.InvariantCulture) >= long.Parse(item.Text("generation"), CultureInfo.InvariantCulture);
        if (isNew && condition.Text("status") == target.Status)
        {
            return null;
        }

        // What stands out explains more than the condition itself: a port is not programmed because no interface carries it.
        var verdict = Verdict.Of(item);
        return verdict.Health == Health.Good ? $"{kind.Ref(id)}: {condition.Text("reason")}: {condition.Text("message")}" : $"{kind.Ref(id)}: {verdict.Word}: {verdict.Message}";
    }

    private static TimeSpan Duration(string text)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        double? unit = text[digits..] switch { "ms" => 0.001, "s" or "" => 1, "m" => 60, "h" => 3600, _ => null };
        return unit is { } seconds && int.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? TimeSpan.FromSeconds(count * seconds)
            : throw new CliException(ExitCode.Usage, $"--timeout: '{text}' is no duration", "Write a whole number and its unit: 500ms, 30s, 5m, 1h");
    }

    private static string Text(TimeSpan span) => span.TotalSeconds < 1 ? $"{span.TotalMilliseconds} ms" : $"{span.TotalSeconds} s";

    /// <summary>A condition, the status that it should have, and how long to wait.</summary>
    internal sealed record Target(string Type, string Status, TimeSpan Limit)
    {
        public override string ToString() => Status == "True" ? Type : $"{Type}={Status}";
    }
}
