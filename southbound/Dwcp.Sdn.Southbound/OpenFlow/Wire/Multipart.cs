using System.Collections.Frozen;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPMP_*, OpenFlow 1.3.5 §7.3.5.</summary>
public enum MultipartType : ushort
{
    Desc = 0,
    Flow = 1,
    Aggregate = 2,
    Table = 3,
    PortStats = 4,
    Queue = 5,
    Group = 6,
    GroupDesc = 7,
    GroupFeatures = 8,
    Meter = 9,
    MeterConfig = 10,
    MeterFeatures = 11,
    TableFeatures = 12,
    PortDesc = 13,
    Experimenter = 0xffff,
}

/// <summary>What a multipart request asks or a reply tells.</summary>
public abstract record MultipartBody
{
    public abstract MultipartType Type { get; }

    internal abstract void Write(WireWriter w);
}

/// <summary>A request that consists of its type.</summary>
public sealed record AskAll(MultipartType Of) : MultipartBody
{
    public override MultipartType Type => Of;

    internal override void Write(WireWriter w)
    {
    }
}

/// <summary>A body that this library has no words for, kept as it came.</summary>
public sealed record OpaqueBody(MultipartType Of, EquatableArray<byte> Bytes) : MultipartBody
{
    public override MultipartType Type => Of;

    internal override void Write(WireWriter w) => w.Bytes(Bytes.AsSpan());
}

/// <summary>Asks for statistics or descriptions; <paramref name="More"/> says that the request goes on in the next message.</summary>
public sealed record MultipartRequest(MultipartBody Body, bool More = false) : OfMessage
{
    private static readonly FrozenDictionary<MultipartType, Multipart.ReadBody> Readers = new Dictionary<MultipartType, Multipart.ReadBody>
    {
        [MultipartType.Desc] = (ref _) => new AskAll(MultipartType.Desc),
        [MultipartType.Flow] = FlowStatsRequest.Read,
        [MultipartType.Aggregate] = AggregateRequest.Read,
        [MultipartType.Table] = (ref _) => new AskAll(MultipartType.Table),
        [MultipartType.PortStats] = PortStatsRequest.Read,
        [MultipartType.Queue] = QueueStatsRequest.Read,
        [MultipartType.Group] = GroupStatsRequest.Read,
        [MultipartType.GroupDesc] = (ref _) => new AskAll(MultipartType.GroupDesc),
        [MultipartType.GroupFeatures] = (ref _) => new AskAll(MultipartType.GroupFeatures),
        [MultipartType.Meter] = MeterStatsRequest.Read,
        [MultipartType.MeterConfig] = MeterConfigRequest.Read,
        [MultipartType.MeterFeatures] = (ref _) => new AskAll(MultipartType.MeterFeatures),
        [MultipartType.TableFeatures] = TableFeatures.Read,
        [MultipartType.PortDesc] = (ref _) => new AskAll(MultipartType.PortDesc),
        [MultipartType.Experimenter] = FlowMonitors.ReadRequest,
    }.ToFrozenDictionary();

    public override OfType Type => OfType.MultipartRequest;

    internal static OfMessage Read(ref WireReader r)
    {
        var (body, more) = Multipart.Read(ref r, Readers);
        return new MultipartRequest(body, more);
    }

    internal override void WriteBody(WireWriter w) => Multipart.Write(w, Body, More);
}

/// <summary>Answers a <see cref="MultipartRequest"/>; <paramref name="More"/> says that more messages follow (OFPMPF_REPLY_MORE).</summary>
public sealed record MultipartReply(MultipartBody Body, bool More = false) : OfMessage
{
    private static readonly FrozenDictionary<MultipartType, Multipart.ReadBody> Readers = new Dictionary<MultipartType, Multipart.ReadBody>
    {
        [MultipartType.Desc] = SwitchDesc.Read,
        [MultipartType.Flow] = FlowStatsReply.Read,
        [MultipartType.Aggregate] = AggregateReply.Read,
        [MultipartType.Table] = TableStatsReply.Read,
        [MultipartType.PortStats] = PortStatsReply.Read,
        [MultipartType.Queue] = QueueStatsReply.Read,
        [MultipartType.Group] = GroupStatsReply.Read,
        [MultipartType.GroupDesc] = GroupDescReply.Read,
        [MultipartType.GroupFeatures] = GroupFeatures.Read,
        [MultipartType.Meter] = MeterStatsReply.Read,
        [MultipartType.MeterConfig] = MeterConfigReply.Read,
        [MultipartType.MeterFeatures] = MeterFeatures.Read,
        [MultipartType.TableFeatures] = TableFeatures.Read,
        [MultipartType.PortDesc] = PortDescReply.Read,
        [MultipartType.Experimenter] = FlowMonitors.ReadReply,
    }.ToFrozenDictionary();

    public override OfType Type => OfType.MultipartReply;

    internal static OfMessage Read(ref WireReader r)
    {
        var (body, more) = Multipart.Read(ref r, Readers);
        return new MultipartReply(body, more);
    }

    internal override void WriteBody(WireWriter w) => Multipart.Write(w, Body, More);
}

/// <summary>What requests and replies share.</summary>
internal static class Multipart
{
    internal delegate MultipartBody ReadBody(ref WireReader r);

    // 2 type | 2 flags (1: more) | 4 pad | body
    public static (MultipartBody Body, bool More) Read(ref WireReader r, FrozenDictionary<MultipartType, ReadBody> readers)
    {
        var type = (MultipartType)r.U16();
        var more = (r.U16() & 1) != 0;
        r.Skip(4);
        if (!readers.TryGetValue(type, out var read))
        {
            return (new OpaqueBody(type, [.. r.Rest()]), more);
        }

        try
        {
            var body = read(ref r);
            r.End("body");
            return (body, more);
        }
        catch (WireException e)
        {
            throw new WireException($"{type}: {e.Message}");
        }
    }

    public static void Write(WireWriter w, MultipartBody body, bool more)
    {
        w.U16((ushort)body.Type);
        w.U16((ushort)(more ? 1 : 0));
        w.Zeros(4);
        body.Write(w);
    }

    /// <summary>Reads entries until the end; an entry reads at least one octet.</summary>
    public static EquatableArray<T> All<T>(ref WireReader r, ReadEntry<T> read)
    {
        var all = new List<T>();
        while (r.Remaining > 0)
        {
            all.Add(read(ref r));
        }

        return [.. all];
    }

    internal delegate T ReadEntry<out T>(ref WireReader r);
}
