using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Store.Sqlite;

namespace Dwcp.Sdn.Tests.Store;

/// <summary>What the store tells of itself adds up.</summary>
public sealed class SqliteMeters : IMeterFactory
{
    private readonly Meter meter = new("Dwcp.Sdn.Store.Test");
    private readonly StoreDirectory directory = new();

    public Meter Create(MeterOptions options) => meter;

    public void Dispose()
    {
        meter.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Commits_that_share_a_write_are_counted_once_each()
    {
        var (commits, seconds, gauges) = (new ConcurrentBag<int>(), new ConcurrentBag<double>(), new ConcurrentDictionary<string, long>());
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter == meter)
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) =>
        {
            if (instrument.Name == "dwcp.store.write.commits")
            {
                commits.Add(value);
            }
            else
            {
                gauges[instrument.Name] = value;
            }
        });
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => seconds.Add(value));
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => gauges[instrument.Name] = value);
        listener.Start();

        await using var store = await SqliteStateStore.OpenAsync(directory.Database, meters: this);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => store.CommitAsync(new Commit { Put = [new($"/k/{i % 50}", default)] })));
        listener.RecordObservableInstruments();

        Assert.Equal(200, commits.Sum());
        Assert.True(commits.Count < 200, "nothing was grouped");
        Assert.Equal(commits.Count, seconds.Count);
        Assert.All(seconds, s => Assert.InRange(s, 0, 60));
        Assert.Equal((200, 50), (gauges["dwcp.store.revision"], gauges["dwcp.store.keys"]));
    }
}
