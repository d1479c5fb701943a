using System.Buffers.Binary;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>
/// A flow for the frames between two stations, as a learning switch sets them by the hundred thousand: matched by port, MACs and
/// VLAN (null: untagged), sent to one port. It is written without a record of it; <see cref="FlowMod"/> reads it.
/// </summary>
public readonly record struct FrameFlow(PortNumber InPort, MacAddress Destination, MacAddress Source, ushort? Vlan, PortNumber Out)
{
    public byte Table { get; init; }

    public ushort Priority { get; init; }

    public ulong Cookie { get; init; }

    /// <summary>Seconds without a packet until the flow goes; 0 never.</summary>
    public ushort IdleTimeout { get; init; }

    /// <summary>Seconds until the flow goes; 0 never.</summary>
    public ushort HardTimeout { get; init; }

    // An ADD with all that does not change; what does is written over it.
    private static ReadOnlySpan<byte> Template =>
    [
        OfHeader.Version13, (byte)OfType.FlowMod, 0, Size, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // cookie and its mask
        0, (byte)FlowModCommand.Add, 0, 0, 0, 0, 0, 0, // table, command, timeouts, priority
        0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, // buffer, any port, any group, flags
        0, 1, 0, 38,
        0x80, 0, 0 << 1, 4, 0, 0, 0, 0, // in_port
        0x80, 0, 3 << 1, 6, 0, 0, 0, 0, 0, 0, // eth_dst
        0x80, 0, 4 << 1, 6, 0, 0, 0, 0, 0, 0, // eth_src
        0x80, 0, 6 << 1, 2, 0, 0, // vlan_vid
        0, 0,
        0, 4, 0, 24, 0, 0, 0, 0, // apply actions
        0, 0, 0, 16, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, // output
    ];

    private const int Size = 112;
    private const ushort VlanPresent = 0x1000;

    internal void Write(WireWriter w, uint xid, uint buffer)
    {
        var m = w.GetSpan(Size)[..Size];
        Template.CopyTo(m);
        BinaryPrimitives.WriteUInt32BigEndian(m[4..], xid);
        BinaryPrimitives.WriteUInt64BigEndian(m[8..], Cookie);
        m[24] = Table;
        BinaryPrimitives.WriteUInt16BigEndian(m[26..], IdleTimeout);
        BinaryPrimitives.WriteUInt16BigEndian(m[28..], HardTimeout);
        BinaryPrimitives.WriteUInt16BigEndian(m[30..], Priority);
        BinaryPrimitives.WriteUInt32BigEndian(m[32..], buffer);
        BinaryPrimitives.WriteUInt32BigEndian(m[56..], InPort.Value);
        WriteMac(m[64..], Destination);
        WriteMac(m[74..], Source);
        BinaryPrimitives.WriteUInt16BigEndian(m[84..], Vlan is { } vlan ? (ushort)(VlanPresent | vlan) : (ushort)0);
        BinaryPrimitives.WriteUInt32BigEndian(m[100..], Out.Value);
        w.Advance(Size);
    }

    private static void WriteMac(Span<byte> to, MacAddress mac)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, (ushort)(mac.Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(to[2..], (uint)mac.Value);
    }
}
