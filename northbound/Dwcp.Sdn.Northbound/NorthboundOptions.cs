using System.Net;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Northbound;

/// <summary>Where the northbound listens and what it bears.</summary>
public sealed record NorthboundOptions
{
    public IPEndPoint Http { get; init; } = new(IPAddress.Loopback, 8080);

    /// <summary>Whether HTTP without TLS may be reached from elsewhere.</summary>
    public bool InsecureHttp { get; init; }

    /// <summary>The largest body of a REST request, in bytes.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>How long a request may take that is no watch.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with the options, by the name that the process gives each of them.</summary>
    public IEnumerable<Problem> Problems()
    {
        if (!InsecureHttp && !IPAddress.IsLoopback(Http.Address))
        {
            yield return new("http", ProblemCodes.Invalid, $"{Http} can be reached from other machines, and HTTP has neither TLS nor authentication yet",
                "Listen on 127.0.0.1, or give --insecure-http if the network keeps strangers out");
        }
    }
}
