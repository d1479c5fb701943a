using System.Net;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Northbound;

/// <summary>Where the northbound listens and what it bears.</summary>
public sealed record NorthboundOptions
{
    public IPEndPoint Http { get; init; } = new(IPAddress.Loopback, 8080);

    public IPEndPoint Grpc { get; init; } = new(IPAddress.Loopback, 8081);

    /// <summary>Whether HTTP and gRPC without TLS may be reached from elsewhere.</summary>
    public bool InsecureHttp { get; init; }

    /// <summary>The largest body of a REST request, in bytes.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>The longest message of a gRPC call, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = 16 << 20;

    /// <summary>How long a request may take that is no watch.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with the options, by the name that the process gives each of them.</summary>
    public IEnumerable<Problem> Problems()
    {
        foreach (var (name, address) in new[] { ("http", Http), ("grpc", Grpc) })
        {
            if (!InsecureHttp && !IPAddress.IsLoopback(address.Address))
            {
                yield return new(name, ProblemCodes.Invalid, $"{address} can be reached from other machines, and it has neither TLS nor authentication yet",
                    "Listen on 127.0.0.1, or give --insecure-http if the network keeps strangers out");
            }
        }
    }
}
