using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>One table that a packet, or a copy of it, was looked up in, and the flow it met; null when it met none.</summary>
public readonly record struct TraceStep(byte Table, FlowRule? Rule);

/// <summary>A frame that leaves by a port; reserved ports such as FLOOD are left to who owns the ports.</summary>
public sealed record TraceOutput(PortNumber Port, EquatableArray<byte> Frame, TunnelMetadata Tunnel, uint Queue);

/// <summary>A frame that goes to the controller.</summary>
/// <param name="Reason">OFPR_*.</param>
/// <param name="Meter">The meter of the flow or of the action it passed last; null when it passed none.</param>
public sealed record TracePunt(EquatableArray<byte> Frame, byte Table, ulong Cookie, byte Reason, EquatableArray<byte> UserData, uint? Meter);

/// <summary>What became of a packet: its way through the tables, and where it went.</summary>
public sealed class Trace
{
    public List<TraceStep> Steps { get; } = [];

    public List<TraceOutput> Outputs { get; } = [];

    public List<TracePunt> Punts { get; } = [];

    /// <summary>One for each copy that came to the drop table with a reason.</summary>
    public List<DropReason> Drops { get; } = [];

    public List<uint> Groups { get; } = [];

    public List<uint> Meters { get; } = [];

    /// <summary>Why the switch gave up on the packet, and with it on all of its copies; null when it did not.</summary>
    public string? Fault { get; internal set; }

    /// <summary>The packet as it was when its own way, not that of a copy, ended: rewritten, with registers.</summary>
    public Packet? Final { get; internal set; }
}
