using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pki;
using Dwcp.Sdn.Southbound.Tls;

namespace Dwcp.Sdn.Tests.Tls;

/// <summary>An authority in a directory of its own, the controller's credentials from it, and peers with and without certificates.</summary>
internal sealed class TestPki : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(1);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("dwcp-tls-");
    private readonly X509Certificate2 own;

    public TestPki()
    {
        Authority = Authority.OpenOrCreate(directory.FullName, TimeProvider.System, out _);
        own = WithKey(Authority.Issue("controller", CertificateUse.Controller, Validity));
    }

    public Authority Authority { get; }

    public X509Certificate2 Controller => own;

    /// <summary>As they are on the disk now.</summary>
    public TlsCredentials Credentials()
    {
        var revoked = RevocationList.Read(File.ReadAllText(Authority.RevocationListPath), [Authority.Certificate]);
        return new(SslStreamCertificateContext.Create(own, null, offline: true), [Authority.Certificate])
        {
            IsRevoked = c => revoked.Contains(CertificateNumber.Of(c)),
            IdentityOf = c => CertificateUse.Of(c).IsController ? throw new CryptographicException("it is for a controller") : CertificateUse.IdentityOf(c),
        };
    }

    public X509Certificate2 Switch(string name, params ulong[] datapaths) =>
        WithKey(Authority.Issue(name, CertificateUse.OfSwitch(datapaths.Select(d => new DatapathId(d))), Validity));

    public X509Certificate2 Host(string name) => WithKey(Authority.Issue(name, CertificateUse.OfHost(name), Validity));

    /// <summary>One that the authority's key has signed outside the authority, valid then and for that use.</summary>
    public X509Certificate2 Odd(string name, DateTimeOffset from, DateTimeOffset until, string use)
    {
        using var authorityKey = ECDsa.Create();
        authorityKey.ImportFromPem(File.ReadAllText(Path.Combine(directory.FullName, "ca.key")));
        using var signer = Authority.Certificate.CopyWithPrivateKey(authorityKey);
        return Signed(signer, name, from, until, new X509EnhancedKeyUsageExtension([new(use)], false));
    }

    /// <summary>A switch's certificate, the authority that has issued it, and the one above that, which is not ours.</summary>
    public static (X509Certificate2 Switch, X509Certificate2 Between, X509Certificate2 Root) Chain(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=root of {name}", key, HashAlgorithmName.SHA256);
        var authority = new X509BasicConstraintsExtension(true, false, 0, true);
        request.CertificateExtensions.Add(authority);
        var now = TimeProvider.System.GetUtcNow();
        var root = request.CreateSelfSigned(now - Validity, now + Validity);
        var between = Signed(root, $"authority of {name}", root.NotBefore, root.NotAfter, authority);
        return (Signed(between, name, root.NotBefore, root.NotAfter, new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.2")], false)), between, root);
    }

    /// <summary>The switch's side of TLS, which believes this authority.</summary>
    /// <param name="more">What lies between its certificate and the authority.</param>
    public Func<Stream, Task<Stream>> As(X509Certificate2? certificate, SslProtocols protocols = SslProtocols.None, X509Certificate2? more = null) => async inner =>
    {
        var tls = new SslStream(inner);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Authority.Certificate);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = protocols,
            ClientCertificateContext = more is null ? null : SslStreamCertificateContext.Create(certificate!, [more], offline: true),
            ClientCertificates = certificate is null || more is not null ? null : [certificate],
            LocalCertificateSelectionCallback = certificate is null || more is not null ? null : (_, _, _, _, _) => certificate,
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == 0,
        });
        return tls;
    };

    public void Dispose() => directory.Delete(recursive: true);

    private static X509Certificate2 Signed(X509Certificate2 signer, string name, DateTimeOffset from, DateTimeOffset until, X509Extension extension)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(extension);
        using var bare = request.Create(signer, from, until, [0x40, 1]);
        return Usable(bare.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 WithKey(IssuedCertificate issued) => Usable(X509Certificate2.CreateFromPem(issued.CertificatePem, issued.KeyPem));

    private static X509Certificate2 Usable(X509Certificate2 certificate) => X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
