using System.Buffers.Binary;
using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>What a frame is: where its headers begin, and what stands in no one place. A header that is cut off or says nonsense is not there, as for Open vSwitch.</summary>
internal struct FrameShape
{
    private LayerOffsets offsets;

    public ushort EthType { get; private set; }

    /// <summary>12 bits of VID and, above them, "a tag is present".</summary>
    public ushort VlanVid { get; private set; }

    public byte VlanPcp { get; private set; }

    public byte IpProto { get; private set; }

    /// <summary>1: a fragment, 2: and not the first (ovs-fields(7), ip_frag).</summary>
    public byte IpFrag { get; private set; }

    public byte NdOptionsType { get; private set; }

    /// <summary>Where the payload of the Ethernet frame begins, behind its tag.</summary>
    public int Payload { get; private set; }

    /// <summary>Where the octets that transport checksums cover end; behind it is padding.</summary>
    public int IpEnd { get; private set; }

    /// <summary>The offset of a header, or -1.</summary>
    public readonly int this[Layer layer] => offsets[(int)layer] - 1;

    public static FrameShape Of(ReadOnlySpan<byte> frame)
    {
        var shape = default(FrameShape);
        if (frame.Length < 14)
        {
            return shape;
        }

        shape.Put(Layer.Ethernet, 0);
        shape.Payload = 14;
        var type = U16(frame, 12);
        if (type is EtherTypes.Vlan or EtherTypes.QinQ && frame.Length >= 18)
        {
            var tci = U16(frame, 14);
            shape.Put(Layer.Vlan, 12);
            shape.VlanVid = (ushort)(0x1000 | (tci & 0xfff));
            shape.VlanPcp = (byte)(tci >> 13);
            shape.Payload = 18;
            type = U16(frame, 16);
        }

        shape.EthType = shape.ReadType(frame, type);
        switch (shape.EthType)
        {
            case EtherTypes.Arp or EtherTypes.Rarp:
                shape.Arp(frame);
                break;
            case EtherTypes.Ipv4:
                shape.Ipv4(frame);
                break;
            case EtherTypes.Ipv6:
                shape.Ipv6(frame);
                break;
        }

        return shape;
    }

    /// <summary>IEEE 802.3: below 1536 the type is a length, and SNAP (RFC 1042) may carry a type after all; 0x05ff says that there is none.</summary>
    private ushort ReadType(ReadOnlySpan<byte> frame, ushort type)
    {
        if (type >= 1536)
        {
            return type;
        }

        var llc = frame[Payload..];
        if (llc.Length >= 8 && llc[..6].SequenceEqual((ReadOnlySpan<byte>)[0xaa, 0xaa, 3, 0, 0, 0]) && U16(llc, 6) >= 1536)
        {
            Payload += 8;
            return U16(llc, 6);
        }

        return 0x05ff;
    }

    private void Arp(ReadOnlySpan<byte> frame)
    {
        if (frame.Length - Payload >= 28 && BinaryPrimitives.ReadUInt64BigEndian(frame[Payload..]) >> 16 == 0x0001_0800_0604)
        {
            Put(Layer.Arp, Payload);
        }
    }

    private void Ipv4(ReadOnlySpan<byte> frame)
    {
        var size = frame.Length - Payload;
        if (size < 20)
        {
            return;
        }

        var header = (frame[Payload] & 15) * 4;
        var total = U16(frame, Payload + 2);
        if (header < 20 || header > total || total > size || size - total > 255)
        {
            return;
        }

        Put(Layer.Ipv4, Payload);
        IpEnd = Payload + total;
        IpProto = frame[Payload + 9];
        var fragment = U16(frame, Payload + 6);
        IpFrag = (byte)(((fragment & 0x3fff) != 0 ? 1 : 0) | ((fragment & 0x1fff) != 0 ? 2 : 0));
        Transport(frame, Payload + header);
    }

    private void Ipv6(ReadOnlySpan<byte> frame)
    {
        var size = frame.Length - Payload;
        if (size < 40)
        {
            return;
        }

        var total = U16(frame, Payload + 4) + 40;
        if (total > size || size - total > 255)
        {
            return;
        }

        Put(Layer.Ipv6Addresses, Payload);
        IpEnd = Payload + total;
        var next = frame[Payload + 6];
        var at = Payload + 40;

        // RFC 8200 §4: hop-by-hop, routing, destination options, authentication (RFC 4302), fragment.
        while (next is 0 or 43 or 60 or 51 or 44)
        {
            if (IpEnd - at < 8)
            {
                IpFrag = 0;
                return;
            }

            var length = next switch
            {
                44 => 8,
                51 => (frame[at + 1] + 2) * 4,
                _ => (frame[at + 1] + 1) * 8,
            };
            if (next == 44 && U16(frame, at + 2) != 0)
            {
                IpFrag = (byte)((U16(frame, at + 2) & 0xfff8) != 0 ? 3 : 1);
                if (IpFrag == 3)
                {
                    next = 44;
                    break;
                }
            }

            next = frame[at];
            at += length;
            if (at > IpEnd)
            {
                IpFrag = 0;
                return;
            }
        }

        Put(Layer.Ipv6, Payload);
        IpProto = next;
        Transport(frame, at);
    }

    private void Transport(ReadOnlySpan<byte> frame, int at)
    {
        var size = IpEnd - at;
        if ((IpFrag & 2) != 0)
        {
            return;
        }

        Put(Layer.Transport, at);
        var v6 = EthType == EtherTypes.Ipv6;
        switch (IpProto)
        {
            case 6 when size >= 20 && frame[at + 12] >> 4 is >= 5 and var words && size >= words * 4:
                Put(Layer.Tcp, at);
                break;
            case 17 when size >= 8:
                Put(Layer.Udp, at);
                break;
            case 132 when size >= 12:
                Put(Layer.Sctp, at);
                break;
            case 1 when !v6 && size >= 8:
                Put(Layer.Icmp4, at);
                break;
            case 58 when v6 && size >= 8:
                Put(Layer.Icmp6, at);
                NeighborDiscovery(frame, at);
                break;
        }
    }

    private void NeighborDiscovery(ReadOnlySpan<byte> frame, int at)
    {
        if (frame[at] is not (135 or 136) || frame[at + 1] != 0 || IpEnd - at < 24)
        {
            return;
        }

        Put(Layer.NeighborDiscovery, at);
        var option = at + 24;
        while (IpEnd - option >= 8)
        {
            var length = frame[option + 1] * 8;
            if (length == 0 || length > IpEnd - option)
            {
                return;
            }

            if (length == 8 && frame[option] is 1 or 2)
            {
                var layer = frame[option] == 1 ? Layer.SourceLinkAddress : Layer.TargetLinkAddress;
                if (this[layer] >= 0)
                {
                    // The same option twice: the packet says nothing that can be relied upon.
                    offsets[(int)Layer.NeighborDiscovery] = offsets[(int)Layer.SourceLinkAddress] = offsets[(int)Layer.TargetLinkAddress] = 0;
                    return;
                }

                Put(layer, option);
                NdOptionsType = NdOptionsType == 0 ? frame[option] : NdOptionsType;
            }

            option += length;
        }
    }

    private void Put(Layer layer, int offset) => offsets[(int)layer] = offset + 1;

    private static ushort U16(ReadOnlySpan<byte> frame, int at) => BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);

    /// <summary>Offsets plus one, so that a fresh shape has no header.</summary>
    [System.Runtime.CompilerServices.InlineArray((int)Layer.Count)]
    private struct LayerOffsets
    {
        private int first;
    }
}
