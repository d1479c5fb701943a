using System.Globalization;
using System.Text;

namespace Dwcp.Sdn.Northbound.Metrics;

/// <summary>The text format 0.0.4 of Prometheus.</summary>
internal static class PrometheusText
{
    public static string Of(IReadOnlyList<Metric> metrics)
    {
        var text = new StringBuilder();
        foreach (var group in metrics.GroupBy(NameOf))
        {
            var first = group.First();
            text.Append("# HELP ").Append(group.Key).Append(' ').Append(EscapeHelp(first.Description ?? "")).Append('\n');
            text.Append("# TYPE ").Append(group.Key).Append(' ').Append(first.Kind.ToString().ToLowerInvariant()).Append('\n');
            foreach (var sample in group.Where(m => m.Kind == first.Kind).SelectMany(m => m.Samples).DistinctBy(s => s.Labels))
            {
                Write(text, group.Key, sample);
            }
        }

        // The writer of the answer ends the last line.
        return text.ToString().TrimEnd('\n');
    }

    public static string LabelName(string name) => Name(name);

    public static string EscapeLabel(string text) => EscapeHelp(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static void Write(StringBuilder text, string name, MetricSample sample)
    {
        if (sample.Buckets is null)
        {
            Line(text, name, sample.Labels, Number(sample.Value));
            return;
        }

        foreach (var (bound, count) in sample.Buckets)
        {
            var le = $"le=\"{Number(bound)}\"";
            Line(text, name + "_bucket", sample.Labels.Length == 0 ? le : $"{sample.Labels},{le}", count.ToString(CultureInfo.InvariantCulture));
        }

        Line(text, name + "_sum", sample.Labels, Number(sample.Value));
        Line(text, name + "_count", sample.Labels, sample.Count.ToString(CultureInfo.InvariantCulture));
    }

    private static void Line(StringBuilder text, string name, string labels, string value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value).Append('\n');
    }

    // dwcp.reconcile.duration in s is dwcp_reconcile_duration_seconds, a counter dwcp.drops is dwcp_drops_total.
    private static string NameOf(Metric metric)
    {
        var name = Name(metric.Name);
        var unit = metric.Unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            _ => "",
        };
        if (!name.EndsWith(unit, StringComparison.Ordinal))
        {
            name += unit;
        }

        return metric.Kind == MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static string Name(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }

        return char.IsAsciiDigit(text[0]) ? $"_{text}" : text.ToString();
    }

    private static string EscapeHelp(string text)
        => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
