using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Tests.OpenFlow;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Messages in words.</summary>
public class BgpTextTests
{
    private const string Marker = "ffffffffffffffffffffffffffffffff";
    private const string Reach = "800e2c" + "001946" + "04c0000201" + "00" + "0221" + "00010a0000010064" + "00000000000000000000" + "00000000" + "30" + "020000000001" + "00" + "000064";

    private const string Complete = "40010100" + "40020a02020000fde900011170" + "40050400000064" + "c010080002fde800000064";

    private static byte[] Update(string attributes)
    {
        var length = attributes.Length / 2;
        return Convert.FromHexString($"{Marker}{length + 23:x4}020000{length:x4}{attributes}");
    }

    private static string[] Decode(string attributes, BgpText? text = null) => [.. (text ?? new()).Read(Update(attributes)).Lines];

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
        Decode(Reach + Complete));

    [Theory]
    [InlineData("40010103" + "400200" + "40050400000064", "treat as withdraw", "  ORIGIN 03: treat as withdraw (RFC 7606)")]
    [InlineData("40010100" + "400200" + "40050400000064" + "c00703fde900", "attribute discard", "  AGGREGATOR fde900: attribute discard (RFC 7606)")]
    [InlineData("40010100" + "400200" + "40050400000064" + "40050400000065", "attribute discard", "  LOCAL_PREF 00000065: attribute discard (RFC 7606)")]
    [InlineData("40010100" + "400200" + "40050400000064" + "404d0107", "session reset", "  attribute 77 07: session reset (RFC 7606)")]
    [InlineData("40010100", "treat as withdraw", "  AS_PATH is missing: treat as withdraw (RFC 7606)")]
    [InlineData("40010100" + "400200" + "400504000000", "treat as withdraw", "  after the last whole attribute 400504000000: treat as withdraw (RFC 7606)")]
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
    public void Without_a_local_preference_it_is_taken_for_one_of_another_as()
    {
        Assert.Equal("update", Decode(Reach + "40010100" + "400200")[0]);
        Assert.Contains("  LOCAL_PREF is missing: treat as withdraw (RFC 7606)", Decode(Reach + "40010100" + "400200", new() { External = false }));
        Assert.Contains("  LOCAL_PREF 00000064: attribute discard (RFC 7606)", Decode(Reach + Complete, new() { External = true }));
    }

    [Fact]
    public void A_route_that_is_malformed_among_others_has_its_own_answer()
    {
        var two = "800e4f" + "001946" + "04c0000201" + "00" + Reach[24..] + "0221" + Reach[28..^8] + "40" + "000064";
        var lines = Decode(two + Complete);
        Assert.Equal("update", lines[0]);
        Assert.Single(lines, l => l.StartsWith("  announce macip", StringComparison.Ordinal));
        Assert.Single(lines, l => l.StartsWith("  announce 0221", StringComparison.Ordinal) && l.EndsWith("malformed: left out and counted (RFC 7606)", StringComparison.Ordinal));
    }

    [Fact]
    public void Other_messages_and_what_is_none()
    {
        var text = new BgpText();
        Assert.Equal("keepalive", text.Read(BgpMessage.Keepalive).Text);
        Assert.Equal("notification 6/2 cease: administrative shutdown \"moved\"", text.Read(Notification.Shutdown("moved").ToMessage()).Text);
        Assert.Equal("route-refresh l2vpn-evpn begin", text.Read(new RouteRefresh(25, RefreshKind.Begin, 70).ToMessage()).Text);
        Assert.Equal(["update", "  MP_UNREACH_NLRI l2vpn-evpn end-of-rib"], text.Read(BgpMessage.EndOfRib(BgpFamily.L2VpnEvpn)).Lines);
        Assert.Throws<WireException>(() => text.Read(BgpMessage.Keepalive.AsSpan()[..18]));
        Assert.Throws<WireException>(() => text.Read([.. BgpMessage.Keepalive, 255]));
        Assert.StartsWith("1/1", Assert.Throws<WireException>(() => text.Read(new byte[30])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_open_says_what_is_offered_and_a_faulty_one_why_it_is_refused()
    {
        var open = new OpenMessage(65000, 90, IpAddress.Parse("10.0.0.1"),
        [
            new(1, [0, 25, 0, 70]), new(64, [0xc0, 120, 0, 25, 70, 128]), new(65, [0, 1, 0x11, 0x70]), new(69, [0, 1, 1, 3]),
            new(70, []), new(71, [0, 25, 70, 0, 0, 14, 16]), new(200, [7]),
        ]);
        Assert.Equal(
            [
                "open as=70000 hold=90 id=10.0.0.1",
                "  capability multiprotocol l2vpn-evpn",
                "  capability graceful-restart seconds=120 restarting notifications l2vpn-evpn:kept",
                "  capability four-octet-as 70000",
                "  capability add-path ipv4:both",
                "  capability enhanced-route-refresh",
                "  capability long-lived-graceful-restart l2vpn-evpn:3600",
                "  capability 200 07",
            ],
            new BgpText().Read(open.ToMessage()).Lines);
        var refused = new BgpText().Read((open with { HoldSeconds = 2 }).ToMessage());
        Assert.Equal(("open, refused: 2/6 OPEN error: unacceptable hold time", true), (refused.Text, refused.EndsSession));
        Assert.True(new BgpText().Read((open with { List = [new(65, [0, 1])] }).ToMessage()).EndsSession);
    }

    [Fact]
    public void What_both_opens_of_a_capture_agree_on_decides_how_updates_are_read()
    {
        var conversation = new BgpConversation(new(As4: false));
        var withId = Update(Reach.Replace("800e2c", "800e30", StringComparison.Ordinal).Replace("000221", "00000000070221", StringComparison.Ordinal) + Complete);
        OpenMessage Open(byte mode) => new(65000, 90, IpAddress.Parse("10.0.0.1"), [new(65, [0, 0, 0xfd, 0xe8]), new(69, [0, 25, 70, mode])]);
        conversation.Read(Open(2).ToMessage(), forth: true);
        Assert.NotNull(conversation.Read(Update(Reach + Complete), forth: true).Answer);
        conversation.Read(Open(1).ToMessage(), forth: false);
        var said = conversation.Read(withId, forth: true);
        Assert.Null(said.Answer);
        Assert.Equal(7u, Assert.Single(said.Parts, p => p.Kind == BgpPartKind.Announced).PathId);
        Assert.Null(Assert.Single(conversation.Read(Update(Reach + Complete), forth: false).Parts, p => p.Kind == BgpPartKind.Announced).PathId);
    }

    [Fact]
    public void A_capture_gives_whole_messages_and_what_is_between_them_is_not_lost()
    {
        byte[] stream = [.. BgpMessage.Keepalive, 1, 2, 3, 4, 5, .. Update(Reach + Complete), .. BgpMessage.Keepalive];
        var capture = CapturedMessagesTests.Capture(
            CapturedMessagesTests.Segment(4000, 1, stream[..30], to: 179), CapturedMessagesTests.Segment(4000, 31, stream[30..], to: 179), CapturedMessagesTests.Segment(179, 1, BgpMessage.Keepalive, to: 4000));
        var messages = CapturedMessages.Read(capture, BgpText.Capture).ToList();
        Assert.Equal([19, 5, Update(Reach + Complete).Length, 19, 19], messages.Select(m => m.Octets.Length));
        Assert.Throws<WireException>(() => new BgpText().Read(messages[1].Octets));
    }

    [Fact]
    public void Whatever_comes_is_put_into_words_and_octets_again_without_a_fall()
    {
        var random = new Random(7);
        var start = Convert.FromHexString(Reach + Complete);
        Assert.Equal(Update(Reach + Complete), new BgpText().Read(Update(Reach + Complete)).Again);
        for (var i = 0; i < 20_000; i++)
        {
            byte[] body = [0, 0, 0, (byte)start.Length, .. start];
            for (var changes = random.Next(6); changes > 0; changes--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }

            byte[] message = [.. Enumerable.Repeat((byte)0xff, 16), 0, (byte)(body.Length + 19), 2, .. body];
            var said = new BgpText(i % 2 == 0, i % 3 == 0).Read(message);
            Assert.NotEmpty(said.Lines);
            Assert.Equal(message.Length, said.Again.Count);
        }
    }
}
