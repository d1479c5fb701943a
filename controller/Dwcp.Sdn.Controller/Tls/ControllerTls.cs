using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Pki;
using Dwcp.Sdn.Southbound.Tls;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Tls;

/// <summary>
/// The credentials of the process, from the operator's files or an authority of our own under the data directory. They are read
/// again when the files change, which is how renewal and revocation come into force.
/// </summary>
internal sealed class ControllerTls
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OwnValidity = TimeSpan.FromDays(90);
    private static readonly TimeSpan RenewRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WarnBefore = TimeSpan.FromDays(14);

    private readonly TlsFiles files;
    private readonly Authority? authority;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private volatile TlsCredentials credentials;
    private string stamp;
    private bool othersAreBelieved;
    private DateTimeOffset renewAt;
    private DateTimeOffset warnAt = DateTimeOffset.MaxValue;

    private ControllerTls(ControllerOptions options, TimeProvider time, ILogger log, int handshakes)
    {
        this.time = time;
        this.log = log;
        if (options is { TlsCertificate: { } certificate, TlsKey: { } key, TlsCa: { } ca })
        {
            files = new(certificate, key, ca, options.TlsCrl);
            renewAt = DateTimeOffset.MaxValue;
        }
        else
        {
            var directory = Authority.DirectoryOf(options.Data);
            authority = Authority.OpenOrCreate(directory, time, out var created);
            if (created)
            {
                log.AuthorityMade(directory);
            }

            var own = Path.Combine(directory, "controller.pem");
            files = new(own, own, authority.CertificatePath, authority.RevocationListPath);
            Renew();
        }

        stamp = files.Stamp();
        credentials = Take();
        Gate = new(() => credentials, time) { MaxHandshakes = handshakes };
    }

    /// <summary>What stands before every connection.</summary>
    public TlsGate Gate { get; }

    /// <summary>Reads or makes the credentials, if the options ask for TLS anywhere; what is wrong ends the process before it begins.</summary>
    /// <param name="handshakes">How many may be under way at once.</param>
    /// <exception cref="TlsFileException">A file cannot be used.</exception>
    /// <exception cref="PkiException">The authority cannot be used.</exception>
    public static ControllerTls? Of(ControllerOptions options, TimeProvider time, ILogger log, int handshakes = TlsGate.MostHandshakes) =>
        options.OpenFlowTls is not null || options.OvsdbIsSecured ? new(options, time, log, handshakes) : null;

    /// <summary>Follows the files and the time until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            try
            {
                Look();
            }
            catch (Exception e) when (e is TlsFileException or PkiException)
            {
                log.CredentialsNotRead(e.Message);
            }
        }
    }

    private void Look()
    {
        if (time.GetUtcNow() >= renewAt)
        {
            Renew();
        }

        var now = files.Stamp();
        if (now != stamp)
        {
            stamp = now;
            var before = credentials.Authorities;
            credentials = Take();
            log.CredentialsRead(Gate.EndRevoked());
            othersAreBelieved |= !Numbers(before).SetEquals(Numbers(credentials.Authorities));
        }
        else if (othersAreBelieved)
        {
            // A file of several authorities may have been read while only some of them were written: connections end when it has stood still.
            othersAreBelieved = false;
            if (Gate.EndUncovered() is > 0 and var ended)
            {
                log.UncoveredEnded(ended);
            }
        }

        Gate.EndExpired(time.GetUtcNow());
        if (time.GetUtcNow() >= warnAt)
        {
            warnAt = DateTimeOffset.MaxValue;
            log.CertificateEnds(files.Certificate, credentials.Own.TargetCertificate.NotAfter.ToUniversalTime());
        }
    }

    private static HashSet<string> Numbers(X509Certificate2Collection authorities) => [.. authorities.Select(a => a.GetCertHashString(HashAlgorithmName.SHA256))];

    private TlsCredentials Take()
    {
        var taken = files.Read(time.GetUtcNow());
        if (authority is null)
        {
            warnAt = taken.Own.TargetCertificate.NotAfter - WarnBefore;
        }

        return taken;
    }

    /// <summary>Our own certificate lasts as long as it does; the last third of that is for renewing it.</summary>
    private void Renew()
    {
        if (RenewalOf(files.Certificate) is { } due && due > time.GetUtcNow())
        {
            renewAt = due;
            return;
        }

        renewAt = time.GetUtcNow() + RenewRetry; // If it fails now, it is tried again.
        var issued = authority!.Issue(Authority.ControllerName, CertificateUse.Controller, OwnValidity);
        try
        {
            PkiFiles.Write(files.Certificate, Encoding.ASCII.GetBytes(issued.CertificatePem + issued.KeyPem), PkiFiles.Private);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PkiException($"{files.Certificate} cannot be written ({e.Message.TrimEnd('.')})", "Make room, or the directory writable", e);
        }

        renewAt = RenewalOf(files.Certificate) ?? throw new InvalidOperationException("a certificate that was just issued is not ours");
        log.OwnCertificateIssued(issued.Certificate.NotAfter.ToUniversalTime());
    }

    /// <summary>When a certificate should be replaced; null when it is none, or not of this authority.</summary>
    private DateTimeOffset? RenewalOf(string path)
    {
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true, VerificationTime = time.GetUtcNow().LocalDateTime } };
        chain.ChainPolicy.CustomTrustStore.Add(authority!.Certificate);
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
            return chain.Build(certificate) ? new DateTimeOffset(certificate.NotAfter) - (OwnValidity / 3) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }
}
