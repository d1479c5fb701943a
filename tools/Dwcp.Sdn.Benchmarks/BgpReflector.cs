using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>A reflector in a process of its own: ours, FRR or GoBGP, with clients at 127.9.80.1 to 127.9.80.60.</summary>
internal sealed class BgpReflector : IDisposable
{
    private readonly Process process;
    private readonly string directory;

    private BgpReflector(string name, Process process, IPEndPoint at, string directory)
    {
        Name = name;
        this.process = process;
        At = at;
        this.directory = directory;
    }

    public string Name { get; }

    public IPEndPoint At { get; }

    /// <summary>Resident memory in MiB.</summary>
    public double Memory
    {
        get
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
    }

    public static IPAddress Client(int number) => IPAddress.Parse($"127.9.80.{number}");

    public static BgpReflector Start(string name)
    {
        var directory = Directory.CreateTempSubdirectory("bgp-bench").FullName;
        var at = new IPEndPoint(IPAddress.Parse("127.9.81.1"), FreePort());
        var (file, arguments) = name switch
        {
            "frr" => Frr(directory, at),
            "gobgp" => GoBgp(directory, at),
            _ => (Environment.ProcessPath!, new[] { "bgp", "reflect", at.ToString() }),
        };
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Thread.Sleep(2000);
        return new(name, process, at, directory);
    }

    /// <summary>What the process of ours does.</summary>
    public static async Task<int> RunAsync(string at)
    {
        await using var speaker = new BgpSpeaker(new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.255.0.1")), new Nobody(), _ => { }, TimeProvider.System);
        await speaker.PutPeerAsync(new PeerSettings
        {
            Id = "clients",
            ListenRange = IpPrefix.Parse("127.9.80.0/24"),
            RemoteAs = new Asn(65000),
            RouteReflectorClient = true,
            GracefulRestart = null,
        });
        await speaker.ListenAsync(IPEndPoint.Parse(at));
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static (string, string[]) Frr(string directory, IPEndPoint at)
    {
        File.WriteAllText($"{directory}/bgpd.conf", $"""
            router bgp 65000
             bgp router-id 10.255.0.1
             no bgp default ipv4-unicast
             bgp cluster-id 10.255.0.1
             neighbor clients peer-group
             neighbor clients remote-as 65000
             neighbor clients passive
             bgp listen range 127.9.80.0/24 peer-group clients
             bgp listen limit 200
             address-family l2vpn evpn
              neighbor clients activate
              neighbor clients route-reflector-client
             exit-address-family

            """);
        Process.Start("chown", ["-R", "frr:frr", directory]).WaitForExit();
        return ("/usr/lib/frr/bgpd", ["-u", "frr", "-g", "frr", "-Z", "-n", "-P", "0", "-p", $"{at.Port}", "-l", $"{at.Address}", "-f", $"{directory}/bgpd.conf", "-i", $"{directory}/pid", "--vty_socket", directory]);
    }

    private static (string, string[]) GoBgp(string directory, IPEndPoint at)
    {
        File.WriteAllText($"{directory}/gobgpd.toml", $"""
            [global.config]
            as = 65000
            router-id = "10.255.0.1"
            port = {at.Port}
            local-address-list = ["{at.Address}"]
            [[peer-groups]]
            [peer-groups.config]
            peer-group-name = "clients"
            peer-as = 65000
            [peer-groups.route-reflector.config]
            route-reflector-client = true
            route-reflector-cluster-id = "10.255.0.1"
            [[peer-groups.afi-safis]]
            [peer-groups.afi-safis.config]
            afi-safi-name = "l2vpn-evpn"
            [[dynamic-neighbors]]
            [dynamic-neighbors.config]
            prefix = "127.9.80.0/24"
            peer-group = "clients"

            """);
        return ("gobgpd", ["-f", $"{directory}/gobgpd.toml", "-t", "toml", "--api-hosts", $"{at.Address}:{FreePort()}", "--pprof-disable", "-l", "error"]);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Parse("127.9.81.1"), 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Nobody imports at a reflector.</summary>
    private sealed class Nobody : IRouteSink
    {
        public void Deliver(IReadOnlyList<RouteChange> changes) => throw new InvalidOperationException("nothing was imported");

        public void PeerSynchronised(string peer)
        {
            // A reflector programs no switch.
        }
    }
}
