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

    /// <summary>By which names HTTP may be asked, besides addresses, the machine's own name and names without a dot.</summary>
    public IReadOnlyList<string> HttpNames { get; init; } = [];

    /// <summary>The largest body of a REST request, in bytes.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>The longest message of a gRPC call, in bytes.</summary>
    public int MaxMessageBytes { get; init; } = 16 << 20;

    /// <summary>How much the bodies and messages of all requests together may take, in bytes, beyond 16 KiB that each has for itself.</summary>
    public long MaxBytesUnderWay { get; init; } = 256 << 20;

    /// <summary>The longest target of a request, and the largest header fields of one together, in bytes.</summary>
    public int MaxHeaderBytes { get; init; } = 16 << 10;

    /// <summary>How long the header fields of a request may take to arrive.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the body of a request may take to arrive.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a request or a unary call may take in all; watches have no end.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many REST requests may be under way at once that are no watches.</summary>
    public int MaxRequests { get; init; } = 1024;

    /// <summary>How many watches over HTTP may be open at once.</summary>
    public int MaxWatches { get; init; } = 4096;

    /// <summary>How many gRPC calls, watches among them, may be under way at once.</summary>
    public int MaxCalls { get; init; } = 16_384;

    /// <summary>How long a gRPC connection may be silent before its client is asked whether it lives; without an answer within two thirds of it, it is closed.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many connections of HTTP, and how many of gRPC, may be open at once; one more ends the oldest that has asked nothing yet, and is closed where there is none.</summary>
    public int MaxConnections { get; init; } = 8192;

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
