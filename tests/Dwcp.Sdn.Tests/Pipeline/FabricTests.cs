using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;

namespace Dwcp.Sdn.Tests.Pipeline;

public class FabricTests
{
    private static readonly TestNetwork Blue = new(1, new Vni(10100), SuppressArp: true, FloodUnknown: false, [new Gateway(IpAddress.Parse("10.0.0.254"), GeneratedFabric.GatewayMac)]);
    private static readonly TestNetwork Red = new(2, new Vni(10200), SuppressArp: false, FloodUnknown: true, []);

    private static readonly TestHost A = Host(1, 0, Blue);
    private static readonly TestHost B = Host(2, 0, Blue);
    private static readonly TestHost C = Host(3, 1, Blue);
    private static readonly TestHost D = Host(4, 2, Blue);
    private static readonly TestHost Free = Host(5, 0, Blue) with { PortSecurity = false };
    private static readonly TestHost Bare = Host(6, 1, Blue) with { Addresses = [] };
    private static readonly TestHost R1 = Host(7, 0, Red);
    private static readonly TestHost R2 = Host(8, 1, Red);
    private static readonly TestHost R3 = Host(9, 2, Red);

    private readonly FakeFabric fabric = new(
        [IpAddress.Parse("192.0.2.1"), IpAddress.Parse("192.0.2.2"), IpAddress.Parse("192.0.2.3")],
        [A, B, C, D, Free, Bare, R1, R2, R3]);

    private static TestHost Host(uint n, int at, TestNetwork network) => new(
        n, at, new PortNumber(n + 10), network, new MacAddress(0x0200_0000_0000ul + n),
        [IpAddress.V4(0x0a00_0000 + n), IpAddress.V6(((UInt128)0xfd00_0000 << 96) | n)], PortSecurity: true);

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    [InlineData(4, 1)]
    public void A_frame_comes_out_at_the_host_it_is_for_unchanged(uint to, int tunnels)
    {
        var receiver = fabric.Hosts.Single(h => h.LogicalPort == to);
        foreach (var frame in (byte[][])[Frames.Udp(receiver.Mac, A.Mac, A.V4, receiver.V4), Frames.Ping(receiver.Mac, A.Mac, A.V6, receiver.V6)])
        {
            var outcome = fabric.Send(A, frame);

            Assert.Equal([new Delivery(receiver, EquatableArray.Create<byte>(frame))], outcome.Deliveries);
            Assert.Equal(tunnels, outcome.TunnelFrames);
        }
    }

    [Fact]
    public void A_broadcast_reaches_every_other_host_of_its_network_once()
    {
        var outcome = fabric.Send(A, Frames.Udp(MacAddress.Broadcast, A.Mac, A.V4, IpAddress.Parse("10.0.0.255")));

        Assert.Equal([2u, 3u, 4u, 5u, 6u], outcome.Receivers.Select(h => h.LogicalPort).Order());
        Assert.Equal(2, outcome.TunnelFrames);
        Assert.Empty(outcome.Drops);
    }

    [Fact]
    public void Multicast_reaches_the_network_and_no_other()
    {
        var group = MacAddress.Parse("01:00:5e:00:00:fb");
        var outcome = fabric.Send(C, Frames.Udp(group, C.Mac, C.V4, IpAddress.Parse("224.0.0.251")));

        Assert.Equal([1u, 2u, 4u, 5u, 6u], outcome.Receivers.Select(h => h.LogicalPort).Order());
    }

    [Fact]
    public void A_spoofed_mac_is_dropped_and_counted()
    {
        var outcome = fabric.Send(A, Frames.Udp(B.Mac, C.Mac, A.V4, B.V4));

        AssertDropped(outcome, DropReason.MacNotAllowed);
        Assert.Equal(1ul, fabric.Switches[0].Counted(DropReason.MacNotAllowed));
    }

    [Fact]
    public void A_spoofed_address_is_dropped_and_counted_whatever_carries_it()
    {
        byte[][] lies =
        [
            Frames.Udp(B.Mac, A.Mac, C.V4, B.V4),
            Frames.Ping(B.Mac, A.Mac, C.V6, B.V6),
            Frames.ArpRequest(A.Mac, C.V4, B.V4),
            Frames.Arp(MacAddress.Broadcast, A.Mac, 2, A.Mac, C.V4, A.Mac, C.V4),
            Frames.Arp(B.Mac, A.Mac, 2, C.Mac, A.V4, B.Mac, B.V4),
            Frames.NeighborAdvertisement(B.Mac, A.Mac, A.V6, B.V6, C.V6),
            Frames.NeighborAdvertisement(B.Mac, A.Mac, C.V6, B.V6, A.V6),
            Frames.NeighborSolicitation(A.Mac, Frames.Unspecified6, C.V6),
            Frames.Ping(B.Mac, A.Mac, IpAddress.Parse("fe80::1"), B.V6),
            Frames.Arp(MacAddress.Broadcast, A.Mac, 3, C.Mac, IpAddress.V4(0), C.Mac, IpAddress.V4(0), EtherTypes.Rarp),
            Frames.Ethernet(B.Mac, A.Mac, 0x88b5, [1, 2, 3, 4]),
        ];
        foreach (var lie in lies)
        {
            AssertDropped(fabric.Send(A, lie), DropReason.AddressNotAllowed);
        }

        Assert.Equal((ulong)lies.Length, fabric.Switches[0].Counted(DropReason.AddressNotAllowed));
    }

    [Fact]
    public void A_port_without_port_security_may_be_anybody()
    {
        var outcome = fabric.Send(Free, Frames.Udp(B.Mac, MacAddress.Parse("02:aa:00:00:00:01"), IpAddress.Parse("203.0.113.1"), B.V4));

        Assert.Equal([B], outcome.Receivers);
    }

    [Fact]
    public void A_port_without_addresses_is_held_to_its_mac_alone()
    {
        Assert.Equal([A], fabric.Send(Bare, Frames.Udp(A.Mac, Bare.Mac, IpAddress.Parse("203.0.113.1"), A.V4)).Receivers);
        AssertDropped(fabric.Send(Bare, Frames.Udp(A.Mac, B.Mac, B.V4, A.V4)), DropReason.MacNotAllowed);
    }

    [Fact]
    public void Arp_for_a_known_host_is_answered_in_place()
    {
        foreach (var known in (TestHost[])[B, C])
        {
            var outcome = fabric.Send(A, Frames.ArpRequest(A.Mac, A.V4, known.V4));

            Assert.Equal([new Delivery(A, EquatableArray.Create<byte>(Frames.Arp(A.Mac, known.Mac, 2, known.Mac, known.V4, A.Mac, A.V4)))], outcome.Deliveries);
            Assert.Equal(0, outcome.TunnelFrames);
        }
    }

    [Fact]
    public void Arp_for_the_gateway_is_answered_in_place_even_where_arp_is_not_suppressed()
    {
        var outcome = fabric.Send(A, Frames.ArpRequest(A.Mac, A.V4, IpAddress.Parse("10.0.0.254")));

        Assert.Equal([A], outcome.Receivers);
        Assert.Equal(GeneratedFabric.GatewayMac, SourceOf(outcome.Deliveries[0]));
    }

    [Fact]
    public void Arp_is_flooded_where_it_is_not_suppressed_and_for_unknown_addresses()
    {
        Assert.Equal([R2, R3], fabric.Send(R1, Frames.ArpRequest(R1.Mac, R1.V4, R2.V4)).Receivers);
        Assert.Equal(5, fabric.Send(A, Frames.ArpRequest(A.Mac, A.V4, IpAddress.Parse("10.0.0.99"))).Deliveries.Count);
    }

    [Fact]
    public void A_probe_for_an_own_address_is_not_answered_and_one_for_anothers_is()
    {
        var own = fabric.Send(A, Frames.ArpRequest(A.Mac, IpAddress.V4(0), A.V4));
        Assert.DoesNotContain(A, own.Receivers);
        Assert.Equal(5, own.Deliveries.Count);

        var other = fabric.Send(A, Frames.ArpRequest(A.Mac, IpAddress.V4(0), C.V4));
        Assert.Equal([A], other.Receivers);
        Assert.Equal(C.Mac, SourceOf(other.Deliveries[0]));
    }

    [Fact]
    public void A_gratuitous_request_is_flooded_and_not_answered()
    {
        foreach (var (sender, address) in ((TestHost, IpAddress)[])[(A, A.V4), (Free, C.V4), (Free, Blue.Gateways[0].Address)])
        {
            var outcome = fabric.Send(sender, Frames.ArpRequest(sender.Mac, address, address));

            Assert.DoesNotContain(sender, outcome.Receivers);
            Assert.Equal(5, outcome.Deliveries.Count);
        }
    }

    [Fact]
    public void An_unknown_unicast_is_dropped_unless_the_network_floods()
    {
        var nobody = MacAddress.Parse("02:bb:00:00:00:01");
        AssertDropped(fabric.Send(A, Frames.Udp(nobody, A.Mac, A.V4, B.V4)), DropReason.UnknownDestination);

        var flooded = fabric.Send(R1, Frames.Udp(nobody, R1.Mac, R1.V4, R2.V4));
        Assert.Equal([R2, R3], flooded.Receivers);
        Assert.Contains(Numbering.FloodMeter(Red.BridgeDomain), flooded.Traces[0].Meters);
    }

    [Fact]
    public void A_frame_of_a_stranger_vtep_or_of_an_unknown_vni_is_dropped()
    {
        var frame = Frames.Udp(A.Mac, C.Mac, C.V4, A.V4);
        var (here, peer) = (fabric.Switches[0].Vtep, fabric.Switches[1].Vtep);

        AssertDropped(fabric.Send(0, FromTunnel(frame, Blue.Vni.Value, IpAddress.Parse("198.51.100.1"), here)), DropReason.UnknownVtep);
        AssertDropped(fabric.Send(0, FromTunnel(frame, 4711, peer, here)), DropReason.UnknownVni);
        AssertDropped(fabric.Send(0, FromTunnel(Frames.Tagged(frame, 7), Blue.Vni.Value, peer, here)), DropReason.MalformedFrame);
        Assert.Equal([A], fabric.Send(0, FromTunnel(frame, Blue.Vni.Value, peer, here)).Receivers);
    }

    [Fact]
    public void A_frame_from_a_tunnel_never_goes_back_into_one()
    {
        var (here, peer) = (fabric.Switches[0].Vtep, fabric.Switches[1].Vtep);

        var unicast = fabric.Send(0, FromTunnel(Frames.Udp(D.Mac, C.Mac, C.V4, D.V4), Blue.Vni.Value, peer, here));
        AssertDropped(unicast, DropReason.UnknownDestination);

        var flooded = fabric.Send(0, FromTunnel(Frames.Udp(R3.Mac, R2.Mac, R2.V4, R3.V4), Red.Vni.Value, peer, here));
        Assert.Equal([R1], flooded.Receivers);

        var broadcast = fabric.Send(0, FromTunnel(Frames.ArpRequest(C.Mac, C.V4, A.V4), Blue.Vni.Value, peer, here));
        Assert.Equal([A, B, Free], broadcast.Receivers);
        Assert.Equal(0, unicast.TunnelFrames + flooded.TunnelFrames + broadcast.TunnelFrames);
    }

    [Fact]
    public void A_frame_to_its_own_sender_is_a_hairpin()
    {
        AssertDropped(fabric.Send(A, Frames.Udp(A.Mac, A.Mac, A.V4, A.V4)), DropReason.Hairpin);
    }

    [Fact]
    public void Neighbour_discovery_works_within_the_network()
    {
        Assert.Equal(5, fabric.Send(A, Frames.NeighborSolicitation(A.Mac, A.V6, C.V6)).Deliveries.Count);
        Assert.Equal([A], fabric.Send(C, Frames.NeighborAdvertisement(A.Mac, C.Mac, C.V6, A.V6, C.V6)).Receivers);

        var linkLocal = IpAddress.Parse("fe80::ff:fe00:1");
        Assert.Equal([C], fabric.Send(A, Frames.Ping(C.Mac, A.Mac, linkLocal, C.V6)).Receivers);
        Assert.Equal([C], fabric.Send(A, Frames.NeighborAdvertisement(C.Mac, A.Mac, A.V6, C.V6, linkLocal)).Receivers);
    }

    [Fact]
    public void A_host_may_check_its_own_addresses_and_look_for_routers_before_it_has_one()
    {
        byte[][] first =
        [
            Frames.NeighborSolicitation(A.Mac, Frames.Unspecified6, A.V6),
            Frames.NeighborSolicitation(A.Mac, Frames.Unspecified6, IpAddress.Parse("fe80::ff:fe00:1")),
            Frames.Icmp6(MacAddress.Parse("33:33:00:00:00:02"), A.Mac, Frames.Unspecified6, IpAddress.Parse("ff02::2"), 133),
            Frames.Icmp6(MacAddress.Parse("33:33:00:00:00:16"), A.Mac, Frames.Unspecified6, IpAddress.Parse("ff02::16"), 143),
            Frames.Udp(MacAddress.Broadcast, A.Mac, IpAddress.V4(0), IpAddress.V4(uint.MaxValue), 68, 67),
            Frames.Arp(MacAddress.Broadcast, A.Mac, 3, A.Mac, IpAddress.V4(0), A.Mac, IpAddress.V4(0), EtherTypes.Rarp),
        ];
        foreach (var frame in first)
        {
            Assert.Equal(5, fabric.Send(A, frame).Deliveries.Count);
        }
    }

    [Fact]
    public void A_tenant_is_no_dhcp_server_and_no_router()
    {
        AssertDropped(fabric.Send(A, Frames.Udp(B.Mac, A.Mac, A.V4, B.V4, 67, 68)), DropReason.DhcpServer);
        AssertDropped(fabric.Send(A, Frames.Udp(B.Mac, A.Mac, A.V6, B.V6, 547, 546)), DropReason.DhcpServer);
        AssertDropped(fabric.Send(A, Frames.Icmp6(Frames.AllNodes, A.Mac, A.V6, IpAddress.Parse("ff02::1"), 134)), DropReason.RouterAdvertisement);
        AssertDropped(fabric.Send(A, Frames.Icmp6(B.Mac, A.Mac, A.V6, B.V6, 137)), DropReason.RouterAdvertisement);
    }

    [Fact]
    public void A_guard_is_not_passed_by_sending_in_fragments() =>
        AssertDropped(fabric.Send(A, Frames.FirstFragment(Frames.Udp(B.Mac, A.Mac, A.V4, B.V4, 67, 68))), DropReason.DhcpServer);

    [Fact]
    public void Lldp_tagged_frames_and_unknown_ports_go_nowhere()
    {
        AssertDropped(fabric.Send(A, Frames.Ethernet(MacAddress.Parse("01:80:c2:00:00:0e"), A.Mac, EtherTypes.Lldp, [2, 4])), DropReason.TenantLldp);
        AssertDropped(fabric.Send(A, Frames.Tagged(Frames.Udp(B.Mac, A.Mac, A.V4, B.V4), 5)), DropReason.UnknownPort);
        AssertDropped(fabric.Send(0, new Packet(Frames.Udp(B.Mac, A.Mac, A.V4, B.V4), new PortNumber(99))), DropReason.UnknownPort);
    }

    [Fact]
    public void Lldp_from_a_port_to_another_switch_goes_to_the_controller_through_a_meter_and_nowhere_else()
    {
        var lldp = Frames.Ethernet(MacAddress.Parse("01:80:c2:00:00:0e"), A.Mac, EtherTypes.Lldp, [2, 4]);
        var outcome = fabric.Send(0, new Packet(lldp, FakeSwitch.FabricPort));

        var punt = Assert.Single(outcome.Traces[0].Punts);
        Assert.Equal((Numbering.LldpMeter, new FabricPortNeed(FakeSwitch.FabricPort).Cookie.Value), (punt.Meter, punt.Cookie));
        Assert.Equal(lldp, punt.Frame);
        Assert.Empty(outcome.Deliveries);
        AssertDropped(fabric.Send(0, new Packet(Frames.Tagged(lldp, 5), FakeSwitch.FabricPort)), DropReason.TenantLldp);
        AssertDropped(fabric.Send(0, new Packet(Frames.Udp(B.Mac, A.Mac, A.V4, B.V4), FakeSwitch.FabricPort)), DropReason.UnknownPort);
    }

    [Fact]
    public void A_packet_to_the_gateway_has_no_route_until_there_is_routing()
    {
        AssertDropped(fabric.Send(A, Frames.Udp(GeneratedFabric.GatewayMac, A.Mac, A.V4, IpAddress.Parse("10.9.9.9"))), DropReason.NoRoute);
    }

    [Fact]
    public void What_a_port_sends_to_many_passes_its_own_meter()
    {
        var outcome = fabric.Send(A, Frames.ArpRequest(A.Mac, A.V4, B.V4));

        Assert.Equal([Numbering.PortMeter(A.LogicalPort)], outcome.Traces[0].Meters);
        Assert.Empty(fabric.Send(A, Frames.Udp(B.Mac, A.Mac, A.V4, B.V4)).Traces[0].Meters);
    }

    [Fact]
    public void An_ipv6_underlay_carries_the_same()
    {
        var six = new FakeFabric([IpAddress.Parse("2001:db8::1"), IpAddress.Parse("2001:db8::2")], [A, C]);

        Assert.Equal([C], six.Send(A, Frames.Udp(C.Mac, A.Mac, A.V4, C.V4)).Receivers);
        Assert.Equal([C], six.Send(A, Frames.Udp(MacAddress.Broadcast, A.Mac, A.V4, C.V4)).Receivers);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void No_packet_of_a_generated_fabric_is_lost_without_a_reason_doubled_or_leaked(int seed)
    {
        var generated = new GeneratedFabric(seed);
        for (var i = 0; i < 500; i++)
        {
            var (at, packet) = generated.NextPacket();
            var outcome = generated.Fabric.Send(at, packet);

            Assert.Equal(outcome.Receivers.Distinct(), outcome.Receivers);
            Assert.True(outcome.Receivers.Select(r => r.Network).Distinct().Count() <= 1);
            var silent = outcome.Traces.Where(t => t.Outputs.Count == 0 && t.Drops.Count == 0 && t.Punts.Count == 0);
            Assert.All(silent, t => Assert.Contains(t.Steps, s => s.Table == Table.Bum)); // A flood with nobody else to hear it.
        }
    }

    private static void AssertDropped(Outcome outcome, DropReason reason)
    {
        Assert.Empty(outcome.Deliveries);
        Assert.Equal([reason], outcome.Drops);
    }

    private static MacAddress SourceOf(Delivery delivery) => new((ulong)new Packet(delivery.Frame.AsSpan(), default).Get(Fields.EthSrc));

    private static Packet FromTunnel(byte[] frame, uint vni, IpAddress from, IpAddress to) =>
        new(frame, FakeSwitch.TunnelPort, new TunnelMetadata(vni, from, to));
}
