using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>
/// The instructions of a flow (OpenFlow 1.3.5 §7.2.4), written in the order in which they are executed (§5.9), which is also
/// the only one that Open vSwitch takes.
/// </summary>
internal static class Instructions
{
    private const ushort GotoTable = 1;
    private const ushort WriteMetadata = 2;
    private const ushort WriteActions = 3;
    private const ushort ApplyActions = 4;
    private const ushort ClearActions = 5;
    private const ushort Meter = 6;

    /// <summary>Reads to the end and returns <paramref name="rule"/> with what it found.</summary>
    public static FlowRule Read(ref WireReader r, FlowRule rule)
    {
        List<byte>? opaque = null;
        var seen = 0;
        while (r.Remaining > 0)
        {
            var ahead = r;
            var type = r.U16();
            var length = r.U16();
            if (length < 8 || (length & 7) != 0)
            {
                throw new WireException($"instruction {type} of {length} octets");
            }

            if (type is >= GotoTable and <= Meter && (seen & (1 << type)) != 0)
            {
                throw new WireException($"instruction {type} stands twice");
            }

            seen |= type <= Meter ? 1 << type : 0;
            var body = r.Slice(length - 4);
            switch (type)
            {
                case GotoTable:
                    rule = rule with { Goto = body.U8() };
                    body.Skip(3);
                    break;
                case WriteMetadata:
                    body.Skip(4);
                    rule = rule with { Metadata = new(body.U64(), body.U64()) };
                    break;
                case WriteActions:
                    body.Skip(4);
                    rule = rule with { Write = Actions.Read(ref body) };
                    break;
                case ApplyActions:
                    body.Skip(4);
                    rule = rule with { Apply = Actions.Read(ref body) };
                    break;
                case ClearActions:
                    body.Skip(4);
                    rule = rule with { Clear = true };
                    break;
                case Meter:
                    rule = rule with { Meter = body.U32() };
                    break;
                default:
                    (opaque ??= []).AddRange(ahead.Take(length));
                    body.Rest();
                    break;
            }

            body.End($"instruction {type}");
        }

        return opaque is null ? rule : rule with { OpaqueInstructions = [.. opaque] };
    }

    public static void Write(WireWriter w, FlowRule rule)
    {
        if (rule.Meter is { } meter)
        {
            Actions.Head(w, Meter, 8);
            w.U32(meter);
        }

        WriteList(w, ApplyActions, rule.Apply);
        if (rule.Clear)
        {
            Actions.Head(w, ClearActions, 8);
            w.Zeros(4);
        }

        WriteList(w, WriteActions, rule.Write);
        if (rule.Metadata is { } metadata)
        {
            Actions.Head(w, WriteMetadata, 24);
            w.Zeros(4);
            w.U64(metadata.Value);
            w.U64(metadata.Mask);
        }

        if (rule.Goto is { } table)
        {
            Actions.Head(w, GotoTable, 8);
            w.U8(table);
            w.Zeros(3);
        }

        w.Bytes(rule.OpaqueInstructions.AsSpan());
    }

    private static void WriteList(WireWriter w, ushort type, EquatableArray<FlowAction> actions)
    {
        if (actions.IsEmpty)
        {
            return;
        }

        var start = w.Length;
        Actions.Head(w, type, 0);
        w.Zeros(4);
        Actions.Write(w, actions.AsSpan());
        w.PatchU16(start + 2, w.Length - start);
    }
}
