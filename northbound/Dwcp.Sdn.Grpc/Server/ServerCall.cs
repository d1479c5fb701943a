using System.IO.Pipelines;
using Dwcp.Sdn.Grpc.Wire;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Grpc.Server;

/// <summary>One call on its way over HTTP/2: its messages in and out, and what its handler may know of it.</summary>
internal sealed class ServerCall : ServerCallContext
{
    private readonly HttpContext _http;
    private readonly MessageReader _requests;
    private readonly bool _compress;
    private readonly CancellationToken _stop;
    private Metadata? _headers;
    private bool _headersPrepared;
    private int _writing;

    public ServerCall(HttpContext http, MessageReader requests, string encoding, DateTime deadline, CancellationToken stop)
    {
        _http = http;
        _requests = requests;
        DeadlineCore = deadline;
        _stop = stop;

        // Who compresses is answered compressed.
        _compress = encoding == MessageEncoding.Gzip;
    }

    protected override string MethodCore => _http.Request.Path.Value!;

    protected override string HostCore => _http.Request.Host.Value ?? "";

    protected override string PeerCore => $"{_http.Connection.RemoteIpAddress}:{_http.Connection.RemotePort}";

    protected override DateTime DeadlineCore { get; }

    protected override Metadata RequestHeadersCore => _headers ??= ReadHeaders();

    protected override CancellationToken CancellationTokenCore => _stop;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    protected override WriteOptions? WriteOptionsCore { get; set; }

    /// <exception cref="ConnectionAbortedException">The connection broke, or what came over it is no HTTP/2.</exception>
    public async ValueTask<T?> ReadAsync<T>(Marshaller<T> marshaller, CancellationToken stop)
        where T : class
    {
        try
        {
            return await _requests.ReadAsync(marshaller, stop);
        }
        catch (IOException e)
        {
            throw Broken(e);
        }
    }

    /// <summary>The one request of a method that takes one.</summary>
    public async ValueTask<T> ReadOnlyOneAsync<T>(Marshaller<T> marshaller)
        where T : class
    {
        var request = await ReadAsync(marshaller, _stop);
        return request is not null && await IsAllAsync()
            ? request
            : throw new RpcException(new Status(StatusCode.Unimplemented, $"The method takes one request; {(request is null ? "none" : "more")} came"));
    }

    /// <summary>Puts an answer on its way; with <paramref name="flush"/> it ends when the transport has room for the next.</summary>
    public async Task WriteAsync<T>(Marshaller<T> marshaller, T message, WriteOptions? options, bool flush)
    {
        _stop.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("A stream takes one write at a time");
        }

        try
        {
            PrepareHeaders();
            var flags = options?.Flags ?? WriteFlags.None;
            MessageWriter.Write(_http.Response.BodyWriter, marshaller, message, _compress && !flags.HasFlag(WriteFlags.NoCompress));
            if (flush && !flags.HasFlag(WriteFlags.BufferHint))
            {
                await FlushAsync();
            }
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <summary>Ends the call: trailers after a body, or a header block alone when nothing was sent yet.</summary>
    public void End(Status status)
    {
        if (_headersPrepared)
        {
            AppendEnd((name, value) => _http.Response.AppendTrailer(name, value), status, ResponseTrailers);
        }
        else
        {
            End(_http, status, ResponseTrailers);
        }
    }

    /// <summary>Ends a call that sent nothing.</summary>
    public static void End(HttpContext http, Status status, Metadata trailers)
    {
        http.Response.ContentType = GrpcDispatcher.ContentType;
        AppendEnd((name, value) => http.Response.Headers.Append(name, value), status, trailers);
    }

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        if (_headersPrepared)
        {
            throw new InvalidOperationException("Response headers are sent once, before the first message");
        }

        PrepareHeaders();
        foreach (var entry in responseHeaders)
        {
            _http.Response.Headers.Append(entry.Key, MetadataText.ValueOf(entry));
        }

        await FlushAsync();
    }

    private static void AppendEnd(Action<string, string> append, Status status, Metadata trailers)
    {
        append("grpc-status", ((int)status.StatusCode).ToString());
        if (status.Detail.Length > 0)
        {
            append("grpc-message", StatusText.Encode(status.Detail));
        }

        foreach (var entry in trailers)
        {
            append(entry.Key, MetadataText.ValueOf(entry));
        }
    }

    private static ConnectionAbortedException Broken(IOException e) => new("The connection broke within a request", e);

    private async ValueTask<bool> IsAllAsync()
    {
        try
        {
            return await _requests.IsAtEndAsync(_stop);
        }
        catch (IOException e)
        {
            throw Broken(e);
        }
    }

    private void PrepareHeaders()
    {
        if (!_headersPrepared)
        {
            _headersPrepared = true;
            _http.Response.ContentType = GrpcDispatcher.ContentType;
            if (_compress)
            {
                _http.Response.Headers[MessageEncoding.Header] = MessageEncoding.Gzip;
            }
        }
    }

    private async ValueTask FlushAsync()
    {
        FlushResult flushed = await _http.Response.BodyWriter.FlushAsync(_stop);
        if (flushed.IsCanceled || flushed.IsCompleted)
        {
            throw new OperationCanceledException("The caller has gone");
        }
    }

    private Metadata ReadHeaders()
    {
        var metadata = new Metadata();
        foreach (var (name, values) in _http.Request.Headers)
        {
            foreach (var value in values)
            {
                if (!MetadataText.TryAdd(metadata, name, value))
                {
                    throw new RpcException(new Status(StatusCode.InvalidArgument, $"The header {name} is not base64"));
                }
            }
        }

        return metadata;
    }
}
