using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.Tls;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>Where and how <see cref="OpenFlowListener"/> serves switches.</summary>
public sealed record OpenFlowOptions
{
    /// <summary>Port 6653 is OpenFlow's; 0 picks a free one.</summary>
    public IPEndPoint Endpoint { get; init; } = new(IPAddress.IPv6Any, 6653);

    public SessionTimes Times { get; init; } = new();

    /// <summary>Connections that wait to be accepted; thousands of switches come back at once after a restart.</summary>
    public int Backlog { get; init; } = 4096;

    /// <summary>Switches that may be connected; one more is refused.</summary>
    public int MaxConnections { get; init; } = 32_768;

    /// <summary>Connections besides that are not ready yet; one more ends the oldest of the address that has most.</summary>
    public int MaxNewcomers { get; init; } = 16_384;

    /// <summary>Connections of all kinds that may be open, those that are on their way out among them; one more ends a newcomer, and waits.</summary>
    public int MaxSockets { get; init; } = 49_152;

    /// <summary>Octets that may wait to be sent to one switch.</summary>
    public int MaxOutgoing { get; init; } = 4 * 1024 * 1024;

    /// <summary>Octets that one question may bring in answer.</summary>
    public int MaxAnswerOctets { get; init; } = 512 * 1024 * 1024;

    /// <summary>How long one question may take as a whole.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a connected switch may take to show that it lives when another comes with its datapath id.</summary>
    public TimeSpan ProveAlive { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Looks at every flow before it is sent and throws where <see cref="Wire.RuleCheck"/> finds a mistake of ours: on in Debug builds, off in
    /// others, because it takes about as long as writing the flow.
    /// </summary>
#if DEBUG
    public bool CheckFlows { get; init; } = true;
#else
    public bool CheckFlows { get; init; }
#endif

    /// <summary>Threads that read from switches, where the platform has epoll(7).</summary>
    public int Threads { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Puts a layer such as TLS over an accepted socket; null serves it as it is.</summary>
    public Func<Socket, CancellationToken, Task<Secured>>? Secure { get; init; }

    /// <summary>Why a switch that has completed its handshake may not be who it says it is, or null; null admits everybody.</summary>
    public Func<SwitchConnection, CancellationToken, Task<string?>>? Doubt { get; init; }

    /// <summary>Who holds which datapath id; listeners that serve one fabric share it.</summary>
    public DatapathHolders Holders { get; init; } = new();
}
