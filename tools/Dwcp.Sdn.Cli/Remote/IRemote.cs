using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Remote;

/// <summary>A list with the resource version from which a watch misses nothing.</summary>
internal sealed record Listing(IReadOnlyList<JsonObject> Items, string ResourceVersion);

/// <summary>One element of a watch: ADDED, MODIFIED, DELETED or BOOKMARK.</summary>
internal sealed record Change(string Event, string ResourceVersion, JsonObject? Item);

/// <summary>
/// A controller, whichever way it is spoken to. Objects are in the JSON form of the contract. Every method throws
/// <see cref="RemoteException"/> when the controller refuses and <see cref="UnreachableException"/> when there is none.
/// </summary>
internal interface IRemote : IDisposable
{
    Uri Address { get; }

    Task<JsonObject> GetAsync(Kind kind, string id, CancellationToken stop);

    Task<Listing> ListAsync(Kind kind, string filter, CancellationToken stop);

    Task<JsonObject> PutAsync(Kind kind, string id, JsonObject body, bool validateOnly, CancellationToken stop);

    Task DeleteAsync(Kind kind, string id, bool validateOnly, CancellationToken stop);

    /// <param name="after">A resource version; empty = first the objects as they are.</param>
    IAsyncEnumerable<Change> WatchAsync(Kind kind, string after, string filter, CancellationToken stop);

    /// <summary>What the controller waits for before it is ready; none when it is.</summary>
    Task<IReadOnlyList<string>> WaitsForAsync(CancellationToken stop);

    /// <summary>The controller's version; null when this way of speaking does not tell.</summary>
    Task<string?> VersionAsync(CancellationToken stop);
}
