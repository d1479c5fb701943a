using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>A request as a handler gets it from the web server, without one. A caller of a stream goes away after its first element.</summary>
internal sealed class BareRequest : IDisposable
{
    private readonly Answering _response = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly Sink _sink;

    public BareRequest(string protocol, string method, string path, string query, byte[] body)
    {
        _sink = new(this);
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Protocol = protocol,
            Scheme = "http",
            Method = method,
            Path = path,
            QueryString = query,
            RawTarget = path + query,
            Body = new MemoryStream(body),
        });
        features.Set<IHttpResponseFeature>(_response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_sink));
        features.Set<IHttpResponseTrailersFeature>(new TrailerFields());
        Http = new(features) { RequestAborted = _gone.Token };
    }

    public DefaultHttpContext Http { get; }

    public bool IsGone => _gone.IsCancellationRequested;

    public byte[] Answer => _sink.ToArray();

    public IHeaderDictionary Trailers => Http.Features.Get<IHttpResponseTrailersFeature>()!.Trailers;

    public async Task RunAsync(RequestDelegate handler)
    {
        await handler(Http);
        await Http.Response.CompleteAsync();
    }

    public void Dispose() => _gone.Dispose();

    private sealed class Answering : HttpResponseFeature
    {
        public bool Begun { get; set; }

        public override bool HasStarted => Begun;
    }

    private sealed class TrailerFields : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }

    private sealed class Sink(BareRequest request) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            request._response.Begun = true;
            return base.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            if (Length > 0)
            {
                request._gone.Cancel();
            }

            return Task.CompletedTask;
        }
    }
}
