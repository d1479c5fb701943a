using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Tests.Store;

/// <summary>Commits of every kind, the same ones for the same seed.</summary>
internal static class StoreTraffic
{
    /// <summary>Each commit is one revision: puts of one to three keys, one in four with a delete.</summary>
    public static Task WriteAsync(IStateStore store, int commits, int seed)
    {
        var random = new Random(seed);
        return Task.WhenAll(Enumerable.Range(0, commits).Select(i =>
        {
            var keys = Enumerable.Range(0, 1 + random.Next(3)).Select(n => $"/{(char)('a' + n)}/{random.Next(40)}");
            var value = new byte[random.Next(60)];
            random.NextBytes(value);
            return store.CommitAsync(new Commit
            {
                Put = [.. keys.Select(key => new StorePut(key, value))],
                Delete = random.Next(4) == 0 ? [$"/z/{random.Next(5)}"] : [],
            });
        }));
    }
}
