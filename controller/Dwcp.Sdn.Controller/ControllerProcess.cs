using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Controller.Tls;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Topology;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;
using Dwcp.Sdn.Store.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller;

/// <summary>Joins everything, opens the listeners and runs the loops until a signal ends it. It decides nothing.</summary>
internal sealed class ControllerProcess(ControllerOptions atStart, ConnectionShares shares, RunningConfiguration configuration, ControllerTls? tls, ILoggerFactory logs)
{
    /// <summary>How long requests under way may take to end, and watches to be told so.</summary>
    private static readonly TimeSpan LastRequests = TimeSpan.FromSeconds(2);

    private ControllerOptions options = atStart;

    private readonly ILogger log = logs.CreateLogger<ControllerProcess>();

    /// <summary>Runs until SIGTERM or SIGINT. Returns the exit code.</summary>
    public async Task<int> RunAsync()
    {
        using var ending = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        try
        {
            await using var store = await SqliteStateStore.OpenAsync(Path.Combine(options.Data, "state.db"));
            var key = await DiscoveryKey.OfAsync(store, ending.Token);
            var listing = await store.ListAsync("/", stop: ending.Token);
            options = configuration.Start(store, listing, options, log.SettingsIgnored);
            await RunAsync(new FabricMachine(listing, options.OpenFlowUnknown.ToString().ToUpperInvariant(), new(options.OpenFlowTls is not null, options.OvsdbIsSecured, options.TlsIdsPerCertificate)) { EventsKeptFor = options.EventsKept }, key, store, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The signal came before everything had started.
        }
        catch (Exception e) when (e is StoreException or InvalidDataException or IOException)
        {
            log.CannotRun(e.Message);
            return 1;
        }

        log.Ended();
        return 0;

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ending.Cancel();
        }
    }

    private async Task RunAsync(FabricMachine machine, ImmutableArray<byte> key, SqliteStateStore store, CancellationToken ending)
    {
        // The loops outlive the signal: what was asked before it is still answered.
        using var stopping = new CancellationTokenSource();
        var stop = stopping.Token;
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var fabric = new FabricLoop(machine, store, TimeProvider.System, logs.CreateLogger<FabricLoop>());
        var metrics = new SwitchMetrics(services.GetRequiredService<IMeterFactory>(), d => NameOf(fabric, d));
        var topology = new TopologyLoop(
            fabric,
            new TopologyMachine(new DiscoveryTimes(), key, () => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)))),
            new TopologyMetrics(services.GetRequiredService<IMeterFactory>(), d => NameOf(fabric, d)),
            TimeProvider.System,
            logs.CreateLogger<TopologyLoop>());
        var switches = new SwitchLoops(fabric, topology, metrics, options.ReconcileAudit, TimeProvider.System, logs);
        var plain = new OpenFlowOptions
        {
            Endpoint = options.OpenFlow,
            Doubt = tls is null ? null : switches.DoubtAsync,
            MaxSockets = shares.OpenFlow,
            MaxConnections = shares.Switches,
        };
        var plainHosts = new OvsdbOptions { MaxSockets = shares.Ovsdb, MaxConnections = shares.Hosts };
        using var openFlow = new OpenFlowListener(plain, switches, logs.CreateLogger<OpenFlowListener>());
        Listen(Options.OpenFlow, options.OpenFlow, openFlow.Start);
        using var openFlowTls = options.OpenFlowTls is { } secured
            ? new OpenFlowListener(plain with { Endpoint = secured, Secure = tls!.Gate.AcceptAsync }, switches, logs.CreateLogger<OpenFlowListener>())
            : null;
        if (openFlowTls is not null)
        {
            Listen(Options.OpenFlowTls, options.OpenFlowTls!, openFlowTls.Start);
        }

        await using var ovsdb = Listen(
            Options.Ovsdb, options.Ovsdb, () => OvsdbListener.Start(options.Ovsdb, plainHosts, TimeProvider.System, logs.CreateLogger<OvsdbListener>()));
        await using var ovsdbTls = options.OvsdbTls is { } securedHosts
            ? Listen(Options.OvsdbTls, securedHosts, () => OvsdbListener.Start(
                securedHosts, plainHosts with { Secure = tls!.Gate.AcceptAsync }, TimeProvider.System, logs.CreateLogger<OvsdbListener>()))
            : null;
        var hosts = new HostLoops(fabric, (host, local) => Target(host, local, openFlow.Endpoint.Port, openFlowTls?.Endpoint.Port), TimeProvider.System, logs);
        fabric.SwitchWoken += switches.Wake;
        fabric.HostWoken += hosts.Wake;
        fabric.FlowReader = switches.ReadFlowsAsync;
        await using var bgp = new BgpLoop(fabric, options.Bgp, options.Data, TimeProvider.System, logs.CreateLogger<BgpLoop>());
        fabric.BgpWoken += bgp.Wake;
        fabric.RouteReader = bgp.ReadRoutesAsync;
        await using var north = new NorthboundServer(
            fabric, Northbound(options), () => [], logs, TimeProvider.System, configuration);
        configuration.Changed += now =>
        {
            north.SetLimits(Northbound(now));
            _ = fabric.PostAsync(m => m.EventsKeptFor = now.EventsKept, stop).AsTask();
            log.SettingsChanged();
        };

        var dialing = logs.CreateLogger<OvsdbListener>();
        Task[] loops =
        [
            fabric.RunAsync(stop),
            topology.RunAsync(stop),
            openFlow.RunAsync(stop),
            hosts.RunAsync(ovsdb.HostsAsync(stop), stop),
            .. openFlowTls is null ? [] : new[] { openFlowTls.RunAsync(stop) },
            .. ovsdbTls is null ? [] : new[] { hosts.RunAsync(ovsdbTls.HostsAsync(stop), stop) },
            .. tls is null ? [] : new[] { tls.RunAsync(stop) },
            bgp.RunAsync(stop),
            .. options.OvsdbConnect.Select(target =>
                hosts.KeepAsync(target, s => OvsdbDialer.ConnectAsync(target, plainHosts with { Secure = tls is null ? null : tls.Gate.ConnectAsync }, TimeProvider.System, dialing, s), stop)),
        ];
        try
        {
            await StartAsync(north, ending);
            log.Started(options.Data, store.Revision, openFlow.Endpoint, ovsdb.LocalEndPoint, north.HttpEndPoint);
            await Task.WhenAny([.. loops, Task.Delay(Timeout.Infinite, ending)]);
            using var patience = new CancellationTokenSource(LastRequests);
            await north.StopAsync(patience.Token);
        }
        finally
        {
            await stopping.CancelAsync();
            try
            {
                await Task.WhenAll(loops);
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }
        }
    }

    private NorthboundOptions Northbound(ControllerOptions options) => new()
    {
        Http = options.Http,
        Grpc = options.Grpc,
        InsecureHttp = options.InsecureHttp,
        HttpNames = [.. options.HttpNames],
        MaxRequests = options.MaxRequests,
        MaxWatches = options.MaxWatches,
        MaxCalls = options.MaxCalls,
        MaxConnections = shares.Northbound,
    };

    private async Task StartAsync(NorthboundServer north, CancellationToken ending)
    {
        try
        {
            await north.StartAsync(ending);
        }
        catch (IOException e)
        {
            // The web server names the address alone.
            var (option, endpoint) = e.Message.Contains($"{options.Grpc}", StringComparison.Ordinal) ? (Options.Grpc, options.Grpc) : (Options.Http, options.Http);
            throw CannotListen(option, endpoint, e.InnerException ?? e);
        }
    }

    private static void Listen(Option<IPEndPoint> option, IPEndPoint endpoint, Action listen) => Listen(option, endpoint, () =>
    {
        listen();
        return true;
    });

    private static T Listen<T>(Option<IPEndPoint> option, IPEndPoint endpoint, Func<T> listen)
    {
        try
        {
            return listen();
        }
        catch (SocketException e)
        {
            throw CannotListen(option, endpoint, e);
        }
    }

    private static IOException CannotListen(Option<IPEndPoint> option, IPEndPoint endpoint, Exception cause) => new(
        $"{option.Flag} cannot listen on {endpoint}: {cause.Message}; `ss -ltnp 'sport = :{endpoint.Port}'` shows who does. Give it another address or port", cause);

    /// <summary>Where a host's switch is to connect: over TLS if the host itself has a certificate.</summary>
    private string Target(IHostConnection host, IpAddress? local, int plain, int? secured)
    {
        var address = local?.ToIPAddress() ?? IPAddress.Loopback;
        return host.Identity is not null && secured is { } port
            ? $"ssl:{options.OpenFlowTlsAdvertise ?? new IPEndPoint(address, port)}"
            : $"tcp:{options.OpenFlowAdvertise ?? new IPEndPoint(address, plain)}";
    }

    private static string NameOf(FabricLoop fabric, DatapathId datapath)
    {
        var text = datapath.ToString();
        return fabric.List(ResourceKind.Switch).Items.FirstOrDefault(s => s.Status is SwitchStatus status && status.DatapathId == text)?.Id ?? text;
    }
}
