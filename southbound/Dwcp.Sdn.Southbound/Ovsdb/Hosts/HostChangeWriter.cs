using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>Turns a change into operations: what it rests on, then what differs. A change that is already made writes nothing.</summary>
internal sealed partial class HostChangeWriter(OvsdbDatabase database, Guid root, OvsdbTransaction transaction)
{
    private readonly HashSet<Guid> dropped = [];

    public void Write(HostChange change)
    {
        switch (change)
        {
            case CreateBridge create: Create(create); break;
            case SetFailMode set: SetFailMode(set); break;
            case SetProtocols set: SetProtocols(set); break;
            case SetBridgeConfig set: SetConfig(set); break;
            case SetControllers set: SetControllers(set); break;
            case PutPort put: PutPort(put); break;
            case DeletePort delete: DeletePort(delete); break;
            case DeleteBridge delete: DeleteBridge(delete); break;
            case PutMirror put: PutMirror(put); break;
            case DeleteMirror delete: DeleteMirror(delete); break;
            case PutFlowExport put: PutFlowExport(put); break;
            case DeleteFlowExport delete: DeleteFlowExport(delete); break;
            case PutQos put: PutQos(put); break;
            case DeleteQos delete: DeleteQos(delete); break;
            default: throw new InvalidOperationException($"nobody knows how to make the change {change.GetType().Name}");
        }
    }

    private void Create(CreateBridge change)
    {
        if (Bridges().Any(row => row.Name == change.Bridge))
        {
            throw Conflict(change, "the bridge is there already");
        }

        var config = change.DatapathId is { } id
            ? StringMap.Create([.. change.OtherConfig.Where(pair => pair.Key != "datapath-id"), new("datapath-id", id.ToString())])
            : change.OtherConfig;
        transaction.ExpectNone(BridgeRow.Table, change.Bridge);
        var local = InsertPort(change.Bridge, "internal", StringMap.Empty, null, mark: false);
        var bridge = transaction.Insert(
            BridgeRow.Table,
            new("name", OvsdbSet.Of(change.Bridge)),
            new("datapath_type", OvsdbSet.Of(change.DatapathType)),
            new("fail_mode", FailMode(change.FailMode)),
            new("protocols", Texts(change.Protocols)),
            new("other_config", Map(config)),
            new("ports", new OvsdbSet([local])),
            Marked(change.Mark));
        transaction.Mutate(OpenVswitchRow.Table, root, "bridges", "insert", new OvsdbSet([bridge]));
    }

    private void SetFailMode(SetFailMode change)
    {
        var bridge = Bridge(change);
        var wanted = FailMode(change.FailMode);
        if (bridge.Row.Set("fail_mode") != wanted)
        {
            transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name), Known(bridge.Row, "fail_mode"));
            transaction.Update(BridgeRow.Table, bridge.Row.Id, new OvsdbCell("fail_mode", wanted));
        }
    }

    private void SetProtocols(SetProtocols change)
    {
        var bridge = Bridge(change);
        if (!bridge.Protocols.Items.ToHashSet().SetEquals(change.Protocols))
        {
            transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name), Known(bridge.Row, "protocols"));
            transaction.Update(BridgeRow.Table, bridge.Row.Id, new OvsdbCell("protocols", Texts(change.Protocols)));
        }
    }

    private void SetConfig(SetBridgeConfig change)
    {
        var bridge = Bridge(change);
        if (bridge.OtherConfig[change.Key] == change.Value)
        {
            return;
        }

        // A mutation of one key: others may change their own keys meanwhile.
        transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name));
        transaction.Mutate(BridgeRow.Table, bridge.Row.Id, "other_config", "delete", OvsdbSet.Of(change.Key));
        if (change.Value is { } value)
        {
            transaction.Mutate(BridgeRow.Table, bridge.Row.Id, "other_config", "insert", Map(StringMap.Of((change.Key, value))));
        }
    }

    private void SetControllers(SetControllers change)
    {
        var bridge = Bridge(change);
        if (change.Controllers.IsEmpty)
        {
            throw Conflict(change, "a bridge without controllers loses its flows");
        }

        if (bridge.FailMode != "secure")
        {
            throw Conflict(change, $"its fail mode is {bridge.FailMode ?? "not set"}, not secure");
        }

        var table = database.Table(ControllerRow.Table);
        var there = bridge.Controllers.Where(table.ContainsKey).Select(id => new ControllerRow(table[id])).ToList();
        var wanted = change.Controllers.Items.DistinctBy(controller => controller.Target).ToList();
        var pairs = Pair(wanted, there);
        if (there.Count == wanted.Count && pairs.All(pair => pair.Row is { } row && Differences(row, pair.Target).Length == 0))
        {
            return;
        }

        transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name), Known(bridge.Row, "fail_mode"), Known(bridge.Row, "controller"));
        var controllers = ImmutableArray.CreateBuilder<OvsdbAtom>();
        foreach (var (target, row) in pairs)
        {
            controllers.Add(row is { } existing ? Update(existing, target) : transaction.Insert(ControllerRow.Table, Cells(target)));
        }

        if (there.Count != wanted.Count)
        {
            transaction.Update(BridgeRow.Table, bridge.Row.Id, new OvsdbCell("controller", new OvsdbSet(controllers.ToImmutable())));
        }
    }

    /// <summary>A row keeps its target if that is wanted; the other wanted targets go to the other rows, and to new ones when those run out.</summary>
    private static List<(ControllerTarget Target, ControllerRow? Row)> Pair(List<ControllerTarget> wanted, List<ControllerRow> there)
    {
        var free = there.ToList();
        var pairs = wanted.Select(target =>
        {
            var index = free.FindIndex(row => row.Target == target.Target);
            ControllerRow? row = index < 0 ? null : free[index];
            if (index >= 0)
            {
                free.RemoveAt(index);
            }

            return (Target: target, Row: row);
        }).ToList();
        for (var i = 0; i < pairs.Count && free.Count > 0; i++)
        {
            if (pairs[i].Row is null)
            {
                pairs[i] = (pairs[i].Target, free[0]);
                free.RemoveAt(0);
            }
        }

        return pairs;
    }

    private OvsdbAtom Update(ControllerRow row, ControllerTarget target)
    {
        var differences = Differences(row, target);
        if (differences.Length > 0)
        {
            transaction.Update(ControllerRow.Table, row.Row.Id, differences);
        }

        return OvsdbAtom.Of(row.Row.Id);
    }

    private static OvsdbCell[] Differences(ControllerRow row, ControllerTarget target) =>
        [.. Cells(target).Where(cell => row.Row.Set(cell.Column) != cell.Value)];

    private static OvsdbCell[] Cells(ControllerTarget target) =>
    [
        new("target", OvsdbSet.Of(target.Target)),
        new("inactivity_probe", new OvsdbSet([OvsdbAtom.Of(target.InactivityProbe)])),
        new("max_backoff", new OvsdbSet([OvsdbAtom.Of(target.MaxBackoff)])),
        new("connection_mode", OvsdbSet.Of("out-of-band")),
    ];

    private void PutPort(PutPort change)
    {
        var bridge = Bridge(change);
        if (PortOf(bridge, change.Port) is not { } port)
        {
            if (Bridges().FirstOrDefault(other => PortOf(other, change.Port) is not null) is { Row: not null } owner)
            {
                throw Conflict(change, $"bridge {owner.Name} has a port of this name");
            }

            transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name));
            transaction.ExpectNone(PortRow.Table, change.Port);
            var added = InsertPort(change.Port, change.Type, change.Options, change.Settings, change.Mark);
            transaction.Mutate(BridgeRow.Table, bridge.Row.Id, "ports", "insert", new OvsdbSet([added]));
            return;
        }

        var interfaces = database.Table(InterfaceRow.Table);
        if (port.Interfaces.ToList() is not [var only] || !interfaces.TryGetValue(only, out var row))
        {
            throw Conflict(change, "the port has not exactly one interface");
        }

        var present = new InterfaceRow(row);
        OvsdbCell[] interfaceCells =
        [
            .. present.Type == change.Type ? [] : new OvsdbCell[] { new("type", OvsdbSet.Of(change.Type)) },
            .. present.Options.Equals(change.Options) ? [] : new OvsdbCell[] { new("options", Map(change.Options)) },
            .. change.Settings is not { Bfd: var bfd } || present.Bfd.Equals(bfd) ? [] : new OvsdbCell[] { new("bfd", Map(bfd)) },
        ];
        OvsdbCell[] portCells =
        [
            .. change.Settings is not { Vlan: var vlan } || port.Tag == vlan ? [] : new OvsdbCell[] { new("tag", Integers(vlan)) },
            .. change.Settings is not { Trunks: var trunks } || port.Trunks == trunks ? [] : new OvsdbCell[] { new("trunks", Integers(trunks)) },
        ];
        if (interfaceCells.Length + portCells.Length > 0)
        {
            transaction.Expect(PortRow.Table, port.Row.Id, Name(port.Name), Known(port.Row, "interfaces"));
            transaction.Expect(InterfaceRow.Table, only, Name(present.Name));
        }

        if (interfaceCells.Length > 0)
        {
            transaction.Update(InterfaceRow.Table, only, interfaceCells);
        }

        if (portCells.Length > 0)
        {
            transaction.Update(PortRow.Table, port.Row.Id, portCells);
        }
    }

    private void DeletePort(DeletePort change)
    {
        var bridge = Bridge(change);
        if (PortOf(bridge, change.Port) is { } port)
        {
            transaction.Expect(PortRow.Table, port.Row.Id, Name(port.Name));
            transaction.Mutate(BridgeRow.Table, bridge.Row.Id, "ports", "delete", new OvsdbSet([OvsdbAtom.Of(port.Row.Id)]));
            DropQos([port]);
        }
    }

    private OvsdbAtom InsertPort(string name, string type, StringMap options, PortSettings? settings, bool mark)
    {
        settings ??= PortSettings.Default;
        var added = transaction.Insert(
            InterfaceRow.Table, Name(name), new("type", OvsdbSet.Of(type)), new("options", Map(options)), new("bfd", Map(settings.Bfd)));
        return transaction.Insert(
            PortRow.Table, Name(name), new("interfaces", new OvsdbSet([added])), new("tag", Integers(settings.Vlan)), new("trunks", Integers(settings.Trunks)), Marked(mark));
    }

    private IEnumerable<BridgeRow> Bridges() => database.Table(BridgeRow.Table).Values.Select(row => new BridgeRow(row));

    private BridgeRow Bridge(HostChange change) =>
        Bridges().FirstOrDefault(row => row.Name == change.Bridge) is { Row: not null } bridge ? bridge : throw Conflict(change, "the bridge is not there");

    private PortRow? PortOf(BridgeRow bridge, string name)
    {
        var ports = database.Table(PortRow.Table);
        foreach (var id in bridge.Ports)
        {
            if (ports.TryGetValue(id, out var row) && new PortRow(row) is var port && port.Name == name)
            {
                return port;
            }
        }

        return null;
    }

    private static HostChangeException Conflict(HostChange change, string error) => new(HostChangeFault.Conflict, change, error);

    private static OvsdbCell Name(string name) => new("name", OvsdbSet.Of(name));

    private static OvsdbCell Known(OvsdbRow row, string column) => new(column, row.Set(column));

    private static OvsdbCell Marked(bool mark) => new("external_ids", Map(mark ? HostMark.Ids : StringMap.Empty));

    private static OvsdbSet Integers(EquatableArray<int> numbers) => new([.. numbers.Select(number => OvsdbAtom.Of(number))]);

    private static OvsdbSet Integers(int? number) => number is { } one ? new OvsdbSet([OvsdbAtom.Of(one)]) : OvsdbSet.Empty;

    private static OvsdbSet Texts(EquatableArray<string> texts) => new([.. texts.Select(OvsdbAtom.Of)]);

    private static OvsdbMap Map(StringMap map) =>
        new([.. map.Select(pair => KeyValuePair.Create(OvsdbAtom.Of(pair.Key), OvsdbAtom.Of(pair.Value)))]);

    private static OvsdbSet FailMode(BridgeFailMode mode) => mode switch
    {
        BridgeFailMode.Secure => OvsdbSet.Of("secure"),
        BridgeFailMode.Standalone => OvsdbSet.Of("standalone"),
        _ => OvsdbSet.Empty,
    };
}
