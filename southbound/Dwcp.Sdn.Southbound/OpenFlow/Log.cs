using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Net;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound;

/// <summary>What the southbound tells the operator; OpenFlow has 2000 to 2099.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "OpenFlow listens on {Endpoint} {Protection}")]
    public static partial void OpenFlowListening(this ILogger log, IPEndPoint endpoint, string protection);

    [LoggerMessage(2001, LogLevel.Information, "{Switch} connected from {Remote}: {Software}, {Ports} ports")]
    public static partial void SwitchConnected(this ILogger log, DatapathId @switch, IPEndPoint remote, string software, int ports);

    [LoggerMessage(2002, LogLevel.Information, "{Switch} at {Remote} disconnected: {Why}")]
    public static partial void SwitchDisconnected(this ILogger log, DatapathId @switch, IPEndPoint remote, string why);

    [LoggerMessage(2003, LogLevel.Warning, "OpenFlow connection from {Remote} refused: {Why}")]
    public static partial void SwitchRefused(this ILogger log, EndPoint? remote, string why);

    [LoggerMessage(2004, LogLevel.Warning, "{Switch} sent {Error} ({Type}/{Code}) to message {Xid}, for which nobody waits")]
    public static partial void SwitchError(this ILogger log, DatapathId @switch, string error, int type, int code, uint xid);

    [LoggerMessage(2005, LogLevel.Warning, "OpenFlow could not accept a connection: {Error}")]
    public static partial void AcceptFailed(this ILogger log, SocketError error);

    [LoggerMessage(2006, LogLevel.Error, "{Switch} at {Remote}: the connection's loop failed")]
    public static partial void SwitchLoopFailed(this ILogger log, Exception e, DatapathId @switch, IPEndPoint remote);

    [LoggerMessage(2007, LogLevel.Error, "OpenFlow connection from {Remote} could not be served")]
    public static partial void ServingFailed(this ILogger log, Exception e, EndPoint? remote);

    [LoggerMessage(2008, LogLevel.Warning, "OpenFlow: {Count} connections that were not ready have been ended for others that came, the last of them from {Address}")]
    public static partial void NewcomersCut(this ILogger log, long count, IPAddress address);
}
