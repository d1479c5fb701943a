using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Cli.Kinds;

/// <summary>The kinds of the API: a service that the protos get is a row here, which a test sees to.</summary>
internal static class KindCatalogue
{
    private const KindTraits Intent = KindTraits.Writable | KindTraits.Watchable | KindTraits.Judged;

    public static readonly Kind Switches = new("switches", "switch", "Switch", Intent, () => Switch.Descriptor);
    public static readonly Kind BgpSpeaker = new("bgp-speaker", "bgp-speaker", "BgpSpeaker", Intent | KindTraits.Single, () => Api.V1.BgpSpeaker.Descriptor);
    public static readonly Kind BgpPeers = new("bgp-peers", "bgp-peer", "BgpPeer", Intent, () => BgpPeer.Descriptor);
    public static readonly Kind EvpnRoutes = new("evpn-routes", "evpn-route", "EvpnRoute", Intent | KindTraits.Held, () => EvpnRoute.Descriptor);
    public static readonly Kind Configuration = new("configuration", "configuration", "Configuration", KindTraits.Writable | KindTraits.Watchable | KindTraits.Single | KindTraits.Lasting, () => Api.V1.Configuration.Descriptor);
    public static readonly Kind Events = new("events", "event", "Event", KindTraits.Watchable, () => Event.Descriptor);

    public static readonly IReadOnlyList<Kind> All =
    [
        new("networks", "network", "Network", Intent, () => Network.Descriptor),
        new("subnets", "subnet", "Subnet", Intent, () => Subnet.Descriptor),
        new("ports", "port", "Port", Intent, () => Port.Descriptor),
        new("bridges", "bridge", "Bridge", Intent, () => Bridge.Descriptor),
        Switches,
        new("links", "link", "Link", KindTraits.Watchable | KindTraits.Judged, () => Link.Descriptor),
        BgpSpeaker,
        BgpPeers,
        EvpnRoutes,
        Events,
        Configuration,
    ];

    /// <exception cref="CliException">There is no such kind.</exception>
    public static Kind Find(string word) => TryFind(word) ?? throw new CliException(
        ExitCode.Usage,
        $"there is no kind '{word}'",
        NearestName.Of(word, All.SelectMany(k => new[] { k.Plural, k.Singular })) is { } near ? $"Did you mean {near}?" : $"Kinds are {string.Join(", ", All.Select(k => k.Plural))}");

    public static Kind? TryFind(string word) => All.FirstOrDefault(k => k.IsCalled(word));
}
