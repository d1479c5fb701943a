using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>Asks the switch to answer when all before it has been done (OpenFlow 1.3.5 §7.3.8).</summary>
public sealed record BarrierRequest : OfMessage
{
    public override OfType Type => OfType.BarrierRequest;

    internal static OfMessage Read(ref WireReader r) => new BarrierRequest();

    internal override void WriteBody(WireWriter w)
    {
    }
}

/// <summary>All before the request has been done.</summary>
public sealed record BarrierReply : OfMessage
{
    public override OfType Type => OfType.BarrierReply;

    internal static OfMessage Read(ref WireReader r) => new BarrierReply();

    internal override void WriteBody(WireWriter w)
    {
    }
}

/// <summary>OFPCR_ROLE_*, what a controller may do to a switch (OpenFlow 1.3.5 §6.3.4).</summary>
public enum ControllerRole : uint
{
    NoChange = 0,
    Equal = 1,
    Master = 2,
    Slave = 3,
}

/// <summary>Asks for a role. A generation id older than one the switch has seen is refused as stale.</summary>
public sealed record RoleRequest(ControllerRole Role, ulong GenerationId) : OfMessage
{
    public override OfType Type => OfType.RoleRequest;

    // 4 role | 4 pad | 8 generation
    internal static OfMessage Read(ref WireReader r)
    {
        var role = (ControllerRole)r.U32();
        r.Skip(4);
        return new RoleRequest(role, r.U64());
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32((uint)Role);
        w.Zeros(4);
        w.U64(GenerationId);
    }
}

/// <summary>The role that the controller now has.</summary>
public sealed record RoleReply(ControllerRole Role, ulong GenerationId) : OfMessage
{
    public override OfType Type => OfType.RoleReply;

    internal static OfMessage Read(ref WireReader r)
    {
        var role = (ControllerRole)r.U32();
        r.Skip(4);
        return new RoleReply(role, r.U64());
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32((uint)Role);
        w.Zeros(4);
        w.U64(GenerationId);
    }
}

/// <summary>Which reasons of asynchronous messages a controller wants: a bit per reason, as master or equal and as slave (OpenFlow 1.3.5 §7.3.10).</summary>
public readonly record struct AsyncMasks(
    uint PacketIn, uint PacketInSlave, uint PortStatus, uint PortStatusSlave, uint FlowRemoved, uint FlowRemovedSlave)
{
    internal static AsyncMasks Read(ref WireReader r) => new(r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32());

    internal void Write(WireWriter w)
    {
        w.U32(PacketIn);
        w.U32(PacketInSlave);
        w.U32(PortStatus);
        w.U32(PortStatusSlave);
        w.U32(FlowRemoved);
        w.U32(FlowRemovedSlave);
    }
}

/// <summary>Asks for the masks in force.</summary>
public sealed record GetAsyncRequest : OfMessage
{
    public override OfType Type => OfType.GetAsyncRequest;

    internal static OfMessage Read(ref WireReader r) => new GetAsyncRequest();

    internal override void WriteBody(WireWriter w)
    {
    }
}

/// <summary>The masks in force.</summary>
public sealed record GetAsyncReply(AsyncMasks Masks) : OfMessage
{
    public override OfType Type => OfType.GetAsyncReply;

    internal static OfMessage Read(ref WireReader r) => new GetAsyncReply(AsyncMasks.Read(ref r));

    internal override void WriteBody(WireWriter w) => Masks.Write(w);
}

/// <summary>Sets the masks.</summary>
public sealed record SetAsync(AsyncMasks Masks) : OfMessage
{
    public override OfType Type => OfType.SetAsync;

    internal static OfMessage Read(ref WireReader r) => new SetAsync(AsyncMasks.Read(ref r));

    internal override void WriteBody(WireWriter w) => Masks.Write(w);
}
