using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Hosts;

/// <summary>
/// A change to a host's OVSDB that can be asked for. Each says how things should be, and one that already is so does nothing.
/// Whatever order a list has, bridges are made first, then settings and ports, then what refers to ports, and controllers only
/// after ovs-vswitchd has applied the rest: a bridge that gets controllers before <c>fail_mode=secure</c> loses its flows.
/// </summary>
public abstract record HostChange(string Bridge);

/// <summary>Makes a bridge and its local port. A null datapath id leaves the choice to OVS; a bridge that exists is refused.</summary>
public sealed record CreateBridge(string Bridge, string DatapathType, BridgeFailMode FailMode) : HostChange(Bridge)
{
    public DatapathId? DatapathId { get; init; }

    public EquatableArray<string> Protocols { get; init; } = [];

    public StringMap OtherConfig { get; init; } = StringMap.Empty;

    /// <summary>Mark it as ours (<see cref="HostMark"/>), so that it may be removed one day.</summary>
    public bool Mark { get; init; }

    public override string ToString() => $"create bridge {Bridge}";
}

/// <summary>Removes a bridge with all that is in it. One that has a port which is not ours is only given up: it loses our mark and stays.</summary>
public sealed record DeleteBridge(string Bridge) : HostChange(Bridge)
{
    public override string ToString() => $"delete bridge {Bridge}";
}

/// <summary>Sets what a bridge does without its controllers.</summary>
public sealed record SetFailMode(string Bridge, BridgeFailMode FailMode) : HostChange(Bridge)
{
    public override string ToString() => $"set fail mode of bridge {Bridge}";
}

/// <summary>Sets the OpenFlow versions of a bridge, in OVSDB's words (<c>OpenFlow13</c>).</summary>
public sealed record SetProtocols(string Bridge, EquatableArray<string> Protocols) : HostChange(Bridge)
{
    public override string ToString() => $"set protocols of bridge {Bridge}";
}

/// <summary>Sets one key of a bridge's <c>other_config</c>, or removes it (null); the other keys stay.</summary>
public sealed record SetBridgeConfig(string Bridge, string Key, string? Value) : HostChange(Bridge)
{
    public override string ToString() => $"set {Key} of bridge {Bridge}";
}

/// <summary>A controller for a bridge: where (<c>tcp:192.0.2.9:6653</c>), and in milliseconds how long it may be silent and how long to wait between attempts.</summary>
public sealed record ControllerTarget(string Target)
{
    /// <summary>0 probes never; OVS's own default is 5000.</summary>
    public long InactivityProbe { get; init; } = 5000;

    /// <summary>At least 1000, which is OVS's minimum; its own default of 8000 makes a restarted controller wait.</summary>
    public long MaxBackoff { get; init; } = 1000;
}

/// <summary>
/// Makes these the controllers of a bridge, one at least, changed in place: a bridge that has controllers is never
/// without one. A bridge whose fail mode is not secure is refused.
/// </summary>
public sealed record SetControllers(string Bridge, EquatableArray<ControllerTarget> Controllers) : HostChange(Bridge)
{
    public override string ToString() => $"set controllers of bridge {Bridge}";
}

/// <summary>Adds a port with one interface of this type and these options, or gives the interface of the port with this name these.</summary>
public sealed record PutPort(string Bridge, string Port, string Type, StringMap Options) : HostChange(Bridge)
{
    /// <summary>Null leaves VLANs and BFD as they are.</summary>
    public PortSettings? Settings { get; init; }

    /// <summary>Mark it as ours (<see cref="HostMark"/>) if it is made.</summary>
    public bool Mark { get; init; }

    public override string ToString() => $"put port {Port} of bridge {Bridge}";
}

/// <summary>Removes a port and its interfaces.</summary>
public sealed record DeletePort(string Bridge, string Port) : HostChange(Bridge)
{
    public override string ToString() => $"delete port {Port} of bridge {Bridge}";
}

/// <summary>Adds a mirror, or gives the one with this name these settings. Its ports must be there.</summary>
public sealed record PutMirror(string Bridge, MirrorSettings Mirror) : HostChange(Bridge)
{
    public override string ToString() => $"put mirror {Mirror.Name} of bridge {Bridge}";
}

/// <summary>Removes a mirror.</summary>
public sealed record DeleteMirror(string Bridge, string Mirror) : HostChange(Bridge)
{
    public override string ToString() => $"delete mirror {Mirror} of bridge {Bridge}";
}

/// <summary>Makes this the exporter of its kind.</summary>
public sealed record PutFlowExport(string Bridge, FlowExport Export) : HostChange(Bridge)
{
    public override string ToString() => $"put {Export.Kind} of bridge {Bridge}";
}

/// <summary>Removes the exporter of a kind.</summary>
public sealed record DeleteFlowExport(string Bridge, FlowExportKind Kind) : HostChange(Bridge)
{
    public override string ToString() => $"delete {Kind} of bridge {Bridge}";
}

/// <summary>Gives a port QoS of its own. What others had made for it is left to them, unused.</summary>
public sealed record PutQos(string Bridge, string Port, QosSettings Qos) : HostChange(Bridge)
{
    public override string ToString() => $"put {Qos.Type} of port {Port} of bridge {Bridge}";
}

/// <summary>Takes a port's QoS away, and removes it if it is ours.</summary>
public sealed record DeleteQos(string Bridge, string Port) : HostChange(Bridge)
{
    public override string ToString() => $"delete QoS of port {Port} of bridge {Bridge}";
}
