using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline;

/// <summary>What the pipeline keeps in which register and bit. Registers start as zero for every packet.</summary>
public static class Registers
{
    /// <summary>The low half of metadata: the bridge domain, that is, the network.</summary>
    public const ulong BridgeDomainMask = 0xffff_ffff;

    public static readonly Field Flags = Fields.Reg[0];

    /// <summary>The packet came out of a tunnel and never goes back into one.</summary>
    public static readonly FieldBits FromTunnel = Flag(0);

    /// <summary>The switch itself answered the packet or routed it: it may leave by the port it came from.</summary>
    public static readonly FieldBits Answered = Flag(4);

    /// <summary>The packet is one copy of a flood.</summary>
    public static readonly FieldBits Flood = Flag(5);

    /// <summary>Logical in-port and out-port are the same, and the packet is not <see cref="Answered"/>.</summary>
    public static readonly FieldBits SamePort = Flag(6);

    /// <summary>The target of a neighbour advertisement has been found to be the port's own.</summary>
    public static readonly FieldBits TargetChecked = Flag(8);

    public static readonly Field InPort = Fields.Reg[1];
    public static readonly Field OutPort = Fields.Reg[2];

    /// <summary>The remote VTEP if it is IPv4; zero says that it stands in <see cref="RemoteVtep6"/>.</summary>
    public static readonly Field RemoteVtep = Fields.Reg[3];

    public static readonly Field OutVni = Fields.Reg[4];
    public static readonly Field OutOfPort = Fields.Reg[5];
    public static readonly Field DropReason = Fields.Reg[11];

    /// <summary>The remote VTEP if it is IPv6; these 128 bits are reg12 to reg15.</summary>
    public static readonly Field RemoteVtep6 = Fields.XxReg[3];

    /// <summary>A match on one flag.</summary>
    public static FieldMatch Is(this FieldBits flag, bool set) =>
        new(flag.Field, set ? UInt128.One << flag.Offset : UInt128.Zero, UInt128.One << flag.Offset);

    /// <summary>A match on two flags that are set.</summary>
    public static FieldMatch And(this FieldBits flag, FieldBits other)
    {
        var bits = (UInt128.One << flag.Offset) | (UInt128.One << other.Offset);
        return new FieldMatch(Flags, bits, bits);
    }

    private static FieldBits Flag(int bit) => new(Flags, bit, 1);
}
