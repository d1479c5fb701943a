using System.Runtime.CompilerServices;

namespace Grpc.Core;

/// <summary>What a caller says about one call.</summary>
public readonly record struct CallOptions(Metadata? Headers = null, DateTime? Deadline = null, CancellationToken CancellationToken = default)
{
    public WriteOptions? WriteOptions { get; init; }
}

/// <summary>Something that generated clients can make calls on, such as a channel to a server.</summary>
public abstract class ChannelBase(string target)
{
    public string Target { get; } = target;

    public abstract CallInvoker CreateCallInvoker();
}

/// <summary>Performs the four kinds of calls for generated clients.</summary>
public abstract class CallInvoker
{
    public abstract TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class;

    public abstract AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class;

    public abstract AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        where TRequest : class
        where TResponse : class;

    public abstract AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        where TRequest : class
        where TResponse : class;

    public abstract AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        where TRequest : class
        where TResponse : class;
}

/// <summary>The base of generated clients.</summary>
public abstract class ClientBase
{
    protected ClientBase()
    {
        // Generated clients have a constructor for mocks, which never reaches an invoker.
        CallInvoker = null!;
    }

    protected ClientBase(ChannelBase channel)
        : this(channel.CreateCallInvoker())
    {
    }

    protected ClientBase(CallInvoker callInvoker) => CallInvoker = callInvoker;

    protected CallInvoker CallInvoker { get; private protected init; }

    /// <summary>What a generated client hands to a copy of itself.</summary>
    protected internal sealed class ClientBaseConfiguration
    {
        internal ClientBaseConfiguration(CallInvoker callInvoker, string? host)
        {
            CallInvoker = callInvoker;
            Host = host;
        }

        internal CallInvoker CallInvoker { get; }

        internal string? Host { get; }
    }
}

/// <summary>The base of the generated client of one service.</summary>
public abstract class ClientBase<T> : ClientBase
    where T : ClientBase<T>
{
    private readonly ClientBaseConfiguration? _configuration;

    protected ClientBase()
    {
    }

    protected ClientBase(ChannelBase channel)
        : this(channel.CreateCallInvoker())
    {
    }

    protected ClientBase(CallInvoker callInvoker)
        : base(callInvoker) => _configuration = new(callInvoker, null);

    protected ClientBase(ClientBaseConfiguration configuration)
        : base(configuration.CallInvoker) => _configuration = configuration;

    public T WithHost(string host) => NewInstance(new(CallInvoker, host));

    protected abstract T NewInstance(ClientBaseConfiguration configuration);
}

/// <summary>What all calls in progress share: how to learn their end, and how to give them up.</summary>
public abstract class AsyncCall(Task<Metadata> responseHeaders, Func<Status> status, Func<Metadata> trailers, Action dispose) : IDisposable
{
    public Task<Metadata> ResponseHeadersAsync { get; } = responseHeaders;

    public Status GetStatus() => status();

    public Metadata GetTrailers() => trailers();

    /// <summary>Gives the call up if it has not ended.</summary>
    public void Dispose()
    {
        dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A call in progress: one request, one answer.</summary>
public sealed class AsyncUnaryCall<TResponse>(
    Task<TResponse> response, Task<Metadata> responseHeaders, Func<Status> status, Func<Metadata> trailers, Action dispose)
    : AsyncCall(responseHeaders, status, trailers, dispose)
{
    public Task<TResponse> ResponseAsync { get; } = response;

    public TaskAwaiter<TResponse> GetAwaiter() => ResponseAsync.GetAwaiter();
}

/// <summary>A call in progress: one request, many answers.</summary>
public sealed class AsyncServerStreamingCall<TResponse>(
    IAsyncStreamReader<TResponse> responses, Task<Metadata> responseHeaders, Func<Status> status, Func<Metadata> trailers, Action dispose)
    : AsyncCall(responseHeaders, status, trailers, dispose)
{
    public IAsyncStreamReader<TResponse> ResponseStream { get; } = responses;
}

/// <summary>A call in progress: many requests, one answer.</summary>
public sealed class AsyncClientStreamingCall<TRequest, TResponse>(
    IClientStreamWriter<TRequest> requests, Task<TResponse> response, Task<Metadata> responseHeaders, Func<Status> status, Func<Metadata> trailers, Action dispose)
    : AsyncCall(responseHeaders, status, trailers, dispose)
{
    public IClientStreamWriter<TRequest> RequestStream { get; } = requests;

    public Task<TResponse> ResponseAsync { get; } = response;

    public TaskAwaiter<TResponse> GetAwaiter() => ResponseAsync.GetAwaiter();
}

/// <summary>A call in progress: many requests, many answers.</summary>
public sealed class AsyncDuplexStreamingCall<TRequest, TResponse>(
    IClientStreamWriter<TRequest> requests, IAsyncStreamReader<TResponse> responses, Task<Metadata> responseHeaders, Func<Status> status, Func<Metadata> trailers, Action dispose)
    : AsyncCall(responseHeaders, status, trailers, dispose)
{
    public IClientStreamWriter<TRequest> RequestStream { get; } = requests;

    public IAsyncStreamReader<TResponse> ResponseStream { get; } = responses;
}
