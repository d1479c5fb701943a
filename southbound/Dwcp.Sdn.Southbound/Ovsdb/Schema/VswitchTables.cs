using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Southbound.Ovsdb.Schema;

/// <summary>The tables and columns of the Open_vSwitch database (ovs-vswitchd.conf.db(5)) that a host's inventory needs. A new column is a new line.</summary>
internal static class VswitchTables
{
    public const string Database = "Open_vSwitch";

    /// <summary>No column here changes without an operator, a plug or a link: statistics and statuses would wake us every few seconds.</summary>
    public static readonly ImmutableArray<(string Table, ImmutableArray<string> Columns)> Monitored =
    [
        (OpenVswitchRow.Table, ["bridges", "manager_options", "external_ids", "ovs_version", "datapath_types", "iface_types", "cur_cfg"]),
        (BridgeRow.Table, ["name", "datapath_id", "datapath_type", "fail_mode", "protocols", "other_config", "controller", "ports", "external_ids", "mirrors", "sflow", "ipfix", "netflow"]),
        (PortRow.Table, ["name", "tag", "trunks", "interfaces", "qos", "external_ids"]),
        (InterfaceRow.Table, ["name", "type", "ofport", "external_ids", "mac_in_use", "options", "mtu", "link_state", "admin_state", "error", "bfd", "bfd_status"]),
        (ControllerRow.Table, ["target", "is_connected", "role", "max_backoff", "inactivity_probe", "connection_mode"]),
        (ManagerRow.Table, ["target", "is_connected"]),
        (MirrorRow.Table, ["name", "select_all", "select_src_port", "select_dst_port", "select_vlan", "output_port", "output_vlan", "snaplen", "external_ids"]),
        (QosRow.Table, ["type", "queues", "other_config", "external_ids"]),
        (QueueRow.Table, ["dscp", "other_config"]),
        .. FlowExportTable.All.Select(table => (table.Table, ImmutableArray.Create<string>([.. table.Columns]))),
    ];
}

/// <summary>The one row of the table Open_vSwitch.</summary>
public readonly record struct OpenVswitchRow(OvsdbRow Row) : IOvsdbRow<OpenVswitchRow>
{
    public const string Table = "Open_vSwitch";

    public static string TableName => Table;

    public static OpenVswitchRow Of(OvsdbRow row) => new(row);

    public IEnumerable<Guid> Bridges => Row.Rows("bridges");

    public IEnumerable<Guid> Managers => Row.Rows("manager_options");

    public StringMap ExternalIds => Row.TextMap("external_ids");

    public string? OvsVersion => Row.Text("ovs_version");

    public EquatableArray<string> DatapathTypes => Row.Texts("datapath_types");

    public EquatableArray<string> InterfaceTypes => Row.Texts("iface_types");

    /// <summary>The configuration that ovs-vswitchd has applied; compare with the <c>next_cfg</c> of a transaction.</summary>
    public long AppliedConfig => Row.Integer("cur_cfg") ?? 0;
}

/// <summary>A row of the table Bridge.</summary>
public readonly record struct BridgeRow(OvsdbRow Row) : IOvsdbRow<BridgeRow>
{
    public const string Table = "Bridge";

    public static string TableName => Table;

    public static BridgeRow Of(OvsdbRow row) => new(row);

    public string Name => Row.Text("name") ?? "";

    public string? DatapathId => Row.Text("datapath_id");

    public string DatapathType => Row.Text("datapath_type") ?? "";

    public string? FailMode => Row.Text("fail_mode");

    public EquatableArray<string> Protocols => Row.Texts("protocols");

    public StringMap OtherConfig => Row.TextMap("other_config");

    public IEnumerable<Guid> Controllers => Row.Rows("controller");

    public IEnumerable<Guid> Ports => Row.Rows("ports");

    public StringMap ExternalIds => Row.TextMap("external_ids");

    public IEnumerable<Guid> Mirrors => Row.Rows("mirrors");
}

/// <summary>A row of the table Port.</summary>
public readonly record struct PortRow(OvsdbRow Row) : IOvsdbRow<PortRow>
{
    public const string Table = "Port";

    public static string TableName => Table;

    public static PortRow Of(OvsdbRow row) => new(row);

    public string Name => Row.Text("name") ?? "";

    public int? Tag => Row.Int32("tag");

    public EquatableArray<int> Trunks => Row.Integers("trunks");

    public IEnumerable<Guid> Interfaces => Row.Rows("interfaces");

    public IEnumerable<Guid> Qos => Row.Rows("qos");

    public StringMap ExternalIds => Row.TextMap("external_ids");
}

/// <summary>A row of the table Interface.</summary>
public readonly record struct InterfaceRow(OvsdbRow Row) : IOvsdbRow<InterfaceRow>
{
    public const string Table = "Interface";

    public static string TableName => Table;

    public static InterfaceRow Of(OvsdbRow row) => new(row);

    public string Name => Row.Text("name") ?? "";

    public string Type => Row.Text("type") ?? "";

    public long? OfPort => Row.Integer("ofport");

    public StringMap ExternalIds => Row.TextMap("external_ids");

    public string? MacInUse => Row.Text("mac_in_use");

    public StringMap Options => Row.TextMap("options");

    public StringMap Bfd => Row.TextMap("bfd");

    public StringMap BfdStatus => Row.TextMap("bfd_status");

    public int? Mtu => Row.Int32("mtu");

    public string? LinkState => Row.Text("link_state");

    public string? AdminState => Row.Text("admin_state");

    public string? Error => Row.Text("error");
}

/// <summary>A row of the table Controller.</summary>
public readonly record struct ControllerRow(OvsdbRow Row) : IOvsdbRow<ControllerRow>
{
    public const string Table = "Controller";

    public static string TableName => Table;

    public static ControllerRow Of(OvsdbRow row) => new(row);

    public string Target => Row.Text("target") ?? "";

    public bool IsConnected => Row.Boolean("is_connected") ?? false;

    public string? Role => Row.Text("role");

    public long? MaxBackoff => Row.Integer("max_backoff");

    public long? InactivityProbe => Row.Integer("inactivity_probe");

    public string? ConnectionMode => Row.Text("connection_mode");
}

/// <summary>A row of the table Manager.</summary>
public readonly record struct ManagerRow(OvsdbRow Row) : IOvsdbRow<ManagerRow>
{
    public const string Table = "Manager";

    public static string TableName => Table;

    public static ManagerRow Of(OvsdbRow row) => new(row);

    public string Target => Row.Text("target") ?? "";

    public bool IsConnected => Row.Boolean("is_connected") ?? false;
}
