using System.Text.Json;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Client;

/// <summary>What an operation of a transaction did, RFC 7047 §5.2: how many rows it changed, which it inserted, or which it read.</summary>
public sealed record OvsdbResult(long Count, Guid? Inserted, EquatableArray<OvsdbRow> Rows)
{
    /// <summary>Reads the answer to a transaction of so many operations; the first error of it is thrown as <see cref="OvsdbException"/>.</summary>
    // [<result>*], null for what was not tried, one more with "error" if the commit failed
    internal static EquatableArray<OvsdbResult> Read(JsonElement answer, int operations)
    {
        var results = new List<OvsdbResult>();
        foreach (var result in answer.Items("the answer to a transaction"))
        {
            if (result.ValueKind == JsonValueKind.Object && result.TryGetProperty("error", out _))
            {
                var (word, details) = OvsdbError.Read(result);
                throw new OvsdbException(word, details, results.Count < operations ? results.Count : null);
            }

            results.Add(Read(result));
        }

        return results.Count == operations
            ? [.. results]
            : throw new WireException($"the answer to a transaction of {operations} operations has {results.Count} results");
    }

    // {"count": …} | {"uuid": …} | {"rows": [<row>*]} | {}
    private static OvsdbResult Read(JsonElement result)
    {
        var count = result.ValueKind == JsonValueKind.Object && result.TryGetProperty("count", out var number) ? OvsdbAtom.Read(number).AsInteger("a count") : 0;
        Guid? inserted = result.ValueKind == JsonValueKind.Object && result.TryGetProperty("uuid", out var id) ? OvsdbAtom.Read(id).AsUuid("an inserted row") : null;
        return new(
            count,
            inserted,
            result.ValueKind == JsonValueKind.Object && result.TryGetProperty("rows", out var rows) ? [.. rows.Items("the answer to select").Select(ReadRow)] : []);
    }

    private static OvsdbRow ReadRow(JsonElement row)
    {
        var columns = new Dictionary<string, OvsdbValue>();
        foreach (var column in row.Members("a row"))
        {
            columns.Add(column.Name, OvsdbValue.Read(column.Value));
        }

        return new OvsdbRow(columns.GetValueOrDefault("_uuid") is OvsdbSet { Atoms: [var id] } ? id.AsUuid("_uuid") : Guid.Empty, columns);
    }
}
