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
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(500);
    private const int Turns = 20;

    private static readonly (string Name, Action Run)[] Cases =
    [
        ("unbuffered", () => Answers("unbuffered, 16 switches, window 16", 16, buffered: false, ("dwcp-controller", 16, OpenFlowController.Ours), ("ovs-testcontroller", 16, OpenFlowController.OvsTest))),
        ("buffered", () => Answers("buffered, 16 switches, window 64", 64, buffered: true, ("dwcp-controller", 16, OpenFlowController.Ours), ("ovs-testcontroller", 16, OpenFlowController.OvsTest))),
        ("many", () => Answers("unbuffered, window 16", 16, buffered: false, ("256 switches", 256, OpenFlowController.Ours), ("16 switches", 16, OpenFlowController.Ours))), // ovs-testcontroller takes 16.
        ("handshake", () => Handshakes(1000)),
        ("handshake4000", () => Handshakes(4000)),
        ("handshaketls", () => TlsHandshakes(1000)),
        ("idle", () => Idle(1000)),
        ("hostile", () => Array.ForEach(Enum.GetValues<Hostility>(), Hostile)),
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

    /// <summary>All sides at once, each with a controller of its own, in turns so short that what else the machine does falls upon all of them.</summary>
    private static void Answers(string what, int window, bool buffered, params IReadOnlyList<(string Name, int Switches, Func<OpenFlowController?> Start)> sides)
    {
        var running = new List<Side>();
        try
        {
            foreach (var (name, switches, start) in sides)
            {
                if (start() is { } controller)
                {
                    running.Add(new Side(name, controller, new OpenFlowLoad(switches, window, buffered)));
                }
            }

            for (var turn = 0; turn < Turns; turn++)
            {
                foreach (var side in running)
                {
                    side.Run(Turn);
                }
            }

            Console.WriteLine($"{what}; {Turns} turns of {Turn.TotalMilliseconds:0} ms each");
            foreach (var side in running)
            {
                Console.WriteLine($"  {side}");
            }

            if (running is [var first, var second])
            {
                Console.WriteLine($"  {first.Name}: {first.PerSecond / second.PerSecond:0.00} times as many answers, {first.PerCpuSecond / second.PerCpuSecond:0.00} times as many per CPU second");
            }
        }
        finally
        {
            running.ForEach(s => s.Dispose());
        }
    }

    /// <summary>One controller, its load, and what they have done so far.</summary>
    private sealed class Side : IDisposable
    {
        private readonly OpenFlowController controller;
        private readonly OpenFlowLoad load;
        private readonly OpenFlowLatency latency = new();
        private double answers;
        private double seconds;
        private double cpu;
        private double loadCpu;

        public Side(string name, OpenFlowController controller, OpenFlowLoad load)
        {
            Name = name;
            this.controller = controller;
            this.load = load;
            load.Join(controller.Endpoint, complete: false);
            Thread.Sleep(500); // Ours takes a switch over after its handshake; what it sent before is not learned from.
            load.Greet();
            load.Run(WarmUp, TimeSpan.Zero);
            load.Drain();
        }

        public string Name { get; }

        public double PerSecond => answers / seconds;

        public double PerCpuSecond => answers / cpu;

        public void Run(TimeSpan length)
        {
            var before = controller.CpuSeconds;
            var figures = load.Run(TimeSpan.Zero, length, latency);
            load.Drain();
            cpu += controller.CpuSeconds - before;
            if (figures.Wrong > 0)
            {
                throw new InvalidOperationException($"{Name} answered {figures.Wrong} packets that were not asked about");
            }

            answers += figures.PerSecond * length.TotalSeconds;
            loadCpu += figures.LoadCpu * length.TotalSeconds;
            seconds += length.TotalSeconds;
        }

        public override string ToString() =>
            $"{Name,-20} {PerSecond,10:n0} answers/s  {PerCpuSecond,10:n0} per CPU second  p50 {latency.At(0.5):0.00} ms  p99 {latency.At(0.99):0.00} ms  "
            + $"({cpu / seconds:0.00} of a core, and {loadCpu / seconds:0.00} for the load)";

        public void Dispose()
        {
            load.Dispose();
            controller.Dispose();
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

    /// <summary>The latency of 99 switches that send a packet at a time, with and without a hostile one beside them, in turns.</summary>
    private static void Hostile(Hostility kind)
    {
        using var controller = OpenFlowController.Ours();
        using var load = new OpenFlowLoad(99, 1, buffered: false);
        load.Join(controller.Endpoint, complete: false);
        Thread.Sleep(500);
        load.Greet();
        load.Run(WarmUp, TimeSpan.Zero);
        using var hostile = new OpenFlowHostile(controller.Endpoint, kind);
        var medians = new List<(double Without, double With)>();
        var rates = new List<double>();
        for (var turn = 0; turn < Turns; turn++)
        {
            double Median(bool let)
            {
                hostile.Let = let;
                load.Run(TimeSpan.FromMilliseconds(100), TimeSpan.Zero);
                var latency = new OpenFlowLatency();
                var before = hostile.Octets;
                load.Run(TimeSpan.Zero, Turn, latency);
                load.Drain();
                rates.Add(let ? (hostile.Octets - before) / Turn.TotalSeconds : 0);
                return latency.At(0.5);
            }

            // Who is first changes from turn to turn.
            medians.Add(turn % 2 == 0 ? (Median(false), Median(true)) : (Median(true), Median(false)) switch { var (w, wo) => (wo, w) });
        }

        Console.WriteLine(
            $"hostile {kind,-12} median of 99 others {Median(medians.Select(m => m.Without)):0.000} ms without, {Median(medians.Select(m => m.With)):0.000} ms with: "
            + $"{(Median(medians.Select(m => m.With / m.Without)) - 1) * 100:+0;-0} % (median of {Turns} pairs; {rates.Sum() / Turns / 1e6:0.0} MB/s taken from it)");
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
