using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>A column and a value for it.</summary>
internal readonly record struct OvsdbCell(string Column, OvsdbValue Value);

/// <summary>Writes the operations of a <c>transact</c> request, RFC 7047 §5.2.</summary>
internal sealed class OvsdbTransaction : IDisposable
{
    private readonly ArrayBufferWriter<byte> bytes = new();
    private readonly Utf8JsonWriter json;

    public OvsdbTransaction(string database)
    {
        json = new Utf8JsonWriter(bytes);
        json.WriteStartArray();
        json.WriteStringValue(database);
    }

    /// <summary>How many operations it has.</summary>
    public int Count { get; private set; }

    /// <summary>The params of the request.</summary>
    public JsonElement End()
    {
        json.WriteEndArray();
        json.Flush();
        return JsonElement.Parse(bytes.WrittenSpan);
    }

    /// <summary>Fails unless the row is there and its columns are so (§5.2.6, without waiting).</summary>
    public void Expect(string table, Guid row, params ReadOnlySpan<OvsdbCell> cells)
    {
        Begin("wait", table);
        WriteWhere("_uuid", OvsdbAtom.Of(row));
        json.WriteNumber("timeout", 0);
        json.WriteStartArray("columns");
        foreach (var cell in cells)
        {
            json.WriteStringValue(cell.Column);
        }

        json.WriteEndArray();
        json.WriteString("until", "==");
        json.WriteStartArray("rows");
        WriteRow(cells);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Fails if a row has this name.</summary>
    public void ExpectNone(string table, string name)
    {
        Begin("wait", table);
        WriteWhere("name", OvsdbAtom.Of(name));
        json.WriteNumber("timeout", 0);
        json.WriteStartArray("columns");
        json.WriteStringValue("name");
        json.WriteEndArray();
        json.WriteString("until", "==");
        json.WriteStartArray("rows");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Inserts a row and returns its name within this transaction.</summary>
    public OvsdbAtom Insert(string table, params ReadOnlySpan<OvsdbCell> cells)
    {
        var name = $"row{Count}";
        Begin("insert", table);
        json.WriteString("uuid-name", name);
        json.WritePropertyName("row");
        WriteRow(cells);
        json.WriteEndObject();
        return OvsdbAtom.Named(name);
    }

    public void Update(string table, Guid row, params ReadOnlySpan<OvsdbCell> cells)
    {
        Begin("update", table);
        WriteWhere("_uuid", OvsdbAtom.Of(row));
        json.WritePropertyName("row");
        WriteRow(cells);
        json.WriteEndObject();
    }

    /// <summary>Removes a row, of a table whose rows the database keeps whether or not others refer to them.</summary>
    public void Delete(string table, Guid row)
    {
        Begin("delete", table);
        WriteWhere("_uuid", OvsdbAtom.Of(row));
        json.WriteEndObject();
    }

    /// <summary>Changes a part of a column: <c>insert</c>, <c>delete</c> or <c>+=</c> (§5.1).</summary>
    public void Mutate(string table, Guid row, string column, string mutator, OvsdbValue value)
    {
        Begin("mutate", table);
        WriteWhere("_uuid", OvsdbAtom.Of(row));
        json.WriteStartArray("mutations");
        json.WriteStartArray();
        json.WriteStringValue(column);
        json.WriteStringValue(mutator);
        value.Write(json);
        json.WriteEndArray();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public void Select(string table, Guid row, string column)
    {
        Begin("select", table);
        WriteWhere("_uuid", OvsdbAtom.Of(row));
        json.WriteStartArray("columns");
        json.WriteStringValue(column);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Leaves a line in the database's log, where <c>ovsdb-tool show-log</c> shows who did what.</summary>
    public void Comment(string text)
    {
        Count++;
        json.WriteStartObject();
        json.WriteString("op", "comment");
        json.WriteString("comment", text);
        json.WriteEndObject();
    }

    public void Dispose() => json.Dispose();

    private void Begin(string operation, string table)
    {
        Count++;
        json.WriteStartObject();
        json.WriteString("op", operation);
        json.WriteString("table", table);
    }

    private void WriteWhere(string column, OvsdbAtom value)
    {
        json.WriteStartArray("where");
        json.WriteStartArray();
        json.WriteStringValue(column);
        json.WriteStringValue("==");
        value.Write(json);
        json.WriteEndArray();
        json.WriteEndArray();
    }

    private void WriteRow(ReadOnlySpan<OvsdbCell> cells)
    {
        json.WriteStartObject();
        foreach (var cell in cells)
        {
            json.WritePropertyName(cell.Column);
            cell.Value.Write(json);
        }

        json.WriteEndObject();
    }
}
