using Dwcp.Sdn.Core.Evpn;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>How reading one NLRI went.</summary>
internal enum NlriResult
{
    Ok,

    /// <summary>Its identity is known but the rest is not valid: treat it as withdrawn (RFC 7606 §2).</summary>
    Withdraw,

    /// <summary>Its length is known and nothing else: pass over it and count it.</summary>
    Skip,

    /// <summary>Where it ends is not known: nothing after it can be read (RFC 7606 §3 j).</summary>
    Overrun,
}

/// <summary>One route as it stood in an UPDATE.</summary>
internal struct Nlri
{
    public RouteKey Key;
    public RouteBody Body;
    public uint PathId;
}

/// <summary>Reads the NLRI of a family, one after another. It throws nothing: half a million routes come this way, and some are faulty.</summary>
internal ref struct NlriReader(BgpFamily family, ReadOnlySpan<byte> bytes, bool addPath)
{
    private ReadOnlySpan<byte> rest = bytes;

    public readonly bool AtEnd => rest.IsEmpty;

    /// <summary>The octets of the last NLRI, without its path id.</summary>
    public ReadOnlySpan<byte> Octets { get; private set; }

    public NlriResult Next(out Nlri nlri)
    {
        nlri = default;
        if (addPath)
        {
            if (rest.Length < 4)
            {
                return NlriResult.Overrun;
            }

            nlri.PathId = ReadUInt32BigEndian(rest);
            rest = rest[4..];
        }

        return family switch
        {
            BgpFamily.L2VpnEvpn => NextEvpn(ref nlri),
            BgpFamily.RtConstraint => NextMembership(ref nlri),
            _ => NextUnicast(ref nlri),
        };
    }

    // 1 type | 1 length | body, RFC 7432 §7
    private NlriResult NextEvpn(ref Nlri nlri)
    {
        if (rest.Length < 2 || rest.Length < 2 + rest[1])
        {
            return NlriResult.Overrun;
        }

        Octets = rest[..(2 + rest[1])];
        rest = rest[Octets.Length..];
        var body = Octets[2..];
        switch (Octets[0])
        {
            case 1:
                return AutoDiscovery(body, ref nlri);
            case 2:
                return MacIp(body, ref nlri);
            case 3:
                return Multicast(body, ref nlri);
            case 4:
                return Segment(body, ref nlri);
            case 5:
                return IpPrefix(body, ref nlri);
            default: // A type that is not known here is kept as octets and reflected.
                nlri.Key = RouteKey.Opaque(Octets);
                return NlriResult.Ok;
        }
    }

    // 8 RD | 10 segment | 4 tag | 3 label
    private static NlriResult AutoDiscovery(ReadOnlySpan<byte> b, ref Nlri nlri)
    {
        if (b.Length < 22)
        {
            return NlriResult.Skip;
        }

        nlri.Key = RouteKey.AutoDiscovery(ReadUInt64BigEndian(b), SegmentAt(b[8..]), ReadUInt32BigEndian(b[18..]));
        if (b.Length != 25)
        {
            return NlriResult.Withdraw;
        }

        nlri.Body = RouteBody.Of(default, U24(b[22..]));
        return NlriResult.Ok;
    }

    // 8 RD | 10 segment | 4 tag | 1 MAC bits | 6 MAC | 1 IP bits | 0, 4 or 16 IP | 3 label | 0 or 3 label
    private static NlriResult MacIp(ReadOnlySpan<byte> b, ref Nlri nlri)
    {
        if (b.Length < 30 || b[22] != 48 || b[29] is not (0 or 32 or 128) || b.Length < 30 + (b[29] / 8))
        {
            return NlriResult.Skip;
        }

        var octets = b[29] / 8;
        var mac = ((ulong)ReadUInt16BigEndian(b[23..]) << 32) | ReadUInt32BigEndian(b[25..]);
        nlri.Key = RouteKey.MacIp(ReadUInt64BigEndian(b), ReadUInt32BigEndian(b[18..]), mac, octets, Address(b.Slice(30, octets)));
        var labels = b[(30 + octets)..];
        if (labels.Length is not (3 or 6))
        {
            return NlriResult.Withdraw;
        }

        nlri.Body = RouteBody.Of(SegmentAt(b[8..]), U24(labels), labels.Length == 6 ? U24(labels[3..]) : null);
        return NlriResult.Ok;
    }

    // 8 RD | 4 tag | 1 IP bits | 4 or 16 IP
    private static NlriResult Multicast(ReadOnlySpan<byte> b, ref Nlri nlri)
    {
        if (b.Length < 13 || b[12] is not (32 or 128) || b.Length != 13 + (b[12] / 8))
        {
            return NlriResult.Skip;
        }

        nlri.Key = RouteKey.Multicast(ReadUInt64BigEndian(b), ReadUInt32BigEndian(b[8..]), b[12] / 8, Address(b[13..]));
        return NlriResult.Ok;
    }

    // 8 RD | 10 segment | 1 IP bits | 4 or 16 IP
    private static NlriResult Segment(ReadOnlySpan<byte> b, ref Nlri nlri)
    {
        if (b.Length < 19 || b[18] is not (32 or 128) || b.Length != 19 + (b[18] / 8))
        {
            return NlriResult.Skip;
        }

        nlri.Key = RouteKey.Segment(ReadUInt64BigEndian(b), SegmentAt(b[8..]), b[18] / 8, Address(b[19..]));
        return NlriResult.Ok;
    }

    // 8 RD | 10 segment | 4 tag | 1 prefix bits | 4 or 16 prefix | 4 or 16 gateway | 3 label, RFC 9136 §3.1
    private static NlriResult IpPrefix(ReadOnlySpan<byte> b, ref Nlri nlri)
    {
        if (b.Length is not (34 or 58))
        {
            return NlriResult.Skip;
        }

        var octets = b.Length == 34 ? 4 : 16;
        if (b[22] > octets * 8)
        {
            return NlriResult.Skip;
        }

        var prefix = Masked(Address(b.Slice(23, octets)), octets, b[22]);
        nlri.Key = RouteKey.IpPrefix(ReadUInt64BigEndian(b), ReadUInt32BigEndian(b[18..]), octets, prefix, b[22]);
        var segment = SegmentAt(b[8..]);
        var gateway = Address(b.Slice(23 + octets, octets));
        var label = U24(b[(23 + (2 * octets))..]);
        if (!segment.IsNone && gateway != UInt128.Zero)
        {
            return NlriResult.Withdraw;
        }

        nlri.Body = gateway != UInt128.Zero ? RouteBody.OfGateway(gateway, label) : RouteBody.Of(segment, label);
        return NlriResult.Ok;
    }

    // 1 bits | as many octets as the bits need, RFC 4271 §4.3
    private NlriResult NextUnicast(ref Nlri nlri)
    {
        var octets = family == BgpFamily.Ipv6Unicast ? 16 : 4;
        if (rest.IsEmpty || rest[0] > octets * 8 || rest.Length < 1 + ((rest[0] + 7) / 8))
        {
            return NlriResult.Overrun;
        }

        int bits = rest[0];
        Span<byte> padded = stackalloc byte[16];
        padded.Clear();
        Octets = rest[..(1 + ((bits + 7) / 8))];
        Octets[1..].CopyTo(padded);
        rest = rest[Octets.Length..];
        nlri.Key = RouteKey.Unicast(octets == 16, Masked(Address(padded[..octets]), octets, bits), bits);
        return NlriResult.Ok;
    }

    // 1 bits | 4 AS | 8 target, cut where the bits end, RFC 4684 §4
    private NlriResult NextMembership(ref Nlri nlri)
    {
        if (rest.IsEmpty || rest.Length < 1 + ((rest[0] + 7) / 8))
        {
            return NlriResult.Overrun;
        }

        int bits = rest[0];
        Octets = rest[..(1 + ((bits + 7) / 8))];
        rest = rest[Octets.Length..];
        if (bits is not (0 or (>= 32 and <= 96)))
        {
            return NlriResult.Skip;
        }

        Span<byte> padded = stackalloc byte[12];
        padded.Clear();
        Octets[1..].CopyTo(padded);
        var target = ReadUInt64BigEndian(padded[4..]) & (bits <= 32 ? 0 : ulong.MaxValue << (96 - bits));
        nlri.Key = RouteKey.Membership(ReadUInt32BigEndian(padded), target, bits);
        return NlriResult.Ok;
    }

    private static EthernetSegment SegmentAt(ReadOnlySpan<byte> b) => new(ReadUInt16BigEndian(b), ReadUInt64BigEndian(b[2..]));

    private static UInt128 Address(ReadOnlySpan<byte> b) => b.Length switch
    {
        16 => ReadUInt128BigEndian(b),
        4 => ReadUInt32BigEndian(b),
        _ => 0,
    };

    private static UInt128 Masked(UInt128 address, int octets, int bits) =>
        bits == 0 ? UInt128.Zero : (address >> ((octets * 8) - bits)) << ((octets * 8) - bits);

    private static uint U24(ReadOnlySpan<byte> b) => ((uint)b[0] << 16) | ((uint)b[1] << 8) | b[2];
}

/// <summary>Writes NLRI into a span that is known to have room: at most <see cref="Largest"/> octets, with a path id four more.</summary>
internal static class NlriWriter
{
    /// <summary>Type, length and the longest body that a length octet can name.</summary>
    public const int Largest = 257;

    /// <summary>Writes the identity and, for a withdrawal too, the rest of the NLRI (its labels may then be zero, RFC 7432 §7).</summary>
    public static int Write(in RouteKey key, in RouteBody body, ReadOnlySpan<byte> opaque, Span<byte> to)
    {
        switch (key.Kind)
        {
            case RouteKind.AutoDiscovery:
                Head(to, 1, 25, key.A);
                PutSegment(to[10..], new(key.SegmentHigh, key.E));
                WriteUInt32BigEndian(to[20..], (uint)key.C);
                PutU24(to[24..], body.Label);
                return 27;

            case RouteKind.MacIp:
                var octets = key.AddressLength;
                var length = 33 + octets + (body.HasLabel2 ? 3 : 0);
                Head(to, 2, length, key.A);
                PutSegment(to[10..], body.EthernetSegment);
                WriteUInt32BigEndian(to[20..], (uint)key.E);
                to[24] = 48;
                WriteUInt16BigEndian(to[25..], (ushort)(key.Mac >> 32));
                WriteUInt32BigEndian(to[27..], (uint)key.Mac);
                PutAddress(to[31..], octets, key.C, key.D);
                PutU24(to[(32 + octets)..], body.Label);
                if (body.HasLabel2)
                {
                    PutU24(to[(35 + octets)..], body.Label2);
                }

                return 2 + length;

            case RouteKind.Multicast:
                Head(to, 3, 13 + key.AddressLength, key.A);
                WriteUInt32BigEndian(to[10..], (uint)key.E);
                PutAddress(to[14..], key.AddressLength, key.C, key.D);
                return 15 + key.AddressLength;

            case RouteKind.Segment:
                Head(to, 4, 19 + key.AddressLength, key.A);
                PutSegment(to[10..], new(key.SegmentHigh, key.E));
                PutAddress(to[20..], key.AddressLength, key.C, key.D);
                return 21 + key.AddressLength;

            case RouteKind.IpPrefix:
                var size = key.AddressLength;
                Head(to, 5, 26 + (2 * size), key.A);
                PutSegment(to[10..], body.EthernetSegment);
                WriteUInt32BigEndian(to[20..], (uint)key.E);
                PutAddress(to[24..], size, key.C, key.D);
                to[24] = (byte)key.PrefixLength;
                var gateway = body.GatewayAddress;
                Span<byte> at = to.Slice(25 + size, size);
                if (size == 16)
                {
                    WriteUInt128BigEndian(at, gateway);
                }
                else
                {
                    WriteUInt32BigEndian(at, (uint)gateway);
                }

                PutU24(to[(25 + (2 * size))..], body.Label);
                return 28 + (2 * size);

            case RouteKind.Opaque:
                opaque.CopyTo(to);
                return opaque.Length;

            case RouteKind.Membership:
                Span<byte> wish = stackalloc byte[12];
                WriteUInt32BigEndian(wish, (uint)key.C);
                WriteUInt64BigEndian(wish[4..], key.A);
                to[0] = (byte)key.PrefixLength;
                var used = (key.PrefixLength + 7) / 8;
                wish[..used].CopyTo(to[1..]);
                return 1 + used;

            default:
                Span<byte> address = stackalloc byte[17];
                PutAddress(address, key.AddressLength, key.C, key.D);
                to[0] = (byte)key.PrefixLength;
                var kept = (key.PrefixLength + 7) / 8;
                address.Slice(1, kept).CopyTo(to[1..]);
                return 1 + kept;
        }
    }

    private static void Head(Span<byte> to, byte type, int length, ulong rd)
    {
        to[0] = type;
        to[1] = (byte)length;
        WriteUInt64BigEndian(to[2..], rd);
    }

    private static void PutSegment(Span<byte> to, EthernetSegment segment)
    {
        WriteUInt16BigEndian(to, segment.High);
        WriteUInt64BigEndian(to[2..], segment.Low);
    }

    // 1 bits | 0, 4 or 16 address
    private static void PutAddress(Span<byte> to, int octets, ulong high, ulong low)
    {
        to[0] = (byte)(octets * 8);
        if (octets == 16)
        {
            WriteUInt64BigEndian(to[1..], high);
            WriteUInt64BigEndian(to[9..], low);
        }
        else if (octets == 4)
        {
            WriteUInt32BigEndian(to[1..], (uint)low);
        }
    }

    private static void PutU24(Span<byte> to, uint value)
    {
        to[0] = (byte)(value >> 16);
        to[1] = (byte)(value >> 8);
        to[2] = (byte)value;
    }
}
