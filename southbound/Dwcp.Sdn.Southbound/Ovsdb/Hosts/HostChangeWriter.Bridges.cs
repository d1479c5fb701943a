using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>The changes that only bridges of operators need: mirrors, exporters, QoS, and the end of a bridge.</summary>
internal sealed partial class HostChangeWriter
{
    private void DeleteBridge(DeleteBridge change)
    {
        if (Bridges().FirstOrDefault(row => row.Name == change.Bridge) is not { Row: not null } bridge)
        {
            return;
        }

        PortRow[] ports = [.. database.Referenced(PortRow.Table, bridge.Ports).Select(row => new PortRow(row))];
        transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name), Known(bridge.Row, "ports"));
        if (ports.Any(port => port.Name != bridge.Name && !BridgeView.IsOurs(port.ExternalIds)))
        {
            transaction.Mutate(BridgeRow.Table, bridge.Row.Id, "external_ids", "delete", OvsdbSet.Of(HostMark.Key));
            return;
        }

        transaction.Mutate(OpenVswitchRow.Table, root, "bridges", "delete", new OvsdbSet([OvsdbAtom.Of(bridge.Row.Id)]));
        DropQos(ports);
    }

    private void PutMirror(PutMirror change)
    {
        var bridge = Bridge(change);
        var wanted = change.Mirror;
        OvsdbCell[] cells =
        [
            new("select_all", new OvsdbSet([OvsdbAtom.Of(wanted.SelectAll)])),
            new("select_src_port", Ports(change, bridge, wanted.SourcePorts)),
            new("select_dst_port", Ports(change, bridge, wanted.DestinationPorts)),
            new("select_vlan", Integers(wanted.Vlans)),
            new("output_port", Ports(change, bridge, wanted.OutputPort is { } port ? [port] : [])),
            new("output_vlan", Integers(wanted.OutputVlan)),
            new("snaplen", Integers(wanted.SnapLength)),
        ];
        if (MirrorOf(bridge, wanted.Name) is not { } mirror)
        {
            transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name)); // Not its mirrors: another may be added in this very transaction.
            var added = transaction.Insert(MirrorRow.Table, [Name(wanted.Name), .. cells, Marked(true)]);
            transaction.Mutate(BridgeRow.Table, bridge.Row.Id, "mirrors", "insert", new OvsdbSet([added]));
        }
        else if (Differing(mirror.Row, cells) is { Length: > 0 } different)
        {
            transaction.Expect(MirrorRow.Table, mirror.Row.Id, Name(mirror.Name));
            transaction.Update(MirrorRow.Table, mirror.Row.Id, different);
        }
    }

    private void DeleteMirror(DeleteMirror change)
    {
        var bridge = Bridge(change);
        if (MirrorOf(bridge, change.Mirror) is { } mirror)
        {
            transaction.Mutate(BridgeRow.Table, bridge.Row.Id, "mirrors", "delete", new OvsdbSet([OvsdbAtom.Of(mirror.Row.Id)]));
        }
    }

    private void PutFlowExport(PutFlowExport change)
    {
        var bridge = Bridge(change);
        var table = FlowExportTable.Of(change.Export.Kind);
        OvsdbCell[] cells =
        [
            new("targets", Texts(change.Export.Targets)),
            .. table.Settings.Select(setting => new OvsdbCell(setting.Column, FlowExportTable.Write(setting.Column, setting.Type, change.Export.Settings[setting.Column]))),
            .. table.HasOtherConfig ? [new OvsdbCell("other_config", Map(change.Export.OtherConfig))] : Array.Empty<OvsdbCell>(),
        ];
        var there = database.Referenced(table.Table, bridge.Row.Rows(table.BridgeColumn)).FirstOrDefault();
        if (there is null)
        {
            transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name), Known(bridge.Row, table.BridgeColumn));
            var added = transaction.Insert(table.Table, [.. cells, Marked(true)]);
            transaction.Update(BridgeRow.Table, bridge.Row.Id, new OvsdbCell(table.BridgeColumn, new OvsdbSet([added])));
        }
        else if (Differing(there, cells) is { Length: > 0 } different)
        {
            transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name), Known(bridge.Row, table.BridgeColumn));
            transaction.Update(table.Table, there.Id, different);
        }
    }

    private void DeleteFlowExport(DeleteFlowExport change)
    {
        var bridge = Bridge(change);
        var column = FlowExportTable.Of(change.Kind).BridgeColumn;
        if (bridge.Row.Rows(column).Any())
        {
            transaction.Expect(BridgeRow.Table, bridge.Row.Id, Name(bridge.Name), Known(bridge.Row, column));
            transaction.Update(BridgeRow.Table, bridge.Row.Id, new OvsdbCell(column, OvsdbSet.Empty));
        }
    }

    /// <summary>Rows of QoS may be shared, so the port gets a new one of its own, and the one that it had goes if it is ours.</summary>
    private void PutQos(PutQos change)
    {
        var port = PortOf(Bridge(change), change.Port) ?? throw Conflict(change, "the port is not there");
        if (BridgeView.ReadQos(database, port) is { IsOurs: true } there && there.Settings == change.Qos)
        {
            return;
        }

        transaction.Expect(PortRow.Table, port.Row.Id, Name(port.Name), Known(port.Row, "qos"));
        var queues = change.Qos.Queues
            .Select(queue => KeyValuePair.Create(
                OvsdbAtom.Of((long)queue.Number),
                transaction.Insert(QueueRow.Table, new("dscp", Integers(queue.Dscp)), new("other_config", Map(queue.OtherConfig)), Marked(true))))
            .ToArray();
        var added = transaction.Insert(
            QosRow.Table, new("type", OvsdbSet.Of(change.Qos.Type)), new("other_config", Map(change.Qos.OtherConfig)), new("queues", new OvsdbMap([.. queues])), Marked(true));
        transaction.Update(PortRow.Table, port.Row.Id, new OvsdbCell("qos", new OvsdbSet([added])));
        DropQos([port]);
    }

    private void DeleteQos(DeleteQos change)
    {
        if (PortOf(Bridge(change), change.Port) is { } port && port.Qos.Any())
        {
            transaction.Expect(PortRow.Table, port.Row.Id, Name(port.Name), Known(port.Row, "qos"));
            transaction.Update(PortRow.Table, port.Row.Id, new OvsdbCell("qos", OvsdbSet.Empty));
            DropQos([port]);
        }
    }

    /// <summary>Removes the QoS rows of ours that only these ports refer to, and any that nobody does: the database does not by itself.</summary>
    private void DropQos(PortRow[] ports)
    {
        var kept = database.Table(PortRow.Table).Values
            .Where(row => !ports.Any(port => port.Row.Id == row.Id))
            .SelectMany(row => new PortRow(row).Qos)
            .ToHashSet();
        foreach (var qos in database.Table(QosRow.Table).Values.Select(row => new QosRow(row)))
        {
            if (BridgeView.IsOurs(qos.ExternalIds) && !kept.Contains(qos.Row.Id) && dropped.Add(qos.Row.Id))
            {
                transaction.Delete(QosRow.Table, qos.Row.Id);
                foreach (var (_, queue) in qos.Queues)
                {
                    transaction.Delete(QueueRow.Table, queue);
                }
            }
        }
    }

    private static OvsdbCell[] Differing(OvsdbRow row, OvsdbCell[] cells) => [.. cells.Where(cell => !Same(row, cell))];

    // A monitor leaves out a column that has its default, which for a boolean is false and for a number 0.
    private static bool Same(OvsdbRow row, OvsdbCell cell) => cell.Value switch
    {
        OvsdbSet { Atoms: [var only] } when !row.Columns.ContainsKey(cell.Column) => only == OvsdbAtom.Of(false) || only == OvsdbAtom.Of(0),
        OvsdbSet set => row.Set(cell.Column).Atoms.ToHashSet().SetEquals(set.Atoms),
        var map => ((OvsdbMap)map).Pairs.ToHashSet().SetEquals(row.Map(cell.Column).Pairs),
    };

    private OvsdbSet Ports(HostChange change, BridgeRow bridge, EquatableArray<string> names) =>
        new([.. names.Select(name => PortOf(bridge, name) is { } port ? OvsdbAtom.Of(port.Row.Id) : throw Conflict(change, $"the bridge has no port {name}"))]);

    private MirrorRow? MirrorOf(BridgeRow bridge, string name)
    {
        foreach (var row in database.Referenced(MirrorRow.Table, bridge.Mirrors))
        {
            if (new MirrorRow(row) is var mirror && mirror.Name == name)
            {
                return mirror;
            }
        }

        return null;
    }
}
