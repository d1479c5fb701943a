using System.Globalization;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Waits until a condition of all that was applied is true of it as it was applied.</summary>
internal sealed class Waiting
{
    private readonly string _condition;
    private readonly TimeSpan _timeout;
    private readonly Call _call;

    private Waiting(string condition, TimeSpan timeout, Call call) => (_condition, _timeout, _call) = (condition, timeout, call);

    /// <exception cref="UsageException">The timeout is none.</exception>
    public static Waiting? Read(Call call)
        => call.Value(CommandTable.Wait) is { } condition ? new(condition, TimeoutOf(call.Value(CommandTable.Timeout) ?? "60s"), call) : null;

    public async Task<int> RunAsync(IRemote remote, IReadOnlyList<(Document Document, JsonObject Item)> applied, CancellationToken stop)
    {
        var pending = applied.ToDictionary(a => (a.Document.Kind, a.Document.Id), a => (a.Item, Generation: Number(a.Item, "generation")));
        var total = pending.Count;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_timeout);
        using var bar = new ProgressBar(_call.Terminal, total);
        try
        {
            foreach (var kind in applied.Select(a => a.Document.Kind).Distinct())
            {
                await Following.RunAsync(remote, kind, "", change =>
                {
                    Look(change, kind, pending, bar);
                    return pending.Keys.Any(k => k.Kind == kind);
                }, limit.Token);
            }

            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            bar.Dispose();
            _call.Terminal.Error.WriteLine($"{pending.Count} of {total} did not become {_condition} within {_timeout.TotalSeconds} s:");
            foreach (var ((kind, id), (item, _)) in pending)
            {
                var condition = item.Condition(_condition);
                _call.Terminal.Error.WriteLine(condition is null
                    ? $"  {kind.Name}/{id}: it has no condition {_condition}"
                    : $"  {kind.Name}/{id}: {condition["status"]} ({condition["reason"]}): {condition["message"]}");
            }

            return ExitCode.Timeout;
        }
    }

    /// <exception cref="UsageException">It is no duration.</exception>
    private static TimeSpan TimeoutOf(string text)
    {
        var (number, unit) = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? (text[..^1], text[^1]) : (text, 's');
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 1_000_000 && unit is 's' or 'm' or 'h'
            ? TimeSpan.FromSeconds(value * (unit switch { 'm' => 60, 'h' => 3600, _ => 1 }))
            : throw new UsageException($"--timeout: '{text}' is no duration such as 30s, 5m or 1h");
    }

    private void Look(Change change, Kind kind, Dictionary<(Kind, string), (JsonObject Item, long Generation)> pending, ProgressBar bar)
    {
        if (change.Item is not { } item || !pending.TryGetValue((kind, (string)item["id"]!), out var wanted))
        {
            return;
        }

        var condition = item.Condition(_condition);
        if ((string?)condition?["status"] == "True" && Number(condition!, "observedGeneration") >= wanted.Generation)
        {
            pending.Remove((kind, (string)item["id"]!));
            bar.Advance();
        }
        else
        {
            pending[(kind, (string)item["id"]!)] = (item, wanted.Generation);
        }
    }

    private static long Number(JsonObject item, string name) => long.Parse(item[name]!.ToString(), CultureInfo.InvariantCulture);
}
