using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Messages in words.</summary>
public class BgpTextTests
{
    private const string Marker = "ffffffffffffffffffffffffffffffff";
    private const string Reach = "800e2c" + "001946" + "04c0000201" + "00" + "0221" + "00010a0000010064" + "00000000000000000000" + "00000000" + "30" + "020000000001" + "00" + "000064";

    private static string[] Decode(string attributes, BgpText? text = null)
    {
        var length = attributes.Length / 2;
        return [.. (text ?? new()).Decode(Convert.FromHexString($"{Marker}{length + 23:x4}020000{length:x4}{attributes}"))];
    }

    [Fact]
    public void An_update_says_what_it_announces_and_with_what() => Assert.Equal(
        [
            "update",
            "  MP_REACH_NLRI l2vpn-evpn nexthop=192.0.2.1",
            "  ORIGIN origin=igp",
            "  AS_PATH path=65001,70000",
            "  LOCAL_PREF preference=100",
            "  EXTENDED_COMMUNITIES extended=rt:65000:100",
            "  announce macip rd=10.0.0.1:100 tag=0 mac=02:00:00:00:00:01 l2=100",
        ],
        Decode(Reach + "40010100" + "40020a02020000fde900011170" + "40050400000064" + "c010080002fde800000064"));

    [Theory]
    [InlineData("40010103" + "400200" + "40050400000064", "treat as withdraw", "  ORIGIN 03: treat as withdraw (RFC 7606)")]
    [InlineData("40010100" + "400200" + "40050400000064" + "c00703fde900", "attribute discard", "  AGGREGATOR fde900: attribute discard (RFC 7606)")]
    [InlineData("40010100" + "400200" + "40050400000064" + "40050400000065", "attribute discard", "  LOCAL_PREF 00000065: attribute discard (RFC 7606)")]
    [InlineData("40010100" + "400200" + "40050400000064" + "404d0107", "session reset", "  attribute 77 07: session reset (RFC 7606)")]
    [InlineData("40010100" + "400200", "treat as withdraw", "  a mandatory attribute is missing or the list ends inside of one: treat as withdraw (RFC 7606)")]
    public void A_faulty_update_says_which_answer_each_part_gets(string attributes, string whole, string part)
    {
        var lines = Decode(Reach + attributes);
        Assert.Equal($"update: {whole} (RFC 7606)", lines[0]);
        Assert.Contains(part, lines);
        Assert.Equal(whole == "attribute discard" ? 1 : 0, lines.Count(l => l.StartsWith("  announce", StringComparison.Ordinal)));
    }

    [Fact]
    public void Numbers_of_two_octets_and_path_identifiers_are_read_when_asked_for()
    {
        Assert.Contains("  AS_PATH 65001,65002", Decode(Reach + "40010100" + "4002060202fde9fdea" + "40050400000064", new(As4: false)));
        var withId = Reach.Replace("800e2c", "800e30", StringComparison.Ordinal).Replace("000221", "00000000070221", StringComparison.Ordinal);
        Assert.Contains(Decode(withId + "40010100" + "400200" + "40050400000064", new(AddPath: true)), l => l.StartsWith("  announce path=7 macip", StringComparison.Ordinal));
    }

    [Fact]
    public void Other_messages_and_what_is_none()
    {
        byte[] stream = [.. BgpMessage.Keepalive, .. Notification.Shutdown("moved").ToMessage(), .. new RouteRefresh(25, RefreshKind.Begin, 70).ToMessage(), .. BgpMessage.EndOfRib(BgpFamily.L2VpnEvpn)];
        Assert.Equal(
            ["keepalive", "notification 6/2 cease: administrative shutdown \"moved\"", "route-refresh l2vpn-evpn begin", "update", "  MP_UNREACH_NLRI l2vpn-evpn end-of-rib"],
            new BgpText().Decode(stream));
        var open = new OpenMessage(65000, 90, IpAddress.Parse("10.0.0.1"), [new(1, [0, 25, 0, 70]), new(70, [])]);
        Assert.Equal(
            ["open as=65000 hold=90 id=10.0.0.1", "  capability multiprotocol l2vpn-evpn", "  capability enhanced-route-refresh", "cut short: 5 octets left"],
            new BgpText().Decode([.. open.ToMessage(), 255, 255, 255, 255, 255]));
        Assert.StartsWith("no message: 1/1", Assert.Single(new BgpText().Decode(new byte[30])), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_comes_is_put_into_words_without_a_fall()
    {
        var random = new Random(7);
        var start = Convert.FromHexString(Reach + "40010100" + "40020a02020000fde900011170" + "40050400000064" + "c010080002fde800000064");
        for (var i = 0; i < 20_000; i++)
        {
            byte[] body = [0, 0, 0, (byte)start.Length, .. start];
            for (var changes = random.Next(6); changes > 0; changes--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }

            byte[] message = [.. Enumerable.Repeat((byte)0xff, 16), 0, (byte)(body.Length + 19), 2, .. body];
            Assert.NotEmpty(new BgpText(i % 2 == 0, i % 3 == 0).Decode(message));
        }
    }
}
