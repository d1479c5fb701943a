using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>All ports of a switch (OpenFlow 1.3.5 §7.3.5.7).</summary>
public sealed record PortDescReply(EquatableArray<PortDesc> Ports) : MultipartBody
{
    public override MultipartType Type => MultipartType.PortDesc;

    internal static MultipartBody Read(ref WireReader r) => new PortDescReply(Multipart.All(ref r, PortDesc.Read));

    internal override void Write(WireWriter w)
    {
        foreach (var port in Ports)
        {
            port.Write(w);
        }
    }
}

/// <summary>Asks what a port (or ANY: all) has counted.</summary>
public sealed record PortStatsRequest(PortNumber Port) : MultipartBody
{
    public override MultipartType Type => MultipartType.PortStats;

    // 4 port | 4 pad
    internal static MultipartBody Read(ref WireReader r)
    {
        var port = new PortNumber(r.U32());
        r.Skip(4);
        return new PortStatsRequest(port);
    }

    internal override void Write(WireWriter w)
    {
        w.U32(Port.Value);
        w.Zeros(4);
    }
}

/// <summary>What one port has counted; a counter that the switch lacks is all ones.</summary>
public readonly record struct PortCounters(
    PortNumber Port,
    ulong RxPackets,
    ulong TxPackets,
    ulong RxBytes,
    ulong TxBytes,
    ulong RxDropped,
    ulong TxDropped,
    ulong RxErrors,
    ulong TxErrors,
    ulong RxFrameErrors,
    ulong RxOverErrors,
    ulong RxCrcErrors,
    ulong Collisions,
    uint Seconds,
    uint Nanoseconds);

/// <summary>What ports have counted (OpenFlow 1.3.5 §7.3.5.6).</summary>
public sealed record PortStatsReply(EquatableArray<PortCounters> Ports) : MultipartBody
{
    public override MultipartType Type => MultipartType.PortStats;

    internal static MultipartBody Read(ref WireReader r) => new PortStatsReply(Multipart.All(ref r, ReadOne));

    internal override void Write(WireWriter w)
    {
        foreach (var p in Ports)
        {
            w.U32(p.Port.Value);
            w.Zeros(4);
            w.U64(p.RxPackets);
            w.U64(p.TxPackets);
            w.U64(p.RxBytes);
            w.U64(p.TxBytes);
            w.U64(p.RxDropped);
            w.U64(p.TxDropped);
            w.U64(p.RxErrors);
            w.U64(p.TxErrors);
            w.U64(p.RxFrameErrors);
            w.U64(p.RxOverErrors);
            w.U64(p.RxCrcErrors);
            w.U64(p.Collisions);
            w.U32(p.Seconds);
            w.U32(p.Nanoseconds);
        }
    }

    // 4 port | 4 pad | 12 × 8 counters | 4 seconds | 4 nanoseconds
    private static PortCounters ReadOne(ref WireReader r)
    {
        var port = new PortNumber(r.U32());
        r.Skip(4);
        return new(
            port, r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U32(), r.U32());
    }
}

/// <summary>Asks what the queues of a port have counted; 0xffffffff means all queues.</summary>
public sealed record QueueStatsRequest(PortNumber Port, uint Queue) : MultipartBody
{
    public override MultipartType Type => MultipartType.Queue;

    internal static MultipartBody Read(ref WireReader r) => new QueueStatsRequest(new(r.U32()), r.U32());

    internal override void Write(WireWriter w)
    {
        w.U32(Port.Value);
        w.U32(Queue);
    }
}

/// <summary>What one queue has counted.</summary>
public readonly record struct QueueCounters(
    PortNumber Port, uint Queue, ulong TxBytes, ulong TxPackets, ulong TxErrors, uint Seconds, uint Nanoseconds);

/// <summary>What queues have counted (OpenFlow 1.3.5 §7.3.5.8).</summary>
public sealed record QueueStatsReply(EquatableArray<QueueCounters> Queues) : MultipartBody
{
    public override MultipartType Type => MultipartType.Queue;

    internal static MultipartBody Read(ref WireReader r) => new QueueStatsReply(Multipart.All(ref r, ReadOne));

    internal override void Write(WireWriter w)
    {
        foreach (var q in Queues)
        {
            w.U32(q.Port.Value);
            w.U32(q.Queue);
            w.U64(q.TxBytes);
            w.U64(q.TxPackets);
            w.U64(q.TxErrors);
            w.U32(q.Seconds);
            w.U32(q.Nanoseconds);
        }
    }

    // 4 port | 4 queue | 8 bytes | 8 packets | 8 errors | 4 seconds | 4 nanoseconds
    private static QueueCounters ReadOne(ref WireReader r) =>
        new(new(r.U32()), r.U32(), r.U64(), r.U64(), r.U64(), r.U32(), r.U32());
}
