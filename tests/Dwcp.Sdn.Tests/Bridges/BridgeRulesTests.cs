using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Tests.Fabric;

namespace Dwcp.Sdn.Tests.Bridges;

/// <summary>What cannot be asked of a bridge, and what the caller is told.</summary>
public sealed class BridgeRulesTests
{
    private readonly FabricBench bench = new();

    [Fact]
    public void Every_problem_of_a_request_is_named_at_once()
    {
        var problems = bench.Refused(
            Ask(new BridgeSpec
            {
                Name = "br-int",
                DatapathType = "DPDK",
                Ports =
                [
                    new() { Name = "a name that is far too long", Vlan = 5000 },
                    new() { Name = "t", Type = "TELEPORT" },
                    new() { Name = "d", Type = "dpdk" },
                    new() { Name = "v", Type = "VXLAN", Options = StringMap.Of(("key", "99999999"), ("remot_ip", "192.0.2.1")) },
                    new() { Name = "p", Type = "patch", Bfd = new() },
                ],
                Mirrors = [new() { Name = "m" }],
                FlowExport = new() { Netflow = new() { Targets = ["collector"] }, Sflow = new() },
                Qos = [new() { Port = "v", Type = "linux-fq_codel", Queues = [new() { Queue = 1 }] }, new() { Port = "t", Type = "linux-cbq" }],
            }),
            OutcomeKind.Invalid);

        Assert.Equal(
            [
                ("switch", "required"), ("name", "invalid"), ("datapathType", "invalid"),
                ("ports[0].name", "invalid"), ("ports[0].vlan", "out-of-range"),
                ("ports[1].type", "invalid"), ("ports[2].type", "not-supported-yet"),
                ("ports[3].options.key", "invalid"), ("ports[3].options.remot_ip", "unknown-field"), ("ports[3].options.remote_ip", "required"),
                ("ports[4].options.peer", "required"), ("ports[4].bfd", "not-supported"),
                ("mirrors[0]", "invalid"), ("mirrors[0]", "invalid"),
                ("flowExport.sflow.targets", "required"), ("flowExport.netflow.targets[0]", "invalid"),
                ("qos[0].queues", "not-supported"), ("qos[1].type", "not-supported"),
            ],
            problems.Select(problem => (problem.Field, problem.Code)));
        Assert.Contains("Linux removed it", problems[^1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("VXLAN", "remote_ip", "192.0.2.9", true)]
    [InlineData("vxlan", "remote_ip", "2001:db8::9", true)]
    [InlineData("vxlan", "remote_ip", "flow", true)]
    [InlineData("vxlan", "remote_ip", "224.0.0.1", false)]
    [InlineData("vxlan", "remote_ip", "host.example", false)]
    [InlineData("geneve", "key", "16777215", true)]
    [InlineData("geneve", "key", "16777216", false)]
    [InlineData("gre", "key", "4294967295", true)]
    [InlineData("gre", "in_key", "flow", true)]
    [InlineData("gre", "in_key", "-1", false)]
    [InlineData("gre", "dst_port", "4789", false)]
    [InlineData("vxlan", "dst_port", "0", false)]
    [InlineData("vxlan", "tos", "inherit", true)]
    [InlineData("vxlan", "tos", "3", false)]
    [InlineData("vxlan", "df_default", "yes", false)]
    [InlineData("vxlan", "local_ip", "flow", false)]
    [InlineData("internal", "peer", "x", false)]
    public void An_option_of_a_port_is_judged_by_what_ovs_takes(string type, string key, string value, bool isTaken)
    {
        var options = type is "internal" || key == "remote_ip" ? StringMap.Of((key, value)) : StringMap.Of((key, value), ("remote_ip", "192.0.2.1"));
        var judgement = Dwcp.Sdn.Fabric.Intent.Judge.Of(bench.Machine.Intent, Ask(new BridgeSpec { Switch = "h1", Name = "br-x", Ports = [new() { Name = "t0", Type = type, Options = options }] }));
        Assert.Equal(isTaken, judgement.Refused is null);
    }

    [Fact]
    public void A_host_has_each_name_once()
    {
        bench.Do(Ask(new BridgeSpec { Switch = "h1", Name = "br-a", Ports = [new() { Name = "eth1" }] }, "a"));

        Assert.Equal("name", Assert.Single(bench.Refused(Ask(new BridgeSpec { Switch = "h1", Name = "br-a" }, "b"), OutcomeKind.Conflict)).Field);
        Assert.Equal("ports[0].name", Assert.Single(bench.Refused(Ask(new BridgeSpec { Switch = "h1", Name = "br-b", Ports = [new() { Name = "eth1" }] }, "b"), OutcomeKind.Conflict)).Field);
        Assert.Equal("name", Assert.Single(bench.Refused(Ask(new BridgeSpec { Switch = "h1", Name = "eth1" }, "b"), OutcomeKind.Conflict)).Field);
        bench.Do(Ask(new BridgeSpec { Switch = "h2", Name = "br-a", Ports = [new() { Name = "eth1" }] }, "b"));
    }

    [Fact]
    public void The_datapath_of_a_bridge_is_not_changed_under_its_ports()
    {
        bench.Do(Ask(new BridgeSpec { Switch = "h1", Name = "br-a", DatapathType = "NETDEV" }, "a"));

        Assert.Equal(("datapathType", "immutable"), bench.Refused(Ask(new BridgeSpec { Switch = "h1", Name = "br-a", DatapathType = "SYSTEM" }, "a"), OutcomeKind.Invalid).Select(p => (p.Field, p.Code)).Single());
    }

    private static PutCommand Ask(BridgeSpec spec, string id = "b1") => new(ResourceKind.Bridge, id, spec, Fabric.Ask.NoLabels);
}
