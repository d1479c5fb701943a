using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>OpenFlow in a capture: at its port, or at the one it had before it was given a number.</summary>
public static class OfCapture
{
    public static readonly CapturedProtocol Protocol = new(
        [6653, 6633],
        front => front.Length < OfHeader.Size ? 0 : Math.Max((front[2] << 8) | front[3], OfHeader.Size));
}
