using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>Some bits of a field: <paramref name="Bits"/> of them from bit <paramref name="Offset"/> (0 is the lowest) up.</summary>
public readonly record struct FieldBits(Field Field, int Offset, int Bits)
{
    public static implicit operator FieldBits(Field field) => new(field, 0, field.Bits);

    public override string ToString() =>
        Offset == 0 && Bits == Field.Bits ? Field.Name : $"{Field}[{Offset}..{Offset + Bits - 1}]";
}

/// <summary>What a flow or a bucket does to a packet (OpenFlow 1.3.5 §7.2.5, ovs-actions(7)). The text of each is the form of ovs-ofctl(8).</summary>
public abstract record FlowAction;

/// <summary>Sends the packet to a port; <paramref name="MaxLength"/> counts only towards the controller, 0xffff is "whole".</summary>
public sealed record OutputAction(PortNumber Port, ushort MaxLength = 0xffff) : FlowAction
{
    public override string ToString() => $"output:{Port}";
}

/// <summary>Sends the packet to the port whose number the bits hold (NXAST_OUTPUT_REG).</summary>
public sealed record OutputFieldAction(FieldBits Port, ushort MaxLength = 0xffff) : FlowAction
{
    public override string ToString() => $"output:{Port}";
}

/// <summary>Sets the masked bits of a field; a null mask sets all of it (OFPAT_SET_FIELD, with a mask ONFACT/NXAST_REG_LOAD2).</summary>
public sealed record SetFieldAction(Field Field, UInt128 Value, UInt128? Mask = null) : FlowAction
{
    public override string ToString() =>
        $"set_field:{FlowText.Value(Field, Value)}{(Mask is { } m ? "/" + FlowText.Mask(Field, m) : "")}->{Field}";
}

/// <summary>
/// Sets the masked bits of a field of tunnel metadata (<see cref="Fields.TunMetadata"/>), whose octets are as many as those of the
/// value or fewer; a null mask sets all of it (OFPAT_SET_FIELD, with a mask NXAST_REG_LOAD2).
/// </summary>
public sealed record SetTunMetadataAction(int Index, EquatableArray<byte> Value, EquatableArray<byte>? Mask = null) : FlowAction
{
    /// <summary>As many octets as the value.</summary>
    public EquatableArray<byte>? Mask { get; } = Mask is null || Mask.Value.Count == Value.Count
        ? Mask
        : throw new ArgumentException($"{Value.Count} octets and a mask of {Mask.Value.Count}", nameof(Mask));

    /// <summary>NXAST_REG_LOAD2 without a mask, as which Open vSwitch returns a load.</summary>
    public bool IsLoad { get; init; }

    public Field Field => Fields.TunMetadata(Index, Value.Count);

    public override string ToString() => $"set_field:{Text(Value)}{(Mask is { } mask ? "/" + Text(mask) : "")}->{Field}";

    private static string Text(EquatableArray<byte> octets) => $"0x{Convert.ToHexStringLower(octets.AsSpan()).TrimStart('0').PadLeft(1, '0')}";
}

/// <summary>Loads a number of up to 64 bits into bits of a field (NXAST_REG_LOAD).</summary>
public sealed record LoadAction(FieldBits Target, ulong Value) : FlowAction
{
    public override string ToString() => $"load:0x{Value:x}->{Target}";
}

/// <summary>Copies bits from one field to as many of another (NXAST_REG_MOVE).</summary>
public sealed record MoveAction(FieldBits From, FieldBits To) : FlowAction
{
    public override string ToString() => $"move:{From}->{To}";
}

/// <summary>
/// Looks the packet up in a table and comes back (NXAST_RESUBMIT, NXAST_RESUBMIT_TABLE); a null port keeps in_port, a null table
/// means the current one. Swapped, the packet looks as its connection did in its first direction (NXAST_RESUBMIT_TABLE_CT).
/// </summary>
public sealed record ResubmitAction(PortNumber? InPort, byte? Table, bool Swapped = false) : FlowAction
{
    public override string ToString() => $"resubmit({InPort},{Table}{(Swapped ? ",ct" : "")})";
}

/// <summary>Hands the packet to a group.</summary>
public sealed record GroupAction(uint Group) : FlowAction
{
    public override string ToString() => $"group:{Group}";
}

/// <summary>Puts a VLAN tag with this Ethernet type in front.</summary>
public sealed record PushVlanAction(ushort EtherType = EtherTypes.Vlan) : FlowAction
{
    public override string ToString() => $"push_vlan:0x{EtherType:x}";
}

/// <summary>Takes the outermost VLAN tag off.</summary>
public sealed record PopVlanAction : FlowAction
{
    public override string ToString() => "pop_vlan";
}

/// <summary>Chooses a queue of the output port.</summary>
public sealed record SetQueueAction(uint Queue) : FlowAction
{
    public override string ToString() => $"set_queue:{Queue}";
}

/// <summary>Takes one from the TTL or hop limit; at zero the packet goes to the controller as invalid_ttl.</summary>
public sealed record DecTtlAction : FlowAction
{
    public override string ToString() => "dec_ttl";
}

/// <summary>Sends the packet to a controller with what that one needs to understand it (NXAST_CONTROLLER2).</summary>
public sealed record ControllerAction(
    ushort MaxLength = 0xffff,
    ushort ControllerId = 0,
    byte Reason = 1,
    EquatableArray<byte> UserData = default,
    bool Pause = false,
    uint? Meter = null) : FlowAction
{
    public override string ToString() => $"controller(userdata={string.Join('.', UserData.Select(b => b.ToString("x2")))})";
}

/// <summary>Runs actions on a copy of the packet and its metadata (NXAST_CLONE).</summary>
public sealed record CloneAction(EquatableArray<FlowAction> Actions) : FlowAction
{
    public override string ToString() => $"clone({string.Join(',', Actions)})";
}

/// <summary>An action that we do not know: its type and body as they came, so that it goes out unchanged and compares unequal to all of ours.</summary>
public sealed record OpaqueAction(ushort Type, EquatableArray<byte> Body) : FlowAction
{
    public override string ToString() => $"opaque({Type}:{Convert.ToHexStringLower(Body.AsSpan())})";
}
