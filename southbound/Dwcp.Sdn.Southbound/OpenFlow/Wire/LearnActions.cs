using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>NXAST_LEARN and NXAST_LEARN2, without their heads; ovs-actions(7).</summary>
internal static class LearnActions
{
    private const int BitsMask = 0x3ff;
    private const int TargetShift = 11;
    private const int Immediate = 1 << 13;
    private const int Reserved = 0xc400;

    // 2 idle | 2 hard | 2 priority | 8 cookie | 2 flags | 1 table | 1 pad | 2 fin idle | 2 fin hard
    // | with a limit: 4 limit | 2 offset of the result | 2 pad | head of the result's field if flagged | parts | to 8
    public static LearnAction? Read(ref WireReader r, bool limited)
    {
        var (idle, hard, priority, cookie) = (r.U16(), r.U16(), r.U16(), r.U64());
        var flags = (LearnFlags)r.U16();
        var table = r.U8();
        r.Skip(1);
        var (finIdle, finHard) = (r.U16(), r.U16());
        uint? limit = null;
        FieldBits? result = null;
        if (limited)
        {
            limit = r.U32();
            var offset = r.U16();
            r.Skip(2);
            if ((flags & LearnFlags.WriteResult) != 0 && (result = NiciraActions.Bits(Oxm.ReadActionHead(ref r), offset, 1)) is null)
            {
                return null;
            }
        }

        return ReadParts(ref r) is not { } parts ? null : new(table, [.. parts])
        {
            IdleTimeout = idle,
            HardTimeout = hard,
            Priority = priority,
            Cookie = cookie,
            Flags = flags,
            FinIdleTimeout = finIdle,
            FinHardTimeout = finHard,
            Limit = limit,
            Result = result,
        };
    }

    public static void Write(WireWriter w, LearnAction a)
    {
        w.U16(a.IdleTimeout);
        w.U16(a.HardTimeout);
        w.U16(a.Priority);
        w.U64(a.Cookie);
        w.U16((ushort)a.Flags);
        w.U8(a.Table);
        w.Zeros(1);
        w.U16(a.FinIdleTimeout);
        w.U16(a.FinHardTimeout);
        if (a.Limit is { } limit)
        {
            w.U32(limit);
            w.U16((ushort)(a.Result?.Offset ?? 0));
            w.Zeros(2);
            if (a.Result is { } result)
            {
                Oxm.WriteHead(w, Oxm.InAction(result.Field), hasMask: false);
            }
        }

        foreach (var part in a.Parts)
        {
            w.U16((ushort)(part.Bits | ((int)part.To << TargetShift) | (part.From is null ? Immediate : 0)));
            if (part.From is { } from)
            {
                WriteField(w, from);
            }
            else
            {
                w.Bytes(part.Number.AsSpan());
            }

            if (part.Target is { } target)
            {
                WriteField(w, target);
            }
        }
    }

    // 2: 10 bits how many, 2 bits to what, 1 bit from a number | a number in words of 2, or head and 2 offset | unless an output head and 2 offset
    private static List<LearnPart>? ReadParts(ref WireReader r)
    {
        var parts = new List<LearnPart>();
        while (r.Remaining >= 2)
        {
            var head = r.U16();
            if (head == 0)
            {
                r.Rest();
                break;
            }

            var bits = head & BitsMask;
            var to = (LearnTo)((head >> TargetShift) & 3);
            if (bits == 0 || to > LearnTo.Output || (head & Reserved) != 0)
            {
                throw new WireException($"learn: a part of {bits} bits with the head 0x{head:x4}");
            }

            var isNumber = (head & Immediate) != 0;
            var number = isNumber ? r.Take((bits + 15) / 16 * 2) : [];
            var from = isNumber ? null : ReadField(ref r, bits);
            var target = to == LearnTo.Output ? null : ReadField(ref r, bits);
            if ((!isNumber && from is null) || (to != LearnTo.Output && target is null))
            {
                return null; // A field that the catalogue lacks: all of it is kept as it came.
            }

            parts.Add(new(to, bits, from, [.. number], target));
        }

        return parts;
    }

    private static FieldBits? ReadField(ref WireReader r, int bits)
    {
        var head = Oxm.ReadActionHead(ref r);
        return NiciraActions.Bits(head, r.U16(), bits);
    }

    private static void WriteField(WireWriter w, FieldBits bits)
    {
        Oxm.WriteHead(w, Oxm.InAction(bits.Field), hasMask: false);
        w.U16((ushort)bits.Offset);
    }
}
