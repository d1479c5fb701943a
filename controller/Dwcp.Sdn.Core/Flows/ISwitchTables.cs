using System.Collections.Immutable;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>
/// The tables of one switch: the port through which the reconcile loop reads what is and applies what shall change. Flows
/// come and go in the form of <see cref="FlowNormal"/>, so that a rule read back equals the rule that was sent.
/// </summary>
public interface ISwitchTables
{
    /// <summary>All flows, groups and meters after everything sent before has taken effect.</summary>
    /// <exception cref="SwitchRefusedException">The switch answered a request with an error.</exception>
    /// <exception cref="SwitchGoneException">The connection ended before all was read.</exception>
    Task<SwitchTables> ReadAsync(CancellationToken stop);

    /// <summary>
    /// Applies a change: meters first, then groups and flows as one ordered and atomic bundle, then a barrier, then the deletion
    /// of meters. Of a refused bundle nothing has taken effect.
    /// </summary>
    /// <exception cref="SwitchRefusedException">The switch refused part of it; the exception names each.</exception>
    /// <exception cref="SwitchGoneException">The connection ended; whether the change took effect is not known.</exception>
    Task ApplyAsync(TablesChange change, CancellationToken stop);

    /// <summary>Counters of the flows that the filter selects.</summary>
    /// <exception cref="SwitchRefusedException">The switch answered with an error.</exception>
    /// <exception cref="SwitchGoneException">The connection ended before all was read.</exception>
    Task<ImmutableArray<FlowStats>> ReadFlowStatsAsync(FlowFilter filter, CancellationToken stop);

    /// <summary>What each meter has dropped since it was made or changed; nothing of a switch that has no meters.</summary>
    /// <exception cref="SwitchGoneException">The connection ended before all was read.</exception>
    Task<ImmutableArray<MeterDrops>> ReadMeterDropsAsync(CancellationToken stop);
}

/// <summary>The packets that the bands of a meter have dropped.</summary>
public readonly record struct MeterDrops(uint Meter, ulong Packets);

/// <summary>What a switch holds at one moment.</summary>
public sealed record SwitchTables(EquatableArray<FlowRule> Flows, EquatableArray<Group> Groups, EquatableArray<Meter> Meters);

/// <summary>What to change in a switch; each list is carried out in its order, the lists in the order in which they stand here.</summary>
public sealed record TablesChange
{
    public EquatableArray<Meter> MetersToAdd { get; init; }

    public EquatableArray<Meter> MetersToModify { get; init; }

    public EquatableArray<Group> GroupsToAdd { get; init; }

    public EquatableArray<Group> GroupsToModify { get; init; }

    /// <summary>Sent as ADD, which replaces a flow with the same key.</summary>
    public EquatableArray<FlowRule> FlowsToAddOrModify { get; init; }

    public EquatableArray<FlowKey> FlowsToDeleteStrict { get; init; }

    public EquatableArray<uint> GroupsToDelete { get; init; }

    public EquatableArray<uint> MetersToDelete { get; init; }

    public bool IsEmpty =>
        !HasBundle && MetersToAdd.IsEmpty && MetersToModify.IsEmpty && MetersToDelete.IsEmpty;

    /// <summary>Whether anything but meters changes.</summary>
    public bool HasBundle =>
        !GroupsToAdd.IsEmpty || !GroupsToModify.IsEmpty || !FlowsToAddOrModify.IsEmpty || !FlowsToDeleteStrict.IsEmpty || !GroupsToDelete.IsEmpty;
}

/// <summary>Which flows to count: those of a table (null: all), that match at least as closely, whose cookie has these bits.</summary>
public sealed record FlowFilter(byte? Table = null, Match? Match = null, ulong Cookie = 0, ulong CookieMask = 0);

/// <summary>What one flow has counted.</summary>
public readonly record struct FlowStats(FlowKey Key, ulong Cookie, ulong Packets, ulong Bytes, TimeSpan Duration);

/// <summary>One refused part of a request: what it was, and the error in the standard's words.</summary>
/// <param name="What">The rule, group or meter, or the request, in words.</param>
/// <param name="Xid">The transaction id it went under.</param>
/// <param name="Type">OFPET_*.</param>
/// <param name="Code">The code within the type; of an experimenter's error its own type.</param>
/// <param name="Error">The name, such as <c>OFPGMFC_GROUP_EXISTS</c>.</param>
public readonly record struct SwitchRefusal(string What, uint Xid, ushort Type, ushort Code, string Error)
{
    public override string ToString() => $"{What}: {Error} ({Type}/{Code})";
}

/// <summary>A switch refused what it was asked, with an OFPT_ERROR for each part (OpenFlow 1.3.5 §7.4.4).</summary>
public sealed class SwitchRefusedException(DatapathId @switch, ImmutableArray<SwitchRefusal> refusals)
    : Exception($"switch {@switch} refused {refusals[0]}{(refusals.Length > 1 ? $" and {refusals.Length - 1} more" : "")}")
{
    /// <summary>At least one, in the order of arrival.</summary>
    public ImmutableArray<SwitchRefusal> Refusals => refusals;
}

/// <summary>The connection to a switch ended before it had answered.</summary>
public sealed class SwitchGoneException(string reason) : Exception(reason);
