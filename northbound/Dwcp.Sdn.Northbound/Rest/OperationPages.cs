using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Metrics;
using Dwcp.Sdn.Northbound.OpenApi;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>What operators and their tools ask of the process itself: does it live, is it ready, which version, which figures, which API.</summary>
internal sealed class OperationPages(MetricsCollector metrics, Func<IReadOnlyList<string>> notReady, HttpRoutes routes)
{
    private static readonly string Version = typeof(OperationPages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    // A version has a plus sign in it, which the default would escape.
    private static readonly JsonSerializerOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string VersionPage = JsonSerializer.Serialize(new { version = Version, api = "v1", runtime = RuntimeInformation.FrameworkDescription }, AsItIs);

    private readonly Lazy<string> _openApi = new(() => OpenApiDocument.Of(routes, Version.Split('+')[0]));

    /// <summary>The answer, or null when the path is none of these.</summary>
    public Task? TryAnswer(HttpContext http)
    {
        Func<HttpContext, Task>? answer = http.Request.Path.Value switch
        {
            "/healthz" => static http => RestResponse.WriteTextAsync(http, "text/plain", "ok"),
            "/readyz" => Ready,
            "/version" => static http => RestResponse.WriteTextAsync(http, "application/json", VersionPage),
            "/metrics" => http => RestResponse.WriteTextAsync(http, "text/plain; version=0.0.4; charset=utf-8", PrometheusText.Of(metrics.Collect())),
            "/openapi.json" => http => RestResponse.WriteTextAsync(http, "application/json", _openApi.Value),
            "/docs" or "/docs/" => static http => Page(http, "docs.html", "text/html; charset=utf-8"),
            "/docs/docs.js" => static http => Page(http, "docs.js", "text/javascript; charset=utf-8"),
            "/docs/docs.css" => static http => Page(http, "docs.css", "text/css; charset=utf-8"),
            _ => null,
        };
        if (answer is null || HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
        {
            return answer?.Invoke(http);
        }

        var refused = Faults.Of(StatusCode.Unimplemented, 405, ProblemCodes.MethodNotAllowed, $"{http.Request.Path} is only read",
            Faults.Problem("", ProblemCodes.MethodNotAllowed, $"{http.Request.Method} is not possible here", "Use GET"));
        refused.Trailers.Add("allow", "GET, HEAD");
        return RestResponse.WriteProblemAsync(http, refused);
    }

    // Nothing but what this server sends is loaded or run.
    private static Task Page(HttpContext http, string name, string contentType)
    {
        using var reader = new StreamReader(typeof(OperationPages).Assembly.GetManifestResourceStream(name)!);
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
        return RestResponse.WriteTextAsync(http, contentType, reader.ReadToEnd());
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
