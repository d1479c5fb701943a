using System.Collections;
using Dwcp.Sdn.Controller;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Controller.Logging;
using Microsoft.Extensions.Logging;

switch (Load())
{
    case Loaded.Told told:
        Console.Out.Write(told.Text);
        return 0;
    case Loaded.Refused refused:
        Console.Error.Write(refused.Text);
        return Loaded.Refused.ExitCode;
    case Loaded.Ready { Options: var options }:
        if (DataDirectory.Prepare(options) is { } problem)
        {
            Console.Error.Write(new Loaded.Refused([problem]).Text);
            return Loaded.Refused.ExitCode;
        }

        using (var logs = ControllerLogging.Create(options, out var level))
        {
            logs.CreateLogger<ControllerProcess>().Announce(options);
            using var hangup = new HangupReload(options, level, Load, logs.CreateLogger<HangupReload>()).Listen();
            return await new ControllerProcess(options, logs).RunAsync();
        }

    default:
        throw new InvalidOperationException("options are either told, refused or ready");
}

Loaded Load()
{
    var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
    return ControllerOptions.Load(args, environment, File.ReadAllText);
}
