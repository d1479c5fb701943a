namespace Dwcp.Sdn.Core.Model;

/// <summary>What is true of a network.</summary>
/// <param name="BridgeDomain">The number of the network in metadata[0..31].</param>
/// <param name="Mtu">What a VM may send, in octets of an IP packet.</param>
/// <param name="Hosts">The hosts that carry it, sorted.</param>
public sealed record NetworkStatus(
    EquatableArray<Condition> Conditions, long ObservedGeneration, uint BridgeDomain, uint Mtu, EquatableArray<string> Hosts, int Ports)
    : ResourceStatus(Conditions, ObservedGeneration);

/// <summary>What is true of a subnet.</summary>
public sealed record SubnetStatus(EquatableArray<Condition> Conditions, long ObservedGeneration, int AddressesInUse)
    : ResourceStatus(Conditions, ObservedGeneration);

/// <summary>What is true of a port.</summary>
/// <param name="LogicalPort">The number of the port in reg1 and reg2.</param>
/// <param name="Host">The host that carries it, or null.</param>
/// <param name="OfPort">Its OpenFlow port number there, or null.</param>
/// <param name="Interface">The name of the interface there, or null.</param>
/// <param name="State"><c>UP</c>, <c>DOWN</c> or <c>UNBOUND</c>.</param>
public sealed record PortStatus(
    EquatableArray<Condition> Conditions, long ObservedGeneration, uint LogicalPort, string? Host, uint? OfPort, string? Interface, string State)
    : ResourceStatus(Conditions, ObservedGeneration);

/// <summary>A port of a switch.</summary>
public sealed record SwitchPortStatus(uint OfPort, string Name, string Type, string? PortId, string? Error);

/// <summary>What is true of a switch.</summary>
/// <param name="Address">Where its connection comes from, as ADDR:PORT; null while it is away.</param>
/// <param name="Flows">The flows that it was seen to hold when it last confirmed a change.</param>
public sealed record SwitchStatus(
    EquatableArray<Condition> Conditions,
    long ObservedGeneration,
    string? DatapathId,
    string? Address,
    string? VtepIp,
    string? Hostname,
    string? OvsVersion,
    string? OpenFlowVersion,
    bool Connected,
    EquatableArray<SwitchPortStatus> Ports,
    int Flows,
    int Groups,
    int Meters)
    : ResourceStatus(Conditions, ObservedGeneration);
