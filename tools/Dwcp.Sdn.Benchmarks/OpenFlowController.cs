using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>A controller in a process of its own, on a free port of the loopback, and what it costs.</summary>
internal sealed class OpenFlowController : IDisposable
{
    private const double JiffiesPerSecond = 100;

    private readonly Process process;
    private readonly string directory;

    private OpenFlowController(string name, string file, Func<int, string, string[]> arguments)
    {
        Name = name;
        directory = Directory.CreateTempSubdirectory("dwcp-of-bench-").FullName;
        Endpoint = new(IPAddress.Loopback, FreePort());
        var start = new ProcessStartInfo(file, arguments(Endpoint.Port, directory)) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        start.Environment["OVS_RUNDIR"] = directory;
        process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        WaitUntilItListens();
    }

    public string Name { get; }

    public IPEndPoint Endpoint { get; }

    /// <summary>Seconds of CPU since it started.</summary>
    public double CpuSeconds
    {
        get
        {
            // The command's name, in parentheses, may hold spaces; user and system time are fields 14 and 15.
            var stat = File.ReadAllText($"/proc/{process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11]) + long.Parse(fields[12])) / JiffiesPerSecond;
        }
    }

    public double ResidentMegabytes =>
        long.Parse(File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024.0;

    /// <summary>Ours, every unknown switch a learning switch, built from this checkout.</summary>
    public static OpenFlowController Ours() => new("dwcp-controller", OurFile(), (port, directory) =>
    [
        "--data", Path.Combine(directory, "data"), "--openflow", $"127.0.0.1:{port}", "--openflow-unknown", "LEARNING",
        "--ovsdb", "127.0.0.1:0", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--log", "error",
    ]);

    /// <summary>Ours, which switches reach over TLS alone.</summary>
    public static OpenFlowController OverTls(string certificate, string key, string authority) => new("dwcp-controller", OurFile(), (port, directory) =>
    [
        "--data", Path.Combine(directory, "data"), "--openflow", "127.0.0.1:0", "--openflow-tls", $"127.0.0.1:{port}", "--openflow-unknown", "LEARNING",
        "--tls-certificate", certificate, "--tls-key", key, "--tls-ca", authority, "--tls-ids-per-certificate", "1000000",
        "--ovsdb", "127.0.0.1:0", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--log", "error",
    ]);

    /// <summary>Open vSwitch's example of a controller, or null where it is not installed.</summary>
    public static OpenFlowController? OvsTest() => File.Exists("/usr/bin/ovs-testcontroller")
        ? new("ovs-testcontroller", "/usr/bin/ovs-testcontroller", (port, directory) =>
            ["-O", "OpenFlow13", $"--unixctl={directory}/ctl", "-voff", $"ptcp:{port}:127.0.0.1"])
        : null;

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static string OurFile()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, "controller/Dwcp.Sdn.Controller/bin/Release/net10.0/dwcp-controller");
            if (File.Exists(file))
            {
                return file;
            }
        }

        throw new FileNotFoundException("build it first: dotnet build -c Release controller/Dwcp.Sdn.Controller");
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private void WaitUntilItListens()
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30))
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(Endpoint);
                return;
            }
            catch (SocketException)
            {
                Thread.Sleep(50);
            }
        }

        throw new TimeoutException($"{Name} does not listen on {Endpoint}");
    }
}
