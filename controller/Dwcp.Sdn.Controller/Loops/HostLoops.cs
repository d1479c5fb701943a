using System.Collections.Concurrent;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>Runs a <see cref="HostLoop"/> for every host whose OVSDB is connected.</summary>
internal sealed class HostLoops(FabricLoop fabric, Func<IHostConnection, IpAddress?, string> target, TimeProvider time, ILoggerFactory logs)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(8);

    private readonly ConcurrentDictionary<long, HostLoop> loops = new();
    private readonly ILogger log = logs.CreateLogger<HostLoops>();
    private long last;

    public void Wake(long session)
    {
        if (loops.TryGetValue(session, out var loop))
        {
            loop.Wake();
        }
    }

    public async Task RunAsync(IAsyncEnumerable<IHostConnection> hosts, CancellationToken stop)
    {
        await foreach (var host in hosts.WithCancellation(stop))
        {
            _ = RunAsync(host, stop);
        }
    }

    /// <summary>Keeps a session with a host whose ovsdb-server listens: connects, and again when it ends or cannot be had.</summary>
    /// <param name="target">For the log.</param>
    /// <param name="connect">Makes the session.</param>
    public async Task KeepAsync(string target, Func<CancellationToken, Task<IHostConnection>> connect, CancellationToken stop)
    {
        var wait = FirstWait;
        while (true)
        {
            try
            {
                var host = await connect(stop);
                wait = FirstWait;
                await RunAsync(host, stop);
            }
            catch (IOException e)
            {
                log.HostNotReached(target, e.Message);
            }

            await Task.Delay(wait, time, stop);
            wait = wait * 2 < LastWait ? wait * 2 : LastWait;
        }
    }

    private async Task RunAsync(IHostConnection host, CancellationToken stop)
    {
        var number = Interlocked.Increment(ref last);
        var loop = new HostLoop(number, host, fabric, local => target(host, local), time, logs.CreateLogger<HostLoop>());
        loops[number] = loop;
        try
        {
            await loop.RunAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
        catch (Exception e)
        {
            log.HostLoopFailed(e, host.Peer);
            host.Close("its loop failed");
        }

        loops.TryRemove(number, out _);
    }
}
