using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Model;

/// <summary>A layer-2 segment: one bridge domain over all hosts that carry it.</summary>
public sealed record NetworkSpec : ResourceSpec
{
    /// <summary>1 to 16777215, unique in the fabric.</summary>
    public uint? Vni { get; init; }

    /// <summary>OVERLAY (default), VLAN, MACVLAN or BRIDGE.</summary>
    public string? Type { get; init; }

    /// <summary>VXLAN (default), GENEVE or GRE.</summary>
    public string? Encapsulation { get; init; }

    public string? Vrf { get; init; }

    /// <summary>Octets of an IP packet; computed when absent.</summary>
    public uint? Mtu { get; init; }

    public bool? ArpSuppression { get; init; }

    /// <summary>DROP (default) or FLOOD.</summary>
    public string? UnknownUnicast { get; init; }

    public EquatableArray<string> ImportTargets { get; init; }

    public EquatableArray<string> ExportTargets { get; init; }
}

/// <summary>Addresses of a network and its anycast gateway.</summary>
public sealed record SubnetSpec : ResourceSpec
{
    public string? Network { get; init; }

    /// <summary>A prefix with zero host bits.</summary>
    public string? Cidr { get; init; }

    /// <summary>An address of the prefix; none means no gateway.</summary>
    public string? Gateway { get; init; }

    public string? GatewayMac { get; init; }

    public DhcpSpec? Dhcp { get; init; }

    public RaSpec? Ra { get; init; }
}

/// <summary>What a subnet's DHCP server hands out.</summary>
public sealed record DhcpSpec
{
    public bool? Enabled { get; init; }

    public EquatableArray<string> Dns { get; init; }

    public EquatableArray<string> Routes { get; init; }

    public uint? LeaseSeconds { get; init; }

    public EquatableArray<string> Ranges { get; init; }
}

/// <summary>Router advertisements of a subnet (RFC 4861 §6.2).</summary>
public sealed record RaSpec
{
    public bool? Enabled { get; init; }
}

/// <summary>Where a VM or a container is attached.</summary>
public sealed record PortSpec : ResourceSpec
{
    public string? Network { get; init; }

    /// <summary>Allocated when absent.</summary>
    public string? Mac { get; init; }

    /// <summary>Allocated from the network's subnets when empty, one of each address family.</summary>
    public EquatableArray<string> Addresses { get; init; }

    public EquatableArray<string> SecurityGroups { get; init; }

    public string? QosPolicy { get; init; }

    public EquatableArray<AddressPairSpec> AllowedPairs { get; init; }

    public bool? PortSecurity { get; init; }

    public EquatableArray<BindingSpec> Bindings { get; init; }
}

/// <summary>Another address that a port may use as its source, with the port's MAC unless another is given.</summary>
public sealed record AddressPairSpec(string? Mac, string? Address);

/// <summary>A host on which the port may appear, for migrations.</summary>
public sealed record BindingSpec(string? Host, string? Role);

/// <summary>What the operator decides about a switch.</summary>
public sealed record SwitchSpec : ResourceSpec
{
    /// <summary>FABRIC, OBSERVED or LEARNING.</summary>
    public string? Mode { get; init; }

    /// <summary>The number of flows that the switch may be given; absent for no limit.</summary>
    public uint? FlowBudget { get; init; }
}
