using System.Net;
using System.Net.Sockets;

namespace Dwcp.Sdn.SystemTests;

public sealed class LabTests
{
    [Theory]
    [InlineData("vxlan")]
    [InlineData("geneve")]
    [InlineData("gre")]
    public async Task VMs_of_a_static_mesh_reach_one_another_across_hosts(string tunnel)
    {
        await using var lab = await Lab.UpAsync("--hosts", "3", "--vms", "1", "--tunnel", tunnel);

        Assert.Equal(0, (await lab.PingAsync("vm11", "10.10.2.1")).Lost);
        Assert.Equal(0, (await lab.PingAsync("vm31", "10.10.1.1")).Lost);
    }

    [Fact]
    public async Task Down_leaves_no_namespace_no_link_no_process_and_no_file()
    {
        var lab = await Lab.UpAsync("--tunnel", "vxlan", "--vms", "1");
        await using var forgotten = lab.Start("vm11", "sh", "-c", "echo there; exec sleep 600");
        await Until.TrueAsync("it runs", TimeSpan.FromSeconds(20), () => Task.FromResult(forgotten.Printed.Contains("there", StringComparison.Ordinal)));
        Assert.NotEmpty(await NamespacesAsync(lab.Name));
        Assert.NotEmpty(await LinksAsync(lab.Name));
        Assert.Equal(4, ProcessesThatName(lab.Directory));
        Assert.True(Directory.Exists(lab.Directory));

        await lab.DownAsync();

        Assert.Empty(await NamespacesAsync(lab.Name));
        Assert.Empty(await LinksAsync(lab.Name));
        Assert.Equal(0, ProcessesThatName(lab.Directory));
        Assert.False(Directory.Exists(lab.Directory));
        await forgotten.EndedAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Down_of_a_lab_that_is_not_there_does_no_harm()
    {
        var result = await Command.RunAsync(Checkout.LabTool, "down", "--name", Lab.NewName());

        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Two_labs_live_side_by_side_and_end_apart()
    {
        await using var first = await Lab.UpAsync("--tunnel", "vxlan", "--vms", "1");
        var second = await Lab.UpAsync("--tunnel", "vxlan", "--vms", "1");
        await using (second)
        {
            Assert.NotEqual(first.Management, second.Management);
            Assert.Equal(0, (await second.PingAsync("vm11", "10.10.2.1")).Lost);
        }

        Assert.Empty(await NamespacesAsync(second.Name));
        Assert.Equal(0, (await first.PingAsync("vm11", "10.10.2.1")).Lost);
    }

    [Fact]
    public async Task A_lab_that_cannot_be_made_names_the_command_that_failed_and_leaves_nothing_of_its_own()
    {
        var name = Lab.NewName();
        var notOurs = $"{name}-h2";
        (await Command.RunAsync("ip", "netns", "add", notOurs)).Succeeded();
        try
        {
            var result = await Command.RunAsync(Checkout.LabTool, "up", "--name", name);

            Assert.Equal(1, result.ExitCode);
            Assert.Contains("ip netns add", result.Error);
            Assert.Equal([notOurs], await NamespacesAsync(name));
            Assert.Empty(await LinksAsync(name));
            Assert.Equal(0, ProcessesThatName($"/{name}/"));
            Assert.False(Directory.Exists(Path.Combine(Environment.GetEnvironmentVariable("DWCP_LAB_DIR") ?? "/run/dwcp-lab", name)));
        }
        finally
        {
            (await Command.RunAsync("ip", "netns", "delete", notOurs)).Succeeded();
        }
    }

    [Fact]
    public async Task Hosts_announce_themselves_and_have_no_bridge_of_the_controllers()
    {
        await using var lab = await Lab.UpAsync("--manager", ":6640");

        Assert.Equal("{dwcp-datapath-type=netdev, dwcp-vtep-ip=\"192.0.2.2\", system-id=h2}",
            await lab.VsctlAsync("h2", "get", "Open_vSwitch", ".", "external_ids"));
        Assert.Equal($"tcp:{lab.Management}:6640", await lab.VsctlAsync("h2", "get-manager"));
        Assert.Equal("br-ext", await lab.VsctlAsync("h2", "list-br"));
    }

    [Fact]
    public async Task Switches_know_where_the_other_tunnel_endpoints_are_before_they_have_a_tunnel()
    {
        await using var lab = await Lab.UpAsync();

        Assert.Contains("192.0.2.2 ", (await lab.ExecAsync("h1", "ovs-appctl", "tnl/neigh/show")).Succeeded());
        Assert.Contains("192.0.2.1 ", (await lab.ExecAsync("h2", "ovs-appctl", "tnl/neigh/show")).Succeeded());

        await lab.RestartOvsAsync("h1");

        Assert.Contains("192.0.2.2 ", (await lab.ExecAsync("h1", "ovs-appctl", "tnl/neigh/show")).Succeeded());
    }

    [Fact]
    public async Task An_adopted_host_has_ports_with_iface_ids_and_announces_nothing_when_told_so()
    {
        await using var lab = await Lab.UpAsync("--adopt", "--no-announce", "--vms", "2");

        Assert.Equal("{}", await lab.VsctlAsync("h1", "get", "Open_vSwitch", ".", "external_ids"));
        Assert.Equal(["vm11", "vm12"], (await lab.VsctlAsync("h1", "list-ports", "br-int")).Split('\n'));
        Assert.Equal("vm12", await lab.VsctlAsync("h1", "get", "Interface", "vm12", "external_ids:iface-id"));
    }

    [Fact]
    public async Task A_plugged_VM_waits_for_the_bridge_and_goes_again()
    {
        await using var lab = await Lab.UpAsync("--hosts", "1");
        var plugging = lab.PlugAsync("h1", "web", "port-7", "02:00:00:00:00:77", "10.1.1.7/24");
        await Task.Delay(300);
        Assert.False(plugging.IsCompleted);
        await lab.VsctlAsync("h1", "add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=netdev");
        await plugging;

        Assert.Equal("port-7", await lab.VsctlAsync("h1", "get", "Interface", "web", "external_ids:iface-id"));
        var vm = (await lab.StatusAsync()).GetProperty("vms")[0];
        Assert.Equal("02:00:00:00:00:77", vm.GetProperty("mac").GetString());
        Assert.Equal("10.1.1.7/24", vm.GetProperty("addresses")[0].GetString());
        Assert.Equal(1450, vm.GetProperty("mtu").GetInt32());

        await lab.UnplugAsync("web");
        Assert.Empty(await lab.VsctlAsync("h1", "list-ports", "br-int"));
        Assert.DoesNotContain($"{lab.Name}-web", await NamespacesAsync(lab.Name));
    }

    [Fact]
    public async Task A_restarted_switch_and_a_host_after_a_power_cut_carry_packets_again()
    {
        await using var lab = await Lab.UpAsync("--tunnel", "vxlan", "--vms", "1");

        await lab.RestartOvsAsync("h1");
        Assert.Equal(0, (await lab.PingAsync("vm11", "10.10.2.1")).Lost);

        await lab.KillHostAsync("h2");
        Assert.Equal(0, (await lab.PingAsync("vm11", "10.10.2.1", count: 1)).Received);

        await lab.StartHostAsync("h2");
        Assert.Equal(0, (await lab.PingAsync("vm11", "10.10.2.1")).Lost);
    }

    [Fact]
    public async Task TCP_passes_a_tunnel_in_full_segments()
    {
        await using var lab = await Lab.UpAsync("--tunnel", "vxlan", "--vms", "1");
        using var listener = await lab.InsideAsync("vm21", () => Listening(IPAddress.Parse("10.10.2.1")));
        using var client = await lab.InsideAsync("vm11", () => new TcpClient("10.10.2.1", ((IPEndPoint)listener.LocalEndpoint).Port));
        using var server = await listener.AcceptTcpClientAsync();

        var sent = new byte[1_000_000];
        Random.Shared.NextBytes(sent);
        var sending = client.GetStream().WriteAsync(sent);
        var received = new byte[sent.Length];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await server.GetStream().ReadExactlyAsync(received, limit.Token);
        await sending;

        Assert.Equal(sent, received);
    }

    private static TcpListener Listening(IPAddress address)
    {
        var listener = new TcpListener(address, 0);
        listener.Start();
        return listener;
    }

    private static async Task<string[]> NamespacesAsync(string lab) =>
        [.. Words(await Command.RunAsync("ip", "netns", "list"), lab)];

    private static async Task<string[]> LinksAsync(string lab) =>
        [.. Words(await Command.RunAsync("ip", "-o", "-br", "link"), lab)];

    // The first word of each line that begins with the lab's name.
    private static IEnumerable<string> Words(CommandResult result, string lab) =>
        result.Succeeded().Split('\n').Select(line => line.Split(' ', '@')[0]).Where(word => word.StartsWith($"{lab}-", StringComparison.Ordinal));

    private static int ProcessesThatName(string path) =>
        Directory.GetDirectories("/proc").Count(d => char.IsAsciiDigit(Path.GetFileName(d)[0]) && CommandLine(d).Contains(path, StringComparison.Ordinal));

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return ""; // It ended meanwhile.
        }
    }
}
