using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;

namespace Dwcp.Sdn.Tests.Pipeline;

/// <summary>A network of a fabric under test.</summary>
internal sealed record TestNetwork(uint BridgeDomain, Vni Vni, bool SuppressArp, bool FloodUnknown, EquatableArray<Gateway> Gateways);

/// <summary>A VM of a fabric under test, with the port it hangs on.</summary>
internal sealed record TestHost(uint LogicalPort, int Switch, PortNumber OfPort, TestNetwork Network, MacAddress Mac, EquatableArray<IpAddress> Addresses, bool PortSecurity)
{
    public IpAddress V4 => Addresses.First(a => a.IsV4);

    public IpAddress V6 => Addresses.First(a => a.IsV6);
}

/// <summary>A frame that a host received.</summary>
internal sealed record Delivery(TestHost Host, EquatableArray<byte> Frame);

/// <summary>What a frame did in the whole fabric.</summary>
internal sealed class Outcome
{
    public List<Delivery> Deliveries { get; } = [];

    public List<Trace> Traces { get; } = [];

    public IEnumerable<DropReason> Drops => Traces.SelectMany(t => t.Drops);

    public IEnumerable<TestHost> Receivers => Deliveries.Select(d => d.Host);

    public int TunnelFrames { get; set; }
}

/// <summary>One switch of a fabric under test: what it should hold, what it holds, and the interpreter that runs it.</summary>
internal sealed class FakeSwitch
{
    public static readonly PortNumber TunnelPort = new(1000);

    /// <summary>Leads to a switch that is no part of the fabric under test.</summary>
    public static readonly PortNumber FabricPort = new(90);

    private readonly Interpreter interpreter;

    public FakeSwitch(IpAddress vtep)
    {
        Vtep = vtep;
        interpreter = new Interpreter(Tables);
    }

    public IpAddress Vtep { get; }

    public SwitchPlan Plan { get; } = new();

    public SoftwareTables Tables { get; } = new();

    public TablesChange Reconcile()
    {
        var change = FlowPlan.Between(new KnownTables(Tables.Read()), Plan);
        Assert.Null(Tables.Apply(change));
        return change;
    }

    public Trace Run(Packet packet) => interpreter.Run(packet);

    public ulong Counted(DropReason reason) => Tables.Flows.Values
        .Where(f => f.Rule.Table == Table.Drop && f.Rule.Match.Find(Registers.DropReason)?.Value == (uint)reason)
        .Aggregate(0ul, (sum, f) => sum + f.Packets);
}

/// <summary>Several switches joined by VXLAN, with hosts on their ports: the question is "does a frame from A come out at B".</summary>
internal sealed class FakeFabric
{
    public FakeFabric(IEnumerable<IpAddress> vteps, IEnumerable<TestHost> hosts)
    {
        Switches = [.. vteps.Select(v => new FakeSwitch(v))];
        Hosts = [.. hosts];
        foreach (var index in Enumerable.Range(0, Switches.Count))
        {
            foreach (var need in NeedsOf(index))
            {
                Switches[index].Plan.Set(need);
            }

            Switches[index].Reconcile();
        }
    }

    public List<FakeSwitch> Switches { get; }

    public List<TestHost> Hosts { get; }

    /// <summary>What Fabric would say that a switch needs.</summary>
    public IEnumerable<Need> NeedsOf(int index)
    {
        yield return new BaseNeed();
        yield return new TunnelPortNeed(FakeSwitch.TunnelPort);
        yield return new FabricPortNeed(FakeSwitch.FabricPort);
        foreach (var (other, at) in Switches.Select((s, at) => (s, at)))
        {
            if (at != index)
            {
                yield return new VtepNeed(other.Vtep);
            }
        }

        foreach (var network in Hosts.Where(h => h.Switch == index).Select(h => h.Network).Distinct())
        {
            var members = Hosts.Where(h => h.Network == network).ToList();
            yield return new NetworkNeed(network.BridgeDomain, network.Vni, 0, network.FloodUnknown, network.Gateways);
            yield return new FloodNeed(
                network.BridgeDomain,
                network.Vni,
                [.. members.Where(h => h.Switch == index).Select(h => h.LogicalPort).Order()],
                [.. members.Where(h => h.Switch != index).Select(h => Switches[h.Switch].Vtep).Distinct().Order()]);
            foreach (var host in members)
            {
                yield return host.Switch == index
                    ? new LocalPortNeed(host.LogicalPort, host.OfPort, network.BridgeDomain, 0, host.Mac, host.Addresses, host.PortSecurity, network.SuppressArp)
                    : new RemoteHostNeed(network.BridgeDomain, host.Mac, host.Addresses, Switches[host.Switch].Vtep, network.Vni, network.SuppressArp);
            }
        }
    }

    /// <summary>A host sends a frame.</summary>
    public Outcome Send(TestHost from, byte[] frame) => Send(from.Switch, new Packet(frame, from.OfPort));

    /// <summary>A packet comes in to a switch; what leaves by tunnels goes on to where it leads.</summary>
    public Outcome Send(int at, Packet packet)
    {
        var outcome = new Outcome();
        var waiting = new Queue<(int Switch, Packet Packet)>([(at, packet)]);
        while (waiting.TryDequeue(out var next))
        {
            Assert.True(outcome.Traces.Count < 64, "a loop");
            var trace = Switches[next.Switch].Run(next.Packet);
            Assert.Null(trace.Fault);
            outcome.Traces.Add(trace);
            foreach (var output in trace.Outputs)
            {
                if (output.Port != FakeSwitch.TunnelPort)
                {
                    outcome.Deliveries.Add(new Delivery(Hosts.Single(h => h.Switch == next.Switch && h.OfPort == output.Port), output.Frame));
                    continue;
                }

                outcome.TunnelFrames++;
                var to = Switches.FindIndex(s => s.Vtep == output.Tunnel.Destination);
                var around = new TunnelMetadata(output.Tunnel.Id, Switches[next.Switch].Vtep, output.Tunnel.Destination);
                waiting.Enqueue((to, new Packet(output.Frame.AsSpan(), FakeSwitch.TunnelPort, around)));
            }
        }

        return outcome;
    }
}
