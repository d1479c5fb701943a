using System.Diagnostics.Metrics;
using Serilog.Sinks.Async;

namespace Dwcp.Sdn.Controller.Logging;

/// <summary>Counts the log lines that were dropped because nobody took them: instrument <c>dwcp.log.dropped</c>.</summary>
internal sealed class DroppedLines : IAsyncLogEventSinkMonitor, IDisposable
{
    private readonly Meter meter = new("Dwcp.Sdn.Controller.Logging");

    public void StartMonitoring(IAsyncLogEventSinkInspector inspector) =>
        meter.CreateObservableCounter("dwcp.log.dropped", () => inspector.DroppedMessagesCount, "{line}", "Log lines that were dropped because standard output took none");

    public void StopMonitoring(IAsyncLogEventSinkInspector inspector) => Dispose();

    public void Dispose() => meter.Dispose();
}
