using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Hosts;

/// <summary>A session with a host's OVSDB that has shown its first inventory.</summary>
public interface IHostConnection
{
    /// <summary>The other end, for people.</summary>
    string Peer { get; }

    /// <summary>Who the host has shown itself to be; null without TLS.</summary>
    PeerIdentity? Identity => null;

    /// <summary>The latest inventory.</summary>
    HostInventory Inventory { get; }

    /// <summary>
    /// The latest inventory now and whenever it has changed, one per burst of changes; a slow reader misses those
    /// in between. Ends with the session. For one reader.
    /// </summary>
    IAsyncEnumerable<HostInventory> InventoriesAsync(CancellationToken stop = default);

    /// <summary>
    /// Makes the changes and waits until ovs-vswitchd has applied them; <see cref="Inventory"/> shows them then.
    /// Lists that are asked for together are made one after another. What was committed before a failure stays.
    /// </summary>
    /// <exception cref="HostChangeException">The host did not take a change, or the session ended.</exception>
    Task ApplyAsync(ImmutableArray<HostChange> changes, CancellationToken stop = default);

    /// <summary>Completes with the reason when the session ends; never fails.</summary>
    Task<string> Closed { get; }

    /// <summary>Ends the session.</summary>
    void Close(string reason);
}

/// <summary>Why a change was not made.</summary>
public enum HostChangeFault
{
    /// <summary>OVSDB refused it: the error is its word (RFC 7047 §4.1.3).</summary>
    Refused,

    /// <summary>What the change is about is not there, is already there, or is not as the change needs it.</summary>
    Conflict,

    /// <summary>The rows kept changing under our hands.</summary>
    Stale,

    /// <summary>Committed, but ovs-vswitchd did not take it up in time: it may not be running.</summary>
    NotApplied,

    /// <summary>The session ended first; what was sent may or may not be committed.</summary>
    Disconnected,
}

/// <summary>A change that a host did not take: which one, why, and OVSDB's own error and details.</summary>
public sealed class HostChangeException(HostChangeFault fault, HostChange? change, string error, string? details = null)
    : Exception($"{change?.ToString() ?? "changes"}: {error}{(details is null ? "" : $" ({details})")}")
{
    public HostChangeFault Fault { get; } = fault;

    public HostChange? Change { get; } = change;

    public string Error { get; } = error;

    public string? Details { get; } = details;
}
