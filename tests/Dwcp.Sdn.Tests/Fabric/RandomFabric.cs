using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>
/// A fabric to which anything happens: few names, addresses and numbers, so that they clash and are used again. The same seed
/// makes the same history.
/// </summary>
internal sealed class RandomFabric
{
    private readonly Random random;
    private readonly HostBuilder[] hosts;
    private readonly long[] sessions;
    private ulong lastDatapath = 0x1000;
    private long lastSession;

    public RandomFabric(int seed)
    {
        random = new Random(seed);
        hosts = [.. Enumerable.Range(1, 5).Select(n => new HostBuilder($"h{n}", $"192.0.2.{n}") { Datapath = NewDatapath(), Remote = $"198.51.100.{n}", Hostname = $"machine{n}" })];
        sessions = new long[hosts.Length];
    }

    public FabricBench Bench { get; } = new();

    /// <summary>Every datapath that there ever was.</summary>
    public List<DatapathId> Datapaths { get; } = [];

    /// <summary>Those whose switch has an OpenFlow connection.</summary>
    public HashSet<DatapathId> Connected { get; } = [];

    /// <summary>Those that no two hosts were seen with: a machine that was renamed while it was away leaves two.</summary>
    public IEnumerable<DatapathId> DatapathsOfOneHost => Datapaths.Where(d => Bench.Machine.Snapshot.Switches.Values
        .Count(s => s.Id != d.ToString() && ((SwitchStatus)s.Status).DatapathId == d.ToString()) < 2);

    /// <summary>The sessions that are open, those that speak for a host first.</summary>
    public IEnumerable<(long Session, HostInventory Inventory)> Sessions => hosts
        .Select((h, at) => (Session: sessions[at], h.Inventory))
        .Where(s => s.Session != 0)
        .OrderByDescending(s => ((SwitchStatus?)Bench.Machine.Snapshot.Switches.GetValueOrDefault(s.Inventory.SystemId ?? "")?.Status)?.Hostname == s.Inventory.Hostname)
        .ThenBy(s => s.Session);

    /// <summary>Something happens; the fabric need not have settled what happened before.</summary>
    public void Step()
    {
        switch (random.Next(14))
        {
            case < 5: Bench.Batch(Commands()); break;
            case < 10: HostChanges(random.Next(hosts.Length)); break;
            case 10: ComeOrGo(random.Next(hosts.Length)); break;
            case 11: ComeOrGo(Pick(Datapaths)); break;
            case 12: Restart(); break;
            default: Migrate(); break;
        }

        if (random.Next(3) == 0)
        {
            Bench.Settle();
        }

        if (random.Next(4) == 0 && Connected.Count > 0)
        {
            Bench.Pass(Pick(Connected.ToList()), confirm: random.Next(2) == 0);
        }
    }

    /// <summary>A switch connects.</summary>
    public void Connect(DatapathId datapath)
    {
        Connected.Add(datapath);
        Bench.SwitchUp(datapath);
    }

    private static string NameOf(ResourceKind kind, int n) => $"{kind.ToString().ToLowerInvariant()[0]}{n}";

    private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private DatapathId NewDatapath()
    {
        var datapath = new DatapathId(lastDatapath++);
        Datapaths.Add(datapath);
        return datapath;
    }

    /// <summary>A batch as the controller's loop makes one: no object twice.</summary>
    private List<FabricCommand> Commands() =>
        Enumerable.Range(0, random.Next(1, 6)).Select(_ => Command()).DistinctBy(c => (c.Kind, c.Id)).ToList();

    private FabricCommand Command()
    {
        var network = NameOf(ResourceKind.Network, random.Next(1, 4));
        switch (random.Next(16))
        {
            case < 3:
                return Ask.Network(network, (uint)random.Next(100, 104), s => s with
                {
                    ArpSuppression = random.Next(2) == 0,
                    UnknownUnicast = random.Next(2) == 0 ? "FLOOD" : null,
                });
            case < 5:
                var net = random.Next(3);
                return Ask.Subnet(NameOf(ResourceKind.Subnet, random.Next(1, 5)), network, $"10.{net}.0.0/24", random.Next(2) == 0 ? $"10.{net}.0.{random.Next(1, 4)}" : null);
            case < 11:
                return Ask.Port(NameOf(ResourceKind.Port, random.Next(1, 9)), network, s => s with
                {
                    Mac = random.Next(2) == 0 ? $"02:00:00:00:00:0{random.Next(1, 6)}" : null,
                    Addresses = random.Next(3) == 0 ? [$"fd00::{random.Next(1, 6)}"] : [],
                    PortSecurity = random.Next(4) != 0,
                });
            case < 13:
                return Ask.Delete(ResourceKind.Port, NameOf(ResourceKind.Port, random.Next(1, 9)));
            case 13:
                return Ask.Delete(ResourceKind.Network, network);
            case 14:
                return Ask.Delete(ResourceKind.Subnet, NameOf(ResourceKind.Subnet, random.Next(1, 5)));
            default:
                var id = $"h{random.Next(1, 6)}";
                return random.Next(2) == 0 ? Ask.Delete(ResourceKind.Switch, id) : Ask.Switch(id, Pick([null, "FABRIC", "OBSERVED"]));
        }
    }

    /// <summary>Several things change on a host before it shows its next inventory.</summary>
    private void HostChanges(int at)
    {
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            Change(hosts[at]);
        }

        Show(at);
    }

    private void Change(HostBuilder host)
    {
        var name = $"tap{random.Next(1, 4)}";
        switch (random.Next(20))
        {
            case < 9: host.Plug(name, NameOf(ResourceKind.Port, random.Next(1, 9)), up: random.Next(3) != 0, incoming: random.Next(3) == 0); break;
            case < 12: host.Unplug(name); break;
            case < 14 when host.Interfaces.ContainsKey(name): host.Renumber(name); break;
            case 14: host.Vtep = random.Next(3) == 0 ? null : $"192.0.2.{random.Next(1, 7)}"; break;
            case 15: host.Vtep = $"192.0.2.{random.Next(1, 7)}"; break;
            case 16: host.SystemId = random.Next(4) == 0 ? null : $"h{random.Next(1, 7)}"; break;
            case 17: host.TunnelPort = random.Next(3) == 0 ? null : new PortNumber((uint)random.Next(60_000, 60_003)); break;
            case 18 when random.Next(3) == 0: host.Datapath = NewDatapath(); break;
            case 19 when !host.Interfaces.Remove("up"): host.Interfaces["up"] = new("up") { OfPort = new PortNumber((uint)random.Next(70, 73)), IsFabric = true }; break;
        }
    }

    private void ComeOrGo(DatapathId datapath)
    {
        if (Connected.Remove(datapath))
        {
            Bench.SwitchDown(datapath);
        }
        else
        {
            Connect(datapath);
        }
    }

    /// <summary>Another controller takes over: nothing is connected to it.</summary>
    private void Restart()
    {
        if (random.Next(3) == 0)
        {
            Bench.Settle();
            Bench.Restart();
            Connected.Clear();
            Array.Clear(sessions);
        }
    }

    private void ComeOrGo(int at)
    {
        if (sessions[at] == 0)
        {
            Show(at);
        }
        else
        {
            Bench.Machine.HostGone(sessions[at]);
            sessions[at] = 0;
        }
    }

    private void Migrate()
    {
        var (from, to) = (random.Next(hosts.Length), random.Next(hosts.Length));
        if (hosts[from].Interfaces.FirstOrDefault() is not { Value.IfaceId: { } port } moving)
        {
            return;
        }

        // The new host often has the VM before the old one has let it go.
        hosts[from].Unplug(moving.Key);
        hosts[to].Plug("tap9", port, incoming: random.Next(2) == 0);
        Show(to);
        Show(from);
    }

    private void Show(int at)
    {
        if (sessions[at] == 0)
        {
            sessions[at] = ++lastSession;
        }

        Bench.Machine.HostSeen(sessions[at], $"{hosts[at].Remote}:{sessions[at]}", hosts[at].Inventory);
    }
}
