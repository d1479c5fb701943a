using System.Security.Cryptography;
using Dwcp.Sdn.Grpc.Client;
using Dwcp.Sdn.Grpc.Server;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Tests.Grpc;

/// <summary>Our client and our server over HTTP/2 on loopback.</summary>
public sealed class CallTests : IAsyncLifetime
{
    private readonly EchoServer _server = new(new GrpcLimits { MaxMessageBytes = 9 << 20 });
    private GrpcChannel _channel = null!;

    private CallInvoker Client => _channel.CreateCallInvoker();

    public async Task InitializeAsync()
    {
        await _server.StartAsync();
        _channel = new(_server.Address);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16_383)]
    [InlineData(1 << 20)]
    [InlineData(8 << 20)]
    public async Task A_message_comes_back(int length)
    {
        var sent = Random(length);

        Assert.Equal(sent, await Client.AsyncUnaryCall(EchoServer.Once, null, default, sent));
    }

    [Fact]
    public async Task Compressed_messages_are_answered_compressed()
    {
        using var channel = new GrpcChannel(_server.Address, new() { Gzip = true });
        var zeros = new BytesValue { Value = ByteString.CopyFrom(new byte[8 << 20]) };

        using var call = channel.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, default, zeros);

        Assert.Equal(zeros, await call);
        using var chat = channel.CreateCallInvoker().AsyncDuplexStreamingCall(EchoServer.Chat, null, default);
        foreach (var length in new[] { 1, 100_000, 3 })
        {
            await chat.RequestStream.WriteAsync(Random(length));
            Assert.True(await chat.ResponseStream.MoveNext(default));
            Assert.Equal(length, chat.ResponseStream.Current.Value.Length);
        }
    }

    [Fact]
    public async Task What_unfolds_beyond_the_limit_is_refused_before_it_has_unfolded()
    {
        using var channel = new GrpcChannel(_server.Address, new() { Gzip = true });

        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            channel.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, default, new() { Value = ByteString.CopyFrom(new byte[64 << 20]) }).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }

    [Fact]
    public async Task A_message_beyond_the_limit_is_refused_by_whoever_receives_it()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => Client.AsyncUnaryCall(EchoServer.Once, null, default, Random(10 << 20)).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("the limit is 9437184", refused.Status.Detail);

        using var strict = new GrpcChannel(_server.Address, new() { MaxMessageBytes = 1000 });
        var refusedHere = await Assert.ThrowsAsync<RpcException>(() => strict.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, default, Random(2000)).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, refusedHere.StatusCode);
    }

    [Fact]
    public async Task A_server_streams_in_order_until_it_ends()
    {
        using var call = Client.AsyncServerStreamingCall(EchoServer.Repeat, null, new(new() { { "x-times", "5000" } }), Random(100));
        var count = 0;
        while (await call.ResponseStream.MoveNext(default))
        {
            count++;
        }

        Assert.Equal(5000, count);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_client_streams_until_it_ends()
    {
        using var call = Client.AsyncClientStreamingCall(EchoServer.Collect, null, default);
        var all = new MemoryStream();
        for (var i = 0; i < 1000; i++)
        {
            var message = Random(i);
            message.Value.WriteTo(all);
            await call.RequestStream.WriteAsync(message);
        }

        await call.RequestStream.CompleteAsync();

        Assert.Equal(all.ToArray(), (await call.ResponseAsync).Value.ToByteArray());
    }

    [Fact]
    public async Task Both_stream_at_once()
    {
        using var call = Client.AsyncDuplexStreamingCall(EchoServer.Chat, null, default);
        for (var i = 0; i < 100; i++)
        {
            var message = Random(i * 100);
            await call.RequestStream.WriteAsync(message);
            Assert.True(await call.ResponseStream.MoveNext(default));
            Assert.Equal(message, call.ResponseStream.Current);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(default));
    }

    [Fact]
    public async Task A_thousand_calls_at_once_are_all_answered()
    {
        var calls = Enumerable.Range(0, 1000).Select(async i =>
        {
            var sent = Random(i);
            return sent.Equals(await Client.AsyncUnaryCall(EchoServer.Once, null, new(new() { { "x-wait", "50" } }), sent));
        });

        Assert.All(await Task.WhenAll(calls), Assert.True);
    }

    [Fact]
    public async Task Metadata_travels_both_ways_as_text_and_as_bytes()
    {
        var metadata = new Metadata { { "x-echo", "a, b" }, { "x-echo-bin", new byte[] { 0, 255, 1 } }, { "x-echo-bin", Array.Empty<byte>() } };

        using var call = Client.AsyncUnaryCall(EchoServer.Once, null, new(metadata), Random(1));
        await call;

        foreach (var received in new[] { await call.ResponseHeadersAsync, call.GetTrailers() })
        {
            Assert.Equal("a, b", received.GetValue("x-echo"));
            Assert.Equal([[0, 255, 1], []], received.GetAll("x-echo-bin").Select(e => e.ValueBytes));
        }
    }

    [Theory]
    [InlineData(MethodType.Unary)]
    [InlineData(MethodType.ServerStreaming)]
    [InlineData(MethodType.ClientStreaming)]
    [InlineData(MethodType.DuplexStreaming)]
    public async Task A_failure_carries_its_code_its_sentence_and_its_details(MethodType kind)
    {
        foreach (var code in System.Enum.GetValues<StatusCode>().Where(c => c != StatusCode.OK))
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync(kind, new(new Metadata { { "x-fail", code.ToString() } })));

            Assert.Equal(code, failure.StatusCode);
            Assert.Equal("wrong: 100 % ü\n", failure.Status.Detail);
            Assert.Equal([1, 2, 3, 255], failure.Trailers.GetValueBytes("grpc-status-details-bin")!);
        }
    }

    [Fact]
    public async Task A_mistake_of_a_handler_is_internal_and_says_nothing_of_its_insides()
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync(MethodType.Unary, new(new Metadata { { "x-fail", "mistake" } })));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.DoesNotContain("insides", failure.Status.Detail);
    }

    [Fact]
    public async Task An_unknown_method_is_unimplemented()
    {
        var method = new Method<BytesValue, BytesValue>(MethodType.Unary, "dwcp.test.Echo", "Twice", EchoServer.Once.RequestMarshaller, EchoServer.Once.ResponseMarshaller);

        var failure = await Assert.ThrowsAsync<RpcException>(() => Client.AsyncUnaryCall(method, null, default, Random(1)).ResponseAsync);

        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
    }

    [Theory]
    [InlineData(MethodType.Unary)]
    [InlineData(MethodType.ServerStreaming)]
    [InlineData(MethodType.ClientStreaming)]
    [InlineData(MethodType.DuplexStreaming)]
    public async Task A_deadline_ends_the_call_on_both_sides(MethodType kind)
    {
        // A deadline may pass before the call has come to its handler, which then has nothing to be told.
        for (var wait = 200; _server.Running + _server.Cancelled == 0; wait *= 2)
        {
            var options = new CallOptions(new Metadata { { "x-wait", "60000" } }, DateTime.UtcNow.AddMilliseconds(wait));
            var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync(kind, options));
            Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        }

        await Eventually(() => _server.Running == 0 && _server.Cancelled > 0);
    }

    [Theory]
    [InlineData(MethodType.Unary)]
    [InlineData(MethodType.ServerStreaming)]
    [InlineData(MethodType.ClientStreaming)]
    [InlineData(MethodType.DuplexStreaming)]
    public async Task A_caller_that_gives_up_ends_the_handler(MethodType kind)
    {
        using var giveUp = new CancellationTokenSource();
        var call = CallAsync(kind, new(new Metadata { { "x-wait", "60000" } }, null, giveUp.Token));
        await Eventually(() => _server.Running == 1);

        await giveUp.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        await Eventually(() => _server.Running == 0 && _server.Cancelled == 1);
    }

    [Fact]
    public async Task A_server_that_stops_says_so_to_the_calls_under_way()
    {
        var call = CallAsync(MethodType.Unary, new(new Metadata { { "x-wait", "60000" } }));
        await Eventually(() => _server.Running == 1);

        await _server.StopAsync();

        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable()
    {
        await _server.StopAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync(MethodType.Unary, default));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    [Fact]
    public async Task A_reader_that_stalls_stops_the_writer_and_memory_stays_flat()
    {
        using var call = Client.AsyncServerStreamingCall(EchoServer.Repeat, null, default, Random(10_000));
        Assert.True(await call.ResponseStream.MoveNext(default));
        var before = -1L;
        await Eventually(() => before == (before = _server.Streamed), every: 300);

        // At rest no more than the windows of the stream and of the connection, and the buffers at both ends, are filled.
        Assert.InRange(before * 10_000, 1, 24 << 20);
        for (var i = 0; i < 20_000; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(default));
        }

        Assert.True(_server.Streamed > before);
    }

    [Fact]
    public async Task More_calls_than_the_limit_are_refused()
    {
        await using var server = new EchoServer(new GrpcLimits { MaxCalls = 3 });
        await server.StartAsync();
        using var channel = new GrpcChannel(server.Address);
        var calls = Enumerable.Range(0, 8).Select(_ =>
            channel.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, new(new() { { "x-wait", "500" } }), Random(1)).ResponseAsync).ToArray();

        await Task.WhenAll(calls.Select(c => c.ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.Equal(3, calls.Count(c => c.IsCompletedSuccessfully));
        Assert.All(calls.Where(c => c.IsFaulted), c => Assert.Equal(StatusCode.ResourceExhausted, ((RpcException)c.Exception!.InnerException!).StatusCode));
    }

    [Fact]
    public async Task A_refusal_for_want_of_room_says_when_to_try_again()
    {
        await using var server = new EchoServer(new GrpcLimits { MaxCalls = 0 });
        await server.StartAsync();
        using var channel = new GrpcChannel(server.Address);

        var refused = await Assert.ThrowsAsync<RpcException>(() => channel.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, default, Random(1)).ResponseAsync);

        Assert.Equal("1000", refused.Trailers.GetValue("grpc-retry-pushback-ms"));
    }

    [Fact]
    public async Task Metadata_beyond_the_limit_is_refused_and_the_connection_goes_on()
    {
        var large = new CallOptions(new() { { "x-large", new string('x', 17_000) } });

        var refused = await Assert.ThrowsAsync<RpcException>(() => Client.AsyncUnaryCall(EchoServer.Once, null, large, Random(1)).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("the limit is 16384", refused.Status.Detail);
        await Client.AsyncUnaryCall(EchoServer.Once, null, default, Random(1));
    }

    [Fact]
    public async Task A_unary_call_takes_no_longer_than_the_server_bears_and_a_stream_does()
    {
        await using var server = new EchoServer(new GrpcLimits { UnaryTimeout = TimeSpan.FromMilliseconds(300) });
        await server.StartAsync();
        using var channel = new GrpcChannel(server.Address);
        var slow = new CallOptions(new() { { "x-wait", "900" }, { "x-times", "1" } });

        using var stream = channel.CreateCallInvoker().AsyncServerStreamingCall(EchoServer.Repeat, null, slow, Random(1));
        var refused = await Assert.ThrowsAsync<RpcException>(() => channel.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, slow, Random(1)).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, refused.StatusCode);
        Assert.True(await stream.ResponseStream.MoveNext(default));
    }

    private async Task CallAsync(MethodType kind, CallOptions options)
    {
        switch (kind)
        {
            case MethodType.Unary:
                await Client.AsyncUnaryCall(EchoServer.Once, null, options, Random(1));
                break;
            case MethodType.ServerStreaming:
                using (var call = Client.AsyncServerStreamingCall(EchoServer.Repeat, null, options, Random(1)))
                {
                    await call.ResponseStream.MoveNext(default);
                }

                break;
            case MethodType.ClientStreaming:
                using (var call = Client.AsyncClientStreamingCall(EchoServer.Collect, null, options))
                {
                    await call.ResponseAsync;
                }

                break;
            case MethodType.DuplexStreaming:
                using (var call = Client.AsyncDuplexStreamingCall(EchoServer.Chat, null, options))
                {
                    await call.ResponseStream.MoveNext(default);
                }

                break;
        }
    }

    private static BytesValue Random(int length) => new() { Value = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(length)) };

    private static async Task Eventually(Func<bool> holds, int every = 10)
    {
        for (var waited = 0; !holds(); waited += every)
        {
            Assert.True(waited < 10_000, "It did not come about within ten seconds");
            await Task.Delay(every);
        }
    }
}
