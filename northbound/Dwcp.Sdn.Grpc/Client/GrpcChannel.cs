using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Client;

/// <summary>How a client speaks to its server.</summary>
public sealed record GrpcChannelOptions
{
    /// <summary>The longest message that is taken, in bytes, also after decompression.</summary>
    public int MaxMessageBytes { get; init; } = 16 << 20;

    /// <summary>Whether requests are compressed; servers that see it answer alike.</summary>
    public bool Gzip { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a connection with calls under way is asked whether it lives; it is given up after half of it again.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>A gRPC server as generated clients reach it: calls share HTTP/2 connections, which are made when needed and made anew when lost.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly HttpCallInvoker _invoker;

    /// <param name="server">Such as <c>http://127.0.0.1:8081</c>: without TLS it is HTTP/2 with prior knowledge.</param>
    public GrpcChannel(Uri server, GrpcChannelOptions? options = null)
        : base(server.Authority)
    {
        options ??= new();
        _http = new(new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.KeepAlive,
            KeepAlivePingTimeout = options.KeepAlive / 2,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        });
        _invoker = new(_http, server, options);
    }

    public override CallInvoker CreateCallInvoker() => _invoker;

    /// <summary>Closes the connections; calls under way end with CANCELLED.</summary>
    public void Dispose() => _http.Dispose();
}
