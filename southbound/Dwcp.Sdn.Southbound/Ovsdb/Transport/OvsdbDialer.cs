using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>Connects to a host's ovsdb-server that listens itself (<c>ptcp:</c>, <c>punix:</c>).</summary>
public static class OvsdbDialer
{
    private const string Secure = "ssl";

    /// <summary>Reads a target; false when it is none.</summary>
    public static bool TryParse(string target, [NotNullWhen(true)] out EndPoint? end)
    {
        end = target.Split(':', 2) switch
        {
            ["unix", { Length: > 0 and < 108 } path] => new UnixDomainSocketEndPoint(path), // sun_path has 108 octets, with a zero at its end.
            ["tcp" or Secure, var address] when IPEndPoint.TryParse(address, out var ip) && ip.Port != 0 => ip,
            _ => null,
        };
        return end is not null;
    }

    /// <summary>Whether a target that can be read asks for TLS.</summary>
    public static bool IsSecure(string target) => target.StartsWith($"{Secure}:", StringComparison.Ordinal);

    /// <summary>
    /// Connects to <c>tcp:ADDRESS:PORT</c> (an IPv6 address in brackets), <c>ssl:ADDRESS:PORT</c> with the layer of
    /// <see cref="OvsdbOptions.Secure"/>, or <c>unix:PATH</c> and waits for the first inventory.
    /// </summary>
    /// <exception cref="FormatException">The target is none.</exception>
    /// <exception cref="IOException">No connection, or the session ended before it showed an inventory.</exception>
    public static async Task<IHostConnection> ConnectAsync(
        string target, OvsdbOptions options, TimeProvider clock, ILogger log, CancellationToken stop = default)
    {
        if (!TryParse(target, out var end))
        {
            throw new FormatException($"'{target}' is neither tcp:ADDRESS:PORT, ssl:ADDRESS:PORT nor unix:PATH");
        }

        var socket = await ConnectAsync(target, end, options.Times.Connect, clock, stop);
        var local = socket.LocalEndPoint is IPEndPoint here ? OvsdbListener.Plain(here) : (IpAddress?)null;
        var remote = end is IPEndPoint there ? OvsdbListener.Plain(there) : (IpAddress?)null;
        OvsdbHostConnection connection;
        try
        {
            var secured = IsSecure(target) ? await options.Secure!(socket, stop) : null;
            connection = OvsdbHostConnection.Start(
                secured?.Stream ?? new NetworkStream(socket, ownsSocket: true), target, local, remote, options, clock, log, secured?.Peer);
            secured?.WhenDisbelieved(connection.Close);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            socket.Dispose();
            throw new IOException($"{target}: {e.Message}", e);
        }

        using var given = stop.Register(() => connection.Close("no longer wanted"));
        return await connection.ReadyAsync() ? connection : throw new IOException($"{target}: {await connection.Closed}");
    }

    /// <summary>A connected socket.</summary>
    /// <exception cref="IOException">There is none, or none in time.</exception>
    internal static async Task<Socket> ConnectAsync(string target, EndPoint end, TimeSpan within, TimeProvider clock, CancellationToken stop)
    {
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        using var late = new CancellationTokenSource(within, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await socket.ConnectAsync(end, either.Token);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"{target}: {e.Message}", e);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            stop.ThrowIfCancellationRequested();
            throw new IOException($"{target}: no connection within {within.TotalSeconds:0.###} s");
        }
    }
}
