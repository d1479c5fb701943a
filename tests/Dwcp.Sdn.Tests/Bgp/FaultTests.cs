using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Bmp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>What faulty UPDATEs do to a session and to the routes in them: RFC 7606, attribute by attribute.</summary>
public class FaultTests
{
    private static readonly byte[] Nlri = Convert.FromHexString("0225" + "00010a0000010064" + "00000000000000000000" + "00000000" + "30" + "020000000001" + "20" + "0a010101" + "000064");
    private static readonly byte[] Origin = [0x40, 1, 1, 0];
    private static readonly byte[] Path = [0x40, 2, 0];
    private static readonly byte[] Preference = [0x40, 5, 4, 0, 0, 0, 100];

    public enum Fate
    {
        Kept,
        Withdrawn,
        Reset,
    }

    private static byte[] Attribute(byte flags, byte code, params byte[] value) => [flags, code, (byte)value.Length, .. value];

    private static byte[] Reach(params byte[] nlri) => Attribute(0x80, 14, [0, 25, 70, 4, 192, 0, 2, 1, 0, .. nlri]);

    private static byte[] Body(params byte[][] attributes)
    {
        byte[] all = [.. attributes.SelectMany(a => a)];
        return [0, 0, (byte)(all.Length >> 8), (byte)all.Length, .. all];
    }

    /// <summary>A route base with one peer that has already announced the route, and then sends this.</summary>
    private static (Fate Fate, RibPeer Peer) Send(byte[] body, bool external = false)
    {
        var routes = new RouteBase(new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.0.0.1")));
        var peer = Up(routes, external);
        byte[][] attributes = external
            ? [Reach(Nlri), Origin, Attribute(0x40, 2, 2, 1, 0, 0, 0xfd, 0xe9)]
            : [Reach(Nlri), Origin, Path, Preference];
        Assert.Null(routes.Update(peer, Body(attributes), first: true).Fault);
        Assert.Equal(1, routes.Table.Count);
        var outcome = routes.Update(peer, body, first: true);
        return (outcome.Fault is not null ? Fate.Reset : routes.Table.PathCount == 1 ? Fate.Kept : Fate.Withdrawn, peer);
    }

    internal static RibPeer Up(RouteBase routes, bool external = false, byte families = 1, bool addPath = false)
    {
        var peer = routes.Add(new PeerSettings { Id = "p", RemoteAs = new Asn(external ? 65001u : 65000u) });
        var capabilities = new Capabilities
        {
            Families = new FamilySet(families),
            As4 = new Asn(65000),
            AddPath = addPath ? [new(BgpFamily.L2VpnEvpn, 3)] : [],
        };
        routes.Up(peer, new Agreement(peer.Settings.RemoteAs, IpAddress.Parse("10.0.0.2"), external, default, capabilities, capabilities), default, routes.NewQueue());
        return peer;
    }

    public static TheoryData<string, byte, string, Fate, int> Cells()
    {
        // Attribute, flags and value; what becomes of the route; how many attributes were dropped on the way.
        var data = new TheoryData<string, byte, string, Fate, int>
        {
            { "origin of no octets", 1, "40 01 00", Fate.Withdrawn, 0 },
            { "origin of two octets", 1, "40 01 02 0000", Fate.Withdrawn, 0 },
            { "origin 3", 1, "40 01 01 03", Fate.Withdrawn, 0 },
            { "origin as optional", 1, "c0 01 01 00", Fate.Withdrawn, 0 },
            { "path with an unknown segment", 2, "40 02 06 05 01 00000001", Fate.Withdrawn, 0 },
            { "path with an empty segment", 2, "40 02 02 02 00", Fate.Withdrawn, 0 },
            { "path shorter than it says", 2, "40 02 06 02 02 00000001", Fate.Withdrawn, 0 },
            { "path as non-transitive", 2, "80 02 00", Fate.Withdrawn, 0 },
            { "med of three octets", 4, "80 04 03 000000", Fate.Withdrawn, 0 },
            { "med of five octets", 4, "80 04 05 0000000000", Fate.Withdrawn, 0 },
            { "med as transitive", 4, "c0 04 04 00000000", Fate.Withdrawn, 0 },
            { "local preference of three octets", 5, "40 05 03 000000", Fate.Withdrawn, 0 },
            { "local preference of no octets", 5, "40 05 00", Fate.Withdrawn, 0 },
            { "atomic aggregate with a value", 6, "40 06 01 00", Fate.Kept, 1 },
            { "atomic aggregate as optional", 6, "c0 06 00", Fate.Withdrawn, 0 },
            { "aggregator of six octets", 7, "c0 07 06 fde8 0a000001", Fate.Kept, 1 },
            { "aggregator of no octets", 7, "c0 07 00", Fate.Kept, 1 },
            { "communities of three octets", 8, "c0 08 03 000000", Fate.Withdrawn, 0 },
            { "communities of no octets", 8, "c0 08 00", Fate.Withdrawn, 0 },
            { "communities as well-known", 8, "40 08 04 fde80001", Fate.Withdrawn, 0 },
            { "originator of five octets", 9, "80 09 05 0a00000200", Fate.Withdrawn, 0 },
            { "clusters of five octets", 10, "80 0a 05 0a00000200", Fate.Withdrawn, 0 },
            { "clusters of no octets", 10, "80 0a 00", Fate.Withdrawn, 0 },
            { "extended communities of seven octets", 16, "c0 10 07 0002fde8000000", Fate.Withdrawn, 0 },
            { "extended communities of no octets", 16, "c0 10 00", Fate.Withdrawn, 0 },
            { "as4 path from one who needs none", 17, "c0 11 06 02 01 00000001", Fate.Kept, 1 },
            { "pmsi of four octets", 22, "c0 16 04 00060000", Fate.Withdrawn, 0 },
            { "pmsi of ingress replication without address", 22, "c0 16 05 00 06 000064", Fate.Withdrawn, 0 },
            { "tunnel longer than its attribute", 23, "c0 17 04 0008 0005", Fate.Kept, 1 },
            { "large communities of eleven octets", 32, "c0 20 0b 0000000000000000000000", Fate.Withdrawn, 0 },
            { "only to customer of three octets", 35, "c0 23 03 000000", Fate.Withdrawn, 0 },
            { "unknown well-known", 77, "40 4d 00", Fate.Reset, 0 },
            { "unknown optional transitive", 77, "c0 4d 01 07", Fate.Kept, 0 },
            { "unknown optional non-transitive", 77, "80 4d 01 07", Fate.Kept, 1 },
        };
        return data;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_malformed_attribute_gets_the_answer_of_its_row(string what, byte code, string hex, Fate fate, int discarded)
    {
        var faulty = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        byte[][] all = [Reach(Nlri), .. new[] { Origin, Path, Preference }.Where(a => a[1] != code), faulty];
        var (result, peer) = Send(Body(all));
        Assert.True(fate == result, $"{what}: {result}");
        Assert.Equal(discarded, peer.AttributesDiscarded);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void A_missing_mandatory_attribute_withdraws(byte code)
    {
        byte[][] all = [Reach(Nlri), .. new[] { Origin, Path, Preference }.Where(a => a[1] != code)];
        Assert.Equal(Fate.Withdrawn, Send(Body(all)).Fate);
    }

    [Fact]
    public void Of_two_equal_codes_the_first_counts_and_of_two_reaches_none()
    {
        var (fate, peer) = Send(Body(Reach(Nlri), Origin, Path, Preference, Preference));
        Assert.Equal((Fate.Kept, 1L), (fate, peer.AttributesDiscarded));
        Assert.Equal(Fate.Reset, Send(Body(Reach(Nlri), Reach(Nlri), Origin, Path, Preference)).Fate);
    }

    [Fact]
    public void Any_order_of_attributes_will_do() =>
        Assert.Equal(Fate.Kept, Send(Body(Preference, Path, Origin, Reach(Nlri))).Fate);

    [Fact]
    public void An_attribute_that_ends_outside_of_the_list_withdraws() =>
        Assert.Equal(Fate.Withdrawn, Send(Body(Reach(Nlri), Origin, Path, [0x40, 5, 9, 0, 0])).Fate);

    [Fact]
    public void Lengths_that_contradict_the_message_end_the_session()
    {
        Assert.Equal(Fate.Reset, Send([0, 9, 0, 0]).Fate);
        Assert.Equal(Fate.Reset, Send([0, 0, 0, 9]).Fate);
        Assert.Equal(Fate.Reset, Send([0, 0, 0]).Fate);
    }

    [Fact]
    public void A_next_hop_of_an_odd_length_ends_the_session() =>
        Assert.Equal(Fate.Reset, Send(Body(Attribute(0x80, 14, [0, 25, 70, 5, 1, 2, 3, 4, 5, 0, .. Nlri]), Origin, Path, Preference)).Fate);

    /// <summary>RFC 4271 §6.3: the attribute with its flags, code and length comes back.</summary>
    [Theory]
    [InlineData("40 4d 01 07", "3/2")] // well-known, and nobody knows it
    [InlineData("80 0e 04 00194604", "3/9")] // MP_REACH_NLRI cut short
    [InlineData("80 0e 0a 001946 05 0102030405 00", "3/9")] // a next hop of five octets
    [InlineData("90 0e 000a 001946 05 0102030405 00", "3/9")]
    [InlineData("80 0e 0c 001946 04 c0000201 00 026301", "3/9")] // a route that does not say where it ends
    [InlineData("80 0f 02 0019", "3/9")] // MP_UNREACH_NLRI cut short
    [InlineData("80 0f 06 001946 026301", "3/9")]
    public void A_notification_quotes_the_attribute_that_ends_the_session(string hex, string expected)
    {
        var faulty = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        byte[][] all = [Origin, Path, faulty, Preference, .. faulty[1] == 14 ? [] : new[] { Reach(Nlri) }];
        var routes = new RouteBase(new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.0.0.1")));
        var fault = routes.Update(Up(routes), Body(all), first: true).Fault!;
        Assert.Equal((expected, Convert.ToHexStringLower(faulty)), ($"{fault.Code}/{fault.Subcode}", Convert.ToHexStringLower(fault.Data.AsSpan())));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_route_outside_of_attributes_that_does_not_say_where_it_ends_is_an_invalid_network_field(bool announced)
    {
        var routes = new RouteBase(new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.0.0.1")));
        byte[] route = [24, 10, 0];
        byte[] attributes = [.. Origin, .. Path, .. Preference, .. Attribute(0x40, 3, 192, 0, 2, 1)];
        byte[] body = announced ? [0, 0, 0, (byte)attributes.Length, .. attributes, .. route] : [0, 3, .. route, 0, 0];
        Assert.Equal(new Notification(3, 10, []), routes.Update(Up(routes, families: 5), body, first: true).Fault);
    }

    /// <summary>RFC 7854 §4.8: prefixes, whether the message or they themselves were at fault; not those of loops and not those that cannot be known.</summary>
    [Fact]
    public void Routes_that_are_taken_as_withdrawn_are_counted_for_stations()
    {
        var desk = new Desk();
        var peer = desk.Peer();
        var other = (byte[])Nlri.Clone();
        other[^9] ^= 1;
        byte[] unlabelled = [2, 0x22, .. other[2..^3]];
        byte[] unknown = [2, 2, 0, 1];
        void Say(params byte[][] attributes) => Assert.Null(desk.Routes.Update(peer, Body(attributes), first: true).Fault);
        Say(Reach([.. Nlri, .. other]), Origin, Path, [0x40, 5, 3, 0, 0, 0]);
        Say(Reach([.. Nlri, .. unlabelled, .. unknown]), Origin, Path, Preference);
        Say(Reach(Nlri), Origin, Path, Preference, Attribute(0x80, 9, 10, 0, 0, 1));
        Say(Attribute(0x80, 15, [0, 25, 70, .. Nlri]), [0x40, 5, 3, 0, 0, 0]);
        Assert.Equal((1, 3, 2), (peer.TakenAsWithdrawn, peer.RoutesTakenAsWithdrawn, peer.Malformed));
        var statistics = BmpMessage.Statistics(new(IpAddress.Parse("10.0.0.2"), new Asn(65000), 0, false, false), DateTimeOffset.UnixEpoch, peer);
        Assert.Contains("000b0004" + "00000001" + "000c0004" + "00000003", Convert.ToHexStringLower(statistics), StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_a_peer_of_this_as_may_send_is_dropped_from_others()
    {
        byte[] path = Attribute(0x40, 2, 2, 1, 0, 0, 0xfd, 0xe9);
        var (fate, peer) = Send(Body(Reach(Nlri), Origin, path, Preference, Attribute(0x80, 9, 1, 2, 3), Attribute(0x80, 10, 1)), external: true);
        Assert.Equal((Fate.Kept, 3L), (fate, peer.AttributesDiscarded));
    }

    [Fact]
    public void A_route_that_went_through_here_before_is_not_taken()
    {
        Assert.Equal(Fate.Withdrawn, Send(Body(Reach(Nlri), Origin, Path, Preference, Attribute(0x80, 9, 10, 0, 0, 1))).Fate);
        Assert.Equal(Fate.Withdrawn, Send(Body(Reach(Nlri), Origin, Path, Preference, Attribute(0x80, 10, 10, 0, 0, 9, 10, 0, 0, 1))).Fate);
        Assert.Equal(Fate.Withdrawn, Send(Body(Reach(Nlri), Origin, Attribute(0x40, 2, 2, 1, 0, 0, 0xfd, 0xe8), Preference)).Fate);
    }

    public static TheoryData<string, string, Fate> Nlris() => new()
    {
        // The route that was there is the same one; what cannot be known leaves it alone.
        { "mac of 47 bits", "02 25 00010a0000010064 00000000000000000000 00000000 2f 020000000001 20 0a010101 000064", Fate.Kept },
        { "address of 33 bits", "02 25 00010a0000010064 00000000000000000000 00000000 30 020000000001 21 0a010101 000064", Fate.Kept },
        { "no label", "02 22 00010a0000010064 00000000000000000000 00000000 30 020000000001 20 0a010101", Fate.Withdrawn },
        { "a label and a half", "02 26 00010a0000010064 00000000000000000000 00000000 30 020000000001 20 0a010101 000064 00", Fate.Withdrawn },
        { "two octets of a mac route", "02 02 0001", Fate.Kept },
        { "nothing of a mac route", "02 00", Fate.Kept },
        { "prefix of 33 bits", "05 22 00010a0000010064 00000000000000000000 00000000 21 0a010101 00000000 000064", Fate.Kept },
    };

    [Theory]
    [MemberData(nameof(Nlris))]
    public void A_malformed_route_is_left_out_and_those_beside_it_are_taken(string what, string hex, Fate fate)
    {
        var other = (byte[])Nlri.Clone();
        other[^9] ^= 1; // The last octet of the MAC.
        var routes = new RouteBase(new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.0.0.1")));
        var peer = Up(routes);
        routes.Update(peer, Body(Reach(Nlri), Origin, Path, Preference), first: true);
        var faulty = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var outcome = routes.Update(peer, Body(Reach([.. faulty, .. other]), Origin, Path, Preference), first: true);
        Assert.Null(outcome.Fault);
        Assert.Equal(1, peer.Malformed);
        Assert.True((fate == Fate.Kept ? 2 : 1) == routes.Table.PathCount, what);
    }

    [Fact]
    public void A_route_that_comes_twice_in_one_message_the_second_time_malformed_is_withdrawn()
    {
        var desk = new Desk();
        var peer = desk.Peer();
        byte[] unlabelled = [2, 0x22, .. Nlri[2..^3]];
        Assert.Null(desk.Routes.Update(peer, Body(Reach([.. Nlri, .. unlabelled]), Origin, Path, Preference), first: true).Fault);
        Assert.Equal((0, 0), (desk.Routes.Table.PathCount, desk.Routes.Attributes.Count));
    }

    [Fact]
    public void A_route_that_does_not_say_where_it_ends_ends_the_session() =>
        Assert.Equal(Fate.Reset, Send(Body(Reach([.. Nlri, 2, 99, 1]), Origin, Path, Preference)).Fate);
}
