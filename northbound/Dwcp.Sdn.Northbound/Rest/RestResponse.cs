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

        if (answer is IVersionedMessage resource)
        {
            http.Response.Headers.ETag = $"\"{resource.ResourceVersion}\"";
        }

        return WriteTextAsync(http, "application/json", JsonMessages.Formatter.Format(answer));
    }

    public static Task WriteProblemAsync(HttpContext http, RpcException e)
    {
        var details = Faults.Read(e);
        details.Instance = http.Request.Path.ToUriComponent();
        http.Response.Clear();
        http.Response.StatusCode = details.Status;
        foreach (var entry in e.Trailers)
        {
            if (entry.Key is "allow" or "retry-after" or "connection")
            {
                http.Response.Headers[entry.Key] = entry.Value;
            }
        }

        return WriteTextAsync(http, "application/problem+json", JsonMessages.Formatter.Format(details));
    }

    public static Task WriteTextAsync(HttpContext http, string contentType, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text + "\n");
        http.Response.ContentType = contentType;
        http.Response.ContentLength = bytes.Length;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.Body.WriteAsync(bytes).AsTask();
    }
}
