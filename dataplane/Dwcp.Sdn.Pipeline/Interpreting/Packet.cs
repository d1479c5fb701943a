using System.Buffers.Binary;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>A frame on its way through the tables: its octets and what the pipeline keeps beside them.</summary>
public sealed class Packet
{
    private byte[] frame;
    private FrameShape shape;
    private readonly UInt128[] beside; // By Field.Index: in_port, metadata, tunnel, registers, pkt_mark.

    /// <summary>A frame as it comes in by a port; the octets are copied.</summary>
    public Packet(ReadOnlySpan<byte> frame, PortNumber inPort, TunnelMetadata? tunnel = null)
    {
        this.frame = frame.ToArray();
        shape = FrameShape.Of(this.frame);
        beside = new UInt128[Fields.PacketType.Index + 1];
        beside[Fields.InPort.Index] = inPort.Value;
        if (tunnel is { } t)
        {
            beside[Fields.TunnelId.Index] = t.Id;
            SetTunnelAddress(t.Source, Fields.TunSrc, Fields.TunIpv6Src);
            SetTunnelAddress(t.Destination, Fields.TunDst, Fields.TunIpv6Dst);
        }
    }

    private Packet(Packet other)
    {
        frame = other.frame.AsSpan().ToArray();
        shape = other.shape;
        beside = (UInt128[])other.beside.Clone();
    }

    public ReadOnlySpan<byte> Frame => frame;

    public PortNumber InPort => new((uint)beside[Fields.InPort.Index]);

    /// <summary>What a tunnel port puts around the frame.</summary>
    public TunnelMetadata Tunnel => new(
        (ulong)beside[Fields.TunnelId.Index],
        TunnelAddress(Fields.TunSrc, Fields.TunIpv6Src),
        TunnelAddress(Fields.TunDst, Fields.TunIpv6Dst));

    public Packet Copy() => new(this);

    /// <summary>The value of a field; zero when the packet has none.</summary>
    public UInt128 Get(Field field)
    {
        foreach (var place in FrameLayout.Of(field))
        {
            if (shape[place.Layer] is >= 0 and var at)
            {
                var value = Read(at * 8 + place.Bit, field.Bits);

                // Open vSwitch keeps eight bits of an operation, and none of a larger one.
                return field == Fields.ArpOp && value > 0xff ? UInt128.Zero : value;
            }
        }

        if (field.Index < beside.Length)
        {
            return Register(field) is { Count: > 0 } register ? ReadRegisters(register) : beside[field.Index];
        }

        return field == Fields.EthType ? shape.EthType
            : field == Fields.VlanVid ? shape.VlanVid
            : field == Fields.VlanPcp ? shape.VlanPcp
            : field == Fields.VlanTci ? (UInt128)((shape.VlanPcp << 13) | shape.VlanVid)
            : field == Fields.IpProto ? shape.IpProto
            : field == Fields.IpFrag ? shape.IpFrag
            : field == Fields.NdOptionsType ? shape.NdOptionsType
            : UInt128.Zero;
    }

    /// <summary>Changes the bits of a field under the mask, and the checksums that cover them. A packet without the field stays as it is.</summary>
    public void Set(Field field, UInt128 value, UInt128 mask)
    {
        value = (Get(field) & ~mask) | (value & mask);
        foreach (var place in FrameLayout.Of(field))
        {
            if (shape[place.Layer] is >= 0 and var at)
            {
                Write(at, place, field.Bits, value);
                return;
            }
        }

        if (field.Index < beside.Length)
        {
            if (Register(field) is { Count: > 0 } register)
            {
                WriteRegisters(register, value);
            }
            else
            {
                beside[field.Index] = value;
            }
        }
        else if (field == Fields.VlanVid || field == Fields.VlanPcp || field == Fields.VlanTci)
        {
            SetVlan(field, value);
        }
    }

    /// <summary>Puts a tag in front; its VID and priority are zero. What is too short to be a frame gets none.</summary>
    public void PushVlan(ushort etherType)
    {
        if (shape[Layer.Ethernet] < 0)
        {
            return;
        }

        var tagged = new byte[frame.Length + 4];
        frame.AsSpan(0, 12).CopyTo(tagged);
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(12), etherType);
        frame.AsSpan(12).CopyTo(tagged.AsSpan(16));
        Replace(tagged);
    }

    /// <summary>Takes the outermost tag off, if there is one.</summary>
    public void PopVlan()
    {
        if (shape[Layer.Vlan] >= 0)
        {
            Replace([.. frame.AsSpan(0, 12), .. frame.AsSpan(16)]);
        }
    }

    /// <summary>Whether everything that a field needs (OpenFlow 1.3.5 §7.2.3.6) is there, so that it means something.</summary>
    public bool Has(Field field)
    {
        if (field.Requires.IsEmpty)
        {
            return true;
        }

        foreach (var r in field.Requires)
        {
            if (Get(r.Field) == r.Value && Has(r.Field))
            {
                return true;
            }
        }

        return false;
    }

    private static (int First, int Count) Register(Field field)
    {
        if (field.Index >= Fields.XReg[0].Index && field.Index <= Fields.XReg[^1].Index)
        {
            return (2 * (field.Index - Fields.XReg[0].Index), 2);
        }

        return field.Index >= Fields.XxReg[0].Index && field.Index <= Fields.XxReg[^1].Index
            ? (4 * (field.Index - Fields.XxReg[0].Index), 4)
            : default;
    }

    // The first register has the highest bits (ovs-fields(7), "Registers").
    private UInt128 ReadRegisters((int First, int Count) wide)
    {
        var value = UInt128.Zero;
        for (var i = 0; i < wide.Count; i++)
        {
            value = (value << 32) | beside[Fields.Reg[wide.First + i].Index];
        }

        return value;
    }

    private void WriteRegisters((int First, int Count) wide, UInt128 value)
    {
        for (var i = wide.Count - 1; i >= 0; i--)
        {
            beside[Fields.Reg[wide.First + i].Index] = value & uint.MaxValue;
            value >>= 32;
        }
    }

    private UInt128 Read(int bit, int bits)
    {
        var first = bit / 8;
        var last = (bit + bits - 1) / 8;
        var value = UInt128.Zero;
        for (var i = first; i <= last; i++)
        {
            value = (value << 8) | frame[i];
        }

        value >>= ((last + 1) * 8) - bit - bits;
        return bits == 128 ? value : value & ((UInt128.One << bits) - 1);
    }

    private void Write(int at, Place place, int bits, UInt128 value)
    {
        // Whole 16-bit words, so that checksums can be corrected by the words that changed.
        var from = place.Bit / 16 * 2;
        var to = (place.Bit + bits + 15) / 16 * 2;
        Span<byte> old = stackalloc byte[18];
        old = old[..(to - from)];
        var words = frame.AsSpan(at + from, to - from);
        words.CopyTo(old);

        var shift = (to * 8) - place.Bit - bits;
        for (var i = words.Length - 1; i >= 0; i--)
        {
            var low = ((words.Length - 1 - i) * 8) - shift;
            for (var b = 0; b < 8; b++)
            {
                if (low + b >= 0 && low + b < bits)
                {
                    var one = (byte)(1 << b);
                    words[i] = (value >> (low + b) & 1) == 1 ? (byte)(words[i] | one) : (byte)(words[i] & ~one);
                }
            }
        }

        Correct(place.Layer, place.Bit, old, words);
    }

    private void Correct(Layer layer, int bit, ReadOnlySpan<byte> old, ReadOnlySpan<byte> now)
    {
        var isAddress = (layer == Layer.Ipv4 && bit >= 96) || layer == Layer.Ipv6Addresses;
        if (layer == Layer.Ipv4)
        {
            Checksum.Update(frame.AsSpan(shape[Layer.Ipv4] + 10, 2), old, now);
        }

        var isTransport = layer >= Layer.Transport;
        if (!isAddress && !isTransport)
        {
            return;
        }

        if (shape[Layer.Tcp] is >= 0 and var tcp)
        {
            Checksum.Update(frame.AsSpan(tcp + 16, 2), old, now);
        }
        else if (shape[Layer.Udp] is >= 0 and var udp)
        {
            var sum = frame.AsSpan(udp + 6, 2);
            if (sum[0] != 0 || sum[1] != 0)
            {
                // Zero on the wire says that there is none (RFC 768), so a sum of zero is sent as ones.
                Checksum.Update(sum, old, now);
                if (sum[0] == 0 && sum[1] == 0)
                {
                    sum.Fill(0xff);
                }
            }
        }
        else if (shape[Layer.Icmp6] is >= 0 and var icmp6)
        {
            Checksum.Update(frame.AsSpan(icmp6 + 2, 2), old, now);
        }
        else if (isTransport && shape[Layer.Icmp4] is >= 0 and var icmp4)
        {
            Checksum.Update(frame.AsSpan(icmp4 + 2, 2), old, now);
        }
        else if (isTransport && shape[Layer.Sctp] is >= 0 and var sctp)
        {
            Checksum.WriteSctp(frame.AsSpan(sctp, shape.IpEnd - sctp));
        }
    }

    private void SetVlan(Field field, UInt128 value)
    {
        // Without the bit "a tag is present", setting a VID takes the tag off, as Open vSwitch does.
        var tci = field == Fields.VlanTci ? (ushort)value
            : field == Fields.VlanVid ? (ushort)((shape.VlanPcp << 13) | (ushort)value)
            : (ushort)(((int)value << 13) | 0x1000 | (shape.VlanVid & 0xfff));
        if ((tci & 0x1000) == 0)
        {
            PopVlan();
            return;
        }

        if (shape[Layer.Vlan] < 0)
        {
            PushVlan(EtherTypes.Vlan);
        }

        if (shape[Layer.Vlan] < 0)
        {
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(14), (ushort)(tci & 0xefff));
        shape = FrameShape.Of(frame);
    }

    private void Replace(byte[] changed)
    {
        frame = changed;
        shape = FrameShape.Of(frame);
    }

    private void SetTunnelAddress(IpAddress address, Field v4, Field v6) => beside[(address.IsV6 ? v6 : v4).Index] = address.Value;

    private IpAddress TunnelAddress(Field v4, Field v6) =>
        beside[v4.Index] is var four && four == UInt128.Zero && beside[v6.Index] != UInt128.Zero
            ? IpAddress.V6(beside[v6.Index])
            : IpAddress.V4((uint)four);
}

/// <summary>What a tunnel port reads from or writes around a frame. An address of zero is left to the switch.</summary>
public readonly record struct TunnelMetadata(ulong Id, IpAddress Source, IpAddress Destination);
