using System.Net;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// How many packet-ins the controller answers as a learning switch, how soon, and at what cost, with ovs-testcontroller
/// beside it in the same run; how fast many switches complete their handshake, and what they cost while they say nothing.
/// </summary>
internal static class OpenFlowBenchmark
{
    private const int Rounds = 3;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(3);

    private static readonly (string Name, Action Run)[] Cases =
    [
        ("unbuffered", () => Answers("unbuffered, 16 switches, window 16", 16, 16, buffered: false, beside: true)),
        ("buffered", () => Answers("buffered, 16 switches, window 64", 16, 64, buffered: true, beside: true)),
        ("many", () => Answers("unbuffered, 256 switches, window 16", 256, 16, buffered: false, beside: false)), // ovs-testcontroller takes 16.
        ("handshake", () => Handshakes(1000)),
        ("handshake4000", () => Handshakes(4000)),
        ("handshaketls", () => TlsHandshakes(1000)),
        ("idle", () => Idle(1000)),
    ];

    public static Task<int> RunAsync(string[] args)
    {
        if (args is ["load", var address, var switches, var window, ..] && IPEndPoint.TryParse(address, out var endpoint))
        {
            Load(endpoint, int.Parse(switches), int.Parse(window), args.Contains("buffered"));
            return Task.FromResult(0);
        }

        var unknown = args.Except(Cases.Select(c => c.Name)).ToList();
        if (unknown.Count > 0)
        {
            Console.Error.WriteLine("openflow load ADDR:PORT SWITCHES WINDOW [buffered]");
            Console.Error.WriteLine($"openflow [{string.Join(" | ", Cases.Select(c => c.Name))}]…");
            return Task.FromResult(2);
        }

        foreach (var (name, run) in Cases)
        {
            if (args.Length == 0 || args.Contains(name))
            {
                run();
            }
        }

        return Task.FromResult(0);
    }

    private static void Load(IPEndPoint endpoint, int switches, int window, bool buffered)
    {
        using var load = new OpenFlowLoad(switches, window, buffered);
        Console.WriteLine($"handshakes: {load.Join(endpoint, complete: false).TotalMilliseconds:n0} ms");
        Thread.Sleep(500);
        load.Greet();
        var figures = load.Run(WarmUp, Length);
        Console.WriteLine($"{figures.PerSecond:n0} answers/s, p50 {figures.P50:0.00} ms, p99 {figures.P99:0.00} ms, {figures.Wrong} wrong");
    }

    private static void Answers(string what, int switches, int window, bool buffered, bool beside)
    {
        Console.WriteLine($"{what}; median of {Rounds}, one after the other");
        var runs = new List<(string Name, double PerSecond, double PerCpuSecond, double P50, double P99)>();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var start in new Func<OpenFlowController?>[] { OpenFlowController.Ours, beside ? OpenFlowController.OvsTest : () => null })
            {
                using var controller = start();
                if (controller is null)
                {
                    continue;
                }

                using var load = new OpenFlowLoad(switches, window, buffered);
                load.Join(controller.Endpoint, complete: false);
                Thread.Sleep(500); // Ours takes a switch over after its handshake; what it sent before is not learned from.
                load.Greet();
                load.Run(WarmUp, TimeSpan.Zero);
                var before = controller.CpuSeconds;
                var figures = load.Run(TimeSpan.Zero, Length);
                var cpu = controller.CpuSeconds - before;
                if (figures.Wrong > 0)
                {
                    throw new InvalidOperationException($"{controller.Name} answered {figures.Wrong} packets that were not asked about");
                }

                runs.Add((controller.Name, figures.PerSecond, figures.PerSecond * Length.TotalSeconds / cpu, figures.P50, figures.P99));
            }
        }

        var medians = runs.GroupBy(r => r.Name).Select(g => (Name: g.Key, PerSecond: Median(g.Select(r => r.PerSecond)), PerCpuSecond: Median(g.Select(r => r.PerCpuSecond)), P50: Median(g.Select(r => r.P50)), P99: Median(g.Select(r => r.P99)))).ToList();
        foreach (var m in medians)
        {
            Console.WriteLine($"  {m.Name,-20} {m.PerSecond,10:n0} answers/s  {m.PerCpuSecond,10:n0} per CPU second  p50 {m.P50:0.00} ms  p99 {m.P99:0.00} ms");
        }

        if (medians is [var ours, var theirs])
        {
            Console.WriteLine($"  {ours.PerSecond / theirs.PerSecond:0.0} times as many");
        }
    }

    private static void Handshakes(int switches)
    {
        var times = new List<double>();
        for (var round = 0; round <= Rounds; round++)
        {
            using var controller = OpenFlowController.Ours();
            using (var first = new OpenFlowLoad(16, 1, buffered: false))
            {
                first.Join(controller.Endpoint, complete: true); // A controller that has served a switch before.
            }

            Thread.Sleep(300);
            using var load = new OpenFlowLoad(switches, 1, buffered: false);
            times.Add(load.Join(controller.Endpoint, complete: true).TotalMilliseconds);
        }

        Console.WriteLine($"handshake of {switches:n0} switches: {Median(times.Skip(1)):n0} ms (median of {Rounds})");
    }

    private static void TlsHandshakes(int switches)
    {
        using var load = new OpenFlowTlsLoad();
        var times = new List<(double Milliseconds, double Cpu)>();
        for (var round = 0; round <= Rounds; round++)
        {
            using var controller = load.StartController();
            load.JoinAsync(controller.Endpoint, 16, first: 1_000_001).GetAwaiter().GetResult(); // A controller that has served a switch before.
            Thread.Sleep(300);
            var before = controller.CpuSeconds;
            times.Add((load.JoinAsync(controller.Endpoint, switches, first: 1).GetAwaiter().GetResult().TotalMilliseconds, controller.CpuSeconds - before));
        }

        Console.WriteLine($"handshake of {switches:n0} switches over TLS 1.3, each with a certificate, the load's own part included: {Median(times.Skip(1).Select(t => t.Milliseconds)):n0} ms, {Median(times.Skip(1).Select(t => t.Cpu)):0.00} s of the controller's CPU (medians of {Rounds})");
    }

    private static void Idle(int switches)
    {
        var length = TimeSpan.FromSeconds(20);
        using var controller = OpenFlowController.Ours();
        Thread.Sleep(2000);
        var memory = controller.ResidentMegabytes;
        using var load = new OpenFlowLoad(switches, 1, buffered: false);
        load.Join(controller.Endpoint, complete: true);
        load.Idle(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        var before = controller.CpuSeconds;
        load.Idle(TimeSpan.FromSeconds(5), length);
        Console.WriteLine(
            $"{switches:n0} idle switches, an echo of each every 5 s: {(controller.CpuSeconds - before) / length.TotalSeconds * 100:0.0} % of a core, "
            + $"{controller.ResidentMegabytes - memory:0} MB over the {memory:0} MB of the idle process");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
