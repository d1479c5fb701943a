using System.Collections;
using System.Text.Json;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Problem = Dwcp.Sdn.Api.V1.Problem;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Messages from JSON by the protobuf mapping. Unlike the library's parser it goes on after a fault, so that a caller learns of all at once.</summary>
internal sealed class JsonMessages(List<Problem> problems, bool merging = false)
{
    /// <summary>Fills a message; what cannot be read is left out of it and becomes a problem under its path.</summary>
    public void Read(JsonElement json, IMessage into, string path = "")
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add(Faults.Problem(path, ProblemCodes.Invalid, $"{Shown(json)} stands where an object belongs", "Send a JSON object"));
            return;
        }

        var seen = new HashSet<FieldDescriptor>();
        foreach (var property in json.EnumerateObject())
        {
            var at = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (!into.Descriptor.TryFind(property.Name, out var field))
            {
                problems.Add(Faults.Problem(at, ProblemCodes.UnknownField, $"There is no field {property.Name} in {into.Descriptor.Name}", Nearest.Remedy(property.Name, NamesOf(into))));
            }
            else if (!seen.Add(field))
            {
                problems.Add(GivenTwice(at, property.Name));
            }
            else if (property.Value.ValueKind != JsonValueKind.Null)
            {
                ReadField(property.Value, field, into, at);
            }
        }
    }

    private static string[] NamesOf(IMessage message) => [.. message.Descriptor.Fields.InDeclarationOrder().Select(f => f.JsonName)];

    private void ReadField(JsonElement json, FieldDescriptor field, IMessage into, string at)
    {
        if (field.IsMap)
        {
            ReadMap(json, field, (IDictionary)field.Accessor.GetValue(into), at);
        }
        else if (field.IsRepeated)
        {
            ReadList(json, field, (IList)field.Accessor.GetValue(into), at);
        }
        else if (ReadValue(json, field, at) is { } value)
        {
            field.Accessor.SetValue(into, value);
        }
    }

    private void ReadMap(JsonElement json, FieldDescriptor field, IDictionary into, string at)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add(WrongType(json, at, "an object of names and values"));
            return;
        }

        var (keys, values) = (field.MessageType.Fields[1], field.MessageType.Fields[2]);
        var seen = new HashSet<string>();
        foreach (var property in json.EnumerateObject())
        {
            var under = $"{at}.{property.Name}";
            if (!seen.Add(property.Name))
            {
                problems.Add(GivenTwice(under, property.Name));
                continue;
            }

            if (merging && property.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (ScalarText.Parse(keys, property.Name) is not { } key)
            {
                problems.Add(Faults.Problem(under, ProblemCodes.Invalid, $"\"{property.Name}\" is not {ScalarText.Expected(keys)}", "Correct the name"));
            }
            else if (ReadValue(property.Value, values, under) is { } value)
            {
                into[key] = value;
            }
        }
    }

    private void ReadList(JsonElement json, FieldDescriptor field, IList into, string at)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            problems.Add(WrongType(json, at, "an array"));
            return;
        }

        var index = 0;
        foreach (var item in json.EnumerateArray())
        {
            if (ReadValue(item, field, $"{at}[{index++}]") is { } value)
            {
                into.Add(value);
            }
        }
    }

    private object? ReadValue(JsonElement json, FieldDescriptor field, string at)
    {
        if (field.FieldType == FieldType.Message)
        {
            return ReadMessage(json, field.MessageType, at);
        }

        var value = json.ValueKind switch
        {
            JsonValueKind.String when field.FieldType != FieldType.Bool => ScalarText.Parse(field, json.GetString()!),
            JsonValueKind.True when field.FieldType == FieldType.Bool => true,
            JsonValueKind.False when field.FieldType == FieldType.Bool => false,
            JsonValueKind.Number when field.FieldType == FieldType.Enum => json.TryGetInt32(out var n) ? field.EnumType.FindValueByNumber(n)?.Number : null,
            JsonValueKind.Number when field.FieldType is not (FieldType.String or FieldType.Bytes or FieldType.Bool) => Number(json, field),
            _ => null,
        };
        if (value is null)
        {
            problems.Add(WrongType(json, at, ScalarText.Expected(field)));
        }

        return value;
    }

    // 1e3 and 10.0 are integers in JSON as good as 10, says the protobuf mapping.
    private static object? Number(JsonElement json, FieldDescriptor field)
        => ScalarText.Parse(field, json.GetRawText()) ?? (json.TryGetDecimal(out var n) && n == decimal.Truncate(n) ? ScalarText.Parse(field, n.ToString("0")) : null);

    private IMessage? ReadMessage(JsonElement json, MessageDescriptor type, string at)
    {
        if (type.File.Package != "google.protobuf")
        {
            var message = type.Parser.ParseFrom(ByteString.Empty);
            Read(json, message, at);
            return message;
        }

        try
        {
            return JsonParser.Default.Parse(json.GetRawText(), type);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or FormatException or OverflowException)
        {
            problems.Add(WrongType(json, at, $"a {type.Name} in the JSON form of protobuf"));
            return null;
        }
    }

    private static Problem GivenTwice(string at, string name) => Faults.Problem(at, ProblemCodes.Invalid, $"{name} is given twice", "Give it once");

    private static Problem WrongType(JsonElement json, string at, string expected)
        => Faults.Problem(at, ProblemCodes.Invalid, $"{Shown(json)} is not {expected}", $"Give {expected}");

    private static string Shown(JsonElement json)
    {
        var text = json.GetRawText();
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
