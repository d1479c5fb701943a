using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Tests.Fabric;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Meter = System.Diagnostics.Metrics.Meter;

namespace Dwcp.Sdn.Tests.Controller;

public sealed class SwitchLoopTests : IMeterFactory
{
    private readonly Meter meter = new("Dwcp.Sdn.Controller.SwitchLoopTest");
    private readonly ManualTime time = new();

    public Meter Create(MeterOptions options) => meter;

    public void Dispose() => meter.Dispose();

    [Fact]
    public async Task A_switch_that_refuses_to_tell_its_counters_is_asked_again_and_kept()
    {
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), new MemoryStateStore(), time, NullLogger<FabricLoop>.Instance);
        var owner = fabric.RunAsync(stop.Token);
        var host = new HostBuilder("h1", "192.0.2.1");
        await fabric.PostAsync(m => m.HostSeen(1, "192.0.2.1:5", host.Inventory), stop.Token);
        await fabric.PostAsync(m => m.SwitchUp(new(host.Datapath, "192.0.2.1:6", "Open vSwitch")), stop.Token);
        var tables = new SilentTables(host.Datapath);
        var loop = new SwitchLoop(
            host.Datapath, tables, null!, (_, _) => { }, fabric, new SwitchMetrics(this, d => $"{d}"), TimeSpan.FromHours(1), time, NullLogger<SwitchLoop>.Instance);
        var running = Task.WhenAny(loop.RunAsync(stop.Token), loop.CountDropsAsync(stop.Token));
        await tables.Applied.WaitAsync(TimeSpan.FromSeconds(20));

        for (var tries = 0; tables.Asked < 2; tries++)
        {
            Assert.InRange(tries, 0, 1000);
            Assert.False(running.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(5);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await await running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => owner);
    }

    [Fact]
    public async Task A_switch_that_names_a_flow_twice_shows_it_with_its_first_counters()
    {
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), new MemoryStateStore(), time, NullLogger<FabricLoop>.Instance);
        var owner = fabric.RunAsync(stop.Token);
        var loop = new SwitchLoop(
            new(7), new RepeatingTables(), null!, (_, _) => { }, fabric, new SwitchMetrics(this, d => $"{d}"), TimeSpan.FromHours(1), time, NullLogger<SwitchLoop>.Instance);

        Assert.Equal(3ul, Assert.Single(await loop.ReadFlowsAsync(stop.Token)).Packets);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => owner);
    }

    /// <summary>Holds one flow, and names it twice when asked for counters.</summary>
    private sealed class RepeatingTables : ISwitchTables
    {
        private static readonly FlowKey Key = new(0, 1, Match.All);

        public Task<SwitchTables> ReadAsync(CancellationToken stop) => Task.FromResult(new SwitchTables([new FlowRule(Key, 0)], [], []));

        public Task ApplyAsync(TablesChange change, CancellationToken stop) => Task.CompletedTask;

        public Task<ImmutableArray<FlowStats>> ReadFlowStatsAsync(FlowFilter filter, CancellationToken stop) =>
            Task.FromResult<ImmutableArray<FlowStats>>([new(Key, 0, 3, 300, TimeSpan.Zero), new(Key, 0, 4, 400, TimeSpan.Zero)]);

        public Task<ImmutableArray<MeterDrops>> ReadMeterDropsAsync(CancellationToken stop) => Task.FromResult<ImmutableArray<MeterDrops>>([]);
    }

    /// <summary>Takes every change and tells no counters.</summary>
    private sealed class SilentTables(DatapathId datapath) : ISwitchTables
    {
        private readonly TaskCompletionSource applied = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int asked;

        public Task Applied => applied.Task;

        public int Asked => Volatile.Read(ref asked);

        public Task<SwitchTables> ReadAsync(CancellationToken stop) => Task.FromResult(new SwitchTables([], [], []));

        public Task ApplyAsync(TablesChange change, CancellationToken stop)
        {
            applied.TrySetResult();
            return Task.CompletedTask;
        }

        public Task<ImmutableArray<FlowStats>> ReadFlowStatsAsync(FlowFilter filter, CancellationToken stop)
        {
            Interlocked.Increment(ref asked);
            throw new SwitchRefusedException(datapath, [new("flow statistics", 1, 1, 8, "OFPBRC_MULTIPART_BUFFER_OVERFLOW")]);
        }

        public Task<ImmutableArray<MeterDrops>> ReadMeterDropsAsync(CancellationToken stop) => throw new NotSupportedException();
    }
}
