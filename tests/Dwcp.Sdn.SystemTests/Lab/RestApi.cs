using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Dwcp.Sdn.SystemTests;

/// <summary>An answer of the API: its status and its JSON.</summary>
internal sealed record RestAnswer(HttpStatusCode Status, string? MediaType, JsonElement Body);

/// <summary>The REST API as curl sees it: paths, JSON text and status codes.</summary>
internal sealed class RestApi(ControllerProcess controller)
{
    public Task<RestAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<RestAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    /// <summary>A PUT that must be accepted; returns the object.</summary>
    public async Task<JsonElement> PutAsync(string path, string json)
    {
        var answer = await TryPutAsync(path, json);
        return (int)answer.Status is 200 or 201
            ? answer.Body
            : throw new InvalidOperationException($"PUT {path} {json} was answered {answer.Status}: {answer.Body}");
    }

    /// <summary>A PUT, whatever comes of it.</summary>
    public Task<RestAnswer> TryPutAsync(string path, string json) => SendAsync(HttpMethod.Put, path, json);

    /// <summary>A condition of an object as `STATUS REASON`, or an empty text.</summary>
    public async Task<string> ConditionAsync(string path, string type)
    {
        var answer = await GetAsync(path);
        if (answer.Status != HttpStatusCode.OK)
        {
            return "";
        }

        var found = answer.Body.GetProperty("status").GetProperty("conditions").EnumerateArray().FirstOrDefault(c => c.GetProperty("type").GetString() == type);
        return found.ValueKind == JsonValueKind.Undefined ? "" : $"{found.GetProperty("status").GetString()} {found.GetProperty("reason").GetString()}";
    }

    /// <summary>Waits until a condition is as expected: `True`, or `False NoInterface`.</summary>
    public Task WaitAsync(string path, string type, string expected, int seconds = 60) => Until.TrueAsync(
        $"{path} {type}={expected}",
        TimeSpan.FromSeconds(seconds),
        async () => await ConditionAsync(path, type) is var now && (now == expected || now.StartsWith(expected + " ", StringComparison.Ordinal)),
        async () => (await GetAsync(path)).Body + "\n" + controller.Log);

    /// <summary>The message of a condition.</summary>
    public async Task<string> MessageAsync(string path, string type) => (await GetAsync(path)).Body
        .GetProperty("status").GetProperty("conditions").EnumerateArray().Single(c => c.GetProperty("type").GetString() == type).GetProperty("message").GetString()!;

    /// <summary>All events so far of one name, about one subject.</summary>
    public async Task<string[]> EventsAsync(string name, string subject) =>
    [
        .. (await GetAsync("/v1/events?pageSize=1000")).Body.GetProperty("items").EnumerateArray()
            .Where(e => e.GetProperty("name").GetString() == name && e.GetProperty("subject").GetString() == subject)
            .Select(e => e.GetProperty("message").GetString()!),
    ];

    /// <summary>A sample of /metrics by its name and labels as they stand there; null when it is not there.</summary>
    public async Task<double?> MetricAsync(string sample)
    {
        var text = await controller.Http.GetStringAsync("/metrics");
        var line = text.Split('\n').FirstOrDefault(l => l.StartsWith(sample + " ", StringComparison.Ordinal));
        return line is null ? null : double.Parse(line[(sample.Length + 1)..].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Packets that a switch has dropped for a reason, as told by /metrics.</summary>
    public async Task<double> DropsAsync(string @switch, int table, string reason) =>
        await MetricAsync($$"""dwcp_drops_total{reason="{{reason}}",switch="{{@switch}}",table="{{table}}"}""") ?? 0;

    private async Task<RestAnswer> SendAsync(HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using var response = await controller.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}
