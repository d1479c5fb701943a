using System.Net;
using System.Net.Sockets;

namespace Dwcp.Sdn.SystemTests;

/// <summary>
/// What VMs can and cannot do on hosts whose bridges somebody else's script had made, with nothing but ovs-vsctl and REST:
/// two networks that use the same addresses, on both hosts. The tests share it, and each leaves it as it was.
/// </summary>
public sealed class OverlayTests(OverlayTests.Overlay overlay) : IClassFixture<OverlayTests.Overlay>
{
    private const int VxlanPort = 4789;
    private static readonly byte[] Broadcast = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    private Site Site => overlay.Site;

    private Lab Lab => overlay.Site.Lab;

    private RestApi Api => overlay.Site.Api;

    [Theory]
    [InlineData("vm11", "10.1.0.21")]
    [InlineData("vm21", "10.1.0.12")]
    [InlineData("vm11", "10.1.0.12")]
    [InlineData("vm22", "fd00::11")]
    [InlineData("vm12", "fd00::11")]
    [InlineData("vm13", "10.1.0.21")]
    public async Task VMs_of_a_network_reach_one_another_over_both_families(string vm, string address) =>
        Assert.Equal(0, (await Lab.PingAsync(vm, address)).Lost);

    [Fact]
    public async Task Conditions_say_where_a_port_is_and_that_barriers_confirmed_it()
    {
        Assert.Equal("True Valid", await Api.ConditionAsync("/v1/ports/vm21", "Accepted"));
        Assert.Equal("True InterfaceFound", await Api.ConditionAsync("/v1/ports/vm21", "Bound"));
        Assert.Equal("True Confirmed", await Api.ConditionAsync("/v1/ports/vm21", "Programmed"));
        Assert.Equal("confirmed by 2 switches", await Api.MessageAsync("/v1/ports/vm21", "Programmed"));
        Assert.Equal("h2", (await Api.GetAsync("/v1/ports/vm21")).Body.GetProperty("status").GetProperty("host").GetString());
        Assert.Equal("True Confirmed", await Api.ConditionAsync("/v1/networks/blue", "Programmed"));
    }

    [Fact]
    public async Task One_address_in_two_networks_is_two_VMs()
    {
        await Site.ReachesAsync("vm11", "10.1.0.21");
        await Site.ReachesAsync("vm13", "10.1.0.21");

        Assert.Contains("02:00:00:00:01:15", (await Lab.ExecAsync("vm11", "ip", "neighbour", "show", "10.1.0.21")).Succeeded());
        Assert.Contains("02:00:00:00:02:15", (await Lab.ExecAsync("vm13", "ip", "neighbour", "show", "10.1.0.21")).Succeeded());
        Assert.Equal(0, (await Lab.PingAsync("vm13", "10.1.0.12", count: 1)).Received);
    }

    [Fact]
    public async Task A_spoofed_MAC_is_dropped_and_counted()
    {
        await DroppedAsync(10, "mac-not-allowed", async () =>
        {
            (await Lab.ExecAsync("vm12", "ip", "link", "set", "dev", "eth0", "address", "02:00:00:00:00:66")).Succeeded();
            var pinged = await Lab.PingAsync("vm12", "10.1.0.21");
            (await Lab.ExecAsync("vm12", "ip", "link", "set", "dev", "eth0", "address", "02:00:00:00:01:0c")).Succeeded();
            Assert.Equal(0, pinged.Received);
        });
        await Site.ReachesAsync("vm12", "10.1.0.21");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_spoofed_address_is_dropped_and_counted_in_ARP_and_in_IP(bool ip)
    {
        await DroppedAsync(11, "address-not-allowed", async () =>
        {
            (await Lab.ExecAsync("vm12", "ip", "address", "add", "10.1.0.66/24", "dev", "eth0")).Succeeded();
            string[] neighbour = ip ? ["replace", "10.1.0.21", "lladdr", "02:00:00:00:01:15", "dev", "eth0"] : ["flush", "to", "10.1.0.21"];
            (await Lab.ExecAsync("vm12", ["ip", "neighbour", .. neighbour])).Succeeded();
            var pinged = Pinged.Parse(await Lab.ExecAsync("vm12", "ping", "-c", "3", "-i", "0.2", "-W", "1", "-I", "10.1.0.66", "10.1.0.21"));
            (await Lab.ExecAsync("vm12", "ip", "address", "del", "10.1.0.66/24", "dev", "eth0")).Succeeded();
            (await Lab.ExecAsync("vm12", "ip", "neighbour", "flush", "to", "10.1.0.21", "nud", "all")).Succeeded(); // One that failed may have gone by itself.
            Assert.Equal(0, pinged.Received);
        });
        await Site.ReachesAsync("vm12", "10.1.0.21");
    }

    [Fact]
    public async Task Duplicate_address_detection_finds_no_false_conflict_and_every_true_one()
    {
        // Its own address, which in the other network belongs to another VM too. arping takes no notice of an answer with
        // its own MAC, other systems do: there must be none at all.
        await using (var capture = await CaptureAsync("vm21", "eth0", "arp"))
        {
            Assert.Equal(0, (await Lab.ExecAsync("vm21", "arping", "-D", "-c", "2", "-w", "2", "-I", "eth0", "10.1.0.21")).ExitCode);
            await Until.TrueAsync("it has asked", TimeSpan.FromSeconds(20), () => Task.FromResult(capture.Printed.Contains("Request who-has 10.1.0.21", StringComparison.Ordinal)));
            Assert.DoesNotContain("Reply 10.1.0.21", (await capture.InterruptAsync()).Out);
        }

        // Somebody else's, on the same host and on another one.
        var near = await Lab.ExecAsync("vm12", "arping", "-D", "-c", "2", "-w", "2", "-I", "eth0", "10.1.0.11");
        var far = await Lab.ExecAsync("vm12", "arping", "-D", "-c", "2", "-w", "2", "-I", "eth0", "10.1.0.21");
        Assert.Equal(1, near.ExitCode);
        Assert.Equal(1, far.ExitCode);
        Assert.Contains("02:00:00:00:01:15", far.Out, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ARP_for_a_known_host_is_answered_in_the_switch_and_crosses_no_tunnel()
    {
        await using var capture = await CaptureAsync("net", "h1-u", "udp", "port", "4789");
        foreach (var vm in (string[])["vm11", "vm21"])
        {
            (await Lab.ExecAsync(vm, "ip", "neighbour", "flush", "dev", "eth0")).Succeeded();
        }

        await Site.ReachesAsync("vm11", "10.1.0.21");
        Assert.Equal(0, (await Lab.PingAsync("vm21", "10.1.0.11")).Lost);

        // The ARP of either would have come before; what tcpdump has not read when it is interrupted it does not show.
        await Until.TrueAsync("both have crossed the tunnel", TimeSpan.FromSeconds(20), () => Task.FromResult(
            ((string[])["10.1.0.11 > 10.1.0.21: ICMP echo request", "10.1.0.21 > 10.1.0.11: ICMP echo request"]).All(e => capture.Printed.Contains(e, StringComparison.Ordinal))));
        Assert.DoesNotContain("ARP", (await capture.InterruptAsync()).Out);
    }

    [Fact]
    public async Task What_the_meter_of_a_port_drops_is_counted()
    {
        var before = await Api.DropsAsync("h1", 15, "rate-limited");
        using var mouth = await Lab.InsideAsync("vm13", () => Socketed(IPAddress.Parse("10.1.0.13")));
        await Until.TrueAsync("the storm is counted", TimeSpan.FromSeconds(30), async () =>
        {
            for (var i = 0; i < 4000; i++)
            {
                await mouth.SendToAsync(new byte[1], new IPEndPoint(IPAddress.Parse("10.1.0.255"), 5353));
            }

            return await Api.DropsAsync("h1", 15, "rate-limited") > before;
        });
        Assert.Equal(0, (await Lab.PingAsync("vm12", "10.1.0.21")).Lost);
    }

    [Theory]
    [InlineData("10.1.0.255")]
    [InlineData("239.1.2.3")]
    public async Task What_one_sends_to_all_comes_once_to_each_of_its_network_and_to_nobody_else(string group)
    {
        string[] network = ["vm12", "vm21", "vm22"];
        string[] others = ["vm13", "vm23"];
        var ears = new Dictionary<string, Socket>();
        try
        {
            foreach (var vm in (string[])[.. network, .. others])
            {
                ears.Add(vm, await Lab.InsideAsync(vm, () => Listening(IPAddress.Parse(group), 5353)));
            }

            using var mouth = await Lab.InsideAsync("vm11", () => Socketed(IPAddress.Parse("10.1.0.11")));
            for (byte i = 0; i < 5; i++)
            {
                await mouth.SendToAsync(new byte[] { i }, new IPEndPoint(IPAddress.Parse(group), 5353));
            }

            var heard = ears.Keys.ToDictionary(vm => vm, _ => new List<byte>());
            foreach (var vm in network)
            {
                await Until.TrueAsync($"{vm} has heard all", TimeSpan.FromSeconds(20), () =>
                {
                    heard[vm].AddRange(Heard(ears[vm]));
                    return Task.FromResult(heard[vm].Count >= 5);
                });
            }

            await Task.Delay(300);
            foreach (var (vm, ear) in ears)
            {
                Assert.Equal((vm, network.Contains(vm) ? "0,1,2,3,4" : ""), (vm, string.Join(',', heard[vm].Concat(Heard(ear)).Order())));
            }
        }
        finally
        {
            foreach (var ear in ears.Values)
            {
                ear.Dispose();
            }
        }
    }

    [Fact]
    public async Task A_VXLAN_frame_of_an_address_that_nobody_announced_is_dropped_and_counted()
    {
        (await Lab.ExecAsync("net", "ip", "address", "add", "192.0.2.250/24", "dev", "underlay")).Succeeded();
        try
        {
            Assert.Equal(1, await HeardThroughTunnelAsync("h1", "192.0.2.1", 10001, tag: null, within: 20));
            await DroppedAsync(1, "unknown-vtep", async () => Assert.Equal(0, await HeardThroughTunnelAsync("net", "192.0.2.250", 10001, tag: null)), "h2");
            await DroppedAsync(2, "unknown-vni", async () => Assert.Equal(0, await HeardThroughTunnelAsync("h1", "192.0.2.1", 10999, tag: null)), "h2");
            await DroppedAsync(0, "malformed-frame", async () => Assert.Equal(0, await HeardThroughTunnelAsync("h1", "192.0.2.1", 10001, tag: 7)), "h2");
        }
        finally
        {
            (await Lab.ExecAsync("net", "ip", "address", "del", "192.0.2.250/24", "dev", "underlay")).Succeeded();
        }
    }

    [Fact]
    public async Task A_tagged_frame_of_an_access_port_is_dropped_and_counted()
    {
        using var raw = await Lab.InsideAsync("vm11", () => PacketSocket("eth0"));
        using var ear = await Lab.InsideAsync("vm21", () => Listening(IPAddress.Any, 5354));
        byte[] source = [2, 0, 0, 0, 1, 0x0b];

        raw.Send(Frame(source, tag: null, "10.1.0.11", 5354));
        await Until.TrueAsync("the untagged frame arrives", TimeSpan.FromSeconds(30), () => Task.FromResult(ear.Available > 0));
        Heard(ear);
        await DroppedAsync(0, "unknown-port", () =>
        {
            raw.Send(Frame(source, tag: 7, "10.1.0.11", 5354));
            return Task.CompletedTask;
        });

        Assert.Empty(Heard(ear));
    }

    [Fact]
    public async Task A_deleted_port_takes_its_flows_along_on_every_host_and_a_new_one_brings_them_back()
    {
        var sides = await Task.WhenAll(SwitchSide.WatchAsync(Lab, "h1"), SwitchSide.WatchAsync(Lab, "h2"));
        await Site.ReachesAsync("vm11", "10.1.0.22");
        var held = await Task.WhenAll(sides.Select(s => s.HoldsAsync()));
        Assert.All(held, h => Assert.Contains("02:00:00:00:01:16", h));

        Assert.Equal(HttpStatusCode.NoContent, (await Api.DeleteAsync("/v1/ports/vm22")).Status);
        foreach (var side in sides)
        {
            await Until.TrueAsync("no flow knows it", TimeSpan.FromSeconds(30), async () => await side.HoldsAsync() is var now && !now.Contains("01:16", StringComparison.Ordinal) && !now.Contains("10.1.0.22", StringComparison.Ordinal));
        }

        Assert.Equal(0, (await Lab.PingAsync("vm11", "10.1.0.22", count: 1)).Received);

        await Site.PortAsync("vm22", "blue", "10.1.0.22", "fd00::22");
        await Site.ProgrammedAsync("vm22");
        await Site.ReachesAsync("vm11", "10.1.0.22");
        Assert.Equal(held.Select(h => h.Split('\n').Length), (await Task.WhenAll(sides.Select(s => s.HoldsAsync()))).Select(h => h.Split('\n').Length));
    }

    /// <summary>The metric of a reason grows because of something, by as much as the frames of one short test may be.</summary>
    private async Task DroppedAsync(int table, string reason, Func<Task> because, string @switch = "h1")
    {
        var before = await Api.DropsAsync(@switch, table, reason);
        await because();
        await Until.TrueAsync($"{reason} is counted", TimeSpan.FromSeconds(30), async () => await Api.DropsAsync(@switch, table, reason) > before);
        Assert.InRange(await Api.DropsAsync(@switch, table, reason) - before, 1, 50);
    }

    /// <summary>Sends one broadcast frame of vm11 to h2 as a host of the underlay would, and counts what vm21 hears of it.</summary>
    private async Task<int> HeardThroughTunnelAsync(string node, string source, int vni, int? tag, int within = 1)
    {
        using var ear = await Lab.InsideAsync("vm21", () => Listening(IPAddress.Any, 5355));
        using var sender = await Lab.InsideAsync(node, () => Socketed(IPAddress.Parse(source)));
        byte[] header = [0x08, 0, 0, 0, (byte)(vni >> 16), (byte)(vni >> 8), (byte)vni, 0];
        await sender.SendToAsync((byte[])[.. header, .. Frame([2, 0, 0, 0, 1, 0x0b], tag, "10.1.0.11", 5355)], new IPEndPoint(IPAddress.Parse("192.0.2.2"), VxlanPort));
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(within);
        while (ear.Available == 0 && DateTime.UtcNow < deadline)
        {
            await Task.Delay(20);
        }

        return Heard(ear).Count;
    }

    /// <summary>A broadcast UDP datagram of one octet, with or without a VLAN tag.</summary>
    private static byte[] Frame(byte[] source, int? tag, string from, ushort port)
    {
        byte[] vlan = tag is { } id ? [0x81, 0x00, (byte)(id >> 8), (byte)id] : [];
        byte[] ip = [0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, .. IPAddress.Parse(from).GetAddressBytes(), 10, 1, 0, 255];
        var sum = 0;
        for (var i = 0; i < ip.Length; i += 2)
        {
            sum += (ip[i] << 8) | ip[i + 1];
        }

        sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
        (ip[10], ip[11]) = ((byte)(sum >> 8), (byte)sum);
        byte[] udp = [(byte)(port >> 8), (byte)port, (byte)(port >> 8), (byte)port, 0, 9, 0, 0, 42];
        byte[] frame = [.. Broadcast, .. source, .. vlan, 0x08, 0x00, .. ip, .. udp];
        return [.. frame, .. new byte[Math.Max(0, 64 - frame.Length)]];
    }

    private static Socket Listening(IPAddress group, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        if (group.GetAddressBytes()[0] is >= 224 and < 240)
        {
            // The only interface but loopback is the VM's.
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(group, IPAddress.Parse(AddressHere())));
        }

        return socket;
    }

    private static string AddressHere() => System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
        .Where(i => i.Name == "eth0").SelectMany(i => i.GetIPProperties().UnicastAddresses).First(a => a.Address.AddressFamily == AddressFamily.InterNetwork).Address.ToString();

    private static Socket Socketed(IPAddress from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        socket.Bind(new IPEndPoint(from, 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, from.GetAddressBytes());
        return socket;
    }

    private static Socket PacketSocket(string device)
    {
        var index = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == device).GetIPProperties().GetIPv6Properties().Index;
        var socket = new Socket(AddressFamily.Packet, SocketType.Raw, 0);
        socket.Bind(new LinkLayerEndPoint(index));
        return socket;
    }

    private static List<byte> Heard(Socket ear)
    {
        var all = new List<byte>();
        var buffer = new byte[64];
        while (ear.Available > 0)
        {
            ear.Receive(buffer);
            all.Add(buffer[0]);
        }

        return all;
    }

    private async Task<Command> CaptureAsync(string node, string device, params string[] filter)
    {
        var capture = Lab.Start(node, ["tcpdump", "-l", "-n", "-i", device, .. filter]);
        await Until.TrueAsync("tcpdump listens", TimeSpan.FromSeconds(30), () => Task.FromResult(capture.Printed.Contains("listening on", StringComparison.Ordinal)));
        return capture;
    }

    /// <summary>An interface as packet(7) names it.</summary>
    private sealed class LinkLayerEndPoint(int index) : EndPoint
    {
        private const int EveryProtocol = 0x0300;

        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, 20);
            (address[2], address[3]) = (EveryProtocol & 0xff, EveryProtocol >> 8);
            for (var i = 0; i < 4; i++)
            {
                address[4 + i] = (byte)(index >> (8 * i));
            }

            return address;
        }
    }

    /// <summary>Blue: vm11, vm12 on h1, vm21, vm22 on h2. Red: vm13 on h1, vm23 on h2, which has an address of blue's vm21.</summary>
    public sealed class Overlay : IAsyncLifetime
    {
        internal Site Site { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Site = await Site.AloneAsync(["--adopt", "--no-announce", "--vms", "3"]);
            await Site.MeetAsync("h1");
            await Site.MeetAsync("h2");
            await Site.AnnounceAsync("h1", "h1", "192.0.2.1");
            await Site.AnnounceAsync("h2", "h2", "192.0.2.2");
            foreach (var (network, vni) in ((string, int)[])[("blue", 10001), ("red", 10002)])
            {
                await Site.Api.PutAsync($"/v1/networks/{network}", $$"""{"vni": {{vni}}}""");
                await Site.Api.PutAsync($"/v1/subnets/{network}-v4", $$"""{"network": "{{network}}", "cidr": "10.1.0.0/24", "gateway": "10.1.0.1"}""");
            }

            foreach (var n in (int[])[11, 12, 21, 22])
            {
                await Site.PortAsync($"vm{n}", "blue", $"10.1.0.{n}", $"fd00::{n}");
                await Site.DressAsync($"vm{n}", Site.MacOf($"10.1.0.{n}"), $"10.1.0.{n}/24", $"fd00::{n}/64");
            }

            await RedAsync("vm13", "02:00:00:00:02:0d", "10.1.0.13");
            await RedAsync("vm23", "02:00:00:00:02:15", "10.1.0.21");
            await Site.ProgrammedAsync("vm11", "vm12", "vm13", "vm21", "vm22", "vm23");
            await Site.ReachesAsync("vm11", "10.1.0.21");
            await Site.ReachesAsync("vm13", "10.1.0.21");
            await Site.ReachesAsync("vm12", "fd00::22");
            foreach (var n in (int[])[11, 12, 21, 22])
            {
                // Until then a VM takes nothing for its address, and each begins to look for others that have it after up to a second.
                await Until.TrueAsync($"vm{n} has its address to itself", TimeSpan.FromSeconds(30), async () =>
                    (await Site.Lab.ExecAsync($"vm{n}", "ip", "-6", "address", "show", "dev", "eth0", "tentative")).Succeeded().Length == 0);
            }
        }

        public async Task DisposeAsync() => await Site.DisposeAsync();

        private async Task RedAsync(string vm, string mac, string address)
        {
            await Site.Api.PutAsync($"/v1/ports/{vm}", $$"""{"network": "red", "mac": "{{mac}}", "addresses": ["{{address}}"]}""");
            await Site.DressAsync(vm, mac, $"{address}/24");
        }
    }
}
