using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Api.V1;
using Google.Protobuf;

namespace Dwcp.Sdn.Cli.Remote;

/// <summary>A controller over REST.</summary>
internal sealed class RestRemote(Uri address) : IRemote
{
    private static readonly JsonParser Lenient = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        BaseAddress = address,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Uri Address => address;

    public async Task<JsonObject> GetAsync(Kind kind, string id, CancellationToken stop)
        => (await SendAsync(HttpMethod.Get, PathOf(kind, id), null, stop))!;

    public async Task<Listing> ListAsync(Kind kind, string filter, CancellationToken stop)
    {
        var items = new List<JsonObject>();
        var (token, version) = ("", (string?)null);
        do
        {
            var query = $"/v1/{kind.Plural}?pageSize=1000&filter={Uri.EscapeDataString(filter)}&pageToken={Uri.EscapeDataString(token)}";
            var page = (await SendAsync(HttpMethod.Get, query, null, stop))!;
            items.AddRange(page["items"]!.AsArray().Select(i => i!.AsObject()));
            token = (string)page["nextPageToken"]!;
            version ??= (string)page["resourceVersion"]!;
        }
        while (token.Length > 0);
        return new(items, version);
    }

    public async Task<JsonObject> PutAsync(Kind kind, string id, JsonObject body, bool validateOnly, CancellationToken stop)
        => (await SendAsync(HttpMethod.Put, PathOf(kind, id) + (validateOnly ? "?validateOnly=true" : ""), body, stop))!;

    public async Task DeleteAsync(Kind kind, string id, bool validateOnly, CancellationToken stop)
        => await SendAsync(HttpMethod.Delete, PathOf(kind, id) + (validateOnly ? "?validateOnly=true" : ""), null, stop);

    public async IAsyncEnumerable<Change> WatchAsync(Kind kind, string after, string filter, [EnumeratorCancellation] CancellationToken stop)
    {
        var query = $"/v1/{kind.Plural}?watch=true&resourceVersion={Uri.EscapeDataString(after)}&filter={Uri.EscapeDataString(filter)}";
        using var response = await ExchangeAsync(new(HttpMethod.Get, query), stop);
        await ThrowIfRefusedAsync(response, stop);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stop));
        var (name, version, data) = ("", "", new StringBuilder());
        while (await ReadLineAsync(reader, stop) is { } line)
        {
            if (line.Length == 0 && name.Length > 0)
            {
                var json = JsonNode.Parse(data.ToString())!.AsObject();
                yield return name switch
                {
                    "ERROR" => throw new RemoteException(Lenient.Parse<ProblemDetails>(json.ToJsonString())),
                    "BOOKMARK" => new(name, version, null),
                    _ => new(name, version, json),
                };
                (name, version) = ("", "");
                data.Clear();
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var value = colon < 0 ? "" : line[(colon + 1)..].TrimStart();
            switch (colon < 0 ? line : line[..colon])
            {
                case "event":
                    name = value;
                    break;
                case "id":
                    version = value;
                    break;
                case "data":
                    data.Append(value);
                    break;
            }
        }
    }

    public async Task<IReadOnlyList<string>> WaitsForAsync(CancellationToken stop)
    {
        using var response = await ExchangeAsync(new(HttpMethod.Get, "/readyz"), stop);
        return response.IsSuccessStatusCode ? [] : [.. (await ProblemOfAsync(response, stop)).Errors.Select(e => e.Message)];
    }

    public async Task<string?> VersionAsync(CancellationToken stop) => (string?)(await SendAsync(HttpMethod.Get, "/version", null, stop))!["version"];

    public void Dispose() => _http.Dispose();

    private static string PathOf(Kind kind, string id) => $"/v1/{kind.Plural}/{Uri.EscapeDataString(id)}";

    private async Task<JsonObject?> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString())) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        using var response = await ExchangeAsync(request, limit.Token);
        await ThrowIfRefusedAsync(response, limit.Token);
        return response.StatusCode == HttpStatusCode.NoContent ? null : JsonNode.Parse(await response.Content.ReadAsStringAsync(limit.Token))!.AsObject();
    }

    private async Task<HttpResponseMessage> ExchangeAsync(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        }
        catch (HttpRequestException e)
        {
            throw new UnreachableException(address, e.Message, e);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new UnreachableException(address, e.InnerException?.Message ?? e.Message, e);
        }
    }

    private async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken stop)
    {
        try
        {
            return await reader.ReadLineAsync(stop);
        }
        catch (IOException e)
        {
            throw new UnreachableException(address, e.Message, e);
        }
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken stop)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new RemoteException(await ProblemOfAsync(response, stop));
        }
    }

    private static async Task<ProblemDetails> ProblemOfAsync(HttpResponseMessage response, CancellationToken stop)
    {
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            return Lenient.Parse<ProblemDetails>(await response.Content.ReadAsStringAsync(stop));
        }

        return new() { Status = (int)response.StatusCode, Detail = $"The server answered {(int)response.StatusCode} {response.ReasonPhrase}; is it a controller?" };
    }
}
