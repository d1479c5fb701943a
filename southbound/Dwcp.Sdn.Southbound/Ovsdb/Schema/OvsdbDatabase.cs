using System.Collections.Immutable;
using System.Text.Json;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>The rows of a monitored database as the last update left them.</summary>
public sealed record OvsdbDatabase(OvsdbSchema Schema)
{
    private ImmutableDictionary<string, ImmutableDictionary<Guid, OvsdbRow>> Tables { get; init; } =
        ImmutableDictionary<string, ImmutableDictionary<Guid, OvsdbRow>>.Empty;

    public ImmutableDictionary<Guid, OvsdbRow> Table(string name) =>
        Tables.GetValueOrDefault(name, ImmutableDictionary<Guid, OvsdbRow>.Empty);

    /// <summary>The rows of a table as what they are, such as <c>Rows&lt;BridgeRow&gt;()</c>.</summary>
    public IEnumerable<TRow> Rows<TRow>()
        where TRow : IOvsdbRow<TRow> => Table(TRow.TableName).Values.Select(TRow.Of);

    /// <summary>Those of the rows that are there; one that has gone is left out.</summary>
    public IEnumerable<OvsdbRow> Referenced(string table, IEnumerable<Guid> ids)
    {
        var rows = Table(table);
        foreach (var id in ids)
        {
            if (rows.TryGetValue(id, out var row))
            {
                yield return row;
            }
        }
    }

    /// <summary>Applies the updates of <c>monitor</c> (RFC 7047 §4.1.6): every changed row whole.</summary>
    internal OvsdbDatabase Apply(JsonElement updates) => Apply(updates, ApplyRow);

    /// <summary>Applies the updates of <c>monitor_cond</c> (ovsdb-server(7)): what differs.</summary>
    internal OvsdbDatabase Apply2(JsonElement updates) => Apply(updates, ApplyRow2);

    private delegate void RowChange(ImmutableDictionary<Guid, OvsdbRow>.Builder rows, IReadOnlyDictionary<string, OvsdbColumn> columns, Guid id, JsonElement change);

    // {<table>: {<row>: <change>}}
    private OvsdbDatabase Apply(JsonElement updates, RowChange apply)
    {
        var tables = Tables.ToBuilder();
        foreach (var table in updates.Members("an update"))
        {
            var name = table.Name;
            var columns = Schema.Columns(name);
            var rows = Table(name).ToBuilder();
            foreach (var row in table.Value.Members("an updated table"))
            {
                var id = Guid.TryParseExact(row.Name, "D", out var guid)
                    ? guid
                    : throw new WireException($"an updated row of {name}: '{row.Name}' is no row's id");
                apply(rows, columns, id, row.Value);
            }

            tables[name] = rows.ToImmutable();
        }

        return this with { Tables = tables.ToImmutable() };
    }

    // {"new": row} inserted | {"old": some columns, "new": row} changed | {"old": row} gone
    private static void ApplyRow(ImmutableDictionary<Guid, OvsdbRow>.Builder rows, IReadOnlyDictionary<string, OvsdbColumn> columns, Guid id, JsonElement change)
    {
        if (change.ValueKind == JsonValueKind.Object && change.TryGetProperty("new", out var row))
        {
            rows[id] = new OvsdbRow(id, ReadColumns(row, columns));
        }
        else
        {
            change.Member("old", "an update of a row");
            rows.Remove(id);
        }
    }

    // {"initial": row} | {"insert": row} | {"modify": differences} | {"delete": null}; a column of a new row with its default is left out.
    private static void ApplyRow2(ImmutableDictionary<Guid, OvsdbRow>.Builder rows, IReadOnlyDictionary<string, OvsdbColumn> columns, Guid id, JsonElement change)
    {
        foreach (var what in change.Members("an update of a row"))
        {
            switch (what.Name)
            {
                case "initial" or "insert":
                    rows[id] = new OvsdbRow(id, ReadColumns(what.Value, columns));
                    break;
                case "modify":
                    var old = rows.TryGetValue(id, out var row) ? row : throw new WireException($"a change of the row {id}, which is not there");
                    rows[id] = Modify(old, ReadColumns(what.Value, columns), columns);
                    break;
                case "delete":
                    rows.Remove(id);
                    break;
                case var other:
                    throw new WireException($"an update of a row: \"{other}\"");
            }
        }
    }

    private static Dictionary<string, OvsdbValue> ReadColumns(JsonElement row, IReadOnlyDictionary<string, OvsdbColumn> columns)
    {
        var read = new Dictionary<string, OvsdbValue>();
        foreach (var column in row.Members("a row"))
        {
            var name = column.Name;
            var kind = columns.TryGetValue(name, out var known) ? known.Kind : throw new WireException($"a column {name} that the schema does not have");
            var value = OvsdbValue.Read(column.Value);
            if (value is OvsdbMap != (kind == OvsdbColumnKind.Map))
            {
                throw new WireException($"{name}: {value.GetType().Name}, expected {kind}");
            }

            read.Add(name, value);
        }

        return read;
    }

    private static OvsdbRow Modify(OvsdbRow old, Dictionary<string, OvsdbValue> changes, IReadOnlyDictionary<string, OvsdbColumn> columns)
    {
        var values = new Dictionary<string, OvsdbValue>(old.Columns);
        foreach (var (name, change) in changes)
        {
            values[name] = (columns[name].Kind, change) switch
            {
                (OvsdbColumnKind.Set, OvsdbSet set) => old.Set(name).Toggle(set),
                (OvsdbColumnKind.Map, OvsdbMap map) => old.Map(name).Toggle(map),
                _ => change,
            };
        }

        return new OvsdbRow(old.Id, values);
    }
}
