using System.Collections.Concurrent;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>Runs a <see cref="HostLoop"/> for every host whose OVSDB is connected.</summary>
internal sealed class HostLoops(FabricLoop fabric, Func<IpAddress?, string> target, TimeProvider time, ILoggerFactory logs)
{
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

    private async Task RunAsync(IHostConnection host, CancellationToken stop)
    {
        var number = Interlocked.Increment(ref last);
        var loop = new HostLoop(number, host, fabric, target, time, logs.CreateLogger<HostLoop>());
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
