using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>An error of OVSDB: a word of RFC 7047, or an object with the word and details (§3.1).</summary>
internal static class OvsdbError
{
    // "word" | {"error": "word", "details": "…", "syntax": …}
    public static (string Word, string? Details) Read(JsonElement error) => error.ValueKind == JsonValueKind.Object
        ? (error.Member("error", "an error").Text("an error"), error.TryGetProperty("details", out var details) ? details.Text("an error's details") : null)
        : (error.Text("an error"), null);

    public static string Text(JsonElement error)
    {
        var (word, details) = Read(error);
        return details is null ? word : $"{word} ({details})";
    }
}
