using System.Text;
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
        try
        {
            await method.CallAsync(request, message => WriteAsync(http, message, call.CancellationToken), call);
        }
        catch (RpcException e) when (http.Response.HasStarted)
        {
            var details = Faults.Read(e);
            details.Instance = http.Request.Path.ToUriComponent();
            await SendAsync(http, $"event: ERROR\ndata: {JsonMessages.Formatter.Format(details)}\n\n", call.CancellationToken);
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

    private static Task WriteAsync(HttpContext http, IMessage message, CancellationToken stop)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
        }

        var fields = message.Descriptor;
        var number = Convert.ToInt32(fields.FindFieldByName("event").Accessor.GetValue(message));
        var name = fields.FindFieldByName("event").EnumType.FindValueByNumber(number).Name;
        var version = (string)fields.FindFieldByName("resource_version").Accessor.GetValue(message);
        var data = fields.FindFieldByName("item").Accessor.GetValue(message) is IMessage item
            ? JsonMessages.Formatter.Format(item)
            : $"{{ \"resourceVersion\": \"{version}\" }}";

        // Before all objects have been told there is nothing to go on after, and an empty id would say so wrongly.
        var id = version.Length == 0 ? "" : $"id: {version}\n";
        return SendAsync(http, $"event: {name}\n{id}data: {data}\n\n", stop);
    }

    private static async Task SendAsync(HttpContext http, string text, CancellationToken stop)
    {
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), stop);
        await http.Response.Body.FlushAsync(stop);
    }
}
