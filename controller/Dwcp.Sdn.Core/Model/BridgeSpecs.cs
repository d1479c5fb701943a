using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Core.Model;

/// <summary>A bridge of a host, besides the fabric's own, that the operator wants managed.</summary>
public sealed record BridgeSpec : ResourceSpec
{
    /// <summary>The system-id of the host.</summary>
    public string? Switch { get; init; }

    /// <summary>Its name on the host.</summary>
    public string? Name { get; init; }

    /// <summary>SYSTEM or NETDEV; the host's <c>dwcp-datapath-type</c>, else SYSTEM, when absent.</summary>
    public string? DatapathType { get; init; }

    /// <summary>STANDALONE or SECURE; absent leaves it to OVS, which is standalone.</summary>
    public string? FailMode { get; init; }

    public EquatableArray<BridgePortSpec> Ports { get; init; }

    public EquatableArray<MirrorSpec> Mirrors { get; init; }

    public FlowExportSpec? FlowExport { get; init; }

    public EquatableArray<BridgeQosSpec> Qos { get; init; }
}

/// <summary>A port of a bridge: an interface of the host, or a tunnel, patch or internal port that is made.</summary>
public sealed record BridgePortSpec
{
    public string? Name { get; init; }

    /// <summary>OVS's word in either case: system (default), internal, patch, vxlan, geneve, gre, …</summary>
    public string? Type { get; init; }

    /// <summary>In OVS's words, such as <c>remote_ip</c> and <c>key</c> of a tunnel.</summary>
    public StringMap Options { get; init; } = StringMap.Empty;

    /// <summary>The VLAN of an access port.</summary>
    public uint? Vlan { get; init; }

    /// <summary>The VLANs of a trunk; none means all.</summary>
    public EquatableArray<uint> Trunks { get; init; }

    public BridgeBfdSpec? Bfd { get; init; }
}

/// <summary>BFD (RFC 5880) over a tunnel to one remote end. Times are in milliseconds.</summary>
public sealed record BridgeBfdSpec
{
    /// <summary>True when absent.</summary>
    public bool? Enabled { get; init; }

    public uint? MinRxMs { get; init; }

    public uint? MinTxMs { get; init; }

    /// <summary>The slower rate of an idle tunnel; 0 keeps the rate.</summary>
    public uint? DecayMinRxMs { get; init; }

    /// <summary>Any packet received keeps the tunnel up, not BFD's alone.</summary>
    public bool? ForwardingIfRx { get; init; }

    /// <summary>Accept only BFD with the tunnel's key of zero.</summary>
    public bool? CheckTunnelKey { get; init; }

    public uint? Multiplier { get; init; }
}

/// <summary>Copies of what passes chosen ports or VLANs.</summary>
public sealed record MirrorSpec
{
    public string? Name { get; init; }

    public bool? SelectAll { get; init; }

    public EquatableArray<string> SourcePorts { get; init; }

    public EquatableArray<string> DestinationPorts { get; init; }

    public EquatableArray<uint> Vlans { get; init; }

    /// <summary>Where copies go: a port, or else a VLAN.</summary>
    public string? OutputPort { get; init; }

    public uint? OutputVlan { get; init; }

    /// <summary>Octets that are kept of each copy.</summary>
    public uint? SnapLength { get; init; }
}

/// <summary>What a bridge tells collectors about its traffic.</summary>
public sealed record FlowExportSpec
{
    public SflowSpec? Sflow { get; init; }

    public IpfixSpec? Ipfix { get; init; }

    public NetflowSpec? Netflow { get; init; }
}

/// <summary>sFlow v5. Targets are ADDR or ADDR:PORT.</summary>
public sealed record SflowSpec
{
    public EquatableArray<string> Targets { get; init; }

    /// <summary>The interface whose address stands for the agent.</summary>
    public string? Agent { get; init; }

    public uint? HeaderBytes { get; init; }

    /// <summary>One packet in so many.</summary>
    public uint? Sampling { get; init; }

    public uint? PollingSeconds { get; init; }
}

/// <summary>IPFIX (RFC 7011). Targets are ADDR:PORT.</summary>
public sealed record IpfixSpec
{
    public EquatableArray<string> Targets { get; init; }

    public uint? Sampling { get; init; }

    public uint? ObservationDomain { get; init; }

    public uint? ObservationPoint { get; init; }

    public uint? CacheActiveTimeoutSeconds { get; init; }

    public uint? CacheMaxFlows { get; init; }

    public bool? SampleTunnels { get; init; }

    public bool? SampleInput { get; init; }

    public bool? SampleOutput { get; init; }
}

/// <summary>NetFlow v5. Targets are ADDR:PORT.</summary>
public sealed record NetflowSpec
{
    public EquatableArray<string> Targets { get; init; }

    public uint? EngineType { get; init; }

    public uint? EngineId { get; init; }

    public bool? AddIdToInterface { get; init; }

    /// <summary>0 or absent is OVS's 600 s.</summary>
    public uint? ActiveTimeoutSeconds { get; init; }
}

/// <summary>How a port of a bridge sends.</summary>
public sealed record BridgeQosSpec
{
    public string? Port { get; init; }

    /// <summary>OVS's word: linux-htb, linux-hfsc, linux-fq_codel, …</summary>
    public string? Type { get; init; }

    /// <summary>In OVS's words, such as <c>max-rate</c> in bits per second.</summary>
    public StringMap Options { get; init; } = StringMap.Empty;

    public EquatableArray<BridgeQueueSpec> Queues { get; init; }
}

/// <summary>A queue that flows choose by its number (<c>set_queue</c>).</summary>
public sealed record BridgeQueueSpec
{
    public uint? Queue { get; init; }

    /// <summary>What OVS writes into packets of the queue; absent leaves them.</summary>
    public uint? Dscp { get; init; }

    public StringMap Options { get; init; } = StringMap.Empty;
}
