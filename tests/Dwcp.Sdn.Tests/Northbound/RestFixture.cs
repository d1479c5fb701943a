using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>A northbound on a free port of loopback over a fabric in memory, with a client.</summary>
public abstract class RestFixture : IAsyncLifetime
{
    private NorthboundServer? _server;

    internal MemoryFabric Fabric { get; } = new(TimeProvider.System);

    internal List<string> Waiting { get; } = [];

    internal bool WaitingFails { get; set; }

    protected HttpClient Client { get; private set; } = null!;

    internal virtual NorthboundOptions Options { get; } = new() { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) };

    internal virtual IConfiguration? Configuration => null;

    protected NorthboundServer Server => _server!;

    public async Task InitializeAsync()
    {
        _server = new(Fabric, Options, () => WaitingFails ? throw new InvalidOperationException("not today") : Waiting, NullLoggerFactory.Instance, TimeProvider.System, Configuration);
        await _server.StartAsync(CancellationToken.None);
        Client = new() { BaseAddress = new($"http://{_server.HttpEndPoint}") };
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await _server!.DisposeAsync();
    }

    protected Task StopAsync() => _server!.StopAsync(CancellationToken.None);

    internal async Task<Answer> SendAsync(string method, string path, string? json = null, string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (json is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return new((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), body)
        {
            ETag = response.Headers.ETag?.ToString(),
            CacheControl = response.Headers.CacheControl?.ToString(),
            Location = response.Headers.Location?.ToString(),
            Allow = string.Join(", ", response.Content.Headers.Allow),
        };
    }
}

/// <summary>An answer with its body read.</summary>
internal sealed record Answer(int Status, string? ContentType, string Body)
{
    public string? ETag { get; init; }

    public string? CacheControl { get; init; }

    public string? Location { get; init; }

    public string? Allow { get; init; }

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public JsonElement this[string path] => path.Split('.').Aggregate(Json, (json, name) => json.GetProperty(name));

    public bool Has(string name) => Json.TryGetProperty(name, out _);

    /// <summary>The problems as "field code", in order of the field.</summary>
    public string[] Problems => [.. Json.GetProperty("errors").EnumerateArray()
        .Select(e => $"{e.GetProperty("field").GetString()} {e.GetProperty("code").GetString()}").Order(StringComparer.Ordinal)];
}
