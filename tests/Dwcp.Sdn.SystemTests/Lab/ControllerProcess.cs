using System.Net;
using System.Net.Sockets;

namespace Dwcp.Sdn.SystemTests;

/// <summary>The built controller as a process of its own, on a data directory that outlives its restarts.</summary>
internal sealed class ControllerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);

    private readonly string[] _arguments;
    private Command? _process;

    private ControllerProcess(IPEndPoint ovsdb, IPEndPoint openFlow, string[] options)
    {
        (Ovsdb, OpenFlow) = (ovsdb, openFlow);
        var http = new IPEndPoint(IPAddress.Loopback, FreePort());
        Http = new HttpClient { BaseAddress = new($"http://{http}") };
        _arguments = ["--data", DataDirectory, "--http", $"{http}", "--ovsdb", $"{ovsdb}", "--openflow", $"{openFlow}", .. options];
    }

    public string DataDirectory { get; } = Directory.CreateTempSubdirectory("dwcp-controller-").FullName;

    /// <summary>Where hosts reach it: `set-manager tcp:` and this.</summary>
    public IPEndPoint Ovsdb { get; }

    public IPEndPoint OpenFlow { get; }

    /// <summary>A client of its REST API.</summary>
    public HttpClient Http { get; }

    public int Pid => Running.Pid;

    /// <summary>What it has printed since it was last started.</summary>
    public string Log => Running.Printed;

    private Command Running => _process ?? throw new InvalidOperationException("the controller has not been started");

    /// <summary>Starts one that the hosts of a lab reach, with further options of the controller, and waits for /readyz.</summary>
    public static Task<ControllerProcess> StartAsync(Lab lab, params string[] options) =>
        StartAsync(new IPEndPoint(lab.Management, 6640), new IPEndPoint(lab.Management, 6653), options);

    /// <summary>Starts one on loopback alone.</summary>
    public static Task<ControllerProcess> StartAsync(params string[] options) =>
        StartAsync(new IPEndPoint(IPAddress.Loopback, FreePort()), new IPEndPoint(IPAddress.Loopback, FreePort()), options);

    private static async Task<ControllerProcess> StartAsync(IPEndPoint ovsdb, IPEndPoint openFlow, string[] options)
    {
        var controller = new ControllerProcess(ovsdb, openFlow, options);
        try
        {
            await controller.StartAgainAsync();
            return controller;
        }
        catch
        {
            await controller.DisposeAsync();
            throw;
        }
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync() => Running.KillAsync();

    /// <summary>SIGTERM, and the result of the end that it makes.</summary>
    public Task<CommandResult> TerminateAsync() => Running.TerminateAsync();

    /// <summary>Starts it after it has ended, with the same options and data, and waits for /readyz.</summary>
    public async Task StartAgainAsync()
    {
        if (_process is { } ended)
        {
            await ended.DisposeAsync();
        }

        _process = Command.Start(Checkout.Controller, _arguments);
        var deadline = DateTime.UtcNow + ReadyWithin;
        while (!await IsReadyAsync())
        {
            if (_process.HasEnded || DateTime.UtcNow > deadline)
            {
                throw new InvalidOperationException($"the controller {(_process.HasEnded ? "has ended" : "is not ready")}\n{Log}");
            }

            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Http.Dispose();
        Directory.Delete(DataDirectory, recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Http.GetAsync("/readyz");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
