using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Northbound;

/// <summary>What the northbound tells the operator; events 4000 to 4999.</summary>
internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "{Protocol}: listening on {Address}")]
    public static partial void Listening(this ILogger log, string protocol, string address);

    [LoggerMessage(4002, LogLevel.Error, "{Method} {Path}: failed by our own mistake")]
    public static partial void RequestFailed(this ILogger log, string method, string? path, Exception exception);

    [LoggerMessage(4003, LogLevel.Debug, "{Method} {Path}: refused, {Reason}")]
    public static partial void RequestRefused(this ILogger log, string method, string? path, string reason);

    [LoggerMessage(4004, LogLevel.Error, "Metrics: an instrument failed and is left out")]
    public static partial void InstrumentFailed(this ILogger log, Exception exception);

    [LoggerMessage(4005, LogLevel.Warning, "Metric {Instrument}: it has {Limit} series already; what has other labels is not counted")]
    public static partial void TooManySeries(this ILogger log, string instrument, int limit);
}
