using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pki;
using Dwcp.Sdn.Tests.Store;

namespace Dwcp.Sdn.Tests.Pki;

/// <summary>The authority on files: what it issues, takes back, refuses and survives.</summary>
public sealed class AuthorityTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("dwcp-pki-");

    private string Home => Authority.DirectoryOf(data.FullName);

    public void Dispose() => data.Delete(recursive: true);

    [Fact]
    public void What_is_issued_is_believed_and_says_whom_it_speaks_for()
    {
        var authority = Make();
        var issued = authority.Issue("h1", CertificateUse.OfHost("h1", new DatapathId(7)), Day);

        Assert.True(IsBelieved(authority.Certificate, issued.Certificate));
        var who = CertificateUse.IdentityOf(issued.Certificate);
        Assert.Equal(("host h1", "h1"), (who.Name, who.Host));
        Assert.Equal(new[] { DatapathId.OfHost("h1"), new DatapathId(7) }, who.Datapaths.Items.ToArray());
        using var whole = X509Certificate2.CreateFromPem(issued.CertificatePem, issued.KeyPem);
        Assert.True(whole.HasPrivateKey);
    }

    [Fact]
    public void Another_authority_of_the_same_kind_is_not_believed()
    {
        var issued = Make().Issue("h1", CertificateUse.OfHost("h1"), Day);
        var other = Authority.OpenOrCreate(Path.Combine(data.FullName, "other"), TimeProvider.System, out _);

        Assert.False(IsBelieved(other.Certificate, issued.Certificate));
    }

    [Fact]
    public void Keys_are_for_their_owner_alone_and_nothing_else_is_left()
    {
        Make().Issue("h1", CertificateUse.OfHost("h1"), Day);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Home, "ca.key")));
        Assert.Equal(["ca.crl", "ca.crt", "ca.key", "index.json", "lock"], Directory.GetFiles(Home).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(Directory.GetFiles(Home, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("ca.key", StringComparison.Ordinal)), f => File.ReadAllText(f).Contains("PRIVATE", StringComparison.Ordinal));
    }

    [Fact]
    public void An_authority_whose_key_others_can_read_issues_nothing()
    {
        var authority = Make();
        File.SetUnixFileMode(Path.Combine(Home, "ca.key"), UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.Contains("can be used by others", Assert.Throws<PkiException>(() => authority.Issue("h1", CertificateUse.OfHost("h1"), Day)).Message, StringComparison.Ordinal);
        Assert.Empty(authority.List());
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../h1")]
    [InlineData("a/b")]
    [InlineData("H1")]
    [InlineData("h1\n")]
    [InlineData("-h1")]
    [InlineData("h 1")]
    public void A_name_that_could_be_another_file_is_refused(string name)
    {
        Assert.Throws<PkiException>(() => Make().Issue(name, CertificateUse.OfHost("h1"), Day));
        Assert.Throws<PkiException>(() => Make().Issue("h1", CertificateUse.OfHost(name), Day));
        Assert.Empty(Directory.GetFiles(data.FullName, "*.crt"));
    }

    [Fact]
    public void A_certificate_for_nobody_is_refused() =>
        Assert.Contains("nobody", Assert.Throws<PkiException>(() => Make().Issue("x", CertificateUse.OfSwitch(), Day)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_revoked_is_in_the_list_that_the_authority_has_signed_and_stays_there()
    {
        var authority = Make();
        var (bad, good) = (authority.Issue("h1", CertificateUse.OfHost("h1"), Day), authority.Issue("h2", CertificateUse.OfHost("h2"), Day));
        Assert.Single(authority.Revoke("h1"));
        Assert.Empty(authority.Revoke("h1"));
        authority.Issue("h3", CertificateUse.OfHost("h3"), Day);

        var list = ListOf(Authority.Open(Home, TimeProvider.System));
        Assert.True(list.Contains(CertificateNumber.Of(bad.Certificate)));
        Assert.False(list.Contains(CertificateNumber.Of(good.Certificate)));
        Assert.Equal(["REVOKED", "VALID", "VALID"], authority.List().Select(e => e.StateAt(TimeProvider.System.GetUtcNow())));
    }

    [Fact]
    public void One_serial_number_can_be_revoked_and_the_certificate_that_replaced_it_stays()
    {
        var authority = Make();
        var (old, renewed) = (authority.Issue("h1", CertificateUse.OfHost("h1"), Day), authority.Issue("h1", CertificateUse.OfHost("h1"), Day));
        authority.Revoke("h1", old.Certificate.SerialNumber);

        Assert.True(ListOf(authority).Contains(CertificateNumber.Of(old.Certificate)));
        Assert.False(ListOf(authority).Contains(CertificateNumber.Of(renewed.Certificate)));
        Assert.Throws<PkiException>(() => authority.Revoke("h1", "00"));
        Assert.Throws<PkiException>(() => authority.Revoke("nobody"));
    }

    [Fact]
    public async Task Several_at_once_lose_none_of_what_the_others_issue()
    {
        Make();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var mine = Authority.Open(Home, TimeProvider.System);
            for (var i = 0; i < 5; i++)
            {
                mine.Issue($"h{worker}-{i}", CertificateUse.OfHost($"h{worker}-{i}"), Day);
            }

            mine.Revoke($"h{worker}-0");
        })));

        var entries = Make().List();
        Assert.Equal(20, entries.Select(e => e.Name).Distinct().Count());
        Assert.Equal(4, entries.Count(e => e.RevokedAt is not null));
        Assert.Equal(4, ListOf(Make()).Count);
    }

    [Fact]
    public void Of_a_request_only_the_key_is_taken()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=switch id:impostor", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var authority = Make();
        var issued = authority.Sign("h1", CertificateUse.OfSwitch(new DatapathId(9)), Day, request.CreateSigningRequestPem());

        Assert.Null(issued.KeyPem);
        Assert.Equal("CN=h1", issued.Certificate.Subject);
        Assert.False(issued.Certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.True(IsBelieved(authority.Certificate, issued.Certificate));
    }

    [Fact]
    public void A_request_that_is_weak_or_broken_is_refused()
    {
        using var key = RSA.Create(1024);
        var weak = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();

        Assert.Throws<PkiException>(() => Make().Sign("h1", CertificateUse.OfHost("h1"), Day, weak));
        Assert.Throws<PkiException>(() => Make().Sign("h1", CertificateUse.OfHost("h1"), Day, "nonsense"));
    }

    [Fact]
    public void No_certificate_outlives_the_authority()
    {
        var authority = Make();
        Assert.Equal(authority.Certificate.NotAfter, authority.Issue("h1", CertificateUse.OfHost("h1"), TimeSpan.FromDays(9999)).Certificate.NotAfter);

        var late = new ManualTime();
        late.Advance(TimeSpan.FromDays(36_500));
        Assert.Contains("expired", Assert.Throws<PkiException>(() => Authority.Open(Home, late).Issue("h2", CertificateUse.OfHost("h2"), Day)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("index.json")]
    [InlineData("ca.key")]
    public void An_authority_that_is_damaged_says_so_and_issues_nothing(string file)
    {
        var authority = Make();
        File.WriteAllText(Path.Combine(Home, file), "nonsense");

        Assert.Throws<PkiException>(() => authority.Issue("h1", CertificateUse.OfHost("h1"), Day));
        Assert.False(File.Exists(Path.Combine(Home, "issued", "h1.crt")));
    }

    [Fact]
    public void A_revocation_list_of_another_authority_or_a_changed_one_is_refused()
    {
        var authority = Make();
        authority.Issue("h1", CertificateUse.OfHost("h1"), Day);
        authority.Revoke("h1");
        var other = Authority.OpenOrCreate(Path.Combine(data.FullName, "other"), TimeProvider.System, out _);
        var pem = File.ReadAllText(authority.RevocationListPath);
        var der = Convert.FromBase64String(pem.Split('\n')[1..^2].Aggregate("", (a, b) => a + b));

        Assert.Throws<CryptographicException>(() => RevocationList.Read(pem, [other.Certificate]));
        Assert.Throws<CryptographicException>(() => RevocationList.Read("", [authority.Certificate]));
        for (var i = 0; i < der.Length; i++)
        {
            byte[] changed = [.. der];
            changed[i] ^= 1;
            Assert.Throws<CryptographicException>(() => RevocationList.Read(PemEncoding.WriteString("X509 CRL", changed), [authority.Certificate]));
        }
    }

    [Fact]
    public void Lists_of_several_authorities_with_RSA_keys_are_read_together()
    {
        var (first, second) = (RsaAuthority("CN=one"), RsaAuthority("CN=two"));
        var pem = ListOf(first, [1, 2, 3]) + ListOf(second, [4, 5]);

        var list = RevocationList.Read(pem, [first, second]);

        Assert.Equal(2, list.Count);
        Assert.True(list.Contains(new(Convert.ToHexString(second.SubjectName.RawData), "0405")));
        Assert.False(list.Contains(new(Convert.ToHexString(first.SubjectName.RawData), "0405")));
    }

    [Theory]
    [InlineData("80")]
    [InlineData("ff00000000000000000000000000000001")]
    [InlineData("07")]
    public void A_revoked_certificate_is_found_whatever_the_first_bits_of_its_serial_number(string serial)
    {
        using var authority = RsaAuthority("CN=one");
        using var signer = authority.GetRSAPrivateKey()!;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=switch", key, HashAlgorithmName.SHA256);
        byte[] number = Convert.FromHexString(serial);
        using var issued = request.Create(authority.SubjectName, X509SignatureGenerator.CreateForRSA(signer, RSASignaturePadding.Pkcs1), authority.NotBefore, authority.NotAfter, number);

        var list = RevocationList.Read(ListOf(authority, number[0] < 0x80 ? number : [0, .. number]), [authority]);

        Assert.True(list.Contains(CertificateNumber.Of(issued)), issued.SerialNumber);
    }

    [Fact]
    public void A_certificate_that_names_nobody_or_two_hosts_is_nobodys()
    {
        Assert.Throws<CryptographicException>(() => CertificateUse.IdentityOf(SelfSigned("")));
        Assert.Throws<CryptographicException>(() => CertificateUse.IdentityOf(SelfSigned("CN=x", "urn:dwcp:host:h1", "urn:dwcp:host:h2")));
        Assert.Equal("CN=x", CertificateUse.IdentityOf(SelfSigned("CN=x", "https://example.org/", "urn:dwcp:datapath:zz")).Name);
        Assert.Equal("host h1", CertificateUse.IdentityOf(SelfSigned("", "urn:dwcp:host:h1")).Name);
    }

    private static X509Certificate2 SelfSigned(string subject, params string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("example.org");
        uris.ToList().ForEach(u => names.AddUri(new Uri(u)));
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow() - Day, TimeProvider.System.GetUtcNow() + Day);
    }

    private static string ListOf(X509Certificate2 authority, byte[] serial)
    {
        var builder = new CertificateRevocationListBuilder();
        builder.AddEntry(serial);
        return PemEncoding.WriteString("X509 CRL", builder.Build(authority, BigInteger.One, TimeProvider.System.GetUtcNow() + Day, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)) + "\n";
    }

    private static X509Certificate2 RsaAuthority(string name)
    {
        var request = new CertificateRequest(name, RSA.Create(2048), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow() - Day, TimeProvider.System.GetUtcNow() + Day);
    }

    private static bool IsBelieved(X509Certificate2 authority, X509Certificate2 certificate)
    {
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        return chain.Build(certificate);
    }

    private static RevocationList ListOf(Authority authority) => RevocationList.Read(File.ReadAllText(authority.RevocationListPath), [authority.Certificate]);

    private Authority Make() => Authority.OpenOrCreate(Home, TimeProvider.System, out _);
}
