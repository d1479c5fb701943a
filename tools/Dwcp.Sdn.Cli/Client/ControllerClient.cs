using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Kinds;

namespace Dwcp.Sdn.Cli.Client;

/// <summary>The controller's REST API as the commands use it. What it refuses becomes <see cref="RefusedException"/>, and silence becomes exit code 3.</summary>
internal sealed class ControllerClient : IDisposable
{
    private const int Attempts = 5;
    private const int AskAfterSeconds = 30;
    private const int AskAgainSeconds = 5;
    private const int AskTimes = 3;
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly TimeProvider _clock;

    public ControllerClient(Uri server, TimeProvider clock)
    {
        (Server, _clock) = (server, clock);
        var handler = new SocketsHttpHandler { ConnectTimeout = ConnectWithin, ConnectCallback = ConnectAsync, UseProxy = !server.IsLoopback, AllowAutoRedirect = false };
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
    }

    public Uri Server { get; }

    public async Task<JsonObject> GetAsync(string path, CancellationToken stop) => await ReadObjectAsync("GET", path, stop);

    /// <summary>The object, or null when there is none.</summary>
    public async Task<JsonObject?> FindAsync(string path, CancellationToken stop)
    {
        try
        {
            return await GetAsync(path, stop);
        }
        catch (RefusedException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>All objects of a kind that a filter selects.</summary>
    /// <exception cref="CliException">The list cannot be asked so.</exception>
    public Task<(List<JsonObject> Items, string Version)> ListAsync(Kind kind, string? filter, CancellationToken stop)
    {
        if (!kind.IsHeld)
        {
            return ListAsync(kind.ListPath, filter, stop);
        }

        // What its list takes instead of a filter are parameters, each with a name of its own.
        var terms = (filter ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split('=', 2)).ToArray();
        return terms.Any(t => t[0].StartsWith("label.", StringComparison.Ordinal))
            ? throw new CliException(ExitCode.Usage, $"{kind.Plural} are not selected by labels", $"dwcpctl get {kind.Plural} --filter takes {kind.Questions}")
            : ListAsync(kind.ListPath, [.. terms.Select(t => (t[0], (string?)t[1]))], stop);
    }

    /// <summary>All items of a list, page by page, and the resource version of the first page, from which a watch misses nothing.</summary>
    public Task<(List<JsonObject> Items, string Version)> ListAsync(string path, string? filter, CancellationToken stop) => ListAsync(path, [("filter", filter)], stop);

    /// <summary>All items of a list that takes parameters; those without a value are left out.</summary>
    public async Task<(List<JsonObject> Items, string Version)> ListAsync(string path, (string Name, string? Value)[] parameters, CancellationToken stop)
    {
        var (items, version, token) = (new List<JsonObject>(), (string?)null, "");
        do
        {
            var query = Query([.. parameters, ("pageToken", token)]);
            var page = await GetAsync(path + query, stop);
            items.AddRange(page["items"]!.AsArray().Select(i => i!.AsObject()));
            version ??= (string)page["resourceVersion"]!;
            token = (string?)page["nextPageToken"] ?? "";
        }
        while (token.Length > 0);
        return (items, version);
    }

    /// <summary>Makes or replaces an object; tells whether it is new.</summary>
    public async Task<(JsonObject Object, bool Created)> PutAsync(string path, JsonObject body, bool validateOnly, CancellationToken stop)
    {
        using var response = await SendAsync("PUT", path + (validateOnly ? "?validateOnly=true" : ""), body.ToJsonString(), stop);
        return (await ObjectOfAsync(response, stop), response.StatusCode == HttpStatusCode.Created);
    }

    /// <summary>Merges into an object, RFC 7396; the result is the object as it is then.</summary>
    public async Task<JsonObject> PatchAsync(string path, JsonObject body, CancellationToken stop)
    {
        using var response = await SendAsync("PATCH", path, body.ToJsonString(), stop);
        return await ObjectOfAsync(response, stop);
    }

    public async Task DeleteAsync(string path, CancellationToken stop) => (await SendAsync("DELETE", path, null, stop)).Dispose();

    /// <summary>A page of text, such as /metrics, whatever its status.</summary>
    public async Task<(HttpStatusCode Status, string Text)> ReadTextAsync(string path, CancellationToken stop)
    {
        using var response = await SendOnceAsync("GET", path, null, stop);
        return (response.StatusCode, await TextOfAsync(response, stop));
    }

    /// <summary>What changes from a resource version on, until the stream ends.</summary>
    /// <exception cref="RefusedException">410: the version is too old.</exception>
    public async IAsyncEnumerable<WatchMessage> WatchAsync(string path, string version, string? filter, [EnumeratorCancellation] CancellationToken stop)
    {
        using var response = await SendAsync("GET", path + Query(("watch", "true"), ("resourceVersion", version), ("filter", filter)), null, stop);
        await using var stream = await response.Content.ReadAsStreamAsync(stop);
        await foreach (var message in WatchMessage.ReadAsync(stream, stop))
        {
            yield return message;
        }
    }

    public void Dispose() => _http.Dispose();

    // A machine that is gone ends no connection; without being asked for it, a watch would wait for ever.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext to, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, AskAfterSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, AskAgainSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, AskTimes);
            await socket.ConnectAsync(to.DnsEndPoint, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Query(params (string Name, string? Value)[] parameters)
    {
        var given = parameters.Where(p => !string.IsNullOrEmpty(p.Value)).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}").ToArray();
        return given.Length == 0 ? "" : "?" + string.Join('&', given);
    }

    private async Task<JsonObject> ReadObjectAsync(string method, string path, CancellationToken stop)
    {
        using var response = await SendAsync(method, path, null, stop);
        return await ObjectOfAsync(response, stop);
    }

    private async Task<JsonObject> ObjectOfAsync(HttpResponseMessage response, CancellationToken stop)
    {
        try
        {
            return JsonNode.Parse(await TextOfAsync(response, stop)) as JsonObject ?? throw NotTheController(response);
        }
        catch (JsonException)
        {
            throw NotTheController(response);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? body, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            var response = await SendOnceAsync(method, path, body, stop);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                if (response.StatusCode == HttpStatusCode.TooManyRequests && attempt < Attempts && response.Headers.RetryAfter?.Delta is { } after && after <= LongestRetry)
                {
                    await Task.Delay(after, _clock, stop);
                    continue;
                }

                throw RefusedException.Of(response.StatusCode, await TextOfAsync(response, stop)) ?? (Exception)NotTheController(response);
            }
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(string method, string path, string? body, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = Json } };
        }

        return await AnsweredAsync(limit => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit), stop);
    }

    private Task<string> TextOfAsync(HttpResponseMessage response, CancellationToken stop) => AnsweredAsync(response.Content.ReadAsStringAsync, stop);

    /// <summary>What the controller answers in time.</summary>
    /// <exception cref="CliException">It does not.</exception>
    private async Task<T> AnsweredAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            return await ask(either.Token);
        }
        catch (HttpRequestException e)
        {
            throw NoController(e.InnerException?.Message ?? e.Message);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw NoController($"no answer within {AnswerWithin.TotalSeconds} s");
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw NoController(e.InnerException?.Message ?? $"no connection within {ConnectWithin.TotalSeconds} s");
        }
    }

    private CliException NoController(string why) => new(
        ExitCode.NoController,
        $"no controller answers at {Server.OriginalString}: {why}",
        "Is it running? Start one with: dwcp-controller --data DIR",
        "Is it elsewhere? Say where: dwcpctl --server URL, or DWCP_SERVER=URL, or dwcpctl config set-context NAME --server URL");

    private CliException NotTheController(HttpResponseMessage response) => new(
        ExitCode.NoController,
        $"what answers at {Server.OriginalString} is no dwcp-controller: {(int)response.StatusCode} {response.ReasonPhrase} to {response.RequestMessage?.RequestUri?.PathAndQuery}",
        "Say where the controller is: dwcpctl --server URL, or DWCP_SERVER=URL");
}
