using System.Security.Cryptography;
using Dwcp.Sdn.Grpc.Client;
using Dwcp.Sdn.Tests.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.SystemTests.Grpc;

/// <summary>Our client against a server of grpcio.</summary>
public sealed class GrpcioServerTests(RealClients clients) : IClassFixture<RealClients>, IAsyncLifetime
{
    private Command _server = null!;
    private Uri _address = null!;
    private GrpcChannel _channel = null!;

    private CallInvoker Client => _channel.CreateCallInvoker();

    public async Task InitializeAsync()
    {
        _server = Command.Start("/usr/bin/python3", Path.Combine(clients.Folder, "Python/server.py"), clients.PythonStubs, "gzip");
        while (!_server.Printed.EndsWith('\n'))
        {
            Assert.False(_server.HasEnded, _server.Printed);
            await Task.Delay(20);
        }

        _address = new($"http://127.0.0.1:{_server.Printed.Trim()}");
        _channel = new(_address);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Messages_up_to_8_MB_come_back()
    {
        foreach (var length in new[] { 0, 1, 100_000, 8 << 20 })
        {
            Assert.Equal(Random(length), await Client.AsyncUnaryCall(EchoServer.Once, null, default, Random(length)), SameLength);
        }

        using var gzip = new GrpcChannel(_address, new() { Gzip = true });
        var zeros = new BytesValue { Value = ByteString.CopyFrom(new byte[8 << 20]) };
        Assert.Equal(zeros, await gzip.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, default, zeros));
    }

    [Fact]
    public async Task All_kinds_of_streams_work()
    {
        using var repeat = Client.AsyncServerStreamingCall(EchoServer.Repeat, null, new(new() { { "x-times", "2000" } }), Random(50));
        var count = 0;
        while (await repeat.ResponseStream.MoveNext(default))
        {
            count++;
        }

        Assert.Equal(2000, count);
        using var collect = Client.AsyncClientStreamingCall(EchoServer.Collect, null, default);
        for (var i = 0; i < 200; i++)
        {
            await collect.RequestStream.WriteAsync(Random(i));
        }

        await collect.RequestStream.CompleteAsync();
        Assert.Equal(199 * 200 / 2, (await collect).Value.Length);
        using var chat = Client.AsyncDuplexStreamingCall(EchoServer.Chat, null, default);
        for (var i = 0; i < 200; i++)
        {
            var message = Random(i);
            await chat.RequestStream.WriteAsync(message);
            Assert.True(await chat.ResponseStream.MoveNext(default));
            Assert.Equal(message, chat.ResponseStream.Current);
        }

        await chat.RequestStream.CompleteAsync();
        Assert.False(await chat.ResponseStream.MoveNext(default));
    }

    [Fact]
    public async Task Failures_carry_code_sentence_and_details()
    {
        foreach (var code in System.Enum.GetValues<StatusCode>().Where(c => c != StatusCode.OK))
        {
            var options = new CallOptions(new() { { "x-fail", code.ToString() } });
            using var stream = Client.AsyncServerStreamingCall(EchoServer.Repeat, null, options, Random(1));
            foreach (var call in new Func<Task>[] { () => Client.AsyncUnaryCall(EchoServer.Once, null, options, Random(1)).ResponseAsync, () => stream.ResponseStream.MoveNext(default) })
            {
                var failure = await Assert.ThrowsAsync<RpcException>(call);
                Assert.Equal((code, "wrong: 100 % ü\n"), (failure.StatusCode, failure.Status.Detail));
                Assert.Equal([1, 2, 3, 255], failure.Trailers.GetValueBytes("grpc-status-details-bin")!);
            }
        }
    }

    [Fact]
    public async Task Metadata_travels_both_ways()
    {
        using var call = Client.AsyncUnaryCall(EchoServer.Once, null, new(new Metadata { { "x-echo", "a, b" }, { "x-echo-bin", new byte[] { 0, 255 } } }), Random(1));
        await call;

        foreach (var received in new[] { await call.ResponseHeadersAsync, call.GetTrailers() })
        {
            Assert.Equal("a, b", received.GetValue("x-echo"));
            Assert.Equal([0, 255], received.GetValueBytes("x-echo-bin")!);
        }
    }

    [Fact]
    public async Task Deadlines_and_cancellation_end_calls()
    {
        var wait = new Metadata { { "x-wait", "60000" } };
        var late = await Assert.ThrowsAsync<RpcException>(() => Client.AsyncUnaryCall(EchoServer.Once, null, new(wait, DateTime.UtcNow.AddMilliseconds(200)), Random(1)).ResponseAsync);
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
        using var giveUp = new CancellationTokenSource(200);
        var given = await Assert.ThrowsAsync<RpcException>(() => Client.AsyncUnaryCall(EchoServer.Once, null, new(wait, null, giveUp.Token), Random(1)).ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, given.StatusCode);
        using var stream = Client.AsyncServerStreamingCall(EchoServer.Repeat, null, default, Random(1000));
        Assert.True(await stream.ResponseStream.MoveNext(default));
        stream.Dispose();
        Assert.Equal(StatusCode.Cancelled, stream.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_thousand_calls_at_once_are_all_answered()
    {
        var calls = Enumerable.Range(0, 1000).Select(async i => (await Client.AsyncUnaryCall(EchoServer.Once, null, default, Random(i))).Value.Length == i);

        Assert.All(await Task.WhenAll(calls), Assert.True);
    }

    private static bool SameLength(BytesValue a, BytesValue b) => a.Value.Length == b.Value.Length;

    private static BytesValue Random(int length) => new() { Value = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(length)) };
}
