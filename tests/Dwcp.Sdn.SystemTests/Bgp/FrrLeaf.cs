using System.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>A leaf of FRR in a namespace of its own: zebra and bgpd, a bridge and a VXLAN port for VNI 100, a tenant's L3VNI 4000.</summary>
internal sealed class FrrLeaf : IAsyncDisposable
{
    /// <summary>As our own side of BFD has it: bfdd that waits a second for a processor says nothing of what we watch.</summary>
    private static readonly string[] RealTime = ["chrt", "--rr", "10"];

    private readonly string _name = $"bgp{Random.Shared.NextInt64(1L << 32):x8}";
    private readonly string _directory;
    private readonly List<Command> _daemons = [];

    private FrrLeaf()
    {
        _directory = Path.Combine(Path.GetTempPath(), _name);
        var block = Random.Shared.Next(1, 16000) * 4;
        Ours = new IPAddress(new byte[] { 100, (byte)(64 + (block >> 16)), (byte)(block >> 8), (byte)(block + 1) });
        Address = new IPAddress(new byte[] { 100, (byte)(64 + (block >> 16)), (byte)(block >> 8), (byte)(block + 2) });
    }

    /// <summary>The leaf's address, also of its VTEP.</summary>
    public IPAddress Address { get; }

    /// <summary>This machine's address towards the leaf.</summary>
    public IPAddress Ours { get; }

    /// <param name="listen">Makes the speaker listen at <see cref="Ours"/> and says at which port.</param>
    /// <param name="asn">Of the leaf; this side is always in 65000.</param>
    /// <param name="neighbour">What else the leaf's configuration says of this speaker.</param>
    public static async Task<FrrLeaf> UpAsync(Func<IPAddress, Task<int>> listen, int asn = 65000, params string[] neighbour)
    {
        var leaf = new FrrLeaf();
        Directory.CreateDirectory(leaf._directory);
        try
        {
            await leaf.LinkAsync();
            await leaf.BridgesAsync();
            File.WriteAllText(Path.Combine(leaf._directory, "zebra.conf"), "vni 4000\n");
            File.WriteAllText(Path.Combine(leaf._directory, "bgpd.conf"), leaf.Configuration(await listen(leaf.Ours), asn, neighbour));
            (await Command.RunAsync("chown", "-R", "frr:frr", leaf._directory)).Succeeded();
            leaf.Start("zebra", []);
            await UntilAsync(() => File.Exists(Path.Combine(leaf._directory, "zserv.api")), "zebra to listen");
            if (neighbour.Any(n => n.StartsWith("bfd", StringComparison.Ordinal)))
            {
                File.WriteAllText(Path.Combine(leaf._directory, "bfdd.conf"), "");
                var first = (await Command.RunAsync(RealTime[0], [.. RealTime[1..], "true"])).ExitCode == 0;
                leaf.Start("bfdd", first ? RealTime : [], "--bfdctl", Path.Combine(leaf._directory, "bfdd.sock"));
            }

            leaf.Start("bgpd", [], "-p", "0", "-n");
            return leaf;
        }
        catch
        {
            await leaf.DisposeAsync();
            throw;
        }
    }

    /// <summary>A host behind the leaf: what the kernel would have learned from its frames.</summary>
    public async Task LearnAsync(string mac, string address)
    {
        await InAsync("bridge", "fdb", "replace", mac, "dev", "h100", "master", "dynamic");
        await InAsync("ip", "neigh", "replace", address, "lladdr", mac, "dev", "br100", "nud", "reachable");
    }

    public async Task ForgetAsync(string mac, string address)
    {
        await InAsync("ip", "neigh", "del", address, "dev", "br100");
        await InAsync("bridge", "fdb", "del", mac, "dev", "h100", "master");
    }

    /// <summary>Waits until bgpd takes commands.</summary>
    public Task BgpdAsync() => UntilAsync(
        async () => (await Command.RunAsync("vtysh", "--vty_socket", _directory, "-c", "show bgp summary json")).ExitCode == 0, "bgpd", 20);

    public async Task<string> VtyshAsync(params string[] commands) =>
        (await Command.RunAsync("vtysh", ["--vty_socket", _directory, .. commands.SelectMany(c => (string[])["-c", c])])).Succeeded();

    public async Task<string> InAsync(params string[] command) =>
        (await Command.RunAsync("ip", ["netns", "exec", _name, .. command])).Succeeded();

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in _daemons)
        {
            await daemon.DisposeAsync();
        }

        await Command.RunAsync("ip", "netns", "del", _name);
        Directory.Delete(_directory, recursive: true);
    }

    private void Start(string daemon, string[] under, params string[] more) => _daemons.Add(Command.Start(
        "ip",
        [
            "netns", "exec", _name, .. under, $"/usr/lib/frr/{daemon}", "-u", "frr", "-g", "frr", "-P", "0",
            "-z", $"{_directory}/zserv.api", "-i", $"{_directory}/{daemon}.pid", "-f", $"{_directory}/{daemon}.conf", "--vty_socket", _directory, .. more,
        ]));

    private async Task LinkAsync()
    {
        (await Command.RunAsync("ip", "netns", "add", _name)).Succeeded();
        var link = $"v{_name}";
        (await Command.RunAsync("ip", "link", "add", link, "type", "veth", "peer", "name", "up0", "netns", _name)).Succeeded();
        (await Command.RunAsync("ip", "addr", "add", $"{Ours}/30", "dev", link)).Succeeded();
        (await Command.RunAsync("ip", "link", "set", link, "up")).Succeeded();
        await InAsync("ip", "link", "set", "lo", "up");
        await InAsync("ip", "addr", "add", $"{Address}/30", "dev", "up0");
        await InAsync("ip", "link", "set", "up0", "up");
        await InAsync("ip", "route", "add", "192.0.2.0/24", "via", Ours.ToString()); // FRR wants a route to each VTEP, and the default one does not count.
    }

    private async Task BridgesAsync()
    {
        foreach (var vni in (string[])["100", "4000"])
        {
            await InAsync("ip", "link", "add", $"br{vni}", "type", "bridge");
            await InAsync("ip", "link", "set", $"br{vni}", "address", $"02:fe:00:00:{int.Parse(vni) >> 8:x2}:{int.Parse(vni) & 255:x2}");
            await InAsync("ip", "link", "add", $"vx{vni}", "type", "vxlan", "id", vni, "local", Address.ToString(), "dstport", "4789", "nolearning");
            await InAsync("ip", "link", "set", $"vx{vni}", "master", $"br{vni}");
            await InAsync("bridge", "link", "set", "dev", $"vx{vni}", "neigh_suppress", "on", "learning", "off");
            await InAsync("ip", "link", "set", $"vx{vni}", "up");
            await InAsync("ip", "link", "set", $"br{vni}", "up");
        }

        await InAsync("ip", "addr", "add", "10.77.0.1/24", "dev", "br100");
        await InAsync("ip", "link", "add", "h100", "type", "veth", "peer", "name", "h100p");
        await InAsync("ip", "link", "set", "h100", "master", "br100");
        await InAsync("ip", "link", "set", "h100", "up");
        await InAsync("ip", "link", "set", "h100p", "up");
        await InAsync("ip", "link", "add", "h88", "type", "veth", "peer", "name", "h88p");
        await InAsync("ip", "addr", "add", "10.88.0.1/24", "dev", "h88");
        await InAsync("ip", "link", "set", "h88", "up");
        await InAsync("ip", "link", "set", "h88p", "up");
    }

    private string Configuration(int port, int asn, string[] neighbour) =>
        $"""
        router bgp {asn}
         bgp router-id {Address}
         no bgp default ipv4-unicast
         no bgp ebgp-requires-policy
         neighbor {Ours} remote-as 65000
         neighbor {Ours} port {port}
         neighbor {Ours} timers connect 1
        {string.Join('\n', neighbour.Select(n => $" neighbor {Ours} {n}"))}
         address-family ipv4 unicast
          redistribute connected
         exit-address-family
         address-family l2vpn evpn
          neighbor {Ours} activate
          advertise-all-vni
          advertise ipv4 unicast
         exit-address-family

        """;
}
