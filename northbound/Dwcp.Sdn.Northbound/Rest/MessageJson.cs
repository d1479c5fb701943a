using System.Buffers.Text;
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>
/// Messages as JSON by the protobuf mapping, in UTF-8 and without a string in between. Absent fields are left out; defaults of
/// fields without presence are written, so that false and zero can be seen.
/// </summary>
internal static class MessageJson
{
    // What is sent is JSON by its media type and nosniff, so nothing in it needs to be safe within a page.
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly ConcurrentDictionary<MessageDescriptor, FieldPlan[]> Plans = new();

    private delegate void ValueWriter(Utf8JsonWriter json, object value);

    public static void Write(Utf8JsonWriter json, IMessage message)
    {
        json.WriteStartObject();
        foreach (var field in Plans.GetOrAdd(message.Descriptor, PlanOf))
        {
            field.Write(json, message);
        }

        json.WriteEndObject();
    }

    private static FieldPlan[] PlanOf(MessageDescriptor type) => [.. type.Fields.InFieldNumberOrder().Select(field => new FieldPlan(field))];

    private static ValueWriter WriterOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => static (json, value) => json.WriteStringValue((string)value),
        FieldType.Bool => static (json, value) => json.WriteBooleanValue((bool)value),
        FieldType.Int32 => static (json, value) => json.WriteNumberValue((int)value),
        FieldType.UInt32 => static (json, value) => json.WriteNumberValue((uint)value),
        FieldType.Int64 => static (json, value) => WriteText(json, (long)value),
        FieldType.UInt64 => static (json, value) => WriteText(json, (ulong)value),
        FieldType.Enum => EnumWriter(field.EnumType),
        FieldType.Message when field.MessageType == Timestamp.Descriptor => static (json, value) => WriteTime(json, (Timestamp)value),
        FieldType.Message when field.MessageType.File.Package != "google.protobuf" => static (json, value) => Write(json, (IMessage)value),
        _ => throw new NotSupportedException($"{field.FullName} is of a type that no answer has had so far"),
    };

    // 64-bit integers are strings, since not every reader of JSON has such numbers.
    private static void WriteText<T>(Utf8JsonWriter json, T value)
        where T : IUtf8SpanFormattable
    {
        Span<byte> text = stackalloc byte[20];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        json.WriteStringValue(text[..length]);
    }

    private static ValueWriter EnumWriter(EnumDescriptor type)
    {
        var names = type.Values.DistinctBy(v => v.Number).ToFrozenDictionary(v => v.Number, v => JsonEncodedText.Encode(v.Name));
        return (json, value) =>
        {
            if (names.TryGetValue((int)value, out var name))
            {
                json.WriteStringValue(name);
            }
            else
            {
                json.WriteNumberValue((int)value);
            }
        };
    }

    // RFC 3339 with no fraction, or one of 3, 6 or 9 digits.
    private static void WriteTime(Utf8JsonWriter json, Timestamp time)
    {
        Span<byte> text = stackalloc byte[30];
        Utf8Formatter.TryFormat(DateTime.UnixEpoch.AddSeconds(time.Seconds), text, out _, 'O');
        var (fraction, digits) = time.Nanos % 1_000_000 == 0 ? (time.Nanos / 1_000_000, 3) : time.Nanos % 1000 == 0 ? (time.Nanos / 1000, 6) : (time.Nanos, 9);
        var length = "2026-01-01T00:00:00".Length;
        if (fraction > 0)
        {
            text[length++] = (byte)'.';
            Utf8Formatter.TryFormat(fraction, text[length..], out _, new('D', (byte)digits));
            length += digits;
        }

        text[length++] = (byte)'Z';
        json.WriteStringValue(text[..length]);
    }

    /// <summary>How one field of a type is written.</summary>
    private sealed class FieldPlan
    {
        private readonly IFieldAccessor _accessor;
        private readonly JsonEncodedText _name;
        private readonly bool _hasPresence;
        private readonly ValueWriter _write;

        public FieldPlan(FieldDescriptor field)
        {
            (_accessor, _hasPresence) = (field.Accessor, field.HasPresence);
            _name = JsonEncodedText.Encode(field.JsonName);
            _write = field.IsMap ? MapWriter(field.MessageType) : field.IsRepeated ? ListWriter(WriterOf(field)) : WriterOf(field);
        }

        public void Write(Utf8JsonWriter json, IMessage message)
        {
            if (!_hasPresence || _accessor.HasValue(message))
            {
                json.WritePropertyName(_name);
                _write(json, _accessor.GetValue(message));
            }
        }

        private static ValueWriter ListWriter(ValueWriter item) => (json, value) =>
        {
            json.WriteStartArray();
            foreach (var each in (IList)value)
            {
                item(json, each!);
            }

            json.WriteEndArray();
        };

        private static ValueWriter MapWriter(MessageDescriptor entry)
        {
            if (entry.Fields[1].FieldType != FieldType.String)
            {
                throw new NotSupportedException($"{entry.FullName} has keys of a type that no answer has had so far");
            }

            var value = WriterOf(entry.Fields[2]);
            return (json, map) =>
            {
                json.WriteStartObject();
                foreach (DictionaryEntry each in (IDictionary)map)
                {
                    json.WritePropertyName((string)each.Key);
                    value(json, each.Value!);
                }

                json.WriteEndObject();
            };
        }
    }
}
