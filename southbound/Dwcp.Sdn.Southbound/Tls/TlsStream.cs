using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Dwcp.Sdn.Southbound.Tls;

/// <summary>A TLS connection that remembers by which certificates its peer was believed, and says when it is over.</summary>
internal sealed class TlsStream(Stream inner, Action<TlsStream> ended) : SslStream(inner, leaveInnerStreamOpen: false)
{
    private readonly CancellationTokenSource revoked = new();
    private int over;

    /// <summary>The peer's certificate first, without the authority's own.</summary>
    public IReadOnlyList<X509Certificate2> Believed { get; set; } = [];

    public CancellationToken Revoked => revoked.Token;

    public void Revoke() => revoked.Cancel();

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
