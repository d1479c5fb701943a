using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>Whatever happened and in whatever order, what holds depends only on where it led.</summary>
public class HistoryTests
{
    private const int Steps = 120;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Needs_kept_step_by_step_are_those_of_a_machine_that_begins_with_what_is_stored(int seed)
    {
        var fabric = new RandomFabric(seed);
        for (var step = 1; step <= Steps; step++)
        {
            fabric.Step();
            if (step % 10 != 0)
            {
                continue;
            }

            fabric.Bench.SettleMoves();
            var anew = Anew(fabric.Bench, entries => entries);
            fabric.Bench.PassAll();
            foreach (var datapath in fabric.DatapathsOfOneHost.Where(fabric.Connected.Contains))
            {
                anew.Pass(datapath);
                AssertSame(anew.Held(datapath), fabric.Bench.Held(datapath), $"seed {seed}, step {step}, switch {datapath}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Records_in_another_order_give_the_same_intent_and_the_same_needs(int seed)
    {
        var fabric = new RandomFabric(seed);
        for (var step = 0; step < Steps; step++)
        {
            fabric.Step();
        }

        fabric.Bench.SettleMoves();
        var shuffle = new Random(seed);
        var anew = Anew(fabric.Bench, entries => entries.OrderBy(_ => shuffle.Next()));

        AssertSame(Texts(fabric.Bench.Machine.Intent), Texts(anew.Machine.Intent), $"seed {seed}");
        foreach (var datapath in fabric.DatapathsOfOneHost)
        {
            fabric.Bench.Pass(datapath);
            anew.Pass(datapath);
            AssertSame(fabric.Bench.Held(datapath), anew.Held(datapath), $"seed {seed}, switch {datapath}");
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_is_said_of_each_object_is_what_is_true_now(int seed)
    {
        var fabric = new RandomFabric(seed);
        for (var step = 1; step <= Steps; step++)
        {
            fabric.Step();
            if (step % 30 != 0)
            {
                continue;
            }

            // Another controller with the same records, to which the same hosts speak, says the same of everything.
            fabric.Bench.SettleMoves();
            if (fabric.DatapathsOfOneHost.Count() < fabric.Datapaths.Count)
            {
                continue;
            }

            var anew = Anew(fabric.Bench, entries => entries);
            foreach (var (session, inventory) in fabric.Sessions.ToList())
            {
                anew.HostSeen(session, inventory);
            }

            foreach (var datapath in fabric.Connected)
            {
                anew.SwitchUp(datapath);
            }

            foreach (var datapath in fabric.Datapaths.Except(fabric.Connected).ToList())
            {
                // What a switch confirmed before it went away is true of it still, but the new controller has not seen it.
                fabric.Connect(datapath);
                anew.SwitchUp(datapath);
            }

            fabric.Bench.SettleMoves();
            anew.SettleMoves();
            fabric.Bench.PassAll();
            anew.PassAll();
            AssertSame(Said(anew.Machine.Snapshot), Said(fabric.Bench.Machine.Snapshot), $"seed {seed}, step {step}");
        }
    }

    private static FabricBench Anew(FabricBench bench, Func<IEnumerable<StoreEntry>, IEnumerable<StoreEntry>> order)
    {
        var anew = new FabricBench();
        anew.Begin(new StoreListing(bench.Listing.Revision, [.. order(bench.Listing.Entries)]));
        Assert.Empty(anew.Last.Put);
        Assert.Empty(anew.Last.Delete);
        return anew;
    }

    private static IEnumerable<string> Texts(FabricIntent intent) =>
        intent.Networks.Values.Cast<FabricObject>().Concat(intent.Subnets.Values).Concat(intent.Ports.Values).Concat(intent.Switches.Values)
            .Select(o => $"{FabricMachine.RefOf(o)} {o.Version} {System.Text.Encoding.UTF8.GetString(Records.Write(o))}");

    private static IEnumerable<string> Said(FabricSnapshot snapshot) =>
        Enum.GetValues<ResourceKind>().SelectMany(k => snapshot.Of(k).Values).SelectMany(r => r.Status.Conditions
            .Select(c => $"{r.Kind} {r.Id} {c.Type} {c.Status} {c.Reason} {c.Message} {c.ObservedGeneration}")
            .Append($"{r.Kind} {r.Id} {Facts(r.Status)}"));

    private static string Facts(ResourceStatus status) => status switch
    {
        NetworkStatus n => $"{n.BridgeDomain} on {string.Join(',', n.Hosts)} with {n.Ports} ports",
        SubnetStatus s => $"{s.AddressesInUse} addresses",
        PortStatus p => $"{p.LogicalPort} at {p.Host} {p.OfPort} {p.Interface} {p.State}",
        SwitchStatus s => $"{s.DatapathId} {s.VtepIp} {s.Connected} {s.Flows} {s.Hostname} {string.Join(',', s.Ports)}",
        _ => "",
    };

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> actual, string where)
    {
        var (missing, more) = (expected.Except(actual).Order().ToList(), actual.Except(expected).Order().ToList());
        Assert.True(missing.Count + more.Count == 0, $"{where}\n  missing:\n    {string.Join("\n    ", missing)}\n  too much:\n    {string.Join("\n    ", more)}");
    }
}
