using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Dwcp.Sdn.Cli.Files;

/// <summary>
/// YAML as JSON, with the line of each path. What a plain scalar is, the field's type decides: a label or a MAC address of
/// digits stays text. Elsewhere it is as in the core schema of YAML 1.2.
/// </summary>
internal sealed class YamlJson
{
    public Dictionary<string, long> Lines { get; } = [];

    public JsonObject Read(YamlMappingNode node, MessageDescriptor? type) => ReadMap(node, "", name => type is null ? null : FieldOf(type, name));

    private static FieldDescriptor? FieldOf(MessageDescriptor type, string name) => type.Fields.InDeclarationOrder().FirstOrDefault(f => f.JsonName == name || f.Name == name);

    private JsonObject ReadMap(YamlMappingNode node, string path, Func<string, FieldDescriptor?> fieldOf)
    {
        var map = new JsonObject();
        foreach (var (key, value) in node.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? key.ToString();
            var at = path.Length == 0 ? name : $"{path}.{name}";
            Lines[at] = key.Start.Line;
            map[name] = ReadNode(value, at, fieldOf(name));
        }

        return map;
    }

    private JsonNode? ReadNode(YamlNode node, string path, FieldDescriptor? field)
    {
        switch (node)
        {
            case YamlMappingNode map:
                var type = field?.FieldType == FieldType.Message ? field.MessageType : null;
                return ReadMap(map, path, name => type is null ? null : field!.IsMap ? type.Fields[2] : FieldOf(type, name));
            case YamlSequenceNode list:
                var array = new JsonArray();
                foreach (var item in list.Children)
                {
                    var at = $"{path}[{array.Count}]";
                    Lines[at] = item.Start.Line;
                    array.Add(ReadNode(item, at, field));
                }

                return array;
            default:
                return ReadScalar((YamlScalarNode)node, field);
        }
    }

    private static JsonValue? ReadScalar(YamlScalarNode node, FieldDescriptor? field)
    {
        var text = node.Value ?? "";
        if (node.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        if (text is "" or "~" or "null")
        {
            return null;
        }

        if (field?.FieldType == FieldType.String)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }
}
