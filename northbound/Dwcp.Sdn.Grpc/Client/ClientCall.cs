using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Dwcp.Sdn.Grpc.Wire;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Client;

/// <summary>One call as its caller sees it: answers, then a status. It ends once, by whatever comes first.</summary>
internal sealed class ClientCall<TResponse> : IAsyncStreamReader<TResponse>, IDisposable
    where TResponse : class
{
    private readonly Marshaller<TResponse> _marshaller;
    private readonly GrpcChannelOptions _options;
    private readonly CallOptions _call;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RpcException?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Task<MessageReader?> _answers = null!;
    private HttpResponseMessage? _response;
    private ITimer? _deadline;
    private CancellationTokenRegistration _cancelled;
    private volatile RpcException? _end;

    public ClientCall(Marshaller<TResponse> marshaller, GrpcChannelOptions options, CallOptions call)
    {
        (_marshaller, _options, _call) = (marshaller, options, call);

        // Whoever never asks for the headers must not meet their failure as an unobserved one.
        _ = _headers.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    public Task<Metadata> Headers => _headers.Task;

    /// <summary>Completes when the call has ended: with what a caller is told, or null for OK.</summary>
    public Task<RpcException?> Ended => _ended.Task;

    public TResponse Current { get; private set; } = null!;

    public void Start(HttpMessageInvoker http, HttpRequestMessage request)
    {
        request.Headers.Add("te", "trailers");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("dwcp-grpc-dotnet", typeof(GrpcChannel).Assembly.GetName().Version!.ToString(3)));
        request.Headers.Add(MessageEncoding.AcceptHeader, MessageEncoding.Accepted);
        if (_options.Gzip)
        {
            request.Headers.Add(MessageEncoding.Header, MessageEncoding.Gzip);
        }

        foreach (var entry in _call.Headers ?? Metadata.Empty)
        {
            request.Headers.TryAddWithoutValidation(entry.Key, MetadataText.ValueOf(entry));
        }

        if (_call.Deadline is { } deadline && deadline != DateTime.MaxValue)
        {
            var left = deadline.ToUniversalTime() - _options.Clock.GetUtcNow().UtcDateTime;
            if (left > TimeSpan.Zero)
            {
                request.Headers.Add(GrpcTimeout.Header, GrpcTimeout.Format(left));
            }

            _deadline = _options.Clock.CreateTimer(_ => End(new Status(StatusCode.DeadlineExceeded, "The deadline has passed"), []), null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        _answers = SendAsync(http, request);
        _cancelled = _call.CancellationToken.UnsafeRegister(
            static call => ((ClientCall<TResponse>)call!).End(Status.DefaultCancelled with { Detail = "The call was cancelled" }, []), this);
        if (_end is not null)
        {
            _cancelled.Unregister();
        }
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        using var giveUp = cancellationToken.UnsafeRegister(static call => ((ClientCall<TResponse>)call!).Dispose(), this);
        var next = await ReadAsync();
        Current = next!;
        return next is not null;
    }

    /// <summary>The answer of a method that gives one.</summary>
    public async Task<TResponse> ReadOnlyOneAsync()
    {
        var answer = await ReadAsync();
        if (answer is null)
        {
            throw End(new Status(StatusCode.Unimplemented, "The method gives one answer; none came"), GetTrailers())!;
        }

        return await ReadAsync() is null
            ? answer
            : throw End(new Status(StatusCode.Unimplemented, "The method gives one answer; more came"), [])!;
    }

    public Status GetStatus() => _end?.Status ?? throw new InvalidOperationException("The call has not ended yet");

    public Metadata GetTrailers() => _end?.Trailers ?? throw new InvalidOperationException("The call has not ended yet");

    public void Dispose() => End(Status.DefaultCancelled with { Detail = "The call was given up" }, []);

    private async Task<MessageReader?> SendAsync(HttpMessageInvoker http, HttpRequestMessage request)
    {
        try
        {
            var response = await http.SendAsync(request, _stop.Token);
            lock (_lock)
            {
                _response = response;
                if (_end is not null)
                {
                    response.Dispose();
                    return null;
                }
            }

            var headers = MetadataOf(response.Headers);
            if (response.StatusCode != HttpStatusCode.OK || !IsGrpc(response))
            {
                End(StatusOf(response), headers);
                return null;
            }

            _headers.TrySetResult(headers);
            if (response.Headers.Contains("grpc-status"))
            {
                End(StatusIn(response.Headers), headers);
                return null;
            }

            var encoding = response.Headers.TryGetValues(MessageEncoding.Header, out var named) ? named.First() : MessageEncoding.Identity;
            if (!MessageEncoding.IsKnown(encoding))
            {
                End(new Status(StatusCode.Internal, $"The server encodes messages by {encoding}, which it was not told to"), []);
                return null;
            }

            return new(PipeReader.Create(await response.Content.ReadAsStreamAsync(_stop.Token)), encoding, _options.MaxMessageBytes);
        }
        catch (Exception e)
        {
            End(StatusOf(e), []);
            return null;
        }
    }

    /// <summary>The next answer; null when the call has ended well.</summary>
    private async Task<TResponse?> ReadAsync()
    {
        try
        {
            if (await _answers is { } answers && _end is null)
            {
                if (await answers.ReadAsync(_marshaller, _stop.Token) is { } answer)
                {
                    return answer;
                }

                End(StatusIn(_response!.TrailingHeaders), MetadataOf(_response.TrailingHeaders));
            }
        }
        catch (RpcException e)
        {
            End(e.Status, e.Trailers);
        }
        catch (Exception e)
        {
            End(StatusOf(e), []);
        }

        return await _ended.Task is { } failure ? throw new RpcException(failure.Status, failure.Trailers) : null;
    }

    /// <summary>Ends the call unless it has ended; returns how it did, as an exception unless it was OK.</summary>
    private RpcException? End(Status status, Metadata trailers)
    {
        lock (_lock)
        {
            if (_end is { } before && (before.StatusCode != StatusCode.OK || status.StatusCode == StatusCode.Cancelled))
            {
                return before.StatusCode == StatusCode.OK ? null : before;
            }

            _end = new(status, trailers);
        }

        var failure = status.StatusCode == StatusCode.OK ? null : _end;
        _ended.TrySetResult(failure);
        if (failure is null)
        {
            _headers.TrySetResult([]);
        }
        else
        {
            _headers.TrySetException(failure);
            _stop.Cancel();
        }

        _cancelled.Unregister();
        _deadline?.Dispose();
        _response?.Dispose();
        return failure;
    }

    private static bool IsGrpc(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    private static Metadata MetadataOf(HttpResponseHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            foreach (var value in values)
            {
                MetadataText.TryAdd(metadata, name, value);
            }
        }

        return metadata;
    }

    private static Status StatusIn(HttpResponseHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues("grpc-status", out var codes) || !int.TryParse(codes.ToString(), out var code))
        {
            return new(StatusCode.Internal, "The server ended the call without a status");
        }

        var detail = headers.NonValidated.TryGetValues("grpc-message", out var message) ? StatusText.Decode(message.ToString()) : "";
        return new(Enum.IsDefined((StatusCode)code) ? (StatusCode)code : StatusCode.Unknown, detail);
    }

    // What HTTP itself answers, mostly from a proxy.
    private static Status StatusOf(HttpResponseMessage response) => new(
        (int)response.StatusCode switch
        {
            400 => StatusCode.Internal,
            401 => StatusCode.Unauthenticated,
            403 => StatusCode.PermissionDenied,
            404 => StatusCode.Unimplemented,
            429 or 502 or 503 or 504 => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        },
        $"The server answered HTTP {(int)response.StatusCode} with {response.Content.Headers.ContentType?.ToString() ?? "no content type"}, not gRPC");

    private static Status StatusOf(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            // The connection ends by the same exception, as when a PING was not answered; only the sentence tells them apart.
            if (cause is HttpProtocolException reset && reset.Message.Contains("reset the stream", StringComparison.Ordinal))
            {
                // The codes of RFC 9113 §7.
                return new(
                    reset.ErrorCode switch
                    {
                        0x7 => StatusCode.Unavailable,
                        0x8 => StatusCode.Cancelled,
                        0xb => StatusCode.ResourceExhausted,
                        0xc => StatusCode.PermissionDenied,
                        _ => StatusCode.Internal,
                    },
                    $"The server reset the stream: {reset.Message}",
                    e);
            }
        }

        return new(StatusCode.Unavailable, e.Message, e);
    }
}
