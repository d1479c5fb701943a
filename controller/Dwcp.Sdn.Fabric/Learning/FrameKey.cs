using System.Buffers.Binary;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Learning;

/// <summary>What a learning switch looks at in a frame: its two MACs and the VLAN of its outermost 802.1Q tag (null: none).</summary>
public readonly record struct FrameKey(MacAddress Destination, MacAddress Source, ushort? Vlan)
{
    private const int Shortest = 14;

    /// <summary>01:80:c2:00:00:00 to 0f, which no bridge forwards (IEEE 802.1Q §8.6.3).</summary>
    public bool IsForTheBridge => (Destination.Value & ~0xful) == 0x0180_c200_0000;

    /// <summary>False for what is too short to be a frame or comes from a group address.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out FrameKey key)
    {
        key = default;
        if (frame.Length < Shortest)
        {
            return false;
        }

        var source = BinaryPrimitives.ReadUInt64BigEndian(frame[6..]) >> 16;
        ushort? vlan = null;
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) == EtherTypes.Vlan)
        {
            if (frame.Length < Shortest + 4)
            {
                return false;
            }

            vlan = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[14..]) & 0xfff);
        }

        key = new(new MacAddress(BinaryPrimitives.ReadUInt64BigEndian(frame) >> 16), new MacAddress(source), vlan);
        return !key.Source.IsMulticast;
    }
}
