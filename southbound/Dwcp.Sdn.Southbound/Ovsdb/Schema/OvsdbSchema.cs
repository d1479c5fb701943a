using System.Text.Json;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>How <c>update2</c> tells that a column has changed: a set of at most one by its new value, the others by what differs.</summary>
internal enum OvsdbColumnKind : byte
{
    /// <summary>At most one atom.</summary>
    Single,
    Set,
    Map,
}

/// <summary>The tables and columns that a database has, read from its schema (RFC 7047 §3.2).</summary>
internal sealed record OvsdbSchema(string Name, string Version, IReadOnlyDictionary<string, IReadOnlyDictionary<string, OvsdbColumnKind>> Tables)
{
    public bool Has(string table, string column) => Tables.TryGetValue(table, out var columns) && columns.ContainsKey(column);

    /// <summary>Reads the result of <c>get_schema</c>.</summary>
    public static OvsdbSchema Read(JsonElement json)
    {
        var tables = new Dictionary<string, IReadOnlyDictionary<string, OvsdbColumnKind>>();
        foreach (var table in json.Member("tables", "a schema").Members("a schema's tables"))
        {
            var columns = new Dictionary<string, OvsdbColumnKind>();
            foreach (var column in table.Value.Member("columns", "a table's schema").Members("a table's columns"))
            {
                columns.Add(column.Name, ReadKind(column.Value.Member("type", "a column's schema")));
            }

            tables.Add(table.Name, columns);
        }

        return new(
            json.Member("name", "a schema").Text("a schema's name"),
            json.Member("version", "a schema").Text("a schema's version"),
            tables);
    }

    // <atomic type> | {"key": …, "value": … (a map), "min": 0 or 1, "max": a number or "unlimited"}
    private static OvsdbColumnKind ReadKind(JsonElement type)
    {
        if (type.ValueKind == JsonValueKind.String)
        {
            return OvsdbColumnKind.Single;
        }

        type.Member("key", "a column's type");
        if (type.TryGetProperty("value", out _))
        {
            return OvsdbColumnKind.Map;
        }

        return type.TryGetProperty("max", out var max) && !(max.ValueKind == JsonValueKind.Number && max.GetDouble() <= 1)
            ? OvsdbColumnKind.Set
            : OvsdbColumnKind.Single;
    }

    internal IReadOnlyDictionary<string, OvsdbColumnKind> Columns(string table) =>
        Tables.TryGetValue(table, out var columns) ? columns : throw new WireException($"news of a table {table} that the schema does not have");
}
