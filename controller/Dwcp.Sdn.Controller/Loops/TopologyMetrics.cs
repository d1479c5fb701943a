using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>What the discovery of links measures.</summary>
internal sealed class TopologyMetrics
{
    private readonly Counter<long> sent;
    private readonly Counter<long> taken;
    private readonly ConcurrentDictionary<(DatapathId Switch, LldpRefusal Reason), long> refused = new();
    private readonly Histogram<double> converged;
    private readonly Func<DatapathId, string> nameOf;
    private volatile Tuple<int, int> links = new(0, 0);
    private volatile int unconfirmed;

    /// <param name="nameOf">The name of a switch in labels.</param>
    public TopologyMetrics(IMeterFactory meters, Func<DatapathId, string> nameOf)
    {
        this.nameOf = nameOf;
        var meter = meters.Create("Dwcp.Sdn.Controller");
        sent = meter.CreateCounter<long>("dwcp.lldp.sent", "{frame}", "LLDP frames sent to look for links");
        taken = meter.CreateCounter<long>("dwcp.lldp.taken", "{frame}", "LLDP frames that showed a link");
        meter.CreateObservableCounter("dwcp.lldp.refused", Refusals, "{frame}", "LLDP frames that showed no link, by the reason");
        converged = meter.CreateHistogram<double>("dwcp.tree.convergence", "s", "From a change of links to the barriers that confirm the spanning tree");
        meter.CreateObservableGauge("dwcp.tree.unconfirmed", () => unconfirmed, "{switch}", "Switches that have yet to confirm what the spanning tree has them block");
        meter.CreateObservableGauge("dwcp.links", Links, "{link}", "Links between switches, by their state");
    }

    /// <summary>The links as they are now.</summary>
    public void Show(IReadOnlyCollection<Link> now)
    {
        var twoWay = now.Count(l => l.IsTwoWay);
        links = new(twoWay, now.Count - twoWay);
    }

    public void Sent() => sent.Add(1);

    public void Taken() => taken.Add(1);

    public void Refused(DatapathId datapath, LldpRefusal refusal) => refused.AddOrUpdate((datapath, refusal), 1, (_, count) => count + 1);

    /// <summary>A switch is gone.</summary>
    public void Forget(DatapathId datapath)
    {
        foreach (var key in refused.Keys.Where(k => k.Switch == datapath))
        {
            refused.TryRemove(key, out _);
        }
    }

    public void Unconfirmed(int now) => unconfirmed = now;

    public void Converged(TimeSpan took) => converged.Record(took.TotalSeconds);

    private IEnumerable<Measurement<long>> Links()
    {
        var (twoWay, oneWay) = links;
        yield return new(twoWay, new KeyValuePair<string, object?>("state", "TWO_WAY"));
        yield return new(oneWay, new KeyValuePair<string, object?>("state", "ONE_WAY"));
    }

    private IEnumerable<Measurement<long>> Refusals() =>
        refused.Select(r => new Measurement<long>(r.Value, new("switch", nameOf(r.Key.Switch)), new("reason", r.Key.Reason.Word())));
}
