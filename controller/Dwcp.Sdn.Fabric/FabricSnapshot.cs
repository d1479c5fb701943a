using System.Collections.Immutable;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Fabric;

/// <summary>What callers see at one moment: every object with its status, and the events. Immutable; a new one is swapped in after each change.</summary>
/// <param name="Revision">The store's revision that the objects stand at.</param>
public sealed record FabricSnapshot(
    long Revision,
    ImmutableSortedDictionary<string, Resource> Networks,
    ImmutableSortedDictionary<string, Resource> Subnets,
    ImmutableSortedDictionary<string, Resource> Ports,
    ImmutableSortedDictionary<string, Resource> Switches,
    ImmutableSortedDictionary<string, Resource> Bridges,
    ImmutableQueue<FabricEvent> Events)
{
    private static readonly ImmutableSortedDictionary<string, Resource> None =
        ImmutableSortedDictionary.Create<string, Resource>(StringComparer.Ordinal);

    public static readonly FabricSnapshot Empty = new(0, None, None, None, None, None, ImmutableQueue<FabricEvent>.Empty);

    public ImmutableSortedDictionary<string, Resource> BgpSpeakers { get; init; } = None;

    public ImmutableSortedDictionary<string, Resource> BgpPeers { get; init; } = None;

    public ImmutableSortedDictionary<string, Resource> EvpnRoutes { get; init; } = None;

    public ImmutableSortedDictionary<string, Resource> Links { get; init; } = None;

    /// <summary>The objects that may differ from the snapshot before; no others do.</summary>
    public ImmutableArray<ObjectRef> Touched { get; init; } = [];

    /// <summary>The events that the snapshot before did not have.</summary>
    public ImmutableArray<FabricEvent> Happened { get; init; } = [];

    public ImmutableSortedDictionary<string, Resource> Of(ResourceKind kind) => kind switch
    {
        ResourceKind.Network => Networks,
        ResourceKind.Subnet => Subnets,
        ResourceKind.Port => Ports,
        ResourceKind.Bridge => Bridges,
        ResourceKind.BgpSpeaker => BgpSpeakers,
        ResourceKind.BgpPeer => BgpPeers,
        ResourceKind.EvpnRoute => EvpnRoutes,
        ResourceKind.Link => Links,
        _ => Switches,
    };

    internal FabricSnapshot With(ResourceKind kind, ImmutableSortedDictionary<string, Resource> objects) => kind switch
    {
        ResourceKind.Network => this with { Networks = objects },
        ResourceKind.Subnet => this with { Subnets = objects },
        ResourceKind.Port => this with { Ports = objects },
        ResourceKind.Bridge => this with { Bridges = objects },
        ResourceKind.BgpSpeaker => this with { BgpSpeakers = objects },
        ResourceKind.BgpPeer => this with { BgpPeers = objects },
        ResourceKind.EvpnRoute => this with { EvpnRoutes = objects },
        ResourceKind.Link => this with { Links = objects },
        _ => this with { Switches = objects },
    };
}
