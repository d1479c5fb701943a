namespace Dwcp.Sdn.Core.Flows;

/// <summary>How a group treats its buckets (OpenFlow 1.3.5 §5.6.1).</summary>
public enum GroupType : byte
{
    All = 0,
    Select = 1,
    Indirect = 2,
    FastFailover = 3,
}

/// <summary>One way out of a group. Weight counts in select groups; the watched port or group in fast failover.</summary>
public sealed record Bucket(EquatableArray<FlowAction> Actions)
{
    public ushort Weight { get; init; }

    /// <summary>A port whose liveness decides; OFPP_ANY (0xffffffff) watches none.</summary>
    public uint WatchPort { get; init; } = 0xffff_ffff;

    /// <summary>A group whose liveness decides; OFPG_ANY (0xffffffff) watches none.</summary>
    public uint WatchGroup { get; init; } = 0xffff_ffff;

    public override string ToString() => $"bucket=actions={string.Join(',', Actions)}";
}

/// <summary>A group: a number (up to 0xffffff00), a type and its buckets.</summary>
public sealed record Group(uint Id, GroupType Type, EquatableArray<Bucket> Buckets)
{
    public override string ToString() => $"group_id={Id},type={Type},{string.Join(',', Buckets)}";
}
