using System.Security.Cryptography;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store;

/// <summary>
/// Which leases live, until when, and which keys hang on them. A lease lives in this process alone: nobody can renew it
/// while the process is down, so its keys are deleted at the next start.
/// </summary>
internal sealed class Leases : IDisposable
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<LeaseId, Lease> leases = [];
    private readonly TimeProvider time;
    private readonly Action<LeaseId> deleteKeys;
    private readonly ITimer timer;

    /// <param name="time">Tells when a lease is over.</param>
    /// <param name="deleteKeys">Called when one is, and once more every second until <see cref="Forget"/>.</param>
    public Leases(TimeProvider time, Action<LeaseId> deleteKeys)
    {
        this.time = time;
        this.deleteKeys = deleteKeys;
        timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public LeaseId Grant(TimeSpan lifetime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, StoreLimits.LeaseLifetime);
        lock (gate)
        {
            LeaseId id;
            do
            {
                id = new(BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)) & long.MaxValue);
            }
            while (id == LeaseId.None || leases.ContainsKey(id));

            leases[id] = new Lease { Lifetime = lifetime, EndsAt = time.GetUtcNow() + lifetime };
            Schedule();
            return id;
        }
    }

    public bool Renew(LeaseId id)
    {
        lock (gate)
        {
            if (!IsAlive(id))
            {
                return false;
            }

            leases[id].EndsAt = time.GetUtcNow() + leases[id].Lifetime;
            return true; // The timer may fire once too early and is set anew then.
        }
    }

    public bool IsAlive(LeaseId id)
    {
        lock (gate)
        {
            return leases.TryGetValue(id, out var lease) && !lease.Ended && lease.EndsAt > time.GetUtcNow();
        }
    }

    /// <summary>Ends a lease now; false when there is none to delete keys of.</summary>
    public bool End(LeaseId id)
    {
        lock (gate)
        {
            if (!leases.TryGetValue(id, out var lease))
            {
                return false;
            }

            lease.Ended = true;
            Schedule();
            return true;
        }
    }

    public string[] KeysOf(LeaseId id)
    {
        lock (gate)
        {
            return leases.TryGetValue(id, out var lease) ? [.. lease.Keys] : [];
        }
    }

    /// <summary>Notes which keys came under a lease or left it.</summary>
    public void Follow(IEnumerable<StoreChange> changes)
    {
        lock (gate)
        {
            foreach (var e in changes.SelectMany(change => change.Events))
            {
                if (leases.TryGetValue(e.Before?.Lease ?? LeaseId.None, out var left))
                {
                    left.Keys.Remove(e.Key);
                }

                if (leases.TryGetValue(e.After?.Lease ?? LeaseId.None, out var joined))
                {
                    joined.Keys.Add(e.Key);
                }
            }
        }
    }

    /// <summary>The keys of an ended lease are deleted.</summary>
    public void Forget(LeaseId id)
    {
        lock (gate)
        {
            leases.Remove(id);
        }
    }

    public void Dispose() => timer.Dispose();

    private void OnTimer()
    {
        List<LeaseId> over = [];
        lock (gate)
        {
            foreach (var (id, lease) in leases)
            {
                lease.Ended |= lease.EndsAt <= time.GetUtcNow();
                if (lease.Ended)
                {
                    over.Add(id);
                }
            }

            Schedule();
        }

        over.ForEach(deleteKeys);
    }

    private void Schedule()
    {
        if (leases.Count == 0)
        {
            return;
        }

        var wait = leases.Values.Min(l => l.Ended ? TryAgainAfter : l.EndsAt - time.GetUtcNow());
        timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private sealed class Lease
    {
        public required TimeSpan Lifetime { get; init; }

        public required DateTimeOffset EndsAt { get; set; }

        public bool Ended { get; set; }

        public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);
    }
}
