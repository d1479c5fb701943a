using System.Buffers;
using System.Text.Json;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Client;

/// <summary>A table that a monitor watches: which columns, and of which rows.</summary>
public sealed record MonitorTable(string Table, EquatableArray<string> Columns)
{
    /// <summary>Rows that meet any of these; none means all rows. Servers before 2.6 know no conditions.</summary>
    public EquatableArray<OvsdbCondition> Where { get; init; } = [];

    /// <summary>Show the rows that are there at the beginning (RFC 7047 §4.1.5, <c>select</c>).</summary>
    public bool Initial { get; init; } = true;
}

/// <summary>Where a monitor that is begun anew goes on, if the server remembers it: what it had shown, after which transaction.</summary>
public sealed record OvsdbResume(OvsdbDatabase Database, Guid Transaction);

/// <summary>The three kinds of monitor: RFC 7047 §4.1.5, and <c>monitor_cond</c> and <c>monitor_cond_since</c> of ovsdb-server(7).</summary>
internal enum MonitorStyle : byte
{
    Plain,
    Cond,
    Since,
}

/// <summary>The params of the requests of a monitor.</summary>
internal static class MonitorParams
{
    // [<database>, <schema>]
    public static JsonElement Convert(string database, JsonElement schema) => Write(json =>
    {
        json.WriteStringValue(database);
        schema.WriteTo(json);
    });

    public static string MethodOf(MonitorStyle style) => style switch
    {
        MonitorStyle.Since => "monitor_cond_since",
        MonitorStyle.Cond => "monitor_cond",
        _ => "monitor",
    };

    // [<database>, <our name for it>, {<table>: [{"columns": […], "where": […], "select": {…}}]}, and for "since" the last transaction]
    public static JsonElement Of(string database, string name, MonitorStyle style, IEnumerable<MonitorTable> tables, Guid since) => Write(json =>
    {
        json.WriteStringValue(database);
        json.WriteStringValue(name);
        json.WriteStartObject();
        foreach (var table in tables)
        {
            json.WriteStartArray(table.Table);
            json.WriteStartObject();
            json.WriteStartArray("columns");
            foreach (var column in table.Columns)
            {
                json.WriteStringValue(column);
            }

            json.WriteEndArray();
            if (!table.Where.IsEmpty)
            {
                WriteWhere(json, table.Where);
            }

            if (!table.Initial)
            {
                json.WriteStartObject("select");
                json.WriteBoolean("initial", false);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
        if (style == MonitorStyle.Since)
        {
            json.WriteStringValue(since.ToString());
        }
    });

    // [<our name>, <our name>, {<table>: [{"where": […]}]}]
    public static JsonElement Change(string name, IEnumerable<MonitorTable> tables) => Write(json =>
    {
        json.WriteStringValue(name);
        json.WriteStringValue(name);
        json.WriteStartObject();
        foreach (var table in tables)
        {
            json.WriteStartArray(table.Table);
            json.WriteStartObject();
            WriteWhere(json, table.Where);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    });

    public static JsonElement Texts(params string[] texts) => JsonSerializer.SerializeToElement(texts);

    private static void WriteWhere(Utf8JsonWriter json, EquatableArray<OvsdbCondition> where)
    {
        json.WriteStartArray("where");
        foreach (var condition in where)
        {
            condition.Write(json);
        }

        if (where.IsEmpty)
        {
            json.WriteBooleanValue(true);
        }

        json.WriteEndArray();
    }

    private static JsonElement Write(Action<Utf8JsonWriter> items)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartArray();
        items(json);
        json.WriteEndArray();
        json.Flush();
        return JsonElement.Parse(bytes.WrittenSpan);
    }
}
