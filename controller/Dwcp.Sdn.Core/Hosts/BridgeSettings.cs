namespace Dwcp.Sdn.Core.Hosts;

/// <summary>The settings of a port besides its type and options.</summary>
public sealed record PortSettings
{
    public static readonly PortSettings Default = new();

    /// <summary>The VLAN of an access port; null without one.</summary>
    public int? Vlan { get; init; }

    /// <summary>In ascending order; empty means all.</summary>
    public EquatableArray<int> Trunks { get; init; } = [];

    /// <summary>The <c>bfd</c> column of its interface.</summary>
    public StringMap Bfd { get; init; } = StringMap.Empty;
}

/// <summary>A mirror of a bridge. Ports are named; lists are in ascending order.</summary>
public sealed record MirrorSettings(string Name)
{
    public bool SelectAll { get; init; }

    public EquatableArray<string> SourcePorts { get; init; } = [];

    public EquatableArray<string> DestinationPorts { get; init; } = [];

    public EquatableArray<int> Vlans { get; init; } = [];

    public string? OutputPort { get; init; }

    public int? OutputVlan { get; init; }

    public int? SnapLength { get; init; }
}

/// <summary>The ways in which a bridge tells collectors of its traffic.</summary>
public enum FlowExportKind
{
    Sflow,
    Ipfix,
    Netflow,
}

/// <summary>An exporter of a bridge: its columns by their OVSDB names (a column with its default is left out), and its <c>other_config</c>.</summary>
public sealed record FlowExport(FlowExportKind Kind, EquatableArray<string> Targets)
{
    public StringMap Settings { get; init; } = StringMap.Empty;

    public StringMap OtherConfig { get; init; } = StringMap.Empty;
}

/// <summary>A queue of a port.</summary>
public sealed record QueueSettings(uint Number)
{
    public int? Dscp { get; init; }

    public StringMap OtherConfig { get; init; } = StringMap.Empty;
}

/// <summary>The QoS of a port, its queues in ascending order of their numbers.</summary>
public sealed record QosSettings(string Type)
{
    public StringMap OtherConfig { get; init; } = StringMap.Empty;

    public EquatableArray<QueueSettings> Queues { get; init; } = [];
}

/// <summary>Something of a bridge as a host shows it.</summary>
/// <param name="IsOurs">We made it (<see cref="HostMark"/>), so that we may remove it.</param>
public sealed record Shown<T>(T Settings, bool IsOurs);

/// <summary>The mark in <c>external_ids</c> of what we make on a host besides the fabric's own bridge: only that is ever removed.</summary>
public static class HostMark
{
    public const string Key = "dwcp-made";

    public const string Value = "true";

    public static StringMap Ids { get; } = StringMap.Of((Key, Value));
}
