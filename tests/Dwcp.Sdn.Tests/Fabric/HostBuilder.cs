using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Hosts;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>A host that shows inventories: what is plugged into its <c>br-int</c>, under which names and numbers.</summary>
internal sealed class HostBuilder(string? systemId, string? vtep)
{
    public static readonly PortNumber Tunnel = new(60_000);

    private uint nextNumber = 1;

    public string? SystemId { get; set; } = systemId;

    public string? Vtep { get; set; } = vtep;

    public string Remote { get; set; } = vtep ?? "192.0.2.250";

    public string? Hostname { get; set; }

    public DatapathId Datapath { get; set; } = DatapathId.OfHost(systemId ?? "");

    public PortNumber? TunnelPort { get; set; } = Tunnel;

    /// <summary>Why Open vSwitch could not make the tunnel port.</summary>
    public string? TunnelError { get; set; }

    /// <summary>The interfaces with an iface-id, by their name.</summary>
    public SortedDictionary<string, InterfaceInventory> Interfaces { get; } = new(StringComparer.Ordinal);

    /// <summary>Plugs an interface that says it is a port.</summary>
    public HostBuilder Plug(string name, string portId, bool? up = true, bool incoming = false)
    {
        Interfaces[name] = new InterfaceInventory(name) { IfaceId = portId, OfPort = new PortNumber(nextNumber++), LinkUp = up, IsIncoming = incoming };
        return this;
    }

    public HostBuilder Unplug(string name)
    {
        Interfaces.Remove(name);
        return this;
    }

    /// <summary>The interface gets another OpenFlow number, as after it was plugged again.</summary>
    public HostBuilder Renumber(string name)
    {
        Interfaces[name] = Interfaces[name] with { OfPort = new PortNumber(nextNumber++) };
        return this;
    }

    public HostInventory Inventory => new()
    {
        SystemId = SystemId,
        Hostname = Hostname,
        VtepIp = Vtep is null ? null : IpAddress.Parse(Vtep),
        LocalAddress = IpAddress.Parse("192.0.2.254"),
        RemoteAddress = IpAddress.Parse(Remote),
        Bridges =
        [
            new BridgeInventory(HostJoin.Bridge)
            {
                DatapathId = Datapath,
                FailMode = BridgeFailMode.Secure,
                Ports = Interfaces.Values
                    .Append(new InterfaceInventory(HostJoin.TunnelPort) { Type = "vxlan", OfPort = TunnelPort, OfPortFailed = TunnelError is not null, Error = TunnelError })
                    .Select(i => new PortInventory(i.Name) { Interfaces = [i] })
                    .ToEquatableArray(),
            },
        ],
    };
}
