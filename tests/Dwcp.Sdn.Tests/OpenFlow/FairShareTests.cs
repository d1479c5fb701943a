using System.Diagnostics;
using System.Net;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>One connection cannot take the time of the others. The figures are those of <c>tools/bench openflow hostile</c>; here, that the mechanism holds.</summary>
public sealed class FairShareTests : ISwitchObserver
{
    private static readonly long Moment = (long)(FairShare.Moment.TotalSeconds * TimeProvider.System.TimestampFrequency);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private int packets;

    [Fact]
    public void A_connection_that_is_alone_never_rests()
    {
        var fair = new FairShare(TimeProvider.System, 1);
        var account = default(FairShare.Account);
        for (var i = 1L; i < 1000; i++)
        {
            Assert.Equal(TimeSpan.Zero, fair.Took(ref account, i * Moment, (i + 1) * Moment));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(100)]
    public void Whoever_wants_all_gets_an_even_share_or_an_eighth(int connections)
    {
        var fair = new FairShare(TimeProvider.System, 1);
        var greedy = default(FairShare.Account);
        var others = new FairShare.Account[connections - 1];
        var (had, rests) = (0L, 0L);
        for (var moment = 1L; moment <= 2000; moment++)
        {
            var now = moment * Moment;
            for (var i = 0; i < others.Length; i++)
            {
                Assert.Equal(TimeSpan.Zero, fair.Took(ref others[i], now, now + (Moment / 1000)));
            }

            // It takes one turn after the other as long as it may.
            for (var at = Math.Max(now, rests); at < now + Moment; at = Math.Max(at + (Moment / 20), rests))
            {
                var rest = fair.Took(ref greedy, at, at + (Moment / 20));
                had += Moment / 20;
                rests = at + (Moment / 20) + (long)(rest.TotalSeconds * TimeProvider.System.TimestampFrequency);
            }
        }

        var share = Math.Max(1.0 / 8, 1.0 / connections);
        Assert.InRange((double)had / (2000 * Moment), share * 0.7, share * 1.1);
    }

    [Fact]
    public async Task A_switch_that_floods_leaves_the_others_their_answers()
    {
        using var stop = new CancellationTokenSource();
        using var listener = new OpenFlowListener(
            new() { Endpoint = new(IPAddress.Loopback, 0), Times = new SessionTimes(), Threads = 1 }, this, NullLogger<OpenFlowListener>.Instance);
        listener.Start();
        var running = listener.RunAsync(stop.Token);
        var honest = new List<RawPeer>();
        for (var i = 0; i < 20; i++)
        {
            honest.Add(await RawPeer.JoinAsync(listener.Endpoint, (ulong)i + 1));
        }

        using var hostile = await RawPeer.JoinAsync(listener.Endpoint, 100);
        using var end = new CancellationTokenSource();
        var flooding = Task.Run(async () =>
        {
            var w = new WireWriter();
            for (var i = 0u; i < 500; i++)
            {
                OfCodec.Write(w, i, new PacketIn(FlowMod.NoBuffer, 60, PacketInReason.NoMatch, 0, 0, Match.Of(new FieldMatch(Fields.InPort, 1)), [.. new byte[60]]));
            }

            while (!end.IsCancellationRequested)
            {
                await hostile.SendAsync(w.WrittenMemory);
            }
        });

        var times = new List<TimeSpan>();
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; round < 20 || (Volatile.Read(ref packets) <= 1000 && Stopwatch.GetElapsedTime(began) < Patience); round++)
        {
            foreach (var peer in honest)
            {
                var asked = Stopwatch.GetTimestamp();
                await peer.SendAsync(new EchoRequest([1]), 7);
                while ((await peer.ReceiveAsync().WaitAsync(Patience))!.Value.Message is not EchoReply)
                {
                }

                times.Add(Stopwatch.GetElapsedTime(asked));
            }
        }

        await end.CancelAsync();
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
        honest.ForEach(p => p.Dispose());
        hostile.Dispose();
        await flooding.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(Patience);
        Assert.True(packets > 1000, $"only {packets} packets of the flood were handled");
        Assert.InRange(times.Order().ElementAt(times.Count / 2), TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }

    void ISwitchObserver.Connected(SwitchConnection connection)
    {
    }

    void ISwitchObserver.PacketIn(SwitchConnection connection, in PacketInView packet)
    {
        // A packet that costs 20 µs: without a limit, one turn of the flood would take 2 ms and another follow it at once.
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMicroseconds(20))
        {
        }

        Interlocked.Increment(ref packets);
    }

    void ISwitchObserver.Refused(SwitchConnection connection, string why)
    {
    }

    void ISwitchObserver.PortStatus(SwitchConnection connection, PortStatus status)
    {
    }

    void ISwitchObserver.FlowRemoved(SwitchConnection connection, in FlowRemovedView flow)
    {
    }

    void ISwitchObserver.Disconnected(SwitchConnection connection, string why)
    {
    }
}
