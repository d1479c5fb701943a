using Dwcp.Sdn.Grpc.Server;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>A watch over HTTP: its messages have the fields event, resource_version and item, which become event, id and data.</summary>
internal static class ServerSentEvents
{
    public static async Task AnswerAsync(HttpContext http, BoundMethod method, IMessage request, ServerCallContext call)
    {
        Resume(http.Request, request);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            Begin(http.Response);
            return;
        }

        try
        {
            await method.CallAsync(request, message => WriteAsync(http, message, call.CancellationToken), call);
        }
        catch (RpcException e) when (http.Response.HasStarted)
        {
            var details = Faults.Read(e);
            details.Instance = http.Request.Path.ToUriComponent();
            using var buffer = AnswerBuffer.Rent();
            await SendAsync(http, buffer.Add("event: ERROR\ndata: "u8).Add(details), call.CancellationToken);
        }
        catch (OperationCanceledException) when (http.Response.HasStarted)
        {
            // The caller has gone or the controller ends; whoever wants more comes again with the last id.
        }
    }

    // A browser that reconnects says by Last-Event-ID where it was.
    private static void Resume(HttpRequest http, IMessage request)
    {
        if (http.Headers["Last-Event-ID"] is [{ Length: > 0 } last])
        {
            request.Descriptor.FindFieldByName("resource_version").Accessor.SetValue(request, last);
        }
    }

    private static async Task WriteAsync(HttpContext http, IMessage message, CancellationToken stop)
    {
        Begin(http.Response);

        var fields = message.Descriptor;
        var number = Convert.ToInt32(fields.FindFieldByName("event").Accessor.GetValue(message));
        var name = fields.FindFieldByName("event").EnumType.FindValueByNumber(number).Name;
        var version = (string)fields.FindFieldByName("resource_version").Accessor.GetValue(message);

        // Before all objects have been told there is nothing to go on after, and an empty id would say so wrongly.
        using var buffer = AnswerBuffer.Rent().Add(version.Length == 0 ? $"event: {name}\ndata: " : $"event: {name}\nid: {version}\ndata: ");
        var told = fields.FindFieldByName("item").Accessor.GetValue(message) is IMessage item
            ? buffer.Add(item)
            : buffer.Add($"{{\"resourceVersion\":\"{version}\"}}");
        await SendAsync(http, told, stop);
    }

    private static void Begin(HttpResponse response)
    {
        if (!response.HasStarted)
        {
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-store";
        }
    }

    private static async Task SendAsync(HttpContext http, AnswerBuffer told, CancellationToken stop)
    {
        await http.Response.Body.WriteAsync(told.Add("\n\n"u8).Written, stop);
        await http.Response.Body.FlushAsync(stop);
    }
}
