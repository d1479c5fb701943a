using Dwcp.Sdn.Controller.Configuration;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Configuration;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting;

namespace Dwcp.Sdn.Controller.Logging;

/// <summary>The one home of Serilog: everything else takes an <c>ILogger</c>.</summary>
internal static class ControllerLogging
{
    /// <summary>Lines that wait for standard output. When it is full, lines are dropped and counted: a stuck terminal must not stop the fabric.</summary>
    private const int QueuedLines = 10_000;

    /// <summary>
    /// Logs to standard output: readable lines on a terminal, JSON lines otherwise. Disposing the factory writes what is queued.
    /// </summary>
    public static ILoggerFactory Create(ControllerOptions options, out LevelControl level)
    {
        var lines = LinesFor(Console.IsOutputRedirected, Environment.GetEnvironmentVariable);
        level = new LevelControl(options.Log);
        return Create(level, to => to.Async(queue => queue.Console(lines), new DroppedLines(), QueuedLines, blockWhenFull: false));
    }

    internal static ILoggerFactory Create(LevelControl level, Action<LoggerSinkConfiguration> to)
    {
        var configuration = new LoggerConfiguration()
            .MinimumLevel.ControlledBy(level.Ours)
            .MinimumLevel.Override("Microsoft", level.Framework)
            .MinimumLevel.Override("System", level.Framework)
            .MinimumLevel.Override("Microsoft.Extensions.Hosting", LogEventLevel.Fatal); // It tells a start that failed with its whole stack, and we tell it too.
        to(configuration.WriteTo);
        return new SerilogLoggerFactory(configuration.CreateLogger(), dispose: true);
    }

    /// <summary>JSON when nobody looks; colours only for a terminal that has them, and not against the wish of https://no-color.org.</summary>
    internal static ITextFormatter LinesFor(bool redirected, Func<string, string?> environment) => redirected
        ? new JsonLines()
        : new TerminalLines(colour: string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is not (null or "" or "dumb"));

    /// <summary>Tells once what the process runs with: warnings, and at Debug every value and where it comes from.</summary>
    public static void Announce(this Microsoft.Extensions.Logging.ILogger log, ControllerOptions options)
    {
        foreach (var warning in options.Warnings)
        {
            log.ConfigurationWarning(warning);
        }

        foreach (var option in options.Effective)
        {
            log.EffectiveOption(option.Name, option.Value, option.Place);
        }
    }
}
