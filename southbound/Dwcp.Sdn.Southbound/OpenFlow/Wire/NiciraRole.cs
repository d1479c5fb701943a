using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>
/// Asks for a role (NXT_ROLE_REQUEST) or tells which one it is now (NXT_ROLE_REPLY): the elder of <see cref="RoleRequest"/>, without a
/// generation id, which Open vSwitch takes and answers over every version.
/// </summary>
public sealed record NiciraRole(ControllerRole Role, bool IsReply = false) : NiciraMessage
{
    internal const uint RequestKind = 10;
    internal const uint ReplyKind = 11;

    internal override uint Subtype => IsReply ? ReplyKind : RequestKind;

    // 4 role: 0 equal, 1 master, 2 slave
    internal static OfMessage ReadData(ref WireReader r, uint kind) => r.U32() is var role && role < 3
        ? new NiciraRole((ControllerRole)(role + 1), kind == ReplyKind)
        : throw new WireException($"role {role}");

    internal override void WriteData(WireWriter w) => w.U32((uint)Role - 1);
}
