using System.Collections.Concurrent;
using System.Net;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Tests.Fabric;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Controller;

public sealed class BgpLoopTests
{
    private static readonly HeldRouteQuery All = new(0, 1, null, null, null, null, null, false);

    [Fact]
    public async Task A_fault_of_the_speaker_ends_the_loop_with_its_cause_and_leaves_nobody_waiting()
    {
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), new MemoryStateStore(), TimeProvider.System, NullLogger<FabricLoop>.Instance);
        var fabricRuns = fabric.RunAsync(stop.Token);
        var asked = new PutCommand(ResourceKind.BgpSpeaker, BgpSpeakerIntent.OnlyId, new BgpSpeakerSpec { LocalAs = 65000, RouterId = "192.0.2.254" }, Ask.NoLabels);
        Assert.Equal(OutcomeKind.Created, (await fabric.ApplyAsync(asked, stop.Token)).Kind);
        var time = new FragileTime();
        await using var bgp = new BgpLoop(fabric, new IPEndPoint(IPAddress.Loopback, 0), Path.GetTempPath(), time, NullLogger<BgpLoop>.Instance);
        var running = bgp.RunAsync(stop.Token);
        while (await bgp.ReadRoutesAsync(All, stop.Token) is null)
        {
            await Task.Delay(10, stop.Token);
        }

        time.Break();

        await Assert.ThrowsAsync<NotSupportedException>(() => running.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Null(await bgp.ReadRoutesAsync(All, stop.Token).WaitAsync(TimeSpan.FromSeconds(30)));
        await bgp.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fabricRuns);
    }

    /// <summary>Once it is broken its timers go off, and who then asks what time it is gets an exception.</summary>
    private sealed class FragileTime : TimeProvider
    {
        private readonly ConcurrentQueue<Action> timers = [];
        private volatile bool broken;

        public void Break()
        {
            broken = true;
            foreach (var fire in timers)
            {
                fire();
            }
        }

        public override long GetTimestamp() => broken ? throw new NotSupportedException("the time is broken") : base.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            timers.Enqueue(() => callback(state));
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
