using System.Collections.Frozen;
using System.Collections.Immutable;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>The number under which a field of the catalogue travels: OXM class and field (OpenFlow 1.3.5 §7.2.3.2), and the experimenter of class 0xffff.</summary>
public sealed record OxmCode(Field Field, ushort Class, byte Code, uint Experimenter = 0, int Wide = 0)
{
    /// <summary>Octets of the value on the wire; <see cref="Wide"/> where the standard gives a field more than its bits need.</summary>
    public int Bytes => Wide == 0 ? Field.Bytes : Wide;

    internal const ushort ExperimenterClass = 0xffff;

    internal ulong Key => Oxm.Key(Class, Code, Experimenter);
}

/// <summary>OXM and NXM codes of the catalogue's fields. A new field is a new line.</summary>
public static class Oxm
{
    private const ushort Nxm0 = 0x0000;
    private const ushort Nxm1 = 0x0001;
    private const ushort Basic = 0x8000;
    private const ushort PacketRegs = 0x8001;
    private const ushort Ericsson = 0x1000;

    /// <summary>The code under which each field is sent in a match; OpenFlow 1.3.5 §7.2.3.7, ovs-fields(7).</summary>
    public static readonly ImmutableArray<OxmCode> Codes =
    [
        new(Fields.InPort, Basic, 0),
        new(Fields.InPhyPort, Basic, 1),
        new(Fields.Metadata, Basic, 2),
        new(Fields.EthDst, Basic, 3),
        new(Fields.EthSrc, Basic, 4),
        new(Fields.EthType, Basic, 5),
        new(Fields.VlanVid, Basic, 6),
        new(Fields.VlanPcp, Basic, 7),
        new(Fields.IpDscp, Basic, 8),
        new(Fields.IpEcn, Basic, 9),
        new(Fields.IpProto, Basic, 10),
        new(Fields.Ipv4Src, Basic, 11),
        new(Fields.Ipv4Dst, Basic, 12),
        new(Fields.TcpSrc, Basic, 13),
        new(Fields.TcpDst, Basic, 14),
        new(Fields.UdpSrc, Basic, 15),
        new(Fields.UdpDst, Basic, 16),
        new(Fields.SctpSrc, Basic, 17),
        new(Fields.SctpDst, Basic, 18),
        new(Fields.Icmpv4Type, Basic, 19),
        new(Fields.Icmpv4Code, Basic, 20),
        new(Fields.ArpOp, Basic, 21),
        new(Fields.ArpSpa, Basic, 22),
        new(Fields.ArpTpa, Basic, 23),
        new(Fields.ArpSha, Basic, 24),
        new(Fields.ArpTha, Basic, 25),
        new(Fields.Ipv6Src, Basic, 26),
        new(Fields.Ipv6Dst, Basic, 27),
        new(Fields.Ipv6Label, Basic, 28, Wide: 4),
        new(Fields.Icmpv6Type, Basic, 29),
        new(Fields.Icmpv6Code, Basic, 30),
        new(Fields.NdTarget, Basic, 31),
        new(Fields.NdSll, Basic, 32),
        new(Fields.NdTll, Basic, 33),
        new(Fields.MplsLabel, Basic, 34, Wide: 4),
        new(Fields.MplsTc, Basic, 35),
        new(Fields.MplsBos, Basic, 36),
        new(Fields.PbbIsid, Basic, 37),
        new(Fields.TunnelId, Basic, 38),
        new(Fields.Ipv6Exthdr, Basic, 39),
        new(Fields.PacketType, Basic, 44),
        new(Fields.TcpFlags, OxmCode.ExperimenterClass, 42, Experimenter.Onf),
        new(Fields.ActsetOutput, OxmCode.ExperimenterClass, 43, Experimenter.Onf),

        new(Fields.InPort16, Nxm0, 0),
        new(Fields.VlanTci, Nxm0, 4),
        .. Fields.Reg.Select((f, i) => new OxmCode(f, Nxm1, (byte)i)),
        .. Fields.XReg.Select((f, i) => new OxmCode(f, PacketRegs, (byte)i)),
        .. Fields.XxReg.Select((f, i) => new OxmCode(f, Nxm1, (byte)(111 + i))),
        new(Fields.IpFrag, Nxm1, 26),
        new(Fields.IpTtl, Nxm1, 29),
        new(Fields.MplsTtl, Nxm1, 30),
        new(Fields.TunSrc, Nxm1, 31),
        new(Fields.TunDst, Nxm1, 32),
        new(Fields.PktMark, Nxm1, 33),
        new(Fields.DpHash, Nxm1, 35),
        new(Fields.RecircId, Nxm1, 36),
        new(Fields.ConjId, Nxm1, 37),
        new(Fields.TunGbpId, Nxm1, 38),
        new(Fields.TunGbpFlags, Nxm1, 39),
        new(Fields.TunFlags, Nxm1, 104),
        new(Fields.CtState, Nxm1, 105),
        new(Fields.CtZone, Nxm1, 106),
        new(Fields.CtMark, Nxm1, 107),
        new(Fields.CtLabel, Nxm1, 108),
        new(Fields.TunIpv6Src, Nxm1, 109),
        new(Fields.TunIpv6Dst, Nxm1, 110),
        new(Fields.CtNwProto, Nxm1, 119),
        new(Fields.CtNwSrc, Nxm1, 120),
        new(Fields.CtNwDst, Nxm1, 121),
        new(Fields.CtIpv6Src, Nxm1, 122),
        new(Fields.CtIpv6Dst, Nxm1, 123),
        new(Fields.CtTpSrc, Nxm1, 124),
        new(Fields.CtTpDst, Nxm1, 125),
        new(Fields.NdReserved, Ericsson, 1),
        new(Fields.NdOptionsType, Ericsson, 2),
        new(Fields.NshFlags, OxmCode.ExperimenterClass, 1, Experimenter.Nsh),
        new(Fields.NshMdType, OxmCode.ExperimenterClass, 2, Experimenter.Nsh),
        new(Fields.NshNp, OxmCode.ExperimenterClass, 3, Experimenter.Nsh),
        new(Fields.NshSpi, OxmCode.ExperimenterClass, 4, Experimenter.Nsh, Wide: 4),
        new(Fields.NshSi, OxmCode.ExperimenterClass, 5, Experimenter.Nsh),
        .. Fields.NshContext.Select((f, i) => new OxmCode(f, OxmCode.ExperimenterClass, (byte)(6 + i), Experimenter.Nsh)),
        new(Fields.NshTtl, OxmCode.ExperimenterClass, 10, Experimenter.Nsh),
    ];

    /// <summary>Older codes that Open vSwitch uses in its own actions, whatever the version of OpenFlow; a field without a line has one code.</summary>
    public static readonly ImmutableArray<OxmCode> ActionCodes =
    [
        new(Fields.EthDst, Nxm0, 1),
        new(Fields.EthSrc, Nxm0, 2),
        new(Fields.EthType, Nxm0, 3),
        new(Fields.IpProto, Nxm0, 6),
        new(Fields.Ipv4Src, Nxm0, 7),
        new(Fields.Ipv4Dst, Nxm0, 8),
        new(Fields.TcpSrc, Nxm0, 9),
        new(Fields.TcpDst, Nxm0, 10),
        new(Fields.UdpSrc, Nxm0, 11),
        new(Fields.UdpDst, Nxm0, 12),
        new(Fields.Icmpv4Type, Nxm0, 13),
        new(Fields.Icmpv4Code, Nxm0, 14),
        new(Fields.ArpOp, Nxm0, 15),
        new(Fields.ArpSpa, Nxm0, 16),
        new(Fields.ArpTpa, Nxm0, 17),
        new(Fields.TunnelId, Nxm1, 16),
        new(Fields.ArpSha, Nxm1, 17),
        new(Fields.ArpTha, Nxm1, 18),
        new(Fields.Ipv6Src, Nxm1, 19),
        new(Fields.Ipv6Dst, Nxm1, 20),
        new(Fields.Icmpv6Type, Nxm1, 21),
        new(Fields.Icmpv6Code, Nxm1, 22),
        new(Fields.NdTarget, Nxm1, 23),
        new(Fields.NdSll, Nxm1, 24),
        new(Fields.NdTll, Nxm1, 25),
        new(Fields.Ipv6Label, Nxm1, 27, Wide: 4),
        new(Fields.IpEcn, Nxm1, 28),
        new(Fields.TcpFlags, Nxm1, 34),
    ];

    private static readonly FrozenDictionary<ulong, OxmCode> ByKey = Codes.Concat(ActionCodes).ToFrozenDictionary(c => c.Key);

    private static readonly ImmutableArray<OxmCode> ByField =
        [.. Fields.All.Select(f => Codes.SingleOrDefault(c => c.Field == f) ?? throw new InvalidOperationException($"{f} has no OXM code"))];

    private static readonly ImmutableArray<OxmCode> InActionByField =
        [.. Fields.All.Select(f => ActionCodes.SingleOrDefault(c => c.Field == f) ?? ByField[f.Index])];

    /// <summary>The code of a field in matches, packets and OFPAT_SET_FIELD.</summary>
    public static OxmCode Of(Field field) => field.TunMetadata is null ? ByField[field.Index] : OfTunMetadata(field);

    /// <summary>The code of a field in Open vSwitch's own actions.</summary>
    public static OxmCode InAction(Field field) => field.TunMetadata is null ? InActionByField[field.Index] : OfTunMetadata(field);

    private static OxmCode OfTunMetadata(Field field) => new(field, Nxm1, (byte)(TunMetadata.FirstCode + field.TunMetadata!.Value));

    internal static ulong Key(ushort oxmClass, byte code, uint experimenter) =>
        ((ulong)experimenter << 32) | ((ulong)oxmClass << 8) | code;

    internal static OxmCode? Find(ulong key) => ByKey.GetValueOrDefault(key);

    /// <summary>A head as actions have it: of tunnel metadata its length says how wide the field is.</summary>
    internal static OxmHead ReadActionHead(ref WireReader r)
    {
        var ahead = r;
        var head = ReadHead(ref r);
        if (head.Code is not null || ahead.U16() != Nxm1)
        {
            return head;
        }

        var index = (ahead.U8() >> 1) - TunMetadata.FirstCode;
        var octets = head.HasMask ? head.Length / 2 : head.Length;
        return index is >= 0 and < TunMetadata.Fields && octets is > 0 and <= TunMetadata.MostOctets && (!head.HasMask || head.Length % 2 == 0)
            ? head with { Code = Of(Fields.TunMetadata(index, octets)) }
            : head;
    }

    // 2 class | 7 bits field | 1 bit "has mask" | 1 length of what follows | of class 0xffff 4 experimenter
    internal static OxmHead ReadHead(ref WireReader r)
    {
        var oxmClass = r.U16();
        var code = r.U8();
        int length = r.U8();
        var experimenter = 0u;
        if (oxmClass == OxmCode.ExperimenterClass)
        {
            if (length < 4)
            {
                throw new WireException($"an experimenter's field of {length} octets");
            }

            experimenter = r.U32();
            length -= 4;
        }

        return new(Find(Key(oxmClass, (byte)(code >> 1), experimenter)), (code & 1) != 0, length);
    }

    internal static void WriteHead(WireWriter w, OxmCode code, bool hasMask)
    {
        var isExperimenter = code.Class == OxmCode.ExperimenterClass;
        w.U16(code.Class);
        w.U8((byte)((code.Code << 1) | (hasMask ? 1 : 0)));
        w.U8((byte)((hasMask ? code.Bytes * 2 : code.Bytes) + (isExperimenter ? 4 : 0)));
        if (isExperimenter)
        {
            w.U32(code.Experimenter);
        }
    }

    internal static UInt128 ReadNumber(ReadOnlySpan<byte> bytes)
    {
        var value = UInt128.Zero;
        foreach (var b in bytes)
        {
            value = (value << 8) | b;
        }

        return value;
    }

    internal static void WriteNumber(WireWriter w, UInt128 value, int bytes)
    {
        for (var shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        {
            w.U8((byte)(value >> shift));
        }
    }
}

/// <summary>The head of an OXM entry. <paramref name="Code"/> is null when the catalogue lacks the field; <paramref name="Length"/> counts value and mask.</summary>
internal readonly record struct OxmHead(OxmCode? Code, bool HasMask, int Length);
