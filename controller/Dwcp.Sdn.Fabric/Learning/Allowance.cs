using System.Runtime.InteropServices;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Learning;

/// <summary>A token bucket: so many a second, and so many at once.</summary>
internal struct Allowance
{
    public double Tokens;
    public TimeSpan At;

    public bool Take(double perSecond, double burst, TimeSpan now)
    {
        Tokens = Math.Min(burst, Tokens + ((now - At).TotalSeconds * perSecond));
        At = now;
        if (Tokens < 1)
        {
            return false;
        }

        Tokens--;
        return true;
    }
}

/// <summary>How much each port of a switch may still cause. One owner at a time.</summary>
public sealed class PortAllowances
{
    // Ports beyond that share one allowance.
    private const int MaxPorts = 4096;

    private readonly Dictionary<PortNumber, Allowance> allowances = [];

    /// <summary>Takes one of so many a second; false when none is left.</summary>
    public bool Take(PortNumber port, int perSecond, TimeSpan now)
    {
        var known = allowances.Count < MaxPorts || allowances.ContainsKey(port) ? port : default;
        ref var allowance = ref CollectionsMarshal.GetValueRefOrAddDefault(allowances, known, out var exists);
        if (!exists)
        {
            allowance = new() { Tokens = perSecond, At = now };
        }

        return allowance.Take(perSecond, perSecond, now);
    }
}
