using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;

namespace Dwcp.Sdn.Fabric;

/// <summary>The links between switches, as objects that callers see.</summary>
public sealed partial class FabricMachine
{
    private readonly Dictionary<LinkKey, (Link Link, string Id)> links = [];
    private readonly Dictionary<string, LinkKey> linksById = [];
    private readonly HashSet<DatapathId> linksToName = [];

    /// <summary>The ports of a host's switch that lead to other switches; none when it is not ours to program.</summary>
    public EquatableArray<PortNumber> FabricPortsOf(DatapathId datapath) =>
        registry.OwnerOf(datapath) is { } host && planner.MemberOf(host.Id) is { } member ? member.FabricPorts : [];

    /// <summary>Links came, went or are otherwise than before, and frames were refused that should have shown some.</summary>
    public void TopologyChanged(TopologyNews news)
    {
        foreach (var (key, now, why) in news.Links)
        {
            var before = links.GetValueOrDefault(key);
            if (now is null)
            {
                LinkGone(key, before.Id, why);
                continue;
            }

            var id = before.Id ?? NewLinkId(key);
            links[key] = (now, id);
            linksById[id] = key;
            var subject = new ObjectRef(ResourceKind.Link, id);
            dirty.Add(subject);
            if (now.IsTwoWay && before.Link is not { IsTwoWay: true })
            {
                Happened("LinkUp", subject, $"{Name(key.A)} and {Name(key.B)} hear each other");
            }
            else if (!now.IsTwoWay && before.Link is { IsTwoWay: true })
            {
                Happened("LinkOneWay", subject, $"{OneWay(now)}: {why}");
            }
        }

        foreach (var (at, refusal, more) in news.Refusals)
        {
            var others = more > 0 ? $"; {more} more like it at this switch since the last time" : "";
            Happened("LldpRefused", SwitchRef(at.Switch), $"{refusal.Word()}: LLDP that came by port {at.Port} shows no link, for {Explain(refusal)}{others}");
        }
    }

    private static string Explain(LldpRefusal refusal) => refusal switch
    {
        LldpRefusal.Malformed => "it cannot be read",
        LldpRefusal.Forged => "it was not made with this installation's key",
        LldpRefusal.Stale => "it was not sent a moment ago: a recording, or the control channel is slow",
        LldpRefusal.Replayed => "it has come before",
        LldpRefusal.Looped => "it came back to the port by which it left: a plug or a switch behind it returns frames",
        LldpRefusal.WrongPort => "no switch is expected behind that port",
        LldpRefusal.UnknownSender => "it names a port by which this controller sends none",
        _ => "more came than a switch would send",
    };

    private void LinkGone(LinkKey key, string? id, string why)
    {
        if (id is null)
        {
            return;
        }

        links.Remove(key);
        linksById.Remove(id);
        var subject = new ObjectRef(ResourceKind.Link, id);
        dirty.Add(subject);
        Happened("LinkDown", subject, $"{Name(key.A)} and {Name(key.B)}: {why}");
    }

    /// <summary>A host that announces itself, or is another, gives the links of its switch other names.</summary>
    private void NameLinks()
    {
        if (linksToName.Count == 0)
        {
            return;
        }

        foreach (var (key, (link, id)) in links.Where(l => linksToName.Contains(l.Key.A.Switch) || linksToName.Contains(l.Key.B.Switch)).ToList())
        {
            linksById.Remove(id);
            var now = NewLinkId(key);
            links[key] = (link, now);
            linksById[now] = key;
            dirty.Add(new ObjectRef(ResourceKind.Link, id));
            dirty.Add(new ObjectRef(ResourceKind.Link, now));
        }

        linksToName.Clear();
    }

    /// <summary>Such as h1.3-h2.4; where that is too long or another link's, with the datapath ids, which always fit.</summary>
    private string NewLinkId(LinkKey key)
    {
        var id = $"{SwitchRef(key.A.Switch).Id}.{key.A.Port.Value}-{SwitchRef(key.B.Switch).Id}.{key.B.Port.Value}";
        return ObjectRef.IsId(id) && !linksById.ContainsKey(id) ? id : $"{key.A.Switch}.{key.A.Port.Value}-{key.B.Switch}.{key.B.Port.Value}";
    }

    private string Name(LinkEnd end) => $"{SwitchRef(end.Switch).Id} port {end.Port.Value}";

    private string OneWay(Link link) => link.AToB ? $"{Name(link.Key.B)} hears {Name(link.Key.A)}, which does not hear it" : $"{Name(link.Key.A)} hears {Name(link.Key.B)}, which does not hear it";

    private Resource? DescribeLink(string id)
    {
        if (!linksById.TryGetValue(id, out var key))
        {
            return null;
        }

        var link = links[key].Link;
        var (from, to) = link.AToB ? (key.A, key.B) : (key.B, key.A);
        var status = new LinkStatus(
            [
                link.IsTwoWay
                    ? Is(ConditionType.Degraded, false, "AsExpected", "both ends hear each other", 0)
                    : Is(ConditionType.Degraded, true, "OneWay", $"{OneWay(link)}; look at the cable, and at what is between them", 0),
            ],
            End(from),
            End(to),
            link.IsTwoWay ? "TWO_WAY" : "ONE_WAY",
            link.IsBlocked,
            link.Since,
            link.Milliseconds);
        var nothing = new LinkSpec();
        return new(ResourceKind.Link, id, ImmutableSortedDictionary<string, string>.Empty, 0, 0, nothing, nothing, status);
    }

    private LinkEndStatus End(LinkEnd end) => new(SwitchRef(end.Switch).Id, end.Switch.ToString(), end.Port.Value);
}
