using System.Net;
using Dwcp.Sdn.Grpc.Client;
using Dwcp.Sdn.Grpc.Server;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Tests.Grpc;

/// <summary>What the messages of all calls take together.</summary>
public sealed class BudgetTests : IAsyncLifetime
{
    private readonly MessageBudget _budget = new(4 << 20);
    private readonly EchoServer _server;
    private GrpcChannel _channel = null!;

    public BudgetTests() => _server = new(new GrpcLimits { Budget = _budget });

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
        Assert.Equal(4 << 20, _budget.Left);
    }

    [Theory]
    [InlineData(MethodType.Unary)]
    [InlineData(MethodType.ServerStreaming)]
    public async Task A_request_that_is_worked_on_takes_its_room_until_the_call_ends(MethodType kind)
    {
        using var gone = new CancellationTokenSource();
        var working = CallAsync(kind, 3 << 20, new(new() { { "x-wait", "60000" } }, CancellationToken: gone.Token));
        await Eventually(() => _server.Running == 1);

        var refused = await Assert.ThrowsAsync<RpcException>(() => CallAsync(MethodType.Unary, 3 << 20, default));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal("1000", refused.Trailers.GetValue("grpc-retry-pushback-ms"));
        await CallAsync(MethodType.Unary, MessageBudget.Free - 16, default);

        await gone.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => working);
        await Eventually(() => _budget.Left == 4 << 20);
        await CallAsync(MethodType.Unary, 3 << 20, default);
    }

    [Fact]
    public async Task A_stream_takes_room_for_one_message_at_a_time()
    {
        using var call = Client.AsyncDuplexStreamingCall(EchoServer.Chat, null, default);
        for (var i = 0; i < 4; i++)
        {
            await call.RequestStream.WriteAsync(Zeros(3 << 20));
            Assert.True(await call.ResponseStream.MoveNext(default));
        }

        await Eventually(() => _budget.Left == 4 << 20);
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(default));
    }

    [Fact]
    public async Task What_a_message_unfolds_to_takes_room_too()
    {
        using var channel = new GrpcChannel(_server.Address, new() { Gzip = true });

        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            channel.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, default, Zeros(5 << 20)).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }

    [Fact]
    public async Task A_message_that_has_begun_and_does_not_end_in_time_ends_its_call_and_one_that_has_not_begun_may_take_as_long_as_it_likes()
    {
        await using var server = new EchoServer(new GrpcLimits { Budget = _budget, MessageTimeout = TimeSpan.FromSeconds(1) });
        await server.StartAsync();
        using var channel = new GrpcChannel(server.Address);
        using var idle = channel.CreateCallInvoker().AsyncDuplexStreamingCall(EchoServer.Chat, null, default);
        using var http = new HttpClient();
        using var upload = StalledUpload.Message(1 << 20);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, EchoServer.Collect.FullName))
        {
            Content = upload,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var ended = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("4", ended.Headers.GetValues("grpc-status").Single());
        await idle.RequestStream.WriteAsync(Zeros(1));
        Assert.True(await idle.ResponseStream.MoveNext(default));
    }

    private static BytesValue Zeros(int length) => new() { Value = UnsafeByteOperations.UnsafeWrap(new byte[length]) };

    private static async Task Eventually(Func<bool> holds)
    {
        for (var tries = 0; !holds(); tries++)
        {
            Assert.InRange(tries, 0, 2000);
            await Task.Delay(5);
        }
    }

    private async Task CallAsync(MethodType kind, int length, CallOptions options)
    {
        if (kind == MethodType.Unary)
        {
            await Client.AsyncUnaryCall(EchoServer.Once, null, options, Zeros(length));
            return;
        }

        using var call = Client.AsyncServerStreamingCall(EchoServer.Repeat, null, options, Zeros(length));
        await call.ResponseStream.MoveNext(default);
    }
}
