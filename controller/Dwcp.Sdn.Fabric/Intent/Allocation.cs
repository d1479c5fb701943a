using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>Chooses what a caller leaves to us. What was chosen is stored with the object and never changes by itself.</summary>
internal static class Allocation
{
    /// <summary>Locally administered, with a mark of ours and the logical port's number in the low 24 bits.</summary>
    private const ulong MacBase = 0x02d3_c900_0000;

    public static MacAddress Mac(FabricIntent intent, string network, uint logicalPort)
    {
        for (var n = (ulong)logicalPort; ; n++)
        {
            var mac = new MacAddress(MacBase | (n & 0xff_ffff));
            if (intent.OwnerOf(network, mac) is null)
            {
                return mac;
            }
        }
    }

    /// <summary>
    /// The port with an address of each family that its network's subnets have, where the caller named none at all.
    /// Addresses that the port has already stay.
    /// </summary>
    /// <param name="intent">What is in use.</param>
    /// <param name="port">The port.</param>
    /// <param name="from">How many addresses to pass over first, because they are likely to be in use.</param>
    /// <param name="exhausted">A subnet that had no address left.</param>
    public static Port Complete(FabricIntent intent, Port port, int from, out Subnet? exhausted)
    {
        exhausted = null;
        if (!port.Spec.Addresses.IsEmpty)
        {
            return port;
        }

        var addresses = port.Addresses;
        foreach (var family in intent.SubnetsOf(port.NetworkId).Select(id => intent.Subnets[id]).GroupBy(s => s.Cidr.IsV6))
        {
            if (addresses.Any(a => a.IsV6 == family.Key))
            {
                continue;
            }

            IpAddress? free = null;
            foreach (var subnet in family)
            {
                free ??= Free(intent, subnet, (ulong)from);
            }

            if (free is { } found)
            {
                addresses = [.. addresses.AsSpan(), found];
            }
            else
            {
                exhausted = family.Last();
            }
        }

        return port with { Addresses = addresses };
    }

    /// <summary>The first free address from a place on and then from the beginning: never more steps than addresses are in use.</summary>
    private static IpAddress? Free(FabricIntent intent, Subnet subnet, ulong from)
    {
        var bits = subnet.Cidr.Address.Bits - subnet.Cidr.Length;
        var size = bits >= 32 ? 1ul << 32 : 1ul << bits;
        for (var i = 0ul; i < size; i++)
        {
            var address = subnet.Cidr.At((from + i) % size);
            if (subnet.IsAssignable(address) && intent.OwnerOf(subnet.NetworkId, address) is null)
            {
                return address;
            }
        }

        return null;
    }
}
