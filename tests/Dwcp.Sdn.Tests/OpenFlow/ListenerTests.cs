using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>The listener on loopback, with peers that are honest, dead, slow or malicious.</summary>
public sealed class ListenerTests : ISwitchObserver, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<SwitchConnection> connected = Channel.CreateBounded<SwitchConnection>(2000);
    private readonly Channel<string> gone = Channel.CreateBounded<string>(2000);
    private readonly CancellationTokenSource stop = new();
    private readonly OpenFlowListener listener;
    private Task running = Task.CompletedTask;
    private int packets;
    private volatile bool fails;

    public ListenerTests()
    {
        var options = new OpenFlowOptions
        {
            Endpoint = new(IPAddress.Loopback, 0),
            Times = new()
            {
                Hello = TimeSpan.FromSeconds(2),
                Ready = TimeSpan.FromSeconds(4),
                Idle = TimeSpan.FromSeconds(30),
                Echo = TimeSpan.FromSeconds(10),
            },
            ProveAlive = TimeSpan.FromSeconds(2),
            MaxOutgoing = 256 * 1024,
            CheckFlows = true,
        };
        listener = new(options, this, NullLogger<OpenFlowListener>.Instance);
    }

    public Task InitializeAsync()
    {
        listener.Start();
        running = listener.RunAsync(stop.Token);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
        listener.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task A_port_that_another_listens_on_is_refused_and_one_that_it_left_a_moment_ago_is_not()
    {
        var options = new OpenFlowOptions { Endpoint = new(IPAddress.Parse("127.9.80.1"), 0) };
        await ServeAsync(options, async other =>
        {
            options = options with { Endpoint = other.Endpoint };
            using var peer = await RawPeer.ConnectAsync(other.Endpoint);
            using var second = new OpenFlowListener(options, this, NullLogger<OpenFlowListener>.Instance);
            Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(second.Start).SocketErrorCode);

            await peer.SendAsync(new byte[] { 4, 0, 0, 7, 0, 0, 0, 1 }); // It closes first, and the connection stays with it in TIME_WAIT.
            await peer.ReceiveToEndAsync().WaitAsync(Patience);
        });

        using var next = new OpenFlowListener(options, this, NullLogger<OpenFlowListener>.Instance);
        next.Start();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public Task Whoever_listens_on_all_addresses_serves_both_families_and_each_is_shown_in_its_own_form(string address) => ServeAsync(
        new() { Endpoint = new(IPAddress.IPv6Any, 0) },
        async wide =>
        {
            using var peer = await RawPeer.JoinAsync(new(IPAddress.Parse(address), wide.Endpoint.Port), 0x61);
            var connection = await NextAsync();
            Assert.Equal((address, address), (connection.Remote.Address.ToString(), connection.Local.Address.ToString()));
        });

    [Fact]
    public async Task A_switch_that_reads_nothing_holds_up_nobody_who_stops_the_listener()
    {
        var options = new OpenFlowOptions { Endpoint = new(IPAddress.Loopback, 0), Times = new() { Ready = TimeSpan.FromMinutes(10) }, MaxOutgoing = 256 * 1024 };
        RawPeer? deaf = null;
        await ServeAsync(options, async other =>
        {
            deaf = await RawPeer.JoinAsync(other.Endpoint, 0x62);
            var connection = await NextAsync();
            var packet = new byte[60_000];
            for (var full = 0; full < 10; full++)
            {
                while (connection.TrySendPacket(new(1), [], packet))
                {
                    full = 0;
                }

                await Task.Delay(20);
            }

            await deaf.SendAsync(new EchoRequest()); // After it the loop waits for room.
            await Task.Delay(100);
        });
        deaf!.Dispose();
    }

    [Fact]
    public async Task A_silent_peer_is_dropped_when_its_time_for_hello_is_over()
    {
        var clock = Stopwatch.StartNew();
        using var peer = await RawPeer.ConnectAsync(listener.Endpoint);
        Assert.Equal([new Hello()], await peer.ReceiveToEndAsync().WaitAsync(Patience));
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(1.9), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task A_peer_that_sends_one_octet_at_a_time_gains_no_time_by_it()
    {
        using var peer = await RawPeer.ConnectAsync(listener.Endpoint);
        var end = peer.ReceiveToEndAsync();
        var hello = new byte[] { 4, 0, 0, 8, 0, 0, 0, 1 };
        for (var i = 0; i < hello.Length && !end.IsCompleted; i++)
        {
            await peer.SendAsync(hello.AsMemory(i, 1));
            await Task.Delay(400);
        }

        Assert.DoesNotContain(await end.WaitAsync(Patience), m => m is FeaturesRequest);
    }

    [Theory]
    [InlineData("0400000400000001")] // A length below that of the header.
    [InlineData("04020008000000010402000800000001")] // Echo before HELLO.
    [InlineData("04000008000000010406000900000001ff")] // Features of one octet.
    [InlineData("0400000800000001010600080000000a")] // Version 1 after 1.3 was agreed upon.
    public async Task Nonsense_ends_the_connection_with_an_error(string hex)
    {
        using var peer = await RawPeer.ConnectAsync(listener.Endpoint);
        await peer.SendAsync(Convert.FromHexString(hex));
        var said = await peer.ReceiveToEndAsync().WaitAsync(Patience);

        Assert.Contains(said, m => m is OfError { ErrorType: 1 });
    }

    [Fact]
    public async Task An_honest_switch_joins_while_hundreds_of_others_say_nothing()
    {
        var silent = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => RawPeer.ConnectAsync(listener.Endpoint)));
        using var honest = await RawPeer.JoinAsync(listener.Endpoint, 1);

        Assert.Equal(new DatapathId(1), (await NextAsync()).Id);
        foreach (var peer in silent)
        {
            peer.Dispose();
        }
    }

    [Fact]
    public async Task Whoever_is_not_ready_makes_room_and_no_address_takes_the_place_of_another()
    {
        var patient = new SessionTimes { Hello = TimeSpan.FromMinutes(1), Ready = TimeSpan.FromMinutes(1) };
        await ServeAsync(new() { Endpoint = new(IPAddress.Loopback, 0), MaxNewcomers = 20, Times = patient }, async few =>
        {
            var (crowd, other) = (IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.3"));
            using var slow = await RawPeer.ConnectAsync(few.Endpoint, from: other);
            Assert.Equal(new Hello(), (await slow.ReceiveAsync().WaitAsync(Patience))!.Value.Message);
            var silent = new List<RawPeer>();
            for (var i = 0; i < 100; i++)
            {
                silent.Add(await RawPeer.ConnectAsync(few.Endpoint, from: crowd));
                await silent[^1].ReceiveAsync().WaitAsync(Patience); // Its HELLO: it was let in.
            }

            // The oldest of those who have most have gone; whoever was there before them all is still heard, and so is one more of theirs.
            foreach (var oldest in silent[..81])
            {
                Assert.Empty(await oldest.ReceiveToEndAsync().WaitAsync(Patience));
            }

            await slow.GreetAsync(1).WaitAsync(Patience);
            Assert.Equal(new DatapathId(1), (await NextAsync()).Id);
            using var late = await RawPeer.ConnectAsync(few.Endpoint, from: crowd);
            await late.GreetAsync(2).WaitAsync(Patience);
            Assert.Equal(new DatapathId(2), (await NextAsync()).Id);
            Assert.False(gone.Reader.TryRead(out _));
            silent.ForEach(peer => peer.Dispose());
        });
    }

    [Fact]
    public async Task No_more_sockets_are_open_than_may_be_and_a_switch_gets_in_all_the_same()
    {
        var patient = new SessionTimes { Hello = TimeSpan.FromMinutes(1), Ready = TimeSpan.FromMinutes(1) };
        await ServeAsync(new() { Endpoint = new(IPAddress.Loopback, 0), MaxSockets = 6, MaxConnections = 4, Times = patient }, async few =>
        {
            using var first = await RawPeer.JoinAsync(few.Endpoint, 1);
            await NextAsync();
            var silent = new List<RawPeer>();
            for (var i = 0; i < 50; i++)
            {
                silent.Add(await RawPeer.ConnectAsync(few.Endpoint));
                await silent[^1].ReceiveAsync().WaitAsync(Patience); // Its HELLO: it was let in.
            }

            // Five places besides the switch: the others have made room.
            foreach (var oldest in silent[..45])
            {
                Assert.Empty(await oldest.ReceiveToEndAsync().WaitAsync(Patience));
            }

            using var late = await RawPeer.JoinAsync(few.Endpoint, 2);
            Assert.Equal(new DatapathId(2), (await NextAsync()).Id);
            Assert.False(gone.Reader.TryRead(out _));
            silent.ForEach(peer => peer.Dispose());
        });
    }

    [Fact]
    public async Task A_mistake_at_the_beginning_of_a_connection_costs_that_one_and_no_place()
    {
        var faulty = new FaultyClock();
        await ServeAsync(new() { Endpoint = new(IPAddress.Loopback, 0), MaxSockets = 2, MaxConnections = 1, Time = faulty }, async few =>
        {
            for (var i = 0; i < 5; i++)
            {
                faulty.Fails = true;
                using var unlucky = await RawPeer.ConnectAsync(few.Endpoint);
                Assert.Empty(await unlucky.ReceiveToEndAsync().WaitAsync(Patience));
            }

            using var next = await RawPeer.JoinAsync(few.Endpoint, 1).WaitAsync(Patience);
            Assert.Equal(new DatapathId(1), (await NextAsync()).Id);
        });
    }

    [Fact]
    public async Task As_many_switches_as_may_be_stay_and_one_more_is_refused_until_one_has_gone()
    {
        await ServeAsync(new() { Endpoint = new(IPAddress.Loopback, 0), MaxConnections = 2 }, async few =>
        {
            using var first = await RawPeer.JoinAsync(few.Endpoint, 1);
            var connection = await NextAsync();
            using var second = await RawPeer.JoinAsync(few.Endpoint, 2);
            await NextAsync();
            using var third = await RawPeer.JoinAsync(few.Endpoint, 3);
            await third.ReceiveToEndAsync().WaitAsync(Patience);
            Assert.False(gone.Reader.TryRead(out _));

            connection.Close("enough");
            await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            using var again = await RawPeer.JoinAsync(few.Endpoint, 3);
            Assert.Equal(new DatapathId(3), (await NextAsync()).Id);
        });
    }

    [Fact]
    public async Task A_second_switch_with_the_same_id_is_refused_while_the_first_lives()
    {
        using var first = await RawPeer.JoinAsync(listener.Endpoint, 5);
        var connection = await NextAsync();
        var answers = AnswerEchoesAsync(first);
        using var second = await RawPeer.JoinAsync(listener.Endpoint, 5);

        await second.ReceiveToEndAsync().WaitAsync(Patience);
        Assert.False(connection.Lifetime.IsCancellationRequested);
        Assert.False(gone.Reader.TryRead(out _));
        connection.Close("enough");
        await answers.WaitAsync(Patience);
    }

    /// <summary>OpenFlow 1.3.5 §6.3.5: it may say what it likes of itself, with a main connection or without; neither it nor the main one matters to the other.</summary>
    [Theory]
    [InlineData(false, 254, 1)]
    [InlineData(true, 254, 1)]
    [InlineData(true, 7, 255)]
    public async Task An_auxiliary_connection_is_closed_and_its_main_connection_stays(bool afterMain, byte tables, byte auxiliary)
    {
        using var main = afterMain ? await RawPeer.JoinAsync(listener.Endpoint, 77) : null;
        var connection = afterMain ? await NextAsync() : null;
        using var second = await RawPeer.ConnectAsync(listener.Endpoint);
        await second.SendAsync(new Hello());
        while (await second.ReceiveAsync().WaitAsync(Patience) is { } received)
        {
            if (received.Message is FeaturesRequest)
            {
                await second.SendAsync(new FeaturesReply(new DatapathId(77), 0, tables, auxiliary, SwitchCapabilities.None), received.Xid);
            }
        }

        Assert.False(connected.Reader.TryRead(out _));
        Assert.False(gone.Reader.TryRead(out _));
        if (main is not null)
        {
            await main.SendAsync(new EchoRequest([1]), 99);
            while ((await main.ReceiveAsync().WaitAsync(Patience))!.Value.Message is not EchoReply)
            {
            }

            Assert.False(connection!.Lifetime.IsCancellationRequested);
        }
    }

    [Fact]
    public async Task A_flow_that_no_switch_would_take_is_not_sent()
    {
        using var peer = await RawPeer.JoinAsync(listener.Endpoint, 78);
        var connection = await NextAsync();
        var rule = new FlowRule(new(0, 1, Match.Of(new FieldMatch(Fields.TcpDst, 80))), 1);

        var mistake = await Assert.ThrowsAsync<ArgumentException>(() => connection.ApplyAsync(new() { FlowsToAddOrModify = [rule] }, default));
        Assert.Contains("tcp_dst needs ip_proto", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_switch_makes_room_for_the_one_that_returns()
    {
        using var dead = await RawPeer.JoinAsync(listener.Endpoint, 5);
        var first = await NextAsync();
        using var returned = await RawPeer.JoinAsync(listener.Endpoint, 5);
        var second = await NextAsync();

        Assert.NotSame(first, second);
        Assert.Contains("did not answer", await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience), StringComparison.Ordinal);
        Assert.True(first.Lifetime.IsCancellationRequested);
        Assert.False(second.Lifetime.IsCancellationRequested);
    }

    [Fact]
    public async Task An_observer_that_fails_locks_no_switch_out()
    {
        fails = true;
        using var first = await RawPeer.JoinAsync(listener.Endpoint, 8);
        await first.ReceiveToEndAsync().WaitAsync(Patience);
        fails = false;
        using var again = await RawPeer.JoinAsync(listener.Endpoint, 8);

        Assert.Equal(new DatapathId(8), (await NextAsync()).Id);
    }

    [Fact]
    public async Task A_peer_that_asks_and_never_reads_costs_a_bounded_amount_and_is_left()
    {
        using var peer = await RawPeer.JoinAsync(listener.Endpoint, 6);
        await NextAsync();
        var echo = new EchoRequest([.. new byte[60_000]]);
        var sending = Task.Run(async () =>
        {
            try
            {
                for (var i = 0; i < 5000; i++)
                {
                    await peer.SendAsync(echo);
                }
            }
            catch (IOException)
            {
                // Left alone, as it should be.
            }
        });

        Assert.Equal("the peer does not read", await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        await sending.WaitAsync(Patience);
    }

    [Fact]
    public async Task Packets_that_the_switch_does_not_take_are_dropped_and_counted()
    {
        using var peer = await RawPeer.JoinAsync(listener.Endpoint, 7);
        var connection = await NextAsync();
        var packet = new byte[1500];
        while (connection.TrySendPacket(new(1), [new OutputAction(new(2))], packet))
        {
            // Until the socket and the outbox are full.
        }

        Assert.Equal(1, connection.PacketsDropped);
    }

    [Fact]
    public async Task A_packet_that_is_too_long_with_its_actions_is_dropped_and_counted_and_the_connection_stays()
    {
        using var peer = await RawPeer.JoinAsync(listener.Endpoint, 12);
        var connection = await NextAsync();
        FlowAction[] flood = [.. Enumerable.Range(1, 4000).Select(p => new OutputAction(new((uint)p)))];

        Assert.False(connection.TrySendPacket(new(1), flood, new byte[9000]));
        Assert.False(connection.TrySendFlow(new(new(1), default, default, null, new(2)), [new OutputAction(new(2))], new byte[65_530]));
        Assert.Equal(2, connection.PacketsDropped);

        Assert.True(connection.TrySendPacket(new(1), flood, new byte[100]));
        while (await peer.ReceiveAsync().WaitAsync(Patience) is { } received)
        {
            if (received.Message is PacketOut sent)
            {
                Assert.Equal((4000, 100), (sent.Actions.Count, sent.Data.Count));
                return;
            }
        }

        Assert.Fail("the connection is over");
    }

    [Fact]
    public async Task Whoever_doubts_and_fails_at_it_loses_that_connection_and_no_other()
    {
        var fails = true;
        var options = new OpenFlowOptions
        {
            Endpoint = new(IPAddress.Loopback, 0),
            MaxConnections = 1,
            Doubt = (_, _) => fails ? throw new InvalidOperationException("nobody can say") : Task.FromResult<string?>(null),
        };
        await ServeAsync(options, async doubting =>
        {
            using var first = await RawPeer.JoinAsync(doubting.Endpoint, 13);
            await first.ReceiveToEndAsync().WaitAsync(Patience);
            fails = false;
            using var second = await RawPeer.JoinAsync(doubting.Endpoint, 13);
            Assert.Equal(new DatapathId(13), (await NextAsync()).Id);
        });
    }

    [Fact]
    public async Task Requests_of_many_callers_find_their_own_answers()
    {
        using var peer = await RawPeer.JoinAsync(listener.Endpoint, 8);
        var connection = await NextAsync();
        var asked = Enumerable.Range(1, 50).Select(i => connection.AskAsync<GroupStatsReply>(new GroupStatsRequest((uint)i), default)).ToList();
        var questions = new List<(uint Xid, uint Group)>();
        while (questions.Count < 50)
        {
            var (xid, message) = (await peer.ReceiveAsync())!.Value;
            if (message is MultipartRequest { Body: GroupStatsRequest q })
            {
                questions.Add((xid, q.Group));
            }
        }

        questions.Reverse();
        foreach (var (xid, group) in questions)
        {
            var answer = new GroupStatsReply([new(group, 0, 0, 0, 0, 0, [])]);
            await peer.SendAsync(new MultipartReply(answer, More: true), xid);
            await peer.SendAsync(new MultipartReply(answer), xid);
        }

        var answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.All(answers.Select((a, i) => (a, i)), p => Assert.All(p.a, reply => Assert.Equal((uint)p.i + 1, reply.Groups[0].Group)));
        Assert.All(answers, a => Assert.Equal(2, a.Length));
    }

    [Fact]
    public async Task A_thousand_messages_in_any_pieces_arrive_whole()
    {
        using var peer = await RawPeer.JoinAsync(listener.Endpoint, 9);
        await NextAsync();
        var w = new Core.Wire.WireWriter();
        var packet = new PacketIn(FlowMod.NoBuffer, 100, PacketInReason.Action, 0, 0, Match.Of(new FieldMatch(Fields.InPort, 1)), [.. new byte[100]]);
        for (var i = 0; i < 1000; i++)
        {
            OfCodec.Write(w, 1, packet);
        }

        var random = new Random(1);
        var bytes = w.ToArray();
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(random.Next(1, 5000), bytes.Length - at);
            await peer.SendAsync(bytes.AsMemory(at, count));
            at += count;
        }

        var clock = Stopwatch.StartNew();
        while (Volatile.Read(ref packets) < 1000 && clock.Elapsed < Patience)
        {
            await Task.Delay(5);
        }

        Assert.Equal(1000, packets);
    }

    void ISwitchObserver.Connected(SwitchConnection connection)
    {
        if (fails)
        {
            throw new InvalidOperationException("the observer fails");
        }

        connected.Writer.TryWrite(connection);
    }

    void ISwitchObserver.PacketIn(SwitchConnection connection, in PacketInView packet) => packets += packet.InPort == new PortNumber(1) ? 1 : 0;

    void ISwitchObserver.PortStatus(SwitchConnection connection, PortStatus status)
    {
    }

    void ISwitchObserver.FlowRemoved(SwitchConnection connection, in FlowRemovedView flow)
    {
    }

    void ISwitchObserver.Disconnected(SwitchConnection connection, string why) => gone.Writer.TryWrite(why);

    [Fact]
    public Task A_port_that_another_listens_on_is_not_shared_with_it() => ServeAsync(new() { Endpoint = new(IPAddress.Loopback, 0) }, first =>
    {
        using var second = new OpenFlowListener(new() { Endpoint = first.Endpoint }, this, NullLogger<OpenFlowListener>.Instance);

        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(second.Start).SocketErrorCode);
        return Task.CompletedTask;
    });

    private static async Task AnswerEchoesAsync(RawPeer peer)
    {
        while (await peer.ReceiveAsync() is { } received)
        {
            if (received.Message is EchoRequest echo)
            {
                await peer.SendAsync(new EchoReply(echo.Data), received.Xid);
            }
        }
    }

    /// <summary>Another listener for the time of a test.</summary>
    private async Task ServeAsync(OpenFlowOptions options, Func<OpenFlowListener, Task> test)
    {
        using var other = new OpenFlowListener(options, this, NullLogger<OpenFlowListener>.Instance);
        using var end = new CancellationTokenSource();
        other.Start();
        var serving = other.RunAsync(end.Token);
        try
        {
            await test(other);
        }
        finally
        {
            await end.CancelAsync();
            await serving.WaitAsync(Patience);
        }
    }

    private async Task<SwitchConnection> NextAsync() => await connected.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>Fails once, whenever it is told to.</summary>
    private sealed class FaultyClock : TimeProvider
    {
        private int fails;

        public bool Fails { set => Volatile.Write(ref fails, value ? 1 : 0); }

        public override long GetTimestamp() =>
            Interlocked.Exchange(ref fails, 0) == 0 ? base.GetTimestamp() : throw new InvalidOperationException("the clock fails");
    }
}
