using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Services;
using Dwcp.Sdn.Tests.Fabric;

namespace Dwcp.Sdn.Tests.Bridges;

public sealed class BridgeMappingTests
{
    [Fact]
    public void A_bridge_is_the_same_after_it_was_a_message()
    {
        var status = new BridgeStatus(
            [], 1, "d3c9000000000001", "netdev", true,
            [new("t0", "vxlan", "FAILED", 3, "no such device", false, StringMap.Of(("state", "up")))],
            ["m0"], ["sflow"], [new("t0", "linux-htb", "none", "NOT_IN_EFFECT", "a tunnel")]);
        var generated = new GeneratedBridge(new Random(3));
        for (var i = 0; i < 200; i++)
        {
            var spec = generated.Next("h1", "br-x");
            var message = Mapping.ToBridge(new Resource(ResourceKind.Bridge, "b", Ask.NoLabels, 1, 1, spec, spec, status));

            Assert.Equal(spec, Mapping.ToSpec(message));
            Assert.Equal(("Failed", "NotInEffect"), ($"{message.Status.Ports[0].State}", $"{message.Status.Qos[0].State}"));
        }
    }
}
