using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline;

/// <summary>Group and meter numbers, derived from the object they serve, so that they are the same after a restart and name their owner.</summary>
public static class Numbering
{
    /// <summary>How many groups a flood may have; more numbers are for the ways into them.</summary>
    public const int Parts = 0x7f;

    private const int PartShift = 24;
    private const uint WholeMask = (1u << PartShift) - 1;

    /// <summary>Copies a packet to local ports of the network, of which there may be too many for one group. Bridge domains go up to 0x7fffff.</summary>
    public static uint LocalGroup(uint bridgeDomain, int part = 0) => ((uint)part << PartShift) | (bridgeDomain << 1);

    /// <summary>Copies a packet to VTEPs that carry the network.</summary>
    public static uint RemoteGroup(uint bridgeDomain, int part = 0) => LocalGroup(bridgeDomain, part) | 1;

    /// <summary>The meter of what a port sends to many (table 15).</summary>
    public static uint PortMeter(uint logicalPort) => logicalPort << 1;

    /// <summary>The meter of what a network floods because it does not know the destination (table 45).</summary>
    public static uint FloodMeter(uint bridgeDomain) => (bridgeDomain << 1) | 1;

    /// <summary>The meter of the LLDP that goes to the controller, of all ports of a switch together. No bridge domain has the number 0.</summary>
    public const uint LldpMeter = 1;

    /// <summary>Whose group this is. A group has no cookie of its own.</summary>
    public static Cookie OwnerOfGroup(uint group) =>
        new((group & 1) == 0 ? NeedKind.LocalFlood : NeedKind.RemoteFlood, (group & WholeMask) >> 1);

    /// <summary>Whose meter this is. A meter has no cookie of its own.</summary>
    public static Cookie OwnerOfMeter(uint meter) =>
        new(meter == LldpMeter ? NeedKind.FabricPort : (meter & 1) == 0 ? NeedKind.Port : NeedKind.Network, meter >> 1);

    /// <summary>The table whose rules send packets through this meter.</summary>
    public static byte TableOfMeter(uint meter) => OwnerOfMeter(meter).Kind switch
    {
        NeedKind.FabricPort => Table.Classify,
        NeedKind.Port => Table.Storm,
        _ => Table.Fdb,
    };

    /// <summary>Whether the number is one that this pipeline gives; OVS's virtual meters are not.</summary>
    public static bool IsOrdinaryMeter(uint meter) => meter is > 0 and < Meter.Slowpath;
}
