using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;

namespace Dwcp.Sdn.Tests.Pipeline;

/// <summary>Fabrics and packets made from a seed: the same seed makes the same ones.</summary>
internal sealed class GeneratedFabric
{
    public static readonly MacAddress GatewayMac = MacAddress.Parse("02:00:5e:00:01:01");

    private readonly Random random;
    private readonly List<TestNetwork> networks = [];

    public GeneratedFabric(int seed)
    {
        random = new Random(seed);
        var six = random.Next(4) == 0;
        var vteps = Enumerable.Range(1, random.Next(2, 5))
            .Select(i => six ? IpAddress.V6(((UInt128)0x2001_0db8_0077_0000 << 64) | (uint)i) : IpAddress.V4(0xcb00_7100 + (uint)i))
            .ToList();
        for (var n = 1u; n <= random.Next(1, 4); n++)
        {
            Gateway[] gateways =
            [
                new(IpAddress.V4(0x0a00_00fe + (n << 8)), GatewayMac),
                new(IpAddress.V6(((UInt128)(0xfd00_0000 + n) << 96) | 0xfe), GatewayMac),
            ];
            networks.Add(new TestNetwork(n, new Vni(10000 + n), random.Next(4) != 0, random.Next(3) == 0, random.Next(3) == 0 ? [] : [.. gateways]));
        }

        Fabric = new FakeFabric(vteps, Hosts(vteps.Count));
    }

    public FakeFabric Fabric { get; }

    /// <summary>A packet at a switch: from a host that is honest, mistaken or hostile, from a tunnel, or from nowhere.</summary>
    public (int Switch, Packet Packet) NextPacket()
    {
        var from = Any(Fabric.Hosts);
        var at = from.Switch;
        var frame = Frame(from, Other(from));
        switch (random.Next(12))
        {
            case 0:
                return (at, new Packet(frame, new PortNumber(900)));
            case 3:
                return (at, new Packet(random.Next(3) == 0 ? frame : Lldp(from.Mac), FakeSwitch.FabricPort));
            case 1 or 2:
                var to = random.Next(Fabric.Switches.Count);
                var stranger = Fabric.Switches[to].Vtep.IsV6 ? IpAddress.Parse("2001:db8:99::1") : IpAddress.Parse("198.51.100.1");
                var vtep = random.Next(6) == 0 ? stranger : Fabric.Switches[(to + 1) % Fabric.Switches.Count].Vtep;
                var vni = random.Next(6) == 0 ? 77u : from.Network.Vni.Value;
                return (to, new Packet(frame, FakeSwitch.TunnelPort, new TunnelMetadata(vni, vtep, Fabric.Switches[to].Vtep)));
            default:
                return (at, new Packet(frame, from.OfPort));
        }
    }

    private byte[] Lldp(MacAddress from)
    {
        var frame = Frames.Ethernet(MacAddress.Parse("01:80:c2:00:00:0e"), from, Core.Flows.EtherTypes.Lldp, [2, 4, 7, (byte)'a', 0, 0]);
        return random.Next(4) == 0 ? Frames.Tagged(frame, (ushort)random.Next(4095)) : frame;
    }

    private IEnumerable<TestHost> Hosts(int switches)
    {
        var logical = 1u;
        foreach (var network in networks)
        {
            for (var at = 0; at < switches; at++)
            {
                for (var i = random.Next(0, 4); i > 0; i--, logical++)
                {
                    var v4 = IpAddress.V4(0x0a00_0000 + (network.BridgeDomain << 8) + logical);
                    var v6 = IpAddress.V6(((UInt128)(0xfd00_0000 + network.BridgeDomain) << 96) | logical);
                    EquatableArray<IpAddress> addresses = random.Next(8) switch
                    {
                        0 => [],
                        1 => [v4],
                        2 => [v6],
                        _ => [v4, v6],
                    };
                    yield return new TestHost(
                        logical, at, new PortNumber(logical), network, new MacAddress(0x0200_0000_0000ul + logical), addresses, random.Next(5) != 0);
                }
            }
        }

        // Two that are always there, so that there is somebody to talk to.
        for (var at = 0; at < 2; at++, logical++)
        {
            yield return new TestHost(
                logical, at, new PortNumber(logical), networks[0], new MacAddress(0x0200_0000_0000ul + logical),
                [IpAddress.V4(0x0a00_0100 + logical), IpAddress.V6(((UInt128)0xfd00_0001 << 96) | logical)], true);
        }
    }

    private byte[] Frame(TestHost from, TestHost to)
    {
        var mac = random.Next(10) == 0 ? to.Mac : from.Mac;
        var v4 = Address(random.Next(10) == 0 ? to : from, six: false);
        var v6 = random.Next(5) == 0 ? LinkLocal(from.Mac) : Address(random.Next(10) == 0 ? to : from, six: true);
        var gateway = from.Network.Gateways.IsEmpty ? IpAddress.V4(0x0a00_00fe) : from.Network.Gateways[0].Address;
        var dst = random.Next(8) switch
        {
            0 => MacAddress.Broadcast,
            1 => new MacAddress(0x0200_0000_ff00ul + (uint)random.Next(4)),
            2 => GatewayMac,
            3 => from.Mac,
            _ => to.Mac,
        };
        var frame = random.Next(19) switch
        {
            0 => Frames.ArpRequest(mac, v4, Address(to, false)),
            1 => Frames.ArpRequest(mac, v4, gateway),
            2 => Frames.ArpRequest(mac, IpAddress.V4(0), Address(Any([from, to]), false)),
            3 => Frames.ArpRequest(mac, v4, v4),
            4 => Frames.Arp(dst, mac, 2, mac, v4, to.Mac, Address(to, false)),
            5 => Frames.Arp(MacAddress.Broadcast, mac, 3, mac, v4, mac, v4, Core.Flows.EtherTypes.Rarp),
            6 => Frames.Udp(dst, mac, v4, Address(to, false)),
            7 => Frames.Tcp(dst, mac, v6, Address(to, true)),
            8 => Frames.Ping(dst, mac, v4, Address(to, false)),
            9 => Frames.Ping(dst, mac, v6, Address(to, true)),
            10 => Frames.NeighborSolicitation(mac, v6, Address(to, true)),
            11 => Frames.NeighborSolicitation(mac, Frames.Unspecified6, random.Next(2) == 0 ? v6 : Address(to, true)),
            12 => Frames.NeighborAdvertisement(dst, mac, v6, Address(to, true), random.Next(2) == 0 ? v6 : Address(to, true)),
            13 => Frames.Icmp6(Frames.AllNodes, mac, v6, IpAddress.Parse("ff02::1"), (byte)Any([133, 134, 135, 136, 137, 143])),
            14 => Frames.Icmp6(MacAddress.Parse("33:33:00:00:00:02"), mac, Frames.Unspecified6, IpAddress.Parse("ff02::2"), (byte)Any([133, 131, 143, 128])),
            15 => Frames.Udp(MacAddress.Broadcast, mac, IpAddress.V4(0), IpAddress.V4(uint.MaxValue), 68, 67),
            16 => Frames.Udp(dst, mac, Any([v4, v6]), v6, (ushort)Any([67, 547]), 68),
            17 => Frames.Ethernet(MacAddress.Parse("01:80:c2:00:00:0e"), mac, Core.Flows.EtherTypes.Lldp, [1, 2, 3]),
            _ => Frames.Ethernet(dst, mac, (ushort)Any([0x88b5, 0x0100, 0x8847, 0x0842]), [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 1, 2, 3]),
        };
        return random.Next(20) switch
        {
            0 => Frames.Tagged(frame, (ushort)random.Next(4095)),
            1 => frame[..random.Next(14, frame.Length)],
            2 => Flip(frame),
            3 => Fragment(frame),
            4 => Extend(frame),
            _ => frame,
        };
    }

    private byte[] Flip(byte[] frame)
    {
        frame[random.Next(12, frame.Length)] ^= (byte)(1 << random.Next(8));
        return frame;
    }

    /// <summary>Makes an IPv4 packet a fragment; checksums of headers count for nobody here.</summary>
    private byte[] Fragment(byte[] frame)
    {
        if (frame[12] == 8 && frame[13] == 0)
        {
            frame[20] = (byte)(random.Next(2) << 5);
            frame[21] = (byte)random.Next(2);
        }

        return frame;
    }

    /// <summary>Puts extension headers into an IPv6 packet, some of them with a length that is not theirs.</summary>
    private byte[] Extend(byte[] frame)
    {
        if (frame[12] != 0x86 || frame[13] != 0xdd || frame.Length < 54)
        {
            return frame;
        }

        byte[] header = Any<byte[]>(
        [
            [0, 0, 5, 2, 0, 0, 1, 0],
            [60, 0, 1, 4, 0, 0, 0, 0],
            [60, 9, 1, 4, 0, 0, 0, 0],
            [43, 0, 0, 0, 0, 0, 0, 0],
            [44, 0, 0, (byte)random.Next(2), 0, 0, 0, 1],
            [44, 0, 0, 8, 0, 0, 0, 1],
            [51, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1],
        ]);
        var (next, size) = (frame[20], frame[18] << 8 | frame[19]);
        byte[] extended = [.. frame[..54], .. header, .. frame[54..]];
        extended[20] = header[0];
        extended[54] = next;
        extended[18] = (byte)((size + header.Length) >> 8);
        extended[19] = (byte)(size + header.Length);
        return extended;
    }

    private IpAddress Address(TestHost host, bool six)
    {
        foreach (var address in host.Addresses)
        {
            if (address.IsV6 == six)
            {
                return address;
            }
        }

        return six ? LinkLocal(host.Mac) : IpAddress.V4(0x0a63_0000 + host.LogicalPort);
    }

    private static IpAddress LinkLocal(MacAddress mac) => Dwcp.Sdn.Pipeline.Rules.PortRules.LinkLocal(mac);

    private TestHost Other(TestHost from) => Any(Fabric.Hosts.Where(h => h.Network == from.Network).ToList());

    private T Any<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];
}
