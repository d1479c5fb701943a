using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Hosts;

namespace Dwcp.Sdn.Tests.Fabric;

public class HostJoinTests
{
    private const string Target = "tcp:192.0.2.254:6653";

    private static readonly StringMap TunnelOptions = StringMap.Of(("remote_ip", "flow"), ("key", "flow"), ("local_ip", "192.0.2.1"));

    private static readonly HostInventory Bare = new() { SystemId = "h1", VtepIp = IpAddress.Parse("192.0.2.1") };

    /// <summary>A bridge that somebody else's script made, with a VM in it.</summary>
    private static readonly BridgeInventory Theirs = new(HostJoin.Bridge)
    {
        DatapathId = new DatapathId(0x0000_aabb_ccdd_eeff),
        DatapathType = "netdev",
        OtherConfig = StringMap.Of(("hwaddr", "aa:bb:cc:dd:ee:ff")),
        Ports = [new PortInventory("tap0") { Interfaces = [new InterfaceInventory("tap0") { IfaceId = "vm", OfPort = new PortNumber(3) }] }],
    };

    public static TheoryData<string, HostInventory, string[]> Hosts => new()
    {
        { "nothing there", Bare, ["create bridge br-int", "put port vxlan0 of bridge br-int", "set controllers of bridge br-int"] },
        {
            "a bridge of somebody else", Bare with { Bridges = [Theirs] },
            ["set fail mode of bridge br-int", "set disable-in-band of bridge br-int", "put port vxlan0 of bridge br-int", "set controllers of bridge br-int"]
        },
        { "as it should be", Joined(b => b), [] },
        { "standalone", Joined(b => b with { FailMode = BridgeFailMode.Standalone }), ["set fail mode of bridge br-int"] },
        { "no fail mode", Joined(b => b with { FailMode = BridgeFailMode.Unset }), ["set fail mode of bridge br-int"] },
        { "other protocols", Joined(b => b with { Protocols = ["OpenFlow10", "OpenFlow15"] }), ["set protocols of bridge br-int"] },
        { "every protocol", Joined(b => b with { Protocols = [] }), [] },
        { "more protocols", Joined(b => b with { Protocols = ["OpenFlow10", "OpenFlow13"] }), [] },
        { "in-band", Joined(b => b with { OtherConfig = StringMap.Of(("disable-in-band", "false")) }), ["set disable-in-band of bridge br-int"] },
        { "no tunnel", Joined(b => b with { Ports = [] }), ["put port vxlan0 of bridge br-int"] },
        { "another VTEP", Joined(b => b) with { VtepIp = IpAddress.Parse("192.0.2.9") }, ["put port vxlan0 of bridge br-int"] },
        { "a fixed remote", Joined(b => WithTunnel(b, "vxlan", StringMap.Of(("remote_ip", "192.0.2.7"), ("key", "flow"), ("local_ip", "192.0.2.1")))), ["put port vxlan0 of bridge br-int"] },
        { "another type", Joined(b => WithTunnel(b, "geneve", TunnelOptions)), ["put port vxlan0 of bridge br-int"] },
        { "no controller", Joined(b => b with { Controllers = [] }), ["set controllers of bridge br-int"] },
        { "another controller", Joined(b => b with { Controllers = [new ControllerInventory("tcp:192.0.2.7:6653") { MaxBackoff = 1000 }] }), ["set controllers of bridge br-int"] },
        { "one controller more", Joined(b => b with { Controllers = [.. b.Controllers, new ControllerInventory("tcp:192.0.2.7:6653") { MaxBackoff = 1000 }] }), ["set controllers of bridge br-int"] },
        { "a patient controller", Joined(b => b with { Controllers = [new ControllerInventory(Target)] }), ["set controllers of bridge br-int"] },
    };

    [Theory]
    [MemberData(nameof(Hosts))]
    public void What_is_planned_is_what_is_missing_and_then_nothing_is(string what, HostInventory host, string[] expected)
    {
        var plan = HostJoin.Plan("h1", host, Target);
        var joined = Apply(host, plan);

        Assert.True(expected.SequenceEqual(plan.Select(c => c.ToString())), $"{what}: {string.Join(", ", plan)}");
        Assert.Empty(HostJoin.Plan("h1", joined, Target));
        var bridge = joined.Bridge(HostJoin.Bridge)!;
        Assert.Equal(BridgeFailMode.Secure, bridge.FailMode);
        Assert.Equal([Target], bridge.Controllers.Select(c => c.Target));
    }

    [Fact]
    public void A_bridge_is_secure_before_it_has_a_controller()
    {
        var plan = HostJoin.Plan("h1", Bare with { Bridges = [Theirs] }, Target).ToList();

        Assert.True(plan.FindIndex(c => c is SetFailMode) < plan.FindIndex(c => c is SetControllers));
    }

    [Fact]
    public void An_adopted_bridge_keeps_its_datapath_its_ports_and_its_settings()
    {
        var host = Bare with { Bridges = [Theirs with { Protocols = ["OpenFlow10"] }] };

        var bridge = Apply(host, HostJoin.Plan("h1", host, Target)).Bridge(HostJoin.Bridge)!;

        Assert.Equal((Theirs.DatapathId, "netdev"), (bridge.DatapathId, bridge.DatapathType));
        Assert.Equal(Theirs.Ports[0], bridge.Ports[0]);
        Assert.Equal(["OpenFlow10", "OpenFlow13"], bridge.Protocols);
        Assert.Equal("aa:bb:cc:dd:ee:ff", bridge.OtherConfig["hwaddr"]);
    }

    [Theory]
    [InlineData(null, "system")]
    [InlineData("netdev", "netdev")]
    public void A_bridge_that_is_made_has_the_datapath_type_that_the_host_wishes(string? wish, string type)
    {
        var made = HostJoin.Plan("h1", Bare with { DatapathTypeWish = wish }, Target).OfType<CreateBridge>().Single();

        Assert.Equal((type, DatapathId.OfHost("h1")), (made.DatapathType, made.DatapathId));
    }

    [Fact]
    public void A_bridge_made_anew_for_the_same_name_is_the_same_switch()
    {
        Assert.Equal(DatapathId.OfHost("h1"), DatapathId.OfHost("h1"));
        Assert.NotEqual(DatapathId.OfHost("h1"), DatapathId.OfHost("h2"));
        Assert.Equal(0xd3c9ul, DatapathId.OfHost("h1").Value >> 48);
    }

    private static HostInventory Joined(Func<BridgeInventory, BridgeInventory> change) => Bare with
    {
        Bridges =
        [
            change(WithTunnel(
                Theirs with
                {
                    FailMode = BridgeFailMode.Secure,
                    Protocols = ["OpenFlow13"],
                    OtherConfig = StringMap.Of(("disable-in-band", "true")),
                    Controllers = [new ControllerInventory(Target) { MaxBackoff = 1000, IsConnected = true }],
                },
                "vxlan",
                TunnelOptions)),
        ],
    };

    private static BridgeInventory WithTunnel(BridgeInventory bridge, string type, StringMap options) => bridge with
    {
        Ports =
        [
            .. bridge.Ports.Where(p => p.Name != HostJoin.TunnelPort),
            new PortInventory(HostJoin.TunnelPort) { Interfaces = [new InterfaceInventory(HostJoin.TunnelPort) { Type = type, Options = options }] },
        ],
    };

    /// <summary>A host that does as it is asked, bridges first.</summary>
    private static HostInventory Apply(HostInventory host, ImmutableArray<HostChange> changes)
    {
        foreach (var change in changes.OrderBy(c => c is CreateBridge ? 0 : 1))
        {
            host = change is CreateBridge create
                ? host with { Bridges = [.. host.Bridges, Create(create)] }
                : host with { Bridges = host.Bridges.Select(b => b.Name == change.Bridge ? Apply(b, change) : b).ToEquatableArray() };
        }

        return host;
    }

    private static BridgeInventory Create(CreateBridge create) => new(create.Bridge)
    {
        DatapathId = create.DatapathId,
        DatapathType = create.DatapathType,
        FailMode = create.FailMode,
        Protocols = create.Protocols,
        OtherConfig = create.OtherConfig,
    };

    private static BridgeInventory Apply(BridgeInventory bridge, HostChange change)
    {
        switch (change)
        {
            case SetFailMode set:
                return bridge with { FailMode = set.FailMode };
            case SetProtocols set:
                return bridge with { Protocols = set.Protocols };
            case SetBridgeConfig set:
                return bridge with { OtherConfig = StringMap.Of([.. bridge.OtherConfig.Where(p => p.Key != set.Key).Select(p => (p.Key, p.Value)), (set.Key, set.Value!)]) };
            case PutPort put:
                return WithTunnel(bridge, put.Type, put.Options);
            case SetControllers set:
                Assert.Equal(BridgeFailMode.Secure, bridge.FailMode);
                return bridge with { Controllers = set.Controllers.Select(c => new ControllerInventory(c.Target) { MaxBackoff = c.MaxBackoff, InactivityProbe = c.InactivityProbe }).ToEquatableArray() };
            default:
                throw new ArgumentException($"{change} is not what a host is asked to join", nameof(change));
        }
    }
}
