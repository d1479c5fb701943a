using System.Diagnostics.Metrics;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store;

/// <summary>What an operator wants to know of a store: how long a synced write takes, how many commits share it, what failed.</summary>
internal sealed class StoreMeters
{
    private static readonly InstrumentAdvice<int> Groups = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    private readonly Histogram<double> writes;
    private readonly Histogram<int> commits;
    private readonly Counter<long> failures;

    public StoreMeters(IMeterFactory? meters, HeldState state)
    {
        var meter = meters?.Create("Dwcp.Sdn.Store") ?? new Meter("Dwcp.Sdn.Store");
        writes = meter.CreateHistogram<double>("dwcp.store.write.duration", "s", "One transaction with its sync.");
        commits = meter.CreateHistogram<int>("dwcp.store.write.commits", "{commit}", "Commits that shared a transaction.", advice: Groups);
        failures = meter.CreateCounter<long>("dwcp.store.failures", "{write}", "Transactions that failed, by fault.");
        meter.CreateObservableGauge("dwcp.store.revision", () => state.Revision, "{revision}", "The newest revision.");
        meter.CreateObservableGauge("dwcp.store.keys", () => state.Entries.Count, "{key}", "Keys that exist.");
    }

    public void Wrote(TimeSpan took, int count)
    {
        writes.Record(took.TotalSeconds);
        commits.Record(count);
    }

    public void Failed(StoreFault fault) => failures.Add(1, new KeyValuePair<string, object?>("fault", fault.ToString()));
}
