using System.Collections.Immutable;
using System.Security.Cryptography;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Topology;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>
/// The key of the discovery of links: made once for an installation and kept in the store, so that a controller that comes back,
/// or another on the same store, understands what is on its way.
/// </summary>
internal static class DiscoveryKey
{
    private const string Key = "/discovery/key";

    /// <exception cref="InvalidDataException">The record holds something else.</exception>
    public static async Task<ImmutableArray<byte>> OfAsync(IStateStore store, CancellationToken stop)
    {
        while (true)
        {
            if (await store.GetAsync(Key, stop: stop) is { } found)
            {
                return found.Value.Length == Probe.KeySize
                    ? [.. found.Value.Span]
                    : throw new InvalidDataException($"{Key} of revision {found.ModRevision} is no key of {Probe.KeySize} octets; without it another is made at the next start");
            }

            // Of several controllers that start on one store, the first one's counts.
            await store.CommitAsync(new Commit { Expect = [new Expectation(Key, 0)], Put = [new StorePut(Key, RandomNumberGenerator.GetBytes(Probe.KeySize))] }, stop);
        }
    }
}
