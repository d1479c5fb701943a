using System.Text;
using Dwcp.Sdn.Api.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Answers in HTTP: a message as JSON with its entity tag, nothing as 204, problems as RFC 9457 says.</summary>
internal static class RestResponse
{
    /// <summary>The trailer by which a handler says that the object is new.</summary>
    public const string CreatedTrailer = "dwcp-created";

    public static Task WriteAsync(HttpContext http, IMessage answer, ServerCallContext call)
    {
        if (answer is Empty)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        if (call.ResponseTrailers.Get(CreatedTrailer) is not null)
        {
            http.Response.StatusCode = StatusCodes.Status201Created;
            http.Response.Headers.Location = http.Request.Path.ToUriComponent();
        }

        return WriteMessageAsync(http, "application/json", answer);
    }

    public static Task WriteProblemAsync(HttpContext http, RpcException e)
    {
        var details = Faults.Read(e);
        details.Instance = http.Request.Path.ToUriComponent();
        http.Response.Clear();
        http.Response.StatusCode = details.Status;
        foreach (var entry in e.Trailers)
        {
            if (entry.Key is "allow" or "retry-after" or "connection" or "accept-encoding")
            {
                http.Response.Headers[entry.Key] = entry.Value;
            }
        }

        return WriteMessageAsync(http, "application/problem+json", details);
    }

    public static Task WriteTextAsync(HttpContext http, string contentType, string text)
        => WriteAsync(http, contentType, Encoding.UTF8.GetBytes(text + "\n"), "no-store");

    private static async Task WriteMessageAsync(HttpContext http, string contentType, IMessage message)
    {
        using var buffer = AnswerBuffer.Rent();
        var body = buffer.Add(message).Add("\n"u8).Written;
        var cacheControl = "no-store";
        if (message is IVersionedMessage resource)
        {
            var tag = EntityTag.Of(resource, body.Span);
            http.Response.Headers.ETag = tag;
            cacheControl = "no-cache"; // Which is: ask each time whether it is still so.
            if (EntityTag.IsKnown(http.Request, tag))
            {
                http.Response.Headers.CacheControl = cacheControl;
                http.Response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        await WriteAsync(http, contentType, body, cacheControl);
    }

    private static Task WriteAsync(HttpContext http, string contentType, ReadOnlyMemory<byte> body, string cacheControl)
    {
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = cacheControl;
        return http.Response.Body.WriteAsync(body).AsTask();
    }
}
