using Dwcp.Sdn.Core.Model;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Status = Grpc.Core.Status;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Leads an HTTP request to the page or to the service method whose google.api.http rule it fits, and the answer back.</summary>
internal sealed class Transcoder(OperationPages pages, HttpRoutes routes, RequestLimits limits, NorthboundOptions options, TimeProvider clock, ILogger log, CancellationToken stopping)
{
    private readonly ServedNames _names = new(options.HttpNames);

    public async Task HandleAsync(HttpContext http)
    {
        try
        {
            if (pages.TryAnswer(http) is { } answering)
            {
                await answering;
                return;
            }

            limits.CheckHeader(http);
            _names.Check(http.Request);
            var match = RouteOf(http.Request);
            using (limits.Enter(match.Route.Rpc.IsServerStreaming))
            {
                await AnswerAsync(http, match);
            }
        }
        catch (RpcException e)
        {
            await RefuseAsync(http, e);
        }
        catch (OperationCanceledException e) when (http.RequestAborted.IsCancellationRequested || e is ConnectionAbortedException)
        {
            // The caller has gone; there is nobody to answer.
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await RefuseAsync(http, Faults.Of(
                StatusCode.Unavailable, 503, ProblemCodes.Unavailable, "The controller ends",
                Faults.Problem("", ProblemCodes.Unavailable, "The controller ends", "Try again when it is back")));
        }
        catch (OperationCanceledException)
        {
            await RefuseAsync(http, Faults.Of(
                StatusCode.DeadlineExceeded, 504, ProblemCodes.DeadlineExceeded, $"The request was not done within {options.RequestTimeout.TotalSeconds} s",
                Faults.Problem("", ProblemCodes.DeadlineExceeded, "The request took too long", "Read the object to see whether it was done, then try again")));
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(http, limits.OfBadRequest(e));
        }
        catch (Exception e)
        {
            log.RequestFailed(http.Request.Method, http.Request.Path, e);
            await RefuseAsync(http, new RpcException(new Status(StatusCode.Internal, "The controller made a mistake; its log says which")));
        }
    }

    private HttpMatch RouteOf(HttpRequest request)
    {
        if (routes.Find(request.Path.Value ?? "/", out var variables) is not { } found)
        {
            // OPTIONS * has no path at all.
            var path = request.Path is { HasValue: true, Value: var given } ? given : "*";
            throw Faults.Of(StatusCode.NotFound, 404, ProblemCodes.NotFound, $"There is no {path}",
                Faults.Problem("", ProblemCodes.NotFound, $"No resource has the path {path}", "Paths are /v1/<kind> and /v1/<kind>/<id>, such as /v1/networks/net1"));
        }

        var verb = HttpMethods.IsHead(request.Method) ? "GET" : request.Method;
        var watchable = found.TryGetValue(HttpRoutes.Watch, out var watch) && verb == "GET";
        if (watchable && request.Query[RestRequest.WatchParameter] == "true")
        {
            return new(watch!, variables, watchable);
        }

        if (verb != HttpRoutes.Watch && found.TryGetValue(verb, out var match))
        {
            return new(match, variables, watchable);
        }

        var allowed = string.Join(", ", found.Keys.Where(v => v != HttpRoutes.Watch).SelectMany(v => v == "GET" ? ["GET", "HEAD"] : new[] { v }).Order());
        var refused = Faults.Of(StatusCode.Unimplemented, 405, ProblemCodes.MethodNotAllowed, $"{request.Path} does not take {request.Method}",
            Faults.Problem("", ProblemCodes.MethodNotAllowed, $"{request.Method} is not possible here", $"Use one of {allowed}"));
        refused.Trailers.Add("allow", allowed);
        throw refused;
    }

    private async Task AnswerAsync(HttpContext http, HttpMatch match)
    {
        var request = new RestRequest(match);
        request.ReadPath();
        request.ReadQuery(http.Request.Query);
        request.ReadIfMatch(http.Request.Headers.IfMatch);
        request.ReadIfNoneMatch(http.Request.Headers.IfNoneMatch);
        using var deadline = match.Route.Rpc.IsServerStreaming
            ? CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping)
            : CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        if (!match.Route.Rpc.IsServerStreaming)
        {
            deadline.CancelAfter(options.RequestTimeout);
        }

        using var share = limits.Share();
        if (match.Route.TakesBody)
        {
            CheckMediaType(http.Request);
            CheckEncoding(http.Request);
            request.ReadBody(await limits.ReadBodyAsync(http.Request, share, deadline.Token));
        }

        var call = new RestCallContext(http, match.Route.Bound.Method.FullName, clock.GetUtcNow().UtcDateTime + options.RequestTimeout, deadline.Token);
        if (request.Problems.Count > 0)
        {
            await RefuseWithAllAsync(match, request, call);
        }

        if (match.Route.Rpc.IsServerStreaming)
        {
            await ServerSentEvents.AnswerAsync(http, match.Route.Bound, request.Message, call);
        }
        else
        {
            await match.Route.Bound.CallAsync(request.Message, answer => RestResponse.WriteAsync(http, answer, call), call);
        }
    }

    /// <summary>What could be read is judged too, so that the caller learns of every problem at once.</summary>
    private static async Task RefuseWithAllAsync(HttpMatch match, RestRequest request, RestCallContext call)
    {
        var all = request.Problems;
        if (all.All(p => p.Field.Length > 0) && request.TryValidateOnly())
        {
            try
            {
                await match.Route.Bound.CallAsync(request.Message, _ => Task.CompletedTask, call);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.Aborted or StatusCode.NotFound)
            {
                // A field that could not be read must not be reported as missing as well.
                var unread = all.Select(p => p.Field).ToArray();
                all.AddRange(Faults.Read(e).Errors.Where(p => !unread.Any(f => IsSameOrWithin(f, p.Field) || IsSameOrWithin(p.Field, f))));
            }
        }

        throw Faults.Invalid(all);
    }

    private static bool IsSameOrWithin(string path, string outer)
        => outer.Length > 0 && path.StartsWith(outer, StringComparison.Ordinal) && (path.Length == outer.Length || path[outer.Length] is '.' or '[');

    // A client that is told nothing else, such as curl -d, names its body a form; where a body is due it can only be JSON.
    private static void CheckMediaType(HttpRequest request)
    {
        if (string.IsNullOrEmpty(request.ContentType))
        {
            return;
        }

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !(type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
                || type.MediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw Faults.Of(StatusCode.InvalidArgument, 415, ProblemCodes.UnsupportedMediaType, $"A body of the type {request.ContentType} is not taken",
                Faults.Problem("Content-Type", ProblemCodes.UnsupportedMediaType, $"{request.ContentType} is not JSON in UTF-8", "Send application/json"));
        }
    }

    private static void CheckEncoding(HttpRequest request)
    {
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity")
        {
            var refused = Faults.Of(StatusCode.InvalidArgument, 415, ProblemCodes.UnsupportedMediaType, $"A body encoded by {encoding} is not taken",
                Faults.Problem("Content-Encoding", ProblemCodes.UnsupportedMediaType, $"Bodies encoded by {encoding} are not read", "Send the body as it is"));
            refused.Trailers.Add("accept-encoding", "identity");
            throw refused;
        }
    }

    private async Task RefuseAsync(HttpContext http, RpcException e)
    {
        log.RequestRefused(http.Request.Method, http.Request.Path, e.Status.Detail);
        if (!http.Response.HasStarted)
        {
            await RestResponse.WriteProblemAsync(http, e);
        }
    }
}
