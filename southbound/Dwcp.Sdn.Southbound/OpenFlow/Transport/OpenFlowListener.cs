using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.Tls;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>Accepts switches. A datapath id has one connection: the first stays as long as it lives.</summary>
public sealed class OpenFlowListener(OpenFlowOptions options, ISwitchObserver observer, ILogger<OpenFlowListener> log) : IDisposable
{
    private const string TooMany = "it was not ready, and too many others came after it";
    private static readonly TimeSpan TellEvery = TimeSpan.FromMinutes(1);

    private readonly Socket socket = new(options.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Task, bool> serving = new();
    private readonly SocketThreads? threads = OperatingSystem.IsLinux() ? new(options.Threads) : null;
    private readonly FairShare fair = new(options.Time, options.Threads);
    private readonly Newcomers<SwitchConnection> newcomers = new(options.MaxNewcomers, options.MaxNewcomers);

    // One for each socket that is open.
    private readonly SemaphoreSlim places = new(options.MaxSockets);

    // Accepted and not yet among those who make room for others; more wait in the kernel.
    private readonly SemaphoreSlim arriving = new(1024);
    private int admitted;
    private long cut;
    private long toldAt;

    /// <summary>Where it listens, once <see cref="Start"/> was called.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Binds and listens; throws <see cref="SocketException"/> when the endpoint is taken.</summary>
    public void Start()
    {
        if (options.Endpoint.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = true;
        }

        socket.Bind(options.Endpoint);
        socket.Listen(options.Backlog);
        log.OpenFlowListening(Endpoint, options.Secure is null ? "without TLS" : "over TLS");
    }

    /// <summary>Serves until it is stopped, then closes every connection.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await AcceptAsync(stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The way to stop.
        }

        await Task.WhenAll(serving.Keys);
    }

    public void Dispose()
    {
        socket.Dispose();
        threads?.Dispose();
        places.Dispose();
        arriving.Dispose();
    }

    private async Task AcceptAsync(CancellationToken stop)
    {
        Socket accepted;
        await arriving.WaitAsync(stop);
        try
        {
            accepted = await socket.AcceptAsync(stop);
        }
        catch (SocketException e)
        {
            // A peer that left while it waited, or no descriptors: neither ends the service.
            arriving.Release();
            log.AcceptFailed(e.SocketErrorCode);
            await Task.Delay(TimeSpan.FromMilliseconds(50), options.Time, stop);
            return;
        }

        if (!places.Wait(0, CancellationToken.None))
        {
            await TakePlaceAsync(accepted, stop);
        }

        var task = ServeAsync(accepted, stop);
        serving.TryAdd(task, true);
        _ = task.ContinueWith(t => serving.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Somebody has to go first. Without a newcomer there is a handshake that ends in time: switches alone do not take all places.</summary>
    private async Task TakePlaceAsync(Socket accepted, CancellationToken stop)
    {
        if (newcomers.Evict() is { } oldest)
        {
            MakeRoom(oldest);
        }

        try
        {
            await places.WaitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            accepted.Dispose();
            throw;
        }
    }

    private async Task ServeAsync(Socket accepted, CancellationToken stop)
    {
        IPEndPoint? remote = null;
        try
        {
            remote = accepted.RemoteEndPoint is IPEndPoint there ? PlainEndPoint.Of(there) : null; // Not known any more once it has been closed to make room.
            var (plain, securing) = await ArriveAsync(accepted, stop);
            var secured = securing is null ? null : await securing;
            var connection = plain ?? Begin(accepted, secured!.Stream, secured.Peer);
            using var disbelieved = secured?.WhenDisbelieved(connection.Close);
            await ServeAsync(connection, stop);
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            log.SwitchRefused(remote, e.Message);
        }
        catch (Exception e)
        {
            // Our own mistake, such as an observer that throws, ends neither the others nor, later, the listener.
            log.ServingFailed(e, remote);
        }
        finally
        {
            accepted.Dispose();
            places.Release();
        }
    }

    /// <summary>Among the newcomers, or at its handshake: from here on it can be ended to make room.</summary>
    private async Task<(SwitchConnection? Plain, Task<Secured>? Securing)> ArriveAsync(Socket accepted, CancellationToken stop)
    {
        try
        {
            if (options.Secure is not { } secure)
            {
                // Before anybody else is accepted: the oldest goes first.
                var plain = Begin(accepted, threads?.Attach(accepted) ?? (Stream)new NetworkStream(accepted, ownsSocket: true), null);
                await Task.Yield();
                return (plain, null);
            }

            await Task.Yield();
            return (null, secure(accepted, stop));
        }
        finally
        {
            arriving.Release();
        }
    }

    private SwitchConnection Begin(Socket accepted, Stream stream, PeerIdentity? identity)
    {
        try
        {
            accepted.NoDelay = true;
        }
        catch (SocketException)
        {
            // It has gone already, and its loop will find that out.
        }

        var channel = new OfChannel(stream, options.Time, options.MaxOutgoing, options.Times.Ready, fair);
        var connection = new SwitchConnection(channel, accepted.RemoteEndPoint, accepted.LocalEndPoint, options, log) { Identity = identity };
        if (newcomers.Enter(connection, connection.Remote.Address) is { } oldest)
        {
            MakeRoom(oldest);
        }

        return connection;
    }

    private async Task ServeAsync(SwitchConnection connection, CancellationToken stop)
    {
        var running = connection.RunAsync(stop);
        try
        {
            await ServeAsync(connection, running, stop);
        }
        finally
        {
            // Whoever failed, be it an observer: the socket is not closed before the loop that reads from it has ended.
            connection.Close("failed here");
            newcomers.Leave(connection);
            await running;
        }
    }

    private async Task ServeAsync(SwitchConnection connection, Task<string> running, CancellationToken stop)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!await connection.Ready || !await AdmitAsync(connection, gone.Task, stop))
        {
            if (await running is var why and not TooMany)
            {
                log.SwitchRefused(connection.Remote, why);
            }

            return;
        }

        newcomers.Leave(connection);
        log.SwitchConnected(connection.Id, connection.Remote, connection.Description.Software, connection.Ports.Count);
        try
        {
            connection.Admit(observer);
            var ended = await running;
            log.SwitchDisconnected(connection.Id, connection.Remote, ended);
            observer.Disconnected(connection, ended);
        }
        finally
        {
            // Whatever an observer does, the datapath id is free for the next connection.
            Interlocked.Decrement(ref admitted);
            options.Holders.Leave(connection);
            gone.SetResult();
        }
    }

    /// <summary>Whether a switch may stay; whoever may not is closed, with the reason.</summary>
    private async Task<bool> AdmitAsync(SwitchConnection newcomer, Task gone, CancellationToken stop)
    {
        var isIn = false;
        try
        {
            var why = Interlocked.Increment(ref admitted) > options.MaxConnections
                ? $"{options.MaxConnections} switches are connected, as many as may be"
                : await WhyNotAsync(newcomer, gone, stop);
            if (why is not null)
            {
                newcomer.Close(why);
            }

            return isIn = why is null;
        }
        finally
        {
            if (!isIn)
            {
                Interlocked.Decrement(ref admitted);
            }
        }
    }

    /// <summary>Who is not believed does not even meet the one that has the datapath id.</summary>
    private async Task<string?> WhyNotAsync(SwitchConnection newcomer, Task gone, CancellationToken stop)
    {
        if (options.Doubt is { } doubt && await doubt(newcomer, stop) is { } why)
        {
            return why;
        }

        if (await options.Holders.EnterAsync(newcomer, gone, options) is not { } holder)
        {
            return null;
        }

        why = $"datapath id {newcomer.Id} is connected already, from {holder.Remote}";
        observer.Refused(newcomer, why);
        return why;
    }

    /// <summary>Makes room for those that come. Whoever brings this about can do it thousands of times a second: it is told now and then.</summary>
    private void MakeRoom(SwitchConnection oldest)
    {
        oldest.Cut(TooMany);
        var since = Interlocked.Increment(ref cut);
        var (now, before) = (options.Time.GetTimestamp(), Interlocked.Read(ref toldAt));
        if ((before == 0 || options.Time.GetElapsedTime(before, now) >= TellEvery) && Interlocked.CompareExchange(ref toldAt, now, before) == before)
        {
            Interlocked.Add(ref cut, -since);
            log.NewcomersCut(since, oldest.Remote.Address);
        }
    }
}
