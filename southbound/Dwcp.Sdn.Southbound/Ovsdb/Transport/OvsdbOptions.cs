using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>What sessions with hosts are allowed; the defaults are meant to be kept.</summary>
public sealed record OvsdbOptions
{
    public HostTimes Times { get; init; } = new();

    public JsonLimits Limits { get; init; } = JsonLimits.Default;

    /// <summary>More connections to a listener than these are closed at once.</summary>
    public int MaxConnections { get; init; } = 32_768;
}
