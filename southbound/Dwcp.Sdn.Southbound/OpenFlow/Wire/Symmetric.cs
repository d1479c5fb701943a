using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>
/// The first message of each side, OpenFlow 1.3.5 §7.5.1. The header's version is the highest that the sender has;
/// <paramref name="Versions"/> is the bitmap element with a bit per version (null: the element is missing).
/// </summary>
public sealed record Hello(ulong? Versions = 1ul << OfHeader.Version13) : OfMessage
{
    public override OfType Type => OfType.Hello;

    // elements: 2 type (1: version bitmap) | 2 length without padding | 4 per word of bitmap | to 8
    internal static OfMessage Read(ref WireReader r)
    {
        ulong? versions = null;
        while (r.Remaining > 0)
        {
            var type = r.U16();
            var length = r.U16();
            if (length < 4)
            {
                throw new WireException($"hello element of {length} octets");
            }

            var element = r.Slice(length - 4);

            // Implementations differ in whether the last element is padded; both are taken.
            r.Skip(Math.Min(r.Remaining, (8 - (length & 7)) & 7));
            if (type != 1)
            {
                continue; // "Unknown elements are to be ignored", §7.5.1.
            }

            versions = element.Remaining >= 4 ? element.U32() : 0;
            if (element.Remaining >= 4)
            {
                versions |= (ulong)element.U32() << 32;
            }
        }

        return new Hello(versions);
    }

    internal override void WriteBody(WireWriter w)
    {
        if (Versions is { } versions)
        {
            var wide = versions >> 32 != 0;
            w.U16(1);
            w.U16((ushort)(wide ? 12 : 8));
            w.U32((uint)versions);
            if (wide)
            {
                w.U32((uint)(versions >> 32));
                w.Zeros(4);
            }
        }
    }
}

/// <summary>Asks whether the peer lives, OpenFlow 1.3.5 §7.5.2.</summary>
public sealed record EchoRequest(EquatableArray<byte> Data = default) : OfMessage
{
    public override OfType Type => OfType.EchoRequest;

    internal static OfMessage Read(ref WireReader r) => new EchoRequest([.. r.Rest()]);

    /// <summary>Answers a whole received request, whose data is never kept.</summary>
    internal static void WriteReply(WireWriter w, OfHeader request, ReadOnlySpan<byte> message)
    {
        var start = OfCodec.Begin(w, OfType.EchoReply, request.Xid);
        w.Bytes(message[OfHeader.Size..]);
        OfCodec.End(w, start);
    }

    internal override void WriteBody(WireWriter w) => w.Bytes(Data.AsSpan());
}

/// <summary>Answers an <see cref="EchoRequest"/> with its data.</summary>
public sealed record EchoReply(EquatableArray<byte> Data = default) : OfMessage
{
    public override OfType Type => OfType.EchoReply;

    internal static OfMessage Read(ref WireReader r) => new EchoReply([.. r.Rest()]);

    internal override void WriteBody(WireWriter w) => w.Bytes(Data.AsSpan());
}

/// <summary>
/// A refusal, OpenFlow 1.3.5 §7.4.4: <paramref name="Data"/> is the start of the message that failed (of HELLO_FAILED a text).
/// An experimenter's error (type 0xffff) has its own type in <paramref name="Code"/> and the experimenter first in the data.
/// </summary>
public sealed record OfError(ushort ErrorType, ushort Code, EquatableArray<byte> Data = default) : OfMessage
{
    public override OfType Type => OfType.Error;

    /// <summary>The standard's name of type and code.</summary>
    public string Name => ErrorNames.Of(this);

    // 2 type | 2 code | data
    internal static OfMessage Read(ref WireReader r) => new OfError(r.U16(), r.U16(), [.. r.Rest()]);

    internal override void WriteBody(WireWriter w)
    {
        w.U16(ErrorType);
        w.U16(Code);
        w.Bytes(Data.AsSpan());
    }
}

/// <summary>A message of an experimenter that has no type of its own here, OpenFlow 1.3.5 §7.5.4, kept as it came.</summary>
public sealed record Experimenter(uint Id, uint Kind, EquatableArray<byte> Data) : OfMessage
{
    /// <summary>The Open Networking Foundation's extensions.</summary>
    public const uint Onf = 0x4f4e_4600;

    /// <summary>Nicira's, which Open vSwitch defines.</summary>
    public const uint Nicira = 0x0000_2320;

    /// <summary>Fields of the network service header, which Open vSwitch defines.</summary>
    public const uint Nsh = 0x005a_d650;

    public override OfType Type => OfType.Experimenter;

    // 4 experimenter | 4 its type | data
    internal static OfMessage Read(ref WireReader r)
    {
        var id = r.U32();
        var kind = r.U32();
        try
        {
            return Read(id, kind, ref r);
        }
        catch (WireException e)
        {
            throw new WireException($"0x{id:x} type {kind}: {e.Message}");
        }
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Id);
        w.U32(Kind);
        w.Bytes(Data.AsSpan());
    }

    private static OfMessage Read(uint id, uint kind, ref WireReader r) => (id, kind) switch
    {
        (Onf, BundleControl.Kind) => BundleControl.ReadData(ref r),
        (Onf, BundleAdd.Kind) => BundleAdd.ReadData(ref r),
        (Onf, RoleStatus.Kind) => RoleStatus.ReadData(ref r),
        (Onf, FlowMonitorControl.CancelKind or FlowMonitorControl.PausedKind or FlowMonitorControl.ResumedKind) => FlowMonitorControl.Read(ref r, kind),
        (Nicira, NiciraRole.RequestKind or NiciraRole.ReplyKind) => NiciraRole.ReadData(ref r, kind),
        (Nicira, CtFlush.Kind) => CtFlush.ReadData(ref r),
        (Nicira, CtFlushZone.Kind) => CtFlushZone.ReadData(ref r),
        (Nicira, TlvTableMod.Kind) => TlvTableMod.ReadData(ref r),
        (Nicira, TlvTableRequest.Kind) => TlvTableRequest.ReadData(ref r),
        (Nicira, TlvTableReply.Kind) => TlvTableReply.ReadData(ref r),
        (Nicira, SetPacketInFormat.Kind) => SetPacketInFormat.ReadData(ref r),
        (Nicira, SetControllerId.Kind) => SetControllerId.ReadData(ref r),
        (Nicira, PacketIn2.Kind) => PacketIn2.ReadPacket(ref r),
        (Nicira, PacketIn2.ResumeKind) => PacketIn2.ReadResume(ref r),
        _ => new Experimenter(id, kind, [.. r.Rest()]),
    };
}
