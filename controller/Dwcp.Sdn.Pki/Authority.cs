using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Pki;

/// <summary>A certificate that has just been issued, and its private key if the authority made that; nobody has it afterwards.</summary>
public sealed class IssuedCertificate(X509Certificate2 certificate, string? keyPem)
{
    public X509Certificate2 Certificate { get; } = certificate;

    public string CertificatePem => Certificate.ExportCertificatePem() + "\n";

    /// <summary>PKCS #8 in PEM; null when the key came as a request and stays with who made it.</summary>
    public string? KeyPem { get; } = keyPem;
}

/// <summary>
/// A small X.509 authority on files, for those who have none: <c>ca.key</c> and <c>ca.crt</c>, what it has issued under <c>issued/</c>,
/// <c>index.json</c> and the revocation list <c>ca.crl</c>. Several processes may use one at the same time.
/// </summary>
public sealed class Authority
{
    public const string ControllerName = "controller";
    private const int OldestRsa = 2048;
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>How long a certificate is good unless something else is asked for.</summary>
    public static readonly TimeSpan DefaultValidity = TimeSpan.FromDays(365);

    private static readonly TimeSpan OwnValidity = TimeSpan.FromDays(3650);

    // Clocks of hosts are not the clock of the authority.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);

    private readonly string directory;
    private readonly TimeProvider time;

    private Authority(string directory, TimeProvider time, X509Certificate2 certificate)
    {
        this.directory = directory;
        this.time = time;
        Certificate = certificate;
    }

    /// <summary>The authority's own certificate, without its key.</summary>
    public X509Certificate2 Certificate { get; }

    public string CertificatePath => CertificateOf(directory);

    public string RevocationListPath => Path.Combine(directory, "ca.crl");

    private string IndexPath => Path.Combine(directory, "index.json");

    /// <summary>Where the authority of a controller is, by its data directory.</summary>
    public static string DirectoryOf(string data) => Path.Combine(data, "pki");

    public static bool Exists(string directory) => File.Exists(CertificateOf(directory));

    /// <summary>The authority of a directory; it is made when there is none.</summary>
    /// <exception cref="PkiException">What is there cannot be used.</exception>
    public static Authority OpenOrCreate(string directory, TimeProvider time, out bool created)
    {
        return Try(directory, () =>
        {
            PkiFiles.MakeDirectory(directory);
            using var held = PkiFiles.Lock(LockOf(directory), time);
            var made = !Exists(directory);
            if (made)
            {
                Create(directory, time);
            }

            return (Load(directory, time), made);
        }, out created);
    }

    /// <exception cref="PkiException">There is none, or it cannot be used.</exception>
    public static Authority Open(string directory, TimeProvider time) => Exists(directory)
        ? Try(directory, () => (Load(directory, time), false), out _)
        : throw new PkiException($"there is no authority in {directory}", "Make one with dwcpctl pki init, or name the controller's directory with --data");

    /// <summary>Issues a certificate with a key of its own.</summary>
    /// <param name="name">What it is called here, an id of 1 to 63 of a-z, 0-9, '-', '.' and '_'.</param>
    /// <param name="use">Whom it speaks for.</param>
    /// <param name="validity">How long, though never longer than the authority itself.</param>
    /// <exception cref="PkiException">It cannot be issued.</exception>
    public IssuedCertificate Issue(string name, CertificateUse use, TimeSpan validity)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new(Issue(name, use, validity, new PublicKey(key)), key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Issues a certificate for a request in PEM, of which only the key is taken: whom it speaks for is said here.</summary>
    /// <exception cref="PkiException">It cannot be issued.</exception>
    public IssuedCertificate Sign(string name, CertificateUse use, TimeSpan validity, string request)
    {
        PublicKey key;
        try
        {
            key = CertificateRequest.LoadSigningRequestPem(request, HashAlgorithmName.SHA256).PublicKey;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new PkiException($"the request cannot be used: {e.Message.TrimEnd('.')}", "Make it with ovs-pki req or openssl req -new", e);
        }

        using var rsa = key.GetRSAPublicKey();
        using var ecdsa = key.GetECDsaPublicKey();
        return rsa is { KeySize: < OldestRsa } || (rsa is null && ecdsa is null)
            ? throw new PkiException("the request has a key that is too weak, or of a kind that Open vSwitch cannot use", "Use ECDSA, or RSA of 2048 bits and more")
            : new(Issue(name, use, validity, key), null);
    }

    /// <summary>All that has been issued, oldest first.</summary>
    /// <exception cref="PkiException">The index cannot be read.</exception>
    public EquatableArray<IssuedEntry> List() => Try(directory, () => (ReadIndex().Entries, false), out _);

    /// <summary>Takes back every certificate of a name that is still good, or the one with a serial number. Returns what was taken back.</summary>
    /// <exception cref="PkiException">There is none of that name, or it cannot be written.</exception>
    public EquatableArray<IssuedEntry> Revoke(string name, string? serial = null) => Try(directory, () =>
    {
        using var held = PkiFiles.Lock(LockOf(directory), time);
        var index = ReadIndex();
        var meant = index.Entries.Where(e => e.Name == name && (serial is null || string.Equals(e.Serial, serial, StringComparison.OrdinalIgnoreCase))).ToList();
        if (meant.Count == 0)
        {
            throw new PkiException($"there is no certificate '{name}'{(serial is null ? "" : $" with the serial number {serial}")}", "dwcpctl pki list shows which there are");
        }

        var now = Now;
        var taken = meant.Where(e => e.RevokedAt is null).Select(e => e with { RevokedAt = now }).ToEquatableArray();
        WriteIndex(new(index.Version + 1, [.. index.Entries.Select(e => taken.FirstOrDefault(t => t.Serial == e.Serial) ?? e)]));
        return (taken, false);
    }, out _);

    private static string CertificateOf(string directory) => Path.Combine(directory, "ca.crt");

    private static string KeyOf(string directory) => Path.Combine(directory, "ca.key");

    private static string LockOf(string directory) => Path.Combine(directory, "lock");

    private DateTimeOffset Now
    {
        get
        {
            var now = time.GetUtcNow();
            return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
        }
    }

    private static void Create(string directory, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName($"CN=Dwcp.Sdn authority {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        using var own = request.CreateSelfSigned(now - ClockSkew, now + OwnValidity);
        PkiFiles.MakeDirectory(Path.Combine(directory, "issued"));
        PkiFiles.Write(KeyOf(directory), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), PkiFiles.Private);

        // An authority is there when its certificate is; until then this begins anew.
        using var bare = X509CertificateLoader.LoadCertificate(own.RawData);
        new Authority(directory, time, bare).WriteIndex(AuthorityIndex.Empty, own);
        PkiFiles.Write(CertificateOf(directory), Encoding.ASCII.GetBytes(own.ExportCertificatePem() + "\n"), PkiFiles.Public);
    }

    private static Authority Load(string directory, TimeProvider time) =>
        new(directory, time, X509CertificateLoader.LoadCertificateFromFile(CertificateOf(directory)));

    private static T Try<T>(string directory, Func<(T Result, bool Made)> act, out bool made)
    {
        try
        {
            (var result, made) = act();
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PkiException($"{directory}: {e.Message.TrimEnd('.')}", "It has to be readable and writable for the user of the controller, and for nobody else", e);
        }
        catch (Exception e) when (e is CryptographicException or JsonException)
        {
            throw new PkiException($"the authority in {directory} is damaged: {e.Message.TrimEnd('.')}", "Restore it from a backup, or move it away and issue all certificates anew", e);
        }
    }

    private X509Certificate2 Issue(string name, CertificateUse use, TimeSpan validity, PublicKey key) => Try(directory, () =>
    {
        Check(name, use, validity);
        using var held = PkiFiles.Lock(LockOf(directory), time);
        using var signer = SignerOf();
        var now = Now;
        var until = now + validity < Certificate.NotAfter ? now + validity : Certificate.NotAfter;
        if (until <= now)
        {
            throw new PkiException("the authority's own certificate has expired", $"Move {directory} away, make a new one and issue all certificates anew");
        }

        var request = new CertificateRequest(new X500DistinguishedName($"CN={name}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(ServerAuth), new(ClientAuth)], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var uri in use.Uris)
        {
            names.AddUri(new Uri(uri));
        }

        request.CertificateExtensions.Add(names.Build());
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40); // Positive, and as long as the others.
        using var signing = signer.GetECDsaPrivateKey()!;
        var issued = request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(signing), now - ClockSkew, until, serial);

        // What the index does not know could never be taken back.
        var index = ReadIndex();
        var entry = new IssuedEntry(issued.SerialNumber, name, issued.Subject, use, now, until, null);
        WriteIndex(new(index.Version + 1, [.. index.Entries, entry]), signer);
        PkiFiles.Write(Path.Combine(directory, "issued", $"{name}.crt"), Encoding.ASCII.GetBytes(issued.ExportCertificatePem() + "\n"), PkiFiles.Public);
        return (issued, false);
    }, out _);

    private static void Check(string name, CertificateUse use, TimeSpan validity)
    {
        if (!PkiName.IsValid(name))
        {
            throw new PkiException($"'{name}' cannot be the name of a certificate", "Use 1 to 63 of a-z, 0-9, '-', '.' and '_', beginning with a letter or digit");
        }

        if (use.Host is { } host && !PkiName.IsValid(host))
        {
            throw new PkiException($"'{host}' cannot be a host's system-id", "Use 1 to 63 of a-z, 0-9, '-', '.' and '_', beginning with a letter or digit");
        }

        if (!use.IsController && use.Host is null && use.Datapaths.IsEmpty)
        {
            throw new PkiException("the certificate would speak for nobody", "Give it --host SYSTEM-ID, --dpid ID or --controller");
        }

        if (validity < TimeSpan.FromMinutes(1))
        {
            throw new PkiException("the certificate would be over at once", "Give it a day or more");
        }
    }

    private X509Certificate2 SignerOf()
    {
        var path = KeyOf(directory);
        if ((File.GetUnixFileMode(path) & ~PkiFiles.Private) != 0)
        {
            throw new PkiException($"{path} can be used by others than its owner", $"chmod 600 {path}; if a stranger may have read it, move {directory} away and issue all certificates anew");
        }

        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(path));
            return Certificate.CopyWithPrivateKey(key);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException($"{path} is not the key of {CertificatePath}", e);
        }
    }

    private AuthorityIndex ReadIndex() => AuthorityIndex.Read(File.ReadAllBytes(IndexPath));

    private void WriteIndex(AuthorityIndex index)
    {
        using var signer = SignerOf();
        WriteIndex(index, signer);
    }

    private void WriteIndex(AuthorityIndex index, X509Certificate2 signer)
    {
        PkiFiles.Write(IndexPath, index.Write(), PkiFiles.Private);
        var list = new CertificateRevocationListBuilder();
        foreach (var entry in index.Entries)
        {
            if (entry.RevokedAt is { } at)
            {
                list.AddEntry(Convert.FromHexString(entry.Serial), at);
            }
        }

        var now = time.GetUtcNow();
        var der = list.Build(signer, index.Version, now + OwnValidity, HashAlgorithmName.SHA256, thisUpdate: now - ClockSkew);
        PkiFiles.Write(RevocationListPath, Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", der) + "\n"), PkiFiles.Public);
    }
}
