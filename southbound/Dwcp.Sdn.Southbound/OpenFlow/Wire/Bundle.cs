using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>ONF_BCT_*, the steps of a bundle and their answers.</summary>
public enum BundleStep : ushort
{
    OpenRequest = 0,
    OpenReply = 1,
    CloseRequest = 2,
    CloseReply = 3,
    CommitRequest = 4,
    CommitReply = 5,
    DiscardRequest = 6,
    DiscardReply = 7,
}

/// <summary>Whether a bundle takes effect as a whole or not at all, and in the order of its messages.</summary>
[Flags]
public enum BundleFlags : ushort
{
    None = 0,
    Atomic = 1,
    Ordered = 2,
}

/// <summary>Opens, closes, commits or discards a bundle (ONF extension 230, OpenFlow 1.4.0 §7.3.9.2).</summary>
public sealed record BundleControl(uint Bundle, BundleStep Step, BundleFlags Flags, EquatableArray<byte> Properties = default) : OfMessage
{
    internal const uint Kind = 2300;

    public override OfType Type => OfType.Experimenter;

    // 4 experimenter | 4 2300 | 4 bundle | 2 step | 2 flags | properties
    internal static OfMessage ReadData(ref WireReader r) =>
        new BundleControl(r.U32(), (BundleStep)r.U16(), (BundleFlags)r.U16(), [.. r.Rest()]);

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Experimenter.Onf);
        w.U32(Kind);
        w.U32(Bundle);
        w.U16((ushort)Step);
        w.U16((ushort)Flags);
        w.Bytes(Properties.AsSpan());
    }
}

/// <summary>
/// Adds a message to a bundle (ONF extension 230, OpenFlow 1.4.0 §7.3.9.6). <paramref name="Xid"/> is that of the message inside and
/// has to be that of this message as well.
/// </summary>
public sealed record BundleAdd(uint Bundle, BundleFlags Flags, uint Xid, OfMessage Message) : OfMessage
{
    internal const uint Kind = 2301;

    public override OfType Type => OfType.Experimenter;

    // 4 experimenter | 4 2301 | 4 bundle | 2 pad | 2 flags | message, then to 8 only before properties, which nobody defines
    internal static OfMessage ReadData(ref WireReader r)
    {
        var bundle = r.U32();
        r.Skip(2);
        var flags = (BundleFlags)r.U16();
        var message = OfCodec.Read(r.Rest(), out var header);
        if (message is BundleAdd)
        {
            throw new WireException("a bundle inside a bundle");
        }

        return new BundleAdd(bundle, flags, header.Xid, message);
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Experimenter.Onf);
        w.U32(Kind);
        w.U32(Bundle);
        w.Zeros(2);
        w.U16((ushort)Flags);
        OfCodec.Write(w, Xid, Message);
    }
}
