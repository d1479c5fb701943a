using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>A property of a <see cref="PacketIn2"/>: NXPINT_* and its value.</summary>
public sealed record PacketProperty(ushort Type, EquatableArray<byte> Value);

/// <summary>
/// A packet for the controller with the user data of the action that sent it (NXT_PACKET_IN2), or one that goes on where it was
/// paused (NXT_RESUME): a list of properties, kept in their order. What the switch needs to go on, its "continuation", is the switch's own affair.
/// </summary>
public sealed record PacketIn2(EquatableArray<PacketProperty> Properties, bool IsResume = false) : NiciraMessage
{
    internal const uint Kind = 30;
    internal const uint ResumeKind = 28;

    private const ushort Packet = 0;
    private const ushort FullLength = 1;
    private const ushort BufferId = 2;
    private const ushort TableId = 3;
    private const ushort CookieOf = 4;
    private const ushort ReasonOf = 5;
    private const ushort Metadata = 6;
    private const ushort UserData = 7;

    internal override uint Subtype => IsResume ? ResumeKind : Kind;

    /// <summary>The frame.</summary>
    public EquatableArray<byte> Data => Find(Packet) ?? [];

    /// <summary>Octets of the frame before it was cut; null: it was not.</summary>
    public uint? TotalLength => (uint?)Number(FullLength, 4);

    /// <summary>Where the switch keeps the frame; null: it does not.</summary>
    public uint? Buffer => (uint?)Number(BufferId, 4);

    public byte? Table => (byte?)Number(TableId, 1);

    public ulong? Cookie => Number(CookieOf, 8, pad: 4);

    /// <summary>OFPR_*; null: no flow matched.</summary>
    public byte? Reason => (byte?)Number(ReasonOf, 1);

    /// <summary>What the action says to its controller.</summary>
    public EquatableArray<byte> User => Find(UserData) ?? [];

    /// <summary>The fields that the packet had.</summary>
    public Match Fields => OxmMatch.Parse((Find(Metadata) ?? []).AsSpan());

    internal static OfMessage ReadPacket(ref WireReader r) => Checked(new(Multipart.All(ref r, ReadProperty)));

    internal static OfMessage ReadResume(ref WireReader r) => Checked(new(Multipart.All(ref r, ReadProperty), IsResume: true));

    internal override void WriteData(WireWriter w)
    {
        foreach (var property in Properties)
        {
            var start = w.Length;
            w.U16(property.Type);
            w.U16(checked((ushort)(4 + property.Value.Count)));
            w.Bytes(property.Value.AsSpan());
            w.PadTo8(start);
        }
    }

    /// <summary>What is inside of properties is refused here, not when it is asked for.</summary>
    private static PacketIn2 Checked(PacketIn2 packet)
    {
        _ = (packet.TotalLength, packet.Buffer, packet.Table, packet.Cookie, packet.Reason, packet.Fields);
        return packet;
    }

    // 2 type | 2 length | value | to 8
    private static PacketProperty ReadProperty(ref WireReader r)
    {
        var (type, length) = (r.U16(), r.U16());
        var value = r.Take(length - 4);
        r.Skip((8 - (length & 7)) & 7);
        return new(type, [.. value]);
    }

    private ulong? Number(ushort type, int octets, int pad = 0) => Find(type) is not { } value ? null
        : value.Count == pad + octets ? (ulong)Oxm.ReadNumber(value.AsSpan()[pad..])
        : throw new WireException($"property {type} of {value.Count} octets, not {pad + octets}");

    private EquatableArray<byte>? Find(ushort type) => Properties.Items.LastOrDefault(p => p.Type == type)?.Value;
}
