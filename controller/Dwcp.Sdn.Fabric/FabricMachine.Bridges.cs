using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Fabric;

/// <summary>The bridges that operators want on hosts besides the fabric's own: their plans, and what is true of them.</summary>
public sealed partial class FabricMachine
{
    /// <summary>What has to go first, since a host has each name of a port once; then each bridge by itself, so that the trouble of one is not another's.</summary>
    private IEnumerable<HostPlan> BridgePlans(string host, HostInventory inventory)
    {
        if (IsUntouched(host))
        {
            return [];
        }

        var wanted = Intent.BridgesOf(host).Select(id => Intent.Bridges[id]).ToList();
        var leftovers = BridgePlan.Leftovers(inventory, wanted);
        return wanted
            .Select(bridge => new ObjectRef(ResourceKind.Bridge, bridge.Id))
            .Select(subject => new HostPlan(subject.ToString(), subject, BridgePlan.Of(inventory, Intent.Bridges[subject.Id])))
            .Prepend(new HostPlan($"leftovers/{host}", SwitchRef(host), leftovers));
    }

    /// <summary>The operator said so himself; a host that announces nothing is touched only where he asks for a bridge.</summary>
    private bool IsUntouched(string host) => Intent.Switches.GetValueOrDefault(host)?.Spec.Mode == "OBSERVED";

    private void BridgesChanged(string host)
    {
        ShowBridges(host);
        if (registry.SpeakerOf(host) is { } session)
        {
            sessionsToJoin.Add(session.Number);
        }
    }

    private void ShowBridges(string host) => dirty.UnionWith(Intent.BridgesOf(host).Select(id => new ObjectRef(ResourceKind.Bridge, id)));

    private Resource Describe(BridgeIntent b)
    {
        var inventory = registry.SpeakerOf(b.Host)?.Inventory;
        var there = inventory?.Bridge(b.Name);
        var ports = b.Spec.Ports.Items.Select(port => Describe(port, there, inventory)).ToImmutableArray();
        var type = there?.DatapathType ?? (inventory is null ? null : BridgePlan.TypeOf(inventory, b.Spec));
        var qos = b.Spec.Qos.Items.Select(q => QosEffect.Of(q, there, type)).ToImmutableArray();
        return ToResource(ResourceKind.Bridge, b, b.Spec, b.Spec, new BridgeStatus(
            [BridgeAccepted(b, inventory), BridgeProgrammed(b, inventory, ports), BridgeDegraded(b, ports, qos, there)],
            b.Generation,
            there?.DatapathId?.ToString(),
            there?.DatapathType,
            there is { IsOurs: false },
            ports,
            [.. (there?.Mirrors ?? []).Items.Select(mirror => mirror.Settings.Name)],
            [.. (there?.FlowExports ?? []).Items.Select(export => export.Settings.Kind.ToString().ToLowerInvariant())],
            qos));
    }

    private static BridgePortStatus Describe(BridgePortSpec wanted, BridgeInventory? bridge, HostInventory? host)
    {
        var port = (bridge?.Ports ?? []).Items.FirstOrDefault(p => p.Name == wanted.Name);
        var type = BridgeRules.TypeOf(wanted);
        if (port is not { Interfaces: [var found, ..] })
        {
            return new BridgePortStatus(wanted.Name!, type, "PENDING", null, null, false, StringMap.Empty);
        }

        var error = HasPeer(found, bridge!, host!) ? null : found.Error;
        var state = found.OfPortFailed || error is not null ? "FAILED"
            : found.OfPort is null ? "PENDING"
            : found.LinkUp == false ? "DOWN"
            : "UP";
        return new BridgePortStatus(wanted.Name!, found.Type, state, found.OfPort?.Value, error, !port.IsOurs, found.BfdStatus);
    }

    /// <summary>
    /// A patch port that leads to another that leads back. Seen with Open vSwitch 3.1: where the peer comes while the error of its
    /// absence is on its way to the database, the error is never taken back.
    /// </summary>
    private static bool HasPeer(InterfaceInventory patch, BridgeInventory bridge, HostInventory host) =>
        patch is { Type: "patch", OfPort: not null }
        && host.Bridges.Items.Where(other => other.DatapathType == bridge.DatapathType)
            .SelectMany(other => other.Ports.Items).SelectMany(port => port.Interfaces.Items)
            .Any(peer => peer is { Type: "patch", OfPort: not null } && peer.Name == patch.Options["peer"] && peer.Options["peer"] == patch.Name);

    private Condition BridgeAccepted(BridgeIntent b, HostInventory? inventory)
    {
        if (IsUntouched(b.Host))
        {
            return Is(ConditionType.Accepted, false, "Observed", $"the mode of switch '{b.Host}' is OBSERVED: it is shown and not touched", b.Generation);
        }

        return inventory is null && !registry.Known.ContainsKey(b.Host)
            ? Is(ConditionType.Accepted, false, "HostNotFound", $"no host with system-id '{b.Host}' has connected; on it: ovs-vsctl set-manager tcp:CONTROLLER:6640", b.Generation)
            : Is(ConditionType.Accepted, true, "Valid", $"host '{b.Host}' is known", b.Generation);
    }

    /// <summary>True when the host's OVSDB is as wanted and ovs-vswitchd has made every port of it.</summary>
    private Condition BridgeProgrammed(BridgeIntent b, HostInventory? inventory, ImmutableArray<BridgePortStatus> ports)
    {
        if (inventory is null)
        {
            return new Condition(ConditionType.Programmed, ConditionStatus.Unknown, "HostDisconnected", $"no OVSDB session with '{b.Host}'; it goes on with what it has", b.Generation, default);
        }

        if (IsUntouched(b.Host))
        {
            return Is(ConditionType.Programmed, false, "NotManaged", "nothing is changed on it", b.Generation);
        }

        if (ports.FirstOrDefault(port => port.State == "FAILED") is { } failed)
        {
            return Is(ConditionType.Programmed, false, "PortFailed", $"OVS could not make {failed.Name}: {failed.Error}", b.Generation);
        }

        var waits = BridgePlan.Of(inventory, b) is { IsEmpty: false } changes ? string.Join(", ", changes) : null;
        waits ??= ports.FirstOrDefault(port => port.State == "PENDING") is { } pending ? $"ovs-vswitchd to make {pending.Name}" : null;
        waits ??= inventory.Bridge(b.Name)?.DatapathId is null ? "ovs-vswitchd to make the datapath" : null;
        return waits is null
            ? Is(ConditionType.Programmed, true, "Applied", $"ovs-vswitchd of '{b.Host}' has it as wanted", b.Generation)
            : Is(ConditionType.Programmed, false, "Pending", $"waits for: {waits}", b.Generation);
    }

    private Condition BridgeDegraded(BridgeIntent b, ImmutableArray<BridgePortStatus> ports, ImmutableArray<BridgeQosStatus> qos, BridgeInventory? there)
    {
        if (troubles.GetValueOrDefault(new ObjectRef(ResourceKind.Bridge, b.Id).ToString()) is { } trouble)
        {
            return Is(ConditionType.Degraded, true, "HostChangeFailed", trouble, b.Generation);
        }

        if (ports.FirstOrDefault(port => port.State == "FAILED") is { } failed)
        {
            return Is(ConditionType.Degraded, true, "PortFailed", $"{failed.Name}: {failed.Error}", b.Generation);
        }

        if (there is not null && b.Spec.DatapathType is { } type && !string.Equals(type, there.DatapathType, StringComparison.OrdinalIgnoreCase))
        {
            return Is(ConditionType.Degraded, true, "DatapathTypeDiffers", $"it was there with datapath type {there.DatapathType}, which is not changed under its ports", b.Generation);
        }

        if (ports.FirstOrDefault(port => port.Bfd["forwarding"] == "false") is { } down)
        {
            return Is(ConditionType.Degraded, true, "BfdDown", $"BFD on {down.Name} is {down.Bfd["state"]}: {down.Bfd["diagnostic"]}", b.Generation);
        }

        return qos.FirstOrDefault(q => q.State is "NOT_IN_EFFECT" or "PARTLY") is { } without
            ? Is(ConditionType.Degraded, true, "QosNotInEffect", $"{without.Port}: {without.Message}", b.Generation)
            : Is(ConditionType.Degraded, false, "AsExpected", "nothing is known against it", b.Generation);
    }
}
