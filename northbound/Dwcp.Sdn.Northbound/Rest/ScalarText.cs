using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Scalar field values from text, as they stand in paths, in queries and in JSON strings.</summary>
internal static class ScalarText
{
    /// <summary>The value boxed as reflection wants it, or null when the text is none of that type.</summary>
    public static object? Parse(FieldDescriptor field, string text) => field.FieldType switch
    {
        FieldType.String => text,
        FieldType.Bool => text switch { "true" => true, "false" => false, _ => null },
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => int.TryParse(text, NumberStyles.AllowLeadingSign, null, out var n) ? n : null,
        FieldType.UInt32 or FieldType.Fixed32 => uint.TryParse(text, NumberStyles.None, null, out var n) ? n : null,
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => long.TryParse(text, NumberStyles.AllowLeadingSign, null, out var n) ? n : null,
        FieldType.UInt64 or FieldType.Fixed64 => ulong.TryParse(text, NumberStyles.None, null, out var n) ? n : null,
        FieldType.Double => double.TryParse(text, NumberStyles.Float, null, out var n) ? n : null,
        FieldType.Float => float.TryParse(text, NumberStyles.Float, null, out var n) ? n : null,
        FieldType.Enum => field.EnumType.FindValueByName(text)?.Number,
        FieldType.Bytes => Base64(text),
        _ => null,
    };

    /// <summary>What a value of that field looks like, for a person.</summary>
    public static string Expected(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => "a string",
        FieldType.Bool => "true or false",
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => "an integer from -2147483648 to 2147483647",
        FieldType.UInt32 or FieldType.Fixed32 => "an integer from 0 to 4294967295",
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => "a 64-bit integer",
        FieldType.UInt64 or FieldType.Fixed64 => "a 64-bit integer that is not negative",
        FieldType.Double or FieldType.Float => "a number",
        FieldType.Enum => "one of " + string.Join(", ", field.EnumType.Values.Select(v => v.Name)),
        FieldType.Bytes => "a string in base64",
        _ => "an object",
    };

    private static ByteString? Base64(string text)
    {
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text, buffer, out var length) ? ByteString.CopyFrom(buffer, 0, length) : null;
    }
}
