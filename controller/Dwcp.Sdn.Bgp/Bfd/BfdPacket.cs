using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Bfd;

/// <summary>A control packet of bidirectional forwarding detection, RFC 5880 §4.1, without authentication. Times are in microseconds.</summary>
internal readonly record struct BfdPacket(
    BfdState State, byte Diagnostic, bool Poll, bool Final, byte Multiplier, uint Mine, uint Yours, uint DesiredTx, uint RequiredRx)
{
    public const int Length = 24;

    // 3 version, 5 diagnostic | 2 state, P F C A D M | 1 multiplier | 1 length | 4 mine | 4 yours | 4 desired tx | 4 required rx | 4 required echo rx
    public static BfdPacket? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Length || bytes[0] >> 5 != 1 || bytes[3] < Length || bytes[3] > bytes.Length || (bytes[1] & 0x05) != 0)
        {
            return null; // Of another version, cut short, authenticated, or multipoint: §6.8.6 discards them.
        }

        var r = new WireReader(bytes);
        var diagnostic = (byte)(r.U8() & 0x1f);
        var flags = r.U8();
        var multiplier = r.U8();
        r.Skip(1);
        var packet = new BfdPacket((BfdState)(flags >> 6), diagnostic, (flags & 0x20) != 0, (flags & 0x10) != 0, multiplier, r.U32(), r.U32(), r.U32(), r.U32());
        return packet.Multiplier == 0 || packet.Mine == 0 || (packet.Yours == 0 && packet.State > BfdState.Down) ? null : packet;
    }

    public byte[] ToBytes()
    {
        var w = new WireWriter(Length);
        w.U8((byte)(0x20 | Diagnostic));
        w.U8((byte)(((int)State << 6) | (Poll ? 0x20 : 0) | (Final ? 0x10 : 0)));
        w.U8(Multiplier);
        w.U8(Length);
        w.U32(Mine);
        w.U32(Yours);
        w.U32(DesiredTx);
        w.U32(RequiredRx);
        w.U32(0);
        return w.ToArray();
    }
}
