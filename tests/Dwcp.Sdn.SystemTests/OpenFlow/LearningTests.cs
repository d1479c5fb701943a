using System.Buffers.Binary;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>Real switches under the built controller with every unknown switch a learning switch. Needs Open vSwitch, but neither root nor interfaces.</summary>
public sealed class LearningTests : IAsyncLifetime
{
    private const string Host1 = "020000000001";
    private const string Host2 = "020000000002";
    private const string Everybody = "ffffffffffff";
    private const string Rest = "0806000108000604000102000000000" + "10a000001" + "0000000000000a000002" + "000000000000000000000000000000000000";

    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-learn-").FullName;
    private PrivateOvs ovs = null!;
    private ControllerProcess controller = null!;

    public async Task InitializeAsync()
    {
        ovs = new PrivateOvs("00000000000000a0");
        controller = await ControllerProcess.StartAsync("--openflow-unknown", "LEARNING");
    }

    public async Task DisposeAsync()
    {
        await controller.DisposeAsync();
        ovs.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task The_first_frame_reaches_all_and_those_between_two_hosts_get_a_flow()
    {
        Watch("p1", "p2", "p3");
        await ConnectAsync("br0");
        Send("p1", Everybody + Host1);
        await UntilAsync(() => Sent("p2").Count == 1 && Sent("p3").Count == 1);
        Assert.Empty(Sent("p1"));

        Send("p2", Host1 + Host2);
        await UntilAsync(() => Sent("p1").Count == 1);
        await UntilAsync(() => ovs.Ofctl("dump-flows", "--no-stats").Contains("in_port=2", StringComparison.Ordinal));
        Assert.Single(Sent("p3"));
        Assert.Contains("idle_timeout=60", ovs.Ofctl("dump-flows"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_moves_is_followed_at_once()
    {
        Watch("p1", "p2", "p3");
        await ConnectAsync("br0");
        Send("p1", Everybody + Host1);
        await UntilAsync(() => Sent("p2").Count == 1);
        Send("p2", Host1 + Host2);
        await UntilAsync(() => Sent("p1").Count == 1);

        await Task.Delay(1100); // One's own broadcast that comes back within a second is an echo, not a move.
        Send("p3", Everybody + Host1);
        await UntilAsync(() => Sent("p1").Count == 2);
        await UntilAsync(() => !ovs.Ofctl("dump-flows", "--no-stats").Contains("dl_dst=02:00:00:00:00:01", StringComparison.Ordinal));
        Send("p2", Host1 + Host2);
        await UntilAsync(() => Sent("p3").Count == 2);
        Assert.Equal(2, Sent("p1").Count);
    }

    [Fact]
    public async Task A_broadcast_in_a_ring_of_three_switches_arrives_once_everywhere_and_ends()
    {
        Watch("p1");
        foreach (var (bridge, id, port) in new[] { ("br1", "a1", "q1"), ("br2", "a2", "r1") })
        {
            ovs.Vsctl(
                "add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=dummy", "protocols=OpenFlow13", "fail_mode=secure",
                $"other-config:datapath-id=00000000000000{id}", "other-config:disable-in-band=true",
                "--", "add-port", bridge, port, "--", "set", "interface", port, "type=dummy");
            Watch(port);
        }

        foreach (var (a, b) in new[] { ("br0", "br1"), ("br1", "br2"), ("br2", "br0") })
        {
            ovs.Vsctl(
                "add-port", a, $"{a}-{b}", "--", "set", "interface", $"{a}-{b}", "type=patch", $"options:peer={b}-{a}",
                "--", "add-port", b, $"{b}-{a}", "--", "set", "interface", $"{b}-{a}", "type=patch", $"options:peer={a}-{b}");
        }

        await ConnectAsync("br0", "br1", "br2");
        Send("p1", Everybody + Host1);
        await UntilAsync(() => Sent("q1").Count > 0 && Sent("r1").Count > 0);
        await Task.Delay(500);
        Assert.Equal((0, 1, 1), (Sent("p1").Count, Sent("q1").Count, Sent("r1").Count));

        Send("q1", Host1 + Host2);
        await UntilAsync(() => Sent("p1").Count == 1);
        await Task.Delay(200);
        Assert.Equal((1, 1, 1), (Sent("p1").Count, Sent("q1").Count, Sent("r1").Count));
    }

    /// <summary>From here on what leaves by the ports is written down.</summary>
    private void Watch(params string[] ports)
    {
        foreach (var port in ports)
        {
            ovs.Vsctl("set", "interface", port, $"options:tx_pcap={directory}/{port}.pcap");
        }
    }

    private async Task ConnectAsync(params string[] bridges)
    {
        foreach (var bridge in bridges)
        {
            ovs.Vsctl("set-controller", bridge, $"tcp:{controller.OpenFlow}");
        }

        await UntilAsync(() => bridges.All(b => ovs.OfctlOf(b, "dump-flows", "--no-stats").Contains("priority=0 actions=CONTROLLER", StringComparison.Ordinal)));
    }

    private void Send(string port, string macs) => ovs.Appctl("netdev-dummy/receive", port, macs + Rest);

    /// <summary>The frames that left by a port, without those by which the controller looks for links.</summary>
    private List<byte[]> Sent(string port)
    {
        var file = Path.Combine(directory, $"{port}.pcap");
        var frames = new List<byte[]>();
        if (!File.Exists(file))
        {
            return frames;
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);

        // 24 octets of file header; then of each record 16 octets of header, of which octets 8 to 11 are the length.
        for (var at = 24; at + 16 <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 8));
            frames.Add(bytes[(at + 16)..Math.Min(bytes.Length, at + 16 + length)]);
            at += 16 + length;
        }

        frames.RemoveAll(f => f is [_, _, _, _, _, _, _, _, _, _, _, _, 0x88, 0xcc, ..]);
        return frames;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(20);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "not within 20 s");
            await Task.Delay(20);
        }
    }
}
