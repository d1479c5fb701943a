using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>OFPFC_* (OpenFlow 1.3.5 §7.3.4.1).</summary>
public enum FlowCommand : byte
{
    Add = 0,
    Modify = 1,
    ModifyStrict = 2,
    Delete = 3,
    DeleteStrict = 4,
}

/// <summary>OFPGC_* and OFPMC_*: what to do to a group or a meter.</summary>
public enum TableCommand : ushort
{
    Add = 0,
    Modify = 1,
    Delete = 2,
}

/// <summary>One change that a controller asks of a switch's tables.</summary>
public abstract record TableMod;

/// <summary>OFPT_FLOW_MOD. Modify and delete take only flows whose cookie has the bits under the mask, and delete only those that use the group, if one is named; a delete may take all tables.</summary>
public sealed record FlowMod(FlowCommand Command, FlowRule Rule, ulong CookieMask = 0, uint? OutGroup = null, bool AllTables = false) : TableMod;

/// <summary>OFPT_GROUP_MOD. A delete of group 0xfffffffc takes all.</summary>
public sealed record GroupMod(TableCommand Command, Group Group) : TableMod
{
    /// <summary>OFPG_ALL.</summary>
    public const uint All = 0xffff_fffc;
}

/// <summary>OFPT_METER_MOD. A delete of meter 0xffffffff takes all.</summary>
public sealed record MeterMod(TableCommand Command, Meter Meter) : TableMod
{
    /// <summary>OFPM_ALL.</summary>
    public const uint All = 0xffff_ffff;
}

/// <summary>Why a switch refuses a change: OFPET_* and the code within it, with its name (OpenFlow 1.3.5 §7.4.4).</summary>
public readonly record struct ModError(ushort Type, ushort Code, string Name)
{
    public static readonly ModError BadField = new(4, 6, "OFPBMC_BAD_FIELD");
    public static readonly ModError BadPrerequisite = new(4, 9, "OFPBMC_BAD_PREREQ");
    public static readonly ModError BadOutGroup = new(2, 9, "OFPBAC_BAD_OUT_GROUP");
    public static readonly ModError BadSetArgument = new(2, 14, "OFPBAC_BAD_SET_ARGUMENT");
    public static readonly ModError BadTable = new(3, 2, "OFPBIC_BAD_TABLE_ID");
    public static readonly ModError UnknownInstruction = new(3, 0, "OFPBIC_UNKNOWN_INST");
    public static readonly ModError Overlap = new(5, 3, "OFPFMFC_OVERLAP");
    public static readonly ModError GroupExists = new(6, 0, "OFPGMFC_GROUP_EXISTS");
    public static readonly ModError UnknownGroup = new(6, 8, "OFPGMFC_UNKNOWN_GROUP");
    public static readonly ModError GroupLoop = new(6, 7, "OFPGMFC_LOOP");
    public static readonly ModError MeterExists = new(12, 1, "OFPMMFC_METER_EXISTS");
    public static readonly ModError InvalidMeter = new(12, 2, "OFPMMFC_INVALID_METER");
    public static readonly ModError UnknownMeter = new(12, 3, "OFPMMFC_UNKNOWN_METER");
}

/// <summary>A change that was refused.</summary>
public readonly record struct RefusedMod(TableMod Mod, ModError Error);

/// <summary>A flow in a switch, and what it has counted.</summary>
public sealed class FlowEntry(FlowRule rule)
{
    public FlowRule Rule { get; internal set; } = rule;

    public ulong Packets { get; internal set; }

    public ulong Bytes { get; internal set; }
}
