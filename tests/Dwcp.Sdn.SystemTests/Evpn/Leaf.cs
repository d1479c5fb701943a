namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>
/// A leaf of FRR on a lab's underlay: kernel VXLAN and a bridge for each VNI, with hosts behind it. It waits for connections of
/// the controller, or connects to a reflector.
/// </summary>
internal sealed class Leaf : LabNode
{
    private Leaf(Lab lab, int number)
        : base(lab, number)
    {
    }

    /// <param name="reflector">Whom it connects to; null: it waits for the controller.</param>
    public static async Task<Leaf> UpAsync(Lab lab, int number, string? reflector, params int[] vnis)
    {
        var leaf = new Leaf(lab, number);
        try
        {
            await leaf.CableAsync();
            foreach (var vni in vnis)
            {
                await leaf.BridgeAsync(vni);
            }

            File.WriteAllText(Path.Combine(leaf.Directory, "zebra.conf"), "");
            File.WriteAllText(Path.Combine(leaf.Directory, "bgpd.conf"), leaf.Configuration(reflector));
            (await Command.RunAsync("chown", "-R", "frr:frr", leaf.Directory)).Succeeded();
            leaf.StartDaemon("zebra");
            await Until.TrueAsync("zebra listens", TimeSpan.FromSeconds(60), () => Task.FromResult(File.Exists(Path.Combine(leaf.Directory, "zserv.api"))));
            leaf.StartDaemon("bgpd", "-l", leaf.Management, "-n");
            return leaf;
        }
        catch
        {
            await leaf.DisposeAsync();
            throw;
        }
    }

    /// <summary>A host behind the leaf, in a namespace of its own; its frames make it known.</summary>
    public async Task HostAsync(string host, int vni, string address, string mac)
    {
        var name = SpaceOf(host);
        await MakeAsync(name);
        var link = $"h{host}";
        (await Command.RunAsync("ip", "link", "add", "dev", "eth0", "netns", name, "address", mac, "mtu", "1450", "type", "veth", "peer", "name", link, "netns", Name)).Succeeded();
        await InAsync("ip", "link", "set", link, "master", $"br{vni}", "up");
        await InNamespaceAsync(name, "ip", "address", "add", address, "dev", "eth0");
        await InNamespaceAsync(name, "ip", "link", "set", "eth0", "up");
        await SpeakAsync(host, address);
    }

    /// <summary>Takes the host's cable out, or puts it back in.</summary>
    public async Task PlugAsync(string host, int vni, bool plugged)
    {
        await InAsync("ip", "link", "set", $"h{host}", plugged ? "up" : "down");
        if (plugged)
        {
            await InAsync("ip", "link", "set", $"h{host}", "master", $"br{vni}");
        }
    }

    /// <summary>A gratuitous ARP, as a machine sends one when it comes up.</summary>
    public Task SpeakAsync(string host, string address) => Command.RunAsync(
        "ip", "netns", "exec", SpaceOf(host), "arping", "-q", "-c", "1", "-w", "1", "-A", "-I", "eth0", address.Split('/')[0]);

    public async Task<Pinged> PingAsync(string host, string address, int count = 3) => Pinged.Parse(await Command.RunAsync(
        "ip", ["netns", "exec", SpaceOf(host), .. Pinged.Of(address, count)]));

    /// <summary>Whether one of the packets of the next few seconds is answered.</summary>
    public async Task<bool> ReachesAsync(string host, string address) =>
        (await Command.RunAsync("ip", ["netns", "exec", SpaceOf(host), .. Pinged.Until(address)])).ExitCode == 0;

    public Task<string> InHostAsync(string host, params string[] command) => InNamespaceAsync(SpaceOf(host), command);

    public async Task<string> VtyshAsync(string command) =>
        (await Command.RunAsync("vtysh", "--vty_socket", Directory, "-c", command)).Succeeded();

    /// <summary>Its own namespace.</summary>
    public string Space => Name;

    /// <summary>The namespace of a host behind it.</summary>
    public string SpaceOf(string host) => $"{Name}-{host}";

    private void StartDaemon(string daemon, params string[] more) => Start(
        $"/usr/lib/frr/{daemon}",
        [
            "-u", "frr", "-g", "frr", "-P", "0",
            "-z", $"{Directory}/zserv.api", "-i", $"{Directory}/{daemon}.pid", "-f", $"{Directory}/{daemon}.conf", "--vty_socket", Directory, .. more,
        ]);

    private async Task BridgeAsync(int vni)
    {
        var (bridge, port) = ($"br{vni}", $"vx{vni}");
        await InAsync("ip", "link", "add", bridge, "type", "bridge");
        await InAsync("ip", "link", "set", bridge, "address", $"02:fe:{Number:x2}:00:{vni >> 8:x2}:{vni & 255:x2}");
        await InAsync("ip", "link", "add", port, "type", "vxlan", "id", $"{vni}", "local", Underlay, "dstport", "4789", "nolearning");
        await InAsync("ip", "link", "set", port, "master", bridge);
        await InAsync("bridge", "link", "set", "dev", port, "neigh_suppress", "on", "learning", "off");
        await InAsync("ip", "link", "set", port, "up");
        await InAsync("ip", "link", "set", bridge, "up");

        // With an address of the subnet the kernel learns who has which, and FRR announces MAC and IP together.
        await InAsync("sysctl", "-qw", $"net.ipv4.conf.{bridge}.arp_accept=1");
        await InAsync("ip", "address", "add", $"10.{vni - 10000}.0.{Number}/24", "dev", bridge);
    }

    private string Configuration(string? reflector)
    {
        var neighbour = reflector ?? Lab.Management.ToString();
        return $"""
            router bgp 65000
             bgp router-id {Underlay}
             no bgp default ipv4-unicast
             neighbor {neighbour} remote-as 65000
             neighbor {neighbour} timers connect 1
            {(reflector is null ? $" neighbor {neighbour} passive" : "!")}
             address-family l2vpn evpn
              neighbor {neighbour} activate
              advertise-all-vni
              no dup-addr-detection
             exit-address-family

            """;
    }
}
