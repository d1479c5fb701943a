using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Tests.Fabric;

namespace Dwcp.Sdn.Tests.Evpn;

/// <summary>However things came about, switches need the same and the same is announced as if all had come at once.</summary>
public class HistoryTests
{
    private static readonly string[] Networks = ["blue", "red"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void What_is_learned_and_announced_depends_on_what_is_there_and_not_on_how_it_came(int seed)
    {
        var random = new Random(seed);
        var bench = new EvpnBench(3);
        var announced = new Dictionary<string, (string Vtep, Route Route)>();
        var plugged = new HashSet<(int Host, string Port)>();
        var learned = false;
        for (var step = 1; step <= 600; step++)
        {
            bench.Fabric.Now += TimeSpan.FromMinutes(4); // So that nothing counts as a duplicate.
            var n = random.Next(6);
            var (host, port) = ((n % 3) + 1, $"p{n}");
            switch (random.Next(8))
            {
                case 0 when plugged.All(p => p.Port != port) && plugged.Add((host, port)):
                    bench.Plug(host, port);
                    break;
                case 1 when plugged.Remove((host, port)):
                    bench.Unplug(host, port);
                    break;
                case 2:
                    var network = Networks[n % 2];
                    bench.Do(random.Next(3) == 0 ? Ask.Delete(ResourceKind.Network, network) : Ask.Network(network, 100u + ((uint)n % 2), s => s with
                    {
                        ImportTargets = random.Next(2) == 0 ? ["65000:100"] : [],
                        ArpSuppression = random.Next(2) == 0,
                    }));
                    break;
                case 3:
                    bench.Do(random.Next(3) == 0
                        ? Ask.Delete(ResourceKind.Port, port)
                        : Ask.Port(port, Networks[n % 2], s => s with { Mac = $"02:00:00:00:00:1{n}", Addresses = [$"10.0.0.{10 + n}"] }));
                    break;
                case 4 or 5:
                    var vtep = $"192.0.2.20{random.Next(3)}";
                    Route route = random.Next(3) == 0
                        ? EvpnBench.Flood(vtep)
                        : EvpnBench.Host($"02:00:00:00:01:0{n}", random.Next(2) == 0 ? null : $"10.0.0.10{n}", vtep, 100u + (uint)random.Next(2));
                    bench.Learn(0, vtep, route);
                    announced[KeyOf(route)] = (vtep, route);
                    break;
                case 6 when announced.Count > 0:
                    var (key, gone) = announced.ElementAt(random.Next(announced.Count));
                    bench.Withdraw(gone.Route);
                    announced.Remove(key);
                    break;
                default:
                    bench.Do(EvpnBench.Speaker(random.Next(2) == 0 ? 65000u : 65001u));
                    break;
            }

            if (step % 60 == 0)
            {
                learned |= Compare(bench, announced.Values);
            }
        }

        Assert.True(learned, "nothing was ever learned, so nothing was shown");
    }

    /// <summary>A fabric that begins anew with what is stored and is told the routes once more. Returns whether a switch needs something of them.</summary>
    private static bool Compare(EvpnBench bench, IEnumerable<(string Vtep, Route Route)> announced)
    {
        var held = Held(bench);
        var routes = Announced(bench);

        bench.Restart();
        foreach (var (vtep, route) in announced.OrderBy(r => r.Route.ToString(), StringComparer.Ordinal))
        {
            bench.Learn(0, vtep, route);
        }

        Assert.Equal(held, Held(bench));
        Assert.Equal(routes, Announced(bench));
        return held.Exists(h => h.Contains("192.0.2.20", StringComparison.Ordinal));
    }

    private static string KeyOf(Route route) => Sdn.Fabric.Evpn.RouteIdentity.Of(route).ToString()!;

    private static List<string> Announced(EvpnBench bench) => [.. bench.Announced.Values.Select(r => r.ToString()).Order(StringComparer.Ordinal)];

    private static List<string> Held(EvpnBench bench)
    {
        bench.Fabric.PassAll();
        return [.. Enumerable.Range(1, 3).SelectMany(h => bench.Fabric.Held(bench.Datapath(h)).Select(n => $"h{h} {n}"))];
    }
}
