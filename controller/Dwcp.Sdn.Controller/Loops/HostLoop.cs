using System.Collections.Immutable;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Hosts;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>One session with a host's OVSDB: tells the fabric what the host shows, and brings about what the fabric asks of it.</summary>
internal sealed class HostLoop(long number, IHostConnection host, FabricLoop fabric, Func<IpAddress?, string> target, TimeProvider time, ILogger<HostLoop> log)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan TunnelRetry = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }); // Full: a wake-up waits already.

    public void Wake() => wake.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var joining = JoinAsync(ended.Token);
        try
        {
            await foreach (var inventory in host.InventoriesAsync(stop))
            {
                await fabric.PostAsync(m => m.HostSeen(number, host.Peer, inventory, host.Identity), stop);
            }
        }
        finally
        {
            await ended.CancelAsync();
            try
            {
                await joining;
            }
            finally
            {
                await fabric.PostAsync(m => m.HostGone(number), CancellationToken.None);
            }
        }
    }

    private async Task JoinAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await WokenAsync(stop);
                var again = false;
                foreach (var plan in await fabric.AskAsync(m => m.HostPlans(number, target), stop))
                {
                    var trouble = plan.Changes.IsEmpty ? null : await ApplyAsync(plan.Changes, stop);
                    again |= trouble is not null;
                    await fabric.PostAsync(m => m.HostTrouble(number, plan, trouble), stop);
                }

                if (again)
                {
                    await Task.Delay(Retry, time, stop);
                    Wake();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The session or the process ends.
        }
        catch
        {
            // A host that nobody looks after would look as if it had joined.
            host.Close("what it needs cannot be brought about");
            throw;
        }
    }

    /// <summary>Waits for a wake-up; meanwhile a tunnel port that could not be made is taken away now and then, for the next plan to make it anew.</summary>
    private async Task WokenAsync(CancellationToken stop)
    {
        var woken = wake.Reader.ReadAsync(stop).AsTask();
        while (await Task.WhenAny(woken, Task.Delay(TunnelRetry, time, stop)) != woken)
        {
            stop.ThrowIfCancellationRequested();
            if (HostJoin.FailedTunnel(host.Inventory) is not null
                && await fabric.AskAsync(m => m.TunnelRetry(number), stop) is { IsEmpty: false } retry)
            {
                await ApplyAsync(retry, stop);
            }
        }

        await woken;
    }

    private async Task<string?> ApplyAsync(ImmutableArray<HostChange> plan, CancellationToken stop)
    {
        try
        {
            await host.ApplyAsync(plan, stop);
            log.HostChanged(host.Peer, string.Join(", ", plan));
            return null;
        }
        catch (HostChangeException e)
        {
            return e.Message;
        }
    }
}
