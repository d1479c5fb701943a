using System.Net;
using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests;

/// <summary>The built controller as a process of its own, on a data directory that outlives its restarts.</summary>
internal sealed partial class ControllerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);

    private readonly string[] _arguments;
    private readonly bool _ownsData;
    private Command? _process;
    private int? _files;

    private ControllerProcess(string? data, string ovsdb, string openFlow, string[] options)
    {
        _ownsData = data is null;
        DataDirectory = data ?? Directory.CreateTempSubdirectory("dwcp-controller-").FullName;
        _arguments = ["--data", DataDirectory, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--ovsdb", ovsdb, "--openflow", openFlow, .. options];
    }

    public string DataDirectory { get; }

    /// <summary>Where hosts reach it: `set-manager tcp:` and this.</summary>
    public IPEndPoint Ovsdb => Listener("Ovsdb");

    public IPEndPoint OpenFlow => Listener("OpenFlow");

    /// <summary>Where switches reach it over TLS.</summary>
    public IPEndPoint OpenFlowTls => IPEndPoint.Parse(OverTls().Match(Log).Groups[1].Value);

    /// <summary>A client of its REST API; another one after a restart, since the port is another.</summary>
    public HttpClient Http { get; private set; } = new();

    public int Pid => Running.Pid;

    /// <summary>What it has printed since it was last started.</summary>
    public string Log => Running.Printed;

    private Command Running => _process ?? throw new InvalidOperationException("the controller has not been started");

    /// <summary>Starts one that the hosts of a lab reach, with further options of the controller, and waits for /readyz.</summary>
    public static Task<ControllerProcess> StartAsync(Lab lab, params string[] options) =>
        StartAsync(null, $"{lab.Management}:6640", $"{lab.Management}:6653", options);

    /// <summary>Starts one on loopback alone.</summary>
    public static Task<ControllerProcess> StartAsync(params string[] options) => StartAsync(null, "127.0.0.1:0", "127.0.0.1:0", options);

    /// <summary>Starts one on loopback alone, on a data directory that is not its own to remove.</summary>
    public static Task<ControllerProcess> StartOnAsync(string dataDirectory, params string[] options) =>
        StartAsync(dataDirectory, "127.0.0.1:0", "127.0.0.1:0", options);

    /// <summary>Starts one whose plain listeners are these.</summary>
    public static Task<ControllerProcess> StartAsync(string ovsdb, string openFlow, string[] options) => StartAsync(null, ovsdb, openFlow, options);

    private static Task<ControllerProcess> StartAsync(string? data, string ovsdb, string openFlow, string[] options) =>
        StartAsync(new ControllerProcess(data, ovsdb, openFlow, options));

    private static async Task<ControllerProcess> StartAsync(ControllerProcess controller)
    {
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

    /// <summary>Starts one on loopback alone that may open so many files and no more.</summary>
    public static Task<ControllerProcess> StartWithFilesAsync(int files, params string[] options) =>
        StartAsync(new ControllerProcess(null, "127.0.0.1:0", "127.0.0.1:0", options) { _files = files });

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

        _process = _files is { } files
            ? Command.Start("prlimit", [$"--nofile={files}:{files}", Checkout.Controller, .. _arguments])
            : Command.Start(Checkout.Controller, _arguments);
        var deadline = DateTime.UtcNow + ReadyWithin;
        while (!Started().IsMatch(Log))
        {
            if (_process.HasEnded || DateTime.UtcNow > deadline)
            {
                throw new InvalidOperationException($"the controller {(_process.HasEnded ? "has ended" : "is not ready")}\n{Log}");
            }

            await Task.Delay(20);
        }

        Http.Dispose();
        Http = new HttpClient { BaseAddress = new($"http://{Listener("Http")}") };
        (await Http.GetAsync("/readyz")).EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Http.Dispose();
        if (_ownsData)
        {
            Directory.Delete(DataDirectory, recursive: true);
        }
    }

    // Ports are those that the process says it has: a port that was free a moment ago may be another process's by now.
    private IPEndPoint Listener(string name) => IPEndPoint.Parse(
        Started().Match(Log).Groups[name].Value);

    [GeneratedRegex(@"OpenFlow listens on ([0-9.:]+) over TLS")]
    private static partial Regex OverTls();

    [GeneratedRegex(@"controller: started with .*; OpenFlow on (?<OpenFlow>[^,]+), OVSDB on (?<Ovsdb>[^,]+), HTTP on (?<Http>[0-9.:]+)")]
    private static partial Regex Started();
}
