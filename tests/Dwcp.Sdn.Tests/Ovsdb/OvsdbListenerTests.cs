using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Southbound.Ovsdb.Session;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Ovsdb;

public sealed class OvsdbListenerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly OvsdbListener listener = OvsdbListener.Start(
        new(IPAddress.Loopback, 0),
        new OvsdbOptions
        {
            Times = new HostTimes
            {
                Write = TimeSpan.FromSeconds(1),
                Session = new JsonRpcTimes { ProbeAfter = TimeSpan.FromSeconds(2), ProbeAnswer = TimeSpan.FromSeconds(1) },
            },
            Limits = new JsonLimits(1 << 20, 32),
        },
        TimeProvider.System,
        NullLogger.Instance);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => listener.DisposeAsync().AsTask();

    [Fact]
    public async Task A_host_joins_while_a_thousand_peers_say_nothing_and_those_are_dropped()
    {
        var silent = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => ConnectAsync()));

        using var host = await FakeHost.ConnectAsync(listener.LocalEndPoint);
        var connection = await NextAsync();

        Assert.False(connection.Closed.IsCompleted);
        foreach (var socket in silent)
        {
            await DrainAsync(socket).WaitAsync(Patience);
            socket.Dispose();
        }

        Assert.False(connection.Closed.IsCompleted);
    }

    [Fact]
    public async Task More_connections_than_are_allowed_are_closed_and_those_that_are_there_go_on()
    {
        await using var small = OvsdbListener.Start(new(IPAddress.Loopback, 0), new OvsdbOptions { MaxConnections = 1 }, TimeProvider.System, NullLogger.Instance);
        await using var hosts = small.HostsAsync().GetAsyncEnumerator();
        using var host = await FakeHost.ConnectAsync(small.LocalEndPoint);
        Assert.True(await hosts.MoveNextAsync().AsTask().WaitAsync(Patience));

        using var second = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await second.ConnectAsync(small.LocalEndPoint);
        await DrainAsync(second).WaitAsync(TimeSpan.FromSeconds(5));

        Assert.False(hosts.Current.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_host_that_sends_byte_by_byte_is_understood()
    {
        using var host = await FakeHost.ConnectAsync(listener.LocalEndPoint, piece: 1);

        Assert.Equal("h1", (await NextAsync()).Inventory.SystemId);
    }

    [Fact]
    public async Task A_message_above_the_limit_ends_the_session()
    {
        using var host = await FakeHost.ConnectAsync(listener.LocalEndPoint);
        var connection = await NextAsync();

        await host.SendAsync("{\"id\":null,\"method\":\"" + new string('x', 1 << 20));

        Assert.Equal($"a JSON message of more than {1 << 20} bytes", await connection.Closed.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_host_that_asks_much_and_reads_nothing_is_dropped()
    {
        using var host = await FakeHost.ConnectAsync(listener.LocalEndPoint);
        var connection = await NextAsync();
        host.StopReading();

        var echo = "{\"id\":1,\"method\":\"echo\",\"params\":[\"" + new string('x', 60_000) + "\"]}";
        var flood = FloodAsync(host, echo);

        Assert.Equal("does not read what we send for 1 s", await connection.Closed.WaitAsync(Patience));
        await flood;
    }

    [Fact]
    public async Task Inventories_come_as_they_change_and_end_with_the_session()
    {
        using var host = await FakeHost.ConnectAsync(listener.LocalEndPoint);
        var connection = await NextAsync();
        var inventories = connection.InventoriesAsync().GetAsyncEnumerator();
        Assert.True(await inventories.MoveNextAsync());
        Assert.Equal("h1", inventories.Current.SystemId);

        await host.RenameAsync("h2");
        Assert.True(await inventories.MoveNextAsync().AsTask().WaitAsync(Patience));
        Assert.Equal("h2", inventories.Current.SystemId);
        Assert.Equal("h2", connection.Inventory.SystemId);

        connection.Close("refused");
        Assert.Equal("refused", await connection.Closed.WaitAsync(Patience));
        Assert.False(await inventories.MoveNextAsync());
    }

    [Fact]
    public async Task Changes_fail_when_the_host_goes_and_after_it_has_gone()
    {
        using var host = await FakeHost.ConnectAsync(listener.LocalEndPoint);
        var connection = await NextAsync();
        var wish = connection.ApplyAsync([new CreateBridge("br-int", "netdev", BridgeFailMode.Secure)]); // Nobody applies it there.
        await Task.Delay(50);

        host.Dispose();

        Assert.Equal(HostChangeFault.Disconnected, (await Assert.ThrowsAsync<HostChangeException>(() => wish.WaitAsync(Patience))).Fault);
        await connection.Closed.WaitAsync(Patience);
        Assert.Equal(HostChangeFault.Disconnected, (await Assert.ThrowsAsync<HostChangeException>(() => connection.ApplyAsync([]))).Fault);
    }

    [Fact]
    public async Task Stopping_the_listener_ends_the_sessions()
    {
        using var host = await FakeHost.ConnectAsync(listener.LocalEndPoint);
        var connection = await NextAsync();

        await listener.DisposeAsync();

        Assert.Equal("the controller stops", await connection.Closed.WaitAsync(Patience));
        Assert.Empty(await ListAsync(listener.HostsAsync()));
    }

    [Theory]
    [InlineData("tcp:127.0.0.1")]
    [InlineData("tcp:somewhere:6640")]
    [InlineData("127.0.0.1:6640")]
    [InlineData("")]
    public async Task A_target_that_is_none_cannot_be_dialed(string target) =>
        await Assert.ThrowsAsync<FormatException>(() => OvsdbDialer.ConnectAsync(target, new(), TimeProvider.System, NullLogger.Instance));

    [Fact]
    public async Task A_target_where_nobody_listens_says_so() =>
        await Assert.ThrowsAsync<IOException>(() => OvsdbDialer.ConnectAsync("unix:/nowhere/db.sock", new(), TimeProvider.System, NullLogger.Instance));

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint);
        return socket;
    }

    private async Task<IHostConnection> NextAsync()
    {
        using var late = new CancellationTokenSource(Patience);
        await using var hosts = listener.HostsAsync(late.Token).GetAsyncEnumerator();
        Assert.True(await hosts.MoveNextAsync());
        return hosts.Current;
    }

    private static async Task<List<IHostConnection>> ListAsync(IAsyncEnumerable<IHostConnection> hosts)
    {
        var list = new List<IHostConnection>();
        await foreach (var host in hosts)
        {
            list.Add(host);
        }

        return list;
    }

    private static async Task DrainAsync(Socket socket)
    {
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer) > 0)
        {
        }
    }

    private static async Task FloodAsync(FakeHost host, string message)
    {
        try
        {
            while (true)
            {
                await host.SendAsync(message);
            }
        }
        catch (IOException)
        {
            return; // Dropped at last.
        }
    }

    /// <summary>A database in memory behind a socket.</summary>
    private sealed class FakeHost : IDisposable
    {
        private readonly Socket socket;
        private readonly NetworkStream stream;
        private readonly FakeOvsdb database = new();
        private readonly SemaphoreSlim gate = new(1);
        private readonly int piece;
        private volatile bool reading = true;

        private FakeHost(Socket socket, int piece)
        {
            this.socket = socket;
            this.piece = piece;
            stream = new NetworkStream(socket);
            Name("h1");
        }

        public static async Task<FakeHost> ConnectAsync(IPEndPoint to, int piece = int.MaxValue)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(to);
            var host = new FakeHost(socket, piece);
            _ = host.RunAsync();
            return host;
        }

        public void StopReading() => reading = false;

        public async Task RenameAsync(string systemId)
        {
            await gate.WaitAsync();
            Name(systemId);
            await FlushAsync();
            gate.Release();
        }

        public Task SendAsync(string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();

        public void Dispose() => socket.Dispose();

        private void Name(string systemId) => database.Set(
            "Open_vSwitch", FakeOvsdb.Root, ("external_ids", new OvsdbMap([new(OvsdbAtom.Of("system-id"), OvsdbAtom.Of(systemId))])));

        private async Task RunAsync()
        {
            var framer = new JsonFramer(JsonLimits.Default);
            try
            {
                while (reading)
                {
                    var count = await stream.ReadAsync(framer.Free());
                    if (count == 0)
                    {
                        return;
                    }

                    framer.Received(count);
                    await gate.WaitAsync();
                    while (framer.TryTake(out var message))
                    {
                        database.Take(JsonRpcMessage.Read(message.Span));
                    }

                    await FlushAsync();
                    gate.Release();
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                return; // The test is over for it.
            }
        }

        private async Task FlushAsync()
        {
            var bytes = new ArrayBufferWriter<byte>();
            while (database.Out.TryDequeue(out var message))
            {
                message.Write(bytes);
            }

            for (var sent = 0; sent < bytes.WrittenCount; sent += piece)
            {
                var count = Math.Min(piece, bytes.WrittenCount - sent);
                await stream.WriteAsync(bytes.WrittenMemory.Slice(sent, count));
                if (count < bytes.WrittenCount - sent)
                {
                    await Task.Yield();
                }
            }
        }
    }
}
