using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp;

/// <summary>Both directions of a captured session: what their OPENs agree on decides how UPDATEs are read.</summary>
/// <param name="assumed">Holds while not both OPENs are known, and where it says that something was agreed on it is believed.</param>
public sealed class BgpConversation(BgpText assumed)
{
    private readonly Capabilities?[] offered = new Capabilities?[2];

    /// <summary>Says what the next message means.</summary>
    /// <param name="forth">Which of the two directions it went.</param>
    /// <exception cref="WireException">It is no message.</exception>
    public BgpSaid Read(ReadOnlySpan<byte> message, bool forth)
    {
        var (from, to) = forth ? (offered[0], offered[1]) : (offered[1], offered[0]);
        var text = assumed with { As4 = assumed.As4 || (from?.As4 is not null && to?.As4 is not null) };
        var said = text.Read(message, assumed.AddPath ? new(byte.MaxValue) : Both(from, to), out var offer);
        if (offer is not null)
        {
            offered[forth ? 0 : 1] = offer;
        }

        return said;
    }

    private static FamilySet Both(Capabilities? from, Capabilities? to) => from is null || to is null
        ? default
        : FamilySet.Of(from.AddPath.Where(f => (f.Mode & 2) != 0).Select(f => f.Family))
            .And(FamilySet.Of(to.AddPath.Where(f => (f.Mode & 1) != 0).Select(f => f.Family)));
}
