using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Dwcp.Sdn.Southbound.Tls;

/// <summary>A TLS connection that remembers by which certificates its peer was believed, and says when it is over.</summary>
internal sealed class TlsStream(Stream inner, Action<TlsStream> ended) : SslStream(inner, leaveInnerStreamOpen: false)
{
    private readonly CancellationTokenSource disbelieved = new();
    private volatile string why = "";
    private int over;

    /// <summary>The peer's certificate first, without the authority's own.</summary>
    public IReadOnlyList<X509Certificate2> Believed { get; private set; } = [];

    /// <summary>When the first of them is over.</summary>
    public DateTimeOffset Until { get; private set; } = DateTimeOffset.MaxValue;

    public CancellationToken Disbelieved => disbelieved.Token;

    public string Why => why;

    public void Believe(IReadOnlyList<X509Certificate2> certificates)
    {
        Believed = certificates;
        Until = certificates.Count > 0 ? certificates.Min(c => new DateTimeOffset(c.NotAfter)) : DateTimeOffset.MaxValue;
    }

    public void Disbelieve(string reason)
    {
        why = reason;
        disbelieved.Cancel();
    }

    public override async ValueTask DisposeAsync()
    {
        End();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            End();
        }

        base.Dispose(disposing);
    }

    // The source of the token stays: it makes no handle, and may be asked after the end.
    private void End()
    {
        if (Interlocked.Exchange(ref over, 1) == 0)
        {
            ended(this);
            foreach (var certificate in Believed)
            {
                certificate.Dispose();
            }
        }
    }
}
