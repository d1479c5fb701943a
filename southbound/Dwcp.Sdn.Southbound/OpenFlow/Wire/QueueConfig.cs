using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>Asks which queues a port has (OpenFlow 1.3.5 §7.3.6).</summary>
public sealed record QueueGetConfigRequest(PortNumber Port) : OfMessage
{
    public override OfType Type => OfType.QueueGetConfigRequest;

    // 4 port | 4 pad
    internal static OfMessage Read(ref WireReader r)
    {
        var port = new PortNumber(r.U32());
        r.Skip(4);
        return new QueueGetConfigRequest(port);
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Port.Value);
        w.Zeros(4);
    }
}

/// <summary>A property of a queue; of OFPQT_MIN_RATE and OFPQT_MAX_RATE the first two octets are tenths of a percent of the port.</summary>
public sealed record QueueProperty(ushort Type, EquatableArray<byte> Body);

/// <summary>One queue of a port.</summary>
public sealed record QueueDesc(uint Queue, PortNumber Port, EquatableArray<QueueProperty> Properties);

/// <summary>The queues of a port.</summary>
public sealed record QueueGetConfigReply(PortNumber Port, EquatableArray<QueueDesc> Queues) : OfMessage
{
    public override OfType Type => OfType.QueueGetConfigReply;

    // 4 port | 4 pad | queues
    internal static OfMessage Read(ref WireReader r)
    {
        var port = new PortNumber(r.U32());
        r.Skip(4);
        return new QueueGetConfigReply(port, Multipart.All(ref r, ReadQueue));
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Port.Value);
        w.Zeros(4);
        foreach (var queue in Queues)
        {
            var start = w.Length;
            w.U32(queue.Queue);
            w.U32(queue.Port.Value);
            w.Zeros(8);
            foreach (var property in queue.Properties)
            {
                w.U16(property.Type);
                w.U16(checked((ushort)(8 + property.Body.Count)));
                w.Zeros(4);
                w.Bytes(property.Body.AsSpan());
            }

            w.PatchU16(start + 8, w.Length - start);
        }
    }

    // 4 queue | 4 port | 2 length | 6 pad | properties
    private static QueueDesc ReadQueue(ref WireReader r)
    {
        var (queue, port, length) = (r.U32(), r.U32(), r.U16());
        r.Skip(6);
        var properties = r.Slice(length - 16);
        return new(queue, new(port), Multipart.All(ref properties, ReadProperty));
    }

    // 2 type | 2 length | 4 pad | body
    private static QueueProperty ReadProperty(ref WireReader r)
    {
        var (type, length) = (r.U16(), r.U16());
        r.Skip(4);
        return new(type, [.. r.Take(length - 8)]);
    }
}
