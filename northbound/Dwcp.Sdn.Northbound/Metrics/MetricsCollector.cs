using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Northbound.Metrics;

/// <summary>How an instrument's measurements add up.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>An instrument with all its series at one moment.</summary>
internal sealed record Metric(string Name, string? Unit, string? Description, MetricKind Kind, IReadOnlyList<MetricSample> Samples);

/// <summary>One series: rendered labels, and a value or the buckets of a histogram.</summary>
internal sealed record MetricSample(string Labels, double Value, long Count = 0, IReadOnlyList<(double Bound, long Count)>? Buckets = null);

/// <summary>Listens to the process's instruments and keeps what they have counted so far.</summary>
internal sealed class MetricsCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricState> _states = new();
    private readonly Lock _collecting = new();

    private readonly ILogger _log;

    public MetricsCollector(ILogger log)
    {
        _log = log;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (IsOfInterest(instrument))
            {
                listener.EnableMeasurementEvents(instrument, _states.GetOrAdd(instrument, i => new MetricState(i, log)));
            }
        };
        _listener.MeasurementsCompleted = (instrument, _) => _states.TryRemove(instrument, out MetricState? _);
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Record((double)value, tags, state));
        _listener.Start();
    }

    /// <summary>Asks the observable instruments and returns everything, in the order of names.</summary>
    public IReadOnlyList<Metric> Collect()
    {
        lock (_collecting)
        {
            foreach (var state in _states.Values)
            {
                state.BeforeObservation();
            }

            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException e)
            {
                _log.InstrumentFailed(e);
            }

            return [.. _states.Values.Select(s => s.Snapshot()).Where(m => m.Samples.Count > 0).OrderBy(m => m.Name, StringComparer.Ordinal)];
        }
    }

    public void Dispose() => _listener.Dispose();

    private static bool IsOfInterest(Instrument instrument)
        => instrument.Name.StartsWith("dwcp.", StringComparison.Ordinal)
        || instrument.Meter.Name is "System.Runtime" or "Microsoft.AspNetCore.Hosting" or "Microsoft.AspNetCore.Server.Kestrel";

    private static void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) => ((MetricState)state!).Record(value, tags);
}
