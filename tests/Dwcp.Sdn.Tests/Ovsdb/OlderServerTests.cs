using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Tests.Ovsdb;

/// <summary>The OVSDB client with servers that do not know <c>monitor_cond_since</c> (before 2.12), or no conditions at all (before 2.6).</summary>
public sealed class OlderServerTests : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim turn = new(1);
    private Task serving = Task.CompletedTask;
    private NetworkStream? served;

    [Theory]
    [InlineData(true, "monitor_cond_since monitor_cond")]
    [InlineData(false, "monitor_cond_since monitor_cond monitor")]
    public async Task A_server_is_asked_in_the_ways_that_it_knows(bool knowsConditions, string asked)
    {
        var server = new FakeOvsdb { KnowsConditions = knowsConditions };
        await using var client = await ConnectAsync(server);
        var schema = await client.GetSchemaAsync("Open_vSwitch");

        var monitor = await client.MonitorAsync(schema, [new("Open_vSwitch", ["external_ids"])]);

        Assert.Equal(asked.Split(' '), server.Asked.Where(m => m.StartsWith("monitor", StringComparison.Ordinal)));
        Assert.Equal(FakeOvsdb.Root, Assert.Single(monitor.Database.Table("Open_vSwitch")).Key);
        await SetAsync(server, "a", "1");
        await SetAsync(server, "b", "2");
        await ShownAsync(monitor, ("a", "1"), ("b", "2"));
    }

    [Fact]
    public async Task One_that_knows_no_conditions_is_not_asked_for_all_rows_in_their_stead()
    {
        var server = new FakeOvsdb { KnowsConditions = false };
        await using var client = await ConnectAsync(server);
        var schema = await client.GetSchemaAsync("Open_vSwitch");

        var refused = await Assert.ThrowsAsync<OvsdbException>(() => client.MonitorAsync(schema, [new("Bridge", ["name"]) { Where = [new("name", "==", OvsdbSet.Of("br-a"))] }]));

        Assert.StartsWith("unknown method", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("monitor", server.Asked);
    }

    [Fact]
    public async Task Whoever_throws_when_told_of_a_lock_ends_the_connection_and_leaves_no_question_open()
    {
        var server = new FakeOvsdb { KnowsConditions = false };
        var client = await ConnectAsync(server);
        client.LockChanged += (name, _) => throw new InvalidOperationException($"no use for {name}");

        await turn.WaitAsync();
        server.Out.Enqueue(new JsonRpcNotification("locked", JsonElement.Parse("""["a"]""")));
        await TellAsync(server);
        turn.Release();

        Assert.Equal("failed here: no use for a", await client.Closed.WaitAsync(TimeSpan.FromSeconds(20)));
        await Assert.ThrowsAsync<IOException>(() => client.EchoAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        await client.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        stop.Dispose();
        turn.Dispose();
    }

    private static async Task ShownAsync(OvsdbMonitor monitor, params (string Key, string Value)[] ids)
    {
        for (var tries = 0; tries < 200 && monitor.Database.Table("Open_vSwitch")[FakeOvsdb.Root].TextMap("external_ids").Count < ids.Length; tries++)
        {
            await Task.Delay(50);
        }

        Assert.Equal(ids, monitor.Database.Table("Open_vSwitch")[FakeOvsdb.Root].TextMap("external_ids").Select(e => (e.Key, e.Value)).Order());
    }

    private async Task SetAsync(FakeOvsdb server, string key, string value)
    {
        await turn.WaitAsync();
        var now = (OvsdbMap?)server.Value("Open_vSwitch", FakeOvsdb.Root, "external_ids") ?? OvsdbMap.Empty;
        server.Set("Open_vSwitch", FakeOvsdb.Root, ("external_ids", new OvsdbMap([.. now.Pairs, new(OvsdbAtom.Of(key), OvsdbAtom.Of(value))])));
        await TellAsync(server);
        turn.Release();
    }

    private async Task<OvsdbClient> ConnectAsync(FakeOvsdb server)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepting = listener.AcceptSocketAsync();
        var client = await OvsdbClient.ConnectAsync($"tcp:{listener.LocalEndpoint}");
        served = new(await accepting, ownsSocket: true);
        serving = ServeAsync(server);
        return client;
    }

    private async Task ServeAsync(FakeOvsdb server)
    {
        using var framer = new JsonFramer(JsonLimits.Default);
        try
        {
            while (await served!.ReadAsync(framer.Free(), stop.Token) is > 0 and var count)
            {
                framer.Received(count);
                await turn.WaitAsync(stop.Token);
                while (framer.TryTake(out var message))
                {
                    server.Take(JsonRpcMessage.Read(message.Span));
                }

                await TellAsync(server);
                turn.Release();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has gone, or the test is over.
        }
    }

    private async Task TellAsync(FakeOvsdb server)
    {
        while (server.Out.TryDequeue(out var message))
        {
            var bytes = new ArrayBufferWriter<byte>();
            message.Write(bytes);
            await served!.WriteAsync(bytes.WrittenMemory, stop.Token);
        }
    }
}
