using System.Collections.Immutable;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Networks that come, change and go, and the snapshot after each step.</summary>
internal sealed class FabricSteps
{
    private readonly HashSet<ObjectRef> _touched = [];
    private FabricSnapshot _snapshot = FabricSnapshot.Empty;
    private bool _changed;
    private long _revision;
    private long _events;

    public FabricSnapshot Snapshot => _snapshot;

    public void Put(string id, uint vni)
    {
        var spec = new NetworkSpec { Vni = vni };
        var generation = (_snapshot.Networks.GetValueOrDefault(id)?.Generation ?? 0) + 1;
        Set(id, new(ResourceKind.Network, id, ImmutableSortedDictionary<string, string>.Empty, _revision + 1, generation, spec, spec, new NetworkStatus([], generation, vni, 1450, [], 0)));
        _changed = true;
    }

    public void Delete(string id)
    {
        Set(id, null);
        _changed = true;
    }

    /// <summary>A change of status: no revision moves.</summary>
    public void SetHosts(string id, params string[] hosts)
    {
        var old = _snapshot.Networks[id];
        Set(id, old with { Status = (NetworkStatus)old.Status with { Hosts = [.. hosts] } });
    }

    public FabricSnapshot Step(params string[] events)
    {
        _revision += _changed ? 1 : 0;
        var happened = events.Select(e => new FabricEvent(++_events, DateTimeOffset.UnixEpoch, e, "", "")).ToImmutableArray();
        _snapshot = _snapshot with
        {
            Revision = _revision,
            Touched = [.. _touched],
            Happened = happened,
            Events = happened.Aggregate(_snapshot.Events, (queue, e) => queue.Enqueue(e)),
        };
        _touched.Clear();
        _changed = false;
        return _snapshot;
    }

    private void Set(string id, Resource? resource)
    {
        var networks = resource is null ? _snapshot.Networks.Remove(id) : _snapshot.Networks.SetItem(id, resource);
        _snapshot = _snapshot.With(ResourceKind.Network, networks);
        _touched.Add(new(ResourceKind.Network, id));
    }
}
