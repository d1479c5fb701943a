using System.Collections;
using Dwcp.Sdn.Controller;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Controller.Logging;
using Dwcp.Sdn.Controller.Tls;
using Dwcp.Sdn.Pki;
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
        DataDirectory.KeepFilesPrivate();
        if (DataDirectory.Prepare(options) is { } problem)
        {
            Console.Error.Write(new Loaded.Refused([problem]).Text);
            return Loaded.Refused.ExitCode;
        }

        using (var logs = ControllerLogging.Create(options, out var level))
        {
            var log = logs.CreateLogger<ControllerProcess>();
            log.Announce(options);
            var files = OpenFiles.Limit;
            if (files < ConnectionShares.Least)
            {
                log.CannotRun($"it may open {files} files only; allow {ConnectionShares.Least} at least (LimitNOFILE= of systemd, ulimit -n), {ConnectionShares.Enough} for as many connections as it can keep");
                return 1;
            }

            var shares = ConnectionShares.Of(files, openFlows: options.OpenFlowTls is null ? 1 : 2, ovsdbs: options.OvsdbTls is null ? 1 : 2);
            if (shares != ConnectionShares.Most)
            {
                log.ConnectionsLimited(files, shares.OpenFlow, shares.Ovsdb, shares.Northbound, shares.Northbound, ConnectionShares.Enough);
            }

            ControllerTls? tls;
            try
            {
                tls = ControllerTls.Of(options, TimeProvider.System, logs.CreateLogger<ControllerTls>(), shares.Handshakes);
            }
            catch (TlsFileException e)
            {
                var place = options.Effective.FirstOrDefault(o => "--" + o.Name == e.Option)?.Place ?? e.Option;
                Console.Error.Write(new Loaded.Refused([new(place, e.Message, e.Remedy)]).Text);
                return Loaded.Refused.ExitCode;
            }
            catch (PkiException e)
            {
                Console.Error.Write(new Loaded.Refused([new(Options.Data.Flag, e.Message, e.Remedy)]).Text);
                return Loaded.Refused.ExitCode;
            }

            using var configuration = new RunningConfiguration(Weigh);
            var reload = new HangupReload(options, level, configuration.Load, logs.CreateLogger<HangupReload>());
            reload.TakenOver += configuration.TakeOver;
            configuration.Changed += now => level.SetLevel(now.Log);
            using var hangup = reload.Listen();
            return await new ControllerProcess(options, shares, configuration, tls, logs).RunAsync();
        }

    default:
        throw new InvalidOperationException("options are either told, refused or ready");
}

Loaded Load() => Weigh([]);

Loaded Weigh(IReadOnlyList<Setting> fromApi)
{
    var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
    return ControllerOptions.Load(args, environment, File.ReadAllText, fromApi);
}
