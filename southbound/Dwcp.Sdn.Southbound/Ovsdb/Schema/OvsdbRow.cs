using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>A row of one table, with its columns as properties.</summary>
public interface IOvsdbRow<TSelf>
    where TSelf : IOvsdbRow<TSelf>
{
    /// <summary>The table whose rows these are.</summary>
    static abstract string TableName { get; }

    static abstract TSelf Of(OvsdbRow row);
}

/// <summary>A row at one moment. A column that is not there has its default: an empty set or map, an empty string, 0, false.</summary>
public sealed class OvsdbRow(Guid id, IReadOnlyDictionary<string, OvsdbValue> columns)
{
    public Guid Id { get; } = id;

    public IReadOnlyDictionary<string, OvsdbValue> Columns { get; } = columns;

    public OvsdbSet Set(string column) => Columns.TryGetValue(column, out var value)
        ? value as OvsdbSet ?? throw new WireException($"{column}: a map, expected a set")
        : OvsdbSet.Empty;

    public string? Text(string column) => Single(column)?.AsText(column);

    public long? Integer(string column) => Single(column)?.AsInteger(column);

    public int? Int32(string column) => Single(column)?.AsInt32(column);

    public bool? Boolean(string column) => Single(column)?.AsBoolean(column);

    public EquatableArray<string> Texts(string column) => [.. Set(column).Atoms.Select(atom => atom.AsText(column)).Order(StringComparer.Ordinal)];

    public EquatableArray<int> Integers(string column) => [.. Set(column).Atoms.Select(atom => atom.AsInt32(column)).Order()];

    public IEnumerable<Guid> Rows(string column) => Set(column).Atoms.Select(atom => atom.AsUuid(column));

    public OvsdbMap Map(string column) => Columns.TryGetValue(column, out var value)
        ? value as OvsdbMap ?? throw new WireException($"{column}: a set, expected a map")
        : OvsdbMap.Empty;

    public StringMap TextMap(string column) =>
        StringMap.Create([.. Map(column).Pairs.Select(pair => KeyValuePair.Create(pair.Key.AsText(column), pair.Value.AsText(column)))]);

    private OvsdbAtom? Single(string column) => Set(column).Atoms is { Count: > 0 } atoms ? atoms[0] : null;
}
