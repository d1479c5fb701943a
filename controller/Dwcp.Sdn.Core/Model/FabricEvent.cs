using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Model;

/// <summary>What happened to whom and why.</summary>
/// <param name="Sequence">Counts up from 1, also over restarts of the controller.</param>
/// <param name="Name">A stable word such as <c>SwitchConnected</c>.</param>
/// <param name="Subject">The object as <c>kind/id</c>, such as <c>switches/h1</c>.</param>
public sealed record FabricEvent(long Sequence, DateTimeOffset Time, string Name, string Subject, string Message);

/// <summary>The events that are kept, oldest first; a watch after the position misses none.</summary>
public sealed record EventList(ImmutableArray<FabricEvent> Items, FeedPosition Position);

/// <summary>A flow of a switch with its counters, as an operator asks for it.</summary>
/// <param name="Object">Whose contribution it is, such as <c>ports/vm1</c>; empty for what every switch has.</param>
public sealed record FlowEntry(byte Table, ushort Priority, string Match, string Actions, ulong Cookie, string Object, ulong Packets, ulong Bytes);
