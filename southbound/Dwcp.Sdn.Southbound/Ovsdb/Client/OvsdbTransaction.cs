using System.Buffers;
using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Client;

/// <summary>A column and a value for it.</summary>
public readonly record struct OvsdbCell(string Column, OvsdbValue Value);

/// <summary>A condition on rows, RFC 7047 §5.1: <c>==</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>, <c>includes</c> or <c>excludes</c>.</summary>
public readonly record struct OvsdbCondition(string Column, string Function, OvsdbValue Value)
{
    /// <summary>The row with this id.</summary>
    public static OvsdbCondition Id(Guid row) => new("_uuid", "==", new OvsdbSet([OvsdbAtom.Of(row)]));

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        json.WriteStringValue(Column);
        json.WriteStringValue(Function);
        Value.Write(json);
        json.WriteEndArray();
    }
}

/// <summary>A change of a part of a column, RFC 7047 §5.1: <c>+=</c>, <c>-=</c>, <c>*=</c>, <c>/=</c>, <c>%=</c>, <c>insert</c> or <c>delete</c>.</summary>
public readonly record struct OvsdbMutation(string Column, string Mutator, OvsdbValue Value);

/// <summary>Writes the operations of a <c>transact</c> request, RFC 7047 §5.2. All of them are done, or none.</summary>
public sealed class OvsdbTransaction : IDisposable
{
    private readonly ArrayBufferWriter<byte> bytes = new();
    private readonly Utf8JsonWriter json;
    private readonly OvsdbSchema? schema;
    private bool ended;

    /// <summary>A transaction that nothing is checked of before it is sent.</summary>
    public OvsdbTransaction(string database)
    {
        json = new Utf8JsonWriter(bytes);
        json.WriteStartArray();
        json.WriteStringValue(database);
    }

    /// <summary>A transaction whose every table, column and value must be of the schema; what is not throws <see cref="ArgumentException"/>.</summary>
    public OvsdbTransaction(OvsdbSchema schema)
        : this(schema.Name) => this.schema = schema;

    /// <summary>How many operations it has.</summary>
    public int Count { get; private set; }

    /// <summary>The params of the request. Nothing can be added after it.</summary>
    internal JsonElement End()
    {
        if (!ended)
        {
            ended = true;
            json.WriteEndArray();
            json.Flush();
        }

        return JsonElement.Parse(bytes.WrittenSpan);
    }

    /// <summary>Inserts a row and returns its name within this transaction, by which later values may refer to it (§5.2.1).</summary>
    public OvsdbAtom Insert(string table, params ReadOnlySpan<OvsdbCell> cells)
    {
        var name = $"row{Count}";
        Begin("insert", table);
        json.WriteString("uuid-name", name);
        json.WritePropertyName("row");
        WriteRow(table, cells);
        json.WriteEndObject();
        return OvsdbAtom.Named(name);
    }

    /// <summary>Reads columns of the rows that meet all conditions (§5.2.2); of no columns, all of them.</summary>
    public void Select(string table, ReadOnlySpan<OvsdbCondition> where, params ReadOnlySpan<string> columns)
    {
        Begin("select", table);
        WriteWhere(table, where);
        if (!columns.IsEmpty)
        {
            WriteColumns(columns);
        }

        json.WriteEndObject();
    }

    /// <summary>Sets columns of the rows that meet all conditions (§5.2.3).</summary>
    public void Update(string table, ReadOnlySpan<OvsdbCondition> where, params ReadOnlySpan<OvsdbCell> cells)
    {
        Begin("update", table);
        WriteWhere(table, where);
        json.WritePropertyName("row");
        WriteRow(table, cells);
        json.WriteEndObject();
    }

    /// <summary>Changes parts of columns of the rows that meet all conditions (§5.2.4).</summary>
    public void Mutate(string table, ReadOnlySpan<OvsdbCondition> where, params ReadOnlySpan<OvsdbMutation> mutations)
    {
        Begin("mutate", table);
        WriteWhere(table, where);
        json.WriteStartArray("mutations");
        foreach (var mutation in mutations)
        {
            Known(table, mutation.Column);
            json.WriteStartArray();
            json.WriteStringValue(mutation.Column);
            json.WriteStringValue(mutation.Mutator);
            mutation.Value.Write(json);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Removes the rows that meet all conditions (§5.2.5); those of a table that is no root go by themselves when nobody refers to them.</summary>
    public void Delete(string table, params ReadOnlySpan<OvsdbCondition> where)
    {
        Begin("delete", table);
        WriteWhere(table, where);
        json.WriteEndObject();
    }

    /// <summary>Waits until the columns of the rows that meet all conditions are these rows, or are others (§5.2.6).</summary>
    /// <param name="within">Fail after that; null waits as long as it takes, and zero does not wait.</param>
    public void Wait(string table, ReadOnlySpan<OvsdbCondition> where, ReadOnlySpan<string> columns, bool equal, IEnumerable<OvsdbCell[]> rows, TimeSpan? within)
    {
        Begin("wait", table);
        WriteWhere(table, where);
        if (within is { } time)
        {
            json.WriteNumber("timeout", (long)time.TotalMilliseconds);
        }

        WriteColumns(columns);
        json.WriteString("until", equal ? "==" : "!=");
        json.WriteStartArray("rows");
        foreach (var row in rows)
        {
            WriteRow(table, row);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Succeeds only once the transaction is on disk (§5.2.7).</summary>
    public void Commit(bool durable)
    {
        Begin("commit");
        json.WriteBoolean("durable", durable);
        json.WriteEndObject();
    }

    /// <summary>Undoes the transaction, to learn what it would have done (§5.2.8).</summary>
    public void Abort()
    {
        Begin("abort");
        json.WriteEndObject();
    }

    /// <summary>Leaves a line in the database's log, where <c>ovsdb-tool show-log</c> shows who did what (§5.2.9).</summary>
    public void Comment(string text)
    {
        Begin("comment");
        json.WriteString("comment", text);
        json.WriteEndObject();
    }

    /// <summary>Fails unless we hold the lock (§5.2.10).</summary>
    public void Assert(string name)
    {
        Begin("assert");
        json.WriteString("lock", name);
        json.WriteEndObject();
    }

    public void Dispose() => json.Dispose();

    /// <summary>Fails unless the row is there and its columns are so.</summary>
    internal void Expect(string table, Guid row, params ReadOnlySpan<OvsdbCell> cells)
    {
        var columns = new string[cells.Length];
        for (var i = 0; i < cells.Length; i++)
        {
            columns[i] = cells[i].Column;
        }

        Wait(table, [OvsdbCondition.Id(row)], columns, equal: true, [cells.ToArray()], TimeSpan.Zero);
    }

    /// <summary>Fails if a row has this name.</summary>
    internal void ExpectNone(string table, string name) =>
        Wait(table, [new("name", "==", OvsdbSet.Of(name))], ["name"], equal: true, [], TimeSpan.Zero);

    internal void Update(string table, Guid row, params ReadOnlySpan<OvsdbCell> cells) => Update(table, [OvsdbCondition.Id(row)], cells);

    internal void Delete(string table, Guid row) => Delete(table, OvsdbCondition.Id(row));

    internal void Mutate(string table, Guid row, string column, string mutator, OvsdbValue value) =>
        Mutate(table, [OvsdbCondition.Id(row)], new OvsdbMutation(column, mutator, value));

    internal void Select(string table, Guid row, string column) => Select(table, [OvsdbCondition.Id(row)], column);

    private void Begin(string operation, string? table = null)
    {
        if (ended)
        {
            throw new InvalidOperationException("the transaction has been sent");
        }

        if (table is not null && schema is not null && !schema.Tables.ContainsKey(table))
        {
            throw new ArgumentException($"{schema.Name} has no table {table}", nameof(table));
        }

        Count++;
        json.WriteStartObject();
        json.WriteString("op", operation);
        if (table is not null)
        {
            json.WriteString("table", table);
        }
    }

    private void WriteWhere(string table, ReadOnlySpan<OvsdbCondition> conditions)
    {
        json.WriteStartArray("where");
        foreach (var condition in conditions)
        {
            Known(table, condition.Column);
            condition.Write(json);
        }

        json.WriteEndArray();
    }

    private void WriteColumns(ReadOnlySpan<string> columns)
    {
        json.WriteStartArray("columns");
        foreach (var column in columns)
        {
            json.WriteStringValue(column);
        }

        json.WriteEndArray();
    }

    private void WriteRow(string table, ReadOnlySpan<OvsdbCell> cells)
    {
        json.WriteStartObject();
        foreach (var cell in cells)
        {
            if (schema?.Check(table, cell.Column, cell.Value) is { } fault)
            {
                throw new ArgumentException(fault, nameof(cells));
            }

            json.WritePropertyName(cell.Column);
            cell.Value.Write(json);
        }

        json.WriteEndObject();
    }

    private void Known(string table, string column)
    {
        if (column is not ("_uuid" or "_version") && schema?.Has(table, column) == false)
        {
            throw new ArgumentException($"{table} has no column {column}", nameof(column));
        }
    }
}
