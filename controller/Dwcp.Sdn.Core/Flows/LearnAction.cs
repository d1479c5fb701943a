namespace Dwcp.Sdn.Core.Flows;

/// <summary>What one part of a learned flow does with its source.</summary>
public enum LearnTo
{
    /// <summary>The flow matches it.</summary>
    Match = 0,

    /// <summary>The flow loads it.</summary>
    Load = 1,

    /// <summary>The flow sends to the port of that number.</summary>
    Output = 2,
}

/// <summary>
/// One part of a learned flow: so many bits from bits of the packet that is learned from, or a number, to bits of the new flow
/// (none for an output).
/// </summary>
public readonly record struct LearnPart(LearnTo To, int Bits, FieldBits? From, EquatableArray<byte> Number, FieldBits? Target)
{
    private string Source => From?.ToString() ?? $"0x{Convert.ToHexStringLower(Number.AsSpan()).TrimStart('0').PadLeft(1, '0')}";

    public override string ToString() => To switch
    {
        LearnTo.Output => $"output:{Source}",
        LearnTo.Load => $"load:{Source}->{Target}",
        _ => From == Target ? $"{Target}" : $"{Target}={Source}",
    };
}

/// <summary>NX_LEARN_F_*.</summary>
[Flags]
public enum LearnFlags : ushort
{
    None = 0,
    SendFlowRemoved = 1,
    DeleteLearned = 2,
    WriteResult = 4,
}

/// <summary>Adds a flow made of the packet (NXAST_LEARN, with a limit NXAST_LEARN2).</summary>
public sealed record LearnAction(byte Table, EquatableArray<LearnPart> Parts) : FlowAction
{
    public ushort IdleTimeout { get; init; }

    public ushort HardTimeout { get; init; }

    public ushort Priority { get; init; } = 32768;

    public ulong Cookie { get; init; }

    public LearnFlags Flags { get; init; }

    public ushort FinIdleTimeout { get; init; }

    public ushort FinHardTimeout { get; init; }

    /// <summary>Flows that the table may have learned with this cookie; null for any number.</summary>
    public uint? Limit { get; init; }

    /// <summary>A bit that says whether the limit still allowed it.</summary>
    public FieldBits? Result { get; init; }

    public override string ToString()
    {
        var parts = new List<string> { $"table={Table}" };
        Say("idle_timeout", IdleTimeout);
        Say("hard_timeout", HardTimeout);
        Say("fin_idle_timeout", FinIdleTimeout);
        Say("fin_hard_timeout", FinHardTimeout);
        if (Priority != 32768)
        {
            parts.Add($"priority={Priority}");
        }

        foreach (var (flag, name) in new[] { (LearnFlags.SendFlowRemoved, "send_flow_rem"), (LearnFlags.DeleteLearned, "delete_learned") })
        {
            if ((Flags & flag) != 0)
            {
                parts.Add(name);
            }
        }

        if (Cookie != 0)
        {
            parts.Add($"cookie=0x{Cookie:x}");
        }

        Say("limit", Limit ?? 0);
        if (Result is { } result)
        {
            parts.Add($"result_dst={result}");
        }

        parts.AddRange(Parts.Select(p => p.ToString()));
        return $"learn({string.Join(',', parts)})";

        void Say(string name, uint value)
        {
            if (value != 0)
            {
                parts.Add($"{name}={value}");
            }
        }
    }
}
