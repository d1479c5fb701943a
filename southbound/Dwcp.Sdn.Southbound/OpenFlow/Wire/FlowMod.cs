using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPFC_*, what is done with a flow.</summary>
public enum FlowModCommand : byte
{
    Add = 0,
    Modify = 1,
    ModifyStrict = 2,
    Delete = 3,
    DeleteStrict = 4,
}

/// <summary>
/// Adds, changes or deletes flows (OpenFlow 1.3.5 §7.3.4.1). Table 255 in a delete means all of them; ports and groups
/// restrict deletes to flows that send there.
/// </summary>
public sealed record FlowMod(FlowModCommand Command, FlowRule Rule) : OfMessage
{
    public const uint NoBuffer = 0xffff_ffff;
    public const uint AnyGroup = 0xffff_ffff;

    public ulong CookieMask { get; init; }

    public uint Buffer { get; init; } = NoBuffer;

    public PortNumber OutPort { get; init; } = PortNumber.Any;

    public uint OutGroup { get; init; } = AnyGroup;

    public override OfType Type => OfType.FlowMod;

    // 8 cookie | 8 cookie mask | 1 table | 1 command | 2 idle | 2 hard | 2 priority | 4 buffer | 4 out port | 4 out group
    // | 2 flags | 2 importance (pad before 1.4, which Open vSwitch ignores) | match | instructions
    internal static OfMessage Read(ref WireReader r)
    {
        var cookie = r.U64();
        var mask = r.U64();
        var table = r.U8();
        var command = (FlowModCommand)r.U8();
        if (command > FlowModCommand.DeleteStrict)
        {
            throw new WireException($"command {(byte)command}");
        }

        var idle = r.U16();
        var hard = r.U16();
        var priority = r.U16();
        var buffer = r.U32();
        var outPort = new PortNumber(r.U32());
        var outGroup = r.U32();
        var flags = (FlowFlags)r.U16();
        var importance = r.U16();
        var rule = new FlowRule(new(table, priority, OxmMatch.Read(ref r)), cookie)
        {
            IdleTimeout = idle,
            HardTimeout = hard,
            Flags = flags,
            Importance = importance,
        };
        return new FlowMod(command, Instructions.Read(ref r, rule))
        {
            CookieMask = mask,
            Buffer = buffer,
            OutPort = outPort,
            OutGroup = outGroup,
        };
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U64(Rule.Cookie);
        w.U64(CookieMask);
        w.U8(Rule.Table);
        w.U8((byte)Command);
        w.U16(Rule.IdleTimeout);
        w.U16(Rule.HardTimeout);
        w.U16(Rule.Priority);
        w.U32(Buffer);
        w.U32(OutPort.Value);
        w.U32(OutGroup);
        w.U16((ushort)Rule.Flags);
        w.U16(Rule.Importance);
        OxmMatch.Write(w, Rule.Match);
        Instructions.Write(w, Rule);
    }
}
