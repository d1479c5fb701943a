using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Southbound.Tls;

/// <summary>What we show of ourselves, and whom we believe. A new connection takes those that hold at its moment.</summary>
/// <param name="Own">Our certificate with its key, and what lies between it and its authority.</param>
/// <param name="Authorities">Whom we believe, and nobody else: not what the system trusts.</param>
public sealed record TlsCredentials(SslStreamCertificateContext Own, X509Certificate2Collection Authorities)
{
    /// <summary>Whether an authority has taken a certificate back, by its issuer and serial number.</summary>
    public required Func<X509Certificate2, bool> IsRevoked { get; init; }

    /// <summary>Who shows a certificate. Throws <see cref="CryptographicException"/> when nobody may show it to us.</summary>
    public required Func<X509Certificate2, PeerIdentity> IdentityOf { get; init; }
}
