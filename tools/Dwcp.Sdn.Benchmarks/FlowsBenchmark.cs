using System.Diagnostics;
using System.Net;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// How fast an empty real switch is filled: our one atomic bundle until its barrier, our bundles of a single flow each (what
/// waiting for every flow costs), and ovs-ofctl adding the same flows from a file, in turn in one run.
/// </summary>
internal static class FlowsBenchmark
{
    private const int Rounds = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var address, var bridge, ..] || !IPEndPoint.TryParse(address, out var endpoint))
        {
            await Console.Error.WriteLineAsync("flows ADDR:PORT BRIDGE [FLOWS]; BRIDGE is what ovs-ofctl reaches the same bridge by");
            return 2;
        }

        var count = args is [_, _, var given, ..] ? int.Parse(given) : 50_000;
        var switches = new FirstSwitch();
        using var listener = new OpenFlowListener(new OpenFlowOptions { Endpoint = endpoint }, switches, NullLogger<OpenFlowListener>.Instance);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var running = listener.RunAsync(stop.Token);
        Console.WriteLine($"waiting for a switch on {endpoint}");
        var tables = (ISwitchTables)await switches.Connected.WaitAsync(TimeSpan.FromSeconds(30));

        var flows = Enumerable.Range(0, count).Select(Flow).ToEquatableArray();
        var file = Path.GetTempFileName();
        await File.WriteAllLinesAsync(file, flows.Select(f => $"table=20,priority=100,eth_dst={FlowText.Value(Fields.EthDst, f.Match.Fields[0].Value)},actions=output:1"));
        var (ours, single, ofctl) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            ours.Add(count / await TimeAsync(() => tables.ApplyAsync(new TablesChange { FlowsToAddOrModify = flows }, stop.Token)));
            await EmptyAsync(bridge);

            var few = flows.Items[..Math.Min(count, 5_000)];
            single.Add(few.Length / await TimeAsync(async () =>
            {
                foreach (var flow in few)
                {
                    await tables.ApplyAsync(new TablesChange { FlowsToAddOrModify = [flow] }, stop.Token);
                }
            }));
            await EmptyAsync(bridge);

            ofctl.Add(count / await TimeAsync(() => OfctlAsync($"--bundle add-flows {bridge} {file}")));
            await EmptyAsync(bridge);
        }

        File.Delete(file);
        await stop.CancelAsync();
        await running;
        Console.WriteLine($"flows per second into the switch, {count} flows, median of {Rounds}");
        Console.WriteLine($"one atomic bundle        {Median(ours),10:F0}");
        Console.WriteLine($"ovs-ofctl --bundle       {Median(ofctl),10:F0}   (starts a process and parses text, too)");
        Console.WriteLine($"a bundle for each flow   {Median(single),10:F0}");
        return 0;
    }

    private static FlowRule Flow(int i) =>
        new(new FlowKey(20, 100, Match.Of(new FieldMatch(Fields.EthDst, 0x0200_0000_0000ul + (uint)i))), 0xD3C9)
        {
            Apply = [new OutputAction(new PortNumber(1))],
        };

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static Task EmptyAsync(string bridge) => OfctlAsync($"del-flows {bridge} table=20");

    private static async Task OfctlAsync(string arguments)
    {
        using var process = Process.Start("ovs-ofctl", $"-O OpenFlow13 {arguments}");
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ovs-ofctl {arguments}: exit code {process.ExitCode}");
        }
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private sealed class FirstSwitch : ISwitchObserver
    {
        private readonly TaskCompletionSource<SwitchConnection> first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<SwitchConnection> Connected => first.Task;

        void ISwitchObserver.Connected(SwitchConnection connection) => first.TrySetResult(connection);

        public void PacketIn(SwitchConnection connection, in PacketInView packet)
        {
        }

        public void PortStatus(SwitchConnection connection, PortStatus status)
        {
        }

        public void FlowRemoved(SwitchConnection connection, in FlowRemovedView flow)
        {
        }

        public void Disconnected(SwitchConnection connection, string why)
        {
        }
    }
}
