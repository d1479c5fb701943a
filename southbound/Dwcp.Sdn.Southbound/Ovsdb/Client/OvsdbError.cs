using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Client;

/// <summary>An error of OVSDB: a word of RFC 7047, or an object with the word and details (§3.1).</summary>
internal static class OvsdbError
{
    /// <summary>Of a longer text, which a peer can make as long as it likes, the rest is left out.</summary>
    public const int MostCharacters = 1000;

    // "word" | {"error": "word", "details": "…", "syntax": …}
    public static (string Word, string? Details) Read(JsonElement error) => error.ValueKind == JsonValueKind.Object
        ? (Bounded(error.Member("error", "an error").Text("an error")), error.TryGetProperty("details", out var details) ? Bounded(details.Text("an error's details")) : null)
        : (Bounded(error.Text("an error")), null);

    public static string Bounded(string text) => text.Length <= MostCharacters ? text : $"{text.AsSpan(0, MostCharacters)}…";

    public static string Text(JsonElement error)
    {
        var (word, details) = Read(error);
        return details is null ? word : $"{word} ({details})";
    }
}

/// <summary>OVSDB refused a request: its word (RFC 7047 §3.1, §4.1.3) and details, and which operation of a transaction it was.</summary>
public sealed class OvsdbException(string error, string? details, int? operation = null)
    : Exception((operation is { } index ? $"operation {index}: " : "") + (details is null ? error : $"{error} ({details})"))
{
    public string Error { get; } = error;

    public string? Details { get; } = details;

    /// <summary>The operation's place in its transaction, from 0; null when it is about the whole.</summary>
    public int? Operation { get; } = operation;
}
