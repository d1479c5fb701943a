using System.Collections.Immutable;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>What lies outside of the fabric: hosts behind VTEPs of others, and VTEPs that want a network's broadcast.</summary>
internal sealed partial class FabricPlanner
{
    private static readonly ObjectRef Speaker = new(ResourceKind.BgpSpeaker, BgpSpeakerIntent.OnlyId);
    private static readonly Outside Nothing = new();

    private readonly Dictionary<string, Outside> outsides = [];
    private readonly HashSet<string> elsewhere = [];

    /// <summary>Switches keep what peers may have announced before the start.</summary>
    public bool IsHolding { get; private set; }

    /// <summary>What peers announced before the start is not yet known again: switches keep what may be theirs.</summary>
    public void StartHolding() => Hold(true);

    /// <summary>All is known.</summary>
    public void StopHolding() => Hold(false);

    /// <summary>Whether a VTEP is that of a host of the fabric.</summary>
    public bool IsOurs(IpAddress vtep) => vteps.ContainsKey(vtep);

    /// <summary>The interface by which a port would be bound, wherever its MAC is said to be; null when there is none.</summary>
    public Claim? BoundBy(string port) => claims.To(port).FirstOrDefault(c => members.TryGetValue(c.Host, out var m) && !m.IsLeaving);

    /// <summary>A port is not where its interface is: peers have it.</summary>
    public void SetElsewhere(string port, bool isElsewhere)
    {
        if (isElsewhere ? elsewhere.Add(port) : elsewhere.Remove(port))
        {
            PortChanged(port);
        }
    }

    /// <summary>Where a MAC address of a network is learned to be, or (null) that it is learned no more.</summary>
    /// <param name="owner">The peer that said so.</param>
    public void SetLearned(string network, MacAddress mac, RemoteHostNeed? need, ObjectRef owner)
    {
        var outside = OutsideOf(network);
        var known = outside.Hosts.TryGetValue(mac, out var old);
        if (known && need is not null && old.Need == need && old.Owner == owner)
        {
            return;
        }

        if (need is not null)
        {
            outside.Hosts[mac] = (need, owner);
            Count(network, outside, need.Vtep, 1);
        }
        else
        {
            outside.Hosts.Remove(mac);
        }

        foreach (var host in CarriersOf(network))
        {
            var needs = members[host].Needs;
            if (need is not null)
            {
                needs.Set(need, owner);
            }

            if (known && (need is null || need.Key != old.Need.Key))
            {
                needs.Clear(old.Need, old.Owner);
            }
        }

        if (known)
        {
            Count(network, outside, old.Need.Vtep, -1);
        }

        Trim(network, outside);
    }

    /// <summary>What is learned of a MAC address, or null.</summary>
    public RemoteHostNeed? LearnedOf(string network, MacAddress mac) =>
        outsides.TryGetValue(network, out var outside) && outside.Hosts.TryGetValue(mac, out var host) ? host.Need : null;

    /// <summary>The VTEPs outside of the fabric that want a network's broadcast.</summary>
    public void SetFloods(string network, ImmutableSortedSet<IpAddress> vteps)
    {
        var outside = OutsideOf(network);
        var before = outside.Floods;
        if (before.SetEquals(vteps))
        {
            Trim(network, outside);
            return;
        }

        outside.Floods = vteps;
        foreach (var vtep in vteps.Except(before))
        {
            Count(network, outside, vtep, 1);
        }

        foreach (var vtep in before.Except(vteps))
        {
            Count(network, outside, vtep, -1);
        }

        foreach (var host in CarriersOf(network))
        {
            FloodChanged(network, host, Speaker);
        }

        Trim(network, outside);
    }

    private void Hold(bool holds)
    {
        IsHolding = holds;
        foreach (var member in members.Values)
        {
            member.Needs.Hold(holds);
        }
    }

    private Outside OutsideOf(string network)
    {
        if (!outsides.TryGetValue(network, out var outside))
        {
            outsides.Add(network, outside = new Outside());
        }

        return outside;
    }

    private void Trim(string network, Outside outside)
    {
        if (outside.Vteps.Count == 0)
        {
            outsides.Remove(network);
        }
    }

    /// <summary>A VTEP has one more or one less reason to be taken frames from.</summary>
    private void Count(string network, Outside outside, IpAddress vtep, int by)
    {
        var before = outside.Vteps.GetValueOrDefault(vtep);
        var now = before + by;
        if (now == 0)
        {
            outside.Vteps.Remove(vtep);
        }
        else
        {
            outside.Vteps[vtep] = now;
        }

        if (before == 0 || now == 0)
        {
            foreach (var host in CarriersOf(network))
            {
                TakeFrom(members[host], vtep, now == 0 ? -1 : 1);
            }
        }
    }

    /// <summary>A host carries one more network, or one less, in which it takes a VTEP's frames.</summary>
    private static void TakeFrom(Member member, IpAddress vtep, int by)
    {
        var before = member.Outside.GetValueOrDefault(vtep);
        var now = member.Outside[vtep] = before + by;
        if (before == 0)
        {
            member.Needs.Set(new VtepNeed(vtep), Speaker);
        }
        else if (now == 0)
        {
            member.Outside.Remove(vtep);
            member.Needs.Clear(new VtepNeed(vtep), Speaker);
        }
    }

    private void EnterOutside(string network, Member member)
    {
        foreach (var (need, owner) in outsides.GetValueOrDefault(network, Nothing).Hosts.Values)
        {
            member.Needs.Set(need, owner);
        }

        foreach (var vtep in outsides.GetValueOrDefault(network, Nothing).Vteps.Keys)
        {
            TakeFrom(member, vtep, 1);
        }
    }

    private void ExitOutside(string network, Member member)
    {
        foreach (var (need, owner) in outsides.GetValueOrDefault(network, Nothing).Hosts.Values)
        {
            member.Needs.Clear(need, owner);
        }

        foreach (var vtep in outsides.GetValueOrDefault(network, Nothing).Vteps.Keys)
        {
            TakeFrom(member, vtep, -1);
        }
    }

    /// <summary>What is learned of one network.</summary>
    private sealed class Outside
    {
        public Dictionary<MacAddress, (RemoteHostNeed Need, ObjectRef Owner)> Hosts { get; } = [];

        public ImmutableSortedSet<IpAddress> Floods { get; set; } = [];

        /// <summary>For how many hosts and floods each VTEP is needed.</summary>
        public Dictionary<IpAddress, int> Vteps { get; } = [];
    }
}
