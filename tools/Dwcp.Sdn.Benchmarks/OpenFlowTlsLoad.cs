using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>Switches that join over TLS, under an authority that is made for the run; one certificate serves them all.</summary>
internal sealed class OpenFlowTlsLoad : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("dwcp-of-tls-");
    private readonly SslStreamCertificateContext own;
    private readonly X509ChainPolicy believed = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };

    public OpenFlowTlsLoad()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=benchmark authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var authority = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        believed.CustomTrustStore.Add(authority);
        Write("ca.crt", authority.ExportCertificatePem());
        using var controller = Issue(authority, "controller", [2]);
        Write("controller.pem", controller.ExportCertificatePem() + "\n" + controller.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        using var load = Issue(authority, "load", [3]);
        own = SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(load.Export(X509ContentType.Pkcs12), null), null, offline: true);
    }

    public OpenFlowController StartController() => OpenFlowController.OverTls(File("controller.pem"), File("controller.pem"), File("ca.crt"));

    /// <summary>Connects all at once; the time until the last has been asked for features and ports. They leave then.</summary>
    public async Task<TimeSpan> JoinAsync(IPEndPoint to, int switches, int first)
    {
        var started = Stopwatch.GetTimestamp();
        var joined = await Task.WhenAll(Enumerable.Range(first, switches).Select(i => JoinAsync(to, (ulong)i))).WaitAsync(Patience);
        var took = Stopwatch.GetElapsedTime(started);
        foreach (var stream in joined)
        {
            await stream.DisposeAsync();
        }

        return took;
    }

    public void Dispose() => directory.Delete(recursive: true);

    private async Task<Stream> JoinAsync(IPEndPoint to, ulong datapath)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            ClientCertificateContext = own,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = believed.Clone(),
            RemoteCertificateValidationCallback = (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
        });
        await SendAsync(stream, 1, new Hello());
        var head = new byte[OfHeader.Size];
        for (var asked = 0; asked < 3;)
        {
            await stream.ReadExactlyAsync(head);
            var header = OfHeader.Read(head);
            byte[] whole = [.. head, .. new byte[header.Length - OfHeader.Size]];
            await stream.ReadExactlyAsync(whole.AsMemory(OfHeader.Size));
            OfMessage? answer = OfCodec.Read(whole, out _) switch
            {
                FeaturesRequest => new FeaturesReply(new DatapathId(datapath), 0, 254, 0, SwitchCapabilities.None),
                MultipartRequest { Body.Type: MultipartType.Desc } => new MultipartReply(new SwitchDesc("", "", "", "", "")),
                MultipartRequest { Body.Type: MultipartType.PortDesc } => new MultipartReply(new PortDescReply([])),
                _ => null,
            };
            if (answer is not null)
            {
                await SendAsync(stream, header.Xid, answer);
                asked++;
            }
        }

        return stream;
    }

    private static async Task SendAsync(Stream stream, uint xid, OfMessage message)
    {
        var w = new WireWriter();
        OfCodec.Write(w, xid, message);
        await stream.WriteAsync(w.WrittenMemory);
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name, byte[] serial)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).Create(authority, authority.NotBefore, authority.NotAfter, serial);
        return bare.CopyWithPrivateKey(key);
    }

    private string File(string name) => Path.Combine(directory.FullName, name);

    private void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);
}
