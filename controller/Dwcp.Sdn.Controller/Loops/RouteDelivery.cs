using System.Threading.Channels;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Fabric.Evpn;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>
/// Brings routes from the speaker to the fabric, a part at a time, so that a flood of them delays nobody else there. It never
/// makes the speaker wait: a newer change of a route replaces the one that waits, so there are never more than routes.
/// </summary>
internal sealed class RouteDelivery : IRouteSink
{
    private const int Part = 1000;

    private readonly FabricLoop fabric;
    private readonly CancellationTokenSource ending;
    private readonly Task running;
    private readonly Lock gate = new();
    private readonly Dictionary<object, RouteChange> waiting = [];
    private readonly Queue<object> order = [];
    private readonly List<string> synchronised = [];
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }); // Full: a wake-up waits already.

    public RouteDelivery(FabricLoop fabric, CancellationToken stop)
    {
        this.fabric = fabric;
        ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        running = Task.Run(RunAsync, CancellationToken.None);
    }

    public void Deliver(IReadOnlyList<RouteChange> changes)
    {
        lock (gate)
        {
            foreach (var change in changes)
            {
                var key = RouteIdentity.Of(change.Route);
                if (!waiting.ContainsKey(key))
                {
                    order.Enqueue(key);
                }

                waiting[key] = change;
            }
        }

        wake.Writer.TryWrite(true);
    }

    public void PeerSynchronised(string peer)
    {
        lock (gate)
        {
            synchronised.Add(peer);
        }

        wake.Writer.TryWrite(true);
    }

    /// <summary>Ends; what waits is forgotten with the speaker.</summary>
    public async Task EndAsync()
    {
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await wake.Reader.WaitToReadAsync(ending.Token))
            {
                wake.Reader.TryRead(out _);
                while (Take() is { } part)
                {
                    // One part at a time: the fabric plans it and serves others before it gets the next.
                    await fabric.AskAsync(
                        m =>
                        {
                            m.RoutesLearned(part.Changes);
                            part.Synchronised.ForEach(m.PeerSynchronised);
                            return true;
                        },
                        ending.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }
    }

    /// <summary>The oldest changes, and after the last of them the peers that have sent all they had.</summary>
    private (List<RouteChange> Changes, List<string> Synchronised)? Take()
    {
        lock (gate)
        {
            if (order.Count == 0 && synchronised.Count == 0)
            {
                return null;
            }

            var changes = new List<RouteChange>(Math.Min(order.Count, Part));
            while (changes.Count < Part && order.TryDequeue(out var key))
            {
                waiting.Remove(key, out var change);
                changes.Add(change);
            }

            List<string> done = order.Count == 0 ? [.. synchronised] : [];
            if (done.Count > 0)
            {
                synchronised.Clear();
            }

            return (changes, done);
        }
    }
}
