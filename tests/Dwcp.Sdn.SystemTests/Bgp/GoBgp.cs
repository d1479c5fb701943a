using System.Net;
using System.Net.Sockets;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>A gobgpd on a loopback address of its own; it waits for connections.</summary>
internal sealed class GoBgp : IAsyncDisposable
{
    private readonly string _configuration = Path.GetTempFileName();
    private readonly int _api;
    private Command? _daemon;

    private GoBgp(string address, int port, int api)
    {
        Address = IPAddress.Parse(address);
        Port = port;
        _api = api;
    }

    public IPAddress Address { get; }

    public int Port { get; }

    /// <param name="neighbours">Clients that it reflects for.</param>
    public static GoBgp Up(string address, int restartSeconds, params string[] neighbours) => Up(address, restartSeconds, ["l2vpn-evpn"], false, neighbours);

    /// <param name="addPath">It takes several paths of a route and sends up to eight.</param>
    public static GoBgp Up(string address, int restartSeconds, string[] families, bool addPath, params string[] neighbours)
    {
        var (port, api) = FreePorts(address);
        var go = new GoBgp(address, port, api);
        File.WriteAllText(go._configuration, Configuration("10.0.9.9", address, go.Port, restartSeconds, families, addPath, neighbours));
        go.Start();
        return go;
    }

    /// <summary>gobgpd.toml of one that waits for clients and reflects between them, with graceful restart.</summary>
    /// <param name="routerId">Also the cluster's.</param>
    /// <param name="addPath">It takes several paths of a route and sends up to eight.</param>
    public static string Configuration(string routerId, string address, int port, int restartSeconds, string[] families, bool addPath, string[] clients) =>
        $"""
        [global.config]
        as = 65000
        router-id = "{routerId}"
        port = {port}
        local-address-list = ["{address}"]

        """ + string.Concat(clients.Select(client =>
        $"""
        [[neighbors]]
        [neighbors.config]
        neighbor-address = "{client}"
        peer-as = 65000
        [neighbors.transport.config]
        passive-mode = true
        local-address = "{address}"
        [neighbors.route-reflector.config]
        route-reflector-client = true
        route-reflector-cluster-id = "{routerId}"
        [neighbors.graceful-restart.config]
        enabled = true
        restart-time = {restartSeconds}

        """ + string.Concat(families.Select(family =>
        $"""
        [[neighbors.afi-safis]]
        [neighbors.afi-safis.config]
        afi-safi-name = "{family}"
        [neighbors.afi-safis.mp-graceful-restart.config]
        enabled = true
        {(addPath ? "[neighbors.afi-safis.add-paths.config]\nreceive = true\nsend-max = 8" : "")}

        """))));

    /// <param name="options">`-r` says that it restarts gracefully.</param>
    public void Start(params string[] options) => _daemon = Command.Start(
        "gobgpd", ["-f", _configuration, "-t", "toml", "--api-hosts", $"{Address}:{_api}", "--pprof-disable", .. options]);

    public Task KillAsync() => _daemon!.KillAsync();

    public async Task<string> RunAsync(params string[] arguments)
    {
        var result = await Command.RunAsync("gobgp", ["-u", Address.ToString(), "-p", $"{_api}", .. arguments]);
        for (var tries = 0; result.ExitCode != 0 && IsStarting(result) && tries < 20; tries++)
        {
            await Task.Delay(250);
            result = await Command.RunAsync("gobgp", ["-u", Address.ToString(), "-p", $"{_api}", .. arguments]);
        }

        return result.Succeeded();
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon!.DisposeAsync();
        File.Delete(_configuration);
    }

    private static bool IsStarting(CommandResult result) =>
        (result.Out + result.Error) is var text && (text.Contains("refused", StringComparison.Ordinal) || text.Contains("deadline", StringComparison.Ordinal) || text.Contains("not established", StringComparison.Ordinal));

    /// <summary>Two that differ, at an address that is no other test's: nobody takes them before gobgpd does.</summary>
    private static (int Port, int Api) FreePorts(string address)
    {
        using var one = new TcpListener(IPAddress.Parse(address), 0);
        using var other = new TcpListener(IPAddress.Parse(address), 0);
        one.Start();
        other.Start();
        return (((IPEndPoint)one.LocalEndpoint).Port, ((IPEndPoint)other.LocalEndpoint).Port);
    }
}
