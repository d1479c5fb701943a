using System.Diagnostics.Metrics;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Meter = System.Diagnostics.Metrics.Meter;

namespace Dwcp.Sdn.Tests.Controller;

/// <summary>What is measured of switches is theirs and nobody else's.</summary>
public sealed class SwitchMetricsTests : IMeterFactory
{
    private static readonly DatapathId Switch = new(1);

    private readonly Meter meter = new("Dwcp.Sdn.Controller.Test");

    public Meter Create(MeterOptions options) => meter;

    public void Dispose() => meter.Dispose();

    [Fact]
    public void Flows_of_others_in_the_drop_table_count_nothing_and_break_nothing()
    {
        var metrics = new SwitchMetrics(this, d => $"{d}");

        metrics.Dropped(Switch, [Flow(3, 7), Flow(0, 1), Flow(0x99, 1), Flow(0x103, 1)]);

        Assert.Equal(["unknown-vtep 7"], Drops());
        metrics.Forget(Switch);
        Assert.Empty(Drops());
    }

    [Fact]
    public void What_meters_drop_is_counted_by_table()
    {
        var metrics = new SwitchMetrics(this, d => $"{d}");

        metrics.Limited(Switch, [new(Numbering.PortMeter(5), 3), new(Numbering.PortMeter(6), 4), new(Numbering.FloodMeter(5), 8), new(Numbering.LldpMeter, 1), new(0xffff_fffd, 9)]);

        Assert.Equal(["0 rate-limited 1", "15 rate-limited 7", "45 rate-limited 8"], Drops(withTable: true).Order(StringComparer.Ordinal));
        metrics.Limited(new DatapathId(2), [new(Numbering.LldpMeter, 2)]);
        metrics.Forget(Switch);
        Assert.Equal(["0 rate-limited 2"], Drops(withTable: true));
    }

    private static FlowStats Flow(uint reason, ulong packets) =>
        new(new FlowKey(Table.Drop, 100, Match.Of(new FieldMatch(Registers.DropReason, reason))), 0, packets, 0, TimeSpan.Zero);

    private List<string> Drops(bool withTable = false)
    {
        var seen = new List<string>();
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
        listener.SetMeasurementEventCallback<long>((_, packets, tags, _) => seen.Add($"{(withTable ? $"{tags[1].Value} " : "")}{tags[2].Value} {packets}"));
        listener.Start();
        listener.RecordObservableInstruments();
        return seen;
    }
}
