using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests;

/// <summary>A ping at 100 packets per second that goes on until it is stopped.</summary>
internal sealed partial class ContinuousPing : IAsyncDisposable
{
    private readonly Command _command;

    private ContinuousPing(Command command) => _command = command;

    /// <summary>Starts it, once a first ping has come back.</summary>
    public static async Task<ContinuousPing> StartAsync(Lab lab, string vm, string address)
    {
        await Until.TrueAsync($"{vm} reaches {address}", TimeSpan.FromSeconds(10), async () => (await lab.PingAsync(vm, address, count: 1)).Lost == 0);
        return new(lab.StartPing(vm, address, TimeSpan.FromMilliseconds(10)));
    }

    /// <summary>Stops it. An answer to the very last packet, which may be under way, is not missed; any other is.</summary>
    public async Task<Pinged> StopAsync()
    {
        var result = await _command.InterruptAsync();
        var answered = Sequence().Matches(result.Out).Select(m => int.Parse(m.Groups[1].Value)).ToList();
        var sent = Pinged.Parse(result).Sent;
        var distinct = answered.ToHashSet();
        Assert.Equal(distinct.Count, answered.Count);
        return distinct.Contains(sent) ? new(sent, distinct.Count) : new(sent - 1, distinct.Count);
    }

    public ValueTask DisposeAsync() => _command.DisposeAsync();

    [GeneratedRegex(@"icmp_seq=(\d+) ttl=")]
    private static partial Regex Sequence();
}
