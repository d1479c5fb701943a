using System.Buffers.Binary;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPR_*, why a packet came to the controller.</summary>
public enum PacketInReason : byte
{
    NoMatch = 0,
    Action = 1,
    InvalidTtl = 2,
}

/// <summary>A packet for the controller, read in place and not kept (OpenFlow 1.3.5 §7.4.1).</summary>
public readonly ref struct PacketInView
{
    // 4 buffer | 2 total length | 1 reason | 1 table | 8 cookie | match | 2 pad | data
    /// <exception cref="WireException">The body is cut short or a length in it is wrong.</exception>
    public PacketInView(ReadOnlySpan<byte> body)
    {
        var r = new WireReader(body);
        Buffer = r.U32();
        TotalLength = r.U16();
        Reason = (PacketInReason)r.U8();
        Table = r.U8();
        Cookie = r.U64();
        MatchEntries = OxmMatch.Entries(ref r);
        r.Skip(2);
        Data = r.Rest();
    }

    public uint Buffer { get; }

    /// <summary>Octets of the packet, of which <see cref="Data"/> may hold fewer.</summary>
    public ushort TotalLength { get; }

    public PacketInReason Reason { get; }

    public byte Table { get; }

    public ulong Cookie { get; }

    public ReadOnlySpan<byte> Data { get; }

    internal ReadOnlySpan<byte> MatchEntries { get; }

    /// <summary>The port by which the packet came in; 0 when the switch does not say.</summary>
    /// <exception cref="WireException">An entry of the match is malformed.</exception>
    public PortNumber InPort => MatchEntries is [0x80, 0x00, 0x00, 0x04, _, _, _, _, ..]
        ? new(BinaryPrimitives.ReadUInt32BigEndian(MatchEntries[4..])) // The first of most matches, and often the only one.
        : new((uint)(Find(Fields.InPort) ?? UInt128.Zero));

    /// <summary>The value of a field that came with the packet, or null.</summary>
    /// <exception cref="WireException">An entry of the match is malformed.</exception>
    public UInt128? Find(Field field)
    {
        var walk = new OxmEntries(MatchEntries);
        while (walk.Next(out var entry))
        {
            if (entry.Code?.Field == field)
            {
                return entry.Value;
            }
        }

        return null;
    }

    /// <summary>A copy to keep.</summary>
    /// <exception cref="WireException">An entry of the match is malformed.</exception>
    public PacketIn Keep() => new(Buffer, TotalLength, Reason, Table, Cookie, OxmMatch.Parse(MatchEntries), [.. Data]);
}

/// <summary>A packet for the controller, kept.</summary>
public sealed record PacketIn(
    uint Buffer, ushort TotalLength, PacketInReason Reason, byte Table, ulong Cookie, Match Match, EquatableArray<byte> Data) : OfMessage
{
    public override OfType Type => OfType.PacketIn;

    internal static OfMessage Read(ref WireReader r) => new PacketInView(r.Rest()).Keep();

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Buffer);
        w.U16(TotalLength);
        w.U8((byte)Reason);
        w.U8(Table);
        w.U64(Cookie);
        OxmMatch.Write(w, Match);
        w.Zeros(2);
        w.Bytes(Data.AsSpan());
    }
}

/// <summary>Sends a packet out of the switch, or through its tables with an output to TABLE (OpenFlow 1.3.5 §7.3.7).</summary>
public sealed record PacketOut(uint Buffer, PortNumber InPort, EquatableArray<FlowAction> Actions, EquatableArray<byte> Data) : OfMessage
{
    public override OfType Type => OfType.PacketOut;

    // 4 buffer | 4 in port | 2 length of actions | 6 pad | actions | data
    internal static OfMessage Read(ref WireReader r)
    {
        var buffer = r.U32();
        var port = new PortNumber(r.U32());
        var length = r.U16();
        r.Skip(6);
        var actions = r.Slice(length);
        return new PacketOut(buffer, port, Wire.Actions.Read(ref actions), [.. r.Rest()]);
    }

    /// <summary>Writes a whole message without making a record of it.</summary>
    internal static void Write(WireWriter w, uint xid, uint buffer, PortNumber inPort, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data)
    {
        var start = OfCodec.Begin(w, OfType.PacketOut, xid);
        WriteBody(w, buffer, inPort, actions, data);
        OfCodec.End(w, start);
    }

    internal override void WriteBody(WireWriter w) => WriteBody(w, Buffer, InPort, Actions.AsSpan(), Data.AsSpan());

    private static void WriteBody(WireWriter w, uint buffer, PortNumber inPort, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data)
    {
        w.U32(buffer);
        w.U32(inPort.Value);
        var length = w.Length;
        w.U16(0);
        w.Zeros(6);
        var start = w.Length;
        Wire.Actions.Write(w, actions);
        w.PatchU16(length, w.Length - start);
        w.Bytes(data);
    }
}

/// <summary>OFPRR_*, why a flow went.</summary>
public enum FlowRemovedReason : byte
{
    IdleTimeout = 0,
    HardTimeout = 1,
    Delete = 2,
    GroupDelete = 3,
    MeterDelete = 4,
    Eviction = 5,
}

/// <summary>A flow that went, read in place and not kept (OpenFlow 1.3.5 §7.4.2).</summary>
public readonly ref struct FlowRemovedView
{
    // 8 cookie | 2 priority | 1 reason | 1 table | 4 seconds | 4 nanoseconds | 2 idle | 2 hard | 8 packets | 8 bytes | match
    /// <exception cref="WireException">The body is cut short, too long, or a length in it is wrong.</exception>
    public FlowRemovedView(ReadOnlySpan<byte> body)
    {
        var r = new WireReader(body);
        Cookie = r.U64();
        Priority = r.U16();
        Reason = (FlowRemovedReason)r.U8();
        Table = r.U8();
        Seconds = r.U32();
        Nanoseconds = r.U32();
        IdleTimeout = r.U16();
        HardTimeout = r.U16();
        Packets = r.U64();
        Bytes = r.U64();
        MatchEntries = OxmMatch.Entries(ref r);
        r.End("flow removed");
    }

    public ulong Cookie { get; }

    public ushort Priority { get; }

    public FlowRemovedReason Reason { get; }

    public byte Table { get; }

    public ushort IdleTimeout { get; }

    public ushort HardTimeout { get; }

    public ulong Packets { get; }

    public ulong Bytes { get; }

    /// <summary>How long the flow stood.</summary>
    public TimeSpan Duration => new((Seconds * TimeSpan.TicksPerSecond) + (Nanoseconds / 100));

    private uint Seconds { get; }

    private uint Nanoseconds { get; }

    private ReadOnlySpan<byte> MatchEntries { get; }

    /// <summary>A copy to keep.</summary>
    /// <exception cref="WireException">An entry of the match is malformed.</exception>
    public FlowRemoved Keep() => new(
        new(Table, Priority, OxmMatch.Parse(MatchEntries)), Cookie, Reason, IdleTimeout, HardTimeout, Packets, Bytes, Seconds, Nanoseconds);
}

/// <summary>A flow that went, kept.</summary>
public sealed record FlowRemoved(
    FlowKey Key,
    ulong Cookie,
    FlowRemovedReason Reason,
    ushort IdleTimeout,
    ushort HardTimeout,
    ulong Packets,
    ulong Bytes,
    uint Seconds,
    uint Nanoseconds) : OfMessage
{
    public override OfType Type => OfType.FlowRemoved;

    internal static OfMessage Read(ref WireReader r) => new FlowRemovedView(r.Rest()).Keep();

    internal override void WriteBody(WireWriter w)
    {
        w.U64(Cookie);
        w.U16(Key.Priority);
        w.U8((byte)Reason);
        w.U8(Key.Table);
        w.U32(Seconds);
        w.U32(Nanoseconds);
        w.U16(IdleTimeout);
        w.U16(HardTimeout);
        w.U64(Packets);
        w.U64(Bytes);
        OxmMatch.Write(w, Key.Match);
    }
}
