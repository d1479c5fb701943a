using System.Collections.Concurrent;
using System.Net;
using Dwcp.Sdn.Bgp.Mrt;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp;

/// <summary>A BGP speaker for EVPN: peers, routes of our own, and the routes of peers for whoever imports them. Every method may be called from any thread; after the end they throw <see cref="ObjectDisposedException"/>.</summary>
public sealed class BgpSpeaker : IAsyncDisposable
{
    private readonly SpeakerLoop loop;
    private readonly Task running;
    private readonly TimeProvider time;
    private readonly ConcurrentQueue<Action<bool>> calls = [];

    // Calls that wait for the loop; who makes more of them waits for room.
    private readonly SemaphoreSlim room = new(1024);
    private MrtArchive? archive;
    private Exception? fault;

    internal int CallsWaiting => calls.Count;

    /// <param name="sink">Takes the routes whose targets are imported.</param>
    /// <param name="events">Is told what happens to peers, by the loop: it must not wait.</param>
    public BgpSpeaker(SpeakerSettings settings, IRouteSink sink, Action<BgpEvent> events, TimeProvider time)
    {
        this.time = time;
        loop = new(settings, sink, events, time);
        running = Task.Run(RunAsync);
    }

    /// <summary>Ends with the speaker, and is faulted if that was not asked for.</summary>
    public Task Ended => running;

    /// <summary>Accepts connections of peers and returns where.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address or the port is not free.</exception>
    public Task<IPEndPoint> ListenAsync(IPEndPoint at) => AskAsync(() => loop.Listen(at));

    /// <summary>Adds a peer or changes it. Equal settings change nothing; other peers never notice.</summary>
    public Task PutPeerAsync(PeerSettings settings) => AskAsync(() =>
    {
        loop.Put(settings);
        return true;
    });

    /// <summary>Ends the session and forgets the peer with its routes; false if there was none.</summary>
    public Task<bool> RemovePeerAsync(string id) => AskAsync(() => loop.Remove(id, Notification.PeerRemoved));

    public Task<IReadOnlyList<PeerStatus>> PeersAsync() =>
        AskAsync<IReadOnlyList<PeerStatus>>(() => [.. loop.Peers.Values.Select(p => p.Status)]);

    /// <summary>Announces routes, or announces them with other attributes.</summary>
    public Task OriginateAsync(IReadOnlyList<OriginatedRoute> routes) => AskAsync(() =>
    {
        foreach (var route in routes)
        {
            loop.Routes.Originate(route, routes.Count < 100);
        }

        return true;
    });

    /// <summary>Withdraws routes of our own and returns how many of them were announced.</summary>
    public Task<int> WithdrawAsync(IReadOnlyList<Route> routes) =>
        AskAsync(() => routes.Count(route => loop.Routes.Withdraw(route, routes.Count < 100)));

    /// <summary>Takes in the routes of these targets from now on, and no others.</summary>
    public Task ImportAsync(IReadOnlyCollection<RouteTarget> targets) => AskAsync(() =>
    {
        loop.Routes.Import(targets);
        return true;
    });

    /// <summary>Lists routes with where they came from and why they were chosen, or not.</summary>
    /// <param name="from">What <see cref="RoutePage.Next"/> of the part before said.</param>
    /// <param name="limit">Of routes in the part, each with all its paths.</param>
    public Task<RoutePage> RoutesAsync(RouteQuery query, int from = 0, int limit = 1000) =>
        AskAsync(() => RouteListing.List(loop.Routes, query, from, limit));

    /// <summary>Writes the table as an MRT dump (RFC 6396, TABLE_DUMP_V2), with all paths of all peers; EVPN routes are in records of the generic kind.</summary>
    public async Task DumpAsync(Stream to, CancellationToken stop = default)
    {
        var dump = await AskAsync(() => new TableDump(loop.Routes, loop.Speaker, time.GetUtcNow()));
        while (dump.Next is not null)
        {
            await to.WriteAsync(await AskAsync(() => dump.Part(1000)), stop);
        }
    }

    /// <summary>Tells these stations by BMP (RFC 7854) what peers say, and no others from now on. Equal settings keep their connection.</summary>
    public Task MonitorAsync(IReadOnlyCollection<BmpSettings> stations) => AskAsync(() =>
    {
        loop.Monitor(stations);
        return true;
    });

    public Task<IReadOnlyList<BmpStatus>> StationsAsync() => AskAsync<IReadOnlyList<BmpStatus>>(() => [.. loop.Bmp.Stations.Select(s => s.Status)]);

    /// <summary>Writes MRT files from now on as these settings say; none ends it.</summary>
    public async Task RecordAsync(MrtSettings? settings)
    {
        if (settings is null && archive is null)
        {
            return;
        }

        var next = settings is null ? null : new MrtArchive(settings, loop, time, DumpAsync);
        var before = Interlocked.Exchange(ref archive, next);
        try
        {
            await AskAsync(() =>
            {
                if (before is not null)
                {
                    loop.Observe(before, on: false);
                }

                if (next is not null && settings!.Messages)
                {
                    loop.Observe(next, on: true);
                }

                return true;
            });
        }
        finally
        {
            await (before?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>None when no MRT files are written.</summary>
    public MrtStatus? Recording => archive?.Status;

    /// <summary>How many routes and paths are held.</summary>
    public Task<(int Routes, int Paths)> CountAsync() => AskAsync(() => (loop.Routes.Table.Count, loop.Routes.Table.PathCount));

    /// <summary>Says goodbye to all peers, with the reason (RFC 9003), so that they drop our routes, and waits until they have heard it.</summary>
    public async Task ShutdownAsync(string? reason)
    {
        await AskAsync(() =>
        {
            loop.RemoveAll(Notification.Shutdown(reason));
            loop.Monitor([]);
            return true;
        });
        while (await AskAsync(() => loop.IsLeaving))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }
    }

    /// <summary>Ends without a word: peers with graceful restart keep our routes until the speaker is back.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await RecordAsync(null);
        }
        catch (ObjectDisposedException)
        {
            // A fault has ended it before.
        }

        loop.Stop();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        loop.Abort();
    }

    private async Task RunAsync()
    {
        try
        {
            await loop.RunAsync();
        }
        catch (Exception e)
        {
            fault = e;
            while (!calls.IsEmpty)
            {
                TakeCall(alive: false);
            }

            throw;
        }
    }

    private async Task<T> AskAsync<T>(Func<T> question)
    {
        await room.WaitAsync();
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Enqueue(alive =>
        {
            room.Release();
            try
            {
                answer.SetResult(alive ? question() : throw new ObjectDisposedException("the BGP speaker has ended", fault));
            }
            catch (Exception e)
            {
                answer.SetException(e);
            }
        });

        // By way of the pool, since the loop may go on for a while on the thread that wakes it; in order, since the queue is one.
        ThreadPool.UnsafeQueueUserWorkItem(
            static self =>
            {
                if (!self.loop.TryPost(() => self.TakeCall(alive: true)))
                {
                    self.TakeCall(alive: false);
                }
            },
            this,
            preferLocal: false);
        return await answer.Task;
    }

    private void TakeCall(bool alive)
    {
        if (calls.TryDequeue(out var call))
        {
            call(alive);
        }
    }
}
