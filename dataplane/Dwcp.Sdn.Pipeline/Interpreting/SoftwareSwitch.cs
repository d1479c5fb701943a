using System.Collections.Immutable;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>The tables of a switch in memory, as the reconcile loop sees those of a real one.</summary>
public sealed class SoftwareSwitch(DatapathId id, SoftwareTables tables) : ISwitchTables
{
    public Task<SwitchTables> ReadAsync(CancellationToken stop) => Task.FromResult(tables.Read());

    public Task ApplyAsync(TablesChange change, CancellationToken stop)
    {
        if (tables.Apply(change) is not { } refused)
        {
            return Task.CompletedTask;
        }

        var (type, code, name) = (refused.Error.Type, refused.Error.Code, refused.Error.Name);
        return Task.FromException(new SwitchRefusedException(id, [new SwitchRefusal(refused.Mod.ToString(), 0, type, code, name)]));
    }

    /// <summary>Durations are zero: the tables have no clock.</summary>
    public Task<ImmutableArray<FlowStats>> ReadFlowStatsAsync(FlowFilter filter, CancellationToken stop) => Task.FromResult<ImmutableArray<FlowStats>>(
    [
        .. tables.Flows.Values
            .Where(e => (filter.Table ?? e.Rule.Table) == e.Rule.Table
                && ((e.Rule.Cookie ^ filter.Cookie) & filter.CookieMask) == 0
                && (filter.Match is null || SoftwareTables.IsWithin(e.Rule.Match, filter.Match)))
            .Select(e => new FlowStats(e.Rule.Key, e.Rule.Cookie, e.Packets, e.Bytes, TimeSpan.Zero)),
    ]);
}
