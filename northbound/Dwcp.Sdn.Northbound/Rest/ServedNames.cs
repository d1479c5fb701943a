using System.Net;
using Dwcp.Sdn.Core.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>
/// Keeps pages of strangers away that a browser here has open: what listens for this machine alone answers them too, be it that a
/// name of theirs leads here (DNS rebinding) or that they ask under our own. Names without a dot nobody elsewhere can have.
/// </summary>
internal sealed class ServedNames(IEnumerable<string> names)
{
    private readonly HashSet<string> _names = new([Dns.GetHostName(), .. names], StringComparer.OrdinalIgnoreCase);

    /// <exception cref="RpcException">It was sent to another name (421), or by a page from elsewhere (403).</exception>
    public void Check(HttpRequest request)
    {
        if (request.Host is { HasValue: true, Host: var host } && !IsServed(host))
        {
            throw Faults.Of(StatusCode.PermissionDenied, 421, ProblemCodes.NotServed, $"This API is not served as {host}",
                Faults.Problem("Host", ProblemCodes.NotServed, $"{host} is no name of this controller", $"Use its address, or give it that name: --http-names {host}"));
        }

        if (request.Headers.Origin is [var origin, ..] && !IsOurs(origin, request.Host))
        {
            throw Faults.Of(StatusCode.PermissionDenied, 403, ProblemCodes.NotServed, $"Pages of {origin} may not use this API",
                Faults.Problem("Origin", ProblemCodes.NotServed, $"The request comes from a page of {origin}", "Send it from a program, or from a page of this controller"));
        }
    }

    private bool IsServed(string host) =>
        !host.Contains('.', StringComparison.Ordinal)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || _names.Contains(host)
        || IPAddress.TryParse(host, out _);

    private bool IsOurs(string? origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && (_names.Contains(from.Host) || string.Equals(from.Authority, host.Value, StringComparison.OrdinalIgnoreCase));
}
