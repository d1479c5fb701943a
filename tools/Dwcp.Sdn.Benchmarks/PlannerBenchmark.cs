using System.Diagnostics;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// What the change of one port's address costs in fabrics of several sizes: to judge it, to plan it (from Committed to settled
/// needs and a published snapshot), and to compile it and compare it with what each switch holds. It must not grow with the fabric.
/// </summary>
internal static class PlannerBenchmark
{
    private const int WarmUp = 500;
    private const int Changes = 1000;

    public static Task<int> RunAsync(string[] args)
    {
        if (args.Length > 0)
        {
            Console.Error.WriteLine("planner takes no arguments");
            return Task.FromResult(2);
        }

        Console.WriteLine($"one port's address changes, {Changes} times; microseconds, median / 99th percentile");
        Console.WriteLine("| ports | hosts | switches per network | judge | plan | compile and compare | needs told | flows changed |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        Measure(new PlannerFabric(ports: 10, hosts: 4, spread: 4));
        Measure(new PlannerFabric(ports: 1_000, hosts: 10, spread: 4));
        Measure(new PlannerFabric(ports: 10_000, hosts: 100, spread: 4));
        Measure(new PlannerFabric(ports: 1_000, hosts: 100, spread: 100));
        return Task.FromResult(0);
    }

    private static void Measure(PlannerFabric fabric)
    {
        var (judge, plan, compile) = (new List<double>(), new List<double>(), new List<double>());
        var (needs, flows) = (0, 0);
        GC.Collect();
        for (var n = 0; n < WarmUp + Changes; n++)
        {
            var command = fabric.Change(n);
            var began = Stopwatch.GetTimestamp();
            var judgement = Judge.Of(fabric.Machine.Intent, command);
            var judged = Stopwatch.GetTimestamp();
            var wake = fabric.Commit([judgement]);
            var planned = Stopwatch.GetTimestamp();
            var (told, changed) = fabric.Reconcile(wake);
            var ended = Stopwatch.GetTimestamp();
            fabric.Confirm();
            if (n >= WarmUp)
            {
                judge.Add(Stopwatch.GetElapsedTime(began, judged).TotalMicroseconds);
                plan.Add(Stopwatch.GetElapsedTime(judged, planned).TotalMicroseconds);
                compile.Add(Stopwatch.GetElapsedTime(planned, ended).TotalMicroseconds);
                needs += told;
                flows += changed;
            }
        }

        Console.WriteLine(
            $"| {fabric.Ports:N0} | {fabric.Hosts} | {fabric.Spread} | {Text(judge)} | {Text(plan)} | {Text(compile)} | {(double)needs / Changes:0.0} | {(double)flows / Changes:0.0} |");
    }

    private static string Text(List<double> times)
    {
        times.Sort();
        return $"{times[times.Count / 2]:0} / {times[times.Count * 99 / 100]:0}";
    }
}
