using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.Ovsdb.Json;

/// <summary>A message of JSON-RPC 1.0 as RFC 7047 §4 uses it: either side may ask, answer and notify.</summary>
internal abstract record JsonRpcMessage
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = JsonLimits.Default.Depth, AllowDuplicateProperties = false };

    /// <summary>JSON's null.</summary>
    public static readonly JsonElement Null = JsonElement.Parse("null");

    /// <summary>Reads one message as <see cref="JsonFramer"/> cuts it; the result holds a copy. Throws <see cref="WireException"/>.</summary>
    public static JsonRpcMessage Read(ReadOnlySpan<byte> bytes)
    {
        if (!Utf8.IsValid(bytes) || HasLoneSurrogate(bytes))
        {
            throw new WireException("a JSON-RPC message with text that is not Unicode");
        }

        try
        {
            return Read(JsonElement.Parse(bytes, Strict));
        }
        catch (JsonException e)
        {
            throw new WireException($"malformed JSON: {e.Message}");
        }
    }

    // "\ud800" alone is well-formed JSON (RFC 8259 §8.2) that no string can hold: every later look at it would throw.
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> json)
    {
        var highBefore = false;
        for (int at; (at = json.IndexOf((byte)'\\')) >= 0 && at + 1 < json.Length;)
        {
            var isUnit = json[at + 1] == (byte)'u' && json.Length >= at + 6;
            var unit = isUnit && ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, null, out var hex) ? (char)hex : ' ';
            if (highBefore ? at > 0 || !char.IsLowSurrogate(unit) : char.IsLowSurrogate(unit))
            {
                return true;
            }

            highBefore = char.IsHighSurrogate(unit);
            json = json[(at + (isUnit ? 6 : 2))..];
        }

        return highBefore;
    }

    // request {id, method, params} | notification {id: null or absent, method, params} | response {id, result, error}
    // OVS leaves "result" out of an answer with an error, and writes "error": null beside a result.
    private static JsonRpcMessage Read(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw new WireException($"a JSON-RPC message that is no object but {message.ValueKind}");
        }

        var hasId = message.TryGetProperty("id", out var id) && id.ValueKind != JsonValueKind.Null;
        if (message.TryGetProperty("method", out var method))
        {
            if (!message.TryGetProperty("params", out var parameters) || parameters.ValueKind != JsonValueKind.Array)
            {
                throw new WireException("a JSON-RPC method without an array of params");
            }

            var name = method.Text("method");
            return hasId ? new JsonRpcRequest(id, name, parameters) : new JsonRpcNotification(name, parameters);
        }

        var hasError = message.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null;
        var hasResult = message.TryGetProperty("result", out var result);
        if (!hasId || !(hasError || hasResult))
        {
            throw new WireException("a JSON-RPC message that is neither request, nor notification, nor response");
        }

        return new JsonRpcResponse(id, hasError ? Null : result, hasError ? error : Null);
    }

    /// <summary>Writes the message's bytes, with nothing before or after.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        WriteMembers(json);
        json.WriteEndObject();
    }

    private protected abstract void WriteMembers(Utf8JsonWriter json);

    private protected static void WriteMember(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }
}

/// <summary>A question; the other side answers with the same id.</summary>
internal sealed record JsonRpcRequest(JsonElement Id, string Method, JsonElement Params) : JsonRpcMessage
{
    private protected override void WriteMembers(Utf8JsonWriter json)
    {
        WriteMember(json, "id", Id);
        json.WriteString("method", Method);
        WriteMember(json, "params", Params);
    }
}

/// <summary>News; nobody answers.</summary>
internal sealed record JsonRpcNotification(string Method, JsonElement Params) : JsonRpcMessage
{
    private protected override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteNull("id");
        json.WriteString("method", Method);
        WriteMember(json, "params", Params);
    }
}

/// <summary>An answer: a result, or an error that is not null.</summary>
internal sealed record JsonRpcResponse(JsonElement Id, JsonElement Result, JsonElement Error) : JsonRpcMessage
{
    private protected override void WriteMembers(Utf8JsonWriter json)
    {
        WriteMember(json, "id", Id);
        WriteMember(json, "result", Result);
        WriteMember(json, "error", Error);
    }
}
