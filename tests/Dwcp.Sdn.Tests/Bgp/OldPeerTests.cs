using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Peers that can do less or more than most: AS numbers of two octets (RFC 6793), messages beyond 4096 octets (RFC 8654), several paths (RFC 7911).</summary>
public class OldPeerTests
{
    private static byte[] Body(params byte[][] attributes)
    {
        byte[] all = [.. attributes.SelectMany(a => a)];
        return [0, 0, (byte)(all.Length >> 8), (byte)all.Length, .. all];
    }

    // MP_REACH_NLRI of one multicast route, ORIGIN and LOCAL_PREF: what goes with any path.
    private static readonly byte[] Rest = Convert.FromHexString(
        "800e1c" + "001946" + "04c0000201" + "00" + "0311" + "00010a0000090002" + "00000000" + "20c0000209" + "40010100" + "40050400000064");

    [Theory]
    [InlineData("path of wide numbers beside it", "400208" + "0203fde95ba05ba0" + "c0110a" + "02020001117000013880", "path=65001;70000,80000")]
    [InlineData("wide path longer than the narrow one is left aside", "400204" + "0201fde9" + "c0110a" + "02020001117000013880", "path=65001")]
    [InlineData("malformed wide path is left aside", "400204" + "0201fde9" + "c01103" + "020100", "path=65001")]
    [InlineData("placeholder aggregator with the wide one", "400204" + "0201fde9" + "c00706" + "5ba00a000009" + "c01208" + "000111700a000009", "path=65001 preference=100 aggregator=70000/10.0.0.9")]
    [InlineData("aggregator of its own makes the wide attributes stale", "400206" + "0202fde95ba0" + "c00706" + "fdea0a000009" + "c01208" + "000111700a000009" + "c0110a" + "02020000fde900011170", "path=65001,23456 preference=100 aggregator=65002/10.0.0.9")]
    public void What_a_peer_with_narrow_numbers_says_is_kept_with_wide_ones(string what, string attributes, string expected)
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: c => c with { As4 = null });
        Assert.Null(desk.Routes.Update(peer, Body(Rest, Convert.FromHexString(attributes)), first: true).Fault);
        Assert.True(AttributeText.Of(Assert.Single(desk.Held()).Attributes).Contains(expected, StringComparison.Ordinal), $"{what}: {AttributeText.Of(desk.Held()[0].Attributes)}");
    }

    [Theory]
    [InlineData(60, 0, 1)]
    [InlineData(65, 0, 0)]
    [InlineData(62, 1000, 0)]
    public void A_path_that_fills_more_than_a_message_once_its_numbers_are_wide_withdraws_its_routes(int segments, int communities, int held)
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: c => c with { As4 = null, ExtendedMessages = true });
        byte[] Long(byte flags, byte code, IEnumerable<byte> value) => [(byte)(flags | 0x10), code, (byte)(value.Count() >> 8), (byte)value.Count(), .. value];
        var path = Long(0x40, AttributeTable.AsPath, Enumerable.Repeat<byte[]>([2, 255, .. Enumerable.Repeat<byte>(0xfd, 510)], segments).SelectMany(s => s));
        var others = communities == 0 ? [] : Long(0xc0, AttributeTable.Communities, Enumerable.Repeat<byte>(1, communities * 4));
        Assert.Null(desk.Routes.Update(peer, Body(Rest, path, others), first: true).Fault);
        Assert.Equal((held, 1 - held), (desk.Held().Count, (int)peer.TakenAsWithdrawn));
    }

    [Fact]
    public void A_peer_with_narrow_numbers_gets_the_placeholder_and_the_wide_numbers_beside_it()
    {
        var desk = new Desk();
        var from = desk.Peer();
        var old = desk.Peer(new PeerSettings { Id = "old", RemoteAs = Desk.As, RouteReflectorClient = true }, c => c with { As4 = null });
        var path = new AsSegment(2, [new Asn(65001), new Asn(70000)]);
        desk.Say(from, Desk.Mac(), Desk.Attributes() with { AsPath = [path], Aggregator = (new Asn(80000), IpAddress.Parse("10.0.0.9")) });
        var hex = Convert.ToHexStringLower(desk.Sent(old)[0]);
        Assert.Contains("400206" + "0202fde95ba0", hex, StringComparison.Ordinal);
        Assert.Contains("c00706" + "5ba00a000009", hex, StringComparison.Ordinal);
        Assert.Contains("c0110a" + "02020000fde900011170", hex, StringComparison.Ordinal);
        Assert.Contains("c01208" + "000138800a000009", hex, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Messages_are_as_long_as_the_peer_takes_and_no_longer(bool extended)
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: c => c with { ExtendedMessages = extended });
        foreach (var number in Enumerable.Range(0, 1500))
        {
            desk.Routes.Originate(new(Desk.Mac(number), Desk.Attributes(), "port"), first: false);
        }

        var longest = desk.Sent(peer).Max(m => m.Length);
        Assert.InRange(longest, extended ? 40_000 : 4000, extended ? 65_535 : 4096);
    }

    [Fact]
    public void Attributes_that_fill_more_than_the_peer_takes_are_not_told_to_it()
    {
        var desk = new Desk();
        var small = desk.Peer();
        var large = desk.Peer(capable: c => c with { ExtendedMessages = true });
        var many = Desk.Attributes() with { Communities = [.. Enumerable.Range(0, 1100).Select(i => (uint)i)] };
        desk.Routes.Originate(new(Desk.Mac(), Desk.Attributes(), "port"), first: true);
        Assert.Single(desk.Told(small));
        desk.Routes.Originate(new(Desk.Mac(), many, "port"), first: true);
        Assert.StartsWith("- macip", Assert.Single(desk.Told(small)), StringComparison.Ordinal);
        Assert.StartsWith("+ macip", desk.Told(large)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_paths_that_a_peer_sends_each_is_kept_and_goes_alone()
    {
        var desk = new Desk();
        var peer = desk.Peer(capable: c => c with { AddPath = [new(BgpFamily.L2VpnEvpn, 3)] });
        byte[] Two(byte id) => Convert.FromHexString(
            $"800e20001946" + "04c0000201" + "00" + $"000000{id:x2}" + "0311" + "00010a0000090002" + "00000000" + "20c0000209" + "40010100" + "400200" + $"4005040000006{id:x}");
        desk.Routes.Update(peer, Body(Two(1)), first: true);
        desk.Routes.Update(peer, Body(Two(2)), first: true);
        Assert.Equal(2, peer.Paths);
        Assert.Equal(0x62u, desk.Held().Single(r => r.Best).Attributes.LocalPreference);
        desk.Routes.Update(peer, Body(Convert.FromHexString("800f1a" + "001946" + "00000002" + "0311" + "00010a0000090002" + "00000000" + "20c0000209")), first: true);
        Assert.Equal(0x61u, Assert.Single(desk.Held()).Attributes.LocalPreference);
    }
}
