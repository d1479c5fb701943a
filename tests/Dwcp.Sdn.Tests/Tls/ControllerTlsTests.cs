using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Controller.Tls;
using Dwcp.Sdn.Pki;
using Dwcp.Sdn.Southbound.Tls;
using Dwcp.Sdn.Tests.Configuration;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Tls;

/// <summary>The credentials of the process: made, renewed, read again, and kept when what has changed cannot be read.</summary>
public sealed class ControllerTlsTests : ILogger, IDisposable
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("dwcp-ctls-");
    private readonly ManualTime time = new();
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<string> lines = new();

    private string Home => Authority.DirectoryOf(data.FullName);

    public void Dispose()
    {
        stop.Dispose();
        data.Delete(recursive: true);
    }

    [Fact]
    public void Nothing_is_made_where_nobody_asks_for_TLS()
    {
        Assert.Null(ControllerTls.Of(Options(), time, this));
        Assert.Empty(data.GetDirectories());
    }

    [Fact]
    public async Task Our_own_certificate_is_renewed_before_it_is_over_without_a_restart()
    {
        var tls = ControllerTls.Of(Options("--openflow-tls", "127.0.0.1:0"), time, this)!;
        var first = SerialOf();
        time.Advance(TimeSpan.FromDays(60) - TimeSpan.FromHours(2)); // Before it looks every second: that would be five million times.
        var running = tls.RunAsync(stop.Token);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(first, SerialOf());
        time.Advance(TimeSpan.FromHours(2));
        await UntilAsync(() => SerialOf() != first);
        Assert.Contains(lines, l => l.StartsWith("tls: issued a certificate for this controller", StringComparison.Ordinal));
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return lines.Any(l => l.StartsWith("tls: certificates and revocation list read again", StringComparison.Ordinal));
        });
        await EndAsync(running);
    }

    [Fact]
    public void A_restart_keeps_the_certificate_and_another_authority_has_it_issued_anew()
    {
        ControllerTls.Of(Options("--ovsdb-tls", "127.0.0.1:0"), time, this);
        var first = SerialOf();
        ControllerTls.Of(Options("--ovsdb-tls", "127.0.0.1:0"), time, this);
        Assert.Equal(first, SerialOf());

        foreach (var file in Directory.GetFiles(Home).Where(f => !f.EndsWith("controller.pem", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }

        ControllerTls.Of(Options("--ovsdb-tls", "127.0.0.1:0"), time, this);
        Assert.NotEqual(first, SerialOf());
    }

    [Fact]
    public async Task What_has_changed_and_cannot_be_read_is_not_taken_over_and_the_log_says_so()
    {
        var tls = ControllerTls.Of(Options("--openflow-tls", "127.0.0.1:0"), time, this)!;
        var running = tls.RunAsync(stop.Token);
        File.WriteAllText(Path.Combine(Home, "ca.crl"), "half of a");
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return lines.Any(l => l.StartsWith("tls: what has changed is not taken over", StringComparison.Ordinal));
        });
        Assert.False(running.IsCompleted);
        await EndAsync(running);
    }

    [Fact]
    public void Keys_and_certificates_that_do_not_belong_together_are_refused_by_the_name_of_the_option()
    {
        var authority = Authority.OpenOrCreate(Home, time, out _);
        var (one, two) = (authority.Issue("one", CertificateUse.Controller, TimeSpan.FromDays(3650)), authority.Issue("two", CertificateUse.Controller, TimeSpan.FromDays(3650)));
        var (certificate, key) = (Write("c.pem", one.CertificatePem), Write("k.pem", two.KeyPem!));

        var fault = Assert.Throws<TlsFileException>(() => ControllerTls.Of(
            Options("--openflow-tls", "127.0.0.1:0", "--tls-certificate", certificate, "--tls-key", key, "--tls-ca", authority.CertificatePath), time, this));
        Assert.Equal("--tls-key", fault.Option);
        Assert.Contains("cannot be used", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_the_operators_is_warned_about_before_it_is_over_and_refused_afterwards()
    {
        var authority = Authority.OpenOrCreate(Home, time, out _);
        var own = authority.Issue("own", CertificateUse.Controller, TimeSpan.FromDays(30));
        var both = Write("own.pem", own.CertificatePem + own.KeyPem);
        var options = Options("--openflow-tls", "127.0.0.1:0", "--tls-certificate", both, "--tls-key", both, "--tls-ca", authority.CertificatePath);
        var tls = ControllerTls.Of(options, time, this)!;
        time.Advance(TimeSpan.FromHours((16 * 24) - 1));
        var running = tls.RunAsync(stop.Token);
        time.Advance(TimeSpan.FromMinutes(30));
        Assert.DoesNotContain(lines, l => l.Contains("has to be renewed", StringComparison.Ordinal));
        time.Advance(TimeSpan.FromMinutes(40));
        await UntilAsync(() => lines.Any(l => l.Contains("has to be renewed", StringComparison.Ordinal)));
        await EndAsync(running);
        time.Advance(TimeSpan.FromDays(15));

        Assert.Contains("has been over since", Assert.Throws<TlsFileException>(() => ControllerTls.Of(options, time, this)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_authorities_that_is_replaced_ends_the_connections_of_those_that_are_not_in_it_once_it_has_stood_still()
    {
        using var pki = new TestPki();
        using var other = new TestPki();
        var both = Write("ca.pem", pki.Authority.Certificate.ExportCertificatePem() + "\n" + other.Authority.Certificate.ExportCertificatePem());
        var own = pki.Authority.Issue("own", CertificateUse.Controller, TimeSpan.FromDays(1));
        var ours = Write("own.pem", own.CertificatePem + own.KeyPem);
        var tls = ControllerTls.Of(Options("--openflow-tls", "127.0.0.1:0", "--tls-certificate", ours, "--tls-key", ours, "--tls-ca", both), time, this)!;
        var running = tls.RunAsync(stop.Token);
        var (stays, goes) = (await SecuredAsync(tls, pki.As(pki.Switch("stays", 1))), await SecuredAsync(tls, pki.As(other.Switch("goes", 2))));
        Assert.Equal(2, tls.Gate.Open);

        // Half of it, as somebody may find it who looks while it is written.
        Write("ca.pem", pki.Authority.Certificate.ExportCertificatePem());
        await LookAsync(() => lines.Count(l => l.StartsWith("tls: certificates and revocation list read again", StringComparison.Ordinal)) == 1);
        Write("ca.pem", pki.Authority.Certificate.ExportCertificatePem() + "\n" + other.Authority.Certificate.ExportCertificatePem());
        await LookAsync(() => lines.Count(l => l.StartsWith("tls: certificates and revocation list read again", StringComparison.Ordinal)) == 2);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(goes.Disbelieved.IsCancellationRequested);

        Write("ca.pem", pki.Authority.Certificate.ExportCertificatePem());
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return goes.Disbelieved.IsCancellationRequested;
        });
        Assert.Equal("its certificate is from none of our authorities any more", goes.Why());
        Assert.False(stays.Disbelieved.IsCancellationRequested);
        await UntilAsync(() => lines.Contains("tls: 1 connections ended whose certificates are from none of the authorities any more"));
        await EndAsync(running);
        await stays.Stream.DisposeAsync();
        await goes.Stream.DisposeAsync();

        async Task LookAsync(Func<bool> done)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await UntilAsync(done);
        }
    }

    [Fact]
    public async Task Whoever_is_revoked_or_over_while_he_is_connected_is_ended_within_a_look()
    {
        time.Advance(TimeProvider.System.GetUtcNow() - time.GetUtcNow());
        using var pki = new TestPki();
        var own = pki.Authority.Issue("own", CertificateUse.Controller, TimeSpan.FromDays(1));
        var ours = Write("own.pem", own.CertificatePem + own.KeyPem);
        var tls = ControllerTls.Of(
            Options(
                "--openflow-tls", "127.0.0.1:0", "--tls-certificate", ours, "--tls-key", ours,
                "--tls-ca", pki.Authority.CertificatePath, "--tls-crl", pki.Authority.RevocationListPath),
            time,
            this)!;
        var running = tls.RunAsync(stop.Token);
        var stays = await SecuredAsync(tls, pki.As(pki.Switch("stays", 1)));
        var revoked = await SecuredAsync(tls, pki.As(pki.Switch("revoked", 2)));
        var over = await SecuredAsync(tls, pki.As(pki.Odd("short", time.GetUtcNow().AddMinutes(-9), time.GetUtcNow().AddHours(1), "1.3.6.1.5.5.7.3.2")));

        pki.Authority.Revoke("revoked");
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return revoked.Disbelieved.IsCancellationRequested;
        });
        Assert.Equal("its certificate is revoked", revoked.Why());
        Assert.False(over.Disbelieved.IsCancellationRequested);
        time.Advance(TimeSpan.FromHours(1));
        await UntilAsync(() => over.Disbelieved.IsCancellationRequested);
        Assert.Equal("its certificate is over", over.Why());
        Assert.False(stays.Disbelieved.IsCancellationRequested);
        await EndAsync(running);
        foreach (var one in new[] { stays, revoked, over })
        {
            await one.Stream.DisposeAsync();
        }
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lines.Enqueue(formatter(state, exception));
    }

    /// <summary>Our side of a connection, after both have shown their certificates.</summary>
    private static async Task<Secured> SecuredAsync(ControllerTls tls, Func<Stream, Task<Stream>> peer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var accepting = tls.Gate.AcceptAsync(await listener.AcceptSocketAsync(), CancellationToken.None);
        await peer(client.GetStream());
        return await accepting;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition();)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "it has not come true");
            await Task.Delay(5);
        }
    }

    private async Task EndAsync(Task running)
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(data.FullName, name);
        File.WriteAllText(path, text, Encoding.ASCII);
        return path;
    }

    private string SerialOf()
    {
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(Home, "controller.pem")));
        return certificate.SerialNumber;
    }

    private ControllerOptions Options(params string[] more) => new Given(["--data", data.FullName, .. more]).Options();
}
