using System.Text.Json;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>The field mask of an RFC 7396 merge patch: what the document names is changed, null clears, an array replaces, an object goes deeper.</summary>
internal static class MergePatch
{
    public static FieldMask MaskOf(JsonElement json, MessageDescriptor type)
    {
        var mask = new FieldMask();
        Collect(json, type, "", mask);
        return mask;
    }

    private static void Collect(JsonElement json, MessageDescriptor type, string prefix, FieldMask mask)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var property in json.EnumerateObject())
        {
            if (!type.TryFind(property.Name, out var field))
            {
                continue;
            }

            var path = prefix + field.Name;
            if (property.Value.ValueKind != JsonValueKind.Object)
            {
                mask.Paths.Add(path);
            }
            else if (field.IsMap)
            {
                mask.Paths.AddRange(property.Value.EnumerateObject().Select(entry => $"{path}.{FieldPath.Quote(entry.Name)}"));
            }
            else if (field.FieldType == FieldType.Message && field.MessageType.File.Package != "google.protobuf")
            {
                Collect(property.Value, field.MessageType, path + ".", mask);
            }
            else
            {
                mask.Paths.Add(path);
            }
        }
    }
}
