using Microsoft.Extensions.Logging;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Logging;

/// <summary>The least level that is logged; it can be changed while the process runs, and loggers that exist obey at once.</summary>
internal sealed class LevelControl
{
    public LevelControl(LogLevel level) => SetLevel(level);

    public LogLevel Level => LevelConvert.ToExtensionsLevel(Ours.MinimumLevel);

    internal LoggingLevelSwitch Ours { get; } = new();

    /// <summary>
    /// The web server and the rest of the framework tell of every request at Information; an operator hears of it
    /// one level later than of us.
    /// </summary>
    internal LoggingLevelSwitch Framework { get; } = new();

    public void SetLevel(LogLevel level)
    {
        var ours = LevelConvert.ToSerilogLevel(level);
        Ours.MinimumLevel = ours;
        Framework.MinimumLevel = ours is LogEventLevel.Verbose or >= LogEventLevel.Warning ? ours : ours + 1;
    }
}
