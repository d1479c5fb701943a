using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests;

/// <summary>A ping at 100 packets per second that goes on until it is stopped.</summary>
internal sealed partial class ContinuousPing : IAsyncDisposable
{
    private const int Sigquit = 3;
    private const int OfASecond = 100;
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(10);

    private readonly Command _command;

    private ContinuousPing(Command command) => _command = command;

    /// <summary>Starts it, once a first ping has come back.</summary>
    public static async Task<ContinuousPing> StartAsync(Lab lab, string vm, string address)
    {
        await Until.TrueAsync($"{vm} reaches {address}", TimeSpan.FromSeconds(10), () => lab.ReachesAsync(vm, address));
        return new(lab.StartPing(vm, address, TimeSpan.FromSeconds(1.0 / OfASecond)));
    }

    /// <summary>Stops it. Those count that were sent until now: answers that are under way are waited for.</summary>
    public async Task<Pinged> StopAsync()
    {
        _command.Signal(Sigquit); // ping says how many it has sent, and goes on.
        var sent = 0;
        await Until.TrueAsync("ping says how far it is", TimeSpan.FromSeconds(30), () => Task.FromResult(
            Progress().Match(_command.Printed) is { Success: true } said && int.TryParse(said.Groups[1].Value, out sent)));
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < AnswersWithin && IsOpen(sent); await Task.Delay(20))
        {
            // What has no answer yet may have one still.
        }

        var answered = Answered((await _command.InterruptAsync()).Out).Where(n => n <= sent).ToList();
        Assert.Equal(answered.Distinct(), answered);
        return new(sent, answered.Count);
    }

    public ValueTask DisposeAsync() => _command.DisposeAsync();

    /// <summary>Whether answers are missing, and none has come to a packet that was sent a second after the last that counts.</summary>
    private bool IsOpen(int sent) => Answered(_command.Printed).ToHashSet() is var answered && answered.Count(n => n <= sent) < sent && !answered.Any(n => n > sent + OfASecond);

    private static IEnumerable<int> Answered(string printed) => Sequence().Matches(printed).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(\d+)/\d+ packets, ")]
    private static partial Regex Progress();

    [GeneratedRegex(@"icmp_seq=(\d+) ttl=")]
    private static partial Regex Sequence();
}
