using System.Text.Json;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.Ovsdb.Json;

/// <summary>Takes JSON values that must be of a kind; another kind is a <see cref="WireException"/> that names what was read.</summary>
internal static class JsonReading
{
    public static string Text(this JsonElement value, string what) => Expect(value, JsonValueKind.String, what).GetString()!;

    public static JsonElement.ObjectEnumerator Members(this JsonElement value, string what) =>
        Expect(value, JsonValueKind.Object, what).EnumerateObject();

    public static JsonElement.ArrayEnumerator Items(this JsonElement value, string what) =>
        Expect(value, JsonValueKind.Array, what).EnumerateArray();

    /// <summary>An array of exactly this many values.</summary>
    public static JsonElement Tuple(this JsonElement value, int length, string what) =>
        Expect(value, JsonValueKind.Array, what).GetArrayLength() == length
            ? value
            : throw new WireException($"{what}: an array of {value.GetArrayLength()}, expected {length}");

    public static JsonElement Member(this JsonElement value, string name, string what) =>
        Expect(value, JsonValueKind.Object, what).TryGetProperty(name, out var member)
            ? member
            : throw new WireException($"{what}: no \"{name}\"");

    private static JsonElement Expect(JsonElement value, JsonValueKind kind, string what) =>
        value.ValueKind == kind ? value : throw new WireException($"{what}: {value.ValueKind}, expected {kind}");
}
