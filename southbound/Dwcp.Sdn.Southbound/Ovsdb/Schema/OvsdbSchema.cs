using System.Text.Json;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>The tables of a database, RFC 7047 §3.2.</summary>
public sealed record OvsdbSchema(string Name, string Version, IReadOnlyDictionary<string, OvsdbTable> Tables)
{
    public bool Has(string table, string column) => Tables.TryGetValue(table, out var found) && found.Columns.ContainsKey(column);

    /// <summary>Why a column cannot have a value; null when it can. References are not followed.</summary>
    public string? Check(string table, string column, OvsdbValue value) =>
        !Tables.TryGetValue(table, out var found) ? $"{Name} has no table {table}"
        : !found.Columns.TryGetValue(column, out var known) ? $"{table} has no column {column}"
        : known.Check(value) is { } fault ? $"{table}.{column}: {fault}"
        : null;

    /// <summary>Reads the result of <c>get_schema</c>. Throws <see cref="WireException"/>.</summary>
    public static OvsdbSchema Read(JsonElement json)
    {
        var tables = new Dictionary<string, OvsdbTable>();
        foreach (var table in json.Member("tables", "a schema").Members("a schema's tables"))
        {
            tables.Add(table.Name, OvsdbTable.Read(table.Name, table.Value));
        }

        return new(
            json.Member("name", "a schema").Text("a schema's name"),
            json.Member("version", "a schema").Text("a schema's version"),
            tables);
    }

    internal IReadOnlyDictionary<string, OvsdbColumn> Columns(string table) =>
        Tables.TryGetValue(table, out var found) ? found.Columns : throw new WireException($"news of a table {table} that the schema does not have");
}

/// <summary>A table, RFC 7047 §3.2: its columns, and whether its rows stay although nobody refers to them.</summary>
public sealed record OvsdbTable(string Name, IReadOnlyDictionary<string, OvsdbColumn> Columns)
{
    public bool IsRoot { get; init; }

    /// <summary>The most rows that it may have; null without a limit.</summary>
    public long? MaxRows { get; init; }

    /// <summary>Sets of columns of which no two rows have the same values.</summary>
    public EquatableArray<EquatableArray<string>> Indexes { get; init; } = [];

    // {"columns": {<id>: <column>}, "maxRows": …, "isRoot": …, "indexes": [[<id>*]*]}
    internal static OvsdbTable Read(string name, JsonElement json)
    {
        var columns = new Dictionary<string, OvsdbColumn>();
        foreach (var column in json.Member("columns", "a table's schema").Members("a table's columns"))
        {
            columns.Add(column.Name, OvsdbColumn.Read(column.Value));
        }

        return new(name, columns)
        {
            IsRoot = json.TryGetProperty("isRoot", out var root) && root.ValueKind == JsonValueKind.True,
            MaxRows = json.TryGetProperty("maxRows", out var most) && most.ValueKind == JsonValueKind.Number && most.TryGetInt64(out var rows) ? rows : null,
            Indexes = json.TryGetProperty("indexes", out var indexes)
                ? [.. indexes.Items("a table's indexes").Select(index => index.Items("an index").Select(column => column.Text("a column of an index")).ToEquatableArray())]
                : [],
        };
    }
}
