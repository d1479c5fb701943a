namespace Dwcp.Sdn.Core.Flows;

/// <summary>Sets the TTL or hop limit (OFPAT_SET_NW_TTL).</summary>
public sealed record SetTtlAction(byte Ttl) : FlowAction
{
    public override string ToString() => $"mod_nw_ttl:{Ttl}";
}

/// <summary>Copies the TTL from the next header outwards (OFPAT_COPY_TTL_OUT).</summary>
public sealed record CopyTtlOutAction : FlowAction
{
    public override string ToString() => "copy_ttl_out";
}

/// <summary>Copies the TTL from the outermost header to the next (OFPAT_COPY_TTL_IN).</summary>
public sealed record CopyTtlInAction : FlowAction
{
    public override string ToString() => "copy_ttl_in";
}

/// <summary>Sets the TTL of the outermost MPLS label.</summary>
public sealed record SetMplsTtlAction(byte Ttl) : FlowAction
{
    public override string ToString() => $"set_mpls_ttl({Ttl})";
}

/// <summary>Takes one from the TTL of the outermost MPLS label.</summary>
public sealed record DecMplsTtlAction : FlowAction
{
    public override string ToString() => "dec_mpls_ttl";
}

/// <summary>Puts an MPLS label with this Ethernet type in front.</summary>
public sealed record PushMplsAction(ushort EtherType = EtherTypes.Mpls) : FlowAction
{
    public override string ToString() => $"push_mpls:0x{EtherType:x4}";
}

/// <summary>Takes the outermost MPLS label off; what is below has this Ethernet type.</summary>
public sealed record PopMplsAction(ushort EtherType) : FlowAction
{
    public override string ToString() => $"pop_mpls:0x{EtherType:x4}";
}

/// <summary>Puts a PBB service tag in front (OFPAT_PUSH_PBB).</summary>
public sealed record PushPbbAction(ushort EtherType = EtherTypes.Pbb) : FlowAction
{
    public override string ToString() => $"push_pbb:0x{EtherType:x4}";
}

/// <summary>Takes the outermost PBB service tag off.</summary>
public sealed record PopPbbAction : FlowAction
{
    public override string ToString() => "pop_pbb";
}
