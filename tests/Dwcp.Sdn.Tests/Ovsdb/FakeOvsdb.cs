using System.Text.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Tests.Ovsdb;

/// <summary>An ovsdb-server in memory: schema, monitor in both styles, and the operations of RFC 7047 §5.2 that we use, all or nothing. No constraints but unique names.</summary>
internal sealed class FakeOvsdb
{
    private static readonly HashSet<string> Sets =
    [
        "bridges", "manager_options", "datapath_types", "iface_types", "protocols", "controller", "ports", "interfaces",
        "trunks", "mirrors", "targets", "select_src_port", "select_dst_port", "select_vlan",
    ];

    private static readonly HashSet<string> Maps = ["external_ids", "other_config", "options", "bfd", "bfd_status", "queues"];

    private Dictionary<string, Dictionary<Guid, Dictionary<string, OvsdbValue>>> tables = [];
    private JsonObject? monitored;
    private string monitor = "";
    private bool conditional;

    public FakeOvsdb()
    {
        foreach (var (table, _) in VswitchTables.Monitored)
        {
            tables[table] = [];
        }

        tables["Open_vSwitch"][Root] = new() { ["next_cfg"] = One(OvsdbAtom.Of(0)), ["cur_cfg"] = One(OvsdbAtom.Of(0)) };
    }

    public static Guid Root { get; } = Guid.Parse("0f6ee8ac-1c5a-4c3e-8d4e-000000000001");

    /// <summary>False is a server before 2.6.</summary>
    public bool KnowsConditions { get; init; } = true;

    /// <summary>Every transaction that was asked for, with what it answered.</summary>
    public List<(JsonArray Operations, JsonArray Results)> Transactions { get; } = [];

    /// <summary>The methods that it was asked for.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>What it wants to tell, in order; the reader takes them out.</summary>
    public Queue<JsonRpcMessage> Out { get; } = new();

    public OvsdbValue? Value(string table, Guid row, string column) => tables[table][row].GetValueOrDefault(column);

    public IEnumerable<Guid> Rows(string table) => tables[table].Keys;

    /// <summary>What another client, or ovs-vswitchd, does to a row; a null value goes back to the default.</summary>
    public void Set(string table, Guid row, params (string Column, OvsdbValue? Value)[] cells) => Commit(() =>
    {
        var columns = tables[table].TryGetValue(row, out var old) ? old : tables[table][row] = [];
        foreach (var (column, value) in cells)
        {
            if (value is null)
            {
                columns.Remove(column);
            }
            else
            {
                columns[column] = value;
            }
        }
    });

    public void Delete(string table, Guid row) => Commit(() => tables[table].Remove(row));

    /// <summary>ovs-vswitchd has taken up all that was committed.</summary>
    public void ApplyConfig() => Set("Open_vSwitch", Root, ("cur_cfg", Value("Open_vSwitch", Root, "next_cfg")));

    public void Take(JsonRpcMessage message)
    {
        if (message is not JsonRpcRequest request)
        {
            return;
        }

        Asked.Add(request.Method);
        var parameters = (JsonArray)JsonNode.Parse(request.Params.GetRawText())!;
        var (result, error) = request.Method switch
        {
            "echo" => (parameters.DeepClone(), null),
            "get_schema" => (Schema(), null),
            "monitor_cond" when KnowsConditions => (Monitor(parameters, true), null),
            "monitor" => (Monitor(parameters, false), null),
            "transact" => (Transact(parameters), null),
            _ => ((JsonNode?)null, "unknown method"),
        };
        Out.Enqueue(new JsonRpcResponse(request.Id, Element(result), Element(error)));
    }

    private static JsonObject Schema()
    {
        var tables = new JsonObject();
        foreach (var (table, columns) in VswitchTables.Monitored)
        {
            var types = columns.Append("next_cfg").Select(column => KeyValuePair.Create(column, (JsonNode?)new JsonObject { ["type"] = Type(column) }));
            tables[table] = new JsonObject { ["columns"] = new JsonObject(types) };
        }

        return new JsonObject { ["name"] = "Open_vSwitch", ["version"] = "8.3.1", ["tables"] = tables };
    }

    private static JsonNode Type(string column) =>
        Sets.Contains(column) ? new JsonObject { ["key"] = "string", ["min"] = 0, ["max"] = "unlimited" }
        : Maps.Contains(column) ? new JsonObject { ["key"] = "string", ["value"] = "string", ["min"] = 0, ["max"] = "unlimited" }
        : column == "name" ? "string"
        : new JsonObject { ["key"] = "string", ["min"] = 0 };

    private JsonObject Monitor(JsonArray parameters, bool withConditions)
    {
        conditional = withConditions;
        monitor = (string)parameters[1]!;
        monitored = [];
        foreach (var (table, request) in (JsonObject)parameters[2]!)
        {
            monitored[table] = (request as JsonArray is [var first, ..] ? first : request)!["columns"]!.DeepClone();
        }

        return Updates([], tables, "initial")!;
    }

    /// <summary>Runs a change and tells the monitor what it made different.</summary>
    private void Commit(Action change)
    {
        var before = Copy();
        change();
        if (monitored is not null && Updates(before, tables, "insert") is { } updates)
        {
            Out.Enqueue(new JsonRpcNotification(conditional ? "update2" : "update", Element(new JsonArray(monitor, updates))));
        }
    }

    private Dictionary<string, Dictionary<Guid, Dictionary<string, OvsdbValue>>> Copy() => tables.ToDictionary(
        table => table.Key, table => table.Value.ToDictionary(row => row.Key, row => new Dictionary<string, OvsdbValue>(row.Value)));

    private JsonObject? Updates(
        Dictionary<string, Dictionary<Guid, Dictionary<string, OvsdbValue>>> before,
        Dictionary<string, Dictionary<Guid, Dictionary<string, OvsdbValue>>> after,
        string insert)
    {
        var updates = new JsonObject();
        foreach (var (table, columns) in monitored!)
        {
            var wanted = columns!.AsArray().Select(column => (string)column!).ToHashSet();
            var (old, now) = (before.GetValueOrDefault(table) ?? [], after[table]);
            var changes = old.Keys.Union(now.Keys)
                .Select(id => (Id: id, Change: Change(Only(old.GetValueOrDefault(id), wanted), Only(now.GetValueOrDefault(id), wanted), insert)))
                .Where(pair => pair.Change is not null)
                .Select(pair => KeyValuePair.Create(pair.Id.ToString(), pair.Change))
                .ToList();
            if (changes.Count > 0)
            {
                updates[table] = new JsonObject(changes);
            }
        }

        return updates.Count > 0 || insert == "initial" ? updates : null;
    }

    private static Dictionary<string, OvsdbValue>? Only(Dictionary<string, OvsdbValue>? row, HashSet<string> columns) =>
        row?.Where(cell => columns.Contains(cell.Key)).ToDictionary();

    private JsonNode? Change(Dictionary<string, OvsdbValue>? old, Dictionary<string, OvsdbValue>? now, string insert) => (old, now) switch
    {
        (null, { } row) => conditional ? new JsonObject { [insert] = Row(row) } : new JsonObject { ["new"] = Row(row) },
        ({ } row, null) => conditional ? new JsonObject { ["delete"] = null } : new JsonObject { ["old"] = Row(row) },
        ({ } from, { } to) when Differences(from, to) is { Count: > 0 } differences => conditional
            ? new JsonObject { ["modify"] = Row(differences) }
            : new JsonObject { ["old"] = Row(from), ["new"] = Row(to) },
        _ => null,
    };

    private static Dictionary<string, OvsdbValue> Differences(Dictionary<string, OvsdbValue> from, Dictionary<string, OvsdbValue> to)
    {
        var differences = new Dictionary<string, OvsdbValue>();
        foreach (var column in from.Keys.Union(to.Keys))
        {
            OvsdbValue empty = Maps.Contains(column) ? OvsdbMap.Empty : OvsdbSet.Empty;
            var (old, now) = (from.GetValueOrDefault(column) ?? empty, to.GetValueOrDefault(column) ?? empty);
            if (old != now)
            {
                differences[column] = (old, now) switch
                {
                    (OvsdbSet a, OvsdbSet b) when Sets.Contains(column) => a.Toggle(b),
                    (OvsdbMap a, OvsdbMap b) => new OvsdbMap([.. b.Pairs.Except(a.Pairs), .. a.Pairs.ExceptBy(b.Pairs.Select(pair => pair.Key), pair => pair.Key)]),
                    _ => now,
                };
            }
        }

        return differences;
    }

    private JsonArray Transact(JsonArray parameters)
    {
        var operations = new JsonArray([.. parameters.Skip(1).Select(operation => operation!.DeepClone())]);
        var results = new JsonArray();
        Commit(() =>
        {
            var before = Copy();
            var names = operations.Where(operation => operation!["uuid-name"] is not null).ToDictionary(operation => (string)operation!["uuid-name"]!, _ => Guid.NewGuid());
            foreach (var operation in operations)
            {
                results.Add(Perform(operation!, names));
                if (results[^1]!["error"] is not null)
                {
                    tables = before;
                    return;
                }
            }

            DropUnreferenced();
        });
        while (results.Count < operations.Count)
        {
            results.Add(null);
        }

        Transactions.Add((operations, results));
        return (JsonArray)results.DeepClone();
    }

    private JsonObject Perform(JsonNode operation, Dictionary<string, Guid> names)
    {
        var table = tables.GetValueOrDefault((string?)operation["table"] ?? "") ?? [];
        var rows = operation["where"] is { } where ? table.Where(row => Matches(row, where[0]!)).ToList() : [];
        switch ((string)operation["op"]!)
        {
            case "comment":
                return [];

            case "wait":
                var columns = operation["columns"]!.AsArray().Select(column => (string)column!).ToList();
                var wanted = operation["rows"]!.AsArray();
                var same = rows.Count == wanted.Count && (rows.Count == 0 || columns.All(column => Same(rows[0].Value.GetValueOrDefault(column), Read(wanted[0]![column]!, names))));
                return same ? [] : new JsonObject { ["error"] = "timed out", ["details"] = "\"where\" clause test failed" };

            case "insert":
                var row = ReadRow(operation["row"]!, names);
                if ((string?)operation["table"] != "Mirror" && row.TryGetValue("name", out var name) && table.Values.Any(other => other.GetValueOrDefault("name") == name))
                {
                    return new JsonObject { ["error"] = "constraint violation", ["details"] = $"a second row of {operation["table"]} with this name" };
                }

                var id = names[(string)operation["uuid-name"]!];
                table[id] = row;
                return new JsonObject { ["uuid"] = new JsonArray("uuid", id.ToString()) };

            case "update":
                rows.ForEach(updated => ReadRow(operation["row"]!, names).ToList().ForEach(cell => updated.Value[cell.Key] = cell.Value));
                return new JsonObject { ["count"] = rows.Count };

            case "delete":
                rows.ForEach(deleted => table.Remove(deleted.Key));
                return new JsonObject { ["count"] = rows.Count };

            case "mutate":
                rows.ForEach(mutated => Mutate(mutated.Value, operation["mutations"]![0]!, names));
                return new JsonObject { ["count"] = rows.Count };

            case "select":
                return new JsonObject { ["rows"] = new JsonArray([.. rows.Select(selected => Row(selected.Value))]) };

            default:
                return new JsonObject { ["error"] = "unknown operation" };
        }
    }

    private static bool Matches(KeyValuePair<Guid, Dictionary<string, OvsdbValue>> row, JsonNode condition)
    {
        var value = Read(condition[2]!, []);
        return (string)condition[0]! == "_uuid" ? One(OvsdbAtom.Of(row.Key)) == value : row.Value.GetValueOrDefault((string)condition[0]!) == value;
    }

    private static void Mutate(Dictionary<string, OvsdbValue> row, JsonNode mutation, Dictionary<string, Guid> names)
    {
        var column = (string)mutation[0]!;
        var value = Read(mutation[2]!, names);
        row[column] = ((string)mutation[1]!, row.GetValueOrDefault(column), value) switch
        {
            ("+=", OvsdbSet old, OvsdbSet add) => One(OvsdbAtom.Of(old.Atoms[0].AsInteger(column) + add.Atoms[0].AsInteger(column))),
            ("insert", null, _) => value,
            ("insert", OvsdbSet old, OvsdbSet add) => new OvsdbSet([.. old.Atoms.Union(add.Atoms)]),
            ("insert", OvsdbMap old, OvsdbMap add) => new OvsdbMap([.. old.Pairs.UnionBy(add.Pairs, pair => pair.Key)]),
            ("delete", null, _) => Maps.Contains(column) ? OvsdbMap.Empty : OvsdbSet.Empty,
            ("delete", OvsdbSet old, OvsdbSet remove) => new OvsdbSet([.. old.Atoms.Except(remove.Atoms)]),
            ("delete", OvsdbMap old, OvsdbSet keys) => new OvsdbMap([.. old.Pairs.ExceptBy(keys.Atoms, pair => pair.Key)]),
            var other => throw new NotSupportedException(other.ToString()),
        };
    }

    private static bool Same(OvsdbValue? there, OvsdbValue wanted) => (there ?? OvsdbSet.Empty, wanted) switch
    {
        (OvsdbSet left, OvsdbSet right) => left.Atoms.ToHashSet().SetEquals(right.Atoms),
        (var left, var right) => left == right,
    };

    private static Dictionary<string, OvsdbValue> ReadRow(JsonNode row, Dictionary<string, Guid> names) =>
        row.AsObject().ToDictionary(cell => cell.Key, cell => Read(cell.Value!, names));

    private static OvsdbValue Read(JsonNode json, Dictionary<string, Guid> names) => OvsdbValue.Read(Element(json)) switch
    {
        OvsdbSet set => new OvsdbSet([.. set.Atoms.Select(atom => Resolve(atom, names))]),
        var map => new OvsdbMap([.. ((OvsdbMap)map).Pairs.Select(pair => KeyValuePair.Create(pair.Key, Resolve(pair.Value, names)))]),
    };

    private static OvsdbAtom Resolve(OvsdbAtom atom, Dictionary<string, Guid> names) =>
        atom.Kind == OvsdbAtomKind.NamedUuid ? OvsdbAtom.Of(names[atom.ToString()]) : atom;

    /// <summary>Rows that nobody refers to go, but for those of root tables (RFC 7047 §3.2, isRoot).</summary>
    private void DropUnreferenced()
    {
        int before;
        do
        {
            before = tables.Values.Sum(table => table.Count);
            var referenced = tables.Values.SelectMany(table => table.Values).SelectMany(row => row.Values).SelectMany(Atoms)
                .Where(atom => atom.Kind == OvsdbAtomKind.Uuid).Select(atom => atom.AsUuid("a reference")).ToHashSet();
            foreach (var (_, rows) in tables.Where(table => table.Key is not ("Open_vSwitch" or "QoS" or "Queue")))
            {
                rows.Keys.Where(id => !referenced.Contains(id)).ToList().ForEach(id => rows.Remove(id));
            }
        }
        while (tables.Values.Sum(table => table.Count) < before);
    }

    private static IEnumerable<OvsdbAtom> Atoms(OvsdbValue value) =>
        value is OvsdbSet set ? set.Atoms : ((OvsdbMap)value).Pairs.Select(pair => pair.Value);

    private static JsonObject Row(Dictionary<string, OvsdbValue> row) =>
        new(row.Select(cell => KeyValuePair.Create(cell.Key, JsonNode.Parse(Write(cell.Value)))));

    private static string Write(OvsdbValue value)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            value.Write(json);
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static OvsdbSet One(OvsdbAtom atom) => new([atom]);

    private static JsonElement Element(JsonNode? node) => JsonElement.Parse(node?.ToJsonString() ?? "null");
}
