using System.Buffers;

namespace Dwcp.Sdn.Core.Store;

/// <summary>The form of keys: <c>/networks/blue</c>, segments of printable ASCII, so that every engine sorts them alike.</summary>
public static class StoreKey
{
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create([.. Enumerable.Range(0x21, 0x7f - 0x21).Select(c => (char)c)]);

    /// <summary>Refuses what is not a key: one segment or more, each after a slash, none empty.</summary>
    /// <exception cref="ArgumentException">With the key and what is wrong with it.</exception>
    public static void Check(string key, string name)
    {
        CheckPrefix(key, name);
        if (key.EndsWith('/'))
        {
            throw new ArgumentException($"the key '{key}' ends with an empty segment", name);
        }
    }

    /// <summary>Refuses what no key can begin with.</summary>
    /// <exception cref="ArgumentException">With the prefix and what is wrong with it.</exception>
    public static void CheckPrefix(string prefix, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix, name);
        if (prefix.Length > StoreLimits.KeyLength)
        {
            throw new ArgumentException($"the key '{prefix[..40]}…' has {prefix.Length} characters, {StoreLimits.KeyLength} are allowed", name);
        }

        if (prefix[0] != '/')
        {
            throw new ArgumentException($"the key '{prefix}' does not begin with '/'", name);
        }

        if (prefix.Contains("//", StringComparison.Ordinal))
        {
            throw new ArgumentException($"the key '{prefix}' has an empty segment", name);
        }

        if (prefix.AsSpan().IndexOfAnyExcept(Allowed) is >= 0 and var at)
        {
            throw new ArgumentException($"the key '{prefix}' has U+{(int)prefix[at]:X4} at {at}; printable ASCII without spaces is allowed", name);
        }
    }
}

/// <summary>What every engine takes; more is refused before anything is queued.</summary>
public static class StoreLimits
{
    /// <summary>Characters of a key.</summary>
    public const int KeyLength = 512;

    /// <summary>Octets of a value: what a single etcd request carries with room for its key.</summary>
    public const int ValueLength = 1024 * 1024;

    /// <summary>Octets of keys and values of one commit together.</summary>
    public const int CommitLength = 64 * 1024 * 1024;

    public static readonly TimeSpan LeaseLifetime = TimeSpan.FromDays(1);
}
