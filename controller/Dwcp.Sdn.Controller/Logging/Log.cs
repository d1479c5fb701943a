using Dwcp.Sdn.Controller.Configuration;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller;

/// <summary>What the process itself tells the operator; events 1000 to 1999, the first hundred about its configuration.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "configuration: {Warning}")]
    public static partial void ConfigurationWarning(this ILogger log, string warning);

    [LoggerMessage(1002, LogLevel.Debug, "configuration: {Option} is {Value}, from {Place}")]
    public static partial void EffectiveOption(this ILogger log, string option, string value, string place);

    [LoggerMessage(1003, LogLevel.Information, "configuration: the log level is now {Level}, from {Place}")]
    public static partial void LevelChanged(this ILogger log, LogLevel level, string place);

    [LoggerMessage(1004, LogLevel.Information, "configuration: read again, the log level stays {Level}, from {Place}")]
    public static partial void LevelKept(this ILogger log, LogLevel level, string place);

    [LoggerMessage(1005, LogLevel.Warning, "configuration: {Option} is now {Value} ({Place}); it has no effect before a restart")]
    public static partial void NeedsRestart(this ILogger log, string option, string value, string place);

    [LoggerMessage(1006, LogLevel.Warning, "configuration: read again and not taken over: {Problem}")]
    public static partial void ReloadRefused(this ILogger log, ConfigurationProblem problem);
}
