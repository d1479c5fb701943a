using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>A call that came over HTTP and JSON, as handlers see it.</summary>
internal sealed class RestCallContext(HttpContext http, string method, DateTime deadline, CancellationToken stop) : ServerCallContext
{
    private Metadata? _headers;

    protected override string MethodCore => method;

    protected override string HostCore => http.Request.Host.Value ?? "";

    protected override string PeerCore => $"{http.Connection.RemoteIpAddress}:{http.Connection.RemotePort}";

    protected override DateTime DeadlineCore => deadline;

    protected override Metadata RequestHeadersCore => _headers ??= ReadHeaders();

    protected override CancellationToken CancellationTokenCore => stop;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        foreach (var entry in responseHeaders)
        {
            http.Response.Headers.Append(entry.Key, entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value);
        }

        return Task.CompletedTask;
    }

    private Metadata ReadHeaders()
    {
        var metadata = new Metadata();
        foreach (var (name, values) in http.Request.Headers)
        {
            if (!name.StartsWith(':') && !name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
            {
                metadata.Add(name, values.ToString());
            }
        }

        return metadata;
    }
}
