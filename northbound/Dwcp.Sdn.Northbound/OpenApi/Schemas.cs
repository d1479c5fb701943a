using System.Text.Json.Nodes;
using Dwcp.Sdn.Api;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Northbound.OpenApi;

/// <summary>Messages as JSON schemas, in the forms that the protobuf mapping to JSON gives them.</summary>
internal sealed class Schemas
{
    private static readonly string[] Outputs = ["id", "resource_version", "generation", "status"];

    private readonly SortedDictionary<string, JsonObject?> _all = new(StringComparer.Ordinal);

    /// <summary>All that were referred to.</summary>
    public JsonObject ToJson() => new(_all.Select(s => KeyValuePair.Create<string, JsonNode?>(s.Key, s.Value)));

    /// <summary>A reference to the schema of a message, which is described too.</summary>
    public JsonObject Refer(MessageDescriptor type)
    {
        var name = NameOf(type);
        if (_all.TryAdd(name, null))
        {
            _all[name] = Describe(type);
        }

        return new() { ["$ref"] = $"#/components/schemas/{name}" };
    }

    /// <summary>The schema of one field, with what the proto says of it.</summary>
    public JsonObject OfField(FieldDescriptor field)
    {
        var schema = field.IsMap ? new JsonObject { ["type"] = "object", ["additionalProperties"] = OfValue(field.MessageType.Fields[2]) }
            : field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = OfValue(field) }
            : OfValue(field);
        if (ProtoComments.Known.Of(field.FullName) is { Length: > 0 } text)
        {
            schema["description"] = text;
        }

        return schema;
    }

    private static string NameOf(MessageDescriptor type) => type.ContainingType is { } outer ? NameOf(outer) + type.Name : type.Name;

    private JsonObject Describe(MessageDescriptor type)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            var schema = OfField(field);
            if (type.Fields.InDeclarationOrder().Any(f => f.Name == "resource_version") && Outputs.Contains(field.Name))
            {
                schema["readOnly"] = true;
            }

            if (ProtoComments.Known.Of(field.FullName).StartsWith("Required", StringComparison.Ordinal))
            {
                required.Add(field.JsonName);
            }

            properties[field.JsonName] = schema;
        }

        var described = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            described["required"] = required;
        }

        if (ProtoComments.Known.Of(type.FullName) is { Length: > 0 } text)
        {
            described["description"] = text;
        }

        return described;
    }

    private JsonObject OfValue(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => new() { ["type"] = "string" },
        FieldType.Bool => new() { ["type"] = "boolean" },
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => new() { ["type"] = "integer", ["format"] = "int32" },
        FieldType.UInt32 or FieldType.Fixed32 => new() { ["type"] = "integer", ["minimum"] = 0, ["maximum"] = uint.MaxValue },
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => new() { ["type"] = "string", ["pattern"] = "^-?[0-9]{1,19}$" },
        FieldType.UInt64 or FieldType.Fixed64 => new() { ["type"] = "string", ["pattern"] = "^[0-9]{1,20}$" },
        FieldType.Float or FieldType.Double => new() { ["type"] = "number" },
        FieldType.Bytes => new() { ["type"] = "string", ["contentEncoding"] = "base64" },
        FieldType.Enum => new() { ["type"] = "string", ["enum"] = new JsonArray([.. field.EnumType.Values.Select(v => (JsonNode)v.Name)]) },
        _ => field.MessageType.FullName switch
        {
            "google.protobuf.Timestamp" => new() { ["type"] = "string", ["format"] = "date-time" },
            "google.protobuf.FieldMask" => new() { ["type"] = "string" },
            _ => Refer(field.MessageType),
        },
    };
}
