using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Session;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.SystemTests.Ovsdb;

/// <summary>A real ovsdb-server and ovs-vswitchd connect to our listener and are configured by it.</summary>
public sealed class HostTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly OvsdbOptions Quick = new()
    {
        Times = new HostTimes
        {
            Apply = TimeSpan.FromSeconds(3),
            Session = new JsonRpcTimes { ProbeAfter = TimeSpan.FromSeconds(1), ProbeAnswer = TimeSpan.FromSeconds(1) },
        },
    };

    private readonly OvsdbListener listener = OvsdbListener.Start(new(IPAddress.Loopback, 0), Quick, TimeProvider.System, NullLogger.Instance);
    private readonly OvsSandbox ovs = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await listener.DisposeAsync();
        ovs.Dispose();
    }

    [Fact]
    public async Task A_host_joins_with_what_it_announces()
    {
        ovs.Vsctl("set", "open", ".", "external_ids:system-id=h1", "external_ids:hostname=alpha", "external_ids:dwcp-vtep-ip=192.0.2.1", "external_ids:dwcp-datapath-type=netdev");

        var host = await JoinAsync();

        var inventory = host.Inventory;
        Assert.Equal("h1", inventory.SystemId);
        Assert.Equal("alpha", inventory.Hostname);
        Assert.Equal(IpAddress.Parse("192.0.2.1"), inventory.VtepIp);
        Assert.Equal("netdev", inventory.DatapathTypeWish);
        Assert.Equal(IpAddress.Parse("127.0.0.1"), inventory.LocalAddress);
        Assert.Equal(IpAddress.Parse("127.0.0.1"), inventory.RemoteAddress);
        Assert.Contains("netdev", inventory.DatapathTypes);
        Assert.Contains("vxlan", inventory.InterfaceTypes);
        Assert.Empty(inventory.Bridges);
        Assert.Equal($"tcp:127.0.0.1:{listener.LocalEndPoint.Port}", Assert.Single(inventory.Managers).Target);
    }

    [Fact]
    public async Task A_bridge_is_made_and_applied_before_it_gets_its_controller()
    {
        var host = await JoinAsync();

        await host.ApplyAsync(
        [
            new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:1")]),
            new PutPort("br-int", "vxlan0", "vxlan", StringMap.Of(("remote_ip", "flow"), ("key", "flow"), ("local_ip", "192.0.2.1"))),
            NewBridge(),
        ]);

        var bridge = host.Inventory.Bridge("br-int")!;
        Assert.Equal(new DatapathId(0xd3c9_0000_0000_0001), bridge.DatapathId);
        Assert.Equal("netdev", bridge.DatapathType);
        Assert.Equal(BridgeFailMode.Secure, bridge.FailMode);
        Assert.Equal(["OpenFlow13"], bridge.Protocols);
        Assert.Equal("true", bridge.OtherConfig["disable-in-band"]);
        Assert.Equal(["br-int", "vxlan0"], bridge.Ports.Select(port => port.Name));
        Assert.Equal(PortNumber.Local, bridge.Ports[0].Interfaces[0].OfPort);
        Assert.NotNull(bridge.Ports[1].Interfaces[0].OfPort);
        Assert.Equal("flow", bridge.Ports[1].Interfaces[0].Options["remote_ip"]);
        var controller = Assert.Single(bridge.Controllers);
        Assert.Equal(("tcp:127.0.0.1:1", 1000L, 5000L, "out-of-band"), (controller.Target, controller.MaxBackoff, controller.InactivityProbe, controller.ConnectionMode));

        // ovs-vswitchd is the one who leaves no comment.
        var records = ovs.Log().Split('\n').Where(line => line.StartsWith("record ", StringComparison.Ordinal));
        var committers = records.Select(line => line.Contains("dwcp:") ? line[line.IndexOf('"')..] : line.Contains('"') ? "" : "switch").ToList();
        var created = committers.IndexOf("\"dwcp: create bridge br-int\"");
        var plugged = committers.IndexOf("\"dwcp: put port vxlan0 of bridge br-int\"");
        var controlled = committers.IndexOf("\"dwcp: set controllers of bridge br-int\"");
        Assert.InRange(committers.IndexOf("switch", created), created, plugged);
        Assert.InRange(committers.IndexOf("switch", plugged), plugged, controlled);
    }

    [Fact]
    public async Task Changes_that_are_made_already_commit_nothing()
    {
        var host = await JoinAsync();
        await host.ApplyAsync([NewBridge(), new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:1")])]);
        var before = Commits();

        await host.ApplyAsync(
        [
            new SetFailMode("br-int", BridgeFailMode.Secure),
            new SetProtocols("br-int", ["OpenFlow13"]),
            new SetBridgeConfig("br-int", "disable-in-band", "true"),
            new SetBridgeConfig("br-int", "absent", null),
            new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:1")]),
            new DeletePort("br-int", "absent"),
        ]);

        Assert.Equal(before, Commits());

        // ovs-vswitchd writes down now and then how its controllers are; of it come the records without a comment.
        int Commits() => ovs.Log().Split('\n').Count(line => line.StartsWith("record ", StringComparison.Ordinal) && line.Contains("dwcp:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_adopted_bridge_keeps_its_ports_and_its_datapath_id()
    {
        ovs.Vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev", "other_config:theirs=1");
        ovs.Vsctl("add-port", "br-int", "vm1", "--", "set", "interface", "vm1", "type=internal", "external_ids:iface-id=p1");
        var host = await JoinAsync();
        var theirs = host.Inventory.Bridge("br-int")!;

        await host.ApplyAsync(
        [
            new SetFailMode("br-int", BridgeFailMode.Secure),
            new SetProtocols("br-int", ["OpenFlow13", "OpenFlow10"]),
            new SetBridgeConfig("br-int", "disable-in-band", "true"),
            new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:1")]),
        ]);

        var adopted = host.Inventory.Bridge("br-int")!;
        Assert.NotNull(theirs.DatapathId);
        Assert.Equal(theirs.DatapathId, adopted.DatapathId);
        Assert.Equal(theirs.Ports, adopted.Ports);
        Assert.Equal("1", adopted.OtherConfig["theirs"]);
        Assert.Equal("true", adopted.OtherConfig["disable-in-band"]);
        Assert.Equal(["OpenFlow10", "OpenFlow13"], adopted.Protocols);
        Assert.Equal("secure", ovs.Vsctl("get-fail-mode", "br-int"));
        Assert.Equal("tcp:127.0.0.1:1", ovs.Vsctl("get-controller", "br-int"));
    }

    [Fact]
    public async Task Controllers_change_in_place_and_the_flows_stay()
    {
        var host = await JoinAsync();
        await host.ApplyAsync([NewBridge(), new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:1"), new ControllerTarget("tcp:127.0.0.1:2")])]);
        ovs.Ofctl("add-flow", "br-int", "table=7,priority=77,actions=drop");

        await host.ApplyAsync([new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:3")])]);
        await host.ApplyAsync([new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:4"), new ControllerTarget("tcp:127.0.0.1:3") { MaxBackoff = 2000 }])]);

        Assert.Equal(["tcp:127.0.0.1:3", "tcp:127.0.0.1:4"], host.Inventory.Bridge("br-int")!.Controllers.Select(controller => controller.Target));
        Assert.Equal(2000, host.Inventory.Bridge("br-int")!.Controllers[0].MaxBackoff);
        Assert.Contains("priority=77", ovs.Ofctl("dump-flows", "br-int"));
    }

    [Fact]
    public async Task A_tunnel_port_is_changed_in_place_and_deleted()
    {
        var host = await JoinAsync();
        await host.ApplyAsync([NewBridge(), new PutPort("br-int", "vxlan0", "vxlan", Tunnel("192.0.2.1"))]);
        await host.ApplyAsync([new PutPort("br-int", "vxlan0", "vxlan", Tunnel("192.0.2.2"))]);

        var port = host.Inventory.Bridge("br-int")!.Ports.Single(port => port.Name == "vxlan0");
        Assert.Equal(Tunnel("192.0.2.2"), port.Interfaces[0].Options);

        await host.ApplyAsync([new DeletePort("br-int", "vxlan0")]);

        Assert.Equal(["br-int"], host.Inventory.Bridge("br-int")!.Ports.Select(port => port.Name));
        Assert.Equal("", ovs.Vsctl("list-ports", "br-int"));
    }

    [Fact]
    public async Task Another_system_id_and_a_faulty_vtep_address_are_seen()
    {
        ovs.Vsctl("set", "open", ".", "external_ids:system-id=h1", "external_ids:dwcp-vtep-ip=192.0.2.1");
        var host = await JoinAsync();

        ovs.Vsctl("set", "open", ".", "external_ids:system-id=h2", "external_ids:dwcp-vtep-ip=192.0.2.300");

        var renamed = await UntilAsync(host, inventory => inventory.SystemId == "h2");
        Assert.Null(renamed.VtepIp);
        Assert.Equal(("external_ids:dwcp-vtep-ip", "192.0.2.300"), (Assert.Single(renamed.Faults).Key, renamed.Faults[0].Value));

        ovs.Vsctl("remove", "open", ".", "external_ids", "system-id");
        await UntilAsync(host, inventory => inventory.SystemId is null);
    }

    [Fact]
    public async Task A_bridge_that_goes_and_comes_back_is_seen()
    {
        ovs.Vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev");
        var host = await JoinAsync();
        Assert.NotNull(host.Inventory.Bridge("br-int"));

        ovs.Vsctl("del-br", "br-int");
        await UntilAsync(host, inventory => inventory.Bridge("br-int") is null);

        await host.ApplyAsync([NewBridge()]);
        Assert.Equal(new DatapathId(0xd3c9_0000_0000_0001), host.Inventory.Bridge("br-int")!.DatapathId);
    }

    [Fact]
    public async Task An_interface_is_seen_with_its_number_and_with_a_new_one_when_it_is_plugged_again()
    {
        ovs.Vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev");
        var host = await JoinAsync();

        ovs.Vsctl("add-port", "br-int", "vm1", "--", "set", "interface", "vm1", "type=internal", "external_ids:iface-id=p1", "external_ids:attached-mac=02:00:00:00:00:11");
        var first = await InterfaceAsync(host, "p1", number => number is not null);
        Assert.Equal(ovs.Vsctl("get", "interface", "vm1", "ofport"), first.OfPort.ToString());
        Assert.Equal(MacAddress.Parse("02:00:00:00:00:11"), first.AttachedMac);
        Assert.NotNull(first.MacInUse);
        Assert.Equal(1500, first.Mtu);

        ovs.Vsctl("del-port", "br-int", "vm1");
        await UntilAsync(host, inventory => inventory.Bridge("br-int")!.Ports.Count == 1);
        ovs.Vsctl("add-port", "br-int", "other", "--", "set", "interface", "other", "type=internal", $"ofport_request={first.OfPort}");
        ovs.Vsctl("add-port", "br-int", "vm1", "--", "set", "interface", "vm1", "type=internal", "external_ids:iface-id=p1");

        var again = await InterfaceAsync(host, "p1", number => number is not null);
        Assert.NotEqual(first.OfPort, again.OfPort);
        Assert.Equal(ovs.Vsctl("get", "interface", "vm1", "ofport"), again.OfPort.ToString());
    }

    [Fact]
    public async Task An_interface_that_cannot_be_added_says_why()
    {
        ovs.Vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev");
        var host = await JoinAsync();

        ovs.Vsctl("--no-wait", "add-port", "br-int", "nowhere", "--", "set", "interface", "nowhere", "external_ids:iface-id=p9");

        await UntilAsync(host, inventory => Interface(inventory, "p9") is { OfPortFailed: true, OfPort: null, Error: not null });
    }

    [Fact]
    public async Task What_the_database_refuses_comes_back_in_its_words()
    {
        var host = await JoinAsync();

        var refused = await Assert.ThrowsAsync<HostChangeException>(() => host.ApplyAsync([NewBridge() with { Protocols = ["OpenFlow99"] }]));

        Assert.Equal((HostChangeFault.Refused, "constraint violation"), (refused.Fault, refused.Error));
        Assert.Contains("OpenFlow99", refused.Details);
        Assert.Equal("br-int", refused.Change?.Bridge);
        Assert.Null(host.Inventory.Bridge("br-int"));
    }

    [Fact]
    public async Task Controllers_are_refused_to_a_bridge_that_is_not_secure()
    {
        ovs.Vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev");
        var host = await JoinAsync();

        var refused = await Assert.ThrowsAsync<HostChangeException>(
            () => host.ApplyAsync([new SetControllers("br-int", [new ControllerTarget("tcp:127.0.0.1:1")])]));

        Assert.Equal(HostChangeFault.Conflict, refused.Fault);
        Assert.Equal("", ovs.Vsctl("get-controller", "br-int"));
    }

    [Fact]
    public async Task A_host_without_a_switch_process_says_that_nothing_is_applied()
    {
        using var halfHost = new OvsSandbox(withSwitch: false);
        var host = await JoinAsync(halfHost);

        var refused = await Assert.ThrowsAsync<HostChangeException>(() => host.ApplyAsync([NewBridge()]));

        Assert.Equal(HostChangeFault.NotApplied, refused.Fault);
        Assert.Null(host.Inventory.Bridge("br-int")!.DatapathId);
    }

    [Fact]
    public async Task A_quiet_session_lives_through_the_probes_of_both_sides()
    {
        var host = await JoinAsync(ovs, "--", "set", "manager", ".", "inactivity_probe=1000");

        await Task.Delay(TimeSpan.FromSeconds(5));

        Assert.False(host.Closed.IsCompleted);
        await host.ApplyAsync([NewBridge()]);
    }

    [Fact]
    public async Task A_host_that_hangs_is_given_up_and_joins_again_when_it_wakes()
    {
        var host = await JoinAsync();

        Signal(ovs.DatabasePid, "STOP");
        var reason = await host.Closed.WaitAsync(Patience);
        Signal(ovs.DatabasePid, "CONT");

        Assert.StartsWith("silent for", reason);
        await NextAsync();
    }

    [Fact]
    public async Task Peers_that_send_garbage_or_nothing_are_dropped_and_disturb_nobody()
    {
        var host = await JoinAsync();
        foreach (var garbage in new[] { "GET / HTTP/1.1\r\n\r\n", "{]", "{\"id\":7,\"result\":[],\"error\":null}", "" })
        {
            using var peer = new TcpClient();
            await peer.ConnectAsync(listener.LocalEndPoint);
            var stream = peer.GetStream();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(garbage));
            await DrainAsync(stream).WaitAsync(Patience);
        }

        await host.ApplyAsync([NewBridge()]);
    }

    [Fact]
    public async Task We_can_connect_to_a_host_as_well()
    {
        ovs.Vsctl("set", "open", ".", "external_ids:system-id=h1");

        var host = await OvsdbDialer.ConnectAsync(ovs.Database, Quick, TimeProvider.System, NullLogger.Instance);

        Assert.Equal(("h1", (IpAddress?)null), (host.Inventory.SystemId, host.Inventory.LocalAddress));
        host.Close("enough");
        Assert.Equal("enough", await host.Closed.WaitAsync(Patience));
    }

    private static CreateBridge NewBridge() => new("br-int", "netdev", BridgeFailMode.Secure)
    {
        DatapathId = new DatapathId(0xd3c9_0000_0000_0001),
        Protocols = ["OpenFlow13"],
        OtherConfig = StringMap.Of(("disable-in-band", "true")),
    };

    private static StringMap Tunnel(string local) => StringMap.Of(("remote_ip", "flow"), ("key", "flow"), ("local_ip", local));

    private Task<IHostConnection> JoinAsync() => JoinAsync(ovs);

    private async Task<IHostConnection> JoinAsync(OvsSandbox sandbox, params string[] more)
    {
        sandbox.SetManager(listener.LocalEndPoint.Port, more);
        return await NextAsync();
    }

    private async Task<IHostConnection> NextAsync()
    {
        using var late = new CancellationTokenSource(Patience);
        await foreach (var host in listener.HostsAsync(late.Token))
        {
            return host;
        }

        throw new InvalidOperationException("the listener has ended");
    }

    private static async Task<HostInventory> UntilAsync(IHostConnection host, Predicate<HostInventory> wanted)
    {
        using var late = new CancellationTokenSource(Patience);
        await foreach (var inventory in host.InventoriesAsync(late.Token))
        {
            if (wanted(inventory))
            {
                return inventory;
            }
        }

        throw new InvalidOperationException($"the session has ended: {await host.Closed}");
    }

    private static async Task<InterfaceInventory> InterfaceAsync(IHostConnection host, string ifaceId, Predicate<PortNumber?> wanted)
    {
        var inventory = await UntilAsync(host, inventory => Interface(inventory, ifaceId) is { } found && wanted(found.OfPort));
        return Interface(inventory, ifaceId)!;
    }

    private static InterfaceInventory? Interface(HostInventory inventory, string ifaceId) => inventory.Bridges
        .SelectMany(bridge => bridge.Ports)
        .SelectMany(port => port.Interfaces)
        .FirstOrDefault(found => found.IfaceId == ifaceId);

    private static async Task DrainAsync(NetworkStream stream)
    {
        var buffer = new byte[1024];
        try
        {
            while (await stream.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (IOException)
        {
            return; // Closed with our bytes unread: a reset.
        }
    }

    private static void Signal(int pid, string name)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{name}", $"{pid}"]);
        kill.WaitForExit();
    }
}
