using Google.Protobuf;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Server;

/// <summary>A method of a service with the handler that answers it, whatever carries the call: gRPC frames, or HTTP and JSON.</summary>
public abstract class BoundMethod(IMethod method)
{
    public IMethod Method { get; } = method;

    /// <summary>Calls a handler of one request; each answer, be it one or many, is given to <paramref name="write"/>, which ends when the next may come.</summary>
    /// <exception cref="InvalidOperationException">The method streams its requests.</exception>
    public abstract Task CallAsync(IMessage request, Func<IMessage, Task> write, ServerCallContext context);

    /// <summary>Calls the handler with the messages of a gRPC call.</summary>
    internal abstract Task ServeAsync(ServerCall call);

    /// <summary>The methods of a service definition.</summary>
    public static IReadOnlyList<BoundMethod> Of(ServerServiceDefinition service)
    {
        var methods = new Collector();
        service.BindService(methods);
        return methods.Found;
    }

    private sealed class Collector : ServiceBinderBase
    {
        public List<BoundMethod> Found { get; } = [];

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
            => Found.Add(new BoundMethod<TRequest, TResponse>(method) { Unary = handler });

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
            => Found.Add(new BoundMethod<TRequest, TResponse>(method) { ClientStreaming = handler });

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
            => Found.Add(new BoundMethod<TRequest, TResponse>(method) { ServerStreaming = handler });

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
            => Found.Add(new BoundMethod<TRequest, TResponse>(method) { DuplexStreaming = handler });
    }
}

/// <summary>A bound method with the types of its messages; of the four handlers one is there.</summary>
internal sealed class BoundMethod<TRequest, TResponse>(Method<TRequest, TResponse> method) : BoundMethod(method)
    where TRequest : class
    where TResponse : class
{
    public Method<TRequest, TResponse> Typed { get; } = method;

    public UnaryServerMethod<TRequest, TResponse>? Unary { get; init; }

    public ClientStreamingServerMethod<TRequest, TResponse>? ClientStreaming { get; init; }

    public ServerStreamingServerMethod<TRequest, TResponse>? ServerStreaming { get; init; }

    public DuplexStreamingServerMethod<TRequest, TResponse>? DuplexStreaming { get; init; }

    public override async Task CallAsync(IMessage request, Func<IMessage, Task> write, ServerCallContext context)
    {
        if (Unary is { } unary)
        {
            await write((IMessage)await unary((TRequest)request, context));
        }
        else if (ServerStreaming is { } streaming)
        {
            await streaming((TRequest)request, new CallbackWriter(write), context);
        }
        else
        {
            throw new InvalidOperationException($"{Method.FullName} streams its requests");
        }
    }

    internal override async Task ServeAsync(ServerCall call)
    {
        if (Unary is { } unary)
        {
            await AnswerAsync(call, await unary(await call.ReadOnlyOneAsync(Typed.RequestMarshaller), call));
        }
        else if (ServerStreaming is { } streaming)
        {
            await streaming(await call.ReadOnlyOneAsync(Typed.RequestMarshaller), new CallWriter(call, Typed.ResponseMarshaller), call);
        }
        else if (ClientStreaming is { } collecting)
        {
            await AnswerAsync(call, await collecting(new CallReader(call, Typed.RequestMarshaller), call));
        }
        else if (DuplexStreaming is { } duplex)
        {
            await duplex(new CallReader(call, Typed.RequestMarshaller), new CallWriter(call, Typed.ResponseMarshaller), call);
        }
    }

    // The answer leaves together with the trailers, so it needs no flush of its own; beside an error it would be in the way.
    private Task AnswerAsync(ServerCall call, TResponse answer) => call.Status.StatusCode == StatusCode.OK
        ? call.WriteAsync(Typed.ResponseMarshaller, answer, call.WriteOptions, flush: false)
        : Task.CompletedTask;

    private sealed class CallReader(ServerCall call, Marshaller<TRequest> marshaller) : IAsyncStreamReader<TRequest>
    {
        public TRequest Current { get; private set; } = null!;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.CancellationToken);
            var next = await call.ReadAsync(marshaller, either.Token);
            Current = next!;
            return next is not null;
        }
    }

    private sealed class CallWriter(ServerCall call, Marshaller<TResponse> marshaller) : IServerStreamWriter<TResponse>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(TResponse message) => call.WriteAsync(marshaller, message, WriteOptions ?? call.WriteOptions, flush: true);
    }

    private sealed class CallbackWriter(Func<IMessage, Task> write) : IServerStreamWriter<TResponse>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(TResponse message) => write((IMessage)message);
    }
}
