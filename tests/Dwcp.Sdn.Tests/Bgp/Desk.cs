using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>A route base with peers and no connections: what they say goes in as octets, what they are told is read back from octets.</summary>
internal sealed class Desk
{
    public static readonly Asn As = new(65000);
    private int peers = 1;

    public RouteBase Routes { get; } = new(new SpeakerSettings(As, IpAddress.Parse("10.0.0.1")));

    /// <param name="capable">What the peer can do beyond what all can.</param>
    public RibPeer Peer(PeerSettings? settings = null, Func<Capabilities, Capabilities>? capable = null, string? id = null)
    {
        var number = ++peers;
        settings ??= new PeerSettings { Id = $"p{number}", RemoteAs = As };
        var peer = Routes.Add(settings);
        peer.Address = IpAddress.Parse($"192.168.0.{number}");
        Up(peer, capable, id ?? $"10.0.0.{number}");
        return peer;
    }

    public void Up(RibPeer peer, Func<Capabilities, Capabilities>? capable = null, string id = "10.0.0.9")
    {
        var offered = new Capabilities { Families = new FamilySet(1), As4 = peer.Settings.RemoteAs, Refresh = true };
        offered = capable?.Invoke(offered) ?? offered;
        var ours = offered with { As4 = As };
        Routes.Up(peer, new(peer.Settings.RemoteAs, IpAddress.Parse(id), peer.Settings.RemoteAs != As, default, offered, ours), IpAddress.Parse("10.0.0.1"), Routes.NewQueue());
    }

    public UpdateOutcome Say(RibPeer peer, Route route, PathAttributes attributes) => Routes.Update(peer, Update(peer, route, attributes), first: true);

    public void Say(RibPeer peer, OriginatedRoute route) => Assert.Null(Say(peer, route.Route, route.Attributes).Fault);

    public void Unsay(RibPeer peer, Route route)
    {
        var nlri = Nlri(route);
        var family = RouteMeaning.ToKey(route, out _).Key.Family;
        byte[] value = [0, (byte)family.Afi(), family.Safi(), .. nlri];
        Assert.Null(Routes.Update(peer, [0, 0, 0, (byte)(value.Length + 3), 0x80, 15, (byte)value.Length, .. value], first: true).Fault);
    }

    /// <summary>An UPDATE without its header, with numbers of AS as wide as the peer's.</summary>
    public static byte[] Update(RibPeer peer, Route route, PathAttributes attributes)
    {
        var kept = AttributeCodec.ToKept(attributes);
        var hop = AttributeCodec.NextHop(kept);
        var family = RouteMeaning.ToKey(route, out _).Key.Family;
        byte[] value = [0, (byte)family.Afi(), family.Safi(), (byte)hop.Length, .. hop, 0, .. Nlri(route)];
        byte[] all = [0x80, 14, (byte)value.Length, .. value, .. AttributeCodec.Attributes(kept)];
        return [0, 0, (byte)(all.Length >> 8), (byte)all.Length, .. all];
    }

    /// <summary>What the peer was sent since this was last asked: bodies of UPDATEs.</summary>
    /// <param name="all">Otherwise only what has been formatted already.</param>
    public List<byte[]> Sent(RibPeer peer, bool all = true)
    {
        while (all && Routes.Groups.Flush())
        {
        }

        Routes.Groups.Fed.Clear();
        var bytes = new List<byte>();
        while (!peer.Output.IsEmpty)
        {
            var part = peer.Output.Peek();
            bytes.AddRange(part.Span);
            peer.Output.Sent(part.Length);
        }

        var messages = new List<byte[]>();
        for (var rest = bytes.ToArray().AsSpan(); !rest.IsEmpty;)
        {
            Assert.Null(BgpMessage.Frame(rest, BgpMessage.LongestExtended, out var length, out _));
            Assert.NotEqual(0, length);
            messages.Add(rest[..length].ToArray());
            rest = rest[length..];
        }

        return messages;
    }

    /// <summary>What the peer has been told of routes since this was last asked, in words: `+ route | attributes` or `- route`.</summary>
    public List<string> Told(RibPeer peer, bool all = true)
    {
        var words = new List<string>();
        var reader = new UpdateReader();
        var rules = new UpdateRules(peer.External, peer.Agreement!.As4, peer.Rules.Families, peer.Agreement.AddPathSent);
        foreach (var message in Sent(peer, all).Where(m => m[18] == (byte)MessageType.Update))
        {
            var body = message.AsSpan(BgpMessage.HeaderLength);
            reader.Read(body, rules);
            Assert.Equal(FaultAnswer.None, reader.Answer);
            Words(reader.Unreached, body, rules, "- ", "", words);
            if (reader.Reached.Present)
            {
                var meaning = AttributeCodec.ToMeaning(reader.Check(reader.Kept(reader.ReachedNextHop), rules));
                Assert.Equal(FaultAnswer.None, reader.Answer);
                Words(reader.Reached, body, rules, "+ ", " | " + AttributeText.Of(meaning), words);
            }
        }

        return words;
    }

    public IReadOnlyList<RouteView> Held(RouteQuery? query = null) => RouteListing.List(Routes, query ?? new(), 0, 1000).Items;

    public static PathAttributes Attributes(params ExtendedCommunity[] extended) =>
        new() { NextHop = IpAddress.Parse("192.0.2.1"), ExtendedCommunities = [.. extended] };

    public static MacIpRoute Mac(int number = 1, uint vni = 100) => new(
        new(RouteDistinguisher.Parse("192.0.2.1:1"), 0, new MacAddress(0x0200_0000_0000 + (ulong)number), null), EthernetSegment.None, new Vni(vni), null);

    private static void Words(RouteSection section, ReadOnlySpan<byte> body, UpdateRules rules, string before, string after, List<string> words)
    {
        if (!section.Present)
        {
            return;
        }

        var nlris = new NlriReader(section.Family, section.Of(body), rules.AddPath.Has(section.Family));
        while (!nlris.AtEnd)
        {
            Assert.Equal(NlriResult.Ok, nlris.Next(out var nlri));
            words.Add((rules.AddPath.Has(section.Family) ? $"{nlri.PathId} " : "") + before + RouteMeaning.ToRoute(nlri.Key, nlri.Body, nlris.Octets) + after);
        }
    }

    private static byte[] Nlri(Route route)
    {
        var (key, body) = RouteMeaning.ToKey(route, out var opaque);
        var buffer = new byte[NlriWriter.Largest];
        return buffer[..NlriWriter.Write(key, body, opaque, buffer)];
    }
}
