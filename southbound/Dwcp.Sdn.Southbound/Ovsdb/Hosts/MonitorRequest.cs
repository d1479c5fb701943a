using System.Buffers;
using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>The params of the requests that open a session with a host.</summary>
internal static class MonitorRequest
{
    /// <summary>Of <c>get_schema</c>.</summary>
    public static readonly JsonElement Schema = JsonElement.Parse($"[\"{VswitchTables.Database}\"]");

    /// <summary>Of <c>monitor</c> (RFC 7047 §4.1.5) or <c>monitor_cond</c> (ovsdb-server(7)): those of our tables and columns that this host's schema has.</summary>
    // [<database>, <our name for the monitor>, {<table>: {"columns": […]}}], the inner object in an array for monitor_cond
    public static JsonElement Of(OvsdbSchema schema, bool conditional)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartArray();
        json.WriteStringValue(VswitchTables.Database);
        json.WriteStringValue("inventory");
        json.WriteStartObject();
        foreach (var (table, columns) in VswitchTables.Monitored)
        {
            if (!schema.Tables.ContainsKey(table))
            {
                continue;
            }

            json.WritePropertyName(table);
            if (conditional)
            {
                json.WriteStartArray();
            }

            json.WriteStartObject();
            json.WriteStartArray("columns");
            foreach (var column in columns)
            {
                if (schema.Has(table, column))
                {
                    json.WriteStringValue(column);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
            if (conditional)
            {
                json.WriteEndArray();
            }
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.Flush();
        return JsonElement.Parse(bytes.WrittenSpan);
    }
}
