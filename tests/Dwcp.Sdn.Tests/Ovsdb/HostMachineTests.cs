using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Southbound.Ovsdb.Session;

namespace Dwcp.Sdn.Tests.Ovsdb;

public sealed class HostMachineTests
{
    private static readonly Guid Bridge = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-0000000000b1");
    private static readonly Guid Port = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-0000000000c1");
    private static readonly Guid Interface = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-0000000000d1");
    private static readonly Guid Queue = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-0000000000f1");
    private static readonly Guid Qos = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-0000000000f2");
    private static readonly Guid Mirror = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-0000000000f3");
    private static readonly Guid Controller = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-0000000000e1");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_host_is_shown_and_every_change_of_it_with_both_kinds_of_monitor(bool conditions)
    {
        var net = new Net(new FakeOvsdb { KnowsConditions = conditions });
        Announce(net.Database, "192.0.2.1");
        AddBridge(net.Database);
        net.Start();

        Assert.Equal(("h1", IpAddress.Parse("192.0.2.1")), (net.Shown.SystemId, net.Shown.VtepIp));
        Assert.Equal(IpAddress.Parse("198.51.100.7"), net.Shown.RemoteAddress);
        var tap = net.Shown.Bridge("br-int")!.Ports[0].Interfaces[0];
        Assert.Equal(("tap1", "p1", new PortNumber(5), true), (tap.Name, tap.IfaceId, tap.OfPort, tap.LinkUp));

        net.Database.Set("Interface", Interface, ("ofport", Integer(9)), ("link_state", OvsdbSet.Of("down")));
        net.Run();
        tap = net.Shown.Bridge("br-int")!.Ports[0].Interfaces[0];
        Assert.Equal((new PortNumber(9), false), (tap.OfPort, tap.LinkUp));

        net.Database.Set("Interface", Interface, ("ofport", Integer(-1)), ("error", OvsdbSet.Of("could not open")));
        net.Run();
        tap = net.Shown.Bridge("br-int")!.Ports[0].Interfaces[0];
        Assert.Equal((null, true, "could not open"), (tap.OfPort, tap.OfPortFailed, tap.Error));

        net.Database.Set("Interface", Interface, ("external_ids", null));
        net.Run();
        Assert.Null(net.Shown.Bridge("br-int")!.Ports[0].Interfaces[0].IfaceId);

        net.Database.Set("Open_vSwitch", FakeOvsdb.Root, ("bridges", OvsdbSet.Empty));
        net.Database.Delete("Bridge", Bridge);
        net.Run();
        Assert.Empty(net.Shown.Bridges);
    }

    [Fact]
    public void A_burst_is_shown_once_and_what_changes_nothing_is_not_shown()
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Start();
        var before = net.Did.OfType<HostAction.Show>().Count();

        for (var i = 1; i <= 100; i++)
        {
            net.Database.Set("Interface", Interface, ("ofport", Integer(i)));
        }

        net.Run();
        net.Database.ApplyConfig();
        net.Run();

        Assert.Equal(before + 1, net.Did.OfType<HostAction.Show>().Count());
        Assert.Equal(new PortNumber(100), net.Shown.Bridge("br-int")!.Ports[0].Interfaces[0].OfPort);
    }

    [Theory]
    [InlineData("192.0.2.300")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("")]
    [InlineData("host.example")]
    public void A_vtep_address_that_is_none_is_named(string text)
    {
        var net = new Net();
        Announce(net.Database, text);
        net.Start();

        Assert.Null(net.Shown.VtepIp);
        Assert.Equal(("external_ids:dwcp-vtep-ip", text), (Assert.Single(net.Shown.Faults).Key, net.Shown.Faults[0].Value));
    }

    [Fact]
    public void Each_stage_waits_until_the_switch_has_applied_the_one_before()
    {
        var net = new Net();
        net.Start();

        net.Apply(
            new SetControllers("br-int", [new ControllerTarget("tcp:192.0.2.9:6653")]),
            new PutPort("br-int", "vxlan0", "vxlan", StringMap.Of(("key", "flow"))),
            new CreateBridge("br-int", "netdev", BridgeFailMode.Secure));

        Assert.Equal("dwcp: create bridge br-int", Assert.Single(net.Comments()));
        net.Database.ApplyConfig();
        net.Run();
        Assert.Equal("dwcp: put port vxlan0 of bridge br-int", net.Comments()[1..].Single());
        net.Database.ApplyConfig();
        net.Run();
        Assert.Equal("dwcp: set controllers of bridge br-int", net.Comments()[2..].Single());
        Assert.Empty(net.Did.OfType<HostAction.Applied>());
        net.Database.ApplyConfig();
        net.Run();

        Assert.IsType<HostAction.Applied>(net.Did[^1]);
        Assert.IsType<HostAction.Show>(net.Did[^2]);
        Assert.Equal("tcp:192.0.2.9:6653", Assert.Single(net.Shown.Bridge("br-int")!.Controllers).Target);
        Assert.Equal(["br-int", "vxlan0"], net.Shown.Bridge("br-int")!.Ports.Select(port => port.Name));
    }

    [Fact]
    public void A_change_on_rows_that_have_changed_meanwhile_starts_again_from_what_they_are_now()
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Start();
        var other = Guid.NewGuid();
        net.BeforeTransaction = () =>
        {
            // Another client is quicker: it puts its own controller in.
            net.Database.Set("Controller", other, ("target", OvsdbSet.Of("tcp:192.0.2.8:6653")));
            net.Database.Set("Bridge", Bridge, ("controller", Row(other)));
            net.BeforeTransaction = null;
        };

        net.Apply(new SetControllers("br-int", [new ControllerTarget("tcp:192.0.2.9:6653")]));
        net.Database.ApplyConfig();
        net.Run();

        Assert.Equal(2, net.Database.Transactions.Count);
        Assert.Equal("timed out", (string?)net.Database.Transactions[0].Results[0]!["error"]);
        Assert.Single(net.Did.OfType<HostAction.Applied>());
        Assert.Equal(OvsdbSet.Of("tcp:192.0.2.9:6653"), net.Database.Value("Controller", other, "target"));
        Assert.Single(net.Shown.Bridge("br-int")!.Controllers);
    }

    [Fact]
    public void Rows_that_never_hold_still_end_as_stale()
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Start();
        var turn = 0;
        net.BeforeTransaction = () => net.Database.Set("Bridge", Bridge, ("protocols", OvsdbSet.Of($"OpenFlow1{turn++}")));

        net.Apply(new SetProtocols("br-int", ["OpenFlow13", "OpenFlow15"]));

        Assert.Equal(HostChangeFault.Stale, Assert.Single(net.Did.OfType<HostAction.Failed>()).Why.Fault);
    }

    [Fact]
    public void A_controller_takes_the_place_of_another_in_one_update_of_its_row()
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Database.Set("Controller", Controller, ("target", OvsdbSet.Of("tcp:192.0.2.8:6653")), ("max_backoff", Integer(8000)));
        net.Database.Set("Bridge", Bridge, ("controller", Row(Controller)));
        net.Start();

        net.Apply(new SetControllers("br-int", [new ControllerTarget("tcp:192.0.2.9:6653")]));

        var operations = Assert.Single(net.Database.Transactions).Operations.Select(operation => (string)operation!["op"]!);
        Assert.Equal(["wait", "update", "comment", "mutate", "select"], operations);
        Assert.Equal(Row(Controller), net.Database.Value("Bridge", Bridge, "controller"));
        Assert.Equal(OvsdbSet.Of("tcp:192.0.2.9:6653"), net.Database.Value("Controller", Controller, "target"));
        Assert.Equal(Integer(1000), net.Database.Value("Controller", Controller, "max_backoff"));
    }

    public static TheoryData<HostChange, string> Conflicts => new()
    {
        { new CreateBridge("br-int", "system", BridgeFailMode.Secure), "the bridge is there already" },
        { new SetFailMode("br-ext", BridgeFailMode.Secure), "the bridge is not there" },
        { new SetControllers("br-int", []), "a bridge without controllers loses its flows" },
        { new PutPort("br-other", "tap1", "vxlan", StringMap.Empty), "bridge br-int has a port of this name" },
    };

    [Theory]
    [MemberData(nameof(Conflicts))]
    public void A_change_that_cannot_be_is_refused_without_a_transaction(HostChange change, string error)
    {
        var net = new Net();
        AddBridge(net.Database);
        var other = Guid.NewGuid();
        net.Database.Set("Bridge", other, ("name", OvsdbSet.Of("br-other")));
        net.Database.Set("Open_vSwitch", FakeOvsdb.Root, ("bridges", new OvsdbSet([OvsdbAtom.Of(Bridge), OvsdbAtom.Of(other)])));
        net.Start();

        net.Apply(change);

        var failed = Assert.Single(net.Did.OfType<HostAction.Failed>()).Why;
        Assert.Equal((HostChangeFault.Conflict, change, error), (failed.Fault, failed.Change, failed.Error));
        Assert.Empty(net.Database.Transactions);
    }

    [Fact]
    public void What_the_database_refuses_names_the_change_and_the_next_one_goes_on()
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Database.Set("Port", Guid.NewGuid(), ("name", OvsdbSet.Of("br-new")));
        net.Start();

        net.Apply(new CreateBridge("br-new", "netdev", BridgeFailMode.Secure));
        net.Apply(new SetBridgeConfig("br-int", "a", "b"));
        net.Database.ApplyConfig();
        net.Run();

        var refused = Assert.Single(net.Did.OfType<HostAction.Failed>()).Why;
        Assert.Equal((HostChangeFault.Refused, "constraint violation", "br-new"), (refused.Fault, refused.Error, refused.Change?.Bridge));
        Assert.Single(net.Did.OfType<HostAction.Applied>());
        Assert.Equal("b", net.Shown.Bridge("br-int")!.OtherConfig["a"]);
    }

    [Fact]
    public void A_switch_that_does_not_apply_is_waited_for_and_then_named()
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Start();

        net.Apply(new SetBridgeConfig("br-int", "a", "b"));
        net.RunUntil(TimeSpan.FromSeconds(9));
        Assert.Empty(net.Did.OfType<HostAction.Failed>());
        net.RunUntil(TimeSpan.FromSeconds(11));

        Assert.Equal(HostChangeFault.NotApplied, Assert.Single(net.Did.OfType<HostAction.Failed>()).Why.Fault);
        Assert.Empty(net.Did.OfType<HostAction.Close>());
    }

    [Fact]
    public void When_the_session_ends_everything_that_was_asked_for_fails()
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Start();
        net.Apply(new SetBridgeConfig("br-int", "a", "b"));
        net.Apply(new SetBridgeConfig("br-int", "c", "d"));

        net.Send(new HostEvent.Lost("the cable"));
        net.Apply(new SetBridgeConfig("br-int", "e", "f"));

        Assert.Equal(3, net.Did.OfType<HostAction.Failed>().Count(failed => failed.Why.Fault == HostChangeFault.Disconnected));
        Assert.Equal("the cable", Assert.Single(net.Did.OfType<HostAction.Close>()).Reason);
    }

    [Theory]
    [InlineData("""["inventory",{"Bridge":{"not-a-row":{"delete":null}}}]""")]
    [InlineData("""["inventory",{"Elsewhere":{}}]""")]
    [InlineData("""["inventory",{"Bridge":{"0f6ee8ac-1c5a-4c3e-8d4e-0000000000b1":{"modify":{"elsewhere":1}}}}]""")]
    [InlineData("""["inventory",{"Bridge":{"0f6ee8ac-1c5a-4c3e-8d4e-0000000000b1":{"modify":{"other_config":1}}}}]""")]
    [InlineData("""["inventory",{"Bridge":{"0f6ee8ac-1c5a-4c3e-8d4e-0000000000b1":{"modify":{"name":["map",[]]}}}}]""")]
    [InlineData("""["inventory",{"Bridge":{"0f6ee8ac-1c5a-4c3e-8d4e-0000000000ff":{"modify":{"name":"x"}}}}]""")]
    [InlineData("""["inventory",{"Bridge":{"0f6ee8ac-1c5a-4c3e-8d4e-0000000000b1":{"modify":{"name":7}}}}]""")]
    [InlineData("""["inventory"]""")]
    [InlineData("""["inventory",[]]""")]
    public void Nonsense_in_an_update_ends_the_session(string parameters)
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Start();

        net.Send(new HostEvent.Received(new JsonRpcNotification("update2", JsonElement.Parse(parameters))));
        net.Send(new HostEvent.Settled());

        Assert.Single(net.Did.OfType<HostAction.Close>());
    }

    public static TheoryData<string, string, OvsdbValue> Beyond => new()
    {
        { "Port", "tag", Integer(1L << 32) },
        { "Port", "trunks", Integer(1L << 40) },
        { "Interface", "mtu", Integer(1L << 31) },
        { "Mirror", "output_vlan", Integer(-(1L << 40)) },
        { "Mirror", "snaplen", Integer(1L << 32) },
        { "Mirror", "select_vlan", Integer(1L << 40) },
        { "QoS", "queues", new OvsdbMap([new(OvsdbAtom.Of(1L << 32), OvsdbAtom.Of(Queue))]) },
        { "QoS", "queues", new OvsdbMap([new(OvsdbAtom.Of(-1L), OvsdbAtom.Of(Queue))]) },
        { "Queue", "dscp", Integer(1L << 32) },
    };

    [Theory]
    [MemberData(nameof(Beyond))]
    public void A_number_that_has_no_room_in_an_inventory_is_nonsense_and_is_shown_as_no_other(string table, string column, OvsdbValue value)
    {
        var net = new Net();
        AddBridge(net.Database);
        net.Database.Set("Queue", Queue, ("dscp", Integer(1)));
        net.Database.Set("QoS", Qos, ("type", OvsdbSet.Of("linux-htb")), ("queues", new OvsdbMap([new(OvsdbAtom.Of(uint.MaxValue), OvsdbAtom.Of(Queue))])));
        net.Database.Set("Port", Port, ("qos", Row(Qos)), ("tag", Integer(4095)));
        net.Database.Set("Mirror", Mirror, ("name", OvsdbSet.Of("m")));
        net.Database.Set("Bridge", Bridge, ("mirrors", Row(Mirror)));
        net.Start();
        Assert.Equal(uint.MaxValue, net.Shown.Bridge("br-int")!.Ports[0].Qos!.Settings.Queues[0].Number);

        var row = new Dictionary<string, Guid> { ["Port"] = Port, ["Interface"] = Interface, ["Mirror"] = Mirror, ["QoS"] = Qos, ["Queue"] = Queue }[table];
        net.Database.Set(table, row, (column, value));
        net.Run();

        Assert.StartsWith($"{column}: ", Assert.Single(net.Did.OfType<HostAction.Close>()).Reason, StringComparison.Ordinal);
    }

    private static void Announce(FakeOvsdb database, string vtep) => database.Set(
        "Open_vSwitch", FakeOvsdb.Root, ("external_ids", Map(("system-id", "h1"), ("dwcp-vtep-ip", vtep))));

    private static void AddBridge(FakeOvsdb database)
    {
        database.Set("Interface", Interface, ("name", OvsdbSet.Of("tap1")), ("ofport", Integer(5)), ("link_state", OvsdbSet.Of("up")), ("external_ids", Map(("iface-id", "p1"))));
        database.Set("Port", Port, ("name", OvsdbSet.Of("tap1")), ("interfaces", Row(Interface)));
        database.Set("Bridge", Bridge, ("name", OvsdbSet.Of("br-int")), ("fail_mode", OvsdbSet.Of("secure")), ("ports", Row(Port)));
        database.Set("Open_vSwitch", FakeOvsdb.Root, ("bridges", Row(Bridge)));
    }

    private static OvsdbSet Integer(long number) => new([OvsdbAtom.Of(number)]);

    private static OvsdbSet Row(Guid row) => new([OvsdbAtom.Of(row)]);

    private static OvsdbMap Map(params (string Key, string Value)[] pairs) =>
        new([.. pairs.Select(pair => KeyValuePair.Create(OvsdbAtom.Of(pair.Key), OvsdbAtom.Of(pair.Value)))]);

    /// <summary>The machine and a database joined by a wire without delay, under a clock that jumps from deadline to deadline.</summary>
    private sealed class Net(FakeOvsdb? database = null)
    {
        private readonly Queue<JsonRpcMessage> toDatabase = new();
        private TimeSpan now;
        private HostMachine machine = new(new JsonRpcMachine(new(), TimeSpan.Zero), new HostTimes(), IpAddress.Parse("198.51.100.1"), IpAddress.Parse("198.51.100.7"));

        public FakeOvsdb Database { get; } = database ?? new FakeOvsdb();

        public List<HostAction> Did { get; } = [];

        public Action? BeforeTransaction { get; set; }

        public HostInventory Shown => Did.OfType<HostAction.Show>().Last().Inventory;

        public List<string> Comments() => [.. Database.Transactions
            .SelectMany(transaction => transaction.Operations)
            .Where(operation => (string)operation!["op"]! == "comment")
            .Select(operation => (string)operation!["comment"]!)];

        public void Start()
        {
            Send(new HostEvent.Connected());
            Run();
        }

        public void Apply(params ImmutableArray<HostChange> changes)
        {
            Send(new HostEvent.Apply(new object(), changes));
            Run();
        }

        public void Run()
        {
            while (toDatabase.Count > 0 || Database.Out.Count > 0)
            {
                while (toDatabase.TryDequeue(out var message))
                {
                    if (message is JsonRpcRequest { Method: "transact" })
                    {
                        BeforeTransaction?.Invoke();
                    }

                    Database.Take(message);
                }

                while (Database.Out.TryDequeue(out var message))
                {
                    Send(new HostEvent.Received(message));
                }

                Send(new HostEvent.Settled());
            }
        }

        public void RunUntil(TimeSpan until)
        {
            while (machine.Deadline < until)
            {
                now = machine.Deadline;
                Send(new HostEvent.Tick());
                Run();
            }

            now = until;
        }

        public void Send(HostEvent e)
        {
            (machine, var actions) = machine.On(e, now);
            Did.AddRange(actions);
            foreach (var send in actions.OfType<HostAction.Send>())
            {
                toDatabase.Enqueue(send.Message);
            }
        }
    }
}
