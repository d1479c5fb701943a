using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Grpc;

/// <summary>What the gRPC runtime tells the operator; events 4500 to 4599.</summary>
internal static partial class Log
{
    [LoggerMessage(4501, LogLevel.Error, "{Method}: failed by our own mistake")]
    public static partial void CallFailed(this ILogger log, string method, Exception exception);

    [LoggerMessage(4502, LogLevel.Debug, "{Method}: {Status}, {Detail}")]
    public static partial void CallEnded(this ILogger log, string method, StatusCode status, string detail);
}
