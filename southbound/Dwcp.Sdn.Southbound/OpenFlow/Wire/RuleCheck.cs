using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>
/// Looks at what we are about to send as a strict switch does: prerequisites of what is matched and of what is set (OpenFlow 1.3.5
/// §7.2.3.6, §5.12), fields that nobody may write, tables that are behind, and overlaps (§6.4).
/// </summary>
public static class RuleCheck
{
    /// <summary>The first thing that is wrong with a flow, or null.</summary>
    public static string? Of(FlowRule rule)
    {
        if (rule.Match.MissingPrerequisite() is { } missing)
        {
            return missing;
        }

        if (rule.Goto is { } table && table <= rule.Table)
        {
            return $"goto_table:{table} from table {rule.Table}";
        }

        return Of(rule.Match, rule.Apply.AsSpan()) ?? Of(rule.Match, rule.Write.AsSpan());
    }

    /// <summary>Whether a packet could match both: of one table and priority, OFPFF_CHECK_OVERLAP refuses the second unless their matches are equal.</summary>
    public static bool Overlap(FlowRule one, FlowRule other)
    {
        if (one.Table != other.Table || one.Priority != other.Priority || one.Match.Equals(other.Match))
        {
            return false;
        }

        foreach (var a in one.Match.Fields)
        {
            if (other.Match.Find(a.Field) is { } b && ((a.Value ^ b.Value) & a.Mask & b.Mask) != UInt128.Zero)
            {
                return false;
            }
        }

        return true;
    }

    private static string? Of(Match match, ReadOnlySpan<FlowAction> actions)
    {
        foreach (var action in actions)
        {
            switch (action)
            {
                case PushVlanAction or PopVlanAction or PushMplsAction or PopMplsAction or EncapAction or DecapAction:
                    return null; // From here on the packet is another than the one that was matched.
                case SetFieldAction { Field: var field }:
                    if (Of(match, field) is { } wrong)
                    {
                        return $"{action}: {wrong}";
                    }

                    break;
                case LoadAction { Target.Field: var field }:
                    if ((Oxm.InAction(field).Class == OxmCode.ExperimenterClass ? $"{field} can be set and not loaded" : Of(match, field)) is { } unloadable)
                    {
                        return $"{action}: {unloadable}";
                    }

                    break;
                case DeleteFieldAction { Field.TunMetadata: null }:
                    return $"{action}: tunnel metadata alone can be deleted";
                case MoveAction move:
                    if ((Of(match, move.To.Field) ?? Unmet(match, move.From.Field)) is { } immovable)
                    {
                        return $"{action}: {immovable}";
                    }

                    break;
                case ConntrackAction { Actions: var inner } when Of(match, inner.AsSpan()) is { } inside:
                    return inside;
                case CloneAction { Actions: var inner } when Of(match, inner.AsSpan()) is { } inside:
                    return inside;
            }
        }

        return null;
    }

    private static string? Of(Match match, Field field) => field.IsWritable ? Unmet(match, field) : $"{field} cannot be written";

    private static string? Unmet(Match match, Field field) =>
        field.TunMetadata is null && match.Find(field) is null && match.With(field, UInt128.Zero).MissingPrerequisite() is { } missing ? missing : null;
}
