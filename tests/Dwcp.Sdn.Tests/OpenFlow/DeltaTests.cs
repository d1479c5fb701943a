using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Dwcp.Sdn.Southbound.Tls;
using Dwcp.Sdn.Tests.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>
/// The cases that the DELTA suite (Lee et al., NDSS 2017) lists for controllers, each against the listener itself: what a switch of
/// ill will sends, and what becomes of it and of an honest one beside it.
/// </summary>
public sealed class DeltaTests : ISwitchObserver, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan HelloWithin = TimeSpan.FromSeconds(1);

    private readonly TestPki pki = new();
    private readonly Channel<SwitchConnection> connected = Channel.CreateBounded<SwitchConnection>(100);
    private readonly ConcurrentQueue<(ulong Id, string Why)> gone = new();
    private readonly ConcurrentQueue<ulong> removals = new();
    private readonly CancellationTokenSource stop = new();
    private readonly OpenFlowListener plain;
    private readonly OpenFlowListener secured;
    private Task running = Task.CompletedTask;
    private RawPeer? honest;
    private Task answering = Task.CompletedTask;

    public DeltaTests()
    {
        var options = new OpenFlowOptions { Endpoint = new(IPAddress.Loopback, 0), Times = new SessionTimes { Hello = HelloWithin, Ready = TimeSpan.FromSeconds(4) } };
        plain = new(options, this, NullLogger<OpenFlowListener>.Instance);
        secured = new(options with { Secure = new TlsGate(pki.Credentials, TimeProvider.System).AcceptAsync }, this, NullLogger<OpenFlowListener>.Instance);
    }

    public async Task InitializeAsync()
    {
        plain.Start();
        secured.Start();
        running = Task.WhenAll(plain.RunAsync(stop.Token), secured.RunAsync(stop.Token));
        honest = await RawPeer.JoinAsync(plain.Endpoint, 1);
        await NextAsync();
        answering = AnswerEchoesAsync(honest);
    }

    public async Task DisposeAsync()
    {
        // Whatever a case did, the honest switch has not noticed.
        Assert.DoesNotContain(gone, g => g.Id == 1);
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
        await answering.WaitAsync(Patience);
        honest!.Dispose();
        plain.Dispose();
        secured.Dispose();
        stop.Dispose();
        pki.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(255)]
    public async Task Case_2_1_010_malformed_version_number(byte version)
    {
        using var peer = await RawPeer.JoinAsync(plain.Endpoint, 2);
        await NextAsync();
        await peer.SendAsync(new byte[] { version, 2, 0, 8, 0, 0, 0, 9 });

        Assert.Contains(await peer.ReceiveToEndAsync().WaitAsync(Patience), m => m is OfError { ErrorType: ErrorNames.BadRequest, Code: 0 }); // OFPBRC_BAD_VERSION
    }

    [Theory]
    [InlineData(30)]
    [InlineData(99)]
    [InlineData(255)]
    public async Task Case_2_1_020_corrupted_control_message_type(byte type)
    {
        using var peer = await RawPeer.JoinAsync(plain.Endpoint, 2);
        var connection = await NextAsync();
        await peer.SendAsync(new byte[] { 4, type, 0, 8, 0, 0, 0, 9 });

        var (xid, said) = (await peer.ReceiveAsync().WaitAsync(Patience))!.Value;
        Assert.Equal((9u, new OfError(ErrorNames.BadRequest, 1, [4, type, 0, 8, 0, 0, 0, 9])), (xid, said)); // OFPBRC_BAD_TYPE
        Assert.False(connection.Lifetime.IsCancellationRequested);
    }

    [Theory]
    [InlineData("0402000000000009")] // Shorter than a header.
    [InlineData("040a000900000009ff")] // A PACKET_IN that is no more than a header.
    [InlineData("040b001000000009ffffffffffffffff")] // A FLOW_REMOVED cut short.
    public async Task Malformed_length(string hex)
    {
        using var peer = await RawPeer.JoinAsync(plain.Endpoint, 2);
        await NextAsync();
        await peer.SendAsync(Convert.FromHexString(hex));

        Assert.Contains(await peer.ReceiveToEndAsync().WaitAsync(Patience), m => m is OfError { ErrorType: ErrorNames.BadRequest, Code: 6 }); // OFPBRC_BAD_LEN
    }

    [Fact]
    public async Task Case_2_1_030_handshake_without_hello()
    {
        var clock = Stopwatch.StartNew();
        using var peer = await RawPeer.ConnectAsync(plain.Endpoint);

        Assert.Equal([new Hello()], await peer.ReceiveToEndAsync().WaitAsync(Patience));
        Assert.InRange(clock.Elapsed, HelloWithin * 0.95, Patience);
        Assert.False(connected.Reader.TryRead(out _));
    }

    [Theory]
    [InlineData("0405000800000001")] // FEATURES_REQUEST
    [InlineData("0406002000000001000000000000000200000000fe0000000000000000000000")] // FEATURES_REPLY
    [InlineData("0402000800000001")] // ECHO_REQUEST
    public async Task Case_2_1_040_control_message_before_hello(string hex)
    {
        using var peer = await RawPeer.ConnectAsync(plain.Endpoint);
        await peer.SendAsync(Convert.FromHexString(hex));

        var said = await peer.ReceiveToEndAsync().WaitAsync(Patience);
        Assert.Contains(said, m => m is OfError { ErrorType: ErrorNames.BadRequest });
        Assert.DoesNotContain(said, m => m is FeaturesRequest or EchoReply);
        Assert.False(connected.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Case_2_1_050_multiple_main_connections_from_one_switch()
    {
        using var second = await RawPeer.JoinAsync(plain.Endpoint, 1);

        await second.ReceiveToEndAsync().WaitAsync(Patience);
        Assert.Empty(gone);
        Assert.False(connected.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Case_2_1_060_unflagged_flow_removed_is_told_of_that_switch_alone_and_ends_nothing()
    {
        using var peer = await RawPeer.JoinAsync(plain.Endpoint, 2);
        var connection = await NextAsync();

        // Of a flow that nobody has set: cookie 5, priority 1, DELETE, table 0, no match.
        await peer.SendAsync(Convert.FromHexString("040b003800000009" + "0000000000000005" + "0001" + "02" + "00" + "00000001" + "00000000" + "0000" + "0000" + "0000000000000001" + "0000000000000040" + "0001000400000000"));
        await peer.SendAsync(new EchoRequest([7]), 77);
        while ((await peer.ReceiveAsync().WaitAsync(Patience))!.Value is not (77, EchoReply))
        {
            // Whatever it asks besides.
        }

        Assert.Equal([2ul], removals);
        Assert.False(connection.Lifetime.IsCancellationRequested);
    }

    [Fact]
    public async Task Case_2_1_070_a_switch_without_TLS_where_there_has_to_be_some()
    {
        using var peer = await RawPeer.ConnectAsync(secured.Endpoint);
        await peer.SendAsync(new Hello());

        Assert.Empty(await peer.ReceiveToEndAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Case_2_1_071_a_handshake_of_TLS_that_fails()
    {
        using var foreign = new TestPki();
        var failed = await Record.ExceptionAsync(async () =>
        {
            using var peer = await RawPeer.ConnectAsync(secured.Endpoint, pki.As(foreign.Switch("sw2", 2)));
            await peer.SendAsync(new Hello());
            Assert.Empty(await peer.ReceiveToEndAsync().WaitAsync(Patience));
        });

        Assert.True(failed is null or System.Security.Authentication.AuthenticationException or IOException, $"{failed}");
        Assert.False(connected.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Case_2_1_072_a_connection_of_TLS_that_is_tampered_with()
    {
        Stream? under = null;
        using var peer = await RawPeer.JoinAsync(secured.Endpoint, 2, async inner =>
        {
            under = inner;
            return await pki.As(pki.Switch("sw2", 2))(inner);
        });
        var connection = await NextAsync();

        // A record of somebody who is on the way and has no keys (RFC 8446 §5.2).
        await under!.WriteAsync((byte[])[23, 3, 3, 0, 32, .. new byte[32]]);

        await Task.WhenAny(Task.Delay(Patience), Task.Run(() => connection.Lifetime.WaitHandle.WaitOne(Patience)));
        Assert.True(connection.Lifetime.IsCancellationRequested);
    }

    [Fact]
    public async Task Case_2_1_080_an_auxiliary_connection_without_its_main_one()
    {
        using var peer = await RawPeer.JoinAsync(plain.Endpoint, 2, auxiliary: 3);

        await peer.ReceiveToEndAsync().WaitAsync(Patience);
        Assert.False(connected.Reader.TryRead(out _));
    }

    void ISwitchObserver.Connected(SwitchConnection connection) => connected.Writer.TryWrite(connection);

    void ISwitchObserver.PacketIn(SwitchConnection connection, in PacketInView packet)
    {
    }

    void ISwitchObserver.PortStatus(SwitchConnection connection, PortStatus status)
    {
    }

    void ISwitchObserver.FlowRemoved(SwitchConnection connection, in FlowRemovedView flow) => removals.Enqueue(connection.Id.Value);

    void ISwitchObserver.Disconnected(SwitchConnection connection, string why)
    {
        if (!stop.IsCancellationRequested)
        {
            gone.Enqueue((connection.Id.Value, why));
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

    private async Task<SwitchConnection> NextAsync() => await connected.Reader.ReadAsync().AsTask().WaitAsync(Patience);
}
