using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>Which flows a request means: a table (255: all), flows that send to a port or group, whose cookie has some bits, that match at least as closely.</summary>
public sealed record FlowSelector(Match Match)
{
    public const byte AllTables = 255;

    public byte Table { get; init; } = AllTables;

    public PortNumber OutPort { get; init; } = PortNumber.Any;

    public uint OutGroup { get; init; } = FlowMod.AnyGroup;

    public ulong Cookie { get; init; }

    public ulong CookieMask { get; init; }

    // 1 table | 3 pad | 4 out port | 4 out group | 4 pad | 8 cookie | 8 cookie mask | match
    internal static FlowSelector Read(ref WireReader r)
    {
        var table = r.U8();
        r.Skip(3);
        var port = new PortNumber(r.U32());
        var group = r.U32();
        r.Skip(4);
        var cookie = r.U64();
        var mask = r.U64();
        return new(OxmMatch.Read(ref r)) { Table = table, OutPort = port, OutGroup = group, Cookie = cookie, CookieMask = mask };
    }

    internal void Write(WireWriter w)
    {
        w.U8(Table);
        w.Zeros(3);
        w.U32(OutPort.Value);
        w.U32(OutGroup);
        w.Zeros(4);
        w.U64(Cookie);
        w.U64(CookieMask);
        OxmMatch.Write(w, Match);
    }
}

/// <summary>Asks for flows and their counters (OpenFlow 1.3.5 §7.3.5.2).</summary>
public sealed record FlowStatsRequest(FlowSelector Flows) : MultipartBody
{
    public override MultipartType Type => MultipartType.Flow;

    internal static MultipartBody Read(ref WireReader r) => new FlowStatsRequest(FlowSelector.Read(ref r));

    internal override void Write(WireWriter w) => Flows.Write(w);
}

/// <summary>A flow and what it has counted.</summary>
public sealed record FlowEntry(FlowRule Rule, ulong Packets, ulong Bytes, uint Seconds, uint Nanoseconds)
{
    public TimeSpan Duration => new((Seconds * TimeSpan.TicksPerSecond) + (Nanoseconds / 100));

    // 2 length | 1 table | 1 pad | 4 seconds | 4 nanoseconds | 2 priority | 2 idle | 2 hard | 2 flags | 2 importance | 2 pad
    // | 8 cookie | 8 packets | 8 bytes | match | instructions
    internal static FlowEntry Read(ref WireReader all)
    {
        var length = all.U16();
        var r = all.Slice(length - 2);
        var table = r.U8();
        r.Skip(1);
        var seconds = r.U32();
        var nanoseconds = r.U32();
        var priority = r.U16();
        var idle = r.U16();
        var hard = r.U16();
        var flags = (FlowFlags)r.U16();
        var importance = r.U16();
        r.Skip(2);
        var cookie = r.U64();
        var packets = r.U64();
        var bytes = r.U64();
        var rule = new FlowRule(new(table, priority, OxmMatch.Read(ref r)), cookie)
        {
            IdleTimeout = idle,
            HardTimeout = hard,
            Flags = flags,
            Importance = importance,
        };
        return new(Instructions.Read(ref r, rule), packets, bytes, seconds, nanoseconds);
    }

    internal void Write(WireWriter w)
    {
        var start = w.Length;
        w.U16(0);
        w.U8(Rule.Table);
        w.Zeros(1);
        w.U32(Seconds);
        w.U32(Nanoseconds);
        w.U16(Rule.Priority);
        w.U16(Rule.IdleTimeout);
        w.U16(Rule.HardTimeout);
        w.U16((ushort)Rule.Flags);
        w.U16(Rule.Importance);
        w.Zeros(2);
        w.U64(Rule.Cookie);
        w.U64(Packets);
        w.U64(Bytes);
        OxmMatch.Write(w, Rule.Match);
        Instructions.Write(w, Rule);
        w.PatchU16(start, w.Length - start);
    }
}

/// <summary>Flows and their counters.</summary>
public sealed record FlowStatsReply(EquatableArray<FlowEntry> Flows) : MultipartBody
{
    public override MultipartType Type => MultipartType.Flow;

    internal static MultipartBody Read(ref WireReader r) => new FlowStatsReply(Multipart.All(ref r, FlowEntry.Read));

    internal override void Write(WireWriter w)
    {
        foreach (var flow in Flows)
        {
            flow.Write(w);
        }
    }
}

/// <summary>Asks for the sum over flows (OpenFlow 1.3.5 §7.3.5.3).</summary>
public sealed record AggregateRequest(FlowSelector Flows) : MultipartBody
{
    public override MultipartType Type => MultipartType.Aggregate;

    internal static MultipartBody Read(ref WireReader r) => new AggregateRequest(FlowSelector.Read(ref r));

    internal override void Write(WireWriter w) => Flows.Write(w);
}

/// <summary>The sum over flows.</summary>
public sealed record AggregateReply(ulong Packets, ulong Bytes, uint Flows) : MultipartBody
{
    public override MultipartType Type => MultipartType.Aggregate;

    // 8 packets | 8 bytes | 4 flows | 4 pad
    internal static MultipartBody Read(ref WireReader r)
    {
        var reply = new AggregateReply(r.U64(), r.U64(), r.U32());
        r.Skip(4);
        return reply;
    }

    internal override void Write(WireWriter w)
    {
        w.U64(Packets);
        w.U64(Bytes);
        w.U32(Flows);
        w.Zeros(4);
    }
}
