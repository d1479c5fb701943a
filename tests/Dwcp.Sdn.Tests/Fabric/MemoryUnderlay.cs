using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Planning;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>A switch in memory: what its loop wants of it, what it is known to hold, and the tables that it obeys.</summary>
internal sealed class MemorySwitch
{
    private SwitchNeeds? told;
    private SwitchPlan plan = new();
    private KnownTables? known;
    private long compared;

    public MemorySwitch() => Interpreter = new Interpreter(Tables);

    public SoftwareTables Tables { get; } = new();

    public Interpreter Interpreter { get; }

    /// <summary>The loop begins anew, as after a restart of the controller; the switch goes on with what it has.</summary>
    public void LoopEnds()
    {
        told = null;
        known = null;
    }

    /// <summary>One pass; what it changed, or null when the switch is not ours to program.</summary>
    public TablesChange? Pass(FabricBench bench, DatapathId datapath)
    {
        if (bench.Machine.Take(datapath, told) is not { } work)
        {
            LoopEnds();
            return null;
        }

        if (work.Needs != told)
        {
            told = work.Needs;
            plan = new SwitchPlan();
            known = null;
        }

        foreach (var (key, need) in work.Changes)
        {
            _ = need is null ? plan.Remove(key) : plan.Set(need);
        }

        var since = known is null ? null : plan.Since(compared);
        known ??= new KnownTables(Tables.Read());
        var change = since is null ? FlowPlan.Between(known, plan) : FlowPlan.Of(known, plan, since);
        compared = plan.Generation;
        Assert.Null(Tables.Apply(change));
        known.Apply(change);
        bench.Machine.Confirmed(datapath, work.Needs, work.Generation, new SwitchHolding(Tables.Flows.Count, Tables.Groups.Count, Tables.Meters.Count));
        bench.Settle();
        return change;
    }
}

/// <summary>Hosts with switches in memory, joined by VXLAN: the question is "does a frame from A come out at B".</summary>
internal sealed class MemoryUnderlay
{
    private readonly Dictionary<string, MemorySwitch> switches = [];
    private readonly Dictionary<string, HostBuilder> hosts = [];

    public FabricBench Bench { get; } = new();

    public MemorySwitch this[string host] => switches[host];

    public HostBuilder Host(string name) => hosts[name];

    /// <summary>A host comes up, with its OVSDB session and its switch.</summary>
    public void Add(string name, string vtep)
    {
        hosts.Add(name, new HostBuilder(name, vtep));
        switches.Add(name, new MemorySwitch());
        Show(name);
        Bench.SwitchUp(hosts[name].Datapath);
    }

    /// <summary>The host shows what it has now.</summary>
    public void Show(string name) => Bench.HostSeen(hosts.Keys.ToList().IndexOf(name) + 1, hosts[name].Inventory);

    public void Plug(string name, string port, bool incoming = false)
    {
        hosts[name].Plug($"tap-{port}", port, incoming: incoming);
        Show(name);
    }

    public void Unplug(string name, string port)
    {
        hosts[name].Unplug($"tap-{port}");
        Show(name);
    }

    /// <summary>A pass of every switch; what each changed.</summary>
    public Dictionary<string, TablesChange?> Reconcile() => switches.ToDictionary(s => s.Key, s => s.Value.Pass(Bench, hosts[s.Key].Datapath));

    /// <summary>The controller ends and begins anew; the switches go on.</summary>
    public void Restart()
    {
        Bench.Restart();
        foreach (var (name, one) in switches)
        {
            one.LoopEnds();
            Bench.SwitchUp(hosts[name].Datapath);
        }
    }

    /// <summary>A pass of one switch.</summary>
    public void Reconcile(string host) => switches[host].Pass(Bench, hosts[host].Datapath);

    /// <summary>The ports at which a frame comes out that another port's VM sends, sorted.</summary>
    public string Send(string from, byte[] frame)
    {
        var host = hosts.Values.Single(h => h.Interfaces.Values.Any(i => i.IfaceId == from));
        return string.Join(' ', Send(host.SystemId!, from, frame).Select(r => r.Port).Order(StringComparer.Ordinal));
    }

    /// <summary>The same where a VM that moves sends from one of two hosts: each port with its host.</summary>
    public IReadOnlyList<(string Host, string Port)> Send(string hostName, string from, byte[] frame)
    {
        var host = hosts[hostName];
        var at = host.Interfaces.Values.Single(i => i.IfaceId == from);
        var received = new List<(string Host, string Port)>();
        var waiting = new Queue<(HostBuilder Host, Packet Packet)>([(host, new Packet(frame, at.OfPort!.Value))]);
        for (var hops = 0; waiting.TryDequeue(out var next); hops++)
        {
            Assert.True(hops < 64, "a loop");
            var trace = switches[next.Host.SystemId!].Interpreter.Run(next.Packet);
            Assert.Null(trace.Fault);
            foreach (var output in trace.Outputs)
            {
                if (output.Port != HostBuilder.Tunnel)
                {
                    if (next.Host.Interfaces.Values.SingleOrDefault(i => i.OfPort == output.Port) is { } there)
                    {
                        received.Add((next.Host.SystemId!, there.IfaceId!));
                    }
                }
                else if (hosts.Values.SingleOrDefault(h => h.Vtep == output.Tunnel.Destination.ToString()) is { } to)
                {
                    var around = new TunnelMetadata(output.Tunnel.Id, IpAddress.Parse(next.Host.Vtep!), output.Tunnel.Destination);
                    waiting.Enqueue((to, new Packet(output.Frame.AsSpan(), HostBuilder.Tunnel, around)));
                }
            }
        }

        return received;
    }

    /// <summary>Where a ping from one port to another comes out, by each address family that both have.</summary>
    public string Ping(string from, string to)
    {
        var (a, b) = (Bench.Port(from), Bench.Port(to));
        var answers = a.Addresses.Items
            .SelectMany(x => b.Addresses.Items.Where(y => y.IsV6 == x.IsV6).Select(y => Send(from, Frames.Ping(b.Mac, a.Mac, x, y))))
            .Distinct()
            .ToList();
        return Assert.Single(answers);
    }

    /// <summary>Where a broadcast of a port comes out.</summary>
    public string Broadcast(string from)
    {
        var port = Bench.Port(from);
        return Send(from, Frames.Udp(MacAddress.Broadcast, port.Mac, port.Addresses.First(a => a.IsV4), IpAddress.Parse("255.255.255.255")));
    }

    /// <summary>Where the answer to an ARP request comes out: at the one who asked, when the switch answers.</summary>
    public string Arp(string from, string target)
    {
        var port = Bench.Port(from);
        return Send(from, Frames.ArpRequest(port.Mac, port.Addresses.First(a => a.IsV4), IpAddress.Parse(target)));
    }

    public bool IsProgrammed(string port) =>
        Bench.Condition(ResourceKind.Port, port, ConditionType.Programmed).Status == ConditionStatus.True;
}
