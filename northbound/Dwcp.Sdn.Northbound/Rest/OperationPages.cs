using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Metrics;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>What operators and their tools ask of the process itself: does it live, is it ready, which version, which figures.</summary>
internal sealed class OperationPages(MetricsCollector metrics, Func<IReadOnlyList<string>> notReady)
{
    private static readonly string Version = JsonSerializer.Serialize(new
    {
        version = typeof(OperationPages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
        api = "v1",
        runtime = RuntimeInformation.FrameworkDescription,
    });

    /// <summary>The answer, or null when the path is none of these.</summary>
    public Task? TryAnswer(HttpContext http)
    {
        if (http.Request.Path.Value is not ("/healthz" or "/readyz" or "/version" or "/metrics"))
        {
            return null;
        }

        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            var refused = Faults.Of(StatusCode.Unimplemented, 405, ProblemCodes.MethodNotAllowed, $"{http.Request.Path} is only read",
                Faults.Problem("", ProblemCodes.MethodNotAllowed, $"{http.Request.Method} is not possible here", "Use GET"));
            refused.Trailers.Add("allow", "GET, HEAD");
            return RestResponse.WriteProblemAsync(http, refused);
        }

        return http.Request.Path.Value switch
        {
            "/healthz" => RestResponse.WriteTextAsync(http, "text/plain", "ok"),
            "/version" => RestResponse.WriteTextAsync(http, "application/json", Version),
            "/metrics" => RestResponse.WriteTextAsync(http, "text/plain; version=0.0.4; charset=utf-8", PrometheusText.Of(metrics.Collect())),
            _ => Ready(http),
        };
    }

    private Task Ready(HttpContext http)
    {
        var waiting = notReady();
        return waiting.Count == 0
            ? RestResponse.WriteTextAsync(http, "text/plain", "ok")
            : RestResponse.WriteProblemAsync(http, Faults.Of(
                StatusCode.Unavailable, 503, ProblemCodes.Unavailable, $"Not ready: {string.Join("; ", waiting)}",
                [.. waiting.Select(reason => Faults.Problem("", ProblemCodes.Unavailable, reason, "Wait; if it stays so, see the controller's log"))]));
    }
}
