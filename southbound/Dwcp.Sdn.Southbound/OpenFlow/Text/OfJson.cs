using System.Collections;
using System.Reflection;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>Messages as JSON: the fields of our own types, with matches and actions as text and octets as hexadecimal.</summary>
public static class OfJson
{
    public static JsonObject Of(OfHeader header, OfMessage message) => new()
    {
        ["version"] = header.Version,
        ["xid"] = header.Xid,
        ["length"] = header.Length,
        ["type"] = OfText.Capitals(message.Type),
        ["message"] = message.GetType().Name,
        ["text"] = OfText.Of(header, message),
        ["fields"] = Fields(message),
    };

    private static JsonObject Fields(object value)
    {
        var fields = new JsonObject();
        foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetIndexParameters().Length == 0 && (property.Name != "Type" || value is not (OfMessage or MultipartBody)))
            {
                fields[char.ToLowerInvariant(property.Name[0]) + property.Name[1..]] = Node(property.GetValue(value));
            }
        }

        return fields;
    }

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        bool b => b,
        byte or ushort or uint or int or long => JsonValue.Create(Convert.ToInt64(value)),
        ulong u => $"0x{u:x}",
        Enum e => $"{e}",
        string s => s,
        EquatableArray<byte> octets => OfText.Octets(octets.AsSpan()),
        Field field => field.Name,
        Match match => MatchText.Of(match),
        FlowAction action => ActionText.Of(action),
        IEnumerable items => new JsonArray([.. items.Cast<object>().Select(Node)]),
        OfMessage message => new JsonObject { ["type"] = OfText.Capitals(message.Type), ["fields"] = Fields(message) },
        MultipartBody or FlowRule or FlowKey or Group or Bucket or Meter or MeterBand or FlowSelector or FlowEntry or PortDesc or AsyncMasks or MetadataWrite => Fields(value),
        _ when value.GetType() is { IsValueType: false } or { Namespace: "Dwcp.Sdn.Southbound.OpenFlow.Wire" } => Fields(value),
        _ => $"{value}",
    };
}
