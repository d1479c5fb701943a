using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>
/// What to change on a host so that it is part of the fabric: <c>br-int</c> made or adopted, secure before it has a
/// controller, with one tunnel port. An empty plan means that the host is as it should be.
/// </summary>
public static class HostJoin
{
    public const string Bridge = "br-int";
    public const string TunnelPort = "vxlan0";
    private const string InBand = "disable-in-band";
    private const string OpenFlow13 = "OpenFlow13";

    /// <param name="id">The host's system-id.</param>
    /// <param name="host">As its OVSDB shows it.</param>
    /// <param name="controller">The OpenFlow target, such as <c>tcp:192.0.2.9:6653</c>.</param>
    public static ImmutableArray<HostChange> Plan(string id, HostInventory host, string controller)
    {
        var changes = ImmutableArray.CreateBuilder<HostChange>();
        var bridge = host.Bridge(Bridge);
        if (bridge is null)
        {
            changes.Add(new CreateBridge(Bridge, host.DatapathTypeWish ?? "system", BridgeFailMode.Secure)
            {
                DatapathId = DatapathId.OfHost(id),
                Protocols = [OpenFlow13],
                OtherConfig = StringMap.Of((InBand, "true")),
            });
        }
        else
        {
            Adopt(bridge, changes);
        }

        var options = StringMap.Of(("key", "flow"), ("local_ip", host.VtepIp!.Value.ToString()), ("remote_ip", "flow"));
        if (Interface(bridge, TunnelPort) is not { Type: "vxlan" } tunnel || !tunnel.Options.Equals(options))
        {
            changes.Add(new PutPort(Bridge, TunnelPort, "vxlan", options));
        }

        if (bridge is not { Controllers: [var only] } || only.Target != controller || only.MaxBackoff != 1000)
        {
            changes.Add(new SetControllers(Bridge, [new ControllerTarget(controller)]));
        }

        return changes.ToImmutable();
    }

    /// <summary>The tunnel port that Open vSwitch could not make, or null when it could or has not tried yet.</summary>
    public static InterfaceInventory? FailedTunnel(HostInventory host) =>
        Interface(host.Bridge(Bridge), TunnelPort) is { OfPort: null } tunnel && (tunnel.OfPortFailed || tunnel.Error is not null) ? tunnel : null;

    /// <summary>The interface of a bridge with that name, or null.</summary>
    public static InterfaceInventory? Interface(BridgeInventory? bridge, string name)
    {
        foreach (var port in bridge?.Ports ?? [])
        {
            foreach (var found in port.Interfaces)
            {
                if (found.Name == name)
                {
                    return found;
                }
            }
        }

        return null;
    }

    private static void Adopt(BridgeInventory bridge, ImmutableArray<HostChange>.Builder changes)
    {
        if (bridge.FailMode != BridgeFailMode.Secure)
        {
            changes.Add(new SetFailMode(Bridge, BridgeFailMode.Secure));
        }

        // No protocols at all means every one that OVS has.
        if (!bridge.Protocols.IsEmpty && !bridge.Protocols.Items.Contains(OpenFlow13))
        {
            changes.Add(new SetProtocols(Bridge, [.. bridge.Protocols.AsSpan(), OpenFlow13]));
        }

        if (bridge.OtherConfig[InBand] != "true")
        {
            changes.Add(new SetBridgeConfig(Bridge, InBand, "true"));
        }
    }
}
