using System.Collections.Frozen;
using Dwcp.Sdn.Grpc.Wire;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Grpc.Server;

/// <summary>gRPC over HTTP/2: leads each request to the method that its path names, and ends each call with a status.</summary>
public sealed class GrpcDispatcher
{
    internal const string ContentType = "application/grpc";

    /// <summary>Tells clients that retry by themselves when to do so.</summary>
    internal static readonly Metadata Later = new() { { "grpc-retry-pushback-ms", "1000" } };

    private readonly FrozenDictionary<string, BoundMethod> _methods;
    private readonly GrpcLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationToken _stopping;
    private volatile int _maxCalls;
    private int _calls;

    /// <param name="stopping">Ends the calls under way with UNAVAILABLE: the server is about to go.</param>
    public GrpcDispatcher(IEnumerable<BoundMethod> methods, GrpcLimits limits, TimeProvider clock, ILogger log, CancellationToken stopping)
    {
        _methods = methods.ToFrozenDictionary(m => m.Method.FullName, StringComparer.Ordinal);
        _limits = limits;
        _maxCalls = limits.MaxCalls;
        _clock = clock;
        _log = log;
        _stopping = stopping;
    }

    /// <summary>How many calls may be under way at once, from now on.</summary>
    public int MaxCalls
    {
        set => _maxCalls = value;
    }

    public async Task HandleAsync(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = HttpMethods.Post;
            return;
        }

        if (!IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var calls = Interlocked.Increment(ref _calls);
        try
        {
            if (calls > _maxCalls)
            {
                Refuse(http, StatusCode.ResourceExhausted, $"More than {_maxCalls} calls are under way; try again in a second", Later);
            }
            else
            {
                await HandleCallAsync(http);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    private static bool IsGrpc(string? contentType)
        => contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    private async Task HandleCallAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        if (!_methods.TryGetValue(path, out var method))
        {
            Refuse(http, StatusCode.Unimplemented, $"There is no method {path}");
            return;
        }

        if (HeaderBytes(http.Request.Headers) is var size && size > _limits.MaxHeaderBytes)
        {
            Refuse(http, StatusCode.ResourceExhausted, $"The metadata has {size} bytes, the limit is {_limits.MaxHeaderBytes}");
            return;
        }

        var encoding = http.Request.Headers[MessageEncoding.Header] is [{ Length: > 0 } named] ? named : MessageEncoding.Identity;
        if (!MessageEncoding.IsKnown(encoding))
        {
            http.Response.Headers[MessageEncoding.AcceptHeader] = MessageEncoding.Accepted;
            Refuse(http, StatusCode.Unimplemented, $"Messages encoded by {encoding} cannot be read; there are {MessageEncoding.Accepted}");
            return;
        }

        TimeSpan? timeout = null;
        if (http.Request.Headers[GrpcTimeout.Header] is [{ } text] && !GrpcTimeout.TryParse(text, out timeout))
        {
            Refuse(http, StatusCode.Internal, $"\"{text}\" is no timeout: up to eight digits and one of n, u, m, S, M, H");
            return;
        }

        if (method.Method.Type == MethodType.Unary && _limits.UnaryTimeout is { } most && (timeout is null || timeout > most))
        {
            timeout = most;
        }

        Unbound(http);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _stopping);
        using var deadline = new Deadline(timeout, _clock, stop);
        using var share = new MessageBudget.Share(_limits.Budget);
        var call = new ServerCall(http, new(http.Request.BodyReader, encoding, _limits.MaxMessageBytes, share, _limits.MessageTimeout), encoding, deadline.At, stop.Token);
        var status = await ServeAsync(method, call, deadline, http.RequestAborted);
        if (status is { } ended)
        {
            call.End(ended);
            if (ended.StatusCode != StatusCode.OK)
            {
                _log.CallEnded(path, ended.StatusCode, ended.Detail);
            }
        }
    }

    /// <summary>How the call ended, or null when the caller has gone and nobody is there to be told.</summary>
    private async Task<Status?> ServeAsync(BoundMethod method, ServerCall call, Deadline deadline, CancellationToken gone)
    {
        try
        {
            await method.ServeAsync(call);
            return call.Status;
        }
        catch (Exception e) when (gone.IsCancellationRequested || e is ConnectionAbortedException)
        {
            return null;
        }
        catch (Exception e) when (deadline.HasPassed && e is not RpcException)
        {
            return new Status(StatusCode.DeadlineExceeded, "The deadline has passed");
        }
        catch (RpcException e)
        {
            foreach (var entry in e.Trailers)
            {
                call.ResponseTrailers.Add(entry);
            }

            return e.Status;
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            return new Status(StatusCode.Unavailable, "The server is stopping");
        }
        catch (OperationCanceledException)
        {
            return Status.DefaultCancelled;
        }
        catch (Exception e)
        {
            _log.CallFailed(method.Method.FullName, e);
            return new Status(StatusCode.Internal, "The server made a mistake; its log says which");
        }
    }

    private static int HeaderBytes(IHeaderDictionary headers)
    {
        var size = 0;
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                size += name.Length + (value?.Length ?? 0);
            }
        }

        return size;
    }

    private void Refuse(HttpContext http, StatusCode code, string detail, Metadata? trailers = null)
    {
        ServerCall.End(http, new Status(code, detail), trailers ?? []);
        _log.CallEnded(http.Request.Path.Value ?? "/", code, detail);
    }

    // A stream is as long and as slow as its caller likes; each of its messages has a limit of its own.
    private static void Unbound(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    /// <summary>Gives a call up when its time is over.</summary>
    private sealed class Deadline : IDisposable
    {
        private readonly ITimer? _timer;
        private int _passed;

        public Deadline(TimeSpan? timeout, TimeProvider clock, CancellationTokenSource stop)
        {
            At = timeout is { } length ? clock.GetUtcNow().UtcDateTime + length : DateTime.MaxValue;
            if (timeout is { } due)
            {
                _timer = clock.CreateTimer(_ => Pass(stop), null, due, Timeout.InfiniteTimeSpan);
            }
        }

        public DateTime At { get; }

        public bool HasPassed => Volatile.Read(ref _passed) == 1;

        public void Dispose() => _timer?.Dispose();

        private void Pass(CancellationTokenSource stop)
        {
            Volatile.Write(ref _passed, 1);
            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The call ended at the same moment.
            }
        }
    }
}
