using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Southbound.Tls;

/// <summary>
/// Puts TLS 1.2 or 1.3 over connections. Both ends show certificates, and the peer's is believed by our authorities alone. Who
/// connects and does not get on costs a place among so many newcomers, for a short time.
/// </summary>
/// <param name="credentials">Those that hold now; asked for each connection.</param>
public sealed class TlsGate(Func<TlsCredentials> credentials, TimeProvider time)
{
    /// <summary>Handshakes that may be under way unless <see cref="MaxHandshakes"/> says otherwise.</summary>
    public const int MostHandshakes = 8192;

    private const string IsRevokedNow = "its certificate is revoked";
    private const string IsUncoveredNow = "its certificate is from none of our authorities any more";
    private const byte HandshakeRecord = 22; // RFC 8446 §5.1
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    private readonly ConcurrentDictionary<TlsStream, bool> open = new();

    /// <summary>From connecting until both sides believe one another.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Handshakes that may be under way; one more ends the oldest of the address that has most.</summary>
    public int MaxHandshakes { init => Newcomers = new(Math.Min(value, 2048), value); }

    /// <summary>Those that connect and have not shown who they are.</summary>
    internal Newcomers<Socket> Newcomers { get; init; } = new(perAddress: 2048, inAll: MostHandshakes);

    /// <summary>Connections that have shown who they are and are not over.</summary>
    public int Open => open.Count;

    /// <summary>Ends the connections whose certificates are revoked by now, and returns how many.</summary>
    public int EndRevoked()
    {
        var now = credentials();
        return End(stream => IsRevoked(now, stream), IsRevokedNow);
    }

    /// <summary>Ends the connections whose certificates are over, and returns how many.</summary>
    public int EndExpired(DateTimeOffset now) => End(stream => now > stream.Until, "its certificate is over");

    /// <summary>Ends the connections whose certificates our authorities of now do not cover, and returns how many.</summary>
    public int EndUncovered()
    {
        var now = credentials();
        return End(stream => !IsCovered(now, stream), IsUncoveredNow);
    }

    /// <summary>The server's side, over an accepted connection.</summary>
    /// <exception cref="IOException">The peer is not believed, or does not get on; the message says why.</exception>
    public Task<Secured> AcceptAsync(Socket socket, CancellationToken stop) => SecureAsync(socket, ClientUse, AcceptAsync, stop);

    /// <summary>The client's side, over a connection that we have made.</summary>
    /// <exception cref="IOException">The peer is not believed, or does not get on; the message says why.</exception>
    public Task<Secured> ConnectAsync(Socket socket, CancellationToken stop) => SecureAsync(socket, ServerUse, ConnectAsync, stop);

    private async Task AcceptAsync(TlsStream stream, Socket socket, TlsCredentials now, RemoteCertificateValidationCallback judge, CancellationToken stop)
    {
        var first = new byte[1];
        try
        {
            if (await socket.ReceiveAsync(first, SocketFlags.Peek, stop) == 1 && first[0] != HandshakeRecord)
            {
                throw new IOException("it speaks no TLS; is its target tcp: instead of ssl:?");
            }
        }
        catch (OperationCanceledException e)
        {
            // An ovsdb-server without TLS waits for us to speak first.
            throw new IOException($"it said nothing within {Patience.TotalSeconds:0.###} s; is its target tcp: instead of ssl:?", e);
        }

        await stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = now.Own,
                ClientCertificateRequired = true,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowRenegotiation = false,
                AllowTlsResume = false,
                CertificateChainPolicy = PolicyOf(now, ClientUse),
                RemoteCertificateValidationCallback = judge,
            },
            stop);
    }

    private static Task ConnectAsync(TlsStream stream, Socket socket, TlsCredentials now, RemoteCertificateValidationCallback judge, CancellationToken stop) =>
        stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                ClientCertificateContext = now.Own,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowRenegotiation = false,
                AllowTlsResume = false,
                CertificateChainPolicy = PolicyOf(now, ServerUse),
                RemoteCertificateValidationCallback = judge,
            },
            stop);

    private static X509ChainPolicy PolicyOf(TlsCredentials now, Oid use)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(now.Authorities);
        policy.ApplicationPolicy.Add(use);
        return policy;
    }

    private async Task<Secured> SecureAsync(
        Socket socket, Oid use, Func<TlsStream, Socket, TlsCredentials, RemoteCertificateValidationCallback, CancellationToken, Task> shake, CancellationToken stop)
    {
        var now = credentials();
        var address = (socket.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        Newcomers.Enter(socket, address)?.Dispose();
        var stream = new TlsStream(new NetworkStream(socket, ownsSocket: true), use, s => open.TryRemove(s, out _));
        PeerIdentity? peer = null;
        string? refusal = null;
        using var late = new CancellationTokenSource(Patience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await shake(stream, socket, now, Judge, end.Token);
            open[stream] = true;
            if (credentials() is var latest && !ReferenceEquals(latest, now) && WhyNotNow(latest, stream) is { } why)
            {
                stream.Disbelieve(why); // Between the judgement and now.
            }

            return new(stream, peer!, () => stream.Why, stream.Disbelieved);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException or ObjectDisposedException or OperationCanceledException or CryptographicException)
        {
            await stream.DisposeAsync();
            stop.ThrowIfCancellationRequested();
            throw new IOException($"TLS: {refusal ?? (e is OperationCanceledException ? $"not complete within {Patience.TotalSeconds:0.###} s" : Words(e))}", e);
        }
        finally
        {
            Newcomers.Leave(socket);
        }

        bool Judge(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
        {
            refusal = Refuse(now, use, shown, chain, errors, out peer);
            if (refusal is null)
            {
                // The chain is disposed with the handshake; these are looked at as long as the connection lasts.
                stream.Believe([.. chain!.ChainElements.SkipLast(1).Select(c => X509CertificateLoader.LoadCertificate(c.Certificate.RawData))]);
            }

            return refusal is null;
        }
    }

    private int End(Predicate<TlsStream> isOver, string why)
    {
        var over = open.Keys.Where(stream => !stream.Disbelieved.IsCancellationRequested && isOver(stream)).ToList();
        over.ForEach(stream => stream.Disbelieve(why));
        return over.Count;
    }

    // Of an exception of the framework the innermost says what happened; ours say it themselves.
    private static string Words(Exception e) => e is IOException { InnerException: null or OperationCanceledException } ? e.Message : e.GetBaseException().Message;

    private static string? WhyNotNow(TlsCredentials now, TlsStream stream) =>
        IsRevoked(now, stream) ? IsRevokedNow : IsCovered(now, stream) ? null : IsUncoveredNow;

    private static bool IsRevoked(TlsCredentials now, TlsStream stream) => stream.Ask(believed => believed.Any(now.IsRevoked)) ?? false;

    /// <summary>As at the handshake, with what the peer sent then; whether it is over is another question.</summary>
    private static bool IsCovered(TlsCredentials now, TlsStream stream) => stream.Ask(believed =>
    {
        using var chain = new X509Chain { ChainPolicy = PolicyOf(now, stream.Use) };
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.ExtraStore.AddRange(believed.Skip(1).ToArray());
        return chain.Build(believed[0]);
    }) ?? true;

    /// <summary>Why a certificate is not believed, or null; a name in it does not have to be that of an address.</summary>
    private static string? Refuse(TlsCredentials now, Oid use, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors, out PeerIdentity? peer)
    {
        peer = null;
        if (shown is not X509Certificate2 certificate || chain is null)
        {
            return "it showed no certificate";
        }

        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None)
        {
            var faults = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
            return $"its certificate ({certificate.Subject}) {FaultOf(faults, use)}";
        }

        if (chain.ChainElements.SkipLast(1).FirstOrDefault(c => now.IsRevoked(c.Certificate)) is { Certificate: var revoked })
        {
            return $"its certificate ({revoked.Subject}, serial number {revoked.SerialNumber}) is revoked";
        }

        try
        {
            peer = now.IdentityOf(certificate);
            return null;
        }
        catch (CryptographicException e)
        {
            return $"its certificate ({certificate.Subject}): {e.Message}";
        }
    }

    private static string FaultOf(X509ChainStatusFlags faults, Oid use) =>
        (faults & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.NotSignatureValid)) != 0 ? "is not from our authority"
        : (faults & X509ChainStatusFlags.NotTimeValid) != 0 ? "is over, or not valid yet"
        : (faults & X509ChainStatusFlags.NotValidForUsage) != 0 ? $"is not for {(use == ClientUse ? "clients" : "servers")} (extended key usage)"
        : $"is not good: {faults}";
}
