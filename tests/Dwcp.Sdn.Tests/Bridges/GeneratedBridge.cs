using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Bridges;

/// <summary>Specs of bridges at random, each of which can be.</summary>
internal sealed class GeneratedBridge(Random random)
{
    private static readonly string[] Names = ["p0", "p1", "p2", "p3", "p4", "p5"];

    public BridgeSpec Next(string host, string name)
    {
        var ports = Names.Where(_ => random.Next(2) == 0).Select((port, i) => Port($"{name}-{port}", i)).ToEquatableArray();
        return new BridgeSpec
        {
            Switch = host,
            Name = name,
            FailMode = random.Next(3) switch { 0 => "SECURE", 1 => "STANDALONE", _ => null },
            Ports = ports,
            Mirrors = ports.IsEmpty ? [] : [.. new[] { "m0", "m1" }.Where(_ => random.Next(2) == 0).Select(mirror => Mirror(mirror, ports))],
            FlowExport = random.Next(3) == 0 ? null : Exports(),
            Qos = [.. ports.Where(_ => random.Next(2) == 0).Select(Qos)],
        };
    }

    private BridgePortSpec Port(string name, int i) => random.Next(5) switch
    {
        0 => new() { Name = name, Vlan = Maybe(4094) },
        1 => new() { Name = name, Type = "INTERNAL", Trunks = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (uint)random.Next(4095))] },
        2 => new() { Name = name, Type = "patch", Options = StringMap.Of(("peer", $"x{random.Next(3)}")) },
        3 => new()
        {
            Name = name,
            Type = "vxlan",
            Options = StringMap.Of(("remote_ip", $"192.0.2.{i + 1}"), ("key", $"{random.Next(100)}")),
            Bfd = random.Next(2) == 0 ? null : new() { MinRxMs = Maybe(2000), MinTxMs = Maybe(2000), ForwardingIfRx = random.Next(2) == 0, Enabled = random.Next(2) == 0 ? null : false },
        },
        _ => new() { Name = name, Type = "geneve", Options = StringMap.Of(("remote_ip", "flow"), ("key", "flow")) },
    };

    private MirrorSpec Mirror(string name, EquatableArray<BridgePortSpec> ports)
    {
        var toPort = random.Next(2) == 0;
        return new()
        {
            Name = name,
            SelectAll = true,
            SourcePorts = [.. ports.Where(_ => random.Next(2) == 0).Select(port => port.Name!)],
            DestinationPorts = [.. ports.Where(_ => random.Next(2) == 0).Select(port => port.Name!)],
            Vlans = [.. Enumerable.Range(0, random.Next(3)).Select(_ => (uint)random.Next(4095))],
            OutputPort = toPort ? ports[random.Next(ports.Count)].Name : null,
            OutputVlan = toPort ? null : (uint)random.Next(1, 4095),
            SnapLength = random.Next(2) == 0 ? null : (uint)random.Next(14, 1500),
        };
    }

    private FlowExportSpec Exports() => new()
    {
        Sflow = random.Next(2) == 0 ? null : new() { Targets = ["127.0.0.1:6343"], Agent = "lo", Sampling = Maybe(1000) },
        Ipfix = random.Next(2) == 0 ? null : new() { Targets = ["127.0.0.1:4739", "127.0.0.2:4739"], ObservationDomain = (uint)random.Next(3), SampleTunnels = random.Next(2) == 0 },
        Netflow = random.Next(2) == 0 ? null : new() { Targets = ["127.0.0.1:2055"], AddIdToInterface = random.Next(2) == 0, ActiveTimeoutSeconds = (uint)random.Next(3) },
    };

    private BridgeQosSpec Qos(BridgePortSpec port) => random.Next(3) switch
    {
        0 => new() { Port = port.Name, Type = "linux-fq_codel", Options = StringMap.Of(("target", "5000")) },
        1 => new() { Port = port.Name, Type = "linux-noop" },
        _ => new()
        {
            Port = port.Name,
            Type = "linux-htb",
            Options = StringMap.Of(("max-rate", $"{random.Next(1, 9)}000000")),
            Queues = [.. Enumerable.Range(0, random.Next(3)).Select(i => new BridgeQueueSpec { Queue = (uint)(3 - i), Dscp = Maybe(63), Options = StringMap.Of(("min-rate", "1000")) })],
        },
    };

    private uint? Maybe(int highest) => random.Next(2) == 0 ? null : (uint)random.Next(1, highest + 1);
}
