using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>An interface of <c>br-int</c> that carries a port. <paramref name="Since"/> orders claims to the same port: the lowest stays.</summary>
/// <param name="IsIncoming">The port's VM is on its way here: while another interface has the port, this one is made ready and may be used.</param>
public sealed record KnownInterface(string Name, string PortId, PortNumber OfPort, bool Up, long Since, bool IsIncoming = false);

/// <summary>
/// What plans depend on of a host, as it was last seen. It is stored, so that after a restart the plan is the same before
/// the host has spoken, and rules towards a host that is away stay.
/// </summary>
/// <param name="VtepSince">Orders hosts that announce one VTEP address: the lowest stays.</param>
/// <param name="TunnelPort">The OpenFlow number of the tunnel port; null until OVS has made it.</param>
public sealed record KnownHost(
    string Id,
    DatapathId? DatapathId,
    IpAddress? Vtep,
    long VtepSince,
    PortNumber? TunnelPort,
    EquatableArray<KnownInterface> Interfaces)
{
    // A host may say anything, and each of these costs a flow and a frame every few seconds.
    private const int MostFabricPorts = 256;

    // What an interface takes in the stored record: escaped characters, and numbers with their names.
    private const int MostPerCharacter = 6;
    private const int OctetsBesides = 128;

    /// <summary>The ports of <c>br-int</c> that lead to other switches, in ascending order.</summary>
    public EquatableArray<PortNumber> FabricPorts { get; init; } = [];

    /// <summary>
    /// The host as an inventory shows it; what it showed before keeps its place in the order of claims, what is new gets
    /// <paramref name="now"/>. Before the host has announced itself its claims come last: they are not stored, and a restart must not matter.
    /// A host may say anything: an iface-id that no port can have and a name that comes twice claim nothing, nor does what no record can hold.
    /// </summary>
    public static KnownHost From(string id, HostInventory inventory, KnownHost? before, long now)
    {
        var bridge = inventory.Bridge(HostJoin.Bridge);
        var interfaces = new List<KnownInterface>();
        var octets = 0;
        foreach (var seen in (bridge?.Ports ?? []).SelectMany(p => p.Interfaces).DistinctBy(i => i.Name))
        {
            if (seen is { IfaceId: { } portId, OfPort: { } number } && ObjectRef.IsId(portId))
            {
                octets += (MostPerCharacter * (seen.Name.Length + portId.Length)) + OctetsBesides;
                if (octets > StoreLimits.ValueLength - OctetsBesides)
                {
                    break;
                }

                var old = before?.Vtep is null ? null : before.Interfaces.Items.FirstOrDefault(i => i.Name == seen.Name && i.PortId == portId);
                var since = inventory.VtepIp is null ? long.MaxValue : old?.Since ?? now;
                interfaces.Add(new KnownInterface(seen.Name, portId, number, seen.LinkUp != false, since, seen.IsIncoming));
            }
        }

        return new KnownHost(
            id,
            bridge?.DatapathId,
            inventory.VtepIp,
            before is not null && before.Vtep == inventory.VtepIp ? before.VtepSince : now,
            HostJoin.Interface(bridge, HostJoin.TunnelPort)?.OfPort,
            interfaces.ToEquatableArray())
        {
            FabricPorts = (bridge?.Ports ?? [])
                .SelectMany(p => p.Interfaces)
                .Where(LeadsToSwitch)
                .Select(i => i.OfPort!.Value)
                .Distinct()
                .Order()
                .Take(MostFabricPorts)
                .ToEquatableArray(),
        };
    }

    /// <summary>
    /// A patch port, or what the operator has marked. An interface without iface-id may be a VM's that is about to get one, so
    /// nothing else counts; and what claims a port is a tenant's whatever it says.
    /// </summary>
    private static bool LeadsToSwitch(InterfaceInventory i) =>
        i is { IfaceId: null, OfPort: { } number } && number.Value < PortNumber.InPort.Value && (i.Type == "patch" || (i.IsFabric && i.Type is "system" or "dpdk"));
}
