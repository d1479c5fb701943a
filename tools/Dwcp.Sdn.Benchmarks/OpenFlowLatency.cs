using System.Diagnostics;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>How long answers took, in buckets of 10 µs.</summary>
internal sealed class OpenFlowLatency
{
    private const int Buckets = 100_000;
    private static readonly double TicksPerBucket = Stopwatch.Frequency / 100_000.0;

    private readonly int[] counts = new int[Buckets];
    private long total;

    public void Add(long ticks)
    {
        counts[Math.Clamp((int)(ticks / TicksPerBucket), 0, Buckets - 1)]++;
        total++;
    }

    /// <summary>Milliseconds within which that part of the answers came.</summary>
    public double At(double quantile)
    {
        var (left, bucket) = ((long)(total * quantile), 0);
        while (bucket < Buckets - 1 && (left -= counts[bucket]) > 0)
        {
            bucket++;
        }

        return (bucket + 1) / 100.0;
    }
}
