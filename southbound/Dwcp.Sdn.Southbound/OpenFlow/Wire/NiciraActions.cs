using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>Open vSwitch's own actions, ovs-actions(7): experimenter 0x2320 and a subtype.</summary>
internal static class NiciraActions
{
    private const ushort Resubmit = 1;
    private const ushort PopQueue = 5;
    private const ushort RegMove = 6;
    private const ushort RegLoad = 7;
    private const ushort Note = 8;
    private const ushort Multipath = 10;
    private const ushort Bundle = 12;
    private const ushort BundleLoad = 13;
    private const ushort ResubmitTable = 14;
    private const ushort OutputReg = 15;
    private const ushort Learn = 16;
    private const ushort Exit = 17;
    private const ushort FinTimeout = 19;
    private const ushort Controller = 20;
    private const ushort DecTtlFor = 21;
    private const ushort StackPush = 27;
    private const ushort StackPop = 28;
    private const ushort Sample = 29;
    private const ushort OutputReg2 = 32;
    private const ushort RegLoad2 = 33;
    private const ushort Conjunction = 34;
    private const ushort Conntrack = 35;
    private const ushort Nat = 36;
    private const ushort Controller2 = 37;
    private const ushort OutputTrunc = 39;
    private const ushort Sample3 = 41;
    private const ushort Clone = 42;
    private const ushort CtClear = 43;
    private const ushort ResubmitTableCt = 44;
    private const ushort Learn2 = 45;
    private const ushort Encap = 46;
    private const ushort Decap = 47;
    private const ushort DecNshTtl = 48;
    private const ushort CheckLarger = 49;
    private const ushort DeleteField = 50;

    private const byte CurrentTable = 0xff;
    private const ushort ReservedPorts16 = 0xff00;

    /// <summary>Reads what follows type and length; null when the action has to be kept as it came.</summary>
    public static FlowAction? Read(ref WireReader r, int depth)
    {
        if (r.U32() != Experimenter.Nicira)
        {
            return null;
        }

        return r.U16() switch
        {
            Resubmit => ReadResubmit(ref r, Resubmit),
            ResubmitTable => ReadResubmit(ref r, ResubmitTable),
            ResubmitTableCt => ReadResubmit(ref r, ResubmitTableCt),
            RegMove => ReadMove(ref r),
            RegLoad => ReadLoad(ref r),
            RegLoad2 => ReadLoad2(ref r),
            OutputReg => ReadOutputReg(ref r),
            OutputReg2 => ReadOutputReg2(ref r),
            Controller2 => ReadController2(ref r),
            Clone => ReadClone(ref r, depth),
            PopQueue => Padded(ref r, new PopQueueAction()),
            Note => new NoteAction([.. r.Rest()]),
            Multipath => OvsActions.ReadMultipath(ref r),
            Bundle => OvsActions.ReadBundle(ref r, load: false),
            BundleLoad => OvsActions.ReadBundle(ref r, load: true),
            Learn => LearnActions.Read(ref r, limited: false),
            Learn2 => LearnActions.Read(ref r, limited: true),
            Exit => Padded(ref r, new ExitAction()),
            FinTimeout => Then(ref r, new FinTimeoutAction(r.U16(), r.U16()), 2),
            Controller => Then(ref r, new ControllerIdAction(r.U16(), r.U16(), r.U8()), 1),
            DecTtlFor => OvsActions.ReadDecTtlFor(ref r),
            StackPush => OvsActions.ReadStack(ref r) is { } from ? new PushAction(from) : null,
            StackPop => OvsActions.ReadStack(ref r) is { } to ? new PopAction(to) : null,
            Sample => OvsActions.ReadSample(ref r, withPort: false),
            Sample3 => OvsActions.ReadSample(ref r, withPort: true),
            Conjunction => OvsActions.ReadConjunction(ref r),
            Conntrack => ConntrackActions.Read(ref r, depth),
            Nat => ConntrackActions.ReadNat(ref r),
            CtClear => Padded(ref r, new CtClearAction()),
            OutputTrunc => new OutputTruncatedAction(Port32(r.U16()), r.U32()),
            Encap => new EncapAction(r.U16(), r.U32(), [.. r.Rest()]),
            Decap => ReadDecap(ref r),
            DecNshTtl => Padded(ref r, new DecNshTtlAction()),
            CheckLarger => OvsActions.ReadCheckLarger(ref r),
            DeleteField => OvsActions.ReadDeleteField(ref r),
            _ => null,
        };
    }

    public static void Write(WireWriter w, FlowAction action)
    {
        var start = w.Length;
        switch (action)
        {
            case ResubmitAction a:
                Head(w, a.Swapped ? ResubmitTableCt : a.Table is null ? Resubmit : ResubmitTable);
                w.U16(Port16(a.InPort ?? PortNumber.InPort));
                w.U8(a.Table ?? (a.Swapped ? CurrentTable : (byte)0));
                w.Zeros(3);
                break;
            case MoveAction a:
                Head(w, RegMove);
                w.U16((ushort)a.From.Bits);
                w.U16((ushort)a.From.Offset);
                w.U16((ushort)a.To.Offset);
                Oxm.WriteHead(w, Oxm.InAction(a.From.Field), hasMask: false);
                Oxm.WriteHead(w, Oxm.InAction(a.To.Field), hasMask: false);
                break;
            case LoadAction { Target: var bits } a:
                Head(w, RegLoad);
                WriteBits(w, bits);
                Oxm.WriteHead(w, Oxm.InAction(bits.Field), hasMask: false);
                w.U64(a.Value);
                break;
            case SetFieldAction a:
                Head(w, RegLoad2);
                OxmMatch.WriteEntry(w, Oxm.InAction(a.Field), a.Value, a.Mask);
                break;
            case SetTunMetadataAction a:
                Head(w, RegLoad2);
                Oxm.WriteHead(w, Oxm.InAction(a.Field), a.Mask is not null);
                w.Bytes(a.Value.AsSpan());
                w.Bytes((a.Mask ?? []).AsSpan());
                break;
            case OutputFieldAction { Port: var bits } a:
                WriteOutput(w, bits, a.MaxLength);
                break;
            case ControllerAction a:
                WriteController2(w, a);
                break;
            case CloneAction a:
                Head(w, Clone);
                w.Zeros(6);
                Actions.Write(w, a.Actions.AsSpan());
                break;
            case PopQueueAction:
                Empty(w, PopQueue);
                break;
            case NoteAction a:
                Head(w, Note);
                w.Bytes(a.Octets.AsSpan());
                break;
            case MultipathAction a:
                Head(w, Multipath);
                OvsActions.Write(w, a);
                break;
            case BundleAction a:
                Head(w, a.Target is null ? Bundle : BundleLoad);
                OvsActions.Write(w, a);
                break;
            case LearnAction a:
                Head(w, a.Limit is null ? Learn : Learn2);
                LearnActions.Write(w, a);
                break;
            case ExitAction:
                Empty(w, Exit);
                break;
            case FinTimeoutAction a:
                Head(w, FinTimeout);
                w.U16(a.Idle);
                w.U16(a.Hard);
                break;
            case ControllerIdAction a:
                Head(w, Controller);
                w.U16(a.MaxLength);
                w.U16(a.ControllerId);
                w.U8(a.Reason);
                break;
            case DecTtlForAction a:
                Head(w, DecTtlFor);
                OvsActions.Write(w, a);
                break;
            case PushAction a:
                Head(w, StackPush);
                OvsActions.WriteStack(w, a.From);
                break;
            case PopAction a:
                Head(w, StackPop);
                OvsActions.WriteStack(w, a.To);
                break;
            case SampleAction a:
                Head(w, a.Port is null ? Sample : Sample3);
                OvsActions.Write(w, a);
                break;
            case ConjunctionAction a:
                Head(w, Conjunction);
                OvsActions.Write(w, a);
                break;
            case ConntrackAction a:
                Head(w, Conntrack);
                ConntrackActions.Write(w, a);
                break;
            case NatAction a:
                Head(w, Nat);
                ConntrackActions.WriteNat(w, a);
                break;
            case CtClearAction:
                Empty(w, CtClear);
                break;
            case OutputTruncatedAction a:
                Head(w, OutputTrunc);
                w.U16(Port16(a.Port));
                w.U32(a.MaxLength);
                break;
            case EncapAction a:
                Head(w, Encap);
                w.U16(a.HeaderSize);
                w.U32(a.PacketType);
                w.Bytes(a.Properties.AsSpan());
                break;
            case DecapAction a:
                Head(w, Decap);
                w.Zeros(2);
                w.U32(a.PacketType);
                break;
            case DecNshTtlAction:
                Empty(w, DecNshTtl);
                break;
            case CheckLargerAction a:
                Head(w, CheckLarger);
                OvsActions.Write(w, a);
                break;
            case DeleteFieldAction a:
                Head(w, DeleteField);
                Oxm.WriteHead(w, Oxm.InAction(a.Field), hasMask: false);
                w.Zeros(start + OvsActions.DeleteFieldOctets - w.Length);
                break;
            default:
                throw new ArgumentException($"no code for the action {action.GetType().Name}", nameof(action));
        }

        Actions.Close(w, start);
    }

    // 2 pad | 4 packet type of what comes out
    private static DecapAction ReadDecap(ref WireReader r)
    {
        r.Skip(2);
        return new(r.U32());
    }

    // 2 port, 16 bits wide | 1 table | 3 pad
    private static ResubmitAction? ReadResubmit(ref WireReader r, ushort subtype)
    {
        var port = r.U16();
        var table = r.U8();
        r.Skip(3);
        if (subtype == ResubmitTable && table == CurrentTable)
        {
            return null; // "Current table" by either subtype would come out as the shorter one.
        }

        var hasTable = subtype != Resubmit && table != CurrentTable;
        return new(Port32(port) == PortNumber.InPort ? null : Port32(port), hasTable ? table : null, subtype == ResubmitTableCt);
    }

    // 2 bits | 2 offset from | 2 offset to | 4 or 8 head from | 4 or 8 head to | to 8
    private static MoveAction? ReadMove(ref WireReader r)
    {
        var bits = r.U16();
        var fromOffset = r.U16();
        var toOffset = r.U16();
        var from = Bits(Oxm.ReadActionHead(ref r), fromOffset, bits);
        var to = Bits(Oxm.ReadActionHead(ref r), toOffset, bits);
        r.Rest();
        return from is { } f && to is { } t ? new(f, t) : null;
    }

    // 2 offset and bits | 4 head | 8 value
    private static LoadAction? ReadLoad(ref WireReader r)
    {
        var (offset, bits) = ReadBits(ref r);
        var target = Bits(Oxm.ReadActionHead(ref r), offset, bits);
        if (target is not { } t || r.Remaining != 8)
        {
            return null; // An eight-octet head makes the value start elsewhere; nobody loads into those fields.
        }

        return new(t, r.U64());
    }

    // OXM entry | to 8
    private static FlowAction? ReadLoad2(ref WireReader r)
    {
        var head = Oxm.ReadActionHead(ref r);
        if (head.Code is { Field.TunMetadata: { } index })
        {
            var octets = r.Take(head.Length);
            r.Rest();
            return head.HasMask
                ? new SetTunMetadataAction(index, [.. octets[..(head.Length / 2)]], [.. octets[(head.Length / 2)..]])
                : new SetTunMetadataAction(index, [.. octets]) { IsLoad = true };
        }

        if (head is not { Code: { } code, HasMask: true } || head.Length != 2 * code.Bytes || code != Oxm.InAction(code.Field))
        {
            return null;
        }

        var value = Oxm.ReadNumber(r.Take(code.Bytes)) & code.Field.Ones;
        var mask = Oxm.ReadNumber(r.Take(code.Bytes)) & code.Field.Ones;
        r.Rest();
        return new SetFieldAction(code.Field, value, mask);
    }

    // 2 offset and bits | 4 head | 2 max length | 6 pad
    private static OutputFieldAction? ReadOutputReg(ref WireReader r)
    {
        var (offset, bits) = ReadBits(ref r);
        var port = Bits(Oxm.ReadActionHead(ref r), offset, bits);
        if (port is not { } p || IsLong(p.Field))
        {
            return null;
        }

        var length = r.U16();
        r.Skip(6);
        return new(p, length);
    }

    // 2 offset and bits | 2 max length | 8 head | to 8; of a field with a short head it is kept as it came, because OUTPUT_REG is what we write
    private static OutputFieldAction? ReadOutputReg2(ref WireReader r)
    {
        var (offset, bits) = ReadBits(ref r);
        var length = r.U16();
        var port = Bits(Oxm.ReadActionHead(ref r), offset, bits);
        r.Rest();
        return port is { } p && IsLong(p.Field) ? new(p, length) : null;
    }

    private static void WriteOutput(WireWriter w, FieldBits port, ushort maxLength)
    {
        Head(w, IsLong(port.Field) ? OutputReg2 : OutputReg);
        WriteBits(w, port);
        if (IsLong(port.Field))
        {
            w.U16(maxLength);
        }

        Oxm.WriteHead(w, Oxm.InAction(port.Field), hasMask: false);
        if (!IsLong(port.Field))
        {
            w.U16(maxLength);
            w.Zeros(6);
        }
    }

    /// <summary>Whether the head of a field has eight octets.</summary>
    private static bool IsLong(Field field) => Oxm.InAction(field).Class == OxmCode.ExperimenterClass;

    private static CloneAction ReadClone(ref WireReader r, int depth)
    {
        r.Skip(6);
        var inner = r.Slice(r.Remaining);
        return new(Actions.Read(ref inner, depth + 1));
    }

    // 6 pad | properties: 2 type | 2 length | value | to 8
    private static ControllerAction? ReadController2(ref WireReader r)
    {
        r.Skip(6);
        var action = new ControllerAction();
        while (r.Remaining > 0)
        {
            var type = r.U16();
            var length = r.U16();
            if (length < 4)
            {
                throw new WireException($"controller property {type} of {length} octets");
            }

            var p = r.Slice(length - 4);
            r.Skip((8 - (length & 7)) & 7);
            switch (type)
            {
                case 0:
                    action = action with { MaxLength = p.U16() };
                    break;
                case 1:
                    action = action with { ControllerId = p.U16() };
                    break;
                case 2:
                    action = action with { Reason = p.U8() };
                    break;
                case 3:
                    action = action with { UserData = [.. p.Rest()] };
                    break;
                case 4:
                    action = action with { Pause = true };
                    break;
                case 5:
                    p.Skip(p.Remaining - 4);
                    action = action with { Meter = p.U32() };
                    break;
                default:
                    return null;
            }
        }

        return action;
    }

    private static void WriteController2(WireWriter w, ControllerAction a)
    {
        Head(w, Controller2);
        w.Zeros(6);
        var plain = new ControllerAction();
        if (a.MaxLength != plain.MaxLength)
        {
            Property(w, 0, () => w.U16(a.MaxLength));
        }

        if (a.ControllerId != plain.ControllerId)
        {
            Property(w, 1, () => w.U16(a.ControllerId));
        }

        if (a.Reason != plain.Reason)
        {
            Property(w, 2, () => w.U8(a.Reason));
        }

        if (!a.UserData.IsEmpty)
        {
            Property(w, 3, () => w.Bytes(a.UserData.AsSpan()));
        }

        if (a.Pause)
        {
            Property(w, 4, () => { });
        }

        if (a.Meter is { } meter)
        {
            Property(w, 5, () => w.U32(meter));
        }
    }

    private static void Property(WireWriter w, ushort type, Action value)
    {
        var start = w.Length;
        w.U16(type);
        w.U16(0);
        value();
        w.PatchU16(start + 2, w.Length - start);
        w.PadTo8(start);
    }

    private static T Then<T>(ref WireReader r, T action, int pad)
    {
        r.Skip(pad);
        return action;
    }

    private static T Padded<T>(ref WireReader r, T action) => Then(ref r, action, 6);

    private static void Empty(WireWriter w, ushort subtype)
    {
        Head(w, subtype);
        w.Zeros(6);
    }

    private static void Head(WireWriter w, ushort subtype)
    {
        Actions.Head(w, Actions.Experimenter, 0);
        w.U32(Experimenter.Nicira);
        w.U16(subtype);
    }

    // 10 bits offset | 6 bits number of bits, less one
    internal static (int Offset, int Bits) ReadBits(ref WireReader r)
    {
        var both = r.U16();
        return (both >> 6, (both & 0x3f) + 1);
    }

    internal static void WriteBits(WireWriter w, FieldBits bits) => w.U16((ushort)((bits.Offset << 6) | (bits.Bits - 1)));

    internal static FieldBits? Bits(OxmHead head, int offset, int bits)
    {
        if (head.Code is not { } code || head.HasMask || head.Length != code.Bytes || code != Oxm.InAction(code.Field))
        {
            return null; // Under another code than the one we send; it is kept as it came.
        }

        if (bits == 0 || offset + bits > code.Field.Bits)
        {
            throw new WireException($"{code.Field} has no {bits} bits from {offset}");
        }

        return new FieldBits(code.Field, offset, bits);
    }

    // OpenFlow 1.0's ports have 16 bits; the reserved ones are the same numbers with ones in front.
    internal static PortNumber Port32(ushort port) => new(port >= ReservedPorts16 ? 0xffff_0000u | port : port);

    internal static ushort Port16(PortNumber port) =>
        port.Value is < ReservedPorts16 or >= 0xffff_ff00
            ? (ushort)port.Value
            : throw new ArgumentException($"port {port} has no 16-bit number", nameof(port));
}
