using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>Reads what a bridge has besides ports: mirrors, exporters, and the QoS of its ports.</summary>
internal static class BridgeView
{
    public static bool IsOurs(StringMap externalIds) => externalIds[HostMark.Key] == HostMark.Value;

    public static EquatableArray<Shown<MirrorSettings>> ReadMirrors(OvsdbDatabase database, BridgeRow bridge) =>
    [
        .. database.Referenced(MirrorRow.Table, bridge.Mirrors)
            .Select(row => ReadMirror(database, new(row)))
            .OrderBy(mirror => mirror.Settings.Name, StringComparer.Ordinal),
    ];

    public static EquatableArray<Shown<FlowExport>> ReadExports(OvsdbDatabase database, BridgeRow bridge)
    {
        var exports = new List<Shown<FlowExport>>();
        foreach (var table in FlowExportTable.All)
        {
            foreach (var row in database.Referenced(table.Table, bridge.Row.Rows(table.BridgeColumn)))
            {
                var settings = table.Settings
                    .Select(setting => (setting.Column, Value: FlowExportTable.Read(row, setting.Column, setting.Type)))
                    .Where(setting => setting.Value is not null)
                    .Select(setting => KeyValuePair.Create(setting.Column, setting.Value!));
                exports.Add(new(
                    new FlowExport(table.Kind, row.Texts("targets")) { Settings = StringMap.Create([.. settings]), OtherConfig = row.TextMap("other_config") },
                    IsOurs(row.TextMap("external_ids"))));
            }
        }

        return [.. exports];
    }

    public static Shown<QosSettings>? ReadQos(OvsdbDatabase database, PortRow port)
    {
        foreach (var row in database.Referenced(QosRow.Table, port.Qos))
        {
            var qos = new QosRow(row);
            return new(new QosSettings(qos.Type) { OtherConfig = qos.OtherConfig, Queues = ReadQueues(database, qos) }, IsOurs(qos.ExternalIds));
        }

        return null;
    }

    private static EquatableArray<QueueSettings> ReadQueues(OvsdbDatabase database, QosRow qos)
    {
        var rows = database.Table(QueueRow.Table);
        return
        [
            .. qos.Queues
                .Where(queue => rows.ContainsKey(queue.Queue))
                .Select(queue => (queue.Number, Queue: new QueueRow(rows[queue.Queue])))
                .Select(queue => new QueueSettings(queue.Number) { Dscp = queue.Queue.Dscp, OtherConfig = queue.Queue.OtherConfig })
                .OrderBy(queue => queue.Number),
        ];
    }

    private static Shown<MirrorSettings> ReadMirror(OvsdbDatabase database, MirrorRow row) => new(
        new MirrorSettings(row.Name)
        {
            SelectAll = row.SelectAll,
            SourcePorts = NamesOf(database, row.SourcePorts),
            DestinationPorts = NamesOf(database, row.DestinationPorts),
            Vlans = row.Row.Integers("select_vlan"),
            OutputPort = NamesOf(database, row.OutputPorts) is [var port, ..] ? port : null,
            OutputVlan = row.Row.Int32("output_vlan"),
            SnapLength = row.Row.Int32("snaplen"),
        },
        IsOurs(row.ExternalIds));

    private static EquatableArray<string> NamesOf(OvsdbDatabase database, IEnumerable<Guid> ports) =>
        [.. database.Referenced(PortRow.Table, ports).Select(row => new PortRow(row).Name).Order(StringComparer.Ordinal)];
}
