using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Changes;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>A fabric in memory with the rules that the northbound shows: judgement of all fields at once, versions, generations, allocation.</summary>
internal sealed class MemoryFabric(TimeProvider clock) : IFabric
{
    private readonly Lock _lock = new();
    private readonly ChangeFeed _feed = new(0xfeed, clock);
    private FabricSnapshot _snapshot = FabricSnapshot.Empty with { Revision = 0 };
    private long _happened;

    public bool StoreFails { get; set; }

    public Dictionary<string, ImmutableArray<FlowEntry>> Flows { get; } = [];

    /// <summary>What the speaker holds; none without a speaker.</summary>
    public ImmutableArray<HeldRoute> Routes { get; set; }

    /// <summary>Runs before each command is judged, as another caller's request may.</summary>
    public Action? Before { get; set; }

    /// <summary>What each command waits for, as for a slow disk.</summary>
    public Func<CancellationToken, Task> Waits { get; set; } = _ => Task.CompletedTask;

    public async Task<Outcome> ApplyAsync(FabricCommand command, CancellationToken stop)
    {
        await Waits(stop);
        Before?.Invoke();
        await Task.Yield();
        lock (_lock)
        {
            var existing = Find(command.Kind, command.Id);
            if (command.IfVersion is { } version && existing?.Version != version)
            {
                return Outcome.Failed(OutcomeKind.VersionMoved, new Problem("resourceVersion", ProblemCodes.VersionMoved, $"It is {existing?.Version}", "Read it again"));
            }

            return command switch
            {
                PutCommand put => Put(put, existing),
                DeleteCommand delete => Delete(delete, existing),
                _ => throw new InvalidOperationException($"No such command: {command}"),
            };
        }
    }

    public Resource? Find(ResourceKind kind, string id) => _feed.Snapshot.Of(kind).GetValueOrDefault(id);

    public ResourceList List(ResourceKind kind) => _feed.List(kind);

    public Task<ImmutableArray<FlowEntry>?> ReadFlowsAsync(string switchId, CancellationToken stop)
        => Task.FromResult(Flows.TryGetValue(switchId, out var flows) ? (ImmutableArray<FlowEntry>?)flows : null);

    public Task<HeldRoutes?> ReadRoutesAsync(HeldRouteQuery query, CancellationToken stop)
        => Task.FromResult(Routes.IsDefault ? null : new HeldRoutes([.. Routes.Skip(query.From).Take(query.Limit)], query.From + query.Limit < Routes.Length ? query.From + query.Limit : null));

    public EventList Events() => _feed.Events();

    public IAsyncEnumerable<ResourceChange> WatchAsync(ResourceKind kind, FeedPosition? after, CancellationToken stop) => _feed.WatchAsync(kind, after, stop);

    public IAsyncEnumerable<EventChange> WatchEventsAsync(FeedPosition? after, CancellationToken stop) => _feed.WatchEventsAsync(after, stop);

    public void Happen(string name, string subject, string message)
    {
        lock (_lock)
        {
            var happened = new FabricEvent(++_happened, clock.GetUtcNow(), name, subject, message);
            Publish(_snapshot with { Events = _snapshot.Events.Enqueue(happened), Touched = [], Happened = [happened] });
        }
    }

    /// <summary>Changes what is true of an object, as the network does without being asked.</summary>
    public void SetStatus(ResourceKind kind, string id, Func<ResourceStatus, ResourceStatus> change)
    {
        lock (_lock)
        {
            var existing = Find(kind, id)!;
            Store(_snapshot.Revision, kind, id, existing with { Status = change(existing.Status) });
        }
    }

    /// <summary>Something is observed that nobody made.</summary>
    public void Observe(Resource resource)
    {
        lock (_lock)
        {
            Store(_snapshot.Revision, resource.Kind, resource.Id, resource);
        }
    }

    private void Store(long revision, ResourceKind kind, string id, Resource? resource)
    {
        var objects = _snapshot.Of(kind);
        objects = resource is null ? objects.Remove(id) : objects.SetItem(id, resource);
        Publish(_snapshot.With(kind, objects) with { Revision = revision, Touched = [new ObjectRef(kind, id)], Happened = [] });
    }

    private void Publish(FabricSnapshot next)
    {
        if (ReferenceEquals(_feed.Snapshot, FabricSnapshot.Empty))
        {
            _feed.Publish(_snapshot);
        }

        _snapshot = next;
        _feed.Publish(next);
    }

    private Outcome Put(PutCommand put, Resource? existing)
    {
        var problems = Judge(put.Spec).ToImmutableArray();
        if (problems.Length > 0)
        {
            return Outcome.Failed(OutcomeKind.Invalid, problems);
        }

        if (put.Spec is NetworkSpec { Vni: { } vni } && _snapshot.Networks.Values.Any(o => o.Id != put.Id && o.Spec is NetworkSpec other && other.Vni == vni))
        {
            return Outcome.Failed(OutcomeKind.Conflict, new Problem("vni", ProblemCodes.Conflict, $"VNI {vni} is in use", "Choose another"));
        }

        if (StoreFails)
        {
            return Outcome.Failed(OutcomeKind.Unavailable, new Problem("", ProblemCodes.Unavailable, "The disk is full", "Make room"));
        }

        var spec = WithDefaults(put.Spec, existing);
        if (existing is not null && existing.Spec.Equals(spec) && existing.Labels.SequenceEqual(put.Labels))
        {
            return Outcome.Done(existing);
        }

        var generation = (existing?.Generation ?? 0) + (existing is not null && existing.Spec.Equals(spec) ? 0 : 1);
        var made = new Resource(put.Kind, put.Id, put.Labels, _snapshot.Revision + 1, generation, spec, put.Spec, StatusOf(put.Kind, generation));
        if (!put.ValidateOnly)
        {
            Store(made.Version, put.Kind, put.Id, made);
        }

        return new(existing is null ? OutcomeKind.Created : OutcomeKind.Done, made, []);
    }

    private static ResourceSpec WithDefaults(ResourceSpec spec, Resource? existing) => spec switch
    {
        NetworkSpec network => network with { ArpSuppression = network.ArpSuppression ?? true },
        PortSpec port => port with { Mac = port.Mac ?? (existing?.Spec as PortSpec)?.Mac ?? "02:00:00:00:00:11", PortSecurity = port.PortSecurity ?? true },
        _ => spec,
    };

    private Outcome Delete(DeleteCommand delete, Resource? existing)
    {
        if (delete.Kind == ResourceKind.Network && _snapshot.Ports.Values.Any(o => o.Spec is PortSpec port && port.Network == delete.Id))
        {
            return Outcome.Failed(OutcomeKind.Conflict, new Problem("", ProblemCodes.Conflict, $"Ports are in {delete.Id}", "Delete them first"));
        }

        if (existing is not null && !delete.ValidateOnly)
        {
            Store(_snapshot.Revision + 1, delete.Kind, delete.Id, null);
        }

        return Outcome.Done(null);
    }

    private static IEnumerable<Problem> Judge(ResourceSpec spec)
    {
        switch (spec)
        {
            case NetworkSpec network:
                if (network.Vni is null)
                {
                    yield return new("vni", ProblemCodes.Required, "A network needs a VNI", "Give vni, 1 to 16777215");
                }
                else if (network.Vni is 0 or > 16_777_215)
                {
                    yield return new("vni", ProblemCodes.OutOfRange, $"{network.Vni} is no VNI", "Give 1 to 16777215");
                }

                if (network.Vrf is not null)
                {
                    yield return new("vrf", ProblemCodes.NotSupportedYet, "VRFs are not acted upon yet", "Leave vrf out");
                }

                if (network.Mtu is < 68)
                {
                    yield return new("mtu", ProblemCodes.OutOfRange, "Too small", "Give at least 68");
                }

                break;
            case SubnetSpec { Cidr: null }:
                yield return new("cidr", ProblemCodes.Required, "A subnet needs a prefix", "Give cidr");
                break;
            case PortSpec { Network: null }:
                yield return new("network", ProblemCodes.Required, "A port needs a network", "Give network");
                break;
        }

        foreach (var word in Words(spec).Where(w => int.TryParse(w, out _)))
        {
            yield return new("", ProblemCodes.Invalid, $"{word} is no word of the enumeration", "Give one of its words");
        }
    }

    private static IEnumerable<string?> Words(ResourceSpec spec) => spec switch
    {
        NetworkSpec network => [network.Type, network.Encapsulation, network.UnknownUnicast],
        SwitchSpec @switch => [@switch.Mode],
        BridgeSpec bridge => [bridge.DatapathType, bridge.FailMode],
        _ => [],
    };

    private ResourceStatus StatusOf(ResourceKind kind, long generation)
    {
        EquatableArray<Condition> conditions = [new(ConditionType.Accepted, ConditionStatus.True, "Accepted", "", generation, clock.GetUtcNow())];
        return kind switch
        {
            ResourceKind.Network => new NetworkStatus(conditions, generation, 7, 1450, ["h1"], 0),
            ResourceKind.Subnet => new SubnetStatus(conditions, generation, 0),
            ResourceKind.Port => new PortStatus(conditions, generation, 3, null, null, null, "UNBOUND"),
            ResourceKind.BgpSpeaker => new BgpSpeakerStatus(conditions, generation, null, 0, 0, 0, 0, 0),
            ResourceKind.BgpPeer => new BgpPeerStatus(conditions, generation, false, []),
            ResourceKind.EvpnRoute => new EvpnRouteStatus(conditions, generation),
            ResourceKind.Bridge => new BridgeStatus(conditions, generation, null, null, false, [], [], [], []),
            _ => new SwitchStatus(
                conditions, generation, "0000000000000001", "192.0.2.1:40000", "192.0.2.1", "host1", "3.1.0", "1.3", true,
                [new(5, "tap0", "system", "vm1", null)], 40, 2, 3),
        };
    }
}
