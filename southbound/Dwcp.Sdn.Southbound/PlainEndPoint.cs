using System.Net;

namespace Dwcp.Sdn.Southbound;

/// <summary>A listener of both families sees an IPv4 peer as ::ffff:192.0.2.1; to everybody else it is 192.0.2.1.</summary>
internal static class PlainEndPoint
{
    public static IPEndPoint Of(IPEndPoint end) => end.Address.IsIPv4MappedToIPv6 ? new(end.Address.MapToIPv4(), end.Port) : end;
}
