namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>
/// How many connections each listener may have open, so that all of them and what the process needs for itself stay below the number of
/// files that it may open: a runtime without descriptors ends.
/// </summary>
/// <param name="OpenFlow">For each listener of switches.</param>
/// <param name="Ovsdb">For each listener of hosts.</param>
/// <param name="Northbound">For HTTP, and as many for gRPC.</param>
internal readonly record struct ConnectionShares(int OpenFlow, int Ovsdb, int Northbound)
{
    /// <summary>With fewer files than these the process does not start.</summary>
    public const long Least = 1024;

    /// <summary>With so many nothing is lowered, whatever listens.</summary>
    public const long Enough = 262_144;

    // A process that has just started has some 200 open, two for each assembly; the rest is for its store, logs and BGP sessions.
    private const int OfItsOwn = 512;

    public static readonly ConnectionShares Most = new(49_152, 49_152, 8192);

    /// <summary>Switches that may be connected to a listener: whoever comes back has to be let in before the old connection is ended.</summary>
    public int Switches => OpenFlow / 3 * 2;

    /// <summary>Hosts of a listener, likewise.</summary>
    public int Hosts => Ovsdb / 3 * 2;

    /// <summary>TLS handshakes, of all listeners together.</summary>
    public int Handshakes => Math.Min(OpenFlow, Ovsdb) / 6;

    /// <summary>What the process keeps for itself.</summary>
    public static long Reserve(long limit) => OfItsOwn + (limit / 32);

    /// <param name="limit">Files that the process may have open; at least <see cref="Least"/>.</param>
    /// <param name="openFlows">Listeners of switches.</param>
    /// <param name="ovsdbs">Listeners of hosts.</param>
    public static ConnectionShares Of(long limit, int openFlows, int ovsdbs)
    {
        const int toOpenFlow = 8, toOvsdb = 3, toNorthbound = 1, northbounds = 2;
        var left = limit - Reserve(limit);
        var parts = (toOpenFlow * openFlows) + (toOvsdb * ovsdbs) + (toNorthbound * northbounds);

        // Whoever reaches first what it may have at most leaves the rest to the others.
        var openFlow = Take(Most.OpenFlow, toOpenFlow, openFlows);
        var northbound = Take(Most.Northbound, toNorthbound, northbounds);
        return new(openFlow, Take(Most.Ovsdb, toOvsdb, ovsdbs), northbound);

        int Take(int most, int of, int listeners)
        {
            var each = (int)Math.Min(most, left * of / parts);
            left -= (long)each * listeners;
            parts -= of * listeners;
            return each;
        }
    }
}
