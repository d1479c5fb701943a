using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Hosts;

namespace Dwcp.Sdn.Tests.Bridges;

/// <summary>What is said of a port's QoS is no more than what is known.</summary>
public sealed class QosEffectTests
{
    [Theory]
    [InlineData("linux-htb", "system", "linux-htb", "system", false, "tc linux-htb", "UNCONFIRMED")]
    [InlineData("linux-htb", "system", "linux-htb", "system", true, "tc linux-htb", "UNCONFIRMED")]
    [InlineData("linux-htb", "system", "linux-htb", "netdev", false, "tc linux-htb", "UNCONFIRMED")]
    [InlineData("linux-htb", "system", "linux-htb", "netdev", true, "tc linux-htb", "PARTLY")]
    [InlineData("linux-htb", "system", "linux-hfsc", "system", false, "none", "NOT_IN_EFFECT")]
    [InlineData("linux-htb", "system", null, "system", false, "none", "NOT_IN_EFFECT")]
    [InlineData("linux-htb", "vxlan", "linux-htb", "system", false, "none", "NOT_IN_EFFECT")]
    [InlineData("linux-htb", "patch", "linux-htb", "system", false, "none", "NOT_IN_EFFECT")]
    [InlineData("linux-noop", "system", "linux-noop", "system", false, "none", "IN_EFFECT")]
    [InlineData("egress-policer", "system", "egress-policer", "netdev", false, "none", "NOT_IN_EFFECT")]
    [InlineData("egress-policer", "dpdk", "egress-policer", "netdev", false, "DPDK egress-policer", "UNCONFIRMED")]
    public void The_mechanism_is_what_the_host_can_have(string wanted, string portType, string? set, string datapath, bool queues, string mechanism, string effect)
    {
        var spec = new BridgeQosSpec { Port = "p", Type = wanted, Queues = queues ? [new BridgeQueueSpec()] : [] };
        var qos = set is null ? null : new Shown<QosSettings>(new(set), IsOurs: true);
        var bridge = new BridgeInventory("b") { Ports = [new PortInventory("p") { Qos = qos, Interfaces = [new InterfaceInventory("p") { Type = portType }] }] };

        var status = QosEffect.Of(spec, bridge, datapath);

        Assert.Equal((mechanism, effect), (status.Mechanism, status.State));
    }

    [Fact]
    public void A_port_that_is_not_there_has_none()
    {
        var status = QosEffect.Of(new() { Port = "p", Type = "linux-htb" }, null, null);

        Assert.Equal(("none", "NOT_IN_EFFECT", "the bridge does not have the port"), (status.Mechanism, status.State, status.Message));
    }
}
