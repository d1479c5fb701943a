using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>Actions, OpenFlow 1.3.5 §7.2.5. What this library has no word for is kept as <see cref="OpaqueAction"/>.</summary>
internal static class Actions
{
    private const ushort Output = 0;
    private const ushort CopyTtlOut = 11;
    private const ushort CopyTtlIn = 12;
    private const ushort SetMplsTtl = 15;
    private const ushort DecMplsTtl = 16;
    private const ushort PushVlan = 17;
    private const ushort PopVlan = 18;
    private const ushort PushMpls = 19;
    private const ushort PopMpls = 20;
    private const ushort SetQueue = 21;
    private const ushort Group = 22;
    private const ushort SetNwTtl = 23;
    private const ushort DecNwTtl = 24;
    private const ushort SetField = 25;
    private const ushort PushPbb = 26;
    private const ushort PopPbb = 27;
    internal const ushort Experimenter = 0xffff;

    /// <summary>Clones inside clones that are read; deeper ones are refused, so that no message exhausts the stack.</summary>
    private const int MaxDepth = 8;

    public static EquatableArray<FlowAction> Read(ref WireReader r, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw new WireException($"actions nested {depth} deep");
        }

        var actions = new List<FlowAction>();
        while (r.Remaining > 0)
        {
            actions.Add(ReadOne(ref r, depth));
        }

        return [.. actions];
    }

    public static void Write(WireWriter w, ReadOnlySpan<FlowAction> actions)
    {
        foreach (var action in actions)
        {
            WriteOne(w, action);
        }
    }

    // 2 type | 2 length, a multiple of 8 | body
    private static FlowAction ReadOne(ref WireReader r, int depth)
    {
        var type = r.U16();
        var length = r.U16();
        if (length < 8 || (length & 7) != 0)
        {
            throw new WireException($"action {type} of {length} octets");
        }

        try
        {
            return ReadBody(type, r.Take(length - 4), depth);
        }
        catch (WireException e) when (!e.Message.StartsWith("action", StringComparison.Ordinal))
        {
            throw new WireException($"action {type}: {e.Message}");
        }
    }

    private static FlowAction ReadBody(ushort type, ReadOnlySpan<byte> raw, int depth)
    {
        var body = new WireReader(raw);
        var action = type switch
        {
            Output => ReadOutput(ref body),
            CopyTtlOut => Padded(ref body, new CopyTtlOutAction()),
            CopyTtlIn => Padded(ref body, new CopyTtlInAction()),
            SetMplsTtl => Then(ref body, new SetMplsTtlAction(body.U8()), 3),
            DecMplsTtl => Padded(ref body, new DecMplsTtlAction()),
            PushVlan => Then(ref body, new PushVlanAction(body.U16()), 2),
            PopVlan => Padded(ref body, new PopVlanAction()),
            PushMpls => Then(ref body, new PushMplsAction(body.U16()), 2),
            PopMpls => Then(ref body, new PopMplsAction(body.U16()), 2),
            SetQueue => new SetQueueAction(body.U32()),
            Group => new GroupAction(body.U32()),
            SetNwTtl => Then(ref body, new SetTtlAction(body.U8()), 3),
            DecNwTtl => Padded(ref body, new DecTtlAction()),
            SetField => ReadSetField(ref body),
            PushPbb => Then(ref body, new PushPbbAction(body.U16()), 2),
            PopPbb => Padded(ref body, new PopPbbAction()),
            Experimenter => NiciraActions.Read(ref body, depth),
            _ => null,
        };
        if (action is null)
        {
            return new OpaqueAction(type, [.. raw]);
        }

        body.End($"action {action}");
        return action;
    }

    // 4 port | 2 max length | 6 pad
    private static OutputAction ReadOutput(ref WireReader body) =>
        Then(ref body, new OutputAction(new PortNumber(body.U32()), body.U16()), 6);

    // OXM entry without a mask | to 8
    private static FlowAction? ReadSetField(ref WireReader body)
    {
        var head = Oxm.ReadActionHead(ref body);
        if (head is not { Code: { } code, HasMask: false } || head.Length != code.Bytes || code != Oxm.Of(code.Field))
        {
            return null;
        }

        var value = body.Take(code.Bytes);
        body.Rest();
        return code.Field.TunMetadata is { } index
            ? new SetTunMetadataAction(index, [.. value])
            : new SetFieldAction(code.Field, Oxm.ReadNumber(value) & code.Field.Ones);
    }

    private static T Then<T>(ref WireReader body, T action, int pad)
    {
        body.Skip(pad);
        return action;
    }

    private static T Padded<T>(ref WireReader body, T action) => Then(ref body, action, 4);

    private static void WriteOne(WireWriter w, FlowAction action)
    {
        switch (action)
        {
            case OutputAction a:
                Head(w, Output, 16);
                w.U32(a.Port.Value);
                w.U16(a.MaxLength);
                w.Zeros(6);
                break;
            case CopyTtlOutAction:
                Empty(w, CopyTtlOut);
                break;
            case CopyTtlInAction:
                Empty(w, CopyTtlIn);
                break;
            case SetMplsTtlAction a:
                Octet(w, SetMplsTtl, a.Ttl);
                break;
            case DecMplsTtlAction:
                Empty(w, DecMplsTtl);
                break;
            case PushVlanAction a:
                Ether(w, PushVlan, a.EtherType);
                break;
            case PopVlanAction:
                Empty(w, PopVlan);
                break;
            case PushMplsAction a:
                Ether(w, PushMpls, a.EtherType);
                break;
            case PopMplsAction a:
                Ether(w, PopMpls, a.EtherType);
                break;
            case SetQueueAction a:
                Head(w, SetQueue, 8);
                w.U32(a.Queue);
                break;
            case GroupAction a:
                Head(w, Group, 8);
                w.U32(a.Group);
                break;
            case SetTtlAction a:
                Octet(w, SetNwTtl, a.Ttl);
                break;
            case DecTtlAction:
                Empty(w, DecNwTtl);
                break;
            case SetFieldAction { Mask: null } a:
                var start = w.Length;
                Head(w, SetField, 0);
                OxmMatch.WriteEntry(w, a.Field, a.Value, null);
                Close(w, start);
                break;
            case SetTunMetadataAction { Mask: null, IsLoad: false } a:
                var from = w.Length;
                Head(w, SetField, 0);
                Oxm.WriteHead(w, Oxm.Of(a.Field), hasMask: false);
                w.Bytes(a.Value.AsSpan());
                Close(w, from);
                break;
            case PushPbbAction a:
                Ether(w, PushPbb, a.EtherType);
                break;
            case PopPbbAction:
                Empty(w, PopPbb);
                break;
            case OpaqueAction a:
                Head(w, a.Type, 4 + a.Body.Count);
                w.Bytes(a.Body.AsSpan());
                break;
            default:
                NiciraActions.Write(w, action);
                break;
        }
    }

    internal static void Head(WireWriter w, ushort type, int length)
    {
        w.U16(type);
        w.U16((ushort)length);
    }

    /// <summary>Pads an action and fills in its length.</summary>
    internal static void Close(WireWriter w, int start)
    {
        w.PadTo8(start);
        w.PatchU16(start + 2, w.Length - start);
    }

    private static void Empty(WireWriter w, ushort type)
    {
        Head(w, type, 8);
        w.Zeros(4);
    }

    private static void Octet(WireWriter w, ushort type, byte value)
    {
        Head(w, type, 8);
        w.U8(value);
        w.Zeros(3);
    }

    private static void Ether(WireWriter w, ushort type, ushort value)
    {
        Head(w, type, 8);
        w.U16(value);
        w.Zeros(2);
    }
}
