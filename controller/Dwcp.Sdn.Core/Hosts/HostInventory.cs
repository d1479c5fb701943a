using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Hosts;

/// <summary>What a host's OVSDB says at one moment (ovs-vswitchd.conf.db(5)). Two equal inventories are equal values, lists are in the order of names.</summary>
public sealed record HostInventory
{
    /// <summary><c>external_ids:system-id</c>; a host without one is shown and not touched.</summary>
    public string? SystemId { get; init; }

    public string? Hostname { get; init; }

    public string? OvsVersion { get; init; }

    /// <summary>Our end of the session; null when it is no IP session.</summary>
    public IpAddress? LocalAddress { get; init; }

    /// <summary>The host's end of the session; null when it is no IP session.</summary>
    public IpAddress? RemoteAddress { get; init; }

    /// <summary><c>external_ids:dwcp-vtep-ip</c>, the announcement of the host; null when absent or faulty (then <see cref="Faults"/> says so).</summary>
    public IpAddress? VtepIp { get; init; }

    /// <summary><c>external_ids:dwcp-datapath-type</c>: the datapath for a bridge that is made for this host.</summary>
    public string? DatapathTypeWish { get; init; }

    public EquatableArray<string> DatapathTypes { get; init; } = [];

    public EquatableArray<string> InterfaceTypes { get; init; } = [];

    public EquatableArray<BridgeInventory> Bridges { get; init; } = [];

    public EquatableArray<ManagerInventory> Managers { get; init; } = [];

    /// <summary>What the host announced and nobody can use.</summary>
    public EquatableArray<HostFault> Faults { get; init; } = [];

    public BridgeInventory? Bridge(string name)
    {
        foreach (var bridge in Bridges)
        {
            if (bridge.Name == name)
            {
                return bridge;
            }
        }

        return null;
    }
}

/// <summary>A setting on a host that cannot be used: where it stands, what it says and what is wrong with it.</summary>
public sealed record HostFault(string Key, string Value, string Message)
{
    public override string ToString() => $"{Key}={Value}: {Message}";
}

/// <summary>What a bridge does with packets when its controllers are away. <see cref="Unset"/> is standalone to OVS.</summary>
public enum BridgeFailMode
{
    Unset,
    Standalone,
    Secure,
}

/// <summary>A bridge of a host.</summary>
public sealed record BridgeInventory(string Name)
{
    /// <summary>As ovs-vswitchd uses it; null until it has made the datapath.</summary>
    public DatapathId? DatapathId { get; init; }

    /// <summary><c>system</c> (OVS writes it as an empty word), <c>netdev</c>, …</summary>
    public string DatapathType { get; init; } = "system";

    public BridgeFailMode FailMode { get; init; }

    /// <summary>Empty means every version that OVS has.</summary>
    public EquatableArray<string> Protocols { get; init; } = [];

    public StringMap OtherConfig { get; init; } = StringMap.Empty;

    public EquatableArray<ControllerInventory> Controllers { get; init; } = [];

    public EquatableArray<PortInventory> Ports { get; init; } = [];

    public EquatableArray<Shown<MirrorSettings>> Mirrors { get; init; } = [];

    public EquatableArray<Shown<FlowExport>> FlowExports { get; init; } = [];

    /// <summary>We made it, as <see cref="HostMark"/> says.</summary>
    public bool IsOurs { get; init; }
}

/// <summary>A controller that a bridge connects to. Times are in milliseconds; null is OVS's default.</summary>
public sealed record ControllerInventory(string Target)
{
    public bool IsConnected { get; init; }

    /// <summary><c>master</c>, <c>slave</c> or <c>other</c>; null while not connected.</summary>
    public string? Role { get; init; }

    public long? MaxBackoff { get; init; }

    public long? InactivityProbe { get; init; }

    /// <summary><c>in-band</c> or <c>out-of-band</c>.</summary>
    public string? ConnectionMode { get; init; }
}

/// <summary>A manager that the host's ovsdb-server connects to or listens for.</summary>
public sealed record ManagerInventory(string Target, bool IsConnected);

/// <summary>A port of a bridge; more than one interface make a bond.</summary>
public sealed record PortInventory(string Name)
{
    /// <summary>The access VLAN; null without one.</summary>
    public int? Tag { get; init; }

    /// <summary>In ascending order; empty means all.</summary>
    public EquatableArray<int> Trunks { get; init; } = [];

    public Shown<QosSettings>? Qos { get; init; }

    /// <summary>We made it, as <see cref="HostMark"/> says.</summary>
    public bool IsOurs { get; init; }

    public EquatableArray<InterfaceInventory> Interfaces { get; init; } = [];
}

/// <summary>An interface of a port. Its OpenFlow number changes when it is plugged again: never keep it beyond one inventory.</summary>
public sealed record InterfaceInventory(string Name)
{
    /// <summary><c>system</c> (OVS writes it as an empty word), <c>internal</c>, <c>vxlan</c>, …</summary>
    public string Type { get; init; } = "system";

    /// <summary>Null until ovs-vswitchd has added the port, or when it could not.</summary>
    public PortNumber? OfPort { get; init; }

    /// <summary>ovs-vswitchd could not add the port (it wrote -1); <see cref="Error"/> says why.</summary>
    public bool OfPortFailed { get; init; }

    /// <summary><c>external_ids:iface-id</c>: the port that this interface is.</summary>
    public string? IfaceId { get; init; }

    /// <summary><c>external_ids:dwcp-fabric=true</c>: the operator says that it leads to another switch and to no tenant.</summary>
    public bool IsFabric { get; init; }

    /// <summary><c>external_ids:dwcp-incoming=true</c>: the VM of the port is on its way here from another host.</summary>
    public bool IsIncoming { get; init; }

    /// <summary><c>external_ids:attached-mac</c>; null when absent or no MAC address.</summary>
    public MacAddress? AttachedMac { get; init; }

    public MacAddress? MacInUse { get; init; }

    public StringMap Options { get; init; } = StringMap.Empty;

    public StringMap Bfd { get; init; } = StringMap.Empty;

    /// <summary>How BFD stands; empty without it.</summary>
    public StringMap BfdStatus { get; init; } = StringMap.Empty;

    public int? Mtu { get; init; }

    /// <summary>Carrier; null when nobody knows.</summary>
    public bool? LinkUp { get; init; }

    public bool? AdminUp { get; init; }

    public string? Error { get; init; }
}
