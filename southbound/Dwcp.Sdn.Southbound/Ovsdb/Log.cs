using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound.Ovsdb;

/// <summary>What the OVSDB side tells the operator: events 2100 to 2199.</summary>
internal static partial class Log
{
    [LoggerMessage(2100, LogLevel.Information, "OVSDB: listening on {Address} {Protection}")]
    public static partial void OvsdbListening(this ILogger log, string address, string protection);

    [LoggerMessage(2101, LogLevel.Information, "Host {SystemId} at {Peer}: connected, Open vSwitch {Version}")]
    public static partial void HostConnected(this ILogger log, string systemId, string peer, string version);

    [LoggerMessage(2102, LogLevel.Information, "Host {SystemId} at {Peer}: disconnected, {Reason}")]
    public static partial void HostDisconnected(this ILogger log, string systemId, string peer, string reason);

    [LoggerMessage(2103, LogLevel.Warning, "OVSDB peer {Peer}: dropped before it showed an inventory, {Reason}")]
    public static partial void PeerDropped(this ILogger log, string peer, string reason);

    [LoggerMessage(2104, LogLevel.Warning, "OVSDB: cannot accept a connection, {Reason}")]
    public static partial void AcceptFailed(this ILogger log, string reason);

    [LoggerMessage(2105, LogLevel.Error, "OVSDB peer {Peer}: its session broke by a mistake of ours")]
    public static partial void SessionBroken(this ILogger log, string peer, Exception mistake);

    [LoggerMessage(2106, LogLevel.Debug, "OVSDB peer {Peer}: {Direction} {Message}")]
    public static partial void OvsdbMessage(this ILogger log, string peer, string direction, string message);
}
