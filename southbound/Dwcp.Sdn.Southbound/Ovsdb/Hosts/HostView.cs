using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>Reads a host's inventory from the rows of its Open_vSwitch database.</summary>
internal static class HostView
{
    private const string VtepKey = "dwcp-vtep-ip";
    private const string AttachedMacKey = "attached-mac";
    private const string FabricKey = "dwcp-fabric";

    /// <summary>OFPP_LOCAL as OVSDB writes it, in 16 bits.</summary>
    private const long LocalOfPort = 0xfffe;

    public static HostInventory Read(OvsdbDatabase database, IpAddress? local, IpAddress? remote)
    {
        var faults = new List<HostFault>();
        if (Root(database) is not { } root)
        {
            return new HostInventory { LocalAddress = local, RemoteAddress = remote };
        }

        var ids = root.ExternalIds;
        BridgeInventory[] bridges = [.. database.Referenced(BridgeRow.Table, root.Bridges).Select(row => ReadBridge(database, new(row), faults))];
        return new HostInventory
        {
            SystemId = Word(ids["system-id"]),
            Hostname = Word(ids["hostname"]),
            OvsVersion = root.OvsVersion,
            LocalAddress = local,
            RemoteAddress = remote,
            VtepIp = ReadVtep(ids[VtepKey], faults),
            DatapathTypeWish = Word(ids["dwcp-datapath-type"]),
            DatapathTypes = root.DatapathTypes,
            InterfaceTypes = root.InterfaceTypes,
            Bridges = [.. bridges.OrderBy(bridge => bridge.Name, StringComparer.Ordinal)],
            Managers = [.. ReadManagers(database, root).OrderBy(manager => manager.Target, StringComparer.Ordinal)],
            Faults = [.. faults.OrderBy(fault => fault.Key, StringComparer.Ordinal)],
        };
    }

    public static OpenVswitchRow? Root(OvsdbDatabase database)
    {
        foreach (var row in database.Table(OpenVswitchRow.Table).Values)
        {
            return new OpenVswitchRow(row);
        }

        return null;
    }

    private static string? Word(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static IpAddress? ReadVtep(string? text, List<HostFault> faults)
    {
        if (text is null)
        {
            return null;
        }

        if (IpAddress.TryParse(text, null, out var address) && !address.IsUnspecified && !address.IsMulticast)
        {
            return address;
        }

        faults.Add(new($"external_ids:{VtepKey}", OvsdbError.Bounded(text), "this is no unicast IPv4 or IPv6 address, such as 192.0.2.1"));
        return null;
    }

    private static BridgeInventory ReadBridge(OvsdbDatabase database, BridgeRow bridge, List<HostFault> faults)
    {
        var controllers = database.Referenced(ControllerRow.Table, bridge.Controllers).Select(r => ReadController(new(r)));
        var ports = database.Referenced(PortRow.Table, bridge.Ports).Select(r => ReadPort(database, new(r), faults));
        return new BridgeInventory(bridge.Name)
        {
            DatapathId = DatapathId.TryParse(bridge.DatapathId, out var datapath) ? datapath : null,
            DatapathType = TypeWord(bridge.DatapathType),
            FailMode = bridge.FailMode switch
            {
                "secure" => BridgeFailMode.Secure,
                "standalone" => BridgeFailMode.Standalone,
                _ => BridgeFailMode.Unset,
            },
            Protocols = bridge.Protocols,
            OtherConfig = bridge.OtherConfig,
            Controllers = [.. controllers.OrderBy(controller => controller.Target, StringComparer.Ordinal)],
            Ports = [.. ports.OrderBy(port => port.Name, StringComparer.Ordinal)],
            Mirrors = BridgeView.ReadMirrors(database, bridge),
            FlowExports = BridgeView.ReadExports(database, bridge),
            IsOurs = BridgeView.IsOurs(bridge.ExternalIds),
        };
    }

    private static ControllerInventory ReadController(ControllerRow row) => new(row.Target)
    {
        IsConnected = row.IsConnected,
        Role = row.Role,
        MaxBackoff = row.MaxBackoff,
        InactivityProbe = row.InactivityProbe,
        ConnectionMode = row.ConnectionMode,
    };

    private static PortInventory ReadPort(OvsdbDatabase database, PortRow row, List<HostFault> faults)
    {
        var interfaces = database.Referenced(InterfaceRow.Table, row.Interfaces).Select(r => ReadInterface(new(r), faults));
        return new PortInventory(row.Name)
        {
            Tag = row.Tag,
            Trunks = row.Trunks,
            Qos = BridgeView.ReadQos(database, row),
            IsOurs = BridgeView.IsOurs(row.ExternalIds),
            Interfaces = [.. interfaces.OrderBy(i => i.Name, StringComparer.Ordinal)],
        };
    }

    private static InterfaceInventory ReadInterface(InterfaceRow row, List<HostFault> faults)
    {
        var ids = row.ExternalIds;
        var ofPort = row.OfPort;
        var attached = ids[AttachedMacKey];
        var isMac = MacAddress.TryParse(attached, null, out var mac);
        if (attached is not null && !isMac)
        {
            faults.Add(new($"interface {row.Name} external_ids:{AttachedMacKey}", OvsdbError.Bounded(attached), "this is no MAC address, such as 02:00:00:00:00:11"));
        }

        return new InterfaceInventory(row.Name)
        {
            Type = TypeWord(row.Type),
            OfPort = ofPort switch
            {
                LocalOfPort => PortNumber.Local,
                > 0 and < LocalOfPort => new PortNumber((uint)ofPort.Value),
                _ => null,
            },
            OfPortFailed = ofPort == -1,
            IfaceId = Word(ids["iface-id"]),
            IsFabric = ids[FabricKey] == "true",
            IsIncoming = ids["dwcp-incoming"] == "true",
            AttachedMac = isMac ? mac : null,
            MacInUse = MacAddress.TryParse(row.MacInUse, null, out var inUse) ? inUse : null,
            Options = row.Options,
            Bfd = row.Bfd,
            BfdStatus = row.BfdStatus,
            Mtu = row.Mtu,
            LinkUp = UpOrDown(row.LinkState),
            AdminUp = UpOrDown(row.AdminState),
            Error = row.Error,
        };
    }

    private static IEnumerable<ManagerInventory> ReadManagers(OvsdbDatabase database, OpenVswitchRow root) =>
        database.Referenced(ManagerRow.Table, root.Managers)
            .Select(row => new ManagerRow(row))
            .Select(row => new ManagerInventory(row.Target, row.IsConnected));

    private static string TypeWord(string type) => type.Length == 0 ? "system" : type;

    private static bool? UpOrDown(string? state) => state switch
    {
        "up" => true,
        "down" => false,
        _ => null,
    };
}
