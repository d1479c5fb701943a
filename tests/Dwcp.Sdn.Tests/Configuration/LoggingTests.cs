using System.Globalization;
using System.Text.Json;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Controller.Logging;
using Microsoft.Extensions.Logging;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Dwcp.Sdn.Tests.Configuration;

public class LoggingTests
{
    [Fact]
    public void A_JSON_line_is_one_object_with_what_the_event_has()
    {
        var log = new Written(new JsonLines());

        log.For("Dwcp.Sdn.Fabric.Planner").Log(LogLevel.Warning, new EventId(2001, "SwitchChanged"), new InvalidOperationException("one\ntwo"),
            "{Switch}: {Added} added in {Seconds}, {Ok}, {Nothing}, {Ports}", "h1", 3, double.NaN, true, null, new[] { 1, 2 });

        var line = Assert.Single(log.Lines);
        var json = JsonDocument.Parse(line).RootElement;
        Assert.Equal(["time", "level", "source", "event", "message", "properties", "exception"], json.EnumerateObject().Select(p => p.Name));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", json.GetProperty("time").GetString());
        Assert.InRange(DateTimeOffset.Parse(json.GetProperty("time").GetString()!, CultureInfo.InvariantCulture), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Equal("warning", json.GetProperty("level").GetString());
        Assert.Equal("Dwcp.Sdn.Fabric.Planner", json.GetProperty("source").GetString());
        Assert.Equal(2001, json.GetProperty("event").GetInt32());
        Assert.Equal("h1: 3 added in NaN, True, null, [1, 2]", json.GetProperty("message").GetString());
        Assert.Equal("""{"Switch":"h1","Added":3,"Seconds":"NaN","Ok":true,"Nothing":null,"Ports":[1,2]}""", json.GetProperty("properties").GetRawText());
        Assert.Contains("one\ntwo", json.GetProperty("exception").GetString());
    }

    [Fact]
    public void A_JSON_line_leaves_out_what_the_event_has_not()
    {
        var log = new Written(new JsonLines());

        log.For("A").LogInformation("nothing more");

        Assert.Equal(["time", "level", "source", "message"], JsonDocument.Parse(log.Lines.Single()).RootElement.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void A_terminal_line_is_time_level_short_source_and_message()
    {
        var log = new Written(new TerminalLines(colour: false));

        log.For("Dwcp.Sdn.Fabric.Planner").LogInformation("{Switch}: {Added} rules added", "h1", 3);

        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} info  Planner: h1: 3 rules added$", log.Lines.Single());
    }

    [Fact]
    public void An_exception_follows_its_line_indented()
    {
        var log = new Written(new TerminalLines(colour: false));

        log.For("A").LogError(new InvalidOperationException("one\ntwo"), "failed");

        Assert.EndsWith("error A: failed", log.Lines[0]);
        Assert.Equal(["    System.InvalidOperationException: one", "    two"], log.Lines[1..]);
    }

    [Fact]
    public void A_name_that_somebody_chose_cannot_forge_lines_or_steer_the_terminal()
    {
        var log = new Written(new TerminalLines(colour: false));

        log.For("A").LogInformation("{Host} joined", "h1\n12:00:00 \u001b[2J\u2028");

        Assert.EndsWith(@"A: h1\u000a12:00:00 \u001b[2J\u2028 joined", log.Lines.Single());
    }

    [Fact]
    public void Colour_marks_the_level_alone()
    {
        var log = new Written(new TerminalLines(colour: true));

        log.For("A").LogWarning("beware");

        Assert.EndsWith("\e[33mwarn \e[0m A: beware", log.Lines.Single());
    }

    [Theory]
    [InlineData(true, null, "xterm", "JSON")]
    [InlineData(false, null, "xterm", "colour")]
    [InlineData(false, "", "xterm", "colour")]
    [InlineData(false, "1", "xterm", "plain")]
    [InlineData(false, null, "dumb", "plain")]
    [InlineData(false, null, null, "plain")]
    public void Lines_fit_who_reads_them(bool redirected, string? noColor, string? term, string expected)
    {
        var lines = ControllerLogging.LinesFor(redirected, name => name switch { "NO_COLOR" => noColor, "TERM" => term, _ => null });
        var log = new Written(lines);

        log.For("A").LogInformation("x");

        Assert.Equal(expected, log.Lines.Single() switch { ['{', ..] => "JSON", var l when l.Contains('\e') => "colour", _ => "plain" });
    }

    [Fact]
    public void The_level_changes_while_loggers_are_in_use()
    {
        var log = new Written(new JsonLines(), LogLevel.Warning);
        var logger = log.For("A");

        logger.LogInformation("1");
        log.Level.SetLevel(LogLevel.Debug);
        logger.LogDebug("2");
        logger.LogTrace("3");
        log.Level.SetLevel(LogLevel.Critical);
        logger.LogError("4");

        Assert.Equal(["2"], log.Lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("message").GetString()));
        Assert.False(logger.IsEnabled(LogLevel.Error));
        Assert.Equal(LogLevel.Critical, log.Level.Level);
    }

    [Theory]
    [InlineData(LogLevel.Information, LogLevel.Warning)]
    [InlineData(LogLevel.Debug, LogLevel.Information)]
    [InlineData(LogLevel.Trace, LogLevel.Trace)]
    [InlineData(LogLevel.Warning, LogLevel.Warning)]
    [InlineData(LogLevel.Critical, LogLevel.Critical)]
    public void The_framework_speaks_one_level_later(LogLevel level, LogLevel least)
    {
        var log = new Written(new JsonLines(), level);

        Assert.All(new[] { "Microsoft.AspNetCore.Hosting", "System.Net.Http" }, source =>
        {
            Assert.True(log.For(source).IsEnabled(least));
            Assert.Equal(least == LogLevel.Trace, log.For(source).IsEnabled(least - 1));
        });
    }

    [Fact]
    public void At_the_start_warnings_are_told_and_at_debug_every_value_and_its_place()
    {
        var options = new Given("--ovsdb", "0.0.0.0:6640", "--openflow", "0.0.0.0:6653").Options();
        var log = new Written(new TerminalLines(colour: false), LogLevel.Debug);

        log.For("A").Announce(options);

        Assert.Equal(2, log.Lines.Count(l => l.Contains("warn  A: configuration: ")));
        Assert.Contains(log.Lines, l => l.EndsWith("debug A: configuration: ovsdb is 0.0.0.0:6640, from --ovsdb", StringComparison.Ordinal));
        Assert.Contains(log.Lines, l => l.EndsWith("debug A: configuration: log is information, from default", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_queued_is_written_before_the_process_ends()
    {
        var (before, captured) = (Console.Out, new StringWriter());
        Console.SetOut(captured);
        try
        {
            using (var factory = ControllerLogging.Create(new Given("--log", "debug").Options(), out var level))
            {
                Assert.Equal(LogLevel.Debug, level.Level);
                var log = factory.CreateLogger("A");
                for (var i = 0; i < 1000; i++)
                {
                    log.LogDebug("queued line {Number}.", i);
                }
            }
        }
        finally
        {
            Console.SetOut(before);
        }

        var text = captured.ToString();
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Contains($"queued line {i}.", text));
    }

    /// <summary>Loggers as the process has them, and the lines that they wrote.</summary>
    internal sealed class Written : ILogEventSink
    {
        private readonly ITextFormatter formatter;
        private readonly StringWriter text = new();
        private readonly ILoggerFactory factory;

        public Written(ITextFormatter formatter, LogLevel level = LogLevel.Trace)
        {
            this.formatter = formatter;
            Level = new LevelControl(level);
            factory = ControllerLogging.Create(Level, to => to.Sink(this));
        }

        public LevelControl Level { get; }

        public string[] Lines => text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        public ILogger For(string source) => factory.CreateLogger(source);

        public ILogger<T> For<T>() => factory.CreateLogger<T>();

        public void Emit(LogEvent logEvent) => formatter.Format(logEvent, text);
    }
}
