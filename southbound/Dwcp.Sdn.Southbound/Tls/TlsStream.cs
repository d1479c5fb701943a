using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dwcp.Sdn.Southbound.Tls;

/// <summary>A TLS connection that remembers by which certificates its peer was believed, and says when it is over.</summary>
internal sealed class TlsStream(Stream inner, Oid use, Action<TlsStream> ended) : SslStream(inner, leaveInnerStreamOpen: false)
{
    private readonly CancellationTokenSource disbelieved = new();
    private readonly Lock gate = new();
    private volatile string why = "";
    private IReadOnlyList<X509Certificate2> believed = [];
    private bool over;

    /// <summary>What the peer's certificate has to be for (RFC 5280 §4.2.1.12).</summary>
    public Oid Use => use;

    /// <summary>When the first of them is over.</summary>
    public DateTimeOffset Until { get; private set; } = DateTimeOffset.MaxValue;

    public CancellationToken Disbelieved => disbelieved.Token;

    public string Why => why;

    public void Believe(IReadOnlyList<X509Certificate2> certificates)
    {
        believed = certificates;
        Until = certificates.Count > 0 ? certificates.Min(c => new DateTimeOffset(c.NotAfter)) : DateTimeOffset.MaxValue;
    }

    /// <summary>Something about the certificates by which the peer was believed, its own first and without the authority's; null when it has ended, and they are gone.</summary>
    public bool? Ask(Func<IReadOnlyList<X509Certificate2>, bool> what)
    {
        lock (gate)
        {
            return over ? null : what(believed);
        }
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
        lock (gate)
        {
            if (over)
            {
                return;
            }

            over = true;
            foreach (var certificate in believed)
            {
                certificate.Dispose();
            }
        }

        ended(this);
    }
}
