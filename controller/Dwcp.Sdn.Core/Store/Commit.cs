namespace Dwcp.Sdn.Core.Store;

/// <summary>Several keys compared and changed at once, all or nothing. At least one put or delete; no key twice among them.</summary>
public sealed record Commit
{
    /// <summary>What must hold, or nothing is changed.</summary>
    public EquatableArray<Expectation> Expect { get; init; }

    public EquatableArray<StorePut> Put { get; init; }

    /// <summary>Keys to remove. One that is not there is fine; if nothing else changes either, no revision is taken.</summary>
    public EquatableArray<string> Delete { get; init; }

    /// <summary>Refuses what no engine can take.</summary>
    /// <exception cref="ArgumentException">With the first thing that is wrong and the key it concerns.</exception>
    public void Check()
    {
        if (Put.IsEmpty && Delete.IsEmpty)
        {
            throw new ArgumentException("the commit neither puts nor deletes a key", nameof(Put));
        }

        foreach (var (key, revision) in Expect)
        {
            StoreKey.Check(key, nameof(Expect));
            if (revision < 0)
            {
                throw new ArgumentException($"revision {revision} is expected of '{key}'; revisions are 0 (absent) or more", nameof(Expect));
            }
        }

        var changed = new HashSet<string>(Put.Count + Delete.Count, StringComparer.Ordinal);
        var octets = 0L;
        foreach (var put in Put)
        {
            StoreKey.Check(put.Key, nameof(Put));
            Once(changed, put.Key, nameof(Put));
            if (put.Value.Length > StoreLimits.ValueLength)
            {
                throw new ArgumentException($"the value of '{put.Key}' has {put.Value.Length} octets, {StoreLimits.ValueLength} are allowed", nameof(Put));
            }

            octets += put.Key.Length + put.Value.Length;
        }

        foreach (var key in Delete)
        {
            StoreKey.Check(key, nameof(Delete));
            Once(changed, key, nameof(Delete));
            octets += key.Length;
        }

        if (octets > StoreLimits.CommitLength)
        {
            throw new ArgumentException($"the commit has {octets} octets, {StoreLimits.CommitLength} are allowed", nameof(Put));
        }
    }

    private static void Once(HashSet<string> changed, string key, string name)
    {
        if (!changed.Add(key))
        {
            throw new ArgumentException($"the key '{key}' is changed twice in one commit", name);
        }
    }
}

/// <summary>A key and the revision of its last put; 0 = the key is absent.</summary>
public readonly record struct Expectation(string Key, long ModRevision);

/// <summary>A key, its new value, and the lease it shall live under, if any.</summary>
public readonly record struct StorePut(string Key, ReadOnlyMemory<byte> Value, LeaseId Lease = default);

/// <summary>What became of a commit.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>Durable and visible under this revision (the newest one, if nothing had to be changed).</summary>
    public sealed record Committed(long Revision) : CommitResult;

    /// <summary>The first expectation that did not hold; nothing was changed. Found is 0 when the key is absent.</summary>
    public sealed record Conflict(string Key, long Expected, long Found) : CommitResult;

    /// <summary>A put names a lease that has ended; nothing was changed.</summary>
    public sealed record LeaseEnded(string Key, LeaseId Lease) : CommitResult;
}
