using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>
/// Ports that move between hosts without loss: the host that a VM comes to is ready before it comes, and the one that it leaves
/// passes on what still comes for it.
/// </summary>
internal sealed partial class FabricPlanner
{
    /// <summary>How long the former host passes frames on: FRR follows a move within 0.1 s, behind a few reflectors it may be seconds.</summary>
    public static readonly TimeSpan TrailTime = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Trail> trails = [];

    /// <summary>When <see cref="EndTrails"/> has something to do next; null when nothing moves.</summary>
    public DateTimeOffset? TrailDeadline => trails.Count == 0 ? null : trails.Values.Min(t => t.Until);

    /// <summary>The host that passes on what comes for a port; null when it has not moved of late.</summary>
    public string? FormerHostOf(string port) => trails.GetValueOrDefault(port)?.Host;

    /// <summary>The former hosts of ports that have moved long enough ago forget them.</summary>
    public void EndTrails(DateTimeOffset now)
    {
        foreach (var port in trails.Where(t => t.Value.Until <= now).Select(t => t.Key).ToList())
        {
            EndTrail(port);
        }
    }

    /// <summary>The time of those that have just begun is counted from now on, also when nothing else happens.</summary>
    public void TimeTrails(DateTimeOffset now)
    {
        foreach (var (port, trail) in trails.Where(t => t.Value.Until is null).ToList())
        {
            trails[port] = trail with { Until = now + TrailTime };
        }
    }

    /// <summary>All former hosts forget at once.</summary>
    public void ForgetTrails()
    {
        foreach (var port in trails.Keys.ToList())
        {
            EndTrail(port);
        }
    }

    /// <summary>A barrier confirmed on a host's switch all that it needs for these objects: frames for a port that has come there may be passed on to it.</summary>
    public void Confirmed(string host, IEnumerable<ObjectRef> subjects)
    {
        if (trails.Count == 0)
        {
            return;
        }

        foreach (var subject in subjects.Where(s => s.Kind == ResourceKind.Port))
        {
            if (trails.TryGetValue(subject.Id, out var trail) && !trail.PassesOn && placed.GetValueOrDefault(subject.Id) is { } placement && placement.Host == host)
            {
                trails[subject.Id] = trail with { PassesOn = true };
                members[trail.Host].Needs.Set(RemoteFor(trail.Host, placement), subject);
            }
        }
    }

    /// <summary>A second interface of a port, on another host that its VM is on its way to; null when it stays.</summary>
    private Claim? IncomingOf(string port, Claim first) => claims.To(port).FirstOrDefault(c =>
        c.Interface.IsIncoming && c.Host != first.Host && members.TryGetValue(c.Host, out var m) && !m.IsLeaving);

    /// <summary>A port goes from one host to another, or is somewhere else than its trail leads.</summary>
    private void Follow(string port, Placement? before, Placement? now)
    {
        if (before is not null && now is not null && before.Host == now.Host && before.Remote.Key == now.Remote.Key)
        {
            return;
        }

        if (before is null || now is null || before.Remote.Key != now.Remote.Key || before.Network != now.Network
            || !members.TryGetValue(before.Host, out var old) || old.IsLeaving)
        {
            EndTrail(port);
            return;
        }

        // Ready already: then not one frame that the former host gets from now on is lost. Otherwise it waits, so that nothing goes round in circles.
        var subject = new ObjectRef(ResourceKind.Port, port);
        var isReady = before.Next?.Host == now.Host && members[now.Host].Needs is { Confirmed: >= 0 } needs && !needs.IsWaitingFor(subject);
        EndTrail(port);
        trails.Add(port, new Trail(now.Network, before.Host, isReady, null));
        carriers[now.Network][before.Host].Trails.Add(port);
    }

    private void EndTrail(string port)
    {
        if (!trails.Remove(port, out var trail))
        {
            return;
        }

        News.Ports.Add(port);
        var subject = new ObjectRef(ResourceKind.Port, port);
        carriers[trail.Network][trail.Host].Trails.Remove(port);
        if (placed.GetValueOrDefault(port) is { } placement && placement.Host != trail.Host)
        {
            members[trail.Host].Needs.Set(placement.Remote, subject);
        }

        ExitIfUnused(trail.Network, trail.Host, subject);
    }

    private void EndTrailsOf(string host)
    {
        foreach (var port in trails.Where(t => t.Value.Host == host).Select(t => t.Key).ToList())
        {
            EndTrail(port);
        }
    }

    private RemoteHostNeed RemoteFor(string host, Placement placement) =>
        trails.TryGetValue(placement.PortId, out var trail) && trail.Host == host && trail.PassesOn
            ? placement.Remote with { PassesOn = true }
            : placement.Remote;

    private static void ClearRemote(Member member, Placement placement)
    {
        var subject = new ObjectRef(ResourceKind.Port, placement.PortId);
        member.Needs.Clear(placement.Remote, subject);
        member.Needs.Clear(placement.Remote with { PassesOn = true }, subject);
    }

    /// <summary>A host that had a port until now, and whether it passes its frames on already.</summary>
    private sealed record Trail(string Network, string Host, bool PassesOn, DateTimeOffset? Until);
}
