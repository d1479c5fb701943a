using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>ONFFMF_*, of which changes a flow monitor tells, and what of them.</summary>
[Flags]
public enum FlowMonitorFlags : ushort
{
    None = 0,

    /// <summary>The flows that are there already.</summary>
    Initial = 1,
    Add = 2,
    Delete = 4,
    Modify = 8,

    /// <summary>With their instructions.</summary>
    Actions = 16,

    /// <summary>Changes by this very controller too, in full.</summary>
    Own = 32,
}

/// <summary>One monitor of a <see cref="FlowMonitorRequest"/>: which flows, under the number by which it is cancelled.</summary>
public sealed record FlowMonitor(uint Id, FlowMonitorFlags Flags, Match Match)
{
    public PortNumber OutPort { get; init; } = PortNumber.Any;

    /// <summary>255: all.</summary>
    public byte Table { get; init; } = FlowSelector.AllTables;

    // 4 id | 2 flags | 2 length of match | 4 out port | 1 table | 3 zero | match, to 8
    internal static FlowMonitor Read(ref WireReader r)
    {
        var (id, flags, length, port, table) = (r.U32(), (FlowMonitorFlags)r.U16(), r.U16(), new PortNumber(r.U32()), r.U8());
        r.Skip(3);
        return new(id, flags, FlowMonitors.ReadMatch(ref r, length)) { OutPort = port, Table = table };
    }

    internal void Write(WireWriter w)
    {
        w.U32(Id);
        w.U16((ushort)Flags);
        var length = w.Length;
        w.U16(0);
        w.U32(OutPort.Value);
        w.U8(Table);
        w.Zeros(3);
        FlowMonitors.WriteMatch(w, Match, length);
    }
}

/// <summary>Asks to be told of changes of flows from now on (ONF extension 187: multipart 0xffff, experimenter ONF, 1870).</summary>
public sealed record FlowMonitorRequest(EquatableArray<FlowMonitor> Monitors) : MultipartBody
{
    public override MultipartType Type => MultipartType.Experimenter;

    internal override void Write(WireWriter w)
    {
        w.U32(Experimenter.Onf);
        w.U32(FlowMonitors.Kind);
        foreach (var monitor in Monitors)
        {
            monitor.Write(w);
        }
    }
}

/// <summary>ONFFME_*.</summary>
public enum FlowUpdateEvent : ushort
{
    Added = 0,
    Deleted = 1,
    Modified = 2,

    /// <summary>A change that this controller made itself, by the transaction id of its message.</summary>
    Abbreviated = 3,
}

/// <summary>A change of a flow.</summary>
public abstract record FlowUpdate(FlowUpdateEvent Event)
{
    // 2 length | 2 event | by event
    internal static FlowUpdate Read(ref WireReader all)
    {
        var length = all.U16();
        if (length < 8 || (length & 7) != 0)
        {
            throw new WireException($"flow update of {length} octets");
        }

        var r = all.Slice(length - 2);
        var what = (FlowUpdateEvent)r.U16();
        FlowUpdate update = what switch
        {
            FlowUpdateEvent.Added or FlowUpdateEvent.Deleted or FlowUpdateEvent.Modified => FlowChanged.Read(ref r, what),
            FlowUpdateEvent.Abbreviated => new FlowChangedByUs(r.U32()),
            _ => new UnknownFlowUpdate(what, [.. r.Rest()]),
        };
        r.End($"flow update {what}");
        return update;
    }

    internal void Write(WireWriter w)
    {
        var start = w.Length;
        w.U16(0);
        w.U16((ushort)Event);
        WriteData(w);
        w.PatchU16(start, w.Length - start);
    }

    internal abstract void WriteData(WireWriter w);
}

/// <summary>A flow came, went or changed; <paramref name="Reason"/> says why it went.</summary>
public sealed record FlowChanged(FlowUpdateEvent Event, ushort Reason, FlowRule Rule) : FlowUpdate(Event)
{
    // 2 reason | 2 priority | 2 idle | 2 hard | 2 length of match | 1 table | 1 pad | 8 cookie | match, to 8 | instructions
    internal static FlowChanged Read(ref WireReader r, FlowUpdateEvent what)
    {
        var (reason, priority, idle, hard, length, table) = (r.U16(), r.U16(), r.U16(), r.U16(), r.U16(), r.U8());
        r.Skip(1);
        var cookie = r.U64();
        var rule = new FlowRule(new(table, priority, FlowMonitors.ReadMatch(ref r, length)), cookie) { IdleTimeout = idle, HardTimeout = hard };
        return new(what, reason, Instructions.Read(ref r, rule));
    }

    internal override void WriteData(WireWriter w)
    {
        w.U16(Reason);
        w.U16(Rule.Priority);
        w.U16(Rule.IdleTimeout);
        w.U16(Rule.HardTimeout);
        var length = w.Length;
        w.U16(0);
        w.U8(Rule.Table);
        w.Zeros(1);
        w.U64(Rule.Cookie);
        FlowMonitors.WriteMatch(w, Rule.Match, length);
        Instructions.Write(w, Rule);
    }
}

/// <summary>A change that the message with this transaction id made.</summary>
public sealed record FlowChangedByUs(uint Xid) : FlowUpdate(FlowUpdateEvent.Abbreviated)
{
    internal override void WriteData(WireWriter w) => w.U32(Xid);
}

/// <summary>A change of a kind that this library has no words for, kept as it came.</summary>
public sealed record UnknownFlowUpdate(FlowUpdateEvent Event, EquatableArray<byte> Octets) : FlowUpdate(Event)
{
    internal override void WriteData(WireWriter w) => w.Bytes(Octets.AsSpan());
}

/// <summary>Tells of changes of flows, once asked; the first answers the request, those that follow have transaction id 0.</summary>
public sealed record FlowMonitorReply(EquatableArray<FlowUpdate> Updates) : MultipartBody
{
    public override MultipartType Type => MultipartType.Experimenter;

    internal override void Write(WireWriter w)
    {
        w.U32(Experimenter.Onf);
        w.U32(FlowMonitors.Kind);
        foreach (var update in Updates)
        {
            update.Write(w);
        }
    }
}

/// <summary>Ends a monitor, or tells that all monitors of this controller pause, because it does not read, or go on (ONF extension 187).</summary>
public sealed record FlowMonitorControl(FlowMonitorStep Step, uint Monitor = 0) : OfMessage
{
    internal const uint CancelKind = 1870;
    internal const uint PausedKind = 1871;
    internal const uint ResumedKind = 1872;

    public override OfType Type => OfType.Experimenter;

    internal static OfMessage Read(ref WireReader r, uint kind) => kind switch
    {
        CancelKind => new FlowMonitorControl(FlowMonitorStep.Cancel, r.U32()),
        PausedKind => new FlowMonitorControl(FlowMonitorStep.Paused),
        _ => new FlowMonitorControl(FlowMonitorStep.Resumed),
    };

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Experimenter.Onf);
        w.U32(Step switch { FlowMonitorStep.Cancel => CancelKind, FlowMonitorStep.Paused => PausedKind, _ => ResumedKind });
        if (Step == FlowMonitorStep.Cancel)
        {
            w.U32(Monitor);
        }
    }
}

/// <summary>What a <see cref="FlowMonitorControl"/> says.</summary>
public enum FlowMonitorStep
{
    Cancel,
    Paused,
    Resumed,
}

/// <summary>What the messages of flow monitors share.</summary>
internal static class FlowMonitors
{
    public const uint Kind = 1870;

    /// <summary>Body of a multipart message of an experimenter: a flow monitor's, or kept.</summary>
    public static MultipartBody ReadRequest(ref WireReader r) => IsOurs(r)
        ? new FlowMonitorRequest(Entries(ref r, FlowMonitor.Read))
        : new OpaqueBody(MultipartType.Experimenter, [.. r.Rest()]);

    public static MultipartBody ReadReply(ref WireReader r) => IsOurs(r)
        ? new FlowMonitorReply(Entries(ref r, FlowUpdate.Read))
        : new OpaqueBody(MultipartType.Experimenter, [.. r.Rest()]);

    /// <summary>A match whose length stands before it too.</summary>
    public static Match ReadMatch(ref WireReader r, int length)
    {
        var before = r.Remaining;
        var match = OxmMatch.Read(ref r);
        var read = before - r.Remaining;
        return length <= read && read - length < 8 ? match : throw new WireException($"a match of {length} octets has {read}");
    }

    public static void WriteMatch(WireWriter w, Match match, int lengthAt)
    {
        var start = w.Length;
        OxmMatch.Write(w, match);
        w.PatchU16(lengthAt, w.Length - start);
    }

    private static EquatableArray<T> Entries<T>(ref WireReader r, Multipart.ReadEntry<T> read)
    {
        r.Skip(8);
        return Multipart.All(ref r, read);
    }

    private static bool IsOurs(WireReader ahead) => ahead.Remaining >= 8 && ahead.U32() == Experimenter.Onf && ahead.U32() == Kind;
}
