using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Northbound.Metrics;

/// <summary>What one instrument has measured, by its tags. A measurement with tags seen before allocates nothing.</summary>
internal sealed class MetricState
{
    // More series than this are somebody's mistake; they would eat the process and whoever reads them.
    private const int MaxSeries = 10_000;
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly Instrument _instrument;
    private readonly MetricKind _kind;
    private readonly bool _adds;
    private readonly double[] _bounds;
    private readonly Dictionary<TagSet, Series> _series = new(TagSet.Comparer);
    private readonly Dictionary<TagSet, Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _byTags;
    private readonly SortedDictionary<string, Series> _byLabels = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly ILogger _log;
    private bool _full;

    public MetricState(Instrument instrument, ILogger log)
    {
        _log = log;
        _instrument = instrument;
        _byTags = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        var type = instrument.GetType().GetGenericTypeDefinition();
        _kind = type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
        _adds = type == typeof(Counter<>) || type == typeof(UpDownCounter<>);
        _bounds = _kind == MetricKind.Histogram ? BoundsOf(instrument) : [];
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            if (!_byTags.TryGetValue(tags, out var series) && (series = Add(tags)) is null)
            {
                return;
            }

            if (_kind == MetricKind.Histogram)
            {
                var bucket = Array.BinarySearch(_bounds, value);
                series.Buckets[bucket < 0 ? ~bucket : bucket]++;
                series.Count++;
                series.Value += value;
            }
            else
            {
                series.Value = _adds ? series.Value + value : value;
            }
        }
    }

    /// <summary>An observable instrument says everything anew, so what it no longer names is gone.</summary>
    public void BeforeObservation()
    {
        if (_instrument.IsObservable)
        {
            lock (_lock)
            {
                _series.Clear();
                _byLabels.Clear();
            }
        }
    }

    public Metric Snapshot()
    {
        lock (_lock)
        {
            return new(_instrument.Name, _instrument.Unit, _instrument.Description, _kind, [.. _byLabels.Select(s => SampleOf(s.Key, s.Value))]);
        }
    }

    private static double[] BoundsOf(Instrument instrument)
    {
        var advised = instrument switch
        {
            Histogram<double> h => h.Advice?.HistogramBucketBoundaries?.ToArray(),
            Histogram<float> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            Histogram<long> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            Histogram<int> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            _ => null,
        };
        return advised ?? DefaultBounds;
    }

    private Series? Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (_series.Count == MaxSeries)
        {
            if (!_full)
            {
                _full = true;
                _log.TooManySeries(_instrument.Name, MaxSeries);
            }

            return null;
        }

        // The same tags in another order are the same series.
        var labels = LabelsOf(tags);
        if (!_byLabels.TryGetValue(labels, out var series))
        {
            series = new(_bounds.Length + 1);
            _byLabels.Add(labels, series);
        }

        _byTags[tags] = series;
        return series;
    }

    private MetricSample SampleOf(string labels, Series series)
    {
        if (_kind != MetricKind.Histogram)
        {
            return new(labels, series.Value);
        }

        var (buckets, sum) = (new (double, long)[_bounds.Length + 1], 0L);
        for (var i = 0; i < buckets.Length; i++)
        {
            sum += series.Buckets[i];
            buckets[i] = (i < _bounds.Length ? _bounds[i] : double.PositiveInfinity, sum);
        }

        return new(labels, series.Value, series.Count, buckets);
    }

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new StringBuilder();
        foreach (var (name, value) in tags.ToArray().OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            labels.Append(labels.Length == 0 ? "" : ",").Append(PrometheusText.LabelName(name)).Append("=\"");
            var text = value is bool b ? (b ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels.Append(PrometheusText.EscapeLabel(text)).Append('"');
        }

        return labels.ToString();
    }

    private sealed class Series(int buckets)
    {
        public double Value { get; set; }

        public long Count { get; set; }

        public long[] Buckets { get; } = new long[buckets];
    }
}
