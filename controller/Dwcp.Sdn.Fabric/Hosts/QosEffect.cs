using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>
/// Whether QoS of a port limits anything. OVSDB does not tell: when the kernel refuses a queueing discipline, OVS writes a line
/// in its own log and nothing else, so what cannot be known is said to be unconfirmed.
/// </summary>
internal static class QosEffect
{
    /// <param name="wanted">As the operator asked.</param>
    /// <param name="bridge">As the host shows it; null while it has none.</param>
    /// <param name="datapath">The datapath type that the bridge has or will have; null when nobody knows.</param>
    public static BridgeQosStatus Of(BridgeQosSpec wanted, BridgeInventory? bridge, string? datapath)
    {
        var (port, type) = (wanted.Port!, wanted.Type!);
        var found = (bridge?.Ports ?? []).Items.FirstOrDefault(p => p.Name == port);
        if (found is not { Interfaces: [var inter, ..], Qos.Settings.Type: var set } || set != type)
        {
            return new BridgeQosStatus(port, type, "none", "NOT_IN_EFFECT", found is null ? "the bridge does not have the port" : "not set on the port yet");
        }

        if (type == "linux-noop")
        {
            return new BridgeQosStatus(port, type, "none", "IN_EFFECT", "OVS leaves the port's queueing discipline to others, as asked");
        }

        var isKernelDevice = BridgeWords.Ports.TryGetValue(inter.Type, out var kind) && kind.IsKernelDevice;
        if (BridgeWords.Qos[type].IsDpdk)
        {
            return inter.Type.StartsWith("dpdk", StringComparison.Ordinal)
                ? new BridgeQosStatus(port, type, $"DPDK {type}", "UNCONFIRMED", "OVS tells only its log when DPDK refuses it")
                : new BridgeQosStatus(port, type, "none", "NOT_IN_EFFECT", $"OVS has {type} on DPDK ports alone, and {port} is of type {inter.Type}");
        }

        if (!isKernelDevice)
        {
            return new BridgeQosStatus(port, type, "none", "NOT_IN_EFFECT", $"OVS has no queueing discipline on ports of type {inter.Type}; limit the port under the tunnel");
        }

        return datapath == "netdev" && !wanted.Queues.IsEmpty
            ? new BridgeQosStatus(port, type, $"tc {type}", "PARTLY", "in the userspace datapath set_queue is not obeyed: all packets pass queue 0, under the limit of the port as a whole; meters limit flows there")
            : new BridgeQosStatus(port, type, $"tc {type}", "UNCONFIRMED", $"OVS sets it with tc and tells only its log when the host's kernel has no {type["linux-".Length..]}; see: tc qdisc show dev {port}");
    }
}
