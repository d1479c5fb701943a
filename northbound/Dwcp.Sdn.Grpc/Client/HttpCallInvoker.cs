using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Client;

/// <summary>Performs calls over an HTTP client.</summary>
internal sealed class HttpCallInvoker(HttpMessageInvoker http, Uri server, GrpcChannelOptions options) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using var call = AsyncUnaryCall(method, host, options, request);
        return call.ResponseAsync.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Start(method, host, options, MessageContent.Of(method.RequestMarshaller, request, Compresses(options)));
        return new(call.ReadOnlyOneAsync(), call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Start(method, host, options, MessageContent.Of(method.RequestMarshaller, request, Compresses(options)));
        return new(call, call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var requests = new StreamedContent();
        var call = Start(method, host, options, requests);
        _ = call.Ended.ContinueWith(_ => requests.Complete(), TaskScheduler.Default);
        var writer = new RequestWriter<TRequest>(requests, method.RequestMarshaller, Compresses(options), call.Ended);
        return new(writer, call.ReadOnlyOneAsync(), call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var requests = new StreamedContent();
        var call = Start(method, host, options, requests);
        _ = call.Ended.ContinueWith(_ => requests.Complete(), TaskScheduler.Default);
        var writer = new RequestWriter<TRequest>(requests, method.RequestMarshaller, Compresses(options), call.Ended);
        return new(writer, call, call.Headers, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private bool Compresses(CallOptions call) => options.Gzip && call.WriteOptions?.Flags.HasFlag(WriteFlags.NoCompress) != true;

    private ClientCall<TResponse> Start<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions call, HttpContent content)
        where TRequest : class
        where TResponse : class
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, method.FullName))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        if (host is not null)
        {
            request.Headers.Host = host;
        }

        var started = new ClientCall<TResponse>(method.ResponseMarshaller, options, call);
        started.Start(http, request);
        return started;
    }
}
