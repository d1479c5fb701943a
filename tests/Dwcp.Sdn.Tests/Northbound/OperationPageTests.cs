using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Dwcp.Sdn.Northbound.Metrics;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>What operators ask of the process: health, readiness, version and metrics.</summary>
public sealed partial class OperationPageTests : RestFixture
{
    [Fact]
    public async Task A_process_that_lives_but_waits_is_healthy_and_not_ready()
    {
        Waiting.Add("the store is loading");

        var ready = await SendAsync("GET", "/readyz");

        Assert.Equal(200, (await SendAsync("GET", "/healthz")).Status);
        Assert.Equal(503, ready.Status);
        Assert.Equal("the store is loading", ready["errors"][0].GetProperty("message").GetString());
        Waiting.Clear();
        Assert.Equal(200, (await SendAsync("GET", "/readyz")).Status);
    }

    [Fact]
    public async Task The_version_is_said()
    {
        var answer = await SendAsync("GET", "/version");

        Assert.Equal("v1", answer["api"].GetString());
        Assert.StartsWith("0.", answer["version"].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\\u", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_request_has_no_body()
    {
        var answer = await SendAsync("HEAD", "/healthz");

        Assert.Equal((200, ""), (answer.Status, answer.Body));
        Assert.Equal((200, ""), ((await SendAsync("HEAD", "/v1/networks")).Status, (await SendAsync("HEAD", "/v1/networks")).Body));
    }

    [Fact]
    public async Task Instruments_become_prometheus_series()
    {
        using var meter = new Meter("Dwcp.Sdn.Tests.Instruments");
        var drops = meter.CreateCounter<long>("dwcp.test.drops", description: "Frames dropped\nby \\ reason");
        var sessions = meter.CreateUpDownCounter<int>("dwcp.test.sessions");
        var duration = meter.CreateHistogram("dwcp.test.reconcile.duration", "s", "How long a pass took", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        var switches = new List<string> { "h1", "h2" };
        meter.CreateObservableGauge("dwcp.test.flows", () => switches.Select(s => new Measurement<int>(s.Length, new KeyValuePair<string, object?>("switch", s))));
        meter.CreateObservableCounter("dwcp.test.read", () => 42L, "By");
        drops.Add(2, new("switch", "h\"1\\"), new("table", 10), new("reason", "unknown\nport"));
        drops.Add(3, new("table", 10), new("switch", "h\"1\\"), new("reason", "unknown\nport"));
        drops.Add(1);
        sessions.Add(5);
        sessions.Add(-2);
        foreach (var seconds in new[] { 0.05, 0.1, 0.5, 7 })
        {
            duration.Record(seconds, new KeyValuePair<string, object?>("switch", "h1"));
        }

        var text = await SendAsync("GET", "/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", text.ContentType);
        var lines = text.Body.Split('\n');
        Assert.Contains("# HELP dwcp_test_drops_total Frames dropped\\nby \\\\ reason", lines);
        Assert.Contains("# TYPE dwcp_test_drops_total counter", lines);
        Assert.Contains("dwcp_test_drops_total 1", lines);
        Assert.Contains("""dwcp_test_drops_total{reason="unknown\nport",switch="h\"1\\",table="10"} 5""", lines);
        Assert.Contains("# TYPE dwcp_test_sessions gauge", lines);
        Assert.Contains("dwcp_test_sessions 3", lines);
        Assert.Contains("# TYPE dwcp_test_reconcile_duration_seconds histogram", lines);
        Assert.Contains("""dwcp_test_reconcile_duration_seconds_bucket{switch="h1",le="0.1"} 2""", lines);
        Assert.Contains("""dwcp_test_reconcile_duration_seconds_bucket{switch="h1",le="1"} 3""", lines);
        Assert.Contains("""dwcp_test_reconcile_duration_seconds_bucket{switch="h1",le="+Inf"} 4""", lines);
        Assert.Contains("""dwcp_test_reconcile_duration_seconds_count{switch="h1"} 4""", lines);
        Assert.Contains("""dwcp_test_reconcile_duration_seconds_sum{switch="h1"} 7.65""", lines);
        Assert.Contains("""dwcp_test_flows{switch="h2"} 2""", lines);
        Assert.Contains("dwcp_test_read_bytes_total 42", lines);

        switches.Remove("h2");
        Assert.DoesNotContain("dwcp_test_flows{switch=\"h2\"}", (await SendAsync("GET", "/metrics")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instrument_that_fails_hides_no_other()
    {
        using var meter = new Meter("Dwcp.Sdn.Tests.Broken");
        meter.CreateObservableGauge<int>("dwcp.test.broken", int () => throw new InvalidOperationException("not today"));
        meter.CreateObservableGauge("dwcp.test.whole", () => 7);

        var text = await SendAsync("GET", "/metrics");

        Assert.Equal(200, text.Status);
        Assert.Contains("dwcp_test_whole 7", text.Body.Split('\n'));
    }

    [Fact]
    public void Series_without_end_are_cut_off_and_that_is_said_once()
    {
        using var meter = new Meter("Dwcp.Sdn.Tests.Endless");
        var log = new Warnings();
        using var collector = new MetricsCollector(log);
        var counter = meter.CreateCounter<int>("dwcp.test.endless");
        for (var n = 0; n < 10_100; n++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", n));
        }

        Assert.Equal(10_000, collector.Collect().Single(m => m.Name == "dwcp.test.endless").Samples.Count);
        Assert.Equal(["Metric dwcp.test.endless: it has 10000 series already; what has other labels is not counted"], log.Said);
    }

    [Fact]
    public async Task A_page_that_fails_is_a_problem_like_any_other()
    {
        WaitingFails = true;

        var answer = await SendAsync("GET", "/readyz");

        Assert.Equal((500, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Equal("urn:dwcp:problem:internal", answer["type"].GetString());
    }

    [Fact]
    public async Task Every_line_of_the_metrics_is_well_formed_and_no_series_comes_twice()
    {
        await SendAsync("GET", "/v1/networks");

        var text = (await SendAsync("GET", "/metrics")).Body;

        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var (types, series) = (new HashSet<string>(), new HashSet<string>());
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                Assert.True(types.Add(line.Split(' ')[2]), line);
            }
            else if (!line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                var match = Sample().Match(line);
                Assert.True(match.Success, line);
                Assert.True(series.Add(match.Groups["series"].Value), line);
                var value = match.Groups["value"].Value;
                Assert.True(value is "+Inf" or "-Inf" or "NaN" || double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _), line);
            }
        }

        Assert.Contains(types, t => t.StartsWith("http_server_request_duration", StringComparison.Ordinal));
    }

    [GeneratedRegex("""^(?<series>[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*")*\})?) (?<value>\S+)$""")]
    private static partial Regex Sample();

    private sealed class Warnings : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
    }
}
