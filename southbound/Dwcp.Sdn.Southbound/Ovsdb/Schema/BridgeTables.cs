using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>A row of the table Mirror.</summary>
public readonly record struct MirrorRow(OvsdbRow Row) : IOvsdbRow<MirrorRow>
{
    public const string Table = "Mirror";

    public static string TableName => Table;

    public static MirrorRow Of(OvsdbRow row) => new(row);

    public string Name => Row.Text("name") ?? "";

    public bool SelectAll => Row.Boolean("select_all") ?? false;

    public IEnumerable<Guid> SourcePorts => Row.Rows("select_src_port");

    public IEnumerable<Guid> DestinationPorts => Row.Rows("select_dst_port");

    public IEnumerable<Guid> OutputPorts => Row.Rows("output_port");

    public StringMap ExternalIds => Row.TextMap("external_ids");
}

/// <summary>A row of the table QoS. The database keeps it until somebody deletes it.</summary>
public readonly record struct QosRow(OvsdbRow Row) : IOvsdbRow<QosRow>
{
    public const string Table = "QoS";

    public static string TableName => Table;

    public static QosRow Of(OvsdbRow row) => new(row);

    public string Type => Row.Text("type") ?? "";

    public StringMap OtherConfig => Row.TextMap("other_config");

    public StringMap ExternalIds => Row.TextMap("external_ids");

    public IEnumerable<(uint Number, Guid Queue)> Queues => Row.Map("queues").Pairs.Select(pair => (pair.Key.AsUInt32("queues"), pair.Value.AsUuid("queues")));
}

/// <summary>A row of the table Queue. The database keeps it until somebody deletes it.</summary>
public readonly record struct QueueRow(OvsdbRow Row) : IOvsdbRow<QueueRow>
{
    public const string Table = "Queue";

    public static string TableName => Table;

    public static QueueRow Of(OvsdbRow row) => new(row);

    public int? Dscp => Row.Int32("dscp");

    public StringMap OtherConfig => Row.TextMap("other_config");
}

/// <summary>What the columns of a table of exporters hold.</summary>
internal enum ExportColumn : byte
{
    Text,
    Integer,
    Boolean,
}

/// <summary>The table of a kind of exporter: the column of Bridge that refers to it, and its settings by what they hold. Another exporter is another line.</summary>
internal sealed record FlowExportTable(FlowExportKind Kind, string Table, string BridgeColumn, bool HasOtherConfig, ImmutableArray<(string Column, ExportColumn Type)> Settings)
{
    public static readonly ImmutableArray<FlowExportTable> All =
    [
        new(FlowExportKind.Sflow, "sFlow", "sflow", false,
            [("agent", ExportColumn.Text), ("header", ExportColumn.Integer), ("polling", ExportColumn.Integer), ("sampling", ExportColumn.Integer)]),
        new(FlowExportKind.Ipfix, "IPFIX", "ipfix", true,
            [("sampling", ExportColumn.Integer), ("obs_domain_id", ExportColumn.Integer), ("obs_point_id", ExportColumn.Integer), ("cache_active_timeout", ExportColumn.Integer), ("cache_max_flows", ExportColumn.Integer)]),
        new(FlowExportKind.Netflow, "NetFlow", "netflow", false,
            [("engine_type", ExportColumn.Integer), ("engine_id", ExportColumn.Integer), ("add_id_to_interface", ExportColumn.Boolean), ("active_timeout", ExportColumn.Integer)]),
    ];

    public IEnumerable<string> Columns =>
        Settings.Select(setting => setting.Column).Prepend("targets").Append("external_ids").Concat(HasOtherConfig ? ["other_config"] : []);

    public static FlowExportTable Of(FlowExportKind kind) => All.First(table => table.Kind == kind);

    /// <summary>A column as <see cref="FlowExport.Settings"/> has it; null for one that has its default.</summary>
    public static string? Read(OvsdbRow row, string column, ExportColumn type) => type switch
    {
        ExportColumn.Text => row.Text(column),
        ExportColumn.Boolean => row.Boolean(column) == true ? "true" : null,
        // NetFlow's active_timeout always has a value, and 0 is the default; elsewhere 0 is a value like others.
        _ => row.Integer(column) is { } number && (number != 0 || column != "active_timeout") ? $"{number}" : null,
    };

    /// <summary>The value of a column for a setting; null sets it to its default.</summary>
    public static OvsdbSet Write(string column, ExportColumn type, string? setting) => (type, setting) switch
    {
        (ExportColumn.Boolean, _) => new OvsdbSet([OvsdbAtom.Of(setting == "true")]),
        (ExportColumn.Integer, null) when column == "active_timeout" => new OvsdbSet([OvsdbAtom.Of(0)]),
        (_, null) => OvsdbSet.Empty,
        (ExportColumn.Integer, _) => new OvsdbSet([OvsdbAtom.Of(long.Parse(setting))]),
        _ => OvsdbSet.Of(setting),
    };
}
