using Dwcp.Sdn.Southbound.Ovsdb.Session;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>How patient we are with a host.</summary>
public sealed record HostTimes
{
    public JsonRpcTimes Session { get; init; } = new();

    /// <summary>How long a connection that we make may take to come about.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long ovs-vswitchd may take to apply what was committed.</summary>
    public TimeSpan Apply { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer may leave what we send unread.</summary>
    public TimeSpan Write { get; init; } = TimeSpan.FromSeconds(10);
}
