using System.Collections.Immutable;

namespace Dwcp.Sdn.Pipeline;

/// <summary>What several needs say of the same keys, and for each key the one that holds.</summary>
/// <param name="rank">The lowest holds; between equals the text decides, so that the order of arrival never does.</param>
internal sealed class Contributions<TKey, TValue>(Func<TValue, ulong> rank)
    where TKey : notnull
    where TValue : class, IEquatable<TValue>
{
    // A key that one need alone speaks of, which is nearly every key, costs one entry in one dictionary.
    private readonly Dictionary<TKey, TValue> winners = [];
    private readonly Dictionary<TKey, List<TValue>> contested = [];

    public IReadOnlyDictionary<TKey, TValue> Winners => winners;

    /// <summary>Takes the values of a need's former state away and adds those of its new one; tells each key whose holder is another one now.</summary>
    public void Replace(ImmutableArray<TValue> old, ImmutableArray<TValue> now, Func<TValue, TKey> keyOf, Action<TKey> changed)
    {
        var before = new Dictionary<TKey, TValue?>();
        foreach (var value in old)
        {
            var key = keyOf(value);
            before.TryAdd(key, winners.GetValueOrDefault(key));
            Remove(key, value);
        }

        foreach (var value in now)
        {
            var key = keyOf(value);
            before.TryAdd(key, winners.GetValueOrDefault(key));
            Add(key, value);
        }

        foreach (var (key, was) in before)
        {
            if (!Equals(was, winners.GetValueOrDefault(key)))
            {
                changed(key);
            }
        }
    }

    private void Add(TKey key, TValue value)
    {
        if (winners.TryAdd(key, value))
        {
            return;
        }

        if (!contested.TryGetValue(key, out var all))
        {
            contested[key] = all = [winners[key]];
        }

        all.Add(value);
        winners[key] = Lowest(all);
    }

    private void Remove(TKey key, TValue value)
    {
        if (!contested.TryGetValue(key, out var all))
        {
            winners.Remove(key);
            return;
        }

        all.Remove(value);
        winners[key] = Lowest(all);
        if (all.Count == 1)
        {
            contested.Remove(key);
        }
    }

    private TValue Lowest(List<TValue> all) => all.OrderBy(rank).ThenBy(value => value.ToString(), StringComparer.Ordinal).First();
}
