using System.Diagnostics;
using System.Net;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>One connection cannot take the time of the others. The figures are those of <c>tools/bench openflow hostile</c>; here, that the mechanism holds.</summary>
public sealed class FairShareTests : ISwitchObserver
{
    private static readonly long Moment = (long)(FairShare.Moment.TotalSeconds * TimeProvider.System.TimestampFrequency);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Cost = TimeSpan.FromMicroseconds(20);

    private readonly ManualTime time = new();
    private int switches;
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
    public void Who_is_handled_for_so_long_that_nobody_else_had_a_turn_is_not_alone_for_that()
    {
        var fair = new FairShare(TimeProvider.System, 1);
        var (greedy, other) = (default(FairShare.Account), default(FairShare.Account));
        fair.Took(ref other, 9 * Moment, (9 * Moment) + 1);

        Assert.NotEqual(TimeSpan.Zero, fair.Took(ref greedy, 10 * Moment, 20 * Moment));
        Assert.Equal(TimeSpan.Zero, fair.Took(ref greedy, 60 * Moment, 70 * Moment)); // By now the other has had its chance.
    }

    /// <summary>The clock stands but for what packets cost and for what the test lets pass: who rests is not read from before that, however long others take.</summary>
    [Fact]
    public async Task A_switch_that_floods_is_not_read_from_while_it_rests_and_the_others_are_answered()
    {
        const int Flood = 3000;
        using var stop = new CancellationTokenSource();
        using var listener = new OpenFlowListener(
            new() { Endpoint = new(IPAddress.Loopback, 0), Time = time, Threads = 1 }, this, NullLogger<OpenFlowListener>.Instance);
        listener.Start();
        var running = listener.RunAsync(stop.Token);
        using var first = await RawPeer.JoinAsync(listener.Endpoint, 1);
        using var second = await RawPeer.JoinAsync(listener.Endpoint, 2);
        using var hostile = await RawPeer.JoinAsync(listener.Endpoint, 100);
        var w = new WireWriter();
        for (var i = 0u; i < Flood; i++)
        {
            OfCodec.Write(w, i, new PacketIn(FlowMod.NoBuffer, 60, PacketInReason.NoMatch, 0, 0, Match.Of(new FieldMatch(Fields.InPort, 1)), [.. new byte[60]]));
        }

        await UntilAsync(() => Volatile.Read(ref switches) == 3);
        await AskAsync();
        var started = time.GetTimestamp();
        var flooding = hostile.SendAsync(w.WrittenMemory);
        await UntilAsync(() => Volatile.Read(ref packets) > 0);
        for (var moment = 0; moment < 20; moment++)
        {
            // Each answer comes after a round of the thread, in which the flood would have its turn.
            for (var i = 0; i < 5; i++)
            {
                await AskAsync();
            }

            // A third of the time that has passed, and the turn in which it takes more: 16 KiB are some 150 packets.
            var most = (time.GetElapsedTime(started) / 3 / Cost) + 250;
            Assert.InRange(Volatile.Read(ref packets), 1, most);
            time.Advance(FairShare.Moment);
        }

        await UntilAsync(() =>
        {
            time.Advance(FairShare.Moment);
            return Volatile.Read(ref packets) == Flood;
        });
        await flooding.WaitAsync(Patience);
        await stop.CancelAsync();
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1)); // The last word of connections has its time too.
            return running.IsCompleted;
        });

        async Task AskAsync()
        {
            foreach (var peer in new[] { first, second })
            {
                await peer.SendAsync(new EchoRequest([1]), 7);
                while ((await InTimeAsync(peer.ReceiveAsync()))!.Value.Message is not EchoReply)
                {
                }
            }
        }

        // Who has been answered may still be at its turn when the clock is moved on. It rests for that as if the turn had been so long.
        async Task<T> InTimeAsync<T>(Task<T> answer)
        {
            for (var clock = Stopwatch.StartNew(); await Task.WhenAny(answer, Task.Delay(100)) != answer;)
            {
                Assert.True(clock.Elapsed < Patience, "no answer");
                time.Advance(FairShare.Moment);
            }

            return await answer;
        }
    }

    void ISwitchObserver.Connected(SwitchConnection connection) => Interlocked.Increment(ref switches);

    void ISwitchObserver.PacketIn(SwitchConnection connection, in PacketInView packet)
    {
        time.Advance(Cost);
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

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition();)
        {
            Assert.True(clock.Elapsed < Patience, "it has not come true");
            await Task.Delay(1);
        }
    }
}
