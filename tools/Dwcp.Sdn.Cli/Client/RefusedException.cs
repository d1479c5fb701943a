using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Client;

/// <summary>One thing that is wrong with a request, as the controller says it.</summary>
internal sealed record Problem(string Field, string Code, string Message, string Remedy);

/// <summary>The controller's refusal, RFC 9457, with every problem of the request.</summary>
internal sealed class RefusedException(HttpStatusCode status, string detail, IReadOnlyList<Problem> problems) : Exception(detail)
{
    public HttpStatusCode Status => status;

    public IReadOnlyList<Problem> Problems => problems;

    /// <summary>The refusal in an answer's body, or null when the body is none of the controller's.</summary>
    public static RefusedException? Of(HttpStatusCode status, string body)
    {
        JsonObject? json;
        try
        {
            json = JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }

        if (json is null || !Text(json, "type").StartsWith("urn:dwcp:problem:", StringComparison.Ordinal))
        {
            return null;
        }

        var problems = (json["errors"] as JsonArray ?? []).OfType<JsonObject>().Select(e => new Problem(Text(e, "field"), Text(e, "code"), Text(e, "message"), Text(e, "remedy"))).ToArray();
        return new(status, Text(json, "detail"), problems);
    }

    private static string Text(JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
