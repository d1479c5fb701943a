using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>One of the clauses of a conjunction: all of them met, a flow that matches <c>conj_id</c> is met (NXAST_CONJUNCTION, ovs-fields(7)). Clauses count from 1.</summary>
public sealed record ConjunctionAction(uint Id, byte Clause, byte Clauses) : FlowAction
{
    public override string ToString() => $"conjunction({Id},{Clause}/{Clauses})";
}

/// <summary>Does nothing; whoever reads the flow finds the octets (NXAST_NOTE). Their number is six more than a multiple of eight.</summary>
public sealed record NoteAction(EquatableArray<byte> Octets) : FlowAction
{
    public override string ToString() => $"note:{string.Join('.', Octets.Select(o => o.ToString("x2")))}";
}

/// <summary>Ends the actions of the whole pipeline (NXAST_EXIT).</summary>
public sealed record ExitAction : FlowAction
{
    public override string ToString() => "exit";
}

/// <summary>Takes one from the TTL; at zero the packet goes to these controllers (NXAST_DEC_TTL_CNT_IDS).</summary>
public sealed record DecTtlForAction(EquatableArray<ushort> Controllers) : FlowAction
{
    public override string ToString() => $"dec_ttl({string.Join(',', Controllers)})";
}

/// <summary>Shortens the flow's timeouts when a TCP connection ends (NXAST_FIN_TIMEOUT); seconds, 0 leaves one as it is.</summary>
public sealed record FinTimeoutAction(ushort Idle, ushort Hard) : FlowAction
{
    public override string ToString() => $"fin_timeout(idle_timeout={Idle},hard_timeout={Hard})";
}

/// <summary>Hashes fields and writes the number of a link into bits of a field (NXAST_MULTIPATH).</summary>
public sealed record MultipathAction(ushort Hash, ushort Basis, ushort Algorithm, ushort MaxLink, uint Argument, FieldBits Target) : FlowAction
{
    public override string ToString() => $"multipath({HashText.Of(Hash)},{Basis},{Algorithm},{MaxLink + 1},{Argument},{Target})";
}

/// <summary>Picks one of several ports and sends the packet there, or with a target writes its number there (NXAST_BUNDLE, NXAST_BUNDLE_LOAD).</summary>
public sealed record BundleAction(ushort Algorithm, ushort Hash, ushort Basis, EquatableArray<PortNumber> Members, FieldBits? Target = null) : FlowAction
{
    public override string ToString() =>
        $"bundle{(Target is null ? "" : "_load")}({HashText.Of(Hash)},{Basis},{(Algorithm == 0 ? "active_backup" : "hrw")},ofport,{(Target is { } t ? $"{t}," : "")}members:{string.Join(',', Members)})";
}

/// <summary>Puts bits of a field on the stack (NXAST_STACK_PUSH).</summary>
public sealed record PushAction(FieldBits From) : FlowAction
{
    public override string ToString() => $"push:{From}";
}

/// <summary>Takes bits of a field from the stack (NXAST_STACK_POP).</summary>
public sealed record PopAction(FieldBits To) : FlowAction
{
    public override string ToString() => $"pop:{To}";
}

/// <summary>OFP sample direction.</summary>
public enum SampleDirection : byte
{
    Default = 0,
    Ingress = 1,
    Egress = 2,
}

/// <summary>Samples packets for IPFIX, out of 65,535 as many as the probability says (NXAST_SAMPLE, with a port NXAST_SAMPLE3).</summary>
public sealed record SampleAction(ushort Probability, uint CollectorSet, uint Domain, uint Point, PortNumber? Port = null, SampleDirection Direction = SampleDirection.Default) : FlowAction
{
    public override string ToString() =>
        $"sample(probability={Probability},collector_set_id={CollectorSet},obs_domain_id={Domain},obs_point_id={Point}"
        + (Port is { } p ? $",sampling_port={p}" : "")
        + (Direction == SampleDirection.Default ? ")" : $",{Direction.ToString().ToLowerInvariant()})");
}

/// <summary>Sends at most so many octets of the packet to a port (NXAST_OUTPUT_TRUNC).</summary>
public sealed record OutputTruncatedAction(PortNumber Port, uint MaxLength) : FlowAction
{
    public override string ToString() => $"output(port={Port},max_len={MaxLength})";
}

/// <summary>Writes into one bit whether the packet is longer (NXAST_CHECK_PKT_LARGER).</summary>
public sealed record CheckLargerAction(ushort Length, FieldBits Target) : FlowAction
{
    public override string ToString() => $"check_pkt_larger({Length})->{Target.Field}[{Target.Offset}]";
}

/// <summary>Takes an optional field away (NXAST_DELETE_FIELD).</summary>
public sealed record DeleteFieldAction(Field Field) : FlowAction
{
    public override string ToString() => $"delete_field:{Field}";
}

/// <summary>Goes back to the queue that the packet had at first (NXAST_POP_QUEUE).</summary>
public sealed record PopQueueAction : FlowAction
{
    public override string ToString() => "pop_queue";
}

/// <summary>Puts a header around the packet, ovs-actions(7): NSH by its packet type 0x1894f, Ethernet by 0.</summary>
/// <param name="HeaderSize">Octets of the header; 0: those of its kind.</param>
/// <param name="PacketType">Namespace and type, 16 bits each.</param>
/// <param name="Properties">What the header is made of, as it stands in the message: entries padded to eight octets.</param>
public sealed record EncapAction(ushort HeaderSize, uint PacketType, EquatableArray<byte> Properties) : FlowAction
{
    public override string ToString() => $"encap({PacketType >> 16},0x{PacketType & 0xffff:x})";
}

/// <summary>Takes the outermost header away; the packet type of what remains, 0xfffe: as the header says.</summary>
public sealed record DecapAction(uint PacketType) : FlowAction
{
    public override string ToString() => PacketType == AsTheHeaderSays ? "decap()" : $"decap(packet_type(ns={PacketType >> 16},type={((PacketType & 0xffff) == 0 ? "0" : $"0x{PacketType & 0xffff:x}")}))";

    /// <summary>The type that the header names.</summary>
    public const uint AsTheHeaderSays = 0xfffe;
}

/// <summary>Takes one from the TTL of a network service header (NXAST_DEC_NSH_TTL).</summary>
public sealed record DecNshTtlAction : FlowAction
{
    public override string ToString() => "dec_nsh_ttl";
}

/// <summary>Sends the packet to one controller of several, by its id (NXAST_CONTROLLER, the elder of <see cref="ControllerAction"/>).</summary>
public sealed record ControllerIdAction(ushort MaxLength, ushort ControllerId, byte Reason) : FlowAction
{
    public override string ToString() => $"controller(max_len={MaxLength},id={ControllerId},reason={Reason})";
}

/// <summary>What NX_HASH_FIELDS_* are called.</summary>
public static class HashText
{
    private static readonly string[] Names =
        ["eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp", "nw_src", "nw_dst", "symmetric_l3"];

    public static string Of(ushort fields) => fields < Names.Length ? Names[fields] : $"{fields}";
}
