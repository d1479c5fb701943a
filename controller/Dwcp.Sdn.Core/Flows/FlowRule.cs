namespace Dwcp.Sdn.Core.Flows;

/// <summary>The identity of a flow in a switch: a strict delete or modify names these three (OpenFlow 1.3.5 §6.4).</summary>
public readonly record struct FlowKey(byte Table, ushort Priority, Match Match);

/// <summary>What a Write-Metadata instruction sets: the bits under the mask.</summary>
public readonly record struct MetadataWrite(ulong Value, ulong Mask);

/// <summary>OFPFF_* of a flow (OpenFlow 1.3.5 §7.3.4.1).</summary>
[Flags]
public enum FlowFlags : ushort
{
    None = 0,
    SendFlowRemoved = 1,
    CheckOverlap = 2,
    ResetCounts = 4,
    NoPacketCounts = 8,
    NoByteCounts = 16,
}

/// <summary>
/// A flow: where it stands, what it matches, and its instructions in the order in which a switch executes them
/// (OpenFlow 1.3.5 §5.9): meter, apply, clear, write, metadata, goto.
/// </summary>
public sealed record FlowRule(FlowKey Key, ulong Cookie)
{
    /// <summary>The meter that every packet passes first, or null.</summary>
    public uint? Meter { get; init; }

    /// <summary>Apply-Actions.</summary>
    public EquatableArray<FlowAction> Apply { get; init; }

    /// <summary>Clear-Actions.</summary>
    public bool Clear { get; init; }

    /// <summary>Write-Actions.</summary>
    public EquatableArray<FlowAction> Write { get; init; }

    public MetadataWrite? Metadata { get; init; }

    /// <summary>Goto-Table; a number above the flow's own table.</summary>
    public byte? Goto { get; init; }

    /// <summary>Instructions that we do not know, whole, as they came.</summary>
    public EquatableArray<byte> OpaqueInstructions { get; init; }

    /// <summary>Seconds without a packet until the flow goes; 0 never.</summary>
    public ushort IdleTimeout { get; init; }

    /// <summary>Seconds until the flow goes; 0 never.</summary>
    public ushort HardTimeout { get; init; }

    public ushort Importance { get; init; }

    public FlowFlags Flags { get; init; }

    public byte Table => Key.Table;

    public ushort Priority => Key.Priority;

    public Match Match => Key.Match;

    public override string ToString() =>
        $"table={Table},priority={Priority}{(Match.Fields.IsEmpty ? "" : "," + Match)} actions={ActionText}";

    /// <summary>The instructions in the form of ovs-ofctl(8).</summary>
    public string ActionText
    {
        get
        {
            var parts = new List<string>();
            if (Meter is { } meter)
            {
                parts.Add($"meter:{meter}");
            }

            parts.AddRange(Apply.Select(a => a.ToString()));
            if (Clear)
            {
                parts.Add("clear_actions");
            }

            if (!Write.IsEmpty)
            {
                parts.Add($"write_actions({string.Join(',', Write)})");
            }

            if (Metadata is { } m)
            {
                parts.Add(m.Mask == ulong.MaxValue ? $"write_metadata:0x{m.Value:x}" : $"write_metadata:0x{m.Value:x}/0x{m.Mask:x}");
            }

            if (Goto is { } table)
            {
                parts.Add($"goto_table:{table}");
            }

            return parts.Count == 0 ? "drop" : string.Join(',', parts);
        }
    }
}
