using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Fabric.Planning;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>A fabric in memory whose every switch holds what it needs: networks of ten ports on each of their hosts.</summary>
internal sealed class PlannerFabric
{
    private const int PortsPerHostOfANetwork = 10;
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    private readonly Dictionary<DatapathId, Switch> switches = [];
    private readonly List<(DatapathId Datapath, SwitchNeeds Needs, long Generation)> unconfirmed = [];
    private readonly int networks;
    private long revision;

    public PlannerFabric(int ports, int hosts, int spread)
    {
        (Ports, Hosts, Spread) = (ports, hosts, spread);
        networks = Math.Max(1, ports / (PortsPerHostOfANetwork * spread));
        Apply(Enumerable.Range(0, networks).SelectMany(NetworkAndSubnet));
        foreach (var some in Enumerable.Range(0, ports).Chunk(512))
        {
            Apply(some.Select(n => Port(n, 0)));
        }

        foreach (var host in Enumerable.Range(0, hosts))
        {
            Machine.HostSeen(host + 1, $"host{host}", Inventory(host));
            Machine.SwitchUp(new SwitchSighting(DatapathOf(host), "192.0.2.200:40000", ""));
            switches.Add(DatapathOf(host), new Switch());
        }

        Machine.Settle(Now);
        Reconcile([.. switches.Keys]);
        Confirm();
    }

    public FabricMachine Machine { get; } = new(new StoreListing(0, []));

    public int Ports { get; }

    public int Hosts { get; }

    public int Spread { get; }

    /// <summary>Another address for one of the ports.</summary>
    public FabricCommand Change(int n) => Port(n * 7919 % Ports, 1 + (n % 150));

    /// <summary>What the controller's loop does after the store has committed; the switches that it would wake.</summary>
    public ImmutableArray<DatapathId> Commit(ImmutableArray<Judgement> judgements)
    {
        Machine.Committed(++revision, judgements);
        return Machine.Settle(Now).Wake;
    }

    /// <summary>What the loops of the switches do up to the message: how many needs they were told, how many flows they would send.</summary>
    public (int Needs, int Flows) Reconcile(ImmutableArray<DatapathId> wake)
    {
        var (told, flows) = (0, 0);
        foreach (var datapath in wake)
        {
            var one = switches[datapath];
            var work = Machine.Take(datapath, one.Told)!;
            one.Told = work.Needs;
            var before = one.Plan.Generation;
            foreach (var (key, need) in work.Changes)
            {
                _ = need is null ? one.Plan.Remove(key) : one.Plan.Set(need);
            }

            var change = one.Plan.Since(before) is { } changed ? FlowPlan.Of(one.Holds, one.Plan, changed) : FlowPlan.Between(one.Holds, one.Plan);
            one.Holds.Apply(change);
            unconfirmed.Add((datapath, work.Needs, work.Generation));
            told += work.Changes.Length;
            flows += change.FlowsToAddOrModify.Count + change.FlowsToDeleteStrict.Count;
        }

        return (told, flows);
    }

    /// <summary>The barriers of all switches are answered.</summary>
    public void Confirm()
    {
        foreach (var (datapath, needs, generation) in unconfirmed)
        {
            Machine.Confirmed(datapath, needs, generation, default);
        }

        unconfirmed.Clear();
        Machine.Settle(Now);
    }

    private static DatapathId DatapathOf(int host) => DatapathId.OfHost($"host{host}");

    private static IEnumerable<FabricCommand> NetworkAndSubnet(int n)
    {
        yield return Put(ResourceKind.Network, $"net{n}", new NetworkSpec { Vni = (uint)(n + 1) });
        yield return Put(ResourceKind.Subnet, $"net{n}", new SubnetSpec { Network = $"net{n}", Cidr = "10.0.0.0/8", Gateway = "10.255.255.254" });
    }

    private static PutCommand Put(ResourceKind kind, string id, ResourceSpec spec) => new(kind, id, spec, ImmutableSortedDictionary<string, string>.Empty);

    private PutCommand Port(int n, int turn) =>
        Put(ResourceKind.Port, $"port{n}", new PortSpec { Network = $"net{n % networks}", Addresses = [$"10.{turn}.{(n + 1) / 256}.{(n + 1) % 256}"] });

    /// <summary>The ports of a network follow one another round its hosts.</summary>
    private int HostOf(int port) => ((port % networks * Spread) + (port / networks % Spread)) % Hosts;

    private HostInventory Inventory(int host) => new()
    {
        SystemId = $"host{host}",
        VtepIp = IpAddress.V4((uint)(0xc0a8_0001 + host)),
        Bridges =
        [
            new BridgeInventory(HostJoin.Bridge)
            {
                DatapathId = DatapathOf(host),
                Ports = Enumerable.Range(0, Ports).Where(n => HostOf(n) == host)
                    .Select((n, at) => new InterfaceInventory($"tap{n}") { IfaceId = $"port{n}", OfPort = new PortNumber((uint)(at + 2)) })
                    .Append(new InterfaceInventory(HostJoin.TunnelPort) { Type = "vxlan", OfPort = new PortNumber(1) })
                    .Select(i => new PortInventory(i.Name) { Interfaces = [i] })
                    .ToEquatableArray(),
            },
        ],
    };

    private void Apply(IEnumerable<FabricCommand> commands)
    {
        var intent = Machine.Intent;
        var judgements = ImmutableArray.CreateBuilder<Judgement>();
        foreach (var command in commands)
        {
            var judgement = Judge.Of(intent, command);
            if (judgement.Refused is { } refused)
            {
                throw new InvalidOperationException($"{command.Id}: {refused.Problems[0]}");
            }

            intent = judgement.Intent;
            judgements.Add(judgement);
        }

        Commit(judgements.ToImmutable());
    }

    private sealed class Switch
    {
        public SwitchPlan Plan { get; } = new();

        public KnownTables Holds { get; } = new(new SwitchTables([], [], []));

        public SwitchNeeds? Told { get; set; }
    }
}
