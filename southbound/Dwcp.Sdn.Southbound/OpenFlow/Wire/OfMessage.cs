using System.Buffers.Binary;
using System.Collections.Frozen;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPT_*, OpenFlow 1.3.5 §7.1.</summary>
public enum OfType : byte
{
    Hello = 0,
    Error = 1,
    EchoRequest = 2,
    EchoReply = 3,
    Experimenter = 4,
    FeaturesRequest = 5,
    FeaturesReply = 6,
    GetConfigRequest = 7,
    GetConfigReply = 8,
    SetConfig = 9,
    PacketIn = 10,
    FlowRemoved = 11,
    PortStatus = 12,
    PacketOut = 13,
    FlowMod = 14,
    GroupMod = 15,
    PortMod = 16,
    TableMod = 17,
    MultipartRequest = 18,
    MultipartReply = 19,
    BarrierRequest = 20,
    BarrierReply = 21,
    QueueGetConfigRequest = 22,
    QueueGetConfigReply = 23,
    RoleRequest = 24,
    RoleReply = 25,
    GetAsyncRequest = 26,
    GetAsyncReply = 27,
    SetAsync = 28,
    MeterMod = 29,
}

/// <summary>The first eight octets of every message: version, type, length of the whole, transaction id (OpenFlow 1.3.5 §7.1).</summary>
public readonly record struct OfHeader(byte Version, OfType Type, int Length, uint Xid)
{
    public const int Size = 8;

    /// <summary>OpenFlow 1.3, the version that this library speaks.</summary>
    public const byte Version13 = 4;

    /// <exception cref="WireException">Fewer than eight octets, or a length below eight.</exception>
    public static OfHeader Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            throw new WireException($"a header has {Size} octets, here are {bytes.Length}");
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (length < Size)
        {
            throw new WireException($"a message of {length} octets cannot hold its header");
        }

        return new(bytes[0], (OfType)bytes[1], length, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
    }
}

/// <summary>A message of OpenFlow 1.3 without its header. Equal bytes give equal messages.</summary>
public abstract record OfMessage
{
    public abstract OfType Type { get; }

    internal abstract void WriteBody(WireWriter w);
}

/// <summary>A message of a type that this library has no word for, kept as it came.</summary>
public sealed record OpaqueMessage(OfType OpaqueType, EquatableArray<byte> Body) : OfMessage
{
    public override OfType Type => OpaqueType;

    internal override void WriteBody(WireWriter w) => w.Bytes(Body.AsSpan());
}

/// <summary>Reads and writes whole messages.</summary>
public static class OfCodec
{
    private static readonly FrozenDictionary<OfType, ReadBody> Readers = new Dictionary<OfType, ReadBody>
    {
        [OfType.Hello] = Hello.Read,
        [OfType.Error] = OfError.Read,
        [OfType.EchoRequest] = EchoRequest.Read,
        [OfType.EchoReply] = EchoReply.Read,
        [OfType.Experimenter] = Experimenter.Read,
        [OfType.FeaturesRequest] = FeaturesRequest.Read,
        [OfType.FeaturesReply] = FeaturesReply.Read,
        [OfType.GetConfigRequest] = GetConfigRequest.Read,
        [OfType.GetConfigReply] = GetConfigReply.Read,
        [OfType.SetConfig] = SetConfig.Read,
        [OfType.PacketIn] = PacketIn.Read,
        [OfType.FlowRemoved] = FlowRemoved.Read,
        [OfType.PortStatus] = PortStatus.Read,
        [OfType.PacketOut] = PacketOut.Read,
        [OfType.FlowMod] = FlowMod.Read,
        [OfType.GroupMod] = GroupMod.Read,
        [OfType.PortMod] = PortMod.Read,
        [OfType.TableMod] = TableMod.Read,
        [OfType.MultipartRequest] = MultipartRequest.Read,
        [OfType.MultipartReply] = MultipartReply.Read,
        [OfType.BarrierRequest] = BarrierRequest.Read,
        [OfType.BarrierReply] = BarrierReply.Read,
        [OfType.QueueGetConfigRequest] = QueueGetConfigRequest.Read,
        [OfType.QueueGetConfigReply] = QueueGetConfigReply.Read,
        [OfType.RoleRequest] = RoleRequest.Read,
        [OfType.RoleReply] = RoleReply.Read,
        [OfType.GetAsyncRequest] = GetAsyncRequest.Read,
        [OfType.GetAsyncReply] = GetAsyncReply.Read,
        [OfType.SetAsync] = SetAsync.Read,
        [OfType.MeterMod] = MeterMod.Read,
    }.ToFrozenDictionary();

    private delegate OfMessage ReadBody(ref WireReader body);

    /// <summary>Reads one whole message: header and body, nothing after it.</summary>
    /// <exception cref="WireException">The bytes are not a message of this version; the text names the message and the field.</exception>
    public static OfMessage Read(ReadOnlySpan<byte> message, out OfHeader header)
    {
        header = OfHeader.Read(message);
        if (header.Length != message.Length)
        {
            throw new WireException($"{header.Type}: the header says {header.Length} octets, here are {message.Length}");
        }

        // HELLO and its refusal come before a version is agreed upon (§6.3.1).
        if (header.Version != OfHeader.Version13 && header.Type is not (OfType.Hello or OfType.Error))
        {
            throw new WireException($"{header.Type}: version {header.Version} was not agreed upon");
        }

        var body = new WireReader(message[OfHeader.Size..]);
        if (!Readers.TryGetValue(header.Type, out var read))
        {
            return new OpaqueMessage(header.Type, [.. body.Rest()]);
        }

        try
        {
            var read1 = read(ref body);
            body.End(header.Type.ToString());
            return read1;
        }
        catch (WireException e)
        {
            throw new WireException($"{header.Type}: {e.Message}");
        }
    }

    /// <summary>Appends a whole message.</summary>
    /// <exception cref="OverflowException">The message would be longer than 65,535 octets.</exception>
    public static void Write(WireWriter w, uint xid, OfMessage message)
    {
        var start = Begin(w, message.Type, xid);
        message.WriteBody(w);
        End(w, start);
    }

    /// <summary>Writes a header whose length <see cref="End"/> fills in.</summary>
    internal static int Begin(WireWriter w, OfType type, uint xid)
    {
        var start = w.Length;
        w.U8(OfHeader.Version13);
        w.U8((byte)type);
        w.U16(0);
        w.U32(xid);
        return start;
    }

    internal static void End(WireWriter w, int start) => w.PatchU16(start + 2, w.Length - start);
}
