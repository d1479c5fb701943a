using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.Tls;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>Where hosts connect to (<c>ovs-vsctl set-manager tcp:…</c>). A peer becomes a host when it has shown its first inventory; one that does not costs only itself.</summary>
public sealed class OvsdbListener : IAsyncDisposable
{
    private const int Backlog = 1024;
    private const string TooMany = "it had shown no inventory, and too many others came after it";

    private readonly Socket socket;
    private readonly OvsdbOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly CancellationTokenSource stop = new();
    private readonly HashSet<OvsdbHostConnection> open = [];
    private readonly SemaphoreSlim places;
    private readonly Newcomers<OvsdbHostConnection> newcomers;
    private readonly Task accepting;

    // Full: a host waits to be introduced, its session goes on meanwhile.
    private readonly Channel<IHostConnection> hosts = Channel.CreateBounded<IHostConnection>(64);

    private OvsdbListener(Socket socket, OvsdbOptions options, TimeProvider clock, ILogger log)
    {
        this.socket = socket;
        this.options = options;
        this.clock = clock;
        this.log = log;
        newcomers = new(options.NewcomersPerAddress, options.Newcomers);
        places = new(options.MaxSockets);
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        accepting = AcceptAsync();
    }

    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Every host that connects, with its first inventory. Ends when the listener is disposed, which ends the sessions too.</summary>
    public IAsyncEnumerable<IHostConnection> HostsAsync(CancellationToken stop = default) => hosts.Reader.ReadAllAsync(stop);

    /// <summary>Binds and listens; throws <see cref="SocketException"/> when the address cannot be had.</summary>
    public static OvsdbListener Start(IPEndPoint address, OvsdbOptions options, TimeProvider clock, ILogger log)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = true;
            }

            socket.Bind(address);
            socket.Listen(Backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        log.OvsdbListening(socket.LocalEndPoint!.ToString()!, options.Secure is null ? "without TLS" : "over TLS");
        return new OvsdbListener(socket, options, clock, log);
    }

    public async ValueTask DisposeAsync()
    {
        if (stop.IsCancellationRequested)
        {
            return;
        }

        await stop.CancelAsync();
        socket.Dispose();
        await accepting;
        OvsdbHostConnection[] last;
        lock (open)
        {
            last = [.. open];
        }

        foreach (var connection in last)
        {
            connection.Close("the controller stops");
        }

        await Task.WhenAll(last.Select(connection => connection.Closed));
        hosts.Writer.TryComplete();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var accepted = await socket.AcceptAsync(stop.Token);
                if (!places.Wait(0, CancellationToken.None))
                {
                    await TakePlaceAsync(accepted);
                }

                _ = ServeAsync(accepted);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of descriptors or memory: those who are connected go on, and in a moment there may be room again.
                log.AcceptFailed(e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock);
            }
        }
    }

    /// <summary>Somebody has to go first. Without a newcomer there is a handshake that ends in time: hosts alone do not take all places.</summary>
    private async Task TakePlaceAsync(Socket accepted)
    {
        newcomers.Evict()?.Close(TooMany);
        try
        {
            await places.WaitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            accepted.Dispose();
            throw;
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        try
        {
            await ServeAsync(accepted, accepted.RemoteEndPoint is IPEndPoint remote ? PlainEndPoint.Of(remote) : new(IPAddress.None, 0));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone before we could look at it.
        }
        finally
        {
            accepted.Dispose();
            places.Release();
        }
    }

    private async Task ServeAsync(Socket accepted, IPEndPoint remote)
    {
        accepted.NoDelay = true;
        var local = (IPEndPoint)accepted.LocalEndPoint!;
        var secured = options.Secure is { } secure ? await SecureAsync(secure, accepted, remote) : null;
        if (options.Secure is not null && secured is null)
        {
            return;
        }

        var stream = secured?.Stream ?? new NetworkStream(accepted, ownsSocket: true);
        if (!HasRoom())
        {
            await stream.DisposeAsync();
            return;
        }

        var connection = OvsdbHostConnection.Start(stream, remote.ToString(), Plain(local), Plain(remote), options, clock, log, secured?.Peer);
        lock (open)
        {
            open.Add(connection);
        }

        using var disbelieved = secured?.WhenDisbelieved(connection.Close);
        newcomers.Enter(connection, remote.Address)?.Close(TooMany);
        if (stop.IsCancellationRequested)
        {
            connection.Close("the controller stops");
        }

        try
        {
            var isHost = await connection.ReadyAsync();
            newcomers.Leave(connection);
            if (isHost)
            {
                await hosts.Writer.WriteAsync(connection);
            }
        }
        catch (ChannelClosedException)
        {
            connection.Close("the controller stops");
        }

        await connection.Closed;
        lock (open)
        {
            open.Remove(connection);
        }
    }

    /// <summary>Whether there may be one session more, for which a newcomer may have to end.</summary>
    private bool HasRoom()
    {
        lock (open)
        {
            if (open.Count < options.MaxConnections)
            {
                return true;
            }
        }

        if (newcomers.Evict() is not { } oldest)
        {
            return false;
        }

        oldest.Close(TooMany);
        return true;
    }

    private async Task<Secured?> SecureAsync(Func<Socket, CancellationToken, Task<Secured>> secure, Socket accepted, IPEndPoint remote)
    {
        try
        {
            return await secure(accepted, stop.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            accepted.Dispose();
            log.PeerDropped(remote.ToString(), e.Message);
            return null;
        }
    }

    internal static IpAddress Plain(IPEndPoint end) => IpAddress.From(PlainEndPoint.Of(end).Address);
}
