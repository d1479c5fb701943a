using System.Runtime.InteropServices;
using Dwcp.Sdn.Controller.Configuration;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Logging;

/// <summary>On SIGHUP the configuration is read again; what can change while it runs is taken over, and of what needs a restart the operator is told.</summary>
/// <param name="read">Loads as at the start: same command line, same environment, the file as it is now.</param>
internal sealed class HangupReload(ControllerOptions running, LevelControl level, Func<Loaded> read, ILogger<HangupReload> log)
{
    /// <summary>The configuration has been read again and is in order.</summary>
    public event Action<ControllerOptions>? TakenOver;

    /// <summary>Takes SIGHUP, which would otherwise end the process, until the result is disposed.</summary>
    public PosixSignalRegistration Listen() => PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
    {
        signal.Cancel = true;
        Reload();
    });

    internal void Reload()
    {
        switch (read())
        {
            case Loaded.Ready { Options: var now }:
                TakeOver(now);
                break;
            case Loaded.Refused { Problems: var problems }:
                foreach (var problem in problems)
                {
                    log.ReloadRefused(problem);
                }

                break;
        }
    }

    private void TakeOver(ControllerOptions now)
    {
        var place = now.Effective.First(o => o.Name == Options.Log.Name).Place;
        if (now.Log == level.Level)
        {
            log.LevelKept(now.Log, place);
        }
        else
        {
            level.SetLevel(now.Log);
            log.LevelChanged(now.Log, place);
        }

        TakenOver?.Invoke(now);
        foreach (var option in Options.All.Where(o => !o.ChangesWhileRunning))
        {
            var (before, after) = (Find(running, option), Find(now, option));
            if (before?.Value != after?.Value && after?.Source != SettingSource.Api)
            {
                log.NeedsRestart(option.Name, after?.Value ?? "unset", after?.Place ?? "no longer given");
            }
        }
    }

    private static EffectiveOption? Find(ControllerOptions options, Option option) => options.Effective.FirstOrDefault(o => o.Name == option.Name);
}
