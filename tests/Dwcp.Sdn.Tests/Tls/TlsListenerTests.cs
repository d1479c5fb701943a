using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Dwcp.Sdn.Southbound.Tls;
using Dwcp.Sdn.Tests.OpenFlow;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Tls;

/// <summary>A listener over TLS and one beside it without, with peers that are honest, foreign, revoked, slow and malicious.</summary>
public sealed class TlsListenerTests : ISwitchObserver, ILogger<OpenFlowListener>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestPki pki = new();
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow(); // Of this test: an authority has been good for ten minutes when it is made.
    private readonly TlsGate gate;
    private readonly OpenFlowListener plain;
    private readonly OpenFlowListener secured;
    private readonly Channel<SwitchConnection> connected = Channel.CreateBounded<SwitchConnection>(100);
    private readonly Channel<(ulong Id, string Why)> gone = Channel.CreateBounded<(ulong, string)>(100);
    private readonly Channel<string> refused = Channel.CreateBounded<string>(100);
    private readonly ConcurrentQueue<string> lines = new();
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private X509Certificate2Collection? trusted;
    private Func<TlsCredentials>? next;

    public TlsListenerTests()
    {
        gate = new(() => next?.Invoke() ?? (trusted is null ? pki.Credentials() : pki.Credentials() with { Authorities = trusted }), TimeProvider.System) { Patience = TimeSpan.FromSeconds(5) };
        var options = new OpenFlowOptions { Endpoint = new(IPAddress.Loopback, 0) };
        plain = new(options, this, this);
        secured = new(options with { Secure = gate.AcceptAsync }, this, this);
    }

    public Task InitializeAsync()
    {
        plain.Start();
        secured.Start();
        running = Task.WhenAll(plain.RunAsync(stop.Token), secured.RunAsync(stop.Token));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
        plain.Dispose();
        secured.Dispose();
        stop.Dispose();
        pki.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_switch_with_a_certificate_joins_and_is_known_by_it(SslProtocols protocol)
    {
        using var peer = await RawPeer.JoinAsync(secured.Endpoint, 7, pki.As(pki.Switch("sw7", 7), protocol));
        var connection = await NextAsync();

        Assert.Equal((new DatapathId(7), "CN=sw7"), (connection.Id, connection.Identity?.Name));
        Assert.Equal(new[] { new DatapathId(7) }, connection.Identity!.Datapaths.Items.ToArray());
        Assert.Equal(1, gate.Open);
    }

    [Fact]
    public Task No_certificate_is_refused() => RefusedAsync(null, "it showed no certificate");

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        using var other = new TestPki();
        await RefusedAsync(other.Switch("sw7", 7), "is not from our authority");
    }

    [Fact]
    public Task A_certificate_that_is_over_is_refused() =>
        RefusedAsync(pki.Odd("old", now.AddMinutes(-9), now.AddMinutes(-1), "1.3.6.1.5.5.7.3.2"), "is over, or not valid yet");

    [Fact]
    public Task A_certificate_for_servers_is_refused() =>
        RefusedAsync(pki.Odd("server", now.AddMinutes(-9), now.AddHours(1), "1.3.6.1.5.5.7.3.1"), "is not for clients");

    [Fact]
    public Task The_certificate_of_a_controller_makes_no_switch() => RefusedAsync(pki.Controller, "it is for a controller");

    [Fact]
    public async Task A_revoked_certificate_ends_its_connections_and_makes_no_new_one()
    {
        var (bad, good) = (pki.Switch("bad", 1), pki.Switch("good", 2));
        using var first = await RawPeer.JoinAsync(secured.Endpoint, 1, pki.As(bad));
        await NextAsync();
        using var other = await RawPeer.JoinAsync(secured.Endpoint, 2, pki.As(good));
        var stays = await NextAsync();
        Assert.Equal(0, gate.EndRevoked());

        pki.Authority.Revoke("bad");
        Assert.Equal(1, gate.EndRevoked());

        Assert.Equal((1ul, "its certificate is revoked"), await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        await RefusedAsync(bad, "is revoked");
        Assert.False(stays.Lifetime.IsCancellationRequested);
    }

    [Fact]
    public async Task A_certificate_that_is_over_by_now_ends_its_connections()
    {
        var until = now.AddHours(1);
        using var first = await RawPeer.JoinAsync(secured.Endpoint, 1, pki.As(pki.Odd("short", now.AddMinutes(-9), until, "1.3.6.1.5.5.7.3.2")));
        await NextAsync();
        using var other = await RawPeer.JoinAsync(secured.Endpoint, 2, pki.As(pki.Switch("good", 2)));
        var stays = await NextAsync();

        Assert.Equal(0, gate.EndExpired(until.AddSeconds(-2)));
        Assert.Equal(1, gate.EndExpired(until.AddSeconds(2)));
        Assert.Equal((1ul, "its certificate is over"), await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        Assert.False(stays.Lifetime.IsCancellationRequested);
    }

    [Fact]
    public async Task An_authority_that_is_believed_no_more_ends_the_connections_that_it_covered_and_no_others()
    {
        using var other = new TestPki();
        trusted = [pki.Authority.Certificate, other.Authority.Certificate];
        using var first = await RawPeer.JoinAsync(secured.Endpoint, 1, pki.As(pki.Switch("one", 1)));
        var stays = await NextAsync();
        using var second = await RawPeer.JoinAsync(secured.Endpoint, 2, pki.As(other.Switch("two", 2)));
        await NextAsync();
        Assert.Equal(0, gate.EndUncovered());

        trusted = [pki.Authority.Certificate];
        Assert.Equal(1, gate.EndUncovered());
        Assert.Equal((2ul, "its certificate is from none of our authorities any more"), await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        Assert.False(stays.Lifetime.IsCancellationRequested);
        Assert.Equal(0, gate.EndUncovered());
    }

    [Theory]
    [InlineData(true, "its certificate is revoked")]
    [InlineData(false, "its certificate is from none of our authorities any more")]
    public async Task What_changes_while_a_handshake_goes_on_ends_its_connection_too(bool revoked, string why)
    {
        using var other = new TestPki();
        var certificate = pki.Switch("late", 1);
        var before = pki.Credentials();
        if (revoked)
        {
            pki.Authority.Revoke("late");
        }

        var after = revoked ? pki.Credentials() : before with { Authorities = [other.Authority.Certificate] };
        var asked = 0;
        next = () => Interlocked.Increment(ref asked) == 1 ? before : after;
        using var peer = await RawPeer.ConnectAsync(secured.Endpoint, pki.As(certificate));

        await peer.ReceiveToEndAsync().WaitAsync(Patience);
        await SaidAsync(why);
        Assert.False(connected.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Who_was_believed_through_an_authority_in_between_stays_while_the_first_one_is_believed()
    {
        var (below, between, root) = TestPki.Chain("below");
        trusted = [pki.Authority.Certificate, root];
        using var peer = await RawPeer.JoinAsync(secured.Endpoint, 3, pki.As(below, more: between));
        var stays = await NextAsync();
        trusted = [root];

        Assert.Equal(0, gate.EndUncovered());
        Assert.False(stays.Lifetime.IsCancellationRequested);
    }

    [Theory]
    [InlineData(2)] // TLS 1.1
    [InlineData(1)] // TLS 1.0
    public async Task Older_versions_of_TLS_are_refused(byte minor)
    {
        using var socket = await ConnectAsync(secured.Endpoint);

        // A ClientHello of RFC 4346 §7.4.1.2 with two suites that it had.
        byte[] hello = [3, minor, .. new byte[32], 0, 0, 4, 0xc0, 0x13, 0x00, 0x2f, 1, 0];
        await socket.SendAsync((byte[])[22, 3, 1, 0, (byte)(hello.Length + 4), 1, 0, 0, (byte)hello.Length, .. hello]);
        var answer = new byte[64];
        var got = await socket.ReceiveAsync(answer).WaitAsync(Patience);

        // An alert, fatal, protocol_version; or the end.
        Assert.True(got == 0 || (answer[0] == 21 && answer[5] == 2 && answer[6] == 70), Convert.ToHexString(answer.AsSpan(0, got)));
        await SaidAsync("TLS: ");
        Assert.False(connected.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Plain_OpenFlow_on_the_port_of_TLS_is_refused_and_the_log_says_what_to_look_at()
    {
        using var peer = await RawPeer.ConnectAsync(secured.Endpoint);
        await peer.SendAsync(new Hello());

        Assert.Empty(await peer.ReceiveToEndAsync().WaitAsync(Patience));
        await SaidAsync("it speaks no TLS; is its target tcp: instead of ssl:?");
    }

    [Fact]
    public async Task A_peer_that_waits_for_us_to_speak_first_is_left_with_the_same_advice()
    {
        using var socket = await ConnectAsync(secured.Endpoint);

        Assert.Equal(0, await ReceiveAsync(socket).WaitAsync(Patience));
        await SaidAsync("it said nothing within 5 s; is its target tcp: instead of ssl:?");
    }

    [Fact]
    public async Task TLS_on_the_plain_port_is_refused()
    {
        await Assert.ThrowsAnyAsync<Exception>(() => RawPeer.ConnectAsync(plain.Endpoint, pki.As(pki.Switch("sw7", 7))).WaitAsync(Patience));
        await SaidAsync("refused");
        Assert.False(connected.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_record_that_was_tampered_with_ends_the_connection_and_nothing_of_it_is_read()
    {
        using var proxy = new Tamperer(secured.Endpoint);
        using var peer = await RawPeer.JoinAsync(proxy.Endpoint, 7, pki.As(pki.Switch("sw7", 7)));
        await NextAsync();
        proxy.Tamper();
        await peer.SendAsync(new EchoRequest([1, 2, 3]));

        var (id, why) = await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(7ul, id);
        Assert.StartsWith("connection failed", why, StringComparison.Ordinal);
        Assert.DoesNotContain(await peer.ReceiveToEndAsync().WaitAsync(Patience), m => m is EchoReply);
    }

    [Fact]
    public async Task Nonsense_gets_its_error_over_TLS_too_before_the_connection_ends()
    {
        using var peer = await RawPeer.ConnectAsync(secured.Endpoint, pki.As(pki.Switch("sw7", 7)));
        await peer.SendAsync(Convert.FromHexString("04020008000000010402000800000001"));

        Assert.Contains(await peer.ReceiveToEndAsync().WaitAsync(Patience), m => m is OfError { ErrorType: 1 });
    }

    [Fact]
    public async Task A_switch_without_a_certificate_cannot_push_out_one_that_has_one()
    {
        using var first = await RawPeer.JoinAsync(secured.Endpoint, 5, pki.As(pki.Switch("sw5", 5)));
        var connection = await NextAsync();
        var answers = AnswerEchoesAsync(first);
        using var second = await RawPeer.JoinAsync(plain.Endpoint, 5);

        await second.ReceiveToEndAsync().WaitAsync(Patience);
        Assert.Contains("is connected already", await refused.Reader.ReadAsync().AsTask().WaitAsync(Patience), StringComparison.Ordinal);
        Assert.False(connection.Lifetime.IsCancellationRequested);
        connection.Close("enough");
        await answers.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_switch_with_a_certificate_takes_the_place_of_one_without()
    {
        using var impostor = await RawPeer.JoinAsync(plain.Endpoint, 5);
        var first = await NextAsync();
        var answers = AnswerEchoesAsync(impostor);
        using var honest = await RawPeer.JoinAsync(secured.Endpoint, 5, pki.As(pki.Switch("sw5", 5)));

        Assert.Equal("CN=sw5", (await NextAsync()).Identity?.Name);
        Assert.Contains("which has a certificate", (await gone.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Why, StringComparison.Ordinal);
        Assert.True(first.Lifetime.IsCancellationRequested);
        await answers.WaitAsync(Patience);
    }

    [Fact]
    public async Task Of_those_that_stand_still_in_their_handshake_the_oldest_goes_when_there_are_too_many()
    {
        var few = new TlsGate(pki.Credentials, TimeProvider.System) { Patience = TimeSpan.FromHours(1), Newcomers = new(perAddress: 2, inAll: 100) };
        using var listening = new TcpListener(IPAddress.Loopback, 0);
        listening.Start();
        var silent = new List<(Socket Socket, Task<Secured> Accepting)>();
        for (var i = 0; i < 3; i++)
        {
            var socket = await ConnectAsync((IPEndPoint)listening.LocalEndpoint);
            silent.Add((socket, few.AcceptAsync(await listening.AcceptSocketAsync(), stop.Token)));
        }

        await Assert.ThrowsAsync<IOException>(() => silent[0].Accepting.WaitAsync(Patience));
        Assert.All(silent[1..], s => Assert.False(s.Accepting.IsCompleted));
        silent.ForEach(s => s.Socket.Dispose());
        await Task.WhenAll(silent.Select(s => s.Accepting.ContinueWith(_ => { }, TaskScheduler.Default))).WaitAsync(Patience);
    }

    [Fact]
    public async Task An_honest_switch_joins_while_a_thousand_handshakes_stand_still_and_two_hundred_crawl()
    {
        var crowd = new List<Socket>();
        for (var i = 0; i < 1200; i++)
        {
            crowd.Add(await ConnectAsync(secured.Endpoint));
        }

        using var end = new CancellationTokenSource();
        var crawling = CrawlAsync(crowd[..200], end.Token);
        var certificate = pki.Switch("sw9", 9, 10, 11);
        var fastest = TimeSpan.MaxValue;
        for (var id = 9ul; id <= 11; id++)
        {
            var clock = Stopwatch.StartNew();
            using var honest = await RawPeer.JoinAsync(secured.Endpoint, id, pki.As(certificate)).WaitAsync(Patience);
            Assert.Equal(new DatapathId(id), (await NextAsync()).Id);
            fastest = clock.Elapsed < fastest ? clock.Elapsed : fastest;
        }

        // Of three, for whatever else the machine does: what crowds is there all the time.
        Assert.True(fastest < TimeSpan.FromSeconds(1), $"{fastest}");

        // Each of them is left when its time is over.
        foreach (var socket in crowd.Take(210).Skip(190))
        {
            Assert.Equal(0, await ReceiveAsync(socket).WaitAsync(Patience));
        }

        await end.CancelAsync();
        await crawling;
        crowd.ForEach(s => s.Dispose());
    }

    void ISwitchObserver.Connected(SwitchConnection connection) => connected.Writer.TryWrite(connection);

    void ISwitchObserver.Refused(SwitchConnection connection, string why) => refused.Writer.TryWrite(why);

    void ISwitchObserver.PacketIn(SwitchConnection connection, in PacketInView packet)
    {
    }

    void ISwitchObserver.PortStatus(SwitchConnection connection, PortStatus status)
    {
    }

    void ISwitchObserver.FlowRemoved(SwitchConnection connection, in FlowRemovedView flow)
    {
    }

    void ISwitchObserver.Disconnected(SwitchConnection connection, string why) => gone.Writer.TryWrite((connection.Id.Value, why));

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue(formatter(state, exception));

    private static async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        return socket;
    }

    private static async Task<int> ReceiveAsync(Socket socket)
    {
        try
        {
            var answer = new byte[64];
            var got = await socket.ReceiveAsync(answer);
            return got > 0 && answer[0] == 21 ? 0 : got; // An alert is as good as the end.
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    /// <summary>The beginning of a ClientHello of 512 octets, and then one of them every half second.</summary>
    private static async Task CrawlAsync(List<Socket> sockets, CancellationToken stop)
    {
        byte[] next = [22, 3, 1, 2, 0, 1];
        while (!stop.IsCancellationRequested)
        {
            foreach (var socket in sockets)
            {
                try
                {
                    await socket.SendAsync(next);
                }
                catch (SocketException)
                {
                    // The listener had enough of it.
                }
            }

            next = [0];
            await Task.Delay(500, stop).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private static async Task AnswerEchoesAsync(RawPeer peer)
    {
        while (await peer.ReceiveAsync() is { } received)
        {
            if (received.Message is EchoRequest echo)
            {
                await peer.SendAsync(new EchoReply(echo.Data), received.Xid);
            }
        }
    }

    /// <summary>With TLS 1.3 the client believes that all is well until it reads.</summary>
    private async Task RefusedAsync(X509Certificate2? certificate, string why)
    {
        foreach (var protocol in new[] { SslProtocols.Tls12, SslProtocols.Tls13 })
        {
            lines.Clear();
            try
            {
                using var peer = await RawPeer.ConnectAsync(secured.Endpoint, pki.As(certificate, protocol)).WaitAsync(Patience);
                await peer.SendAsync(new Hello());
                Assert.Empty(await peer.ReceiveToEndAsync().WaitAsync(Patience));
            }
            catch (Exception e) when (e is AuthenticationException or IOException)
            {
                // The alert has come during the handshake.
            }

            await SaidAsync(why);
        }

        Assert.False(connected.Reader.TryRead(out _));
    }

    private async Task SaidAsync(string what)
    {
        var clock = Stopwatch.StartNew();
        while (!lines.Any(l => l.Contains(what, StringComparison.Ordinal)))
        {
            Assert.True(clock.Elapsed < Patience, $"nobody said '{what}':\n{string.Join('\n', lines)}");
            await Task.Delay(10);
        }
    }

    private async Task<SwitchConnection> NextAsync() => await connected.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>Between switch and controller: it passes octets on, and from some moment on changes one of each record of the switch.</summary>
    private sealed class Tamperer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Socket toController = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private volatile bool tampers;

        public Tamperer(IPEndPoint controller)
        {
            listener.Start();
            _ = RunAsync(controller);
        }

        public IPEndPoint Endpoint => (IPEndPoint)listener.LocalEndpoint;

        public void Tamper() => tampers = true;

        public void Dispose()
        {
            listener.Dispose();
            toController.Dispose();
        }

        private async Task RunAsync(IPEndPoint controller)
        {
            using var peer = await listener.AcceptSocketAsync();
            await toController.ConnectAsync(controller);
            await Task.WhenAny(PassAsync(peer, toController, () => tampers), PassAsync(toController, peer, () => false));
        }

        private static async Task PassAsync(Socket from, Socket to, Func<bool> tampers)
        {
            var buffer = new byte[16 * 1024];
            int got;
            while ((got = await from.ReceiveAsync(buffer)) > 0)
            {
                if (tampers())
                {
                    buffer[got - 1] ^= 1;
                }

                await to.SendAsync(buffer.AsMemory(0, got));
            }

            to.Shutdown(SocketShutdown.Send);
        }
    }
}
