using Dwcp.Sdn.Api.V1;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The defaults of the contract, for answers: a caller sees what holds although nobody asked for it.</summary>
internal static class Defaults
{
    private const string GatewayMac = "02:00:5e:00:01:01";
    private const uint LeaseSeconds = 86_400;

    public static void Show(Network network)
    {
        if (!network.HasArpSuppression)
        {
            network.ArpSuppression = true;
        }
    }

    public static void Show(Subnet subnet)
    {
        if (subnet.HasGateway && !subnet.HasGatewayMac)
        {
            subnet.GatewayMac = GatewayMac;
        }

        if (subnet.Dhcp is { } dhcp)
        {
            dhcp.Enabled = dhcp.HasEnabled && dhcp.Enabled;
            dhcp.LeaseSeconds = dhcp.HasLeaseSeconds ? dhcp.LeaseSeconds : LeaseSeconds;
        }

        if (subnet.Ra is { } ra)
        {
            ra.Enabled = ra.HasEnabled && ra.Enabled;
        }
    }

    public static void Show(Port port)
    {
        if (!port.HasPortSecurity)
        {
            port.PortSecurity = true;
        }
    }
}
