using System.Net;
using Dwcp.Sdn.Grpc.Server;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Grpc;

/// <summary>A service with a method of each kind, as Echo of echo.proto, and what tests must see of it.</summary>
public sealed class EchoServer : IAsyncDisposable
{
    private static readonly Marshaller<BytesValue> Bytes = Marshallers.Create(
        (message, context) =>
        {
            context.SetPayloadLength(message.CalculateSize());
            message.WriteTo(context.GetBufferWriter());
            context.Complete();
        },
        context => BytesValue.Parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    private readonly WebApplication _app;
    private long _streamed;
    private int _running;

    public EchoServer(GrpcLimits? limits = null, int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddLogging();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 4096;
            kestrel.Listen(new IPEndPoint(IPAddress.Loopback, port), listen => listen.Protocols = HttpProtocols.Http2);
        });
        _app = builder.Build();
        var grpc = new GrpcDispatcher(BoundMethod.Of(Service()), limits ?? new(), TimeProvider.System, NullLogger.Instance, _app.Lifetime.ApplicationStopping);
        _app.Run(grpc.HandleAsync);
    }

    public static Method<BytesValue, BytesValue> Once { get; } = Method(MethodType.Unary, nameof(Once));

    public static Method<BytesValue, BytesValue> Repeat { get; } = Method(MethodType.ServerStreaming, nameof(Repeat));

    public static Method<BytesValue, BytesValue> Collect { get; } = Method(MethodType.ClientStreaming, nameof(Collect));

    public static Method<BytesValue, BytesValue> Chat { get; } = Method(MethodType.DuplexStreaming, nameof(Chat));

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());

    /// <summary>How many messages Repeat has put on their way.</summary>
    public long Streamed => Volatile.Read(ref _streamed);

    /// <summary>How many handlers are at work.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>How many calls were cancelled while their handler waited.</summary>
    public int Cancelled { get; private set; }

    public Task StartAsync() => _app.StartAsync();

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static Method<BytesValue, BytesValue> Method(MethodType type, string name) => new(type, "dwcp.test.Echo", name, Bytes, Bytes);

    private ServerServiceDefinition Service() => ServerServiceDefinition.CreateBuilder()
        .AddMethod(Once, AnswerAsync)
        .AddMethod(Repeat, RepeatAsync)
        .AddMethod(Collect, CollectAsync)
        .AddMethod(Chat, ChatAsync)
        .Build();

    /// <summary>Sends the metadata x-echo back as header and trailer, obeys x-wait and x-fail, and returns the request.</summary>
    private async Task<BytesValue> AnswerAsync(BytesValue request, ServerCallContext call)
    {
        await ObeyAsync(call);
        return request;
    }

    /// <summary>The request again and again: x-times often, or without end.</summary>
    private async Task RepeatAsync(BytesValue request, IServerStreamWriter<BytesValue> answers, ServerCallContext call)
    {
        await ObeyAsync(call);
        var times = call.RequestHeaders.GetValue("x-times") is { } text ? long.Parse(text) : long.MaxValue;
        for (long i = 0; i < times; i++)
        {
            await answers.WriteAsync(request);
            Interlocked.Increment(ref _streamed);
        }
    }

    private async Task<BytesValue> CollectAsync(IAsyncStreamReader<BytesValue> requests, ServerCallContext call)
    {
        await ObeyAsync(call);
        var all = new MemoryStream();
        while (await requests.MoveNext(CancellationToken.None))
        {
            requests.Current.Value.WriteTo(all);
        }

        return new() { Value = ByteString.CopyFrom(all.ToArray()) };
    }

    private async Task ChatAsync(IAsyncStreamReader<BytesValue> requests, IServerStreamWriter<BytesValue> answers, ServerCallContext call)
    {
        await ObeyAsync(call);
        while (await requests.MoveNext(CancellationToken.None))
        {
            await answers.WriteAsync(requests.Current);
        }
    }

    private async Task ObeyAsync(ServerCallContext call)
    {
        Interlocked.Increment(ref _running);
        try
        {
            var sent = new Metadata();
            foreach (var entry in call.RequestHeaders.Where(e => e.Key is "x-echo" or "x-echo-bin"))
            {
                sent.Add(entry);
                call.ResponseTrailers.Add(entry);
            }

            if (sent.Count > 0)
            {
                await call.WriteResponseHeadersAsync(sent);
            }

            if (call.RequestHeaders.GetValue("x-wait") is { } wait)
            {
                await Task.Delay(int.Parse(wait), call.CancellationToken);
            }

            switch (call.RequestHeaders.GetValue("x-fail"))
            {
                case null:
                    break;
                case "mistake":
                    throw new InvalidOperationException("of its insides");
                case var code:
                    throw new RpcException(
                        new Status(System.Enum.Parse<StatusCode>(code), "wrong: 100 % ü\n"),
                        new Metadata { { "grpc-status-details-bin", new byte[] { 1, 2, 3, 255 } } });
            }
        }
        catch (OperationCanceledException)
        {
            Cancelled++;
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
