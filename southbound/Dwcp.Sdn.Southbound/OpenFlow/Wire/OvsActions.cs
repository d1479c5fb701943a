using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>Open vSwitch's actions that choose, count and annotate, without their heads; ovs-actions(7).</summary>
internal static class OvsActions
{
    private const uint MemberIsInPort = 0x0000_0002; // The head of NXM_OF_IN_PORT says what members are.

    // 1 clause from 0 | 1 clauses | 4 id
    public static ConjunctionAction? ReadConjunction(ref WireReader r)
    {
        var (clause, clauses) = (r.U8(), r.U8());
        var id = r.U32();
        return clause == byte.MaxValue ? null : new(id, (byte)(clause + 1), clauses);
    }

    public static void Write(WireWriter w, ConjunctionAction a)
    {
        w.U8((byte)(a.Clause - 1));
        w.U8(a.Clauses);
        w.U32(a.Id);
    }

    // 2 how many | 4 pad | 2 each | to 8
    public static DecTtlForAction ReadDecTtlFor(ref WireReader r)
    {
        var count = r.U16();
        r.Skip(4);
        var ids = new ushort[Math.Min(count, r.Remaining / 2)];
        if (ids.Length != count)
        {
            throw new WireException($"dec_ttl: {count} controllers in {r.Remaining} octets");
        }

        foreach (ref var id in ids.AsSpan())
        {
            id = r.U16();
        }

        r.Rest();
        return new([.. ids]);
    }

    public static void Write(WireWriter w, DecTtlForAction a)
    {
        w.U16((ushort)a.Controllers.Count);
        w.Zeros(4);
        foreach (var id in a.Controllers)
        {
            w.U16(id);
        }
    }

    // 2 fields | 2 basis | 2 pad | 2 algorithm | 2 highest link | 4 argument | 2 pad | 2 offset and bits | 4 head
    public static MultipathAction? ReadMultipath(ref WireReader r)
    {
        var (fields, basis) = (r.U16(), r.U16());
        r.Skip(2);
        var (algorithm, links, argument) = (r.U16(), r.U16(), r.U32());
        r.Skip(2);
        var (offset, bits) = NiciraActions.ReadBits(ref r);
        return NiciraActions.Bits(Oxm.ReadActionHead(ref r), offset, bits) is { } target ? new(fields, basis, algorithm, links, argument, target) : null;
    }

    public static void Write(WireWriter w, MultipathAction a)
    {
        w.U16(a.Hash);
        w.U16(a.Basis);
        w.Zeros(2);
        w.U16(a.Algorithm);
        w.U16(a.MaxLink);
        w.U32(a.Argument);
        w.Zeros(2);
        NiciraActions.WriteBits(w, a.Target);
        Oxm.WriteHead(w, Oxm.InAction(a.Target.Field), hasMask: false);
    }

    // 2 algorithm | 2 fields | 2 basis | 4 what members are | 2 how many | 2 offset and bits | 4 head | 4 pad | 2 each | to 8
    public static BundleAction? ReadBundle(ref WireReader r, bool load)
    {
        var (algorithm, fields, basis) = (r.U16(), r.U16(), r.U16());
        var kind = r.U32();
        var count = r.U16();
        FieldBits? target = null;
        if (load)
        {
            var (offset, bits) = NiciraActions.ReadBits(ref r);
            target = NiciraActions.Bits(Oxm.ReadActionHead(ref r), offset, bits);
        }
        else
        {
            r.Skip(6);
        }

        r.Skip(4);
        if (count * 2 > r.Remaining)
        {
            throw new WireException($"bundle: {count} members in {r.Remaining} octets");
        }

        var members = new PortNumber[count];
        foreach (ref var member in members.AsSpan())
        {
            member = NiciraActions.Port32(r.U16());
        }

        r.Rest();
        return kind != MemberIsInPort || (load && target is null) ? null : new(algorithm, fields, basis, [.. members], target);
    }

    public static void Write(WireWriter w, BundleAction a)
    {
        w.U16(a.Algorithm);
        w.U16(a.Hash);
        w.U16(a.Basis);
        w.U32(MemberIsInPort);
        w.U16((ushort)a.Members.Count);
        if (a.Target is { } target)
        {
            NiciraActions.WriteBits(w, target);
            Oxm.WriteHead(w, Oxm.InAction(target.Field), hasMask: false);
        }
        else
        {
            w.Zeros(6);
        }

        w.Zeros(4);
        foreach (var member in a.Members)
        {
            w.U16(NiciraActions.Port16(member));
        }
    }

    // 2 offset | head | 2 bits | to 8
    public static FieldBits? ReadStack(ref WireReader r)
    {
        var offset = r.U16();
        var head = Oxm.ReadActionHead(ref r);
        var bits = NiciraActions.Bits(head, offset, r.U16());
        r.Rest();
        return bits;
    }

    public static void WriteStack(WireWriter w, FieldBits bits)
    {
        w.U16((ushort)bits.Offset);
        Oxm.WriteHead(w, Oxm.InAction(bits.Field), hasMask: false);
        w.U16((ushort)bits.Bits);
    }

    // 2 probability | 4 collector set | 4 domain | 4 point | with a port: 2 port | 1 direction | 5 pad
    public static SampleAction ReadSample(ref WireReader r, bool withPort)
    {
        var (probability, set, domain, point) = (r.U16(), r.U32(), r.U32(), r.U32());
        if (!withPort)
        {
            return new(probability, set, domain, point);
        }

        var action = new SampleAction(probability, set, domain, point, NiciraActions.Port32(r.U16()), (SampleDirection)r.U8());
        r.Skip(5);
        return action;
    }

    public static void Write(WireWriter w, SampleAction a)
    {
        w.U16(a.Probability);
        w.U32(a.CollectorSet);
        w.U32(a.Domain);
        w.U32(a.Point);
        if (a.Port is { } port)
        {
            w.U16(NiciraActions.Port16(port));
            w.U8((byte)a.Direction);
            w.Zeros(5);
        }
    }

    // 2 length | 2 offset | head | to 8
    public static CheckLargerAction? ReadCheckLarger(ref WireReader r)
    {
        var (length, offset) = (r.U16(), r.U16());
        var target = NiciraActions.Bits(Oxm.ReadActionHead(ref r), offset, 1);
        r.Rest();
        return target is { } bit ? new(length, bit) : null;
    }

    public static void Write(WireWriter w, CheckLargerAction a)
    {
        w.U16(a.Length);
        w.U16((ushort)a.Target.Offset);
        Oxm.WriteHead(w, Oxm.InAction(a.Target.Field), hasMask: false);
    }

    /// <summary>All of NXAST_DELETE_FIELD, whether its head has four octets or eight.</summary>
    public const int DeleteFieldOctets = 24;

    // head | to 14
    public static DeleteFieldAction? ReadDeleteField(ref WireReader r)
    {
        if (r.Remaining != DeleteFieldOctets - 10)
        {
            throw new WireException($"delete_field of {r.Remaining + 10} octets");
        }

        var head = Oxm.ReadActionHead(ref r);
        r.Rest();
        return NiciraActions.Bits(head, 0, 1) is { } bits ? new(bits.Field) : null;
    }
}
