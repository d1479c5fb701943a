using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dwcp.Sdn.Pki;
using Dwcp.Sdn.Southbound.Tls;

namespace Dwcp.Sdn.Controller.Tls;

/// <summary>The files that credentials are read from; the option that names each, for messages.</summary>
/// <param name="Certificate">Ours, and what lies between it and its authority.</param>
/// <param name="Authorities">Whom we believe.</param>
/// <param name="RevocationList">What they have revoked; null without a list.</param>
internal sealed record TlsFiles(string Certificate, string Key, string Authorities, string? RevocationList)
{
    /// <summary>Reads them all.</summary>
    /// <exception cref="TlsFileException">One cannot be used.</exception>
    public TlsCredentials Read(DateTimeOffset now)
    {
        var own = In(Certificate, Configuration.Options.TlsCertificate.Flag, Collection);
        var leaf = In(Key, Configuration.Options.TlsKey.Flag, path => own[0].CopyWithKeyOf(File.ReadAllText(path)));
        if (now > leaf.NotAfter)
        {
            throw new TlsFileException(Configuration.Options.TlsCertificate.Flag, $"'{Certificate}' has been over since {leaf.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC", "Renew it");
        }

        var authorities = In(Authorities, Configuration.Options.TlsCa.Flag, Collection);
        var revoked = RevocationList is { } list
            ? In(list, Configuration.Options.TlsCrl.Flag, path => Pki.RevocationList.Read(File.ReadAllText(path), authorities))
            : Pki.RevocationList.Empty;
        return new(SslStreamCertificateContext.Create(leaf, [.. own.Skip(1)], offline: true), authorities)
        {
            IsRevoked = certificate => revoked.Contains(CertificateNumber.Of(certificate)),
            IdentityOf = certificate => CertificateUse.Of(certificate).IsController
                ? throw new CryptographicException("it is for a controller, not for a host or a switch")
                : CertificateUse.IdentityOf(certificate),
        };
    }

    /// <summary>What changes when one of the files does.</summary>
    public string Stamp() => string.Join('|', new[] { Certificate, Key, Authorities, RevocationList }.OfType<string>().Select(path =>
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{file.LastWriteTimeUtc.Ticks} {file.Length}" : "-";
    }));

    private static X509Certificate2Collection Collection(string path)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(path);
        return all.Count > 0 ? all : throw new CryptographicException("there is no '-----BEGIN CERTIFICATE-----' in it");
    }

    private static T In<T>(string path, string option, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TlsFileException(option, $"'{path}' cannot be read ({e.Message.TrimEnd('.')})", "Name a file that this user may read");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TlsFileException(option, $"'{path}' cannot be used: {e.Message.TrimEnd('.')}", "It has to be in PEM, a key without a password, and a key and its certificate belong together");
        }
    }
}

/// <summary>A file of credentials that cannot be used.</summary>
internal sealed class TlsFileException(string option, string message, string remedy) : Exception(message)
{
    public string Option { get; } = option;

    public string Remedy { get; } = remedy;
}

/// <summary>A certificate together with its key.</summary>
internal static class CertificateWithKey
{
    public static X509Certificate2 CopyWithKeyOf(this X509Certificate2 certificate, string pem) =>
        X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), pem);
}
