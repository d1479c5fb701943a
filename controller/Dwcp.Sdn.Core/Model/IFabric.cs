using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Model;

/// <summary>The fabric as the northbound sees it: commands in, snapshots out.</summary>
public interface IFabric
{
    /// <summary>Judges a command and commits it durably; returns after the commit, before switches are programmed.</summary>
    Task<Outcome> ApplyAsync(FabricCommand command, CancellationToken stop);

    /// <summary>The object as it is now, or null.</summary>
    Resource? Find(ResourceKind kind, string id);

    /// <summary>All objects of a kind, ordered by id, of one snapshot.</summary>
    ResourceList List(ResourceKind kind);

    /// <summary>What a switch really holds, read from it now; null when there is no such switch, or it is not connected or does not tell.</summary>
    Task<ImmutableArray<FlowEntry>?> ReadFlowsAsync(string switchId, CancellationToken stop);

    /// <summary>The routes that the BGP speaker holds, with where they came from and why they were chosen; null when there is no speaker.</summary>
    Task<HeldRoutes?> ReadRoutesAsync(HeldRouteQuery query, CancellationToken stop);

    /// <summary>The events that are kept, oldest first.</summary>
    EventList Events();

    /// <summary>
    /// Every change of a kind after a position, in order and without end, with a bookmark when it stands and now and then; null = first all objects as
    /// they are. A position that cannot be served, and a reader that is too slow, end it with an element that says so.
    /// </summary>
    IAsyncEnumerable<ResourceChange> WatchAsync(ResourceKind kind, FeedPosition? after, CancellationToken stop);

    /// <summary>The same of events; null = first those that are kept.</summary>
    IAsyncEnumerable<EventChange> WatchEventsAsync(FeedPosition? after, CancellationToken stop);
}
