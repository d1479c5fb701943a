using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Net;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>Accepts switches. A datapath id has one connection: the first stays as long as it lives.</summary>
public sealed class OpenFlowListener(OpenFlowOptions options, ISwitchObserver observer, ILogger<OpenFlowListener> log) : IDisposable
{
    private readonly Socket socket = new(options.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Task, bool> serving = new();
    private readonly Lock gate = new();
    private readonly Dictionary<DatapathId, Admitted> admitted = [];

    /// <summary>Where it listens, once <see cref="Start"/> was called.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Binds and listens; throws <see cref="SocketException"/> when the endpoint is taken.</summary>
    public void Start()
    {
        if (options.Endpoint.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = true;
        }

        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(options.Endpoint);
        socket.Listen(options.Backlog);
        log.OpenFlowListening(Endpoint);
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

    public void Dispose() => socket.Dispose();

    private async Task AcceptAsync(CancellationToken stop)
    {
        Socket accepted;
        try
        {
            accepted = await socket.AcceptAsync(stop);
        }
        catch (SocketException e)
        {
            // Out of descriptors, or a peer that left while it waited: neither ends the service.
            log.AcceptFailed(e.SocketErrorCode);
            await Task.Delay(TimeSpan.FromMilliseconds(50), options.Time, stop);
            return;
        }

        if (serving.Count >= options.MaxConnections)
        {
            accepted.Dispose();
            return;
        }

        var task = ServeAsync(accepted, stop);
        serving.TryAdd(task, true);
        _ = task.ContinueWith(t => serving.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ServeAsync(Socket accepted, CancellationToken stop)
    {
        await Task.Yield();
        var remote = accepted.RemoteEndPoint;
        try
        {
            accepted.NoDelay = true;
            var stream = await SecureAsync(accepted, stop);
            var channel = new OfChannel(stream, options.Time, options.MaxOutgoing, options.Times.Ready);
            await ServeAsync(new SwitchConnection(channel, remote, accepted.LocalEndPoint, options, log), stop);
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            log.SwitchRefused(remote, e.Message);
        }
        finally
        {
            accepted.Dispose();
        }
    }

    private async Task<Stream> SecureAsync(Socket accepted, CancellationToken stop) => options.Secure is { } secure
        ? await secure(accepted, stop).WaitAsync(options.Times.Hello, options.Time, stop)
        : new NetworkStream(accepted, ownsSocket: true);

    private async Task ServeAsync(SwitchConnection connection, CancellationToken stop)
    {
        var running = connection.RunAsync(stop);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!await connection.Ready || !await AdmitAsync(connection, gone.Task))
        {
            log.SwitchRefused(connection.Remote, await running);
            return;
        }

        log.SwitchConnected(connection.Id, connection.Remote, connection.Description.Software, connection.Ports.Count);
        try
        {
            connection.Admit(observer);
            var why = await running;
            log.SwitchDisconnected(connection.Id, connection.Remote, why);
            observer.Disconnected(connection, why);
        }
        finally
        {
            // Whatever an observer does, the datapath id is free for the next connection.
            lock (gate)
            {
                admitted.Remove(connection.Id);
            }

            gone.SetResult();
        }
    }

    /// <summary>
    /// Takes the place of the datapath id. Whoever holds it must show at once that it lives; a connection that is half open
    /// since a host lost its power must not lock the host out.
    /// </summary>
    private async Task<bool> AdmitAsync(SwitchConnection newcomer, Task gone)
    {
        while (true)
        {
            Admitted holder;
            lock (gate)
            {
                if (admitted.TryAdd(newcomer.Id, new(newcomer, gone)))
                {
                    return true;
                }

                holder = admitted[newcomer.Id];
            }

            if (await holder.Connection.AnswersAsync(options.ProveAlive, options.Time))
            {
                newcomer.Close($"datapath id {newcomer.Id} is connected already, from {holder.Connection.Remote}");
                return false;
            }

            holder.Connection.Close($"replaced by {newcomer.Remote}: it did not answer an echo");
            await holder.Gone;
        }
    }

    private readonly record struct Admitted(SwitchConnection Connection, Task Gone);
}
