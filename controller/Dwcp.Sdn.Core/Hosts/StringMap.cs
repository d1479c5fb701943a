using System.Collections;
using System.Runtime.CompilerServices;

namespace Dwcp.Sdn.Core.Hosts;

/// <summary>An immutable map of words to words in the order of its keys, equal to its twin: OVSDB's <c>external_ids</c>, <c>other_config</c>, <c>options</c>.</summary>
[CollectionBuilder(typeof(StringMap), nameof(Create))]
public sealed class StringMap : IEquatable<StringMap>, IEnumerable<KeyValuePair<string, string>>
{
    public static readonly StringMap Empty = new([]);

    private readonly KeyValuePair<string, string>[] pairs;

    private StringMap(KeyValuePair<string, string>[] pairs) => this.pairs = pairs;

    public int Count => pairs.Length;

    /// <summary>The value of a key, or null without it.</summary>
    public string? this[string key]
    {
        get
        {
            var (low, high) = (0, pairs.Length - 1);
            while (low <= high)
            {
                var middle = (low + high) >>> 1;
                switch (string.CompareOrdinal(pairs[middle].Key, key))
                {
                    case 0: return pairs[middle].Value;
                    case < 0: low = middle + 1; break;
                    default: high = middle - 1; break;
                }
            }

            return null;
        }
    }

    /// <summary>A key that comes twice throws <see cref="ArgumentException"/>.</summary>
    public static StringMap Create(ReadOnlySpan<KeyValuePair<string, string>> pairs)
    {
        if (pairs.IsEmpty)
        {
            return Empty;
        }

        var sorted = pairs.ToArray();
        Array.Sort(sorted, static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Key == sorted[i - 1].Key)
            {
                throw new ArgumentException($"the key '{sorted[i].Key}' comes twice", nameof(pairs));
            }
        }

        return new StringMap(sorted);
    }

    public static StringMap Of(params ReadOnlySpan<(string Key, string Value)> pairs)
    {
        var list = new KeyValuePair<string, string>[pairs.Length];
        for (var i = 0; i < pairs.Length; i++)
        {
            list[i] = new(pairs[i].Key, pairs[i].Value);
        }

        return Create(list);
    }

    public bool Equals(StringMap? other) => other is not null && pairs.AsSpan().SequenceEqual(other.pairs);

    public override bool Equals(object? obj) => Equals(obj as StringMap);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var (key, value) in pairs)
        {
            hash.Add(key);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)pairs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => pairs.GetEnumerator();

    public override string ToString() => string.Join(',', pairs.Select(pair => $"{pair.Key}={pair.Value}"));
}
