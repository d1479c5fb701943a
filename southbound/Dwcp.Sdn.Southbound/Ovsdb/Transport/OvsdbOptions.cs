using System.Net.Sockets;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Tls;

namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>What sessions with hosts are allowed; the defaults are meant to be kept.</summary>
public sealed record OvsdbOptions
{
    public HostTimes Times { get; init; } = new();

    /// <summary>Puts a layer such as TLS over a connection, on our side of it; null serves it as it is.</summary>
    public Func<Socket, CancellationToken, Task<Secured>>? Secure { get; init; }

    public JsonLimits Limits { get; init; } = JsonLimits.Default;

    /// <summary>Sessions with a listener; one more ends a newcomer, and is closed where there is none.</summary>
    public int MaxConnections { get; init; } = 32_768;

    /// <summary>Connections of all kinds that may be open, handshakes and those on their way out among them; one more waits.</summary>
    public int MaxSockets { get; init; } = 49_152;

    /// <summary>Connections of one address that have not shown an inventory; one more ends the oldest of them.</summary>
    public int NewcomersPerAddress { get; init; } = 2048;

    /// <summary>The same for all addresses together.</summary>
    public int Newcomers { get; init; } = 8192;

    /// <summary>Room for unfinished messages, beyond 64 KiB for each peer; who needs more then is dropped. Whatever serves one fabric shares it.</summary>
    public ByteBudget Unfinished { get; init; } = new(512L << 20);
}
